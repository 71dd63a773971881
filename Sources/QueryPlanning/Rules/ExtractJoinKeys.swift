import Columnar
import Kernels

/// Takes apart a join's condition into hash keys, filters of one side, and a rest.
///
/// An equality between the sides becomes a key, unless it compares doubles. A condition on
/// one side filters that side where none of its rows must survive unmatched.
public struct ExtractJoinKeys: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .join(var node) = plan, let residual = node.residual else { return nil }
    let kind = node.kind
    var keys = node.keys
    let split = node.left.schema.count
    var toLeft: [Expression] = []
    var toRight: [Expression] = []
    var rest: [Expression] = []
    let found = keys.count
    for part in residual.conjuncts {
      let columns = part.columns
      if let key = Self.key(part, split) {
        keys.append(key)
      } else if !columns.isEmpty, columns.allSatisfy({ $0 < split }),
        kind == .inner || kind == .right || kind == .semi
      {
        toLeft.append(part)
      } else if !columns.isEmpty, columns.allSatisfy({ $0 >= split }),
        kind != .right, kind != .full, kind != .cross
      {
        toRight.append(part.remapping { $0 - split })
      } else if part != .yes {
        rest.append(part)
      }
    }
    guard keys.count > found || !toLeft.isEmpty || !toRight.isEmpty else { return nil }
    if !toLeft.isEmpty { node.left = .filter(.all(toLeft), node.left) }
    if !toRight.isEmpty { node.right = .filter(.all(toRight), node.right) }
    node.keys = keys
    node.residual = rest.isEmpty ? nil : .all(rest)
    return .join(node)
  }

  private static func key(_ part: Expression, _ split: Int) -> JoinKey? {
    guard case .call(let function, let arguments) = part, function.kind == .comparison(.equal),
      arguments.count == 2
    else { return nil }
    let first = arguments[0].columns
    let second = arguments[1].columns
    guard !first.isEmpty, !second.isEmpty, arguments[0].type != .double else { return nil }
    if first.allSatisfy({ $0 < split }), second.allSatisfy({ $0 >= split }) {
      return JoinKey(left: arguments[0], right: arguments[1].remapping { $0 - split })
    }
    if second.allSatisfy({ $0 < split }), first.allSatisfy({ $0 >= split }) {
      return JoinKey(left: arguments[1], right: arguments[0].remapping { $0 - split })
    }
    return nil
  }
}
