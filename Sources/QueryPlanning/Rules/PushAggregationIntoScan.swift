import Columnar
import Connector
import Kernels

/// A group over plain columns of a scan is asked of the source, which may have the answer.
///
/// Counts, sums and extremes without DISTINCT, FILTER or an order; not where a filter stands between.
/// The source's table has the groups, then the aggregates, and takes the scan's place.
public struct PushAggregationIntoScan: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .aggregate(let node) = plan, node.groupingSets == nil, node.step == .single else {
      return nil
    }
    var columns: [Expression]?
    var below = node.input
    if case .project(let expressions, let input) = below {
      columns = expressions.map(\.expression)
      below = input
    }
    guard case .scan(let scan) = below, scan.limit == nil,
      scan.predicates.isEmpty || scan.source.residuals(of: scan.predicates).isEmpty
    else { return nil }
    func place(_ expression: Expression) -> Int? {
      guard case .column(let index, _) = expression else { return nil }
      guard let columns else { return scan.columns[index] }
      guard case .column(let inner, _) = columns[index] else { return nil }
      return scan.columns[inner]
    }
    var request = AggregateRequest(groups: [], aggregates: [], predicates: scan.predicates)
    for group in node.groups {
      guard let column = place(group.expression) else { return nil }
      request.groups.append(column)
    }
    for call in node.aggregates {
      guard !call.isDistinct, call.filter == nil, call.orderBy.isEmpty,
        let aggregate = Self.aggregate(call, place)
      else { return nil }
      request.aggregates.append(aggregate)
    }
    guard let source = try? scan.source.aggregated(request),
      source.schema.count == node.schema.count
    else { return nil }
    let answered = LogicalPlan.scan(TableScan(name: scan.name, source: source))
    let wanted = node.schema.fields
    guard zip(wanted, source.schema.fields).allSatisfy({ $0.type == $1.type }) else { return nil }
    return .project(
      wanted.enumerated().map {
        NamedExpression($0.element.name, .column($0.offset, $0.element.type))
      },
      answered
    )
  }

  private static func aggregate(
    _ call: AggregateCall, _ place: (Expression) -> Int?
  ) -> AggregateRequest.Aggregate? {
    guard let argument = call.arguments.first else {
      return call.kind == .count ? .countRows : nil
    }
    guard call.arguments.count == 1, let column = place(argument) else { return nil }
    switch call.kind {
    case .count: return .count(column: column)
    case .minimum: return .minimum(column: column)
    case .maximum: return .maximum(column: column)
    case .sum: return .sum(column: column)
    default: return nil
    }
  }
}
