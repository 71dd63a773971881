// Makes joins of the subqueries that read the rows around them.

import Columnar
import Kernels

/// A correlated subquery that no join stands for.
public struct DecorrelationError: Error, Sendable {
  /// What stands in the way, in English.
  public var reason: String
}

/// A scalar subquery gave more than one row for one of the rows around it.
public struct ScalarSubqueryRowsError: Error, Sendable {}

/// Makes joins of the subqueries that read the rows around them, and of lateral joins.
///
/// What is left has no `parameter`, no `lateral`, and only subqueries that are run once, before the
/// rest. Three ways, the cheapest first:
///
/// 1. `PulledUp`: where parameters stand in filters only, the filters become the join's condition:
///    EXISTS a mark join, IN a mark join with membership, LATERAL an inner or left join.
/// 2. A scalar subquery that aggregates once, under equalities with the outer row: the aggregate is
///    grouped by the inner side of these, and joined from the left. Counts become 0 without a match.
/// 3. `DependentPlan`: the subquery is computed for the set of distinct arguments at once, with the
///    arguments as further columns, and joined back on them.
///
/// Runs bottom up, so that a subquery inside a subquery is a join before its own one is looked at.
public struct DecorrelateSubqueries: Sendable {
  public init() {}

  /// The same rows and columns; throws `DecorrelationError`.
  public func apply(to plan: LogicalPlan) throws -> LogicalPlan {
    let below = try plan.mapInputs { try apply(to: $0) }
    if case .lateral(let node) = below { return try lateral(node) }
    guard below.expressions.contains(where: \.containsSubquery) else { return below }
    return try rewrite(below)
  }

  // MARK: Nodes

