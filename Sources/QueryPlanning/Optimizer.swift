/// Rewrites a logical plan into an equal one that reads and computes less.
///
/// 1. `FoldConstants` and the rules below run over the tree from the root down, until none fires.
/// 2. Filters sink through projections, unions, groups and joins into scans, where they become
///    `ColumnPredicate`s; limits sink too; ORDER BY with LIMIT becomes `topN`.
/// 3. `PruneUnusedColumns` runs once at the end, so that scans read only what is needed.
public struct Optimizer: Sendable {
  public var rules: [any OptimizerRule]

  public init(rules: [any OptimizerRule] = Optimizer.standardRules) {
    self.rules = rules
  }

  public static let standardRules: [any OptimizerRule] = [
    FoldConstants(), MergeFilters(), RemoveTrivialFilters(), FactorDisjunctions(),
    PushFilterThroughProject(),
    PushFilterThroughAggregate(), PushFilterThroughUnion(), PushFilterThroughSort(),
    PushFilterThroughJoin(), ReplaceMarkJoinWithSemiJoin(), ExtractJoinKeys(),
    PushFilterIntoScan(), MergeLimits(),
    PushLimitThroughProject(), PushLimitThroughUnion(), ReplaceSortAndLimitWithTopN(),
    PushLimitIntoScan(),
  ]

  public func optimize(_ plan: LogicalPlan) -> LogicalPlan {
    let current = rewritten(DeriveJoinFilters().apply(to: rewritten(plan)))
    return PruneUnusedColumns().apply(to: current)
  }

  private func rewritten(_ plan: LogicalPlan) -> LogicalPlan {
    var current = plan
    for _ in 0..<16 {
      var hasChanged = false
      current = pass(current, &hasChanged)
      if !hasChanged { break }
    }
    return current
  }

  private func pass(_ plan: LogicalPlan, _ hasChanged: inout Bool) -> LogicalPlan {
    var current = plan
    var firings = 0
    var fired = true
    while fired, firings < 64 {
      fired = false
      for rule in rules {
        if let next = rule.rewrite(current) {
          current = next
          fired = true
          firings += 1
          hasChanged = true
        }
      }
    }
    return current.mapInputs { pass($0, &hasChanged) }
  }
}

/// One local rewrite: nil where the node does not have the rule's shape.
public protocol OptimizerRule: Sendable {
  func rewrite(_ plan: LogicalPlan) -> LogicalPlan?
}
