/// Filters before projecting: the predicate is rewritten over the projection's input.
///
/// A projection that can fail keeps the filter above it where the predicate reads its result only to
/// guard something else; both orders give the same rows.
public struct PushFilterThroughProject: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .project(let expressions, let input)) = plan else {
      return nil
    }
    let inner = expressions.map(\.expression)
    return .project(expressions, .filter(predicate.substituting(inner), input))
  }
}
