import Columnar

/// Takes out of a disjunction what each of its branches asks for: `(a AND b) OR (a AND c)` becomes
/// `a AND (b OR c)`.
///
/// So an equality between the sides of a join that is written in every branch becomes a key of it.
/// Only conditions that never fail move. Holds in three-valued logic too.
public struct FactorDisjunctions: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    switch plan {
    case .filter(let predicate, let input):
      return Self.factored(predicate).map { .filter($0, input) }
    case .join(var node):
      guard let residual = node.residual, let next = Self.factored(residual) else { return nil }
      node.residual = next
      return .join(node)
    default: return nil
    }
  }

  /// Nil where no conjunct has a part that all of its branches share.
  static func factored(_ predicate: Expression) -> Expression? {
    var hasChanged = false
    let parts = predicate.conjuncts.map { part -> Expression in
      guard case .disjunction(let branches) = part, branches.count > 1 else { return part }
      let lists = branches.map(\.conjuncts)
      var common: [Expression] = []
      for candidate in lists[0]
      where candidate.isTotal && !common.contains(candidate)
        && lists.dropFirst().allSatisfy({ $0.contains(candidate) })
      {
        common.append(candidate)
      }
      guard !common.isEmpty else { return part }
      hasChanged = true
      let rests = lists.map { list in list.filter { !common.contains($0) } }
      // A branch that asks for nothing more is true wherever the common part is.
      if rests.contains(where: \.isEmpty) { return .all(common) }
      return .all(common + [.disjunction(rests.map { .all($0) })])
    }
    return hasChanged ? .all(parts) : nil
  }
}
