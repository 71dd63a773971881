import Columnar
import Connector
import Kernels

/// Joins inner joins in an order that avoids products of tables and keeps small sides in memory.
///
/// 1. Takes a tree of inner and cross joins apart into its inputs and conditions.
/// 2. The largest input is the root. Each other one is hung below the input with which an equality
///    finds it the fewest rows: orders below lines, customers below orders.
/// 3. From the leaves up, each input is joined with what hangs below it, the most selective first.
///    What hangs below is the right side, which a hash join keeps: small and filtered already.
///
/// Sizes are the sources' row counts, cut by what filters are likely to keep; the number of a key's
/// distinct values comes from the source's statistics. Runs once, after filters have sunk; the
/// columns keep their order.
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
  public static func estimatedRows(_ plan: LogicalPlan) -> Double {
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

  /// The joins in the better order; nil where a key has no column.
  func ordered(_ plans: [LogicalPlan]) -> LogicalPlan? {
    let sides = keys.map { (left: inputs(of: $0.left), right: inputs(of: $0.right)) }
    guard sides.allSatisfy({ !$0.left.isEmpty && !$0.right.isEmpty }) else { return nil }
    let estimates = plans.map { InputEstimate($0) }
    guard
      let root = plans.indices.max(by: { estimates[$0].rows < estimates[$1].rows })
    else { return nil }
    let parents = parents(root, estimates, sides)
    var work = JoinAssembly(
      keys: keys, sides: sides, residuals: residuals.map { ($0, inputs(of: $0)) })
    var piece = assemble(root, plans, estimates, parents, &work)
    // What nothing connects comes last, the smallest first.
    for input in parents.indices.filter({ $0 != root && parents[$0] == nil })
      .sorted(by: { estimates[$0].rows < estimates[$1].rows })
    {
      piece = work.join(piece, assemble(input, plans, estimates, parents, &work))
    }
    return restored(piece, work)
  }

  /// The input below which each one hangs; nil for the root, and for those that nothing connects.
  private func parents(
    _ root: Int, _ estimates: [InputEstimate], _ sides: [(left: Set<Int>, right: Set<Int>)]
  ) -> [Int?] {
    var parents = [Int?](repeating: nil, count: inputs.count)
    var done: Set<Int> = [root]
    while done.count < inputs.count {
      var best: (parent: Int, child: Int, fanout: Double)?
      for child in inputs.indices where !done.contains(child) {
        for parent in done.sorted() {
          let columns = keyColumns(of: child, with: parent, sides)
          guard !columns.isEmpty else { continue }
          let fanout = estimates[child].fanout(columns.map { $0 - starts[child] })
          let isBetter: Bool
          if let best {
            // Ties go to the larger parent, which more likely has the foreign key.
            isBetter =
              fanout < best.fanout * 0.99
              || (fanout < best.fanout * 1.01
                && (child == best.child && estimates[parent].rows > estimates[best.parent].rows))
          } else {
            isBetter = true
          }
          if isBetter { best = (parent, child, fanout) }
        }
      }
      // A key over several inputs, or none: the rest is joined last.
      guard let best else { break }
      parents[best.child] = best.parent
      done.insert(best.child)
    }
    return parents
  }

  /// The columns of `child` that keys compare with columns of `parent` alone.
  private func keyColumns(
    of child: Int, with parent: Int, _ sides: [(left: Set<Int>, right: Set<Int>)]
  ) -> [Int] {
    var columns: [Int] = []
    for (key, side) in zip(keys, sides) {
      if side.left == [parent], side.right == [child] {
        columns += key.right.columns.sorted()
      } else if side.right == [parent], side.left == [child] {
        columns += key.left.columns.sorted()
      }
    }
    return columns
  }

  /// An input with everything that hangs below it.
  private func assemble(
    _ input: Int, _ plans: [LogicalPlan], _ estimates: [InputEstimate], _ parents: [Int?],
    _ work: inout JoinAssembly
  ) -> JoinPiece {
    var piece = JoinPiece(
      plan: plans[input], inputs: [input],
      places: Dictionary(
        uniqueKeysWithValues: plans[input].schema.fields.indices.map { (starts[input] + $0, $0) }))
    let children = parents.indices.filter { parents[$0] == input }
      .map { (child: $0, share: share(of: $0, estimates, parents, work)) }
      .sorted { ($0.share, $0.child) < ($1.share, $1.child) }
    for (child, _) in children {
      piece = work.join(piece, assemble(child, plans, estimates, parents, &work))
    }
    return piece
  }

  /// Rows that a row of its parent finds in a subtree.
  private func share(
    of child: Int, _ estimates: [InputEstimate], _ parents: [Int?], _ work: JoinAssembly
  ) -> Double {
    guard let parent = parents[child] else { return 1 }
    let columns = keyColumns(of: child, with: parent, work.sides)
    var share = estimates[child].fanout(columns.map { $0 - starts[child] })
    for below in parents.indices where parents[below] == child {
      share *= self.share(of: below, estimates, parents, work)
    }
    return share
  }

  /// The columns in their old order, over what is left of keys and conditions.
  private func restored(_ piece: JoinPiece, _ work: JoinAssembly) -> LogicalPlan {
    var plan = piece.plan
    // Keys whose sides span several inputs that came in another order become filters.
    let rest = work.openKeys.map { index -> Expression in
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
        [piece.placed(key.left), piece.placed(key.right)]
      )
    }
    if !rest.isEmpty { plan = .filter(.all(rest), plan) }
    let fields = inputs.flatMap(\.schema.fields)
    return .project(
      (0..<width).map {
        NamedExpression(fields[$0].name, .column(piece.places[$0] ?? $0, fields[$0].type))
      },
      plan
    )
  }
}

