// INSERT, CREATE TABLE AS, DELETE, UPDATE and MERGE, as plans that write.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension Analyzer {
  /// A table's columns as a scope under its name and `alias`.
  private func scope(
    of table: any TableSource,
    _ name: QualifiedName,
    alias: Identifier? = nil
  ) -> Scope {
    let relation = alias.map { [$0.key] } ?? [name.catalog, name.schema, name.table]
    return Scope(
      fields: table.schema.fields.map {
        ScopeField(relation: relation, name: $0.name, type: TrinoType($0.type))
      }
    )
  }

  /// A value as a column of a table takes it; only what loses nothing is converted unasked.
  func assigned(
    _ value: Typed,
    to field: Field,
    _ offset: Int,
    _ message: () -> String
  ) throws -> Expression {
    let type = TrinoType(field.type)
    guard TrinoType.coercionCost(value.type, type) != nil else {
      throw error(
        .typeMismatch, message(), offset,
        advice: "Convert it with CAST(… AS \(type)).")
    }
    return try coerce(value, to: type, offset)
  }

  // MARK: INSERT

  mutating func insert(
    _ parts: [Identifier],
    _ columns: [Identifier]?,
    _ query: QuerySyntax
  ) throws -> LogicalPlan {
    let (name, table) = try table(parts)
    let source = try self.query(query)
    let places = try insertPlaces(columns, table.schema)
    let queryTypes = source.scope.fields.map(\.type)
    let tableTypes = places.map { TrinoType(table.schema[$0].type) }
    func mismatch() -> String {
      let wanted = tableTypes.map(\.description).joined(separator: ", ")
      let given = queryTypes.map(\.description).joined(separator: ", ")
      return "Insert query has mismatched column types: Table: [\(wanted)], Query: [\(given)]"
    }
    guard places.count == queryTypes.count else {
      throw error(.typeMismatch, mismatch(), query.start)
    }
    var values: [Int: Expression] = [:]
    for (index, place) in places.enumerated() {
      values[place] = try assigned(
        Typed(.column(index, queryTypes[index].storage), queryTypes[index]),
        to: table.schema[place], query.start, mismatch)
    }
    let outputs = table.schema.fields.enumerated().map { index, field in
      NamedExpression(
        field.name, values[index] ?? .constant(.null, TrinoType(field.type).storage))
    }
    return .write(TableWrite(name, .insert, .project(outputs, source.plan)))
  }

  private func insertPlaces(_ columns: [Identifier]?, _ schema: Schema) throws -> [Int] {
    guard let columns else { return Array(schema.fields.indices) }
    var places: [Int] = []
    for column in columns {
      let place = try self.place(column, schema, "Insert column name does not exist in target table")
      guard !places.contains(place) else {
        throw error(
          .duplicateColumnName,
          "Insert column name is specified more than once: \(column.text)",
          column.offset
        )
      }
      places.append(place)
    }
    return places
  }

  private func place(_ column: Identifier, _ schema: Schema, _ message: String) throws -> Int {
    guard let place = schema.index(of: column.text) else {
      throw error(
        .columnNotFound,
        "\(message): \(column.text)",
        column.offset,
        suggestions: nearestNames(to: column.text, among: schema.fields.map(\.name))
      )
    }
    return place
  }

  /// The plan of CREATE TABLE AS; the table is made when it runs.
  mutating func createTableAs(
    _ name: QualifiedName,
    _ columns: [Identifier]?,
    _ query: QuerySyntax,
    withData: Bool,
    replaces: Bool,
    _ definition: (Schema) -> TableDefinition
  ) throws -> LogicalPlan {
    let source = try self.query(query)
    let fields = try resultFields(source.scope, columns, query.start)
    let outputs = fields.enumerated().map { index, field in
      NamedExpression(field.name, .column(index, source.scope.fields[index].type.storage))
    }
    var plan = LogicalPlan.project(outputs, source.plan)
    if !withData { plan = .limit(count: 0, offset: 0, plan) }
    return .write(
      TableWrite(name, .create(definition(Schema(fields)), replaces: replaces), plan))
  }

  /// The columns a query would make of a table or view.
  func resultFields(
    _ scope: Scope,
    _ columns: [Identifier]?,
    _ offset: Int
  ) throws -> [Field] {
    if let columns, columns.count != scope.fields.count {
      throw error(
        .mismatchedColumnAliases,
        "Column alias list has \(columns.count) entries but query has \(scope.fields.count) columns",
        columns.first?.offset ?? offset
      )
    }
    var fields: [Field] = []
    for (index, field) in scope.fields.enumerated() {
      guard let name = columns?[index].text ?? field.name, !name.hasPrefix("_col") else {
        throw error(
          .missingColumnName,
          "Column name not specified at position \(index + 1)",
          offset,
          advice: "Give the expression a name with AS."
        )
      }
      guard field.type != .unknown else {
        throw error(
          .columnTypeUnknown,
          "Column type is unknown at position \(index + 1)",
          offset,
          advice: "Give the NULL a type: CAST(NULL AS varchar)."
        )
      }
      guard !fields.contains(where: { $0.name.lowercased() == name.lowercased() }) else {
        throw error(
          .duplicateColumnName, "Column name '\(name)' specified more than once", offset)
      }
      fields.append(Field(name.lowercased(), field.type.declared))
    }
    return fields
  }

  // MARK: DELETE and UPDATE

  /// A scan of all columns and, behind them, the rows' identities.
  private func changeable(
    _ parts: [Identifier]
  ) throws -> (name: QualifiedName, table: any TableSource, scan: LogicalPlan) {
    let (name, table) = try table(parts)
    guard table.rowIDField != nil else {
      throw error(
        .notSupported, "This connector does not support modifying table rows",
        parts.first?.offset ?? 0)
    }
    var scan = TableScan(name: name, source: table)
    scan.columns.append(table.schema.count)
    return (name, table, .scan(scan))
  }

  private func operation(_ operation: RowChange.Operation) -> Expression {
    .constant(.integer(operation.rawValue), .integer)
  }

  /// The columns of a `RowChange`'s input.
  private func changeColumns(
    _ table: any TableSource,
    operation: Expression,
    rowID: Expression,
    values: [Expression]
  ) -> [NamedExpression] {
    [
      NamedExpression("operation", operation),
      NamedExpression(table.rowIDField?.name ?? "row_id", rowID),
    ] + zip(table.schema.fields, values).map { NamedExpression($0.name, $1) }
  }

  private func rowID(_ table: any TableSource, at place: Int) -> Expression {
    .column(place, table.rowIDField?.type ?? .bigint)
  }

  mutating func delete(
    _ parts: [Identifier],
    _ predicate: ExpressionSyntax?
  ) throws -> LogicalPlan {
    let (name, table, scan) = try changeable(parts)
    let scope = scope(of: table, name)
    let rows = try filtered(scan, predicate, scope)
    let nulls = table.schema.fields.map {
      Expression.constant(.null, TrinoType($0.type).storage)
    }
    let columns = changeColumns(
      table, operation: operation(.delete), rowID: rowID(table, at: table.schema.count),
      values: nulls)
    return .change(RowChange(name, table, .project(columns, rows)))
  }

  private mutating func filtered(
    _ plan: LogicalPlan,
    _ predicate: ExpressionSyntax?,
    _ scope: Scope
  ) throws -> LogicalPlan {
    guard let predicate else { return plan }
    let condition = try boolean(predicate, scope, "WHERE clause")
    try forbidAggregates(condition, "WHERE clause", predicate.start)
    return .filter(condition, plan)
  }

  mutating func update(
    _ parts: [Identifier],
    _ assignments: [AssignmentSyntax],
    _ predicate: ExpressionSyntax?
  ) throws -> LogicalPlan {
    let (name, table, scan) = try changeable(parts)
    let scope = scope(of: table, name)
    let rows = try filtered(scan, predicate, scope)
    let values = try assignedValues(assignments, table, scope, shift: 0, "UPDATE")
    let columns = changeColumns(
      table, operation: operation(.update), rowID: rowID(table, at: table.schema.count),
      values: values)
    return .change(RowChange(name, table, .project(columns, rows)))
  }

  /// All columns of a table with the assigned values in place; `shift` is where its columns begin.
  private mutating func assignedValues(
    _ assignments: [AssignmentSyntax],
    _ table: any TableSource,
    _ scope: Scope,
    shift: Int,
    _ statement: String
  ) throws -> [Expression] {
    var values = table.schema.fields.enumerated().map {
      Expression.column(shift + $0.offset, TrinoType($0.element.type).storage)
    }
    var seen: Set<Int> = []
    for assignment in assignments {
      let place = try place(
        assignment.column, table.schema, "The \(statement) SET target column doesn't exist")
      guard seen.insert(place).inserted else {
        throw error(
          .duplicateColumnName,
          "The \(statement) SET column name is specified more than once: \(assignment.column.text)",
          assignment.column.offset
        )
      }
      let value = try expression(assignment.value, scope)
      try forbidAggregates(value.expression, "\(statement) SET", assignment.value.start)
      let field = table.schema[place]
      values[place] = try assigned(value, to: field, assignment.value.start) {
        "\(statement) table column types don't match SET expressions: Table: [\(TrinoType(field.type))], Expressions: [\(value.type)]"
      }
    }
    return values
  }

  // MARK: MERGE

  /// Rows of the source, each with the target's row it meets; the first case that holds decides.
  mutating func merge(_ syntax: MergeSyntax) throws -> LogicalPlan {
    let (name, table, scan) = try changeable(syntax.table)
    let width = table.schema.count
    let source = try relation(syntax.source)
    let sourceWidth = source.scope.fields.count
    let idType = table.rowIDField?.type ?? .bigint
    // The target's columns, its row's identity, and a mark that tells that there is one.
    let fields = scan.schema.fields
    let target = LogicalPlan.project(
      fields.enumerated().map {
        NamedExpression($0.element.name, .column($0.offset, $0.element.type))
      } + [NamedExpression("present", .yes)],
      scan
    )
    let targetScope = scope(of: table, name, alias: syntax.alias)
    let hidden = [idType, .boolean].map {
      ScopeField(relation: [], name: nil, type: TrinoType($0))
    }
    let both = Scope(fields: source.scope.fields + targetScope.fields + hidden)
    let condition = try boolean(syntax.condition, both, "MERGE condition")
    try forbidAggregates(condition, "MERGE condition", syntax.condition.start)
    let hasInsert = syntax.cases.contains { !$0.isMatched }
    let joined = LogicalPlan.join(
      Join(hasInsert ? .left : .inner, source.plan, target, residual: condition))
    let isPresent = Self.nullTest(.column(sourceWidth + width + 1, .boolean), true)

    var branches: [(condition: Expression, operation: RowChange.Operation, values: [Expression])] =
      []
    for item in syntax.cases {
      var test = item.isMatched ? isPresent : Self.not(isPresent)
      let visible = item.isMatched ? both : source.scope
      if let extra = item.condition {
        test = .all([test, try boolean(extra, visible, "MERGE WHEN condition")])
      }
      switch item.action {
      case .delete:
        branches.append(
          (test, .delete, table.schema.fields.map { .constant(.null, TrinoType($0.type).storage) }))
      case .update(let assignments):
        let values = try assignedValues(
          assignments, table, both, shift: sourceWidth, "MERGE")
        branches.append((test, .update, values))
      case .insert(let columns, let values):
        branches.append((test, .insert, try inserted(columns, values, table, visible, item.start)))
      }
    }
    func choose(_ type: DataType, _ value: (Int) -> Expression) -> Expression {
      .conditional(
        branches.indices.map {
          ConditionalBranch(condition: branches[$0].condition, value: value($0))
        },
        otherwise: .constant(.null, type),
        type
      )
    }
    let chosen = choose(.integer) { operation(branches[$0].operation) }
    let values = table.schema.fields.enumerated().map { index, field in
      choose(TrinoType(field.type).storage) { branches[$0].values[index] }
    }
    let columns = changeColumns(
      table, operation: chosen, rowID: rowID(table, at: sourceWidth + width), values: values)
    let changes = LogicalPlan.filter(
      Self.nullTest(.column(0, .integer), true), .project(columns, joined))
    return .change(RowChange(name, table, changes))
  }

  private mutating func inserted(
    _ columns: [Identifier]?,
    _ values: [ExpressionSyntax],
    _ table: any TableSource,
    _ scope: Scope,
    _ offset: Int
  ) throws -> [Expression] {
    let places = try insertPlaces(columns, table.schema)
    guard places.count == values.count else {
      throw error(
        .mismatchedColumnCount,
        "MERGE INSERT has \(places.count) columns and \(values.count) values", offset)
    }
    var result = table.schema.fields.map {
      Expression.constant(.null, TrinoType($0.type).storage)
    }
    for (place, syntax) in zip(places, values) {
      let value = try expression(syntax, scope)
      let field = table.schema[place]
      result[place] = try assigned(value, to: field, syntax.start) {
        "MERGE table column types don't match INSERT values: Table: [\(TrinoType(field.type))], Values: [\(value.type)]"
      }
    }
    return result
  }
}
