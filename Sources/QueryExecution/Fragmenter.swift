// Where a plan is cut when its parts run as tasks: exchanges are put in, and fragments end at them.

import Columnar
public import QueryPlanning

/// A part of a plan between exchanges, run by one or several tasks.
public struct Fragment: Sendable {
  /// 0 is the root; a fragment's number is larger than that of the one that reads it.
  public var id: Int
  /// Its leaves are scans, values, and exchanges whose inputs are other fragments.
  public var plan: LogicalPlan
  /// The number of `plan`'s root among the whole plan's nodes.
  var node: Int
  /// It has several tasks; else one.
  public var isSpread: Bool
  /// How its rows are dealt to the tasks of the fragment that reads it.
  public var output: Exchange.Partitioning
  /// The node of the exchange it feeds, and which of its inputs it is; -1 for the root.
  var exchangeNode: Int
  var inputIndex: Int
  /// The fragment that reads it; nil for the root.
  public var reader: Int?
}

/// Puts exchanges into a plan and cuts it at them.
public enum Fragmenter {
  /// The plan with an exchange wherever rows of several tasks have to meet; the root has one task.
  public static func insertingExchanges(_ plan: LogicalPlan) -> LogicalPlan {
    gathered(spread(plan))
  }

  /// Rows of this plan come from several tasks.
  static func isSpread(_ plan: LogicalPlan) -> Bool {
    switch plan {
    case .scan: true
    case .values: false
    case .exchange(let node):
      switch node.partitioning {
      case .single, .broadcast: false
      case .hash, .roundRobin: true
      }
    default: plan.inputs.contains { isSpread($0) }
    }
  }

  private static func exchange(
    _ partitioning: Exchange.Partitioning,
    _ input: LogicalPlan
  ) -> LogicalPlan {
    .exchange(Exchange(partitioning, [input]))
  }

  private static func gathered(_ plan: LogicalPlan) -> LogicalPlan {
    isSpread(plan) ? exchange(.single, plan) : plan
  }

  private static func spread(_ plan: LogicalPlan) -> LogicalPlan {
    let below = plan.mapInputs { spread($0) }
    switch below {
    case .scan, .values, .filter, .project, .unnest, .sample, .exchange, .lateral: return below
    case .aggregate(var node):
      guard isSpread(node.input) else { return below }
      if node.groups.isEmpty || node.groupingSets != nil {
        node.input = exchange(.single, node.input)
      } else {
        node.input = exchange(.hash(node.groups.map(\.expression)), node.input)
      }
      return .aggregate(node)
    case .window(var node):
      guard isSpread(node.input) else { return below }
      let partition = node.specification.partition
      node.input = exchange(partition.isEmpty ? .single : .hash(partition), node.input)
      return .window(node)
    case .join(let node): return .join(spread(node))
    case .setOperation(var node):
      guard isSpread(node.left) || isSpread(node.right) else { return below }
      node.left = exchange(.hash(columns(node.left)), node.left)
      node.right = exchange(.hash(columns(node.right)), node.right)
      return .setOperation(node)
    case .union(let inputs):
      guard inputs.contains(where: { isSpread($0) }) else { return below }
      return .exchange(Exchange(.roundRobin, inputs))
    case .sort, .topN, .limit, .enforceSingleRow, .write, .change:
      return below.mapInputs { gathered($0) }
    }
  }

  private static func columns(_ plan: LogicalPlan) -> [Expression] {
    plan.schema.fields.enumerated().map { .column($0.offset, $0.element.type) }
  }

  private static func spread(_ join: Join) -> Join {
    var node = join
    let isLeftSpread = isSpread(node.left)
    guard isLeftSpread || isSpread(node.right) else { return node }
    if !node.keys.isEmpty {
      node.left = exchange(.hash(node.keys.map(\.left)), node.left)
      node.right = exchange(.hash(node.keys.map(\.right)), node.right)
      return node
    }
    if node.kind == .right || node.kind == .full || !isLeftSpread {
      node.left = gathered(node.left)
      node.right = gathered(node.right)
    } else {
      node.right = exchange(.broadcast, node.right)
    }
    return node
  }

  /// The plan's fragments, the root first.
  public static func fragments(of plan: LogicalPlan) -> [Fragment] {
    var result: [Fragment] = []
    var waiting = [
      Fragment(
        id: 0,
        plan: plan,
        node: 0,
        isSpread: isSpread(plan),
        output: .single,
        exchangeNode: -1,
        inputIndex: 0,
        reader: nil
      )
    ]
    while !waiting.isEmpty {
      var fragment = waiting.removeFirst()
      fragment.id = result.count
      collect(fragment.plan, fragment.node, reader: fragment.id, &waiting)
      result.append(fragment)
    }
    return result
  }

  private static func collect(
    _ plan: LogicalPlan,
    _ node: Int,
    reader: Int,
    _ found: inout [Fragment]
  ) {
    var next = node + 1
    for (index, input) in plan.inputs.enumerated() {
      if case .exchange(let border) = plan {
        found.append(
          Fragment(
            id: 0,
            plan: input,
            node: next,
            isSpread: isSpread(input),
            output: border.partitioning,
            exchangeNode: node,
            inputIndex: index,
            reader: reader
          )
        )
      } else {
        collect(input, next, reader: reader, &found)
      }
      next += PipelineBuilder.size(input)
    }
  }
}
