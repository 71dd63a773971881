// Aggregation in two phases: lanes that group their share of the rows, and a merge of the lanes.
//
// 1. Where the order of rows changes no result (counts, sums of whole numbers and decimals, extremes),
//    a lane is a thread, so that there are no more tables than threads. Groups come out in the order
//    of their first appearance in the input (`AppearanceOrder`).
// 2. Else morsel `m` belongs to lane `m % laneCount`, whatever the number of threads. So each lane sees
//    the same rows in the same order in every run, and doubles are summed in one fixed order. Groups
//    come out by first appearance in lane 0, then those that lane 1 adds, and so on.
// 3. DISTINCT, ORDER BY inside an aggregate, and functions that show the order of their rows keep the
//    whole aggregation in one lane.

import Columnar
import Kernels
import QueryPlanning
import Synchronization

/// Groups rows by hash and keeps one accumulator state a group.
///
/// N rows in, one row a group out. NULL is a group of its own. Without group columns, or for an empty
/// grouping set, there is one row, even over no input. Throws `memoryExceeded`, and what expressions
/// and accumulators throw.
final class HashAggregateExec: SinkExec {
  let result = SharedBatches()
  let laneCount: Int?
  private let node: Aggregate
  private let schema: Schema
  private let memory: OperatorMemory
  private let lanes = Mutex<[Int: AggregateLane]>([:])
  private static let lanesMax = 8
  private let rowsPerBatch = 65_536
  private let notesAppearance: Bool

  init(_ node: Aggregate, schema: Schema, _ context: ExecutionContext) {
    self.node = node
    self.schema = schema
    memory = OperatorMemory(context)
    let isMergeable = node.aggregates.allSatisfy { call in
      !call.isDistinct && call.orderBy.isEmpty && !Self.keepsOrder(call.kind)
    }
    let isOrderFree =
      isMergeable && node.aggregates.allSatisfy { Self.isOrderFree($0.kind, $0.arguments.first) }
    laneCount = isOrderFree ? nil : isMergeable ? Self.lanesMax : 1
    // One thread meets the groups in the input's order.
    notesAppearance = isOrderFree && context.options.workerCount > 1
  }

  /// The result is the same in whatever order the rows come.
  private static func isOrderFree(_ kind: AggregateKind, _ argument: Expression?) -> Bool {
    switch (kind, argument?.type) {
    case (.count, _), (.countIf, _), (.boolAnd, _), (.boolOr, _), (.bitwiseAnd, _),
      (.bitwiseOr, _), (.bitwiseXor, _), (.approximateDistinct, _):
      true
    case (.sum, .tinyint), (.sum, .smallint), (.sum, .integer), (.sum, .bigint), (.sum, .decimal),
      (.average, .decimal):
      true
    case (.minimum, let type), (.maximum, let type):
      // Equal values of these types are the same value.
      switch type {
      case .boolean, .tinyint, .smallint, .integer, .bigint, .decimal, .date, .varchar: true
      default: false
      }
    default: false
    }
  }

  /// What it gives shows the order in which rows came.
  private static func keepsOrder(_ kind: AggregateKind) -> Bool {
    switch kind {
    case .arrayAggregate, .listAggregate, .mapAggregate, .multimapAggregate: true
    default: false
    }
  }

  var peakMemoryBytes: Int { memory.peakByteCount }

  func consumer(_ number: Int) throws -> any SinkConsumer {
    if let known = lanes.withLock({ $0[number] }) { return known }
    let lane = try AggregateLane(node, memory, notesAppearance: notesAppearance)
    lanes.withLock { $0[number] = lane }
    return lane
  }

