/// A limit right over a scan tells the source how many rows are enough.
///
/// Never through a filter: the rows a source gives first may be those the filter drops.
public struct PushLimitIntoScan: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .limit(let count?, let offset, .scan(var scan)) = plan, scan.limit == nil else {
      return nil
    }
    let (enough, overflow) = count.addingReportingOverflow(offset)
    guard !overflow else { return nil }
    scan.limit = enough
    return .limit(count: count, offset: offset, .scan(scan))
  }
}
