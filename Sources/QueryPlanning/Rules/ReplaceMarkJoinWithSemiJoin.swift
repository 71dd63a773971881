import Columnar

/// A filter on a mark join's column keeps the rows that have a match, or those that have none.
///
/// `WHERE EXISTS (…)` and `WHERE x IN (…)` become a semi join, `WHERE NOT EXISTS (…)` an anti join.
/// NOT IN stays a mark join, because a NULL in its set makes the answer unknown.
public struct ReplaceMarkJoinWithSemiJoin: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .join(var node)) = plan, node.kind == .mark else {
      return nil
    }
    let mark = node.left.schema.count
    var parts = predicate.conjuncts
    let isMark = { (part: Expression) in part == .column(mark, .boolean) }
    let value: Bool
    if let index = parts.firstIndex(where: isMark) {
      value = true
      parts.remove(at: index)
    } else if node.membership.isEmpty,
      let index = parts.firstIndex(where: { part in
        if case .call(let function, let arguments) = part, function.kind == .not {
          return arguments.count == 1 && isMark(arguments[0])
        }
        return false
      })
    {
      value = false
      parts.remove(at: index)
    } else {
      return nil
    }
    node.kind = value ? .semi : .anti
    node.keys += node.membership
    node.membership = []
    let fields = node.left.schema.fields
    let marked = LogicalPlan.project(
      fields.enumerated().map {
        NamedExpression($0.element.name, .column($0.offset, $0.element.type))
      } + [NamedExpression("mark", .constant(.boolean(value), .boolean))],
      .join(node)
    )
    return parts.isEmpty ? marked : .filter(.all(parts), marked)
  }
}
