// `min`, `max`, `arbitrary`, `min_by` and `max_by`: one chosen value a group.
//
// Fixed-width values are compared as order-preserving 64-bit keys, text by bytes. NaN is larger
// than every number. Text kept for a group is copied to an arena.

import Columnar

enum ExtremeChoice { case smallest, largest, first }

/// The 64-bit key of a fixed-width value whose unsigned order is the value's order.
@inline(__always)
func orderKey(_ value: Int64) -> UInt64 { UInt64(bitPattern: value) ^ (1 << 63) }

@inline(__always)
func orderKey(_ value: Double) -> UInt64 {
  if value.isNaN { return .max }
  let bits = (value == 0 ? 0 : value).bitPattern
  return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
}

/// The order keys of a fixed-width column.
func orderKeys(_ vector: ColumnVector) -> [UInt64] {
  let source = vector.plain
  let count = source.count
  return [UInt64](unsafeUninitializedCapacity: count) { out, initialized in
    switch source.type {
    case .boolean, .unknown:
      let lane = Lane<UInt8>(source)
      for row in 0..<count { out[row] = UInt64(lane[row]) }
    case .tinyint:
      let lane = Lane<Int8>(source)
      for row in 0..<count { out[row] = orderKey(Int64(lane[row])) }
    case .smallint:
      let lane = Lane<Int16>(source)
      for row in 0..<count { out[row] = orderKey(Int64(lane[row])) }
    case .real:
      let lane = Lane<Float>(source)
      for row in 0..<count { out[row] = orderKey(Double(lane[row])) }
    case .integer, .date, .intervalYearToMonth:
      let lane = Lane<Int32>(source)
      for row in 0..<count { out[row] = orderKey(Int64(lane[row])) }
    case .double:
      let lane = Lane<Double>(source)
      for row in 0..<count { out[row] = orderKey(lane[row]) }
    default:
      let lane = Lane<Int64>(source)
      for row in 0..<count { out[row] = orderKey(lane[row]) }
    }
    initialized = count
  }
}

/// One value a group, of any type.
private final class ValueStore {
  let type: DataType
  private var bits = GroupArray<UInt64>(0)
  private var views = GroupArray<TextView>(TextView(low: 0, high: 0))
  private var states = GroupArray<UInt8>(0)  // 0 nothing, 1 NULL, 2 value
  private var arena = TextArena()
  private let isText: Bool

  init(type: DataType) {
    self.type = type
    isText = type.layout == .text
  }

  var byteCount: Int { bits.byteCount + views.byteCount + states.byteCount + arena.byteCount }

  func reserve(_ count: Int) {
    if isText { views.reserve(count) } else { bits.reserve(count) }
    states.reserve(count)
  }

  @inline(__always)
  func has(_ group: Int) -> Bool { states.base[group] != 0 }

  @inline(__always)
  func bits(_ group: Int) -> UInt64 { bits.base[group] }

  @inline(__always)
  func compare(_ group: Int, _ bytes: UnsafeRawBufferPointer) -> Int {
    arena.withBytes(views.base[group]) { compareBytes($0, bytes) }
  }

  func setNull(_ group: Int) { states.base[group] = 1 }

  @inline(__always)
  func set(_ group: Int, _ value: UInt64) {
    bits.base[group] = value
    states.base[group] = 2
  }

  func set(_ group: Int, _ bytes: UnsafeRawBufferPointer) {
    views.base[group] = arena.store(bytes)
    states.base[group] = 2
  }

  /// The values, their bits being raw (not order keys).
  func column(_ range: Range<Int>) -> ColumnVector {
    let states = states.base
    let validity = ValidityBitmap.make(count: range.count) { states[range.lowerBound + $0] == 2 }
    if isText {
      let views = views.base
      let column = makeFixed(type, range.count, validity, as: TextView.self) { out in
        for (index, group) in range.enumerated() { out[index] = views[group] }
      }
      return ColumnVector(
        type: type,
        count: range.count,
        values: column.values,
        textData: arena.buffers(),
        validity: validity
      )
    }
    let bits = bits.base
    switch type.layout {
    case .fixed(width: 8):
      return makeFixed(type, range.count, validity, as: UInt64.self) { out in
        for (index, group) in range.enumerated() { out[index] = bits[group] }
      }
    case .fixed(width: 4):
      return makeFixed(type, range.count, validity, as: UInt32.self) { out in
        for (index, group) in range.enumerated() {
          out[index] = UInt32(truncatingIfNeeded: bits[group])
        }
      }
    default:
      return makeFixed(type, range.count, validity, as: UInt8.self) { out in
        for (index, group) in range.enumerated() {
          out[index] = UInt8(truncatingIfNeeded: bits[group])
        }
      }
    }
  }
}

