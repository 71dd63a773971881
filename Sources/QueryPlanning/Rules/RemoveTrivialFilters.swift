import Columnar

/// Removes a filter that is always true; one that is never true (false, NULL) leaves no rows.
public struct RemoveTrivialFilters: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(.constant(let value, _), let input) = plan else { return nil }
    return value == .boolean(true) ? input : input.emptied
  }
}
