// `arbitrary`, `min_by`, `max_by`, and `min` and `max` of text and nested values: one chosen value a
// group, of any type.
//
// Keys of at most eight bytes are compared as order-preserving 64-bit keys, others by bytes. What is
// chosen is copied out of its batch, and thrown away copies are cleared when they outweigh the rest.

import Columnar

enum Choice { case smallest, largest, first }

/// One value of any type a group.
private final class ValueKeeper {
  private let type: DataType
  /// Where a group's value lies among the kept ones; -1: none yet.
  private var places = GroupArray<Int32>(-1)
  private var groupCount = 0
  private var pieces: [ColumnVector] = []
  private var total = 0

  init(_ type: DataType) { self.type = type }

  var byteCount: Int { places.byteCount + pieces.reduce(0) { $0 + $1.byteCount } }

  func reserve(_ count: Int) {
    places.reserve(count)
    groupCount = max(groupCount, count)
  }

  /// Keeps rows of a batch for their groups; the last of a group holds.
  func set(_ vector: ColumnVector, _ rows: [Int32], _ groups: UnsafePointer<Int32>?) {
    guard !rows.isEmpty else { return }
    let typed = vector.type == .unknown ? nullColumn(type, count: vector.count) : vector
    pieces.append(rows.withUnsafeBufferPointer { typed.gather($0).flattened().compacted() })
    for (index, row) in rows.enumerated() {
      places.base[Int(groups?[Int(row)] ?? 0)] = Int32(truncatingIfNeeded: total + index)
    }
    total += rows.count
    if total > 4 * groupCount + 65_536 { clear() }
  }

  private func clear() {
    var live: [Int32] = []
    for group in 0..<groupCount where places.base[group] >= 0 {
      live.append(places.base[group])
      places.base[group] = Int32(truncatingIfNeeded: live.count - 1)
    }
    let all = ColumnVector.concatenate(pieces, type: type)
    pieces = [live.withUnsafeBufferPointer { all.gather($0).compacted() }]
    total = live.count
  }

  /// One row a group; NULL where none was kept.
  func column(_ range: Range<Int>) -> ColumnVector {
    if pieces.count != 1 { pieces = [ColumnVector.concatenate(pieces, type: type)] }
    return gatherOrNull(
      pieces[0], UnsafeBufferPointer(start: places.base + range.lowerBound, count: range.count))
  }
}

final class ChoiceAccumulator: Accumulator {
  private let choice: Choice
  private let values: ValueKeeper
  private let keyType: DataType
  private var keys = GroupArray<UInt64>(0)
  private var views = GroupArray<TextView>(.empty)
  private var seen = GroupArray<UInt8>(0)
  private var arena = TextArena()

  /// Chooses by `key`; without one, by the value itself.
  init(value: DataType, key: DataType?, choice: Choice) {
    self.choice = choice
    values = ValueKeeper(value)
    keyType = key ?? value
  }

  private var isByBytes: Bool { (keyType.fixedWidth ?? 16) > 8 }

  var byteCount: Int {
    values.byteCount + keys.byteCount + views.byteCount + seen.byteCount + arena.byteCount
  }

  func reserve(groupCount: Int) {
    values.reserve(groupCount)
    if choice != .first { if isByBytes { views.reserve(groupCount) } else { keys.reserve(groupCount) } }
    seen.reserve(groupCount)
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let value = arguments[0]
    let key = arguments.count > 1 ? arguments[1] : value
    guard key.type != .unknown else { return }
    values.set(value, winners(key, rowCount, groups), groups)
  }

  /// Rows that beat their group's key so far; a later row of a group beats the earlier ones.
  private func winners(
    _ key: ColumnVector, _ rowCount: Int, _ groups: UnsafePointer<Int32>?
  ) -> [Int32] {
    var rows: [Int32] = []
    let seen = seen.base
    if choice == .first {
      for row in 0..<rowCount where !key.isNull(row) {
        let group = Int(groups?[row] ?? 0)
        if seen[group] == 0 {
          seen[group] = 1
          rows.append(Int32(truncatingIfNeeded: row))
        }
      }
    } else if isByBytes {
      let plain = keyType.layout == .text ? key.plain : keyBytes(key)
      let lane = TextLane(plain)
      for row in 0..<rowCount where !key.isNull(row) {
        let group = Int(groups?[row] ?? 0)
        let bytes = lane[row]
        if seen[group] != 0 {
          let order = arena.withBytes(views.base[group]) { compareBytes(bytes, $0) }
          if choice == .smallest ? order >= 0 : order <= 0 { continue }
        }
        seen[group] = 1
        views.base[group] = arena.store(bytes)
        rows.append(Int32(truncatingIfNeeded: row))
      }
    } else {
      let candidates = orderKeys(key)
      let best = keys.base
      for row in 0..<rowCount where !key.isNull(row) {
        let group = Int(groups?[row] ?? 0)
        let candidate = candidates[row]
        if seen[group] != 0 {
          if choice == .smallest ? candidate >= best[group] : candidate <= best[group] { continue }
        }
        seen[group] = 1
        best[group] = candidate
        rows.append(Int32(truncatingIfNeeded: row))
      }
    }
    return rows
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? ChoiceAccumulator else { throw mergeMistake }
    var rows: [Int32] = []
    for group in 0..<groupCount where other.seen.base[group] != 0 {
      let target = Int(groups?[group] ?? 0)
      if seen.base[target] != 0 {
        if choice == .first { continue }
        if isByBytes {
          let order = other.arena.withBytes(other.views.base[group]) { theirs in
            arena.withBytes(views.base[target]) { compareBytes(theirs, $0) }
          }
          if choice == .smallest ? order >= 0 : order <= 0 { continue }
        } else {
          let theirs = other.keys.base[group]
          let mine = keys.base[target]
          if choice == .smallest ? theirs >= mine : theirs <= mine { continue }
        }
      }
      seen.base[target] = 1
      if choice != .first {
        if isByBytes {
          views.base[target] = other.arena.withBytes(other.views.base[group]) { bytes in
            TextView(bytes, bufferIndex: 0, byteOffset: 0)
          }
          if !other.views.base[group].isInline {
            let view = other.views.base[group]
            views.base[target] = arena.store(
              UnsafeRawBufferPointer(start: other.arena.address(view), count: view.count))
          }
        } else {
          keys.base[target] = other.keys.base[group]
        }
      }
      rows.append(Int32(truncatingIfNeeded: group))
    }
    values.set(other.values.column(0..<groupCount), rows, groups)
  }

  func result(_ range: Range<Int>) throws -> ColumnVector { values.column(range) }
}
