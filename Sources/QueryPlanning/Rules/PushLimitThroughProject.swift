/// Limits before projecting, so that the limit can reach a sort or a scan.
public struct PushLimitThroughProject: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .limit(let count, let offset, .project(let expressions, let input)) = plan else {
      return nil
    }
    return .project(expressions, .limit(count: count, offset: offset, input))
  }
}
