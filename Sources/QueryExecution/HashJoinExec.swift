// Joins of every kind: a build side held in memory, and a probe side that streams past it.
//
// 1. `JoinBuildSink` collects the right side in order and makes a `JoinTable` of its keys. Without
//    keys every right row is a candidate, and the join is a nested loop.
// 2. `JoinProbeExec` finds each left batch's candidate pairs, tests the residual, and gives what the
//    kind asks for. Left rows keep their order.
// 3. For RIGHT and FULL, `UnmatchedBuildSource` gives the right rows that nothing matched, last.
// 4. A semi or anti join with a small left side is turned round: its left side is the build side, the
//    probes only mark rows of it, and `MarkedBuildSource` gives those that are marked, or are not.

import Columnar
import Connector
import Kernels
import QueryPlanning
import Synchronization

/// What the build side of a join leaves for its probes.
final class JoinBuild: Sendable {
  struct Content: Sendable {
    var right: ColumnarBatch
    /// Nil where the join has no keys.
    var table: JoinTable?
    /// The set of an `IN` without other conditions.
    var members: MembershipTable?
  }

  let join: Join
  private let content: Mutex<Content>
  /// One flag a right row, for RIGHT and FULL.
  let matched: MatchFlags
  /// Probes give no rows; they set `matched` alone.
  let marksOnly: Bool
  /// The columns of the join that are read above it, and of its right side those that are kept; nil
  /// for all. NULLs stand in the others' places.
  let needed: Set<Int>?
  let keptRight: Set<Int>?

  /// `needed`: of the join's columns; where it only marks, of the right side's.
  init(_ join: Join, needed: Set<Int>?, marksOnly: Bool = false) {
    self.join = join
    self.marksOnly = marksOnly
    self.needed = needed
    keptRight = marksOnly ? needed : join.columnsRead(for: needed).right
    content = Mutex(Content(right: ColumnarBatch(schema: join.right.schema, rows: [])))
    matched = MatchFlags()
  }

  var current: Content { content.withLock { $0 } }

  fileprivate func set(_ built: Content) { content.withLock { $0 = built } }

  /// An `IN` whose set is the whole right side.
  var isPlainMembership: Bool {
    !join.membership.isEmpty && join.keys.isEmpty && join.residual == nil
  }
}

/// One byte a right row, set by any thread that matches it.
///
/// `@unchecked Sendable`: bytes only ever become 1, and are read after all writers have finished.
final class MatchFlags: @unchecked Sendable {
  private(set) var flags: UnsafeMutablePointer<UInt8>?
  private(set) var count = 0

  fileprivate func allocate(_ count: Int) {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, count))
    memory.initialize(repeating: 0, count: max(1, count))
    flags = memory
    self.count = count
  }

  deinit { flags?.deallocate() }

  func set(_ rows: [Int32]) {
    guard let flags else { return }
    for row in rows where row >= 0 { flags[Int(row)] = 1 }
  }
}

/// Collects the right side and makes the table.
final class JoinBuildSink: SinkExec {
  private let build: JoinBuild
  private let collected: OrderedBatches
  private let context: ExecutionContext
  private let tableMemory: OperatorMemory

  init(_ build: JoinBuild, _ context: ExecutionContext) {
    self.build = build
    self.context = context
    collected = OrderedBatches(context)
    tableMemory = OperatorMemory(context)
  }

  func consumer(_ number: Int) -> any SinkConsumer {
    ClosureConsumer { [collected] in try collected.append($0, at: $1) }
  }

  var peakMemoryBytes: Int { collected.peakByteCount + tableMemory.peakByteCount }

  func finish(_ team: WorkerTeam) throws {
    let join = build.join
    let batches = collected.take()
    let schema = join.right.schema
    let right =
      batches.isEmpty
      ? ColumnarBatch(schema: schema, rows: [])
      : try concatenated(batches, schema: schema, team, kept: build.keptRight)
    var content = JoinBuild.Content(right: right)
    let evaluator = ExpressionEvaluator(right)
    if !join.keys.isEmpty {
      let keys = try join.keys.map { try evaluator.evaluate($0.right) }
      let table = JoinTable(
        keys,
        nullsMatch: join.keys.map(\.matchesNulls),
        count: right.rowCount
      )
      content.table = table
      try tableMemory.add(table.byteCount)
      if let id = join.dynamicFilterID {
        for (index, key) in keys.enumerated() {
          context.dynamicFilters.set(DynamicRange.comparisons(key), id: id, key: index)
        }
      }
    }
    if build.isPlainMembership {
      let values = try join.membership.map { try evaluator.evaluate($0.right) }
      let table = MembershipTable(values, count: right.rowCount)
      content.members = table
      try tableMemory.add(table.byteCount)
    }
    if join.kind == .right || join.kind == .full { build.matched.allocate(right.rowCount) }
    build.set(content)
  }
}

