// Estimates of a whole plan: rows and their contents by node, and what it costs to get them.
//
// 1. Sources say how many rows they have and what is in their columns (`PlanStatistics`).
// 2. Each node changes that as Trino's rules do (`FilterEstimate` for conditions).
// 3. Costs are sizes in bytes: what a node reads or gives is processor time, what it holds is memory,
//    what crosses a remote exchange is network. Processor and network add up from the sources to the
//    root; memory is the most that is held at once.

import Columnar
import Connector

/// What it takes to get all rows of a plan, in bytes; NaN where it is not known.
public struct PlanCost: Sendable, Hashable {
  public var processor: Double
  /// The most that is held at once on the way.
  public var memory: Double
  /// What is still held while rows are given.
  var heldMemory: Double
  public var network: Double

  static let zero = PlanCost(processor: 0, memory: 0, heldMemory: 0, network: 0)
  static let unknown = PlanCost(
    processor: .nan, memory: .nan, heldMemory: .nan, network: .nan)

  /// Inputs that run side by side.
  static func + (left: PlanCost, right: PlanCost) -> PlanCost {
    PlanCost(
      processor: left.processor + right.processor, memory: left.memory + right.memory,
      heldMemory: left.heldMemory + right.heldMemory, network: left.network + right.network)
  }
}

/// The estimates of one node.
public struct PlanEstimate: Sendable, Hashable {
  public var statistics: PlanStatistics
  public var cost: PlanCost
  /// NaN where it is not known.
  public var byteCount: Double

  public init(_ plan: LogicalPlan) {
    self = PlanEstimator.estimate(plan)
  }

  init(_ statistics: PlanStatistics, _ fields: [Field], _ cost: PlanCost) {
    self.statistics = statistics
    self.cost = cost
    byteCount = statistics.byteCount(fields)
  }
}

/// Computes estimates from the sources up.
enum PlanEstimator {
  static func estimate(_ plan: LogicalPlan) -> PlanEstimate {
    let inputs = plan.inputs.map { input -> PlanEstimate in
      // A filter right over a scan repeats what the scan was asked for: it counts once.
      if case .filter = plan, case .scan(var scan) = input {
        scan.predicates = []
        return estimate(.scan(scan))
      }
      return estimate(input)
    }
    let statistics = statistics(plan, inputs.map(\.statistics)).normalized()
    let fields = plan.schema.fields
    return PlanEstimate(statistics, fields, cost(plan, statistics.byteCount(fields), inputs))
  }

  // MARK: Rows

  private static func statistics(
    _ plan: LogicalPlan, _ inputs: [PlanStatistics]
  ) -> PlanStatistics {
    let input = inputs.first ?? .unknown(0)
    let width = plan.schema.count
    switch plan {
    case .scan(let scan): return self.scan(scan)
    case .values(_, let rows): return values(rows, width)
    case .filter(let predicate, _): return FilterEstimate(input: input).estimate(predicate)
    case .project(let items, _): return projected(items.map(\.expression), input)
    case .aggregate(let node): return aggregated(node, input)
    case .window(let node):
      var result = input
      result.columns += [ColumnEstimate](repeating: .unknown, count: node.calls.count)
      return result
    case .sort: return input
    case .topN(let node): return limited(input, node.count, node.offset)
    case .limit(let count, let offset, _): return limited(input, count, offset)
    case .sample(let percentage, _):
      var result = input
      result.rowCount *= percentage / 100
      return result
    case .join(let node): return JoinEstimate(node, inputs[0], inputs[1]).statistics
    case .union: return united(inputs)
    case .exchange: return inputs.count == 1 ? input : united(inputs)
    case .enforceSingleRow:
      var result = input.isKnown ? input : .unknown(width)
      result.rowCount = 1
      return result
    case .write, .change:
      return PlanStatistics(rowCount: 1, columns: [.unknown])
    case .setOperation, .unnest, .lateral: return .unknown(width)
    }
  }

  private static func scan(_ scan: TableScan) -> PlanStatistics {
    let fields = scan.source.schema.fields
    var known = (try? scan.source.statistics()) ?? TableStatistics()
    if known.rowCount == nil { known.rowCount = scan.source.rowCount }
    let whole = PlanStatistics(known, fields)
    guard whole.isKnown else { return limited(.unknown(scan.columns.count), scan.limit, 0) }
    let asked = FilterEstimate(input: whole).estimate(scan.predicates, fields)
    let result = PlanStatistics(
      rowCount: asked.rowCount,
      columns: scan.columns.map { fields.indices.contains($0) ? asked.columns[$0] : .unknown })
    return limited(result, scan.limit, 0)
  }

  private static func values(_ rows: [[Expression]], _ width: Int) -> PlanStatistics {
    let columns = (0..<width).map { column -> ColumnEstimate in
      var estimate = ColumnEstimate.unknown
      var seen: Set<Scalar> = []
      var nullCount = 0
      var places: [Double] = []
      for row in rows {
        guard case .constant(let value, let type) = row[column] else { return .unknown }
        if value.isNull {
          nullCount += 1
        } else {
          seen.insert(value)
          if let place = value.place(type) { places.append(place) }
        }
      }
      estimate.distinctCount = Double(seen.count)
      estimate.nullShare = rows.isEmpty ? 0 : Double(nullCount) / Double(rows.count)
      if let low = places.min(), let high = places.max() {
        estimate.low = low
        estimate.high = high
      }
      return estimate
    }
    return PlanStatistics(rowCount: Double(rows.count), columns: columns)
  }

