// Window functions: all rows sorted by partition and order, then one column a call.
//
// 1. The input is gathered, and sorted by PARTITION BY, then ORDER BY; the sort is stable.
// 2. `WindowLayout` says where partitions and runs of peers begin.
// 3. Ranking functions need the layout alone; `lag` and `lead` the partition; the others a frame for
//    each row (`WindowFrames`), over which values are picked or aggregated (`WindowAggregate`).

import Columnar
import Kernels
import QueryPlanning

/// Gives the input's columns, then one a call. N rows in, the same N out.
final class WindowExec: SinkExec {
  let result = SharedBatches()
  private let node: Window
  private let inputSchema: Schema
  private let schema: Schema
  private let collected: OrderedBatches
  private let context: ExecutionContext

  init(_ node: Window, schema: Schema, _ context: ExecutionContext) {
    self.node = node
    self.schema = schema
    self.context = context
    inputSchema = node.input.schema
    collected = OrderedBatches(context)
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [collected] in try collected.append($0, at: $1) }
  }

  var peakMemoryBytes: Int { collected.peakByteCount }

  func finish(_ team: WorkerTeam) throws {
    let batches = collected.take()
    guard !batches.isEmpty else { return }
    let input = try concatenated(batches, schema: inputSchema, team)
    let sorted = try sort(input)
    let layout = try WindowLayout(node.specification, sorted)
    let calls = node.calls.map(\.call)
    let columns = ColumnResults()
    try team.run(calls.count) { [context] index in
      let evaluation = try WindowEvaluation(calls[index], layout, sorted, context)
      columns.set(try evaluation.column(), index)
    }
    let whole = ColumnarBatch(
      schema: schema,
      columns: sorted.columns + columns.all(calls.count),
      rowCount: sorted.rowCount
    )
    let step = 65_536
    result.set(
      stride(from: 0, to: whole.rowCount, by: step).map { start in
        whole.slice(start..<min(whole.rowCount, start + step))
      }
    )
  }

  private func sort(_ input: ColumnarBatch) throws -> ColumnarBatch {
    let specification = node.specification
    guard !specification.partition.isEmpty || !specification.order.isEmpty else { return input }
    let evaluator = ExpressionEvaluator(input)
    let partition = try specification.partition.map { try evaluator.evaluate($0) }
    let order = try specification.order.map { try evaluator.evaluate($0.expression) }
    let ascending = SortDirection(isAscending: true, nullsFirst: false)
    let rows = Kernels.sortedRows(
      partition + order,
      partition.map { _ in ascending } + specification.order.map(\.direction),
      count: input.rowCount
    )
    return input.gather(rows)
  }
}

/// Where partitions and runs of peers begin among sorted rows.
struct WindowLayout: Sendable {
  let count: Int
  /// The partition of each row, and where each begins; one more start than partitions.
  let partitionOf: [Int32]
  let partitionStarts: [Int]
  /// The run of peers of each row, and where each begins; one more start than runs.
  let peerOf: [Int32]
  let peerStarts: [Int]
  /// The first order key, for RANGE with a distance.
  let orderKey: ColumnVector?
  let direction: SortDirection?

  init(_ specification: WindowSpecification, _ sorted: ColumnarBatch) throws {
    count = sorted.rowCount
    let evaluator = ExpressionEvaluator(sorted)
    let partition = try specification.partition.map { try evaluator.evaluate($0) }
    let order = try specification.order.map { try evaluator.evaluate($0.expression) }
    orderKey = order.first
    direction = specification.order.first?.direction
    let newPartition = Peers.starts(partition, count: count)
    let newPeer = Peers.starts(partition + order, count: count)
    (partitionOf, partitionStarts) = Self.runs(newPartition)
    (peerOf, peerStarts) = Self.runs(newPeer)
  }

  private static func runs(_ starts: [Bool]) -> ([Int32], [Int]) {
    var numbers: [Int32] = []
    numbers.reserveCapacity(starts.count)
    var places: [Int] = []
    for (row, isStart) in starts.enumerated() {
      if isStart { places.append(row) }
      numbers.append(Int32(truncatingIfNeeded: places.count - 1))
    }
    places.append(starts.count)
    return (numbers, places)
  }

