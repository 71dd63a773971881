internal import Columnar
internal import Kernels

/// Tells which rows of a batch belong to which partition.
struct HivePartitionRouter {
  private let columns: [Int]
  private let types: [DataType]
  private let groups: GroupTable
  /// By group: the values as scalars.
  private(set) var scalars: [[Scalar]] = []

  /// Routes by the columns at `columns` of batches.
  init(columns: [Int], types: [DataType]) {
    self.columns = columns
    self.types = types
    groups = GroupTable(types: types)
  }

  /// The groups of a batch in the order of their first row; rows are nil where all belong to one.
  mutating func route(_ batch: ColumnarBatch) -> [(group: Int, rows: [Int32]?)] {
    let count = batch.rowCount
    guard count > 0 else { return [] }
    let numbers = [Int32](unsafeUninitializedCapacity: count) { memory, initialized in
      if let base = memory.baseAddress {
        groups.assign(columns.map { batch.columns[$0] }, rowCount: count, into: base)
      }
      initialized = count
    }
    noteNewGroups()
    guard numbers.contains(where: { $0 != numbers[0] }) else { return [(Int(numbers[0]), nil)] }
    var order: [Int] = []
    var rows: [[Int32]] = []
    var slots = [Int](repeating: -1, count: groups.groupCount)
    for (row, number) in numbers.enumerated() {
      let group = Int(number)
      if slots[group] < 0 {
        slots[group] = order.count
        order.append(group)
        rows.append([])
      }
      rows[slots[group]].append(Int32(truncatingIfNeeded: row))
    }
    return zip(order, rows).map { ($0, $1) }
  }

  private mutating func noteNewGroups() {
    let fresh = scalars.count..<groups.groupCount
    guard !fresh.isEmpty else { return }
    guard !types.isEmpty else { return scalars.append([]) }
    let keys = groups.keyColumns(fresh)
    for row in 0..<fresh.count { scalars.append(keys.map { $0.scalar(row) }) }
  }
}
