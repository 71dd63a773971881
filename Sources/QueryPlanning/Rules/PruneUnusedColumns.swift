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

  private func all(_ plan: LogicalPlan) -> LogicalPlan { apply(to: plan) }

  private func identity(_ plan: LogicalPlan) -> Pruned {
    Pruned(plan: plan, places: places(Array(plan.schema.fields.indices)))
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
    case .project(let expressions, let input):
      let kept = needed.sorted()
      var columns: Set<Int> = []
      for index in kept { expressions[index].expression.collectColumns(&columns) }
      let below = prune(input, columns)
      let narrow = kept.map {
        NamedExpression(expressions[$0].name, below.remap(expressions[$0].expression))
      }
      return Pruned(plan: .project(narrow, below.plan), places: places(kept))
    case .filter, .sort, .topN, .limit, .sample: return pruneThrough(plan, needed)
    case .aggregate(let node): return pruneAggregate(node, needed)
    case .window(let node): return pruneWindow(node, needed)
    case .join(let node): return pruneJoin(node, needed)
    case .union(let inputs):
      let kept = needed.sorted()
      return Pruned(plan: .union(inputs.map { exactly($0, kept) }), places: places(kept))
    case .unnest(let node): return pruneUnnest(node, needed)
    // Their rows are compared, counted or written whole.
    case .setOperation, .enforceSingleRow, .lateral, .write, .change, .exchange:
      return identity(plan.mapInputs { all($0) })
    }
  }

  /// A node with one input and the same columns.
  private func pruneThrough(_ plan: LogicalPlan, _ needed: Set<Int>) -> Pruned {
    guard let input = plan.inputs.first else { return identity(plan) }
    let read = plan.expressions.reduce(into: needed) { $1.collectColumns(&$0) }
    let below = prune(input, read)
    let mapped = plan.mapExpressions { below.remap($0) }.mapInputs { _ in below.plan }
    return Pruned(plan: mapped, places: below.places)
  }

  private func pruneAggregate(_ node: Aggregate, _ needed: Set<Int>) -> Pruned {
    // Group columns decide how many rows there are, so all of them stay.
    let count = node.groups.count
    let kept = node.aggregates.indices.filter { needed.contains(count + $0) }
    var columns: Set<Int> = []
    for group in node.groups { group.expression.collectColumns(&columns) }
    for index in kept { Expression.aggregate(node.aggregates[index]).collectColumns(&columns) }
    let below = prune(node.input, columns)
    var next = node
    next.input = below.plan
    next.groups = node.groups.map { NamedExpression($0.name, below.remap($0.expression)) }
    next.aggregates = kept.map { node.aggregates[$0].mapping { below.remap($0) } }
    var order = Array(node.groups.indices) + kept.map { count + $0 }
    if node.groupingSets != nil { order.append(count + node.aggregates.count) }
    return Pruned(plan: .aggregate(next), places: places(order))
  }

  private func pruneWindow(_ node: Window, _ needed: Set<Int>) -> Pruned {
    let split = node.input.schema.count
    let kept = node.calls.indices.filter { needed.contains(split + $0) }
    if kept.isEmpty { return prune(node.input, needed) }
    var columns = Set(needed.filter { $0 < split })
    for index in kept {
      Expression.window(node.calls[index].call, node.specification).collectColumns(&columns)
    }
    let below = prune(node.input, columns)
    let newSplit = below.plan.schema.count
    var places = below.places
    for (new, old) in kept.enumerated() { places[split + old] = newSplit + new }
    return Pruned(
      plan: .window(
        Window(
          node.specification.mapping { below.remap($0) },
          kept.map { index in
            let named = node.calls[index]
            return NamedWindowCall(named.name, named.call.mapping { below.remap($0) })
          },
          below.plan
        )
      ),
      places: places
    )
  }

  private func pruneJoin(_ node: Join, _ needed: Set<Int>) -> Pruned {
    let split = node.left.schema.count
    let keys = node.keys + node.membership
    // Beyond the split, a mark join gives its mark; only the residual reads right columns there.
    let fromRight = node.kind.isLeftOnly ? [] : needed.filter { $0 >= split }
    let residual = node.residual?.columns ?? []
    let left = prune(
      node.left,
      Set(needed.union(residual).filter { $0 < split }).union(keys.flatMap(\.left.columns))
    )
    let right = prune(
      node.right,
      Set(residual.union(fromRight).filter { $0 >= split }.map { $0 - split })
        .union(keys.flatMap(\.right.columns))
    )
    let newSplit = left.plan.schema.count
    var places = left.places
    for (old, new) in right.places { places[old + split] = new + newSplit }
    func key(_ key: JoinKey) -> JoinKey {
      JoinKey(
        left: left.remap(key.left), right: right.remap(key.right), matchesNulls: key.matchesNulls)
    }
    var next = node
    next.left = left.plan
    next.right = right.plan
    next.keys = node.keys.map(key)
    next.membership = node.membership.map(key)
    next.residual = node.residual.map { $0.remapping { places[$0] ?? $0 } }
    if node.kind.isLeftOnly {
      places = left.places
      if node.kind == .mark { places[split] = newSplit }
    }
    return Pruned(plan: .join(next), places: places)
  }

  private func pruneUnnest(_ node: Unnest, _ needed: Set<Int>) -> Pruned {
    let split = node.input.schema.count
    let read = node.items.reduce(into: Set(needed.filter { $0 < split })) {
      $1.expression.collectColumns(&$0)
    }
    let below = prune(node.input, read)
    let newSplit = below.plan.schema.count
    var next = node
    next.input = below.plan
    next.items = node.items.map {
      UnnestItem(expression: below.remap($0.expression), columns: $0.columns)
    }
    var places = below.places
    for index in split..<node.schema.count { places[index] = index - split + newSplit }
    return Pruned(plan: .unnest(next), places: places)
  }
}
