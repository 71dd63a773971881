/// Filters before projecting: the predicate is rewritten over the projection's input.
///
/// Fires for every projection; what it computes is then computed for the rows that stay, and what
/// the predicate reads of it is computed in the filter too.
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
