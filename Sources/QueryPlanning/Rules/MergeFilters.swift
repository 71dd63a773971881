/// Two filters in a row become one conjunction; the inner one is tested first, as before.
public struct MergeFilters: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let outer, .filter(let inner, let input)) = plan else { return nil }
    return .filter(.all([inner, outer]), input)
  }
}