  private func rewrite(_ plan: LogicalPlan) throws -> LogicalPlan {
    switch plan {
    case .values(let schema, let rows):
      return try rewriteValues(schema, rows)
    case .join(var node):
      guard node.kind == .inner || !hasCorrelated(plan), let residual = node.residual else {
        if hasCorrelated(plan) {
          throw DecorrelationError(reason: "a subquery in the condition of an outer join")
        }
        return try plan.mapExpressions { try uncorrelated($0) }
      }
      guard hasCorrelated(plan) else { return try plan.mapExpressions { try uncorrelated($0) } }
      node.residual = nil
      return try rewrite(.filter(residual, .join(node)))
    default:
      guard let input = plan.inputs.first else {
        return try plan.mapExpressions { try uncorrelated($0) }
      }
      var extended = input
      let changed = try plan.mapExpressions { try extend($0, &extended) }
      let width = input.schema.count
      guard extended.schema.count > width else { return changed }
      let result = changed.mapInputs { _ in extended }
      switch result {
      case .project, .aggregate: return result
      default:
        // The node gives its input's columns, then its own: leave out those between.
        let added = extended.schema.count - width
        let fields = result.schema.fields
        let kept = fields.indices.filter { $0 < width || $0 >= width + added }
        return .project(
          kept.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) }, result)
      }
    }
  }

  private func hasCorrelated(_ plan: LogicalPlan) -> Bool {
    func isCorrelated(_ expression: Expression) -> Bool {
      if case .subquery(_, _, let arguments, _) = expression, !arguments.isEmpty { return true }
      return expression.children.contains(where: isCorrelated)
    }
    return plan.expressions.contains(where: isCorrelated)
  }

  private func rewriteValues(_ schema: Schema, _ rows: [[Expression]]) throws -> LogicalPlan {
    let one = LogicalPlan.values(Schema([]), rows: [[]])
    let parts = try rows.map { row in
      try rewrite(
        .project(zip(schema.fields, row).map { NamedExpression($0.name, $1) }, one))
    }
    return parts.count == 1 ? parts[0] : .union(parts)
  }

  private func uncorrelated(_ expression: Expression) throws -> Expression {
    var none = LogicalPlan.values(Schema([]), rows: [[]])
    return try extend(expression, &none)
  }

  // MARK: Expressions

  /// The expression with columns, which `input` gets at its end, in place of its subqueries.
  private func extend(_ expression: Expression, _ input: inout LogicalPlan) throws -> Expression {
    guard expression.containsSubquery else { return expression }
    let inner = try expression.mapChildren { try extend($0, &input) }
    guard case .subquery(let subquery, let operands, let arguments, let type) = inner else {
      return inner
    }
    let plan = try apply(to: subquery.plan)
    let arguments_ = arguments
    guard plan.readsParameters, !arguments_.isEmpty else {
      return .subquery(
        Subquery(subquery.kind, plan: plan), operands: operands, arguments: [], type)
    }
    switch subquery.kind {
    case .scalar: return try scalar(plan, arguments_, &input)
    case .exists: return try mark(Self.stripped(plan), [], arguments_, &input)
    case .membership: return try mark(plan, operands, arguments_, &input)
    }
  }

  /// Without what does not change whether there is a row.
  private static func stripped(_ plan: LogicalPlan) -> LogicalPlan {
    switch plan {
    case .project(_, let input), .sort(_, let input): stripped(input)
    case .limit(let count, 0, let input) where count ?? 1 > 0: stripped(input)
    case .aggregate(let node) where !node.groups.isEmpty && node.groupingSets == nil:
      stripped(node.input)
    default: plan
    }
  }

  private func mark(
    _ plan: LogicalPlan,
    _ operands: [Expression],
    _ arguments: [Expression],
    _ input: inout LogicalPlan
  ) throws -> Expression {
    let width = input.schema.count
    let values = operands.enumerated().map { index, operand in
      JoinKey(left: operand, right: .column(index, plan.schema[index].type))
    }
    if let pulled = PulledUp(plan) {
      input = .join(
        Join(
          .mark, input, pulled.plan, membership: values,
          residual: pulled.condition(arguments, leftWidth: width)))
    } else {
      let dependent = try DependentPlan(arguments, over: input)
      let right = try dependent.plan(plan)
      input = .join(
        Join(
          .mark, input, right, keys: dependent.keys(after: plan.schema.count), membership: values))
    }
    return .column(width, .boolean)
  }

  private func lateral(_ node: LateralJoin) throws -> LogicalPlan {
    let plan = try apply(to: node.right.plan)
    let width = node.left.schema.count
    let kind: JoinKind = node.kind == .left ? .left : .inner
    guard plan.readsParameters else {
      let isCross = kind == .inner && node.condition == nil
      return .join(
        Join(isCross ? .cross : kind, node.left, plan, residual: node.condition))
    }
    let joined: LogicalPlan
    if let pulled = PulledUp(plan) {
      var parts = [pulled.condition(node.arguments, leftWidth: width)]
      if let condition = node.condition { parts.append(condition) }
      joined = .join(Join(kind, node.left, pulled.plan, residual: .all(parts)))
    } else {
      let dependent = try DependentPlan(node.arguments, over: node.left)
      joined = .join(
        Join(
          kind, node.left, try dependent.plan(plan),
          keys: dependent.keys(after: plan.schema.count), residual: node.condition))
    }
    let fields = node.left.schema.fields + plan.schema.fields
    guard joined.schema.count > fields.count else { return joined }
    return .project(
      fields.enumerated().map {
        NamedExpression($0.element.name, .column($0.offset, $0.element.type))
      },
      joined
    )
  }

  // MARK: Scalar subqueries

  private func scalar(
    _ plan: LogicalPlan,
    _ arguments: [Expression],
    _ input: inout LogicalPlan
  ) throws -> Expression {
    if let value = aggregated(plan, arguments, &input) { return value }
    let width = input.schema.count
    let dependent = try DependentPlan(arguments, over: input)
    var right = try dependent.plan(plan)
    if !plan.hasAtMostOneRow {
      right = Self.singleRow(right, valueType: plan.schema[0].type)
    }
    input = .join(Join(.left, input, right, keys: dependent.keys(after: 1)))
    return .column(width, plan.schema[0].type)
  }

  /// One row for each set of arguments; more than one is an error.
  private static func singleRow(_ plan: LogicalPlan, valueType: DataType) -> LogicalPlan {
    let fields = plan.schema.fields
    let groups = fields.indices.dropFirst().map {
      NamedExpression(fields[$0].name, .column($0, fields[$0].type))
    }
    let grouped = LogicalPlan.aggregate(
      Aggregate(
        groups: groups,
        aggregates: [
          AggregateCall(
            kind: .arbitrary, name: "arbitrary", arguments: [.column(0, valueType)],
            result: valueType),
          AggregateCall(kind: .count, name: "count", arguments: [], result: .bigint),
        ],
        plan
      )
    )
    let check = Expression.call(
      ScalarFunction(
        name: "single_row", variant: "\(valueType) null-tolerant", result: valueType,
        isTotal: false
      ) { columns, count in
        for row in 0..<count {
          guard case .integer(let rows) = columns[1].scalar(row), rows > 1 else { continue }
          throw ScalarSubqueryRowsError()
        }
        return columns[0]
      },
      [.column(groups.count, valueType), .column(groups.count + 1, .bigint)]
    )
    let value = NamedExpression(fields[0].name, check)
    let rest = groups.indices.map {
      NamedExpression(groups[$0].name, .column($0, groups[$0].expression.type))
    }
    return .project([value] + rest, grouped)
  }

  /// An aggregate without groups over equalities with the outer row, as one join; nil for others.
  private func aggregated(
    _ plan: LogicalPlan,
    _ arguments: [Expression],
    _ input: inout LogicalPlan
  ) -> Expression? {
    // What is computed of the one row the aggregate gives.
    var projections: [[NamedExpression]] = []
    var current = plan
    while true {
      if case .project(let expressions, let below) = current {
        projections.append(expressions)
        current = below
      } else if case .sort(_, let below) = current {
        current = below
      } else if case .limit(let count, 0, let below) = current, count ?? 1 > 0 {
        current = below
      } else {
        break
      }
    }
    guard case .aggregate(var node) = current, node.groups.isEmpty, node.groupingSets == nil,
      !node.aggregates.contains(where: { $0.expressions.contains(where: \.containsParameter) })
    else { return nil }
    let width = input.schema.count
    let count = node.aggregates.count
    var outputs: [Expression]
    if !node.input.readsParameters {
      input = .join(Join(.cross, input, current))
      outputs = node.aggregates.enumerated().map { .column(width + $0.offset, $0.element.result) }
    } else {
      guard let pulled = PulledUp(node.input), let pairs = pulled.equalities else { return nil }
      node.input = pulled.plan
      node.groups = pairs.enumerated().map { NamedExpression("_key\($0.offset)", $0.element.inner) }
      let keys = pairs.enumerated().map { index, pair in
        JoinKey(
          left: pair.outer.binding(arguments), right: .column(index, pair.inner.type))
      }
      input = .join(Join(.left, input, .aggregate(node), keys: keys))
      outputs = node.aggregates.enumerated().map { index, call in
        let column = Expression.column(width + pairs.count + index, call.result)
        guard call.kind.isZeroWithoutRows else { return column }
        return .coalesce([column, .constant(.integer(0), call.result)], call.result)
      }
    }
    precondition(outputs.count == count)
    for expressions in projections.reversed() {
      outputs = expressions.map {
        $0.expression.substituting(outputs, parameters: arguments)
      }
    }
    return outputs.first
  }
}

