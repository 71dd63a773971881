import Columnar

/// Computes calls of constants once, at planning: `1 + 2`, `CAST('2024-01-15' AS date)`.
///
/// A call that fails stays as it is, and fails when a row reaches it.
public struct FoldConstants: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    var hasChanged = false
    let next = plan.mapExpressions { expression in
      let folded = Self.fold(expression)
      if folded != expression { hasChanged = true }
      return folded
    }
    return hasChanged ? next : nil
  }

  /// The expression with its constant parts computed.
  public static func fold(_ expression: Expression) -> Expression {
    let folded = expression.mapChildren { fold($0) }
    switch folded {
    case .call(let function, let arguments) where function.kind != .random:
      var vectors: [ColumnVector] = []
      for argument in arguments {
        guard case .constant(let scalar, let type) = argument else { return folded }
        vectors.append(ColumnVector(constant: scalar, type: type, count: 1))
      }
      guard let value = try? function.evaluate(vectors, 1), value.count == 1 else { return folded }
      return .constant(value.scalar(0), function.result)
    case .conjunction(let parts): return foldLogic(parts, dominant: false)
    case .disjunction(let parts): return foldLogic(parts, dominant: true)
    case .conditional(let branches, let otherwise, let type):
      return foldConditional(branches, otherwise, type)
    case .coalesce(let parts, let type):
      var kept = parts.filter { part in
        if case .constant(.null, _) = part { return false }
        return true
      }
      if let stop = kept.firstIndex(where: { if case .constant = $0 { true } else { false } }) {
        kept.removeSubrange((stop + 1)...)
      }
      return kept.isEmpty
        ? .constant(.null, type) : kept.count == 1 ? kept[0] : .coalesce(kept, type)
    default: return folded
    }
  }

  /// A dominant constant decides only where nothing before it can fail.
  private static func foldLogic(_ parts: [Expression], dominant: Bool) -> Expression {
    var kept: [Expression] = []
    for part in parts {
      if case .constant(.boolean(let value), _) = part {
        guard value == dominant else { continue }
        if kept.allSatisfy(\.isTotal) { return .constant(.boolean(dominant), .boolean) }
        kept.append(part)
        break
      }
      kept.append(part)
    }
    if kept.isEmpty { return .constant(.boolean(!dominant), .boolean) }
    if kept.count == 1 { return kept[0] }
    return dominant ? .disjunction(kept) : .conjunction(kept)
  }

  private static func foldConditional(
    _ branches: [ConditionalBranch],
    _ otherwise: Expression,
    _ type: DataType
  ) -> Expression {
    var kept: [ConditionalBranch] = []
    for branch in branches {
      switch branch.condition {
      case .constant(.boolean(true), _):
        return kept.isEmpty ? branch.value : .conditional(kept, otherwise: branch.value, type)
      case .constant: continue
      default: kept.append(branch)
      }
    }
    return kept.isEmpty ? otherwise : .conditional(kept, otherwise: otherwise, type)
  }
}
