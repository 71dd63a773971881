import Columnar
import Connector
import Kernels

/// Joins inner joins in an order that avoids products of tables and keeps small sides in memory.
///
/// Takes a tree of inner and cross joins apart into its inputs and conditions, begins with the
/// largest input, and adds at each step the smallest one that a condition connects. The new one is
/// the right side, which a hash join keeps. Sizes are the sources' row counts, cut by what filters
/// are likely to keep. Runs once, after filters have sunk; the columns keep their order.
public struct ReorderJoins: Sendable {
  public init() {}

  /// The same rows and columns.
  public func apply(to plan: LogicalPlan) -> LogicalPlan {
    guard case .join(let node) = plan, node.kind == .inner || node.kind == .cross else {
      return plan.mapInputs { apply(to: $0) }
    }
    var tree = JoinTree()
    tree.collect(plan)
    let inputs = tree.inputs.map { apply(to: $0) }
    return tree.ordered(inputs) ?? plan.mapInputs { apply(to: $0) }
  }

  /// About how many rows a plan gives; for comparison only.
  static func estimatedRows(_ plan: LogicalPlan) -> Double {
    switch plan {
    case .scan(let scan): return Double(scan.source.rowCount ?? 100_000)
    case .values(_, let rows): return Double(rows.count)
    case .filter(let predicate, let input):
      return predicate.conjuncts.reduce(estimatedRows(input)) { $0 * selectivity($1) }
    case .aggregate(let node):
      return node.groups.isEmpty ? 1 : max(1, estimatedRows(node.input) / 4)
    case .limit(let count, _, let input):
      return min(Double(count ?? Int.max), estimatedRows(input))
    case .topN(let node): return min(Double(node.count), estimatedRows(node.input))
    case .join(let node):
      let left = estimatedRows(node.left)
      let right = estimatedRows(node.right)
      if node.kind.isLeftOnly { return node.kind == .mark ? left : left / 2 }
      return node.keys.isEmpty ? left * right : max(left, right)
    case .union(let inputs): return inputs.reduce(0) { $0 + estimatedRows($1) }
    default: return plan.inputs.map { estimatedRows($0) }.max() ?? 1
    }
  }

  /// About how many rows a plan gives, from its sources' row counts; nil where one of them is not
  /// known.
  public static func estimatedRowCount(_ plan: LogicalPlan) -> Int? {
    func isKnown(_ plan: LogicalPlan) -> Bool {
      if case .scan(let scan) = plan { return scan.source.rowCount != nil }
      return plan.inputs.allSatisfy(isKnown)
    }
    guard isKnown(plan) else { return nil }
    return Int(min(estimatedRows(plan), 1e15).rounded())
  }

  private static func selectivity(_ part: Expression) -> Double {
    guard case .call(let function, _) = part else { return 0.5 }
    switch function.kind {
    case .comparison(.equal): return 0.05
    case .comparison(.notEqual), .isNotNull: return 0.9
    case .isIn(let values): return min(0.5, 0.05 * Double(values.count))
    case .isNull: return 0.1
    default: return 0.4
    }
  }
}

/// A tree of inner joins as its inputs and conditions over the columns of all of them in order.
private struct JoinTree {
  var inputs: [LogicalPlan] = []
  /// Where each input's columns begin.
  var starts: [Int] = []
  var width = 0
  var keys: [JoinKey] = []
  var residuals: [Expression] = []

  mutating func collect(_ plan: LogicalPlan) {
    guard case .join(let node) = plan, node.kind == .inner || node.kind == .cross,
      node.dynamicFilterID == nil
    else {
      starts.append(width)
      width += plan.schema.count
      inputs.append(plan)
      return
    }
    let start = width
    collect(node.left)
    let split = width
    collect(node.right)
    for key in node.keys {
      keys.append(
        JoinKey(
          left: key.left.remapping { $0 + start }, right: key.right.remapping { $0 + split },
          matchesNulls: key.matchesNulls))
    }
    if let residual = node.residual {
      residuals += residual.conjuncts.map { $0.remapping { $0 + start } }
    }
  }

  private func input(of column: Int) -> Int {
    (starts.lastIndex { $0 <= column }) ?? 0
  }