extension Join {
  /// The columns of each side that are read where `needed` of the join's are; nil for all.
  func columnsRead(for needed: Set<Int>?) -> (left: Set<Int>?, right: Set<Int>?) {
    let split = left.schema.count
    var tested = residual?.columns ?? []
    for key in keys + membership {
      key.left.collectColumns(&tested)
      tested.formUnion(key.right.columns.map { $0 + split })
    }
    func right(_ columns: Set<Int>) -> Set<Int> {
      Set(columns.filter { $0 >= split }.map { $0 - split })
    }
    guard let needed else { return (nil, kind.isLeftOnly ? right(tested) : nil) }
    // Beyond the left columns, a mark join gives its mark.
    let given = kind.isLeftOnly ? needed.filter { $0 < split } : needed
    let read = given.union(tested)
    return (read.filter { $0 < split }, right(read))
  }
}

/// Puts batches together, a column a thread; columns outside `kept` (where it is given) become NULLs.
func concatenated(
  _ batches: [ColumnarBatch],
  schema: Schema,
  _ team: WorkerTeam,
  kept: Set<Int>? = nil
) throws -> ColumnarBatch {
  if batches.count == 1 { return batches[0] }
  let shared = ColumnResults()
  let count = batches.reduce(0) { $0 + $1.rowCount }
  try team.run(schema.count) { index in
    guard kept?.contains(index) ?? true else {
      return shared.set(nullColumn(schema[index].type, count: count), index)
    }
    let column = ColumnVector.concatenate(
      batches.map { $0.columns[index] },
      type: schema[index].type
    )
    shared.set(column, index)
  }
  return ColumnarBatch(
    schema: schema,
    columns: shared.all(schema.count),
    rowCount: count
  )
}

/// Columns made by several threads.
final class ColumnResults: Sendable {
  private let columns = Mutex<[Int: ColumnVector]>([:])

  func set(_ column: ColumnVector, _ index: Int) { columns.withLock { $0[index] = column } }

  func all(_ count: Int) -> [ColumnVector] {
    columns.withLock { found in (0..<count).compactMap { found[$0] } }
  }
}

/// The least that a scan needs to know of a join's keys: their range, or the few values themselves.
enum DynamicRange {
  private static let listCountMax = 64

  static func comparisons(_ key: ColumnVector) -> [ColumnPredicate.Comparison] {
    switch key.type.numberForm {
    case .int32, .int64: break
    default: return []
    }
    let source = key.plain
    let isWide = source.type.numberForm == .int64
    let narrow = source.values.values(as: Int32.self)
    let wide = source.values.values(as: Int64.self)
    var low = Int64.max
    var high = Int64.min
    var distinct: Set<Int64> = []
    for row in 0..<source.count where !source.isNull(row) {
      let index = source.isConstant ? 0 : row
      let value = isWide ? wide[index] : Int64(narrow[index])
      low = min(low, value)
      high = max(high, value)
      if distinct.count <= listCountMax { distinct.insert(value) }
    }
    // Nothing can match: a list of no values excludes every row group.
    if distinct.isEmpty { return [.isIn([])] }
    if distinct.count <= listCountMax {
      return [.isIn(distinct.sorted().map { .integer($0) })]
    }
    return [.greaterOrEqual(.integer(low)), .lessOrEqual(.integer(high))]
  }
}

/// Looks up batches of the left side.
final class JoinProbeExec: TransformExec {
  private let build: JoinBuild
  private let schema: Schema
  private let context: ExecutionContext

  init(_ build: JoinBuild, _ context: ExecutionContext) {
    self.build = build
    self.context = context
    schema = build.join.schema
  }

