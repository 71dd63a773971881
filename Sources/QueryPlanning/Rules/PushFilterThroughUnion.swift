/// Filters each input of a union instead of their sum.
public struct PushFilterThroughUnion: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .union(let inputs)) = plan else { return nil }
    return .union(inputs.map { .filter(predicate, $0) })
  }
}
