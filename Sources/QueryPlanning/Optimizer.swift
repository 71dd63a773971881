/// Rewrites a logical plan into an equal one that reads and computes less.
///
/// 1. `FoldConstants` and the rules below run over the tree from the root down, until none fires.
/// 2. Filters sink through projections, unions, groups, windows and joins into scans, where they
///    become `ColumnPredicate`s; limits sink too; ORDER BY with LIMIT becomes `topN`.
/// 3. `DeriveJoinFilters` filters the sides of joins by what disjunctions over both imply, and the
///    rules run once more. `ReorderJoins` puts inner joins in a better order, and the rules run once more.
/// 4. `PruneUnusedColumns` runs once, so that scans read only what is needed, and
///    `AssignDynamicFilters` connects scans with the joins above them.
///
/// Any rule may be left out by its name: the result of a query is the same.
public struct Optimizer: Sendable {
  /// The steps over the whole plan; the raw value is the name.
  public enum Step: String, Sendable, CaseIterable {
    case deriveJoinFilters = "DeriveJoinFilters"
    case reorderJoins = "ReorderJoins"
    case pruneUnusedColumns = "PruneUnusedColumns"
    case assignDynamicFilters = "AssignDynamicFilters"
  }

  public var rules: [any OptimizerRule]
  public var steps: Set<Step>

  public init(
    rules: [any OptimizerRule] = Optimizer.standardRules,
    steps: Set<Step> = Set(Step.allCases)
  ) {
    self.rules = rules
    self.steps = steps
  }

  /// All rules and steps but those of these names.
  public init(without names: Set<String>) {
    self.init(
      rules: Self.standardRules.filter { !names.contains($0.name) },
      steps: Set(Step.allCases.filter { !names.contains($0.rawValue) })
    )
  }

  public static let standardRules: [any OptimizerRule] = [
    FoldConstants(), MergeFilters(), RemoveTrivialFilters(), FactorDisjunctions(),
    PushFilterThroughProject(), PushFilterThroughAggregate(), PushFilterThroughWindow(),
    PushFilterThroughUnnest(), PushFilterThroughUnion(),
    PushFilterThroughSort(), PushFilterThroughJoin(), ReplaceMarkJoinWithSemiJoin(),
    ExtractJoinKeys(), PushFilterIntoScan(), MergeLimits(), PushLimitThroughProject(),
    PushLimitThroughUnion(), ReplaceSortAndLimitWithTopN(), PushLimitIntoScan(),
    PushAggregationIntoScan(),
  ]

  /// The names of all rules and steps.
  public static var names: [String] {
    standardRules.map(\.name) + Step.allCases.map(\.rawValue)
  }

  public func optimize(_ plan: LogicalPlan) -> LogicalPlan {
    var current = rewritten(plan)
    if steps.contains(.deriveJoinFilters) {
      current = rewritten(DeriveJoinFilters().apply(to: current))
    }
    if steps.contains(.reorderJoins) {
      current = rewritten(ReorderJoins().apply(to: current))
    }
    if steps.contains(.pruneUnusedColumns) { current = PruneUnusedColumns().apply(to: current) }
    if steps.contains(.assignDynamicFilters) {
      current = AssignDynamicFilters().apply(to: current)
    }
    return current
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

extension OptimizerRule {
  /// The type's name.
  public var name: String { String(describing: Self.self) }
}
