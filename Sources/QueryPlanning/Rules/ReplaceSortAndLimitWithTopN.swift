/// ORDER BY with LIMIT keeps only the first rows while it reads.
public struct ReplaceSortAndLimitWithTopN: OptimizerRule {
  /// Above this many rows a full sort is as good.
  static let countMax = 100_000

  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .limit(let count?, let offset, .sort(let keys, let input)) = plan else { return nil }
    let (enough, overflow) = count.addingReportingOverflow(offset)
    guard !overflow, enough <= Self.countMax else { return nil }
    return .topN(TopN(keys, count: count, offset: offset, input))
  }
}