  func partition(_ row: Int) -> Range<Int> {
    let number = Int(partitionOf[row])
    return partitionStarts[number]..<partitionStarts[number + 1]
  }

  func peers(_ row: Int) -> Range<Int> {
    let number = Int(peerOf[row])
    return peerStarts[number]..<peerStarts[number + 1]
  }
}

/// Computes one call over the sorted rows.
struct WindowEvaluation {
  private let call: WindowCall
  private let layout: WindowLayout
  private let sorted: ColumnarBatch
  private let context: ExecutionContext
  private let arguments: [ColumnVector]

  init(
    _ call: WindowCall,
    _ layout: WindowLayout,
    _ sorted: ColumnarBatch,
    _ context: ExecutionContext
  ) throws {
    self.call = call
    self.layout = layout
    self.sorted = sorted
    self.context = context
    let evaluator = ExpressionEvaluator(sorted)
    arguments = try call.arguments.map { try evaluator.evaluate($0) }
  }

  func column() throws -> ColumnVector {
    switch call.function {
    case .rowNumber: return integers { Int64($0 - layout.partition($0).lowerBound + 1) }
    case .rank:
      return integers {
        Int64(layout.peers($0).lowerBound - layout.partition($0).lowerBound + 1)
      }
    case .denseRank:
      return integers { row in
        let first = layout.peerOf[layout.partition(row).lowerBound]
        return Int64(layout.peerOf[row] - first) + 1
      }
    case .percentRank:
      return doubles { row in
        let partition = layout.partition(row)
        let rank = layout.peers(row).lowerBound - partition.lowerBound
        return partition.count > 1 ? Double(rank) / Double(partition.count - 1) : 0
      }
    case .cumulativeDistribution:
      return doubles { row in
        let partition = layout.partition(row)
        return Double(layout.peers(row).upperBound - partition.lowerBound)
          / Double(partition.count)
      }
    case .ntile: return try ntile()
    case .lag: return try shifted(-1)
    case .lead: return try shifted(1)
    case .firstValue, .lastValue, .nthValue: return try picked()
    case .aggregate(let kind):
      let frames = try WindowFrames(call.frame, layout, sorted)
      return try WindowAggregate(kind, call, frames, layout, sorted, context).column(arguments)
    }
  }

  private func integers(_ value: (Int) -> Int64) -> ColumnVector {
    let buffer = Buffer(byteCount: layout.count * 8) { memory in
      let out = memory.bindMemory(to: Int64.self)
      for row in 0..<layout.count { out[row] = value(row) }
    }
    return ColumnVector(type: .bigint, count: layout.count, values: buffer)
  }

  private func doubles(_ value: (Int) -> Double) -> ColumnVector {
    let buffer = Buffer(byteCount: layout.count * 8) { memory in
      let out = memory.bindMemory(to: Double.self)
      for row in 0..<layout.count { out[row] = value(row) }
    }
    return ColumnVector(type: .double, count: layout.count, values: buffer)
  }

  /// Whole numbers of an argument by row; nil for NULL.
  private func number(_ index: Int, _ row: Int) -> Int64? {
    guard index < arguments.count, !arguments[index].isNull(row) else { return nil }
    switch arguments[index].scalar(row) {
    case .integer(let value): return value
    default: return nil
    }
  }

  /// The first buckets have one row more where the partition does not divide.
  private func ntile() throws -> ColumnVector {
    var result = [Int64?](repeating: nil, count: layout.count)
    for row in 0..<layout.count {
      guard let buckets = number(0, row) else { continue }
      guard buckets > 0 else {
        throw KernelError.invalidArgument("Buckets must be greater than 0")
      }
      let partition = layout.partition(row)
      let place = Int64(row - partition.lowerBound)
      let size = Int64(partition.count) / buckets
      let larger = Int64(partition.count) % buckets
      if place < (size + 1) * larger {
        result[row] = place / (size + 1) + 1
      } else {
        result[row] = size == 0 ? place + 1 : larger + (place - (size + 1) * larger) / size + 1
      }
    }
    let builder = ColumnBuilder(type: call.result, capacity: layout.count)
    for value in result { builder.append(value) }
    return builder.finish()
  }

