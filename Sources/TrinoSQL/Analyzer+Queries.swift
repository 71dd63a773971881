// Queries: WITH, set operations, VALUES, ORDER BY and LIMIT around them.

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
    var keys: [SortKey] = []
    if case .select(let select) = syntax.body {
      let selected = try self.select(select, orderBy: syntax.orderBy)
      plan = RelationPlan(plan: selected.plan, scope: selected.scope)
      keys = selected.keys
    } else {
      plan = try body(syntax.body)
      keys = try sortKeys(plan, syntax.orderBy)
    }
    let width = plan.scope.fields.count
    plan.plan = try limited(plan.plan, syntax, keys)
    // Columns that only ORDER BY needed go again.
    if plan.plan.schema.count > width {
      plan.plan = .project(
        plan.scope.fields.enumerated().map {
          NamedExpression(
            $0.element.name ?? "_col\($0.offset)",
            .column($0.offset, $0.element.type.storage)
          )
        },
        plan.plan
      )
    }
    return plan
  }

  private func limited(
    _ plan: LogicalPlan,
    _ syntax: QuerySyntax,
    _ keys: [SortKey]
  ) throws -> LogicalPlan {
    let offset = try syntax.offset.map { try count($0, "OFFSET") } ?? 0
    let limit = try syntax.limit.map { try count($0, "LIMIT") }
    if let limit, syntax.withTies {
      return .topN(TopN(keys, count: limit, offset: offset, withTies: true, plan))
    }
    let sorted = keys.isEmpty ? plan : .sort(keys, plan)
    guard limit != nil || offset > 0 else { return sorted }
    return .limit(count: limit, offset: offset, sorted)
  }

  private func count(_ syntax: CountSyntax, _ clause: String) throws -> Int {
    switch syntax {
    case .number(let count): return count
    case .parameter(let index, let offset):
      parameterTypes?.note(index, .bigint)
      guard case .integer(let count)? = try parameter(index, offset).constant, count >= 0 else {
        // A described statement has no values yet.
        if parameters == nil { return 0 }
        throw error(.typeMismatch, "\(clause) must be a whole number that is not negative", offset)
      }
      return Int(count)
    }
  }

  /// The value of a `?`.
  func parameter(_ index: Int, _ offset: Int) throws -> Typed {
    guard let parameters else {
      var unknown = Typed(.constant(.null, .unknown), .unknown)
      unknown.parameter = index
      return unknown
    }
    guard index < parameters.count else {
      throw error(
        .invalidParameterUsage,
        "Incorrect number of parameters: expected at least \(index + 1) but found \(parameters.count)",
        offset,
        advice: "EXECUTE name USING value, … gives the values."
      )
    }
    return parameters[index]
  }

  private mutating func body(_ syntax: BodySyntax) throws -> RelationPlan {
    switch syntax {
    case .select(let select):
      let selected = try self.select(select, orderBy: [])
      return RelationPlan(plan: selected.plan, scope: selected.scope)
    case .query(let query): return try self.query(query)
    case .values(let rows, let start): return try values(rows, start)
    case .setOperation(let kind, let parts, let isDistinct, let start):
      return try setOperation(kind, try parts.map { try body($0) }, isDistinct, start)
    }
  }

  /// ORDER BY over a body whose only names are its output columns.
  private mutating func sortKeys(
    _ plan: RelationPlan,
    _ orderBy: [SortSyntax]
  ) throws -> [SortKey] {
    var keys: [SortKey] = []
    for item in orderBy {
      let key: Typed
      if let index = try ordinal(item.expression, plan.scope.fields.count, "ORDER BY") {
        let type = plan.scope.fields[index].type
        key = Typed(.column(index, type.storage), type)
      } else {
        key = try expression(item.expression, plan.scope)
      }
      try forbidAggregates(key.expression, "ORDER BY clause", item.expression.start)
      try orderable(key.type, item.expression.start)
      keys.append(SortKey(expression: key.expression, direction: direction(item)))
    }
    return keys
  }

  func direction(_ item: SortSyntax) -> SortDirection {
    SortDirection(isAscending: item.isAscending, nullsFirst: item.nullsFirst ?? false)
  }

  func orderable(_ type: TrinoType, _ offset: Int) throws {
    guard type.isOrderable else {
      throw error(
        .typeMismatch,
        "Type \(type) is not orderable, and therefore cannot be used in ORDER BY",
        offset
      )
    }
  }

  /// Aggregates, window functions and grouping() have no place in `clause`.
  func forbidAggregates(
    _ expression: Expression,
    _ clause: String,
    _ offset: Int,
    advice: String? = nil
  ) throws {
    guard expression.containsAggregate || expression.containsWindow else { return }
    throw error(
      .expressionNotScalar,
      "\(clause) cannot contain aggregations, window functions or grouping operations",
      offset,
      advice: advice
    )
  }

  /// The 0-based position that a whole number stands for; nil for other expressions.
  func ordinal(
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
      var line: [Typed] = []
      for value in row { line.append(try expression(value, Scope())) }
      if let first = typed.first, first.count != line.count {
        throw error(
          .typeMismatch,
          "Values rows have mismatched sizes: \(first.count) vs \(line.count)",
          row.first?.start ?? start
        )
      }
      for (value, syntax) in zip(line, row) {
        try forbidAggregates(value.expression, "VALUES", syntax.start)
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

  private func setOperation(
    _ kind: SetOperator,
    _ parts: [RelationPlan],
    _ isDistinct: Bool,
    _ start: Int
  ) throws -> RelationPlan {
    let width = parts[0].scope.fields.count
    for part in parts where part.scope.fields.count != width {
      throw error(
        .typeMismatch,
        "\(kind.rawValue) query has different number of fields: \(width), \(part.scope.fields.count)",
        start
      )
    }
    var scope = parts[0].scope
    for column in 0..<width {
      var type = parts[0].scope.fields[column].type
      for part in parts.dropFirst() {
        let other = part.scope.fields[column].type
        try sameZone(type, other, start)
        guard let common = TrinoType.common(type, other) else {
          throw error(
            .typeMismatch,
            "column \(column + 1) in \(kind.rawValue) query has incompatible types: \(type), \(other)",
            start
          )
        }
        type = common
      }
      scope.fields[column].relation = []
      scope.fields[column].type = type
    }
    let inputs = try parts.map { part -> LogicalPlan in
      let columns = try part.scope.fields.indices.map { index -> NamedExpression in
        let type = part.scope.fields[index].type
        let value = Typed(.column(index, type.storage), type)
        return NamedExpression(
          scope.fields[index].name ?? "_col\(index)",
          try coerce(value, to: scope.fields[index].type, start)
        )
      }
      return .project(columns, part.plan)
    }
    switch kind {
    case .union:
      let all = LogicalPlan.union(inputs)
      return RelationPlan(plan: isDistinct ? distinct(all) : all, scope: scope)
    case .intersect, .except:
      let operation = SetOperation(
        kind == .intersect ? .intersect : .except, isDistinct: isDistinct, inputs[0], inputs[1])
      return RelationPlan(plan: .setOperation(operation), scope: scope)
    }
  }

  func distinct(_ plan: LogicalPlan) -> LogicalPlan {
    .aggregate(
      Aggregate(
        groups: plan.schema.fields.enumerated().map {
          NamedExpression($0.element.name, .column($0.offset, $0.element.type))
        },
        plan
      )
    )
  }
}