/// The raw bits of a fixed-width column, widened.
private func rawBits(_ source: ColumnVector) -> [UInt64] {
  let count = source.count
  return [UInt64](unsafeUninitializedCapacity: count) { out, initialized in
    switch source.type.layout {
    case .fixed(width: 8):
      let lane = Lane<UInt64>(source)
      for row in 0..<count { out[row] = lane[row] }
    case .fixed(width: 4):
      let lane = Lane<UInt32>(source)
      for row in 0..<count { out[row] = UInt64(lane[row]) }
    default:
      let lane = Lane<UInt8>(source)
      for row in 0..<count { out[row] = UInt64(lane[row]) }
    }
    initialized = count
  }
}

final class ExtremeAccumulator: Accumulator {
  private let choice: ExtremeChoice
  private let isBy: Bool
  private let values: ValueStore
  private let textKeys: ValueStore?
  private var keys = GroupArray<UInt64>(0)
  private var seen = GroupArray<UInt8>(0)

  init(type: DataType, key: DataType? = nil, choice: ExtremeChoice, isBy: Bool) {
    self.choice = choice
    self.isBy = isBy
    values = ValueStore(type: type)
    textKeys = (key ?? type).layout == .text ? ValueStore(type: .varchar) : nil
  }

  var byteCount: Int { values.byteCount + (textKeys?.byteCount ?? 0) + keys.byteCount }

  /// The keys of `min_by` and `max_by` are not among their results.
  var canMerge: Bool { !isBy }

  func merge(_ other: any Accumulator, groups: UnsafePointer<Int32>, count: Int) throws {
    try update([try other.result(0..<count)], rowCount: count, groups: groups)
  }

  func reserve(groupCount: Int) {
    values.reserve(groupCount)
    textKeys?.reserve(groupCount)
    keys.reserve(groupCount)
    seen.reserve(groupCount)
  }

  func update(
    _ arguments: [ColumnVector],
    rowCount: Int,
    groups: UnsafePointer<Int32>?
  ) throws {
    let value = arguments[0].plain
    let key = isBy ? arguments[1].plain : value
    guard key.type != .unknown else { return }
    var winners: [Int32] = []
    if textKeys != nil {
      selectText(key, rowCount, groups, &winners)
    } else {
      selectFixed(key, rowCount, groups, &winners)
    }
    guard !winners.isEmpty else { return }
    store(value, winners, groups)
  }

  /// Rows that beat their group's key so far; a later row of a group beats the earlier ones.
  private func selectFixed(
    _ key: ColumnVector,
    _ rowCount: Int,
    _ groups: UnsafePointer<Int32>?,
    _ winners: inout [Int32]
  ) {
    let candidates = orderKeys(key)
    let best = keys.base
    let seen = seen.base
    for row in 0..<rowCount where !key.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      let candidate = candidates[row]
      if seen[group] != 0 {
        switch choice {
        case .smallest: if candidate >= best[group] { continue }
        case .largest: if candidate <= best[group] { continue }
        case .first: continue
        }
      }
      seen[group] = 1
      best[group] = candidate
      winners.append(Int32(truncatingIfNeeded: row))
    }
  }

  private func selectText(
    _ key: ColumnVector,
    _ rowCount: Int,
    _ groups: UnsafePointer<Int32>?,
    _ winners: inout [Int32]
  ) {
    guard let textKeys else { return }
    let lane = TextLane(key)
    for row in 0..<rowCount where !key.isNull(row) {
      let group = Int(groups?[row] ?? 0)
      let bytes = lane[row]
      if textKeys.has(group) {
        switch choice {
        case .smallest: if textKeys.compare(group, bytes) <= 0 { continue }
        case .largest: if textKeys.compare(group, bytes) >= 0 { continue }
        case .first: continue
        }
      }
      textKeys.set(group, bytes)
      winners.append(Int32(truncatingIfNeeded: row))
    }
  }

  private func store(
    _ value: ColumnVector,
    _ winners: [Int32],
    _ groups: UnsafePointer<Int32>?
  ) {
    if value.type == .unknown {
      for row in winners { values.setNull(Int(groups?[Int(row)] ?? 0)) }
    } else if value.type.layout == .text {
      let lane = TextLane(value)
      for row in winners {
        let group = Int(groups?[Int(row)] ?? 0)
        if value.isNull(Int(row)) {
          values.setNull(group)
        } else {
          values.set(group, lane[Int(row)])
        }
      }
    } else {
      let picked = value.isConstant ? value.flattened() : value
      let bits = rawBits(picked)
      for row in winners {
        let group = Int(groups?[Int(row)] ?? 0)
        if value.isNull(Int(row)) {
          values.setNull(group)
        } else {
          values.set(group, bits[Int(row)])
        }
      }
    }
  }

  func result(_ range: Range<Int>) throws -> ColumnVector { values.column(range) }
}