  /// Rows of `source` by position; -1 gives `otherwise`'s row, or NULL.
  private func pick(_ rows: [Int32], _ otherwise: ColumnVector?) -> ColumnVector {
    let source = arguments[0]
    guard let otherwise, rows.contains(-1) else {
      return rows.withUnsafeBufferPointer { gatherOrNull(source, $0) }
    }
    let both = ColumnVector.concatenate([source, otherwise], type: call.result)
    let places = rows.enumerated().map { row, place in
      place >= 0 ? place : Int32(truncatingIfNeeded: layout.count + row)
    }
    return places.withUnsafeBufferPointer { both.gather($0) }
  }

  private func shifted(_ sign: Int) throws -> ColumnVector {
    var rows = [Int32](repeating: -1, count: layout.count)
    // -2: the distance is NULL, and so is the outcome, whatever the default.
    let known = call.ignoresNulls ? positionsOfValues() : []
    for row in 0..<layout.count {
      let distance: Int64
      if arguments.count > 1 {
        guard let given = number(1, row) else {
          rows[row] = -2
          continue
        }
        guard given >= 0 else {
          throw KernelError.invalidArgument("Offset must be at least 0")
        }
        distance = given
      } else {
        distance = 1
      }
      let partition = layout.partition(row)
      if call.ignoresNulls, distance > 0 {
        rows[row] = nth(distance, from: row, sign, known, partition)
      } else {
        guard distance < Int64(layout.count) else { continue }
        let place = row + sign * Int(distance)
        if partition.contains(place) { rows[row] = Int32(truncatingIfNeeded: place) }
      }
    }
    if rows.contains(-2) {
      let withDefault = pick(rows.map { max($0, -1) }, arguments.count > 2 ? arguments[2] : nil)
      let validity = ValidityBitmap.make(count: layout.count) {
        rows[$0] != -2 && !withDefault.isNull($0)
      }
      return withDefault.withValidity(validity)
    }
    return pick(rows, arguments.count > 2 ? arguments[2] : nil)
  }

  /// Rows whose first argument is not NULL, ascending.
  private func positionsOfValues() -> [Int] {
    (0..<layout.count).filter { !arguments[0].isNull($0) }
  }

  private func nth(
    _ distance: Int64,
    from row: Int,
    _ sign: Int,
    _ known: [Int],
    _ partition: Range<Int>
  ) -> Int32 {
    // The first known position after `row`, or the number of those before it.
    var place = lowerBound(known, sign > 0 ? row + 1 : row)
    guard distance <= Int64(known.count) else { return -1 }
    place = sign > 0 ? place + Int(distance) - 1 : place - Int(distance)
    guard known.indices.contains(place), partition.contains(known[place]) else { return -1 }
    return Int32(truncatingIfNeeded: known[place])
  }

  private func lowerBound(_ sorted: [Int], _ value: Int) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func picked() throws -> ColumnVector {
    let frames = try WindowFrames(call.frame, layout, sorted)
    let known = call.ignoresNulls ? positionsOfValues() : []
    var rows = [Int32](repeating: -1, count: layout.count)
    for row in 0..<layout.count {
      let frame = frames.range(row)
      guard !frame.isEmpty else { continue }
      var position: Int64 = 1
      if call.function == .nthValue {
        guard let given = number(1, row) else { continue }
        guard given > 0 else { throw KernelError.invalidArgument("Offset must be at least 1") }
        position = given
      }
      if call.ignoresNulls {
        let first = lowerBound(known, frame.lowerBound)
        let end = lowerBound(known, frame.upperBound)
        let place = call.function == .lastValue ? Int64(end) - 1 : Int64(first) + position - 1
        if place >= Int64(first), place < Int64(end) {
          rows[row] = Int32(truncatingIfNeeded: known[Int(place)])
        }
      } else if call.function == .lastValue {
        rows[row] = Int32(truncatingIfNeeded: frame.upperBound - 1)
      } else if position <= Int64(frame.count) {
        rows[row] = Int32(truncatingIfNeeded: frame.lowerBound + Int(position) - 1)
      }
    }
    return pick(rows, nil)
  }
}
