import Columnar
import Connector

/// Lets the scan of a join's left side wait for what its right side turns out to hold.
///
/// For inner and semi joins whose key is a plain column of a scan below filters, projections and
/// other joins that keep it: the scan then skips what no row of the right side can match.
public struct AssignDynamicFilters: Sendable {
  public init() {}

  /// The same plan with dynamic filters on scans and joins.
  public func apply(to plan: LogicalPlan) -> LogicalPlan {
    var next = 0
    return assign(plan, &next)
  }

  private func assign(_ plan: LogicalPlan, _ next: inout Int) -> LogicalPlan {
    let below = plan.mapInputs { assign($0, &next) }
    guard case .join(var node) = below, node.kind == .inner || node.kind == .semi,
      node.dynamicFilterID == nil
    else { return below }
    let id = next
    var isAssigned = false
    for (index, key) in node.keys.enumerated() where !key.matchesNulls {
      guard case .column(let column, _) = key.left,
        let left = add(DynamicFilter(id: id, key: index, column: 0), to: node.left, column)
      else { continue }
      node.left = left
      isAssigned = true
    }
    guard isAssigned else { return below }
    next += 1
    node.dynamicFilterID = id
    return .join(node)
  }

  /// The plan with the filter on the scan its column comes from; nil where it comes from none.
  private func add(_ filter: DynamicFilter, to plan: LogicalPlan, _ column: Int) -> LogicalPlan? {
    switch plan {
    case .scan(var scan):
      guard scan.columns[column] < scan.source.schema.count else { return nil }
      var filter = filter
      filter.column = scan.columns[column]
      scan.dynamicFilters.append(filter)
      return .scan(scan)
    case .filter(let predicate, let input):
      return add(filter, to: input, column).map { .filter(predicate, $0) }
    case .project(let expressions, let input):
      guard case .column(let inner, _) = expressions[column].expression else { return nil }
      return add(filter, to: input, inner).map { .project(expressions, $0) }
    case .join(var node):
      let split = node.left.schema.count
      if column < split, node.kind != .right, node.kind != .full {
        guard let left = add(filter, to: node.left, column) else { return nil }
        node.left = left
        return .join(node)
      }
      return nil
    default: return nil
    }
  }
}