  func finish(_ team: WorkerTeam) throws {
    let used = lanes.withLock { lanes in lanes.sorted { $0.key < $1.key }.map(\.value) }
    let whole = try used.first ?? AggregateLane(node, memory, notesAppearance: false)
    for lane in used.dropFirst() { try whole.merge(lane) }
    whole.order()
    var batches: [ColumnarBatch] = []
    for set in 0..<whole.setCount {
      let count = try whole.groupCount(ofSet: set)
      // Text results carry the whole arena; one batch shares it.
      let hasText = schema.fields.contains { $0.type.layout == .text }
      let step = hasText ? max(count, 1) : rowsPerBatch
      for start in stride(from: 0, to: count, by: step) {
        let range = start..<min(count, start + step)
        let columns = try whole.columns(ofSet: set, range)
        batches.append(ColumnarBatch(schema: schema, columns: columns, rowCount: range.count))
      }
    }
    lanes.withLock { $0 = [:] }
    result.set(batches)
  }
}

/// One lane's groups and states, for each grouping set.
///
/// `@unchecked Sendable`: used by one thread at a time: the runner hands a lane to one thread, and
/// `finish` runs alone.
private final class AggregateLane: SinkConsumer, @unchecked Sendable {
  private let node: Aggregate
  private let sets: [GroupingSetState]
  private let memory: OperatorMemory
  private var reported = 0

  init(_ node: Aggregate, _ memory: OperatorMemory, notesAppearance: Bool) throws {
    self.node = node
    self.memory = memory
    let all = Array(node.groups.indices)
    sets = try (node.groupingSets ?? [all]).map {
      try GroupingSetState(node, $0, notesAppearance: notesAppearance)
    }
  }

  var setCount: Int { sets.count }

  func consume(_ batch: ColumnarBatch, at position: BatchPosition) throws {
    let evaluator = ExpressionEvaluator(batch)
    let keys = try node.groups.map { try evaluator.evaluate($0.expression) }
    let inputs = try node.aggregates.map { try AggregateInput($0, evaluator) }
    for set in sets { try set.update(keys, inputs, rowCount: batch.rowCount, at: position) }
    try report()
  }

  func merge(_ other: AggregateLane) throws {
    for (mine, theirs) in zip(sets, other.sets) { try mine.merge(theirs) }
    try report()
  }

  /// Once, after all merges: puts the groups in the order of their first appearance.
  func order() { for set in sets { set.order() } }

  private func report() throws {
    let bytes = sets.reduce(0) { $0 + $1.byteCount }
    let change = bytes - reported
    reported = bytes
    try memory.add(change)
  }

  func groupCount(ofSet index: Int) throws -> Int { try sets[index].finishedGroupCount() }

  /// Group columns, aggregates, and with grouping sets the set's number.
  func columns(ofSet index: Int, _ range: Range<Int>) throws -> [ColumnVector] {
    let set = sets[index]
    let keys = try set.keyColumns(range)
    var columns = node.groups.enumerated().map { position, group in
      set.groups.firstIndex(of: position).map { keys[$0] }
        ?? nullColumn(group.expression.type, count: range.count)
    }
    columns += try set.results(range)
    if node.groupingSets != nil {
      columns.append(
        ColumnVector(constant: .integer(Int64(index)), type: .bigint, count: range.count)
      )
    }
    return columns
  }
}

/// What one aggregate reads of a batch: its arguments over the rows its filter leaves.
struct AggregateInput {
  var arguments: [ColumnVector]
  var orderKeys: [ColumnVector]
  /// Nil for all rows.
  var rows: RowSelection?

  init(arguments: [ColumnVector]) {
    self.arguments = arguments
    orderKeys = []
  }

  init(_ call: AggregateCall, _ evaluator: ExpressionEvaluator) throws {
    var inner = evaluator
    if let filter = call.filter {
      let selected = try evaluator.select(filter)
      rows = selected
      var needed: Set<Int> = []
      for expression in call.arguments + call.orderBy.map(\.expression) {
        expression.collectColumns(&needed)
      }
      inner = ExpressionEvaluator(
        columns: evaluator.columns.enumerated().map { index, column in
          needed.contains(index)
            ? column.gather(selected) : nullColumn(column.type, count: selected.count)
        },
        count: selected.count
      )
    }
    arguments = try call.arguments.map { try inner.evaluate($0) }
    orderKeys = try call.orderBy.map { try inner.evaluate($0.expression) }
  }
}

