/// Filters before sorting.
public struct PushFilterThroughSort: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .sort(let keys, let input)) = plan else { return nil }
    return .sort(keys, .filter(predicate, input))
  }
}
