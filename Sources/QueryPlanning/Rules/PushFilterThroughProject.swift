/// Filters before projecting: the predicate is rewritten over the projection's input.
///
/// A condition on columns that the projection passes on as they are always moves: rows that it drops
/// are rows nobody asked for, and sources skip files by it. Another condition moves only where no
/// projected expression can fail, so that a bad value in a row is still found. What is random stays
/// where it is drawn once.
public struct PushFilterThroughProject: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .project(let expressions, let input)) = plan else {
      return nil
    }
    let inner = expressions.map(\.expression)
    let isTotal = inner.allSatisfy(\.isTotal)
    func isPassedOn(_ index: Int) -> Bool {
      if case .column = inner[index] { return true }
      return false
    }
    var below: [Expression] = []
    var above: [Expression] = []
    for part in predicate.conjuncts {
      // Later parts may rely on earlier ones, so nothing passes one that stays.
      let isDrawn = part.columns.contains { inner[$0].isRandom }
      if !isDrawn, isTotal || (above.isEmpty && part.columns.allSatisfy(isPassedOn)) {
        below.append(part.substituting(inner))
      } else {
        above.append(part)
      }
    }
    guard !below.isEmpty else { return nil }
    let pushed = LogicalPlan.project(expressions, .filter(.all(below), input))
    return above.isEmpty ? pushed : .filter(.all(above), pushed)
  }
}
