import Columnar

/// Drops every column that nothing above needs, down to the scans.
///
/// Runs once over the whole plan: each node is asked for the positions it must give, and answers
/// with a plan and where each of them went.
public struct PruneUnusedColumns: Sendable {
  public init() {}

  /// A plan with the same columns as `plan`.
  public func apply(to plan: LogicalPlan) -> LogicalPlan {
    exactly(plan, Array(plan.schema.fields.indices))
  }

  private struct Pruned {
    var plan: LogicalPlan
    /// Old position to new.
    var places: [Int: Int]

    func remap(_ expression: Expression) -> Expression {
      expression.remapping { places[$0] ?? $0 }
    }
  }

  /// A plan that gives exactly `columns`, in order.
  private func exactly(_ plan: LogicalPlan, _ columns: [Int]) -> LogicalPlan {
    let pruned = prune(plan, Set(columns))
    let schema = plan.schema
    let wanted = columns.map { pruned.places[$0] ?? $0 }
    if wanted == Array(pruned.plan.schema.fields.indices) { return pruned.plan }
    return .project(
      zip(columns, wanted).map { NamedExpression(schema[$0].name, .column($1, schema[$0].type)) },
      pruned.plan
    )
  }

  private func identity(_ plan: LogicalPlan) -> Pruned {
    Pruned(
      plan: plan,
      places: Dictionary(uniqueKeysWithValues: plan.schema.fields.indices.map { ($0, $0) })
    )
  }

  private func places(_ kept: [Int]) -> [Int: Int] {
    Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($0.element, $0.offset) })
  }

  private func prune(_ plan: LogicalPlan, _ needed: Set<Int>) -> Pruned {
    switch plan {
    case .scan(var scan):
      let kept = needed.sorted()
      scan.columns = kept.map { scan.columns[$0] }
      return Pruned(plan: .scan(scan), places: places(kept))
    case .values(let schema, let rows):
      let kept = needed.sorted()
      let narrow = rows.map { row in kept.map { row[$0] } }
      return Pruned(plan: .values(schema.selecting(kept), rows: narrow), places: places(kept))
    case .filter(let predicate, let input):
      let below = prune(input, needed.union(predicate.columns))
      return Pruned(plan: .filter(below.remap(predicate), below.plan), places: below.places)
    case .project(let expressions, let input):
      let kept = needed.sorted()
      var columns: Set<Int> = []
      for index in kept { expressions[index].expression.collectColumns(&columns) }
      let below = prune(input, columns)
      let narrow = kept.map {
        NamedExpression(expressions[$0].name, below.remap(expressions[$0].expression))
      }
      return Pruned(plan: .project(narrow, below.plan), places: places(kept))
    case .aggregate(let groups, let aggregates, let input):
      return pruneAggregate(groups, aggregates, input, needed)
    case .sort(let keys, let input):
      let below = prune(input, needed.union(keys.flatMap(\.expression.columns)))
      return Pruned(plan: .sort(remap(keys, below), below.plan), places: below.places)
    case .topN(let keys, let count, let input):
      let below = prune(input, needed.union(keys.flatMap(\.expression.columns)))
      return Pruned(
        plan: .topN(remap(keys, below), count: count, below.plan),
        places: below.places
      )
    case .limit(let count, let offset, let input):
      let below = prune(input, needed)
      return Pruned(
        plan: .limit(count: count, offset: offset, below.plan),
        places: below.places
      )
    case .join(let kind, let left, let right, let keys, let residual):
      return pruneJoin(kind, left, right, keys, residual, needed)
    case .union(let inputs):
      let kept = needed.sorted()
      return Pruned(plan: .union(inputs.map { exactly($0, kept) }), places: places(kept))
    }
  }

  private func remap(_ keys: [SortKey], _ pruned: Pruned) -> [SortKey] {
    keys.map { SortKey(expression: pruned.remap($0.expression), direction: $0.direction) }
  }

  private func pruneAggregate(
    _ groups: [NamedExpression],
    _ aggregates: [AggregateCall],
    _ input: LogicalPlan,
    _ needed: Set<Int>
  ) -> Pruned {
    // Group columns decide how many rows there are, so all of them stay.
    let kept = aggregates.indices.filter { needed.contains(groups.count + $0) }
    var columns: Set<Int> = []
    for group in groups { group.expression.collectColumns(&columns) }
    for index in kept { Expression.aggregate(aggregates[index]).collectColumns(&columns) }
    let below = prune(input, columns)
    let narrow = kept.map { index in
      var call = aggregates[index]
      call.arguments = call.arguments.map { below.remap($0) }
      call.filter = call.filter.map { below.remap($0) }
      return call
    }
    return Pruned(
      plan: .aggregate(
        groups: groups.map { NamedExpression($0.name, below.remap($0.expression)) },
        aggregates: narrow,
        below.plan
      ),
      places: places(Array(groups.indices) + kept.map { groups.count + $0 })
    )
  }

  private func pruneJoin(
    _ kind: JoinKind,
    _ left: LogicalPlan,
    _ right: LogicalPlan,
    _ keys: [JoinKey],
    _ residual: Expression?,
    _ needed: Set<Int>
  ) -> Pruned {
    let split = left.schema.count
    let all = needed.union(residual?.columns ?? [])
    let prunedLeft = prune(
      left,
      Set(all.filter { $0 < split }).union(keys.flatMap(\.left.columns))
    )
    let prunedRight = prune(
      right,
      Set(all.filter { $0 >= split }.map { $0 - split }).union(keys.flatMap(\.right.columns))
    )
    let newSplit = prunedLeft.plan.schema.count
    var places = prunedLeft.places
    for (old, new) in prunedRight.places { places[old + split] = new + newSplit }
    return Pruned(
      plan: .join(
        kind,
        prunedLeft.plan,
        prunedRight.plan,
        keys: keys.map {
          JoinKey(left: prunedLeft.remap($0.left), right: prunedRight.remap($0.right))
        },
        residual: residual.map { $0.remapping { places[$0] ?? $0 } }
      ),
      places: places
    )
  }
}
