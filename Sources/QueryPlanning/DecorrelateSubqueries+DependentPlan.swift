// A subquery computed for all its arguments at once.

import Columnar
import Kernels

/// Computes a subquery's plan for a set of arguments, which come as further columns at its end.
///
/// The set is that of the distinct arguments of the outer rows. Filters and projections read the
/// arguments as columns, aggregates and windows keep them apart as groups and partitions, LIMIT
/// counts rows within each of them; sides of a join meet on equal arguments. NULLs are equal here.
struct DependentPlan {
  private let arguments: [Expression]
  /// One column an argument, each combination once.
  private let domain: LogicalPlan

  init(_ arguments: [Expression], over input: LogicalPlan) throws {
    self.arguments = arguments
    domain = .aggregate(
      Aggregate(
        groups: arguments.enumerated().map { NamedExpression("_argument\($0.offset)", $0.element) },
        input
      )
    )
  }

  private var width: Int { arguments.count }

  /// The keys that bring the outer rows together with a plan whose own columns are `count`.
  func keys(after count: Int) -> [JoinKey] {
    arguments.enumerated().map { index, argument in
      JoinKey(left: argument, right: .column(count + index, argument.type), matchesNulls: true)
    }
  }

  /// The plan's columns, then the arguments.
  func plan(_ plan: LogicalPlan) throws -> LogicalPlan {
    guard plan.readsParameters else { return .join(Join(.cross, plan, domain)) }
    switch plan {
    case .filter(let predicate, let input):
      return .filter(bind(predicate, input), try self.plan(input))
    case .project(let expressions, let input):
      return .project(
        expressions.map { NamedExpression($0.name, bind($0.expression, input)) }
          + columns(after: input.schema.count),
        try self.plan(input)
      )
    case .sort(_, let input), .sample(_, let input): return try self.plan(input)
    case .aggregate(let node): return try aggregate(node)
    case .window(var node):
      let count = node.input.schema.count
      node.specification = node.specification.mapping { bind($0, node.input) }
      node.specification.partition += columns(after: count).map(\.expression)
      let input = node.input
      node.calls = node.calls.map { NamedWindowCall($0.name, $0.call.mapping { bind($0, input) }) }
      node.input = try self.plan(input)
      return moved(.window(node), from: count)
    case .limit(let count, let offset, let input):
      if case .sort(let keys, let below) = input {
        return try first(count, offset, keys, below, withTies: false)
      }
      return try first(count, offset, [], input, withTies: false)
    case .topN(let node):
      return try first(node.count, node.offset, node.keys, node.input, withTies: node.withTies)
    case .join(let node): return try join(node)
    case .union(let inputs): return .union(try inputs.map { try self.plan($0) })
    case .setOperation(var node):
      node.left = try self.plan(node.left)
      node.right = try self.plan(node.right)
      return .setOperation(node)
    case .unnest(var node):
      let input = node.input
      node.items = node.items.map {
        UnnestItem(expression: bind($0.expression, input), columns: $0.columns)
      }
      node.input = try self.plan(input)
      return moved(.unnest(node), from: input.schema.count)
    case .values(let schema, let rows):
      let parts = rows.map { row in
        LogicalPlan.project(
          zip(schema.fields, row).map {
            NamedExpression($0.name, $1.substituting([], parameters: domainColumns))
          } + columns(after: 0),
          domain
        )
      }
      return parts.count == 1 ? parts[0] : .union(parts)
    case .scan, .lateral, .enforceSingleRow, .write, .change, .exchange:
      throw DecorrelationError(reason: "an operation of the subquery has no form for many rows")
    }
  }

  private var domainColumns: [Expression] {
    arguments.enumerated().map { .column($0.offset, $0.element.type) }
  }

  /// The arguments as columns behind `count` others.
  private func columns(after count: Int) -> [NamedExpression] {
    arguments.enumerated().map {
      NamedExpression("_argument\($0.offset)", .column(count + $0.offset, $0.element.type))
    }
  }

  /// An expression over `input` that reads the arguments behind the input's columns.
  private func bind(_ expression: Expression, _ input: LogicalPlan) -> Expression {
    expression.binding(columns(after: input.schema.count).map(\.expression))
  }

