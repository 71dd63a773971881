/// Conditions on the partition columns of a window filter whole partitions before it.
public struct PushFilterThroughWindow: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .window(var node)) = plan else { return nil }
    let keys = Set(
      node.specification.partition.compactMap { key -> Int? in
        if case .column(let index, _) = key { return index }
        return nil
      })
    var below: [Expression] = []
    var above: [Expression] = []
    for part in predicate.conjuncts {
      if !part.columns.isEmpty, part.columns.isSubset(of: keys), part.isTotal {
        below.append(part)
      } else {
        above.append(part)
      }
    }
    guard !below.isEmpty else { return nil }
    node.input = .filter(.all(below), node.input)
    return above.isEmpty ? .window(node) : .filter(.all(above), .window(node))
  }
}
