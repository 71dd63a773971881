/// A limit over a limit is one limit.
public struct MergeLimits: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard
      case .limit(let outer, let outerOffset, .limit(let inner, let innerOffset, let input)) = plan
    else { return nil }
    let (offset, overflow) = outerOffset.addingReportingOverflow(innerOffset)
    guard !overflow else { return input.emptied }
    let left = inner.map { max(0, $0 - outerOffset) }
    let count = [outer, left].compactMap { $0 }.min()
    return .limit(count: count, offset: offset, input)
  }
}
