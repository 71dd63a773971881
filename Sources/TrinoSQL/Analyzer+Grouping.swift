// GROUP BY: groups, grouping sets, aggregates, and the check that everything else is grouped.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// Sets that ROLLUP and CUBE may multiply to, as Trino's session property of that name.
  static let groupingSetsMax = 2_048

  /// The groups of a SELECT and, where there is more than one set, the sets as their positions.
  private struct Grouping {
    var groups: [Expression] = []
    var sets: [[Int]]?
  }

  mutating func grouped(
    _ select: SelectSyntax,
    _ scope: Scope,
    _ input: LogicalPlan,
    _ items: inout [SelectItem],
    _ order: inout [OrderItem],
    _ having: Expression?
  ) throws -> LogicalPlan {
    let grouping = try grouping(select, items, scope)
    var rewriter = GroupRewriter(groups: grouping.groups, sets: grouping.sets)
    func notGrouped(_ syntax: ExpressionSyntax?, _ name: String?) -> TrinoSQLError {
      let shown = syntax.map { source.slice($0.start, $0.end) } ?? name ?? ""
      return error(
        .expressionNotAggregate,
        "'\(shown)' must be an aggregate expression or appear in GROUP BY clause",
        syntax?.start ?? select.start
      )
    }
    for index in items.indices {
      guard let changed = rewriter.rewrite(items[index].value.expression) else {
        throw notGrouped(items[index].syntax, items[index].name)
      }
      items[index].value.expression = changed
    }
    for index in order.indices {
      guard let changed = rewriter.rewrite(order[index].value.expression) else {
        throw notGrouped(order[index].syntax, nil)
      }
      order[index].value.expression = changed
    }
    var condition: Expression?
    if let having {
      guard let changed = rewriter.rewrite(having) else { throw notGrouped(select.having, nil) }
      condition = changed
    }
    if let place = rewriter.wrongGrouping {
      _ = place
      throw error(
        .invalidArguments,
        "The arguments to GROUPING() must be expressions referenced by the GROUP BY clause",
        select.start
      )
    }
    let groups = grouping.groups.enumerated().map { index, group in
      var name = "_group\(index)"
      if case .column(let column, _) = group { name = scope.fields[column].name ?? name }
      return NamedExpression(name, group)
    }
    let offsetColumn = groups.count + rewriter.calls.count
    let plan = LogicalPlan.aggregate(
      Aggregate(groups: groups, groupingSets: grouping.sets, aggregates: rewriter.calls, input))
    // `$group_id` was not placed while the number of aggregates was not known.
    func placed(_ expression: Expression) -> Expression {
      expression.remapping { $0 == GroupRewriter.groupID ? offsetColumn : $0 }
    }
    for index in items.indices {
      items[index].value.expression = placed(items[index].value.expression)
    }
    for index in order.indices {
      order[index].value.expression = placed(order[index].value.expression)
    }
    return condition.map { .filter(placed($0), plan) } ?? plan
  }

  private mutating func grouping(
    _ select: SelectSyntax,
    _ items: [SelectItem],
    _ scope: Scope
  ) throws -> Grouping {
    var result = Grouping()
    if select.isGroupByAuto {
      for item in items where !item.value.expression.containsAggregate {
        if item.value.expression.containsWindow || item.value.constant != nil { continue }
        _ = add(item.value.expression, &result)
      }
      return result
    }
    var sets: [[Int]] = [[]]
    var hasSets = false
    for element in select.groupBy {
      let choices: [[Int]]
      switch element {
      case .simple(let expressions):
        choices = [try positions(expressions, items, scope, &result)]
      case .sets(let lists):
        hasSets = true
        var chosen: [[Int]] = []
        for list in lists { chosen.append(try positions(list, items, scope, &result)) }
        choices = chosen
      case .rollup(let lists):
        hasSets = true
        var prefix: [Int] = []
        var chosen: [[Int]] = [[]]
        for list in lists {
          prefix += try positions(list, items, scope, &result)
          chosen.insert(prefix, at: 0)
        }
        choices = chosen
      case .cube(let lists):
        hasSets = true
        guard lists.count <= 12 else { throw tooManySets(select, 1 << min(lists.count, 30)) }
        var parts: [[Int]] = []
        for list in lists { parts.append(try positions(list, items, scope, &result)) }
        choices = (0..<(1 << parts.count)).reversed().map { mask in
          parts.indices.filter { mask >> (parts.count - 1 - $0) & 1 == 1 }.flatMap { parts[$0] }
        }
      }
      guard sets.count * choices.count <= Self.groupingSetsMax else {
        throw tooManySets(select, sets.count * choices.count)
      }
      sets = sets.flatMap { set in choices.map { set + $0 } }
    }
    guard hasSets else { return result }
    var unique = sets.map { Array(Set($0)).sorted() }
    if select.isGroupByDistinct {
      var seen: Set<[Int]> = []
      unique = unique.filter { seen.insert($0).inserted }
    }
    result.sets = unique
    return result
  }

  private func tooManySets(_ select: SelectSyntax, _ count: Int) -> TrinoSQLError {
    error(
      .tooManyGroupingSets,
      "GROUP BY has \(count) grouping sets but can contain at most \(Self.groupingSetsMax)",
      select.start
    )
  }

  private func add(_ expression: Expression, _ grouping: inout Grouping) -> Int {
    if let known = grouping.groups.firstIndex(of: expression) { return known }
    grouping.groups.append(expression)
    return grouping.groups.count - 1
  }

  private mutating func positions(
    _ expressions: [ExpressionSyntax],
    _ items: [SelectItem],
    _ scope: Scope,
    _ grouping: inout Grouping
  ) throws -> [Int] {
    var found: [Int] = []
    for syntax in expressions {
      let value: Typed
      if let index = try ordinal(syntax, items.count, "GROUP BY") {
        value = items[index].value
      } else {
        value = try groupExpression(syntax, items, scope)
      }
      try forbidAggregates(value.expression, "GROUP BY clause", syntax.start)
      guard value.type.isComparable else {
        throw error(
          .typeMismatch,
          "\(value.type) is not comparable, and therefore cannot be used in GROUP BY",
          syntax.start
        )
      }
      let place = add(value.expression, &grouping)
      if !found.contains(place) { found.append(place) }
    }
    return found
  }

  /// GROUP BY sees the input's columns only; an output alias gets advice.
  private mutating func groupExpression(
    _ syntax: ExpressionSyntax,
    _ items: [SelectItem],
    _ scope: Scope
  ) throws -> Typed {
    do {
      return try expression(syntax, scope)
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
}

/// Rewrites expressions over a SELECT's input to expressions over its groups and aggregates.
private struct GroupRewriter {
  /// Stands for the column `$group_id` until its place is known.
  static let groupID = Int.max

  let groups: [Expression]
  let sets: [[Int]]?
  var calls: [AggregateCall] = []
  /// A GROUPING() of something that is not grouped.
  var wrongGrouping: Expression?

  init(groups: [Expression], sets: [[Int]]?) {
    self.groups = groups
    self.sets = sets
  }

  /// nil where the expression reads something that is neither grouped nor aggregated.
  mutating func rewrite(_ expression: Expression) -> Expression? {
    if let index = groups.firstIndex(of: expression) { return .column(index, expression.type) }
    switch expression {
    case .aggregate(let call):
      let index = calls.firstIndex(of: call) ?? calls.count
      if index == calls.count { calls.append(call) }
      return .column(groups.count + index, call.result)
    case .column: return nil
    case .call(let function, let arguments) where function.name == "grouping":
      return grouping(expression, arguments)
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

  /// A bit an argument, the first one highest: 1 where the row's set leaves it out.
  private mutating func grouping(
    _ expression: Expression,
    _ arguments: [Expression]
  ) -> Expression {
    var places: [Int] = []
    for argument in arguments {
      guard let place = groups.firstIndex(of: argument) else {
        wrongGrouping = expression
        return expression
      }
      places.append(place)
    }
    guard let sets else { return .constant(.integer(0), expression.type) }
    let id = Expression.column(Self.groupID, .bigint)
    let branches = sets.enumerated().map { number, set in
      let mask = places.reduce(Int64(0)) { $0 << 1 | (set.contains($1) ? 0 : 1) }
      return ConditionalBranch(
        condition: .call(
          ScalarFunction(name: "=", variant: "bigint", kind: .comparison(.equal), result: .boolean)
          { arguments, _ in compare(.equal, arguments[0], arguments[1]) },
          [id, .constant(.integer(Int64(number)), .bigint)]
        ),
        value: .constant(.integer(mask), expression.type)
      )
    }
    return .conditional(branches, otherwise: .constant(.null, expression.type), expression.type)
  }
}
