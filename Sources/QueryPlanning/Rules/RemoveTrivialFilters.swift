/// A filter that is always true goes; one that is never true leaves no rows.
import Columnar

public struct RemoveTrivialFilters: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(.constant(let value, _), let input) = plan else { return nil }
    return value == .boolean(true) ? input : input.emptied
  }
}
