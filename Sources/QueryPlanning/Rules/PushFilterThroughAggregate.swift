/// Conditions on group columns filter rows before they are grouped.
///
/// Not where there is no group column: a global aggregate has a row even without input.
public struct PushFilterThroughAggregate: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .aggregate(var node)) = plan, !node.groups.isEmpty,
      node.groupingSets == nil
    else { return nil }
    let groups = node.groups
    let below = predicate.conjuncts.filter { part in
      part.columns.allSatisfy { $0 < groups.count } && !part.columns.isEmpty
    }
    guard !below.isEmpty else { return nil }
    let above = predicate.conjuncts.filter { !below.contains($0) }
    let inner = groups.map(\.expression)
    node.input = .filter(.all(below.map { $0.substituting(inner) }), node.input)
    let pushed = LogicalPlan.aggregate(node)
    return above.isEmpty ? pushed : .filter(.all(above), pushed)
  }
}
