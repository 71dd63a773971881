import Columnar

/// Conditions on the columns that UNNEST repeats filter their rows before it.
public struct PushFilterThroughUnnest: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .unnest(var node)) = plan else { return nil }
    let width = node.input.schema.count
    var below: [Expression] = []
    var above: [Expression] = []
    for part in predicate.conjuncts {
      // Later parts may rely on earlier ones, so nothing that can fail passes one that stays.
      let isBelow = !part.columns.isEmpty && part.columns.allSatisfy { $0 < width }
      if isBelow, above.isEmpty || part.isTotal {
        below.append(part)
      } else {
        above.append(part)
      }
    }
    guard !below.isEmpty else { return nil }
    node.input = .filter(.all(below), node.input)
    return above.isEmpty ? .unnest(node) : .filter(.all(above), .unnest(node))
  }
}