  private static func projected(
    _ expressions: [Expression], _ input: PlanStatistics
  ) -> PlanStatistics {
    PlanStatistics(
      rowCount: input.rowCount,
      columns: expressions.map { expression in
        if let column = FilterEstimate.column(expression) { return input.columns[column] }
        guard case .constant(let value, let type) = expression else { return .unknown }
        var estimate = ColumnEstimate.unknown
        estimate.nullShare = value.isNull ? 1 : 0
        estimate.range = value.isNull ? .empty : .single(value.place(type))
        return estimate
      })
  }

  private static func aggregated(_ node: Aggregate, _ input: PlanStatistics) -> PlanStatistics {
    let keys = projected(node.groups.map(\.expression), input).columns
    let rest = [ColumnEstimate](repeating: .unknown, count: node.schema.count - keys.count)
    func groups(_ set: [Int]) -> Double {
      set.reduce(1.0) { count, index in
        let key = keys[index]
        return count * (key.distinctCount + (key.knownNullShare > 0 ? 1 : 0))
      }
    }
    let sets = node.groupingSets ?? [Array(keys.indices)]
    let rowCount = sets.reduce(0.0) { sum, set in
      sum + (set.isEmpty ? 1 : min(groups(set), input.rowCount))
    }
    return PlanStatistics(rowCount: rowCount, columns: keys + rest)
  }

  private static func limited(
    _ input: PlanStatistics, _ count: Int?, _ offset: Int
  ) -> PlanStatistics {
    var result = input
    if input.isKnown { result.rowCount = max(0, input.rowCount - Double(offset)) }
    guard let count else { return result }
    // Where nothing is known of the rows below, it is as many as are asked for.
    result.rowCount = input.isKnown ? min(result.rowCount, Double(count)) : Double(count)
    return result
  }

  private static func united(_ inputs: [PlanStatistics]) -> PlanStatistics {
    guard var result = inputs.first else { return .unknown(0) }
    for next in inputs.dropFirst() {
      let total = result.rowCount + next.rowCount
      for column in result.columns.indices {
        let a = result.columns[column]
        let b = next.columns[column]
        var merged = ColumnEstimate.unknown
        merged.range = a.range.union(b.range)
        merged.nullShare =
          total == 0 ? 0 : (a.nullShare * result.rowCount + b.nullShare * next.rowCount) / total
        merged.averageBytes =
          total == 0
          ? .nan : (a.averageBytes * result.rowCount + b.averageBytes * next.rowCount) / total
        result.columns[column] = merged
      }
      result.rowCount = total
    }
    return result
  }

  // MARK: Costs

  private static func cost(
    _ plan: LogicalPlan, _ byteCount: Double, _ inputs: [PlanEstimate]
  ) -> PlanCost {
    let below = inputs.map(\.cost).reduce(.zero, +)
    let read = inputs.reduce(0) { $0 + $1.byteCount }
    switch plan {
    case .scan:
      return PlanCost(processor: byteCount, memory: 0, heldMemory: 0, network: 0)
    case .values: return .zero
    case .filter: return streaming(below, processor: read)
    case .project, .limit: return streaming(below, processor: byteCount)
    case .union, .sample: return streaming(below, processor: 0)
    case .enforceSingleRow: return holding(below, processor: 0, memory: 0)
    case .aggregate: return holding(below, processor: read, memory: byteCount)
    case .exchange(let node):
      // What stays on one machine is copied between threads at most; the other kind crosses a wire.
      if node.isLocal {
        if case .hash = node.partitioning { return streaming(below, processor: byteCount) }
        return streaming(below, processor: 0)
      }
      switch node.partitioning {
      case .single: return streaming(below, processor: 0, network: byteCount)
      case .hash, .roundRobin:
        return streaming(below, processor: byteCount, network: byteCount)
      case .broadcast: return streaming(below, processor: 0, network: byteCount)
      }
    case .join: return joining(inputs[0], inputs[1], byteCount)
    case .sort, .topN, .window, .setOperation, .unnest, .lateral, .write, .change:
      return .unknown
    }
  }

  private static func streaming(
    _ below: PlanCost, processor: Double, network: Double = 0
  ) -> PlanCost {
    PlanCost(
      processor: below.processor + processor, memory: below.memory,
      heldMemory: below.heldMemory, network: below.network + network)
  }

  private static func holding(
    _ below: PlanCost, processor: Double, memory: Double
  ) -> PlanCost {
    PlanCost(
      processor: below.processor + processor,
      memory: max(below.memory, below.heldMemory + memory), heldMemory: memory,
      network: below.network)
  }

  /// The right side is held while the left one streams past it.
  private static func joining(
    _ left: PlanEstimate, _ right: PlanEstimate, _ byteCount: Double
  ) -> PlanCost {
    let memory = right.byteCount
    return PlanCost(
      processor: left.cost.processor + right.cost.processor + left.byteCount + right.byteCount
        + byteCount,
      memory: max(
        left.cost.memory + right.cost.memory, left.cost.memory + right.cost.heldMemory + memory),
      heldMemory: left.cost.heldMemory + memory,
      network: left.cost.network + right.cost.network)
  }
}
