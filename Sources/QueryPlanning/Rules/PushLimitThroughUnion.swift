/// No input of a limited union needs to give more rows than the limit; the limit itself stays.
public struct PushLimitThroughUnion: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .limit(let count?, let offset, .union(let inputs)) = plan else { return nil }
    let (enough, overflow) = count.addingReportingOverflow(offset)
    guard !overflow, !inputs.allSatisfy({ Self.isLimited($0, enough) }) else { return nil }
    let limited = inputs.map { input in
      Self.isLimited(input, enough) ? input : .limit(count: enough, offset: 0, input)
    }
    return .limit(count: count, offset: offset, .union(limited))
  }

  private static func isLimited(_ plan: LogicalPlan, _ enough: Int) -> Bool {
    switch plan {
    case .limit(let count?, _, _): count <= enough
    case .topN(let node): !node.withTies && node.count <= enough
    case .project(_, let input): isLimited(input, enough)
    case .values(_, let rows): rows.count <= enough
    default: false
    }
  }
}
