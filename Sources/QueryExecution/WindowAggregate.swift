// Aggregates over frames, by the shape of the frames.
//
// - All frames are whole partitions: one group a partition, one pass.
// - Frames begin with the partition and grow: one state a partition, read after each growth.
// - Anything else: each different frame is a group, and takes its rows.

import Columnar
import Kernels
import QueryPlanning

/// One aggregate over the frame of each row.
struct WindowAggregate {
  private let call: AggregateCall
  private let filter: [Bool]?
  private let frames: WindowFrames
  private let layout: WindowLayout
  private let context: ExecutionContext

  init(
    _ kind: AggregateKind,
    _ call: WindowCall,
    _ frames: WindowFrames,
    _ layout: WindowLayout,
    _ sorted: ColumnarBatch,
    _ context: ExecutionContext
  ) throws {
    self.call = AggregateCall(
      kind: kind,
      name: call.name,
      arguments: call.arguments,
      isDistinct: call.isDistinct,
      result: call.result
    )
    self.frames = frames
    self.layout = layout
    self.context = context
    if let predicate = call.filter {
      var flags = [Bool](repeating: false, count: layout.count)
      for row in try ExpressionEvaluator(sorted).select(predicate).array { flags[Int(row)] = true }
      filter = flags
    } else {
      filter = nil
    }
  }

  func column(_ arguments: [ColumnVector]) throws -> ColumnVector {
    let count = layout.count
    var isWhole = true
    var isGrowing = true
    for row in 0..<count {
      let partition = layout.partition(row)
      let frame = frames.range(row)
      if frame != partition { isWhole = false }
      if frame.lowerBound != partition.lowerBound { isGrowing = false }
      if row > partition.lowerBound, frames.ends[row] < frames.ends[row - 1] { isGrowing = false }
    }
    if isWhole { return try whole(arguments) }
    return isGrowing ? try growing(arguments) : try general(arguments)
  }

  private func feed(
    _ slot: AggregateSlot,
    _ arguments: [ColumnVector],
    _ rows: [Int32],
    _ groups: [Int32]
  ) throws {
    var kept = rows
    var numbers = groups
    if let filter {
      kept = []
      numbers = []
      for (index, row) in rows.enumerated() where filter[Int(row)] {
        kept.append(row)
        numbers.append(groups[index])
      }
    }
    guard !kept.isEmpty else { return }
    let inputs = kept.withUnsafeBufferPointer { picked in arguments.map { $0.gather(picked) } }
    try numbers.withUnsafeBufferPointer {
      try slot.update(arguments: inputs, $0, kept.count)
    }
  }

  private func whole(_ arguments: [ColumnVector]) throws -> ColumnVector {
    let slot = try AggregateSlot(call)
    let partitions = layout.partitionStarts.count - 1
    slot.accumulator.reserve(groupCount: partitions)
    try feed(
      slot,
      arguments,
      (0..<layout.count).map { Int32(truncatingIfNeeded: $0) },
      layout.partitionOf
    )
    let results = try slot.accumulator.result(0..<partitions)
    return layout.partitionOf.withUnsafeBufferPointer { results.gather($0) }
  }

  private func growing(_ arguments: [ColumnVector]) throws -> ColumnVector {
    let slot = try AggregateSlot(call)
    let partitions = layout.partitionStarts.count - 1
    slot.accumulator.reserve(groupCount: partitions)
    var pieces: [ColumnVector] = []
    var pieceOf = [Int32](repeating: 0, count: layout.count)
    var done = 0
    for row in 0..<layout.count {
      let partition = layout.partition(row)
      let number = Int(layout.partitionOf[row])
      let isFirst = row == partition.lowerBound
      if isFirst { done = partition.lowerBound }
      let end = frames.ends[row]
      if isFirst || end > done {
        if row & 1_023 == 0 { try context.check() }
        let rows = (done..<end).map { Int32(truncatingIfNeeded: $0) }
        try feed(
          slot,
          arguments,
          rows,
          [Int32](repeating: Int32(truncatingIfNeeded: number), count: rows.count)
        )
        done = end
        pieces.append(try slot.accumulator.result(number..<number + 1))
      }
      pieceOf[row] = Int32(truncatingIfNeeded: pieces.count - 1)
    }
    let results = ColumnVector.concatenate(pieces, type: call.result)
    return pieceOf.withUnsafeBufferPointer { results.gather($0) }
  }

  private func general(_ arguments: [ColumnVector]) throws -> ColumnVector {
    let slot = try AggregateSlot(call)
    var frameOf = [Int32](repeating: 0, count: layout.count)
    var frameCount = 0
    var last: Range<Int>?
    var rows: [Int32] = []
    var groups: [Int32] = []
    func flush() throws {
      try context.check()
      slot.accumulator.reserve(groupCount: frameCount)
      try feed(slot, arguments, rows, groups)
      rows.removeAll(keepingCapacity: true)
      groups.removeAll(keepingCapacity: true)
    }
    for row in 0..<layout.count {
      let frame = frames.range(row)
      if frame != last {
        last = frame
        frameCount += 1
        let number = Int32(truncatingIfNeeded: frameCount - 1)
        for member in frame {
          rows.append(Int32(truncatingIfNeeded: member))
          groups.append(number)
        }
        if rows.count > 65_536 { try flush() }
      }
      frameOf[row] = Int32(truncatingIfNeeded: frameCount - 1)
    }
    try flush()
    let results = try slot.accumulator.result(0..<frameCount)
    return frameOf.withUnsafeBufferPointer { results.gather($0) }
  }
}