  func makeWorker() -> any TransformWorker {
    JoinProbeWorker(build, schema, context)
  }
}

/// One thread's probe.
private final class JoinProbeWorker: TransformWorker {
  private let build: JoinBuild
  private let join: Join
  private let schema: Schema
  private let content: JoinBuild.Content
  private let context: ExecutionContext
  private var leftRows: [Int32] = []
  private var rightRows: [Int32] = []
  /// Candidates that are looked at together; one left row may still have more.
  private let pairsMax = 32_768

  init(_ build: JoinBuild, _ schema: Schema, _ context: ExecutionContext) {
    self.build = build
    self.schema = schema
    self.context = context
    join = build.join
    content = build.current
  }

  func process(
    _ batch: ColumnarBatch,
    at position: BatchPosition,
    _ emit: (ColumnarBatch) throws -> Void
  ) throws {
    if build.marksOnly { return try mark(batch) }
    if build.isPlainMembership, let mark = try membershipMark(batch) {
      return try emit(marked(batch, mark))
    }
    let isLeftOnly = join.kind.isLeftOnly
    let probe = try makeProbe(batch)
    if isLeftOnly, join.residual == nil, join.membership.isEmpty {
      if let probe, let found = probe.existence() { return try emitLeft(batch, found, emit) }
      if probe == nil {
        let found = [Bool](repeating: content.right.rowCount > 0, count: batch.rowCount)
        return try emitLeft(batch, found, emit)
      }
    }
    var isMatched = [Bool](repeating: false, count: batch.rowCount)
    var membership = join.membership.isEmpty ? nil : MembershipState(batch.rowCount)
    var row = 0
    while row < batch.rowCount {
      try context.check()
      let first = row
      row = candidates(batch, probe, from: first)
      try testResidual(batch)
      for left in leftRows { isMatched[Int(left)] = true }
      if membership != nil {
        try addMembers(batch, &membership)
        continue
      }
      if isLeftOnly { continue }
      build.matched.set(rightRows)
      if join.kind == .left || join.kind == .full { padUnmatched(first..<row, isMatched) }
      if !leftRows.isEmpty { try emit(assemble(batch)) }
    }
    guard isLeftOnly else { return }
    if let membership {
      try emit(marked(batch, membership.mark()))
    } else {
      try emitLeft(batch, isMatched, emit)
    }
  }

  /// Marks the build rows that a row of the batch matches.
  private func mark(_ batch: ColumnarBatch) throws {
    let probe = try makeProbe(batch)
    var row = 0
    while row < batch.rowCount {
      try context.check()
      row = candidates(batch, probe, from: row)
      try testResidual(batch)
      build.matched.set(rightRows)
    }
  }

  private func makeProbe(_ batch: ColumnarBatch) throws -> JoinTable.Probe? {
    guard let table = content.table else { return nil }
    let evaluator = ExpressionEvaluator(batch)
    return JoinTable.Probe(
      table,
      try join.keys.map { try evaluator.evaluate($0.left) },
      count: batch.rowCount
    )
  }

  /// Fills the pairs of left rows `start...`; answers the first row not done.
  private func candidates(_ batch: ColumnarBatch, _ probe: JoinTable.Probe?, from start: Int) -> Int
  {
    if let probe {
      return probe.pairs(from: start, limit: pairsMax, &leftRows, &rightRows)
    }
    leftRows.removeAll(keepingCapacity: true)
    rightRows.removeAll(keepingCapacity: true)
    let rightCount = content.right.rowCount
    var row = start
    while row < batch.rowCount, leftRows.count < pairsMax {
      for right in 0..<rightCount {
        leftRows.append(Int32(truncatingIfNeeded: row))
        rightRows.append(Int32(truncatingIfNeeded: right))
      }
      row += 1
    }
    return row
  }

  private func testResidual(_ batch: ColumnarBatch) throws {
    guard let residual = join.residual, !leftRows.isEmpty else { return }
    let hits = try pairEvaluator(batch, [residual]).select(residual)
    if hits.count == leftRows.count { return }
    var kept = 0
    for index in hits.array {
      leftRows[kept] = leftRows[Int(index)]
      rightRows[kept] = rightRows[Int(index)]
      kept += 1
    }
    leftRows.removeLast(leftRows.count - kept)
    rightRows.removeLast(rightRows.count - kept)
  }