/// Some inputs joined, and where their columns are.
private struct JoinPiece {
  var plan: LogicalPlan
  var inputs: Set<Int>
  /// Old column to its place in the plan.
  var places: [Int: Int]

  func placed(_ expression: Expression) -> Expression {
    expression.remapping { places[$0] ?? $0 }
  }
}

/// Joins pieces, with all keys and conditions that become possible.
private struct JoinAssembly {
  let keys: [JoinKey]
  let sides: [(left: Set<Int>, right: Set<Int>)]
  var openKeys: [Int]
  var openResiduals: [(Expression, Set<Int>)]

  init(
    keys: [JoinKey], sides: [(left: Set<Int>, right: Set<Int>)],
    residuals: [(Expression, Set<Int>)]
  ) {
    self.keys = keys
    self.sides = sides
    openKeys = Array(keys.indices)
    openResiduals = residuals
  }

  mutating func join(_ left: JoinPiece, _ right: JoinPiece) -> JoinPiece {
    var found: [JoinKey] = []
    var later: [Int] = []
    for index in openKeys {
      let key = keys[index]
      let side = sides[index]
      if side.left.isSubset(of: left.inputs), side.right.isSubset(of: right.inputs) {
        found.append(
          JoinKey(
            left: left.placed(key.left), right: right.placed(key.right),
            matchesNulls: key.matchesNulls))
      } else if side.right.isSubset(of: left.inputs), side.left.isSubset(of: right.inputs) {
        found.append(
          JoinKey(
            left: left.placed(key.right), right: right.placed(key.left),
            matchesNulls: key.matchesNulls))
      } else {
        later.append(index)
      }
    }
    openKeys = later
    let start = left.plan.schema.count
    var places = left.places
    for (column, place) in right.places { places[column] = start + place }
    var piece = JoinPiece(
      plan: left.plan, inputs: left.inputs.union(right.inputs), places: places)
    let inputs = piece.inputs
    let conditions = openResiduals.filter { $0.1.isSubset(of: inputs) }.map { piece.placed($0.0) }
    openResiduals = openResiduals.filter { !$0.1.isSubset(of: inputs) }
    let isCross = found.isEmpty && conditions.isEmpty
    piece.plan = .join(
      Join(
        isCross ? .cross : .inner, left.plan, right.plan, keys: found,
        residual: conditions.isEmpty ? nil : .all(conditions)))
    return piece
  }
}

/// What is known of one input's size.
private struct InputEstimate {
  /// Rows after its filters.
  let rows: Double
  /// Rows before them.
  private let baseRows: Double
  /// Distinct values of its columns before filters, where they are known.
  private let distinct: [Int: Double]

  init(_ plan: LogicalPlan) {
    rows = max(1, ReorderJoins.estimatedRows(plan))
    let found = Self.base(plan)
    baseRows = max(rows, found?.rows ?? rows)
    distinct = found?.distinct ?? [:]
  }

  /// The scan below filters and projections of columns.
  private static func base(_ plan: LogicalPlan) -> (rows: Double, distinct: [Int: Double])? {
    switch plan {
    case .scan(let scan):
      let statistics = try? scan.source.statistics()
      var distinct: [Int: Double] = [:]
      for (position, column) in scan.columns.enumerated() {
        if let count = statistics?.columns[column]?.distinctCount {
          distinct[position] = Double(max(1, count))
        }
      }
      return (Double(scan.source.rowCount ?? 100_000), distinct)
    case .filter(_, let input): return base(input)
    case .project(let items, let input):
      guard let below = base(input) else { return nil }
      var distinct: [Int: Double] = [:]
      for (position, item) in items.enumerated() {
        if case .column(let column, _) = item.expression { distinct[position] = below.distinct[column] }
      }
      return (below.rows, distinct)
    default: return nil
    }
  }

  /// Rows that one value of the key columns finds; a key of unknown columns is taken as unique.
  func fanout(_ columns: [Int]) -> Double {
    let values = columns.reduce(1.0) { $0 * (distinct[$1] ?? baseRows) }
    return rows / min(baseRows, max(1, values))
  }
}