  /// A node's plan with the arguments, which stand at `place`, moved to its end.
  private func moved(_ plan: LogicalPlan, from place: Int) -> LogicalPlan {
    let fields = plan.schema.fields
    let isArgument = { (index: Int) in index >= place && index < place + width }
    let order =
      fields.indices.filter { !isArgument($0) } + fields.indices.filter { isArgument($0) }
    return .project(
      order.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) }, plan)
  }

  private func aggregate(_ node: Aggregate) throws -> LogicalPlan {
    guard node.groupingSets == nil else {
      throw DecorrelationError(reason: "grouping sets in the subquery")
    }
    let input = node.input
    let count = input.schema.count
    let groups = node.groups.map { NamedExpression($0.name, bind($0.expression, input)) }
    let grouped = LogicalPlan.aggregate(
      Aggregate(
        groups: groups + columns(after: count),
        aggregates: node.aggregates.map { $0.mapping { bind($0, input) } },
        try plan(input)
      )
    )
    guard groups.isEmpty else { return moved(grouped, from: groups.count) }
    // An aggregate without groups has a row for arguments without rows too.
    let keys = arguments.enumerated().map { index, argument in
      JoinKey(
        left: .column(index, argument.type), right: .column(index, argument.type),
        matchesNulls: true)
    }
    let joined = LogicalPlan.join(Join(.left, domain, grouped, keys: keys))
    let values = node.aggregates.enumerated().map { index, call -> NamedExpression in
      let column = Expression.column(width * 2 + index, call.result)
      return NamedExpression(
        call.name,
        call.kind.isZeroWithoutRows
          ? .coalesce([column, .constant(.integer(0), call.result)], call.result) : column
      )
    }
    return .project(values + columns(after: 0), joined)
  }

  /// The first rows for each set of arguments, by their number in the order.
  private func first(
    _ count: Int?,
    _ offset: Int,
    _ keys: [SortKey],
    _ input: LogicalPlan,
    withTies: Bool
  ) throws -> LogicalPlan {
    guard !withTies || offset == 0 else {
      throw DecorrelationError(reason: "WITH TIES after an OFFSET in the subquery")
    }
    let width = input.schema.count
    let below = try plan(input)
    let number = WindowCall(
      withTies ? .rank : .rowNumber, name: withTies ? "rank" : "row_number", arguments: [],
      result: .bigint)
    let numbered = LogicalPlan.window(
      Window(
        WindowSpecification(
          partition: columns(after: width).map(\.expression),
          order: keys.map { $0.mapping { bind($0, input) } }),
        [NamedWindowCall("_number", number)],
        below
      )
    )
    let place = Expression.column(below.schema.count, .bigint)
    func test(_ operation: ComparisonOperation, _ value: Int) -> Expression {
      .call(
        ScalarFunction(
          name: operation.rawValue, variant: "bigint", kind: .comparison(operation),
          result: .boolean
        ) { arguments, _ in compare(operation, arguments[0], arguments[1]) },
        [place, .constant(.integer(Int64(value)), .bigint)]
      )
    }
    var tests: [Expression] = []
    if offset > 0 { tests.append(test(.greater, offset)) }
    if let count {
      let (last, overflow) = count.addingReportingOverflow(offset)
      if !overflow { tests.append(test(.lessOrEqual, last)) }
    }
    let fields = below.schema.fields
    return .project(
      fields.indices.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) },
      tests.isEmpty ? numbered : .filter(.all(tests), numbered)
    )
  }

  // MARK: Joins

  private func join(_ node: Join) throws -> LogicalPlan {
    let left = node.left.schema.count
    let right = node.right.schema.count
    let condition =
      node.keys.contains { $0.left.containsParameter || $0.right.containsParameter }
      || node.membership.contains { $0.left.containsParameter || $0.right.containsParameter }
      || node.residual?.containsParameter ?? false
    guard !condition else { return try joinBoth(node, left, right) }
    switch node.kind {
    case .inner, .cross, .left, .semi, .anti, .mark:
      if !node.right.readsParameters {
        var next = node
        next.left = try plan(node.left)
        next.residual = node.residual?.remapping { $0 < left ? $0 : $0 + width }
        return moved(.join(next), from: left)
      }
      if node.kind == .inner || node.kind == .cross, !node.left.readsParameters {
        var next = node
        next.right = try plan(node.right)
        return .join(next)
      }
    case .right, .full: break
    }
    return try joinBoth(node, left, right)
  }

  /// Both sides for the arguments, which must then be equal.
  private func joinBoth(_ node: Join, _ left: Int, _ right: Int) throws -> LogicalPlan {
    guard node.kind != .full else {
      throw DecorrelationError(reason: "a full join in the subquery")
    }
    var next = node
    next.left = try plan(node.left)
    next.right = try plan(node.right)
    if next.kind == .cross { next.kind = .inner }
    let values = columns(after: left).map(\.expression)
    func key(_ key: JoinKey) -> JoinKey {
      JoinKey(
        left: bind(key.left, node.left), right: bind(key.right, node.right),
        matchesNulls: key.matchesNulls)
    }
    next.keys =
      node.keys.map(key)
      + arguments.enumerated().map { index, argument in
        JoinKey(
          left: .column(left + index, argument.type),
          right: .column(right + index, argument.type), matchesNulls: true)
      }
    next.membership = node.membership.map(key)
    next.residual = node.residual?.remapping { $0 < left ? $0 : $0 + width }.binding(values)
    let joined = LogicalPlan.join(next)
    guard !node.kind.isLeftOnly else { return moved(joined, from: left) }
    // Columns: left, arguments, right, arguments.
    let fields = joined.schema.fields
    let arguments_ = node.kind == .right ? left + width + right : left
    let order =
      Array(0..<left) + Array(left + width..<left + width + right)
      + Array(arguments_..<arguments_ + width)
    return .project(
      order.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) }, joined)
  }
}
