import Columnar

/// Filters the sides of inner joins by what every branch of a disjunction over both sides asks of one
/// side: from `(l.a = 1 AND r.b = 2) OR (l.a = 2 AND r.b = 1)` follow `l.a = 1 OR l.a = 2` and
/// `r.b = 2 OR r.b = 1`.
///
/// The disjunction stays where it is. Runs once over a plan: a second run would derive the same
/// filters again.
public struct DeriveJoinFilters: Sendable {
  public init() {}

  public func apply(to plan: LogicalPlan) -> LogicalPlan {
    let below = plan.mapInputs { apply(to: $0) }
    guard case .join(var node) = below, node.kind == .inner, let residual = node.residual else {
      return below
    }
    let split = node.left.schema.count
    var toLeft: [Expression] = []
    var toRight: [Expression] = []
    for case .disjunction(let branches) in residual.conjuncts {
      if let implied = Self.implied(branches, { $0 < split }) { toLeft.append(implied) }
      if let implied = Self.implied(branches, { $0 >= split }) {
        toRight.append(implied.remapping { $0 - split })
      }
    }
    guard !toLeft.isEmpty || !toRight.isEmpty else { return below }
    if !toLeft.isEmpty { node.left = .filter(.all(toLeft), node.left) }
    if !toRight.isEmpty { node.right = .filter(.all(toRight), node.right) }
    return .join(node)
  }

  /// What the branches ask of the columns that `isOfSide` names; nil where one of them asks nothing.
  private static func implied(
    _ branches: [Expression], _ isOfSide: (Int) -> Bool
  ) -> Expression? {
    var parts: [Expression] = []
    for branch in branches {
      let own = branch.conjuncts.filter { part in
        let columns = part.columns
        return part.isTotal && !columns.isEmpty && columns.allSatisfy(isOfSide)
      }
      guard !own.isEmpty else { return nil }
      let part = Expression.all(own)
      if !parts.contains(part) { parts.append(part) }
    }
    return parts.count == 1 ? parts[0] : .disjunction(parts)
  }
}
