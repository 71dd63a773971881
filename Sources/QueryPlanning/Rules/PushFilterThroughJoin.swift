import Columnar

/// Moves the conditions of a filter over a join to the side that each of them reads.
///
/// Only to a side whose rows are not padded with NULL. What is left over an inner or cross join
/// becomes part of its condition; over others it stays above.
public struct PushFilterThroughJoin: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .join(var node)) = plan else { return nil }
    let kind = node.kind
    let split = node.left.schema.count
    var toLeft: [Expression] = []
    var toRight: [Expression] = []
    var toJoin: [Expression] = []
    var above: [Expression] = []
    let isInner = kind == .inner || kind == .cross
    for part in predicate.conjuncts {
      let columns = part.columns
      if !columns.isEmpty, columns.allSatisfy({ $0 < split }), isInner || kind == .left || kind.isLeftOnly {
        toLeft.append(part)
      } else if !columns.isEmpty, columns.allSatisfy({ $0 >= split }), isInner || kind == .right {
        toRight.append(part.remapping { $0 - split })
      } else if isInner {
        toJoin.append(part)
      } else {
        above.append(part)
      }
    }
    guard !toLeft.isEmpty || !toRight.isEmpty || !toJoin.isEmpty else { return nil }
    if !toJoin.isEmpty {
      node.residual = Expression.all((node.residual.map { [$0] } ?? []) + toJoin)
      node.kind = .inner
    }
    if !toLeft.isEmpty { node.left = .filter(.all(toLeft), node.left) }
    if !toRight.isEmpty { node.right = .filter(.all(toRight), node.right) }
    let joined = LogicalPlan.join(node)
    return above.isEmpty ? joined : .filter(.all(above), joined)
  }
}
