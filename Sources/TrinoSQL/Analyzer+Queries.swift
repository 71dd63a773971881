// SELECT, VALUES, UNION, and the clauses around them.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func query(_ syntax: QuerySyntax) throws -> RelationPlan {
    var level: [String: (NamedQuerySyntax, level: Int)] = [:]
    for (index, named) in syntax.named.enumerated() {
      guard level[named.name.key] == nil else {
        throw error(
          .duplicateNamedQuery,
          "WITH query name '\(named.name.text)' specified more than once",
          named.name.offset
        )
      }
      level[named.name.key] = (named, index)
    }
    namedQueries.append(level)
    defer { namedQueries.removeLast() }
    // A named query that nothing uses must still make sense.
    for named in syntax.named {
      let used = RelationSyntax.table([named.name])
      _ = try relation(used)
    }
    var plan: RelationPlan
    if case .select(let select) = syntax.body {
      plan = try self.select(select, orderBy: syntax.orderBy)
    } else {
      plan = try body(syntax.body)
      plan.plan = try sorted(plan, syntax.orderBy)
    }
    if syntax.limit != nil || syntax.offset > 0 {
      plan.plan = .limit(count: syntax.limit, offset: syntax.offset, plan.plan)
    }
    return plan
  }

  private mutating func body(_ syntax: BodySyntax) throws -> RelationPlan {
    switch syntax {
    case .select(let select): return try self.select(select, orderBy: [])
    case .query(let query): return try self.query(query)
    case .values(let rows, let start): return try values(rows, start)
    case .union(let parts, let isDistinct, let start):
      return try union(try parts.map { try body($0) }, isDistinct, start)
    }
  }

  /// ORDER BY over a body whose only names are its output columns.
  private mutating func sorted(
    _ plan: RelationPlan,
    _ orderBy: [SortSyntax]
  ) throws -> LogicalPlan {
    guard !orderBy.isEmpty else { return plan.plan }
    var keys: [SortKey] = []
    for item in orderBy {
      let key: Expression
      if let index = try ordinal(item.expression, plan.scope.fields.count, "ORDER BY") {
        key = .column(index, plan.scope.fields[index].type.storage)
      } else {
        key = try expression(item.expression, plan.scope).expression
      }
      if key.containsAggregate {
        throw error(
          .expressionNotScalar,
          "ORDER BY cannot contain aggregations here",
          item.expression.start
        )
      }
      keys.append(SortKey(expression: key, direction: direction(item)))
    }
    return .sort(keys, plan.plan)
  }

  private func direction(_ item: SortSyntax) -> SortDirection {
    SortDirection(isAscending: item.isAscending, nullsFirst: item.nullsFirst ?? false)
  }

  /// The 0-based position that a whole number stands for; nil for other expressions.
  private func ordinal(
    _ syntax: ExpressionSyntax,
    _ count: Int,
    _ clause: String
  ) throws -> Int? {
    guard case .integer(let text) = syntax.kind else { return nil }
    guard let position = Int(text), position >= 1, position <= count else {
      throw error(
        .invalidColumnReference,
        "\(clause) position \(text) is not in select list",
        syntax.start
      )
    }
    return position - 1
  }

  private mutating func values(
    _ rows: [[ExpressionSyntax]],
    _ start: Int
  ) throws -> RelationPlan {
    var typed: [[Typed]] = []
    for row in rows {
      let line = try row.map { try expression($0, Scope()) }
      if let first = typed.first, first.count != line.count {
        throw error(
          .typeMismatch,
          "Values rows have mismatched sizes: \(first.count) vs \(line.count)",
          row.first?.start ?? start
        )
      }
      for value in line where value.expression.containsAggregate {
        throw error(.expressionNotScalar, "VALUES cannot contain aggregations", start)
      }
      typed.append(line)
    }
    let width = typed.first?.count ?? 0
    var types: [TrinoType] = []
    for column in 0..<width {
      types.append(try commonType(typed.map { $0[column] }, "Values", start))
    }
    let lines = try typed.map { row in
      try zip(row, types).map { FoldConstants.fold(try coerce($0, to: $1, start)) }
    }
    let schema = Schema(types.enumerated().map { Field("_col\($0.offset)", $0.element.storage) })
    return RelationPlan(
      plan: .values(schema, rows: lines),
      scope: Scope(
        fields: types.enumerated().map {
          ScopeField(relation: [], name: "_col\($0.offset)", type: $0.element)
        }
      )
    )
  }

  private func union(
    _ parts: [RelationPlan],
    _ isDistinct: Bool,
    _ start: Int
  ) throws -> RelationPlan {
    let width = parts[0].scope.fields.count
    for part in parts where part.scope.fields.count != width {
      throw error(
        .typeMismatch,
        "UNION query has different number of fields: \(width), \(part.scope.fields.count)",
        start
      )
    }
    var types: [TrinoType] = []
    for column in 0..<width {
      var type = parts[0].scope.fields[column].type
      for part in parts.dropFirst() {
        let other = part.scope.fields[column].type
        if let a = type.zone, let b = other.zone, a != b {
          throw error(
            .notSupported,
            "Values of different time zones in one column (\(a.name), \(b.name))",
            start,
            advice: "Bring them to one zone with AT TIME ZONE."
          )
        }
        guard let common = TrinoType.common(type, other) else {
          throw error(
            .typeMismatch,
            "column \(column + 1) in UNION query has incompatible types: \(type), \(other)",
            start
          )
        }
        type = common
      }
      types.append(type)
    }
    var scope = parts[0].scope
    for index in scope.fields.indices {
      scope.fields[index].relation = []
      scope.fields[index].type = types[index]
    }
    let inputs = try parts.map { part -> LogicalPlan in
      let columns = try part.scope.fields.indices.map { index -> NamedExpression in
        let type = part.scope.fields[index].type
        let value = Typed(.column(index, type.storage), type)
        return NamedExpression(
          scope.fields[index].name ?? "_col\(index)",
          try coerce(value, to: types[index], start)
        )
      }
      return .project(columns, part.plan)
    }
    let all = LogicalPlan.union(inputs)
    return RelationPlan(plan: isDistinct ? distinct(all) : all, scope: scope)
  }

  private func distinct(_ plan: LogicalPlan) -> LogicalPlan {
    .aggregate(
      Aggregate(
        groups: plan.schema.fields.enumerated().map {
          NamedExpression($0.element.name, .column($0.offset, $0.element.type))
        },
        plan
      )
    )
  }

  // MARK: SELECT

  private struct Item {
    var name: String?
    var value: Typed
    var syntax: ExpressionSyntax?
    var relation: [String] = []
  }

  private struct OrderItem {
    var value: Typed
    /// The select item it is, where it is one.
    var item: Int?
    var syntax: ExpressionSyntax
    var direction: SortDirection
  }

  private mutating func select(
    _ select: SelectSyntax,
    orderBy: [SortSyntax]
  ) throws -> RelationPlan {
    var input = RelationPlan(plan: .values(Schema([]), rows: [[]]), scope: Scope())
    if let from = select.from { input = try relation(from) }
    let scope = input.scope
    if let predicate = select.predicate {
      let condition = try boolean(predicate, scope, "WHERE clause")
      if condition.containsAggregate {
        throw error(
          .expressionNotScalar,
          "WHERE clause cannot contain aggregations, window functions or grouping operations",
          predicate.start,
          advice: "Use HAVING."
        )
      }
      input.plan = .filter(condition, input.plan)
    }
    var items = try self.items(select, scope)
    var order = try self.order(orderBy, items, scope)
    var having: Expression?
    if let syntax = select.having { having = try boolean(syntax, scope, "HAVING clause") }
    let isAggregate =
      select.hasGroupBy || having != nil
      || items.contains { $0.value.expression.containsAggregate }
      || order.contains { $0.value.expression.containsAggregate }
    if isAggregate {
      input.plan = try grouped(select, scope, input.plan, &items, &order, having)
    }
    return try projected(select, input.plan, items, order)
  }

  private mutating func items(_ select: SelectSyntax, _ scope: Scope) throws -> [Item] {
    var items: [Item] = []
    func addAll(_ indices: [Int]) {
      for index in indices {
        let field = scope.fields[index]
        items.append(
          Item(
            name: field.name,
            value: Typed(.column(index, field.type.storage), field.type),
            relation: field.relation
          )
        )
      }
    }
    for item in select.items {
      switch item {
      case .all(let start):
        guard select.from != nil else {
          throw error(.columnNotFound, "SELECT * not allowed in queries without FROM clause", start)
        }
        addAll(Array(scope.fields.indices))
      case .allOf(let parts, let start):
        let prefix = parts.map(\.key)
        let found = scope.fields.indices.filter { index in
          let relation = scope.fields[index].relation
          return relation.count >= prefix.count && Array(relation.suffix(prefix.count)) == prefix
        }
        guard !found.isEmpty else {
          throw error(
            .tableNotFound,
            "Unable to resolve reference \(parts.map(\.text).joined(separator: "."))",
            start,
            suggestions: nearestNames(
              to: prefix.last ?? "",
              among: scope.fields.compactMap(\.relation.last)
            )
          )
        }
        addAll(found)
      case .expression(let syntax, let alias):
        var name = alias?.text
        if name == nil, case .name(let parts) = syntax.kind { name = parts.last?.text }
        items.append(Item(name: name, value: try expression(syntax, scope), syntax: syntax))
      }
    }
    return items
  }

  private mutating func order(
    _ orderBy: [SortSyntax],
    _ items: [Item],
    _ scope: Scope
  ) throws -> [OrderItem] {
    var result: [OrderItem] = []
    for item in orderBy {
      let syntax = item.expression
      if let index = try ordinal(syntax, items.count, "ORDER BY") {
        result.append(
          OrderItem(
            value: items[index].value,
            item: index,
            syntax: syntax,
            direction: direction(item)
          )
        )
        continue
      }
      // Output names come first, then the columns of the input.
      if case .name(let parts) = syntax.kind, parts.count == 1, let name = parts.first {
        let found = items.indices.filter { items[$0].name?.lowercased() == name.key }
        if let first = found.first {
          let isAmbiguous = found.contains {
            items[$0].value.expression != items[first].value.expression
          }
          if isAmbiguous {
            throw error(.ambiguousName, "Column '\(name.text)' is ambiguous", name.offset)
          }
          result.append(
            OrderItem(
              value: items[first].value,
              item: first,
              syntax: syntax,
              direction: direction(item)
            )
          )
          continue
        }
      }
      let value = try orderExpression(syntax, items, scope)
      let same = items.firstIndex { $0.value.expression == value.expression }
      result.append(
        OrderItem(value: value, item: same, syntax: syntax, direction: direction(item))
      )
    }
    return result
  }

  /// An ORDER BY expression may use output names inside; they stand before the input's columns.
  private mutating func orderExpression(
    _ syntax: ExpressionSyntax,
    _ items: [Item],
    _ scope: Scope
  ) throws -> Typed {
    var extended = scope
    var values: [Expression] = scope.fields.enumerated().map {
      .column($0.offset, $0.element.type.storage)
    }
    for item in items {
      guard let name = item.name?.lowercased() else { continue }
      for index in scope.fields.indices where scope.fields[index].name?.lowercased() == name {
        // Hides the input's column for a bare name, unless the item is that very column.
        if item.syntax != nil, extended.fields[index].name != nil {
          if case .column(index, _) = item.value.expression { continue }
        }
      }
      let isKnown = extended.fields.contains { $0.name?.lowercased() == name }
      if !isKnown {
        extended.fields.append(ScopeField(relation: [], name: item.name, type: item.value.type))
        values.append(item.value.expression)
      }
    }
    let typed = try expression(syntax, extended)
    return Typed(typed.expression.substituting(values), typed.type)
  }

  // MARK: GROUP BY

  private mutating func grouped(
    _ select: SelectSyntax,
    _ scope: Scope,
    _ input: LogicalPlan,
    _ items: inout [Item],
    _ order: inout [OrderItem],
    _ having: Expression?
  ) throws -> LogicalPlan {
    var groups: [Expression] = []
    for syntax in select.groupBy {
      let value: Expression
      if let index = try ordinal(syntax, items.count, "GROUP BY") {
        value = items[index].value.expression
      } else {
        value = try groupExpression(syntax, items, scope)
      }
      if value.containsAggregate {
        throw error(
          .expressionNotScalar,
          "GROUP BY clause cannot contain aggregations, window functions or grouping operations",
          syntax.start
        )
      }
      if !groups.contains(value) { groups.append(value) }
    }
    var calls: [AggregateCall] = []
    func rewrite(_ expression: Expression) -> Expression? {
      if let index = groups.firstIndex(of: expression) { return .column(index, expression.type) }
      switch expression {
      case .aggregate(let call):
        let index =
          calls.firstIndex(of: call)
          ?? {
            calls.append(call)
            return calls.count - 1
          }()
        return .column(groups.count + index, call.result)
      case .column: return nil
      default:
        var failed = false
        let result = expression.mapChildren { child in
          if let changed = rewrite(child) { return changed }
          failed = true
          return child
        }
        return failed ? nil : result
      }
    }
    func notGrouped(_ syntax: ExpressionSyntax?, _ name: String?) -> TrinoSQLError {
      let shown = syntax.map { source.slice($0.start, $0.end) } ?? name ?? ""
      return error(
        .expressionNotAggregate,
        "'\(shown)' must be an aggregate expression or appear in GROUP BY clause",
        syntax?.start ?? select.start
      )
    }
    for index in items.indices {
      guard let changed = rewrite(items[index].value.expression) else {
        throw notGrouped(items[index].syntax, items[index].name)
      }
      items[index].value.expression = changed
    }
    for index in order.indices {
      guard let changed = rewrite(order[index].value.expression) else {
        throw notGrouped(order[index].syntax, nil)
      }
      order[index].value.expression = changed
    }
    var condition: Expression?
    if let having {
      guard let changed = rewrite(having) else { throw notGrouped(select.having, nil) }
      condition = changed
    }
    let plan = LogicalPlan.aggregate(
      Aggregate(
        groups: groups.enumerated().map { index, group in
          var name = "_group\(index)"
          if case .column(let column, _) = group { name = scope.fields[column].name ?? name }
          return NamedExpression(name, group)
        },
        aggregates: calls,
        input
      )
    )
    return condition.map { .filter($0, plan) } ?? plan
  }

  /// GROUP BY sees the input's columns only; an output alias gets advice.
  private mutating func groupExpression(
    _ syntax: ExpressionSyntax,
    _ items: [Item],
    _ scope: Scope
  ) throws -> Expression {
    do {
      return try expression(syntax, scope).expression
    } catch var failure as TrinoSQLError {
      if failure.name == .columnNotFound, case .name(let parts) = syntax.kind, parts.count == 1,
        let index = items.firstIndex(where: { $0.name?.lowercased() == parts[0].key })
      {
        failure.suggestions = []
        failure.advice =
          "GROUP BY cannot use an output name: repeat the expression, or write GROUP BY \(index + 1)."
      }
      throw failure
    }
  }

  // MARK: Output

  private func projected(
    _ select: SelectSyntax,
    _ input: LogicalPlan,
    _ items: [Item],
    _ order: [OrderItem]
  ) throws -> RelationPlan {
    var columns = items.enumerated().map {
      NamedExpression($0.element.name ?? "_col\($0.offset)", $0.element.value.expression)
    }
    var keys: [SortKey] = []
    for item in order {
      let place: Int
      if let index = item.item {
        place = index
      } else if let index = columns.firstIndex(where: { $0.expression == item.value.expression }) {
        place = index
      } else {
        if select.isDistinct {
          throw error(
            .expressionNotInDistinct,
            "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
            item.syntax.start
          )
        }
        place = columns.count
        columns.append(NamedExpression("_order\(place)", item.value.expression))
      }
      keys.append(
        SortKey(
          expression: .column(place, columns[place].expression.type),
          direction: item.direction
        )
      )
    }
    var plan = LogicalPlan.project(columns, input)
    if select.isDistinct { plan = distinct(plan) }
    if !keys.isEmpty { plan = .sort(keys, plan) }
    if columns.count > items.count {
      plan = .project(
        columns.prefix(items.count).enumerated().map {
          NamedExpression($0.element.name, .column($0.offset, $0.element.expression.type))
        },
        plan
      )
    }
    let fields = items.enumerated().map { index, item in
      ScopeField(relation: [], name: item.name ?? "_col\(index)", type: item.value.type)
    }
    return RelationPlan(plan: plan, scope: Scope(fields: fields))
  }
}