/// The groups and states of one grouping set.
private final class GroupingSetState {
  /// Positions among the aggregate's groups.
  let groups: [Int]
  private let table: GroupTable
  private let slots: [AggregateSlot]
  private var isFinished = false
  /// Nil where the order of appearance is not kept.
  private var appearances: AppearanceOrder?
  /// Those of merged threads, with the numbers that their groups have here.
  private var merged: [(order: AppearanceOrder, numbers: [Int32]?)] = []
  /// Groups as they come out; nil where they do by number.
  private var finalOrder: [Int32]?
  /// Keys and results in number order, made once where there is a final order.
  private var whole: (keys: [ColumnVector], results: [ColumnVector])?

  init(_ node: Aggregate, _ groups: [Int], notesAppearance: Bool) throws {
    self.groups = groups
    appearances = notesAppearance && !groups.isEmpty ? AppearanceOrder() : nil
    table = GroupTable(types: groups.map { node.groups[$0].expression.type })
    slots = try node.aggregates.map { try AggregateSlot($0) }
  }

  private var groupCount: Int { groups.isEmpty ? 1 : table.groupCount }

  var byteCount: Int {
    table.byteCount + slots.reduce(0) { $0 + $1.byteCount } + (appearances?.byteCount ?? 0)
  }

  func update(
    _ keys: [ColumnVector], _ inputs: [AggregateInput], rowCount: Int, at position: BatchPosition
  ) throws {
    guard !groups.isEmpty else {
      for (slot, input) in zip(slots, inputs) {
        slot.accumulator.reserve(groupCount: 1)
        try slot.update(input, nil, rowCount)
      }
      return
    }
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, rowCount))
    defer { numbers.deallocate() }
    table.assign(groups.map { keys[$0] }, rowCount: rowCount, into: numbers)
    appearances?.note(numbers, rowCount: rowCount, groupCount: table.groupCount, at: position)
    for (slot, input) in zip(slots, inputs) {
      slot.accumulator.reserve(groupCount: groupCount)
      try slot.update(input, numbers, rowCount)
    }
  }

  func merge(_ other: GroupingSetState) throws {
    let count = other.groupCount
    for slot in other.slots { slot.accumulator.reserve(groupCount: count) }
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, count))
    defer { numbers.deallocate() }
    if groups.isEmpty {
      numbers[0] = 0
    } else {
      guard count > 0 else { return }
      table.assign(other.table.keyColumns(0..<count), rowCount: count, into: numbers)
      if let theirs = other.appearances {
        merged.append((theirs, Array(UnsafeBufferPointer(start: numbers, count: count))))
      }
    }
    for (mine, theirs) in zip(slots, other.slots) {
      mine.accumulator.reserve(groupCount: groupCount)
      try mine.accumulator.merge(theirs.accumulator, groupCount: count, groups: numbers)
    }
  }

  func finishedGroupCount() throws -> Int {
    for slot in slots {
      slot.accumulator.reserve(groupCount: groupCount)
      if !isFinished { try slot.finishOrder() }
    }
    isFinished = true
    return groupCount
  }

  func order() {
    guard let appearances, !merged.isEmpty else { return }
    finalOrder = AppearanceOrder.merged([(appearances, nil)] + merged, groupCount: groupCount)
    merged = []
  }

  func keyColumns(_ range: Range<Int>) throws -> [ColumnVector] {
    guard let finalOrder else { return groups.isEmpty ? [] : table.keyColumns(range) }
    let columns = try wholeColumns().keys
    return finalOrder[range].withUnsafeBufferPointer { rows in columns.map { $0.gather(rows) } }
  }

  func results(_ range: Range<Int>) throws -> [ColumnVector] {
    guard let finalOrder else { return try slots.map { try $0.accumulator.result(range) } }
    let columns = try wholeColumns().results
    return finalOrder[range].withUnsafeBufferPointer { rows in columns.map { $0.gather(rows) } }
  }

  private func wholeColumns() throws -> (keys: [ColumnVector], results: [ColumnVector]) {
    if let whole { return whole }
    let all = 0..<groupCount
    let made = (table.keyColumns(all), try slots.map { try $0.accumulator.result(all) })
    whole = made
    return made
  }
}