  private func inputs(of expression: Expression) -> Set<Int> {
    Set(expression.columns.map { input(of: $0) })
  }

  /// The joins in the better order; nil where the order is that already, or a key has no column.
  func ordered(_ plans: [LogicalPlan]) -> LogicalPlan? {
    let sides = keys.map { (left: inputs(of: $0.left), right: inputs(of: $0.right)) }
    guard sides.allSatisfy({ !$0.left.isEmpty && !$0.right.isEmpty }) else { return nil }
    let sizes = plans.map { ReorderJoins.estimatedRows($0) }
    guard let first = plans.indices.max(by: { sizes[$0] < sizes[$1] }) else { return nil }
    var order = [first]
    while order.count < plans.count {
      let done = Set(order)
      let left = plans.indices.filter { !done.contains($0) }
      let connected = left.filter { next in
        sides.contains { side in
          (side.left.isSubset(of: done) && side.right == [next])
            || (side.right.isSubset(of: done) && side.left == [next])
        }
      }
      let choices = connected.isEmpty ? left : connected
      guard let next = choices.min(by: { sizes[$0] < sizes[$1] }) else { return nil }
      order.append(next)
    }
    guard order != Array(plans.indices) else { return nil }
    return build(plans, order, sides)
  }

  private func build(
    _ plans: [LogicalPlan],
    _ order: [Int],
    _ sides: [(left: Set<Int>, right: Set<Int>)]
  ) -> LogicalPlan {
    var plan = plans[order[0]]
    var done: Set<Int> = [order[0]]
    /// Old column to its place now.
    var places: [Int: Int] = [:]
    func add(_ input: Int, at start: Int) {
      for offset in 0..<plans[input].schema.count { places[starts[input] + offset] = start + offset }
    }
    add(order[0], at: 0)
    var openKeys = Array(keys.indices)
    var openResiduals = residuals
    for next in order.dropFirst() {
      let start = plan.schema.count
      add(next, at: start)
      var found: [JoinKey] = []
      var later: [Int] = []
      for index in openKeys {
        let key = keys[index]
        let isForward = sides[index].left.isSubset(of: done) && sides[index].right == [next]
        let isBackward = sides[index].right.isSubset(of: done) && sides[index].left == [next]
        guard isForward || isBackward else {
          later.append(index)
          continue
        }
        let outer = isForward ? key.left : key.right
        let inner = isForward ? key.right : key.left
        found.append(
          JoinKey(
            left: outer.remapping { places[$0] ?? $0 },
            right: inner.remapping { (places[$0] ?? $0) - start },
            matchesNulls: key.matchesNulls))
      }
      done.insert(next)
      openKeys = later
      let ready = openResiduals.filter { inputs(of: $0).isSubset(of: done) }
      openResiduals = openResiduals.filter { !inputs(of: $0).isSubset(of: done) }
      let conditions = ready.map { $0.remapping { places[$0] ?? $0 } }
      let isCross = found.isEmpty && conditions.isEmpty
      plan = .join(
        Join(
          isCross ? .cross : .inner, plan, plans[next], keys: found,
          residual: conditions.isEmpty ? nil : .all(conditions)))
    }
    // Keys whose sides span several inputs that came in another order become filters.
    let rest = openKeys.map { index -> Expression in
      let key = keys[index]
      let matchesNulls = key.matchesNulls
      return .call(
        ScalarFunction(
          name: "=", variant: "\(key.left.type) \(matchesNulls)", kind: .other, result: .boolean
        ) { columns, _ in
          matchesNulls
            ? logicalNot(isDistinct(columns[0], columns[1]))
            : compare(.equal, columns[0], columns[1])
        },
        [key.left.remapping { places[$0] ?? $0 }, key.right.remapping { places[$0] ?? $0 }]
      )
    }
    if !rest.isEmpty { plan = .filter(.all(rest), plan) }
    let fields = inputs.flatMap(\.schema.fields)
    return .project(
      (0..<width).map { NamedExpression(fields[$0].name, .column(places[$0] ?? $0, fields[$0].type)) },
      plan
    )
  }
}
