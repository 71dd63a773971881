// Queries inside expressions: scalar, IN, EXISTS, and comparisons with ALL, ANY, SOME.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// Analyses a query whose names may mean columns of `scope`; the arguments are what it reads.
  mutating func inner(
    _ scope: Scope,
    _ body: (inout Analyzer) throws -> RelationPlan
  ) throws -> (plan: RelationPlan, arguments: [Expression]) {
    outerQueries.append(OuterQuery(scope: scope))
    let savedWindows = windowNames
    windowNames = []
    defer {
      outerQueries.removeLast()
      windowNames = savedWindows
    }
    let plan = try body(&self)
    return (plan, outerQueries[outerQueries.count - 1].arguments)
  }

  private func oneColumn(_ plan: RelationPlan, _ offset: Int) throws {
    guard plan.scope.fields.count == 1 else {
      throw error(
        .notSupported,
        "Multiple columns returned by subquery are not yet supported. Found \(plan.scope.fields.count)",
        offset
      )
    }
  }

  mutating func exists(_ query: QuerySyntax, _ scope: Scope) throws -> Typed {
    let (plan, arguments) = try inner(scope) { try $0.query(query) }
    return Typed(
      .subquery(
        Subquery(.exists, plan: plan.plan), operands: [], arguments: arguments, .boolean),
      .boolean
    )
  }

  mutating func scalarQuery(
    _ query: QuerySyntax,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    let (plan, arguments) = try inner(scope) { try $0.query(query) }
    try oneColumn(plan, offset)
    let type = plan.scope.fields[0].type
    return Typed(
      .subquery(
        Subquery(.scalar, plan: plan.plan), operands: [], arguments: arguments, type.storage),
      type
    )
  }

  /// `value IN (query)`. Rows are compared field by field: the query has as many columns as the row
  /// has fields, or one column of such rows.
  mutating func inQuery(
    _ value: Typed,
    _ query: QuerySyntax,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Expression {
    let (plan, arguments) = try inner(scope) { try $0.query(query) }
    let columns = plan.scope.fields.enumerated().map {
      Typed(.column($0.offset, $0.element.type.storage), $0.element.type)
    }
    let found =
      columns.count == 1
      ? columns[0].type : .row(columns.map { TrinoType.RowField(nil, $0.type) })
    guard let type = TrinoType.common(value.type, found) else {
      throw error(
        .typeMismatch,
        "value and result of subquery must be of the same type for IN expression: \(value.type) vs \(found)",
        offset
      )
    }
    let members = columns.count == 1 ? Self.leaves(columns[0]) : columns.flatMap(Self.leaves)
    let operands = value.type == .unknown ? members.map { _ in value } : Self.leaves(value)
    guard operands.count == members.count, members.count <= MembershipTable.columnCountMax else {
      throw error(
        .notSupported,
        "IN with rows of \(type), of which more than \(MembershipTable.columnCountMax) fields are compared",
        offset
      )
    }
    let types = zip(operands, members).map { TrinoType.common($0.type, $1.type) ?? .unknown }
    let values = try zip(members, types).map { try coerce($0, to: $1, offset) }
    var body = plan.plan
    if values.count != columns.count || zip(members, types).contains(where: { $0.type != $1 }) {
      body = .project(
        values.enumerated().map { NamedExpression("value\($0.offset)", $0.element) }, body)
    }
    return .subquery(
      Subquery(.membership, plan: body),
      operands: try zip(operands, types).map { try coerce($0, to: $1, offset) },
      arguments: arguments,
      .boolean
    )
  }

  /// A row's fields, and theirs; of another value, itself.
  static func leaves(_ value: Typed) -> [Typed] {
    guard case .row(let fields) = value.type else { return [value] }
    return (parts(value) ?? fields.indices.map { rowField(value, $0, fields[$0].type) })
      .flatMap(leaves)
  }

  /// What `ROW(…)` was made of; nil for rows that come from elsewhere.
  static func parts(_ value: Typed) -> [Typed]? {
    guard case .row(let fields) = value.type else { return nil }
    switch value.expression {
    case .call(let function, let arguments)
    where function.name == "row" && arguments.count == fields.count:
      return zip(arguments, fields).map { Typed($0, $1.type) }
    case .constant(.row(let values), _) where values.count == fields.count:
      return zip(values, fields).map { Typed(.constant($0, $1.type.storage), $1.type) }
    default: return nil
    }
  }

  /// `value < ALL (query)` and its kind.
  ///
  /// Equality is IN. An order needs only the query's smallest or greatest value, and whether it has
  /// rows and NULLs: a scalar subquery over those, whose parameter is the value.
  mutating func quantified(
    _ operation: ComparisonOperation,
    _ left: ExpressionSyntax,
    _ query: QuerySyntax,
    isAll: Bool,
    _ scope: Scope,
    _ offset: Int
  ) throws -> Expression {
    let value = try expression(left, scope)
    switch (operation, isAll) {
    case (.equal, false): return try inQuery(value, query, scope, offset)
    case (.notEqual, true): return Self.not(try inQuery(value, query, scope, offset))
    default: break
    }
    var (plan, arguments) = try inner(scope) { try $0.query(query) }
    try oneColumn(plan, offset)
    let found = plan.scope.fields[0].type
    guard let type = TrinoType.common(value.type, found) else {
      throw error(
        .typeMismatch,
        "Cannot apply operator: \(value.type) \(operation.rawValue) \(found)", offset)
    }
    let element = try coerce(Typed(.column(0, found.storage), found), to: type, offset)
    func aggregate(_ kind: AggregateKind, _ name: String, _ isText: Bool) -> AggregateCall {
      AggregateCall(
        kind: kind, name: name, arguments: isText ? [] : [element],
        result: kind == .count ? .bigint : type.storage)
    }
    let summary = LogicalPlan.aggregate(
      Aggregate(
        groups: [],
        aggregates: [
          aggregate(.minimum, "min", false), aggregate(.maximum, "max", false),
          aggregate(.count, "count", true), aggregate(.count, "count", false),
        ],
        plan.plan
      )
    )
    arguments.append(try coerce(value, to: type, offset))
    let parameter = Typed(.parameter(arguments.count - 1, type.storage), type)
    let low = Typed(.column(0, type.storage), type)
    let high = Typed(.column(1, type.storage), type)
    let rows = Typed(.column(2, .bigint), .bigint)
    let known = Typed(.column(3, .bigint), .bigint)
    let zero = Typed(.constant(.integer(0), .bigint), .bigint)
    // Decisive when it is true (ANY) or false (ALL) already for the best (or worst) value.
    let test: Expression
    switch operation {
    case .equal, .notEqual:
      // `= ALL`: both ends are equal to it; `<> ANY`: one is not.
      let ends = try [low, high].map { try comparison(operation, parameter, $0, offset) }
      test = isAll ? .all(ends) : .disjunction(ends)
    case .less, .lessOrEqual:
      test = try comparison(operation, parameter, isAll ? low : high, offset)
    case .greater, .greaterOrEqual:
      test = try comparison(operation, parameter, isAll ? high : low, offset)
    }
    let isEmpty = try comparison(.equal, rows, zero, offset)
    let hasNull = try comparison(.notEqual, rows, known, offset)
    let null = Expression.constant(.null, .boolean)
    // The known values decide where they can; else a NULL among them makes it unknown.
    let decided = isAll ? Self.not(test) : test
    let result = Expression.conditional(
      [
        ConditionalBranch(condition: isEmpty, value: .constant(.boolean(isAll), .boolean)),
        ConditionalBranch(condition: decided, value: .constant(.boolean(!isAll), .boolean)),
        ConditionalBranch(condition: hasNull, value: null),
      ],
      otherwise: test,
      .boolean
    )
    plan.plan = .project([NamedExpression("result", result)], summary)
    return .subquery(
      Subquery(.scalar, plan: plan.plan), operands: [], arguments: arguments, .boolean)
  }
}