extension AggregateKind {
  /// Zero, not NULL, over no rows.
  var isZeroWithoutRows: Bool { self == .count || self == .countIf }
}

extension LogicalPlan {
  /// Some expression of it or of its inputs reads an argument of the subquery it is.
  var readsParameters: Bool {
    expressions.contains(where: \.containsParameter) || inputs.contains(where: \.readsParameters)
  }

  /// Never gives more than one row.
  var hasAtMostOneRow: Bool {
    switch self {
    case .aggregate(let node): node.groups.isEmpty && node.groupingSets == nil
    case .project(_, let input), .filter(_, let input), .sort(_, let input), .sample(_, let input):
      input.hasAtMostOneRow
    case .limit(let count, _, let input): (count ?? 2) <= 1 || input.hasAtMostOneRow
    case .topN(let node): node.count <= 1 && !node.withTies || node.input.hasAtMostOneRow
    case .values(_, let rows): rows.count <= 1
    case .enforceSingleRow: true
    default: false
    }
  }
}

extension Expression {
  /// The expression with argument `i` in place of parameter `i`.
  func binding(_ arguments: [Expression]) -> Expression {
    if case .parameter(let index, _) = self { return arguments[index] }
    return mapChildren { $0.binding(arguments) }
  }

  /// With `columns[i]` in place of column `i`, and argument `i` in place of parameter `i`.
  func substituting(_ columns: [Expression], parameters: [Expression]) -> Expression {
    switch self {
    case .column(let index, _): columns[index]
    case .parameter(let index, _): parameters[index]
    default: mapChildren { $0.substituting(columns, parameters: parameters) }
    }
  }
}