  /// The pairs as rows of left and right columns; only those that `expressions` read are gathered.
  private func pairEvaluator(
    _ batch: ColumnarBatch,
    _ expressions: [Expression]
  ) -> ExpressionEvaluator {
    var needed: Set<Int> = []
    for expression in expressions { expression.collectColumns(&needed) }
    let split = batch.columns.count
    let count = leftRows.count
    let left = leftRows.withUnsafeBufferPointer { rows in
      batch.columns.enumerated().map { index, column in
        needed.contains(index) ? column.gather(rows) : nullColumn(column.type, count: count)
      }
    }
    let right = rightRows.withUnsafeBufferPointer { rows in
      content.right.columns.enumerated().map { index, column in
        needed.contains(split + index)
          ? column.gather(rows) : nullColumn(column.type, count: count)
      }
    }
    return ExpressionEvaluator(columns: left + right, count: count)
  }

  /// Puts left rows without a match, with -1, in their places among the pairs.
  private func padUnmatched(_ range: Range<Int>, _ isMatched: [Bool]) {
    guard range.contains(where: { !isMatched[$0] }) else { return }
    var left: [Int32] = []
    var right: [Int32] = []
    var pair = 0
    for row in range {
      if !isMatched[row] {
        left.append(Int32(truncatingIfNeeded: row))
        right.append(-1)
      }
      while pair < leftRows.count, Int(leftRows[pair]) == row {
        left.append(leftRows[pair])
        right.append(rightRows[pair])
        pair += 1
      }
    }
    leftRows = left
    rightRows = right
  }

  private func assemble(_ batch: ColumnarBatch) -> ColumnarBatch {
    let isWhole =
      leftRows.count == batch.rowCount
      && leftRows.enumerated().allSatisfy { Int($0.element) == $0.offset }
    let split = batch.columns.count
    let count = leftRows.count
    func isRead(_ index: Int) -> Bool { build.needed?.contains(index) ?? true }
    let left =
      isWhole
      ? batch.columns
      : leftRows.withUnsafeBufferPointer { rows in
        batch.columns.enumerated().map { index, column in
          isRead(index) ? column.gather(rows) : nullColumn(column.type, count: count)
        }
      }
    let right = rightRows.withUnsafeBufferPointer { rows in
      content.right.columns.enumerated().map { index, column in
        isRead(split + index)
          ? gatherOrNull(column, rows) : nullColumn(column.type, count: count)
      }
    }
    return ColumnarBatch(schema: schema, columns: left + right, rowCount: leftRows.count)
  }

  // MARK: semi, anti, mark

  private func emitLeft(
    _ batch: ColumnarBatch,
    _ isMatched: [Bool],
    _ emit: (ColumnarBatch) throws -> Void
  ) throws {
    if join.kind == .mark {
      let flags = Buffer(byteCount: batch.rowCount) { memory in
        for row in 0..<batch.rowCount { memory[row] = isMatched[row] ? 1 : 0 }
      }
      let mark = ColumnVector(type: .boolean, count: batch.rowCount, values: flags)
      return try emit(marked(batch, mark))
    }
    let wanted = join.kind == .semi
    var rows: [Int32] = []
    for row in 0..<batch.rowCount where isMatched[row] == wanted {
      rows.append(Int32(truncatingIfNeeded: row))
    }
    if rows.count == batch.rowCount { return try emit(batch) }
    if rows.isEmpty { return }
    let kept = rows.withUnsafeBufferPointer { rows in
      batch.columns.enumerated().map { index, column in
        build.needed?.contains(index) ?? true
          ? column.gather(rows) : nullColumn(column.type, count: rows.count)
      }
    }
    try emit(ColumnarBatch(schema: schema, columns: kept, rowCount: rows.count))
  }

  private func marked(_ batch: ColumnarBatch, _ mark: ColumnVector) -> ColumnarBatch {
    ColumnarBatch(schema: schema, columns: batch.columns + [mark], rowCount: batch.rowCount)
  }

  /// `value IN (right side)`.
  private func membershipMark(_ batch: ColumnarBatch) throws -> ColumnVector? {
    guard let table = content.members else { return nil }
    let evaluator = ExpressionEvaluator(batch)
    let values = try join.membership.map { try evaluator.evaluate($0.left) }
    return table.contains(values, count: batch.rowCount)
  }