/// One aggregate's accumulator, with what DISTINCT and ORDER BY ask for.
final class AggregateSlot {
  let call: AggregateCall
  let accumulator: any Accumulator
  private let distinct: DistinctRows?
  /// With ORDER BY: arguments, keys and group numbers, until all rows are known.
  private var waiting: [(arguments: [ColumnVector], keys: [ColumnVector], groups: [Int32])] = []
  private var waitingBytes = 0

  init(_ call: AggregateCall) throws {
    self.call = call
    accumulator = try makeAccumulator(
      call.kind,
      arguments: call.arguments.map(\.type),
      result: call.result
    )
    distinct =
      call.isDistinct && !call.arguments.isEmpty
      ? DistinctRows(call.arguments.map(\.type)) : nil
  }

  var byteCount: Int { accumulator.byteCount + (distinct?.byteCount ?? 0) + waitingBytes }

  func update(
    _ input: AggregateInput,
    _ numbers: UnsafePointer<Int32>?,
    _ rowCount: Int
  ) throws {
    if input.rows == nil, distinct == nil, call.orderBy.isEmpty {
      return try accumulator.update(input.arguments, rowCount: rowCount, groups: numbers)
    }
    var arguments = input.arguments
    var keys = input.orderKeys
    var count = input.rows?.count ?? rowCount
    var groups: [Int32]
    if let rows = input.rows {
      groups = rows.array.map { numbers?[Int($0)] ?? 0 }
    } else if let numbers {
      groups = Array(UnsafeBufferPointer(start: numbers, count: rowCount))
    } else {
      groups = [Int32](repeating: 0, count: rowCount)
    }
    if let distinct {
      let rows = distinct.newRows(arguments, groups)
      arguments = rows.withUnsafeBufferPointer { kept in arguments.map { $0.gather(kept) } }
      keys = rows.withUnsafeBufferPointer { kept in keys.map { $0.gather(kept) } }
      groups = rows.map { groups[Int($0)] }
      count = rows.count
    }
    guard count > 0 else { return }
    if !call.orderBy.isEmpty {
      waiting.append((arguments, keys, groups))
      waitingBytes += (arguments + keys).reduce(groups.count * 4) { $0 + $1.byteCount }
      return
    }
    try groups.withUnsafeBufferPointer {
      try accumulator.update(arguments, rowCount: count, groups: $0.baseAddress)
    }
  }

  /// Takes `rowCount` rows with their groups.
  func update(
    arguments: [ColumnVector],
    _ groups: UnsafeBufferPointer<Int32>,
    _ rowCount: Int
  ) throws {
    let input = AggregateInput(arguments: arguments)
    try update(input, groups.baseAddress, rowCount)
  }

  /// Takes the rows that waited, in the order of ORDER BY.
  func finishOrder() throws {
    guard !waiting.isEmpty else { return }
    let count = waiting.reduce(0) { $0 + $1.groups.count }
    let keys = call.orderBy.indices.map { index in
      ColumnVector.concatenate(
        waiting.map { $0.keys[index] },
        type: call.orderBy[index].expression.type
      )
    }
    let order = sortedRows(keys, call.orderBy.map(\.direction), count: count)
    let groups = waiting.flatMap(\.groups)
    let sorted = order.array.map { groups[Int($0)] }
    let arguments = call.arguments.indices.map { index in
      ColumnVector.concatenate(
        waiting.map { $0.arguments[index] },
        type: call.arguments[index].type
      ).gather(order)
    }
    waiting = []
    try sorted.withUnsafeBufferPointer {
      try accumulator.update(arguments, rowCount: count, groups: $0.baseAddress)
    }
  }
}

