// The build side of a hash join: rows by key, looked up with whole batches of the other side.
//
// ```
// groups    0        1     2            numbered by GroupTable
// starts    0        2     3      5     one more than groups
// rows      4 9      1     0 7          build rows, grouped, ascending
// ```
// Where no key repeats, `rows` alone is read.

public import Columnar

/// Build rows by key, for joins of any kind.
///
/// Filled on one thread by `add`, closed by `finish`; then any number of threads may probe, each with
/// a `GroupTable.Scratch` of its own. A NULL key matches nothing, unless `nullsMatch`.
///
/// `@unchecked Sendable`: nothing changes after `finish`.
public final class JoinTable: @unchecked Sendable {
  private let table: GroupTable
  private let nullsMatch: Bool
  private var groups: [Int32] = []
  private var starts: [Int32] = []
  private var rows: [Int32] = []
  /// True once finished, where every key has one row.
  public private(set) var isUnique = false
  /// True where a build key had a NULL: `NOT IN` asks.
  public private(set) var hasNullKey = false

  public init(types: [DataType], nullsMatch: Bool = false) {
    table = GroupTable(types: types)
    self.nullsMatch = nullsMatch
  }

  /// Build rows so far.
  public var rowCount: Int { groups.count }

  /// Bytes held, about, the build rows themselves apart.
  public var byteCount: Int {
    table.byteCount + 4 * (groups.count + starts.count + rows.count)
  }

  /// Takes the keys of the next build rows.
  public func add(_ keys: [ColumnVector], rowCount count: Int) {
    let first = groups.count
    groups.append(contentsOf: repeatElement(-1, count: count))
    let validity = nullsMatch ? nil : mergedValidity(keys, count: count)
    let isUnknown = !nullsMatch && keys.contains { $0.type == .unknown }
    hasNullKey = hasNullKey || validity != nil || (isUnknown && count > 0)
    guard !isUnknown else { return }
    groups.withUnsafeMutableBufferPointer { out in
      guard let start = out.baseAddress.map({ $0 + first }) else { return }
      table.assign(keys, rowCount: count, into: start)
      if let validity {
        for row in 0..<count where !validity.isValid(row) { start[row] = -1 }
      }
    }
  }

  /// Orders the build rows by key; nothing may be added after.
  public func finish() {
    let groupCount = table.groupCount
    starts = [Int32](repeating: 0, count: groupCount + 1)
    var total = 0
    for group in groups where group >= 0 {
      starts[Int(group) + 1] += 1
      total += 1
    }
    isUnique = starts.allSatisfy { $0 <= 1 }
    for group in 0..<groupCount { starts[group + 1] += starts[group] }
    rows = [Int32](repeating: -1, count: max(total, isUnique ? groupCount : 0))
    if isUnique {
      for (row, group) in groups.enumerated() where group >= 0 {
        rows[Int(group)] = Int32(truncatingIfNeeded: row)
      }
    } else {
      var next = starts
      for (row, group) in groups.enumerated() where group >= 0 {
        rows[Int(next[Int(group)])] = Int32(truncatingIfNeeded: row)
        next[Int(group)] += 1
      }
    }
    groups = []
  }

  /// The key of each probe row as a group to pass to `matches`; -1 where nothing matches.
  public func find(
    _ keys: [ColumnVector], rowCount count: Int, scratch: GroupTable.Scratch
  ) -> [Int32] {
    [Int32](unsafeUninitializedCapacity: count) { out, initialized in
      initialized = count
      guard let start = out.baseAddress, count > 0 else { return }
      if !nullsMatch, keys.contains(where: { $0.type == .unknown }) {
        start.update(repeating: -1, count: count)
        return
      }
      table.find(keys, rowCount: count, scratch: scratch, into: start)
      if !nullsMatch, let validity = mergedValidity(keys, count: count) {
        for row in 0..<count where !validity.isValid(row) { start[row] = -1 }
      }
      // A group may have been numbered by rows with a NULL in another key only.
      for row in 0..<count where start[row] >= 0 {
        let group = Int(start[row])
        if isUnique ? rows[group] < 0 : starts[group] == starts[group + 1] { start[row] = -1 }
      }
    }
  }

  /// Pairs of rows that match, in order of the probe rows, then of the build rows.
  ///
  /// `found` is what `find` gave. Begins at probe row `cursor.row` and its match `cursor.match`, and
  /// stops after about `pairsMax` pairs with the cursor where to go on; at the end its row is
  /// `found.count`.
  public func matches(
    _ found: [Int32], from cursor: inout JoinCursor, pairsMax: Int
  ) -> (probe: SelectionVector, build: SelectionVector) {
    let capacity = isUnique ? min(found.count - cursor.row, pairsMax) : pairsMax
    var count = 0
    var buildBuffer = Buffer.empty
    let probeBuffer = Buffer(uninitializedByteCount: capacity * 4) { probeMemory in
      buildBuffer = Buffer(uninitializedByteCount: capacity * 4) { buildMemory in
        let probe = probeMemory.bindMemory(to: Int32.self)
        let build = buildMemory.bindMemory(to: Int32.self)
        if isUnique {
          while cursor.row < found.count, count < capacity {
            let group = found[cursor.row]
            probe[count] = Int32(truncatingIfNeeded: cursor.row)
            build[count] = group >= 0 ? rows[Int(group)] : -1
            count += group >= 0 ? 1 : 0
            cursor.row += 1
          }
          return
        }
        while cursor.row < found.count, count < capacity {
          let group = found[cursor.row]
          if group >= 0 {
            let end = Int(starts[Int(group) + 1])
            var place = Int(starts[Int(group)]) + cursor.match
            while place < end, count < capacity {
              probe[count] = Int32(truncatingIfNeeded: cursor.row)
              build[count] = rows[place]
              count += 1
              place += 1
            }
            if place < end {
              cursor.match = place - Int(starts[Int(group)])
              return
            }
          }
          cursor.row += 1
          cursor.match = 0
        }
      }
    }
    return (
      SelectionVector(buffer: probeBuffer, count: count),
      SelectionVector(buffer: buildBuffer, count: count)
    )
  }

  /// The probe rows that have a match (semi join), or that have none (anti join).
  public func rows(_ found: [Int32], matching: Bool) -> SelectionVector {
    var selected = 0
    let buffer = Buffer(uninitializedByteCount: found.count * 4) { memory in
      let out = memory.bindMemory(to: Int32.self)
      for row in 0..<found.count {
        out[selected] = Int32(truncatingIfNeeded: row)
        selected += (found[row] >= 0) == matching ? 1 : 0
      }
    }
    return SelectionVector(buffer: buffer, count: selected)
  }

  /// The most matches that one key has.
  public func matchCount(_ group: Int32) -> Int {
    guard group >= 0 else { return 0 }
    return isUnique ? 1 : Int(starts[Int(group) + 1] - starts[Int(group)])
  }
}

/// How far the pairs of one probe batch have been made.
public struct JoinCursor: Sendable, Hashable {
  /// The probe row at hand.
  public var row = 0
  /// The matches of that row already given.
  public var match = 0

  public init() {}
}