  /// Compares the operands with the members among the pairs at hand.
  private func addMembers(_ batch: ColumnarBatch, _ state: inout MembershipState?) throws {
    guard !leftRows.isEmpty else { return }
    let split = batch.columns.count
    let pairs = join.membership.map { ($0.left, $0.right.remapping { $0 + split }) }
    let evaluator = pairEvaluator(batch, pairs.flatMap { [$0.0, $0.1] })
    let verdicts = try pairs.map { left, right in
      compare(.equal, try evaluator.evaluate(left), try evaluator.evaluate(right))
    }
    let equal = verdicts.dropFirst().reduce(verdicts[0]) { logicalAnd($0, $1) }.plain
    let values = equal.values.values(as: UInt8.self)
    for (index, left) in leftRows.enumerated() {
      if equal.isNull(index) {
        state?.hasUnknown[Int(left)] = true
      } else if values[equal.isConstant ? 0 : index] != 0 {
        state?.isMember[Int(left)] = true
      }
    }
  }
}

/// What is known of each left row's `IN` so far.
private struct MembershipState {
  var isMember: [Bool]
  /// A comparison with a member gave NULL.
  var hasUnknown: [Bool]

  init(_ count: Int) {
    isMember = [Bool](repeating: false, count: count)
    hasUnknown = isMember
  }

  func mark() -> ColumnVector {
    let count = isMember.count
    let validity = ValidityBitmap.make(count: count) { isMember[$0] || !hasUnknown[$0] }
    let flags = Buffer(byteCount: count) { memory in
      for row in 0..<count { memory[row] = isMember[row] ? 1 : 0 }
    }
    return ColumnVector(type: .boolean, count: count, values: flags, validity: validity)
  }
}

/// The right rows that no left row matched, with NULLs for the left columns.
final class UnmatchedBuildSource: MorselSource {
  private let build: JoinBuild
  private let rowsPerMorsel = 65_536

  init(_ build: JoinBuild) { self.build = build }

  func start() throws {}

  func open(morsel number: Int) throws -> (any BatchReader)? {
    let start = number * rowsPerMorsel
    let matched = build.matched
    guard start < matched.count, let flags = matched.flags else { return nil }
    let rows = (start..<min(matched.count, start + rowsPerMorsel)).filter { flags[$0] == 0 }
      .map { Int32(truncatingIfNeeded: $0) }
    guard !rows.isEmpty else { return ArrayBatchReader([]) }
    let join = build.join
    let left = join.left.schema.fields.map { nullColumn($0.type, count: rows.count) }
    let right = rows.withUnsafeBufferPointer { picked in
      build.current.right.columns.map { $0.gather(picked) }
    }
    return ArrayBatchReader([
      ColumnarBatch(schema: join.schema, columns: left + right, rowCount: rows.count)
    ])
  }
}

/// The build rows that probes have marked, or those that they have not, in order.
final class MarkedBuildSource: MorselSource {
  private let build: JoinBuild
  private let isMarked: Bool
  private let rowsPerMorsel = 65_536

  init(_ build: JoinBuild, isMarked: Bool) {
    self.build = build
    self.isMarked = isMarked
  }

  func start() throws {}

  func open(morsel number: Int) throws -> (any BatchReader)? {
    let start = number * rowsPerMorsel
    let matched = build.matched
    guard start < matched.count, let flags = matched.flags else { return nil }
    let wanted: UInt8 = isMarked ? 1 : 0
    var rows: [Int32] = []
    for row in start..<min(matched.count, start + rowsPerMorsel) where flags[row] == wanted {
      rows.append(Int32(truncatingIfNeeded: row))
    }
    guard !rows.isEmpty else { return ArrayBatchReader([]) }
    return ArrayBatchReader([
      rows.withUnsafeBufferPointer { picked in build.current.right.gather(picked) }
    ])
  }
}

/// Takes what transforms have seen to its end, and keeps nothing.
final class NothingSink: SinkExec {
  func consumer(_ number: Int) -> any SinkConsumer { ClosureConsumer { _, _ in } }
  func finish(_ team: WorkerTeam) throws {}
}
