public import Columnar
import Kernels
public import QueryPlanning

/// Groups rows by hash and keeps one accumulator state a group.
///
/// N rows in, one row a group out, in order of first appearance, so that results do not depend on
/// the hash. NULL is a group of its own. Without group columns there is one row, even over no
/// input. Throws `memoryExceeded`, and what expressions and accumulators throw.
public final class HashAggregateExec: SinkExec {
  private final class Slot {
    let call: AggregateCall
    let accumulator: any Accumulator
    let distinct: DistinctFilter?

    init(_ call: AggregateCall) throws {
      self.call = call
      accumulator = try makeAccumulator(
        call.kind,
        arguments: call.arguments.map(\.type),
        result: call.result
      )
      distinct = call.isDistinct ? call.arguments.first.map { DistinctFilter(type: $0.type) } : nil
    }
  }

  private let schema: Schema
  private let groups: [Expression]
  private let table: GroupTable
  private let slots: [Slot]
  private let reservation: MemoryReservation
  private let batchRowsMax = 16_384

  public init(
    schema: Schema,
    groups: [Expression],
    aggregates: [AggregateCall],
    _ context: ExecutionContext
  ) throws {
    self.schema = schema
    self.groups = groups
    table = GroupTable(types: groups.map(\.type))
    slots = try aggregates.map { try Slot($0) }
    reservation = MemoryReservation(context)
  }

  public func consume(_ batch: ColumnarBatch) throws {
    let evaluator = ExpressionEvaluator(batch)
    let numbers: UnsafeMutablePointer<Int32>?
    if groups.isEmpty {
      numbers = nil
    } else {
      let out = UnsafeMutablePointer<Int32>.allocate(capacity: batch.rowCount)
      numbers = out
      let keys: [ColumnVector]
      do {
        keys = try groups.map { try evaluator.evaluate($0) }
      } catch {
        out.deallocate()
        throw error
      }
      table.assign(keys, rowCount: batch.rowCount, into: out)
    }
    defer { numbers?.deallocate() }
    let groupCount = groups.isEmpty ? 1 : table.groupCount
    var bytes = table.byteCount
    for slot in slots {
      slot.accumulator.reserve(groupCount: groupCount)
      try update(slot, evaluator, numbers, batch.rowCount)
      bytes += slot.accumulator.byteCount + (slot.distinct?.byteCount ?? 0)
    }
    try reservation.set(bytes)
  }

  private func update(
    _ slot: Slot,
    _ evaluator: ExpressionEvaluator,
    _ numbers: UnsafeMutablePointer<Int32>?,
    _ rowCount: Int
  ) throws {
    guard slot.call.filter != nil || slot.distinct != nil else {
      let arguments = try slot.call.arguments.map { try evaluator.evaluate($0) }
      return try slot.accumulator.update(arguments, rowCount: rowCount, groups: numbers)
    }
    var inner = evaluator
    var groups: [Int32] = numbers.map { base in (0..<rowCount).map { base[$0] } } ?? []
    if let filter = slot.call.filter {
      let rows = try evaluator.select(filter)
      inner = ExpressionEvaluator(
        columns: evaluator.columns.map { $0.gather(rows.rows) },
        count: rows.count
      )
      if numbers != nil { groups = rows.rows.map { groups[Int($0)] } }
    }
    var arguments = try slot.call.arguments.map { try inner.evaluate($0) }
    var count = inner.count
    if let distinct = slot.distinct, let first = arguments.first {
      let rows = groups.withUnsafeBufferPointer {
        distinct.newRows(first, groups: numbers == nil ? nil : $0.baseAddress)
      }
      arguments = arguments.map { $0.gather(rows.rows) }
      count = rows.count
      if numbers != nil { groups = rows.rows.map { groups[Int($0)] } }
    }
    guard count > 0 else { return }
    try groups.withUnsafeBufferPointer {
      try slot.accumulator.update(
        arguments,
        rowCount: count,
        groups: numbers == nil ? nil : $0.baseAddress
      )
    }
  }

  public func finish() throws -> any SourceExec {
    let groupCount = groups.isEmpty ? 1 : table.groupCount
    for slot in slots { slot.accumulator.reserve(groupCount: groupCount) }
    var batches: [ColumnarBatch] = []
    var start = 0
    // Text results carry the whole arena; one batch shares it.
    let step =
      schema.fields.contains { $0.type.layout == .text } ? max(groupCount, 1) : batchRowsMax * 4
    while start < groupCount {
      let range = start..<min(groupCount, start + step)
      let keys = groups.isEmpty ? [] : table.keyColumns(range)
      let results = try slots.map { try $0.accumulator.result(range) }
      batches.append(
        ColumnarBatch(schema: schema, columns: keys + results, rowCount: range.count)
      )
      start = range.upperBound
    }
    return ValuesExec(schema: schema, batches)
  }
}
