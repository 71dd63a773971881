// Numbers the distinct rows of some key columns: the heart of GROUP BY, DISTINCT, joins and sets.
//
// Three ways in, chosen by the batch:
//
// 1. All keys are dictionaries or constants with few combinations: each combination of codes is
//    looked up once, then every row is one array access (`CodeCache`).
// 2. One fixed-width key of at most 8 bytes: a table of the keys themselves.
// 3. Else: hashes column by column, one table of hashes and ids, and keys compared column by column
//    for all rows that met the same hash (`HashSlots`, `KeyColumn`).

public import Columnar

/// Numbers distinct rows of key columns: 0, 1, 2 … in order of appearance; NULL is a value.
///
/// Not thread-safe, except `find` with a scratch per thread while nothing is assigned.
public final class GroupTable {
  /// What one thread needs to look up: keep one for many batches.
  public final class Scratch {
    fileprivate var cache = CodeCache()
    fileprivate var knownCount = -1

    public init() {}
  }

  private let types: [DataType]
  private let integers: IntegerKeyTable?
  private let slots: HashSlots?
  private let columns: [KeyColumn]
  private var nullID: Int32 = -1
  private var hasRows = false
  private var cache = CodeCache()

  public init(types: [DataType]) {
    self.types = types
    if types.count == 1, let width = types[0].fixedWidth, width <= 8 {
      integers = IntegerKeyTable()
      slots = nil
      columns = []
    } else {
      integers = nil
      slots = types.isEmpty ? nil : HashSlots()
      columns = types.map { KeyColumn(type: $0) }
    }
  }

  /// Distinct rows so far.
  ///
  /// Without key columns there is one group as soon as there is a row.
  public var groupCount: Int { integers?.count ?? slots?.count ?? (hasRows ? 1 : 0) }

  /// Bytes held, about.
  public var byteCount: Int {
    (integers?.byteCount ?? 0) + (slots?.byteCount ?? 0)
      + columns.reduce(0) { $0 + $1.byteCount }
  }

  /// Writes the group of each row; with `inserting` false, -1 for rows never seen.
  public func assign(
    _ keys: [ColumnVector],
    rowCount: Int,
    inserting: Bool = true,
    into out: UnsafeMutablePointer<Int32>
  ) {
    guard rowCount > 0 else { return }
    hasRows = hasRows || inserting
    if keys.isEmpty {
      out.update(repeating: 0, count: rowCount)
    } else if inserting {
      guard
        !cache.assign(
          keys, rowCount: rowCount, into: out,
          resolve: { assignRows($0, rowCount: $1, inserting: true, into: $2) })
      else { return }
      assignRows(keys, rowCount: rowCount, inserting: true, into: out)
    } else {
      assignRows(keys, rowCount: rowCount, inserting: false, into: out)
    }
  }

  /// Writes the group of each row, -1 for rows never seen; changes nothing but `scratch`.
  public func find(
    _ keys: [ColumnVector],
    rowCount: Int,
    scratch: Scratch,
    into out: UnsafeMutablePointer<Int32>
  ) {
    guard rowCount > 0 else { return }
    if keys.isEmpty {
      out.update(repeating: hasRows ? 0 : -1, count: rowCount)
      return
    }
    if scratch.knownCount != groupCount {
      scratch.cache = CodeCache()
      scratch.knownCount = groupCount
    }
    guard
      !scratch.cache.assign(
        keys, rowCount: rowCount, into: out,
        resolve: { assignRows($0, rowCount: $1, inserting: false, into: $2) })
    else { return }
    assignRows(keys, rowCount: rowCount, inserting: false, into: out)
  }

  /// The key columns of groups `range`, in order of appearance.
  public func keyColumns(_ range: Range<Int>) -> [ColumnVector] {
    guard let integers else { return columns.map { $0.column(range) } }
    let keys = integers.keys
    let null = Int(nullID)
    let validity =
      null >= 0 && range.contains(null)
      ? ValidityBitmap.make(count: range.count) { range.lowerBound + $0 != null } : nil
    let type = types[0]
    let count = range.count
    let first = range.lowerBound
    switch type.fixedWidth {
    case 8:
      return [
        ColumnVector(
          type: type, count: count,
          values: Buffer(copying: UnsafeRawBufferPointer(start: keys + first, count: count * 8)),
          validity: validity)
      ]
    case 4:
      return [
        makeFixed(type, count, validity, as: Int32.self) { out in
          for row in 0..<count { out[row] = Int32(truncatingIfNeeded: keys[first + row]) }
        }
      ]
    case 2:
      return [
        makeFixed(type, count, validity, as: Int16.self) { out in
          for row in 0..<count { out[row] = Int16(truncatingIfNeeded: keys[first + row]) }
        }
      ]
    default:
      return [
        makeFixed(type, count, validity, as: Int8.self) { out in
          for row in 0..<count { out[row] = Int8(truncatingIfNeeded: keys[first + row]) }
        }
      ]
    }
  }

  private func assignRows(
    _ keys: [ColumnVector], rowCount: Int, inserting: Bool, into out: UnsafeMutablePointer<Int32>
  ) {
    if let integers {
      assignIntegers(integers, keys[0], rowCount, inserting, out)
    } else if let slots {
      assignHashed(slots, keys, rowCount, inserting, out)
    }
  }

  // MARK: One key of at most eight bytes

  private func assignIntegers(
    _ table: IntegerKeyTable, _ key: ColumnVector, _ count: Int, _ inserting: Bool,
    _ out: UnsafeMutablePointer<Int32>
  ) {
    if key.type == .unknown {
      let null = nullNumber(table, inserting)
      out.update(repeating: null, count: count)
      return
    }
    let vector = key.plain
    switch types[0].numberForm {
    case .uint8: assignLane(table, vector, Lane<UInt8>(vector), inserting, out) { Int64($0) }
    case .int8: assignLane(table, vector, Lane<Int8>(vector), inserting, out) { Int64($0) }
    case .int16: assignLane(table, vector, Lane<Int16>(vector), inserting, out) { Int64($0) }
    case .int32: assignLane(table, vector, Lane<Int32>(vector), inserting, out) { Int64($0) }
    case .float:
      assignLane(table, vector, Lane<Float>(vector), inserting, out) {
        Int64(($0.isNaN ? Float.nan : $0 + 0).bitPattern)
      }
    case .double:
      assignLane(table, vector, Lane<Double>(vector), inserting, out) {
        Int64(bitPattern: ($0.isNaN ? Double.nan : $0 + 0).bitPattern)
      }
    default: assignLane(table, vector, Lane<Int64>(vector), inserting, out) { $0 }
    }
  }

  private func nullNumber(_ table: IntegerKeyTable, _ inserting: Bool) -> Int32 {
    if nullID < 0, inserting { nullID = table.appendUnfound() }
    return nullID
  }

  @inline(__always)
  private func assignLane<Value: BitwiseCopyable>(
    _ table: IntegerKeyTable, _ vector: ColumnVector, _ lane: Lane<Value>, _ inserting: Bool,
    _ out: UnsafeMutablePointer<Int32>, _ key: (Value) -> Int64
  ) {
    let count = vector.count
    guard let validity = vector.validity else {
      if inserting {
        for row in 0..<count { out[row] = table.insert(key(lane[row])) }
      } else {
        for row in 0..<count { out[row] = table.find(key(lane[row])) }
      }
      return
    }
    for row in 0..<count {
      if !validity.isValid(row) {
        out[row] = nullNumber(table, inserting)
      } else {
        out[row] = inserting ? table.insert(key(lane[row])) : table.find(key(lane[row]))
      }
    }
  }

  // MARK: Any keys

  private func assignHashed(
    _ slots: HashSlots, _ keys: [ColumnVector], _ count: Int, _ inserting: Bool,
    _ out: UnsafeMutablePointer<Int32>
  ) {
    let prepared = zip(columns, keys).map { $0.prepared($1) }
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { hashSpace in
      withUnsafeTemporaryAllocation(of: Int32.self, capacity: count * 3) { space in
        guard let hashes = hashSpace.baseAddress, let rows = space.baseAddress else { return }
        hashRows(
          zip(keys, prepared).map { $0.type == .unknown ? $1 : $0 }, count: count, into: hashes)
        let ids = rows + count
        let fresh = rows + 2 * count
        var met = 0
        var freshCount = 0
        for row in 0..<count {
          var index = Int(truncatingIfNeeded: hashes[row])
          let id = slots.candidate(hashes[row], from: &index)
          if id >= 0 {
            rows[met] = Int32(truncatingIfNeeded: row)
            ids[met] = id
            met += 1
          } else if inserting {
            out[row] = slots.append(hashes[row])
            fresh[freshCount] = Int32(truncatingIfNeeded: row)
            freshCount += 1
          } else {
            out[row] = -1
          }
        }
        append(prepared, keys, UnsafeBufferPointer(start: UnsafePointer(fresh), count: freshCount))
        let others = compare(prepared, met, rows, ids, out)
        for place in 0..<others {
          out[Int(rows[place])] = walk(
            slots, prepared, keys, rows + place, hashes[Int(rows[place])], inserting)
        }
      }
    }
  }

  private func append(
    _ prepared: [ColumnVector], _ keys: [ColumnVector], _ rows: UnsafeBufferPointer<Int32>
  ) {
    guard !rows.isEmpty else { return }
    for (index, column) in columns.enumerated() {
      column.append(prepared[index], original: keys[index], rows: rows)
    }
  }

  /// Writes the ids that hold, and leaves in `rows` those that do not: their hash met another key.
  private func compare(
    _ prepared: [ColumnVector], _ count: Int, _ rows: UnsafeMutablePointer<Int32>,
    _ ids: UnsafeMutablePointer<Int32>, _ out: UnsafeMutablePointer<Int32>
  ) -> Int {
    guard count > 0 else { return 0 }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { space in
      guard let flags = space.baseAddress else { return 0 }
      flags.update(repeating: 1, count: count)
      for (index, column) in columns.enumerated() {
        column.match(prepared[index], rows: rows, ids: ids, count: count, flags: flags)
      }
      var others = 0
      for index in 0..<count {
        if flags[index] != 0 {
          out[Int(rows[index])] = ids[index]
        } else {
          rows[others] = rows[index]
          others += 1
        }
      }
      return others
    }
  }

  /// The id of one row, compared with every key of its hash in turn: for the one row in four
  /// thousand million whose hash met another key.
  private func walk(
    _ slots: HashSlots, _ prepared: [ColumnVector], _ keys: [ColumnVector],
    _ row: UnsafeMutablePointer<Int32>, _ hash: UInt64, _ inserting: Bool
  ) -> Int32 {
    var index = Int(truncatingIfNeeded: hash)
    while true {
      var id = slots.candidate(hash, from: &index)
      if id < 0 {
        guard inserting else { return -1 }
        id = slots.append(hash)
        append(prepared, keys, UnsafeBufferPointer(start: UnsafePointer(row), count: 1))
        return id
      }
      var flag: UInt8 = 1
      for (place, column) in columns.enumerated() {
        column.match(prepared[place], rows: row, ids: &id, count: 1, flags: &flag)
      }
      if flag != 0 { return id }
      index += 1
    }
  }
}

/// Groups of combinations of dictionary codes, remembered while the dictionaries stay the same.
struct CodeCache {
  private var dictionaries: [VectorDictionary?] = []
  private var constants: [Buffer?] = []
  /// The group of each combination: `unknown`, or a group, or -1.
  private var groups: [Int32] = []

  private static let unknown: Int32 = -2

  /// Combinations are remembered up to this many.
  private static let combinationsMax = 1 << 16

  /// Writes the group of each row; false, and nothing done, where the keys are not of this kind.
  ///
  /// `resolve` is asked for the groups of one row of each new combination, in order of appearance.
  mutating func assign(
    _ keys: [ColumnVector], rowCount: Int, into out: UnsafeMutablePointer<Int32>,
    resolve: ([ColumnVector], Int, UnsafeMutablePointer<Int32>) -> Void
  ) -> Bool {
    guard rowCount > 1, let strides = strides(keys, rowCount) else { return false }
    // The combination of each row; NULL is one more code.
    for row in 0..<rowCount { out[row] = 0 }
    for (key, stride) in zip(keys, strides) where stride > 0 {
      guard case .dictionary(let codes, let dictionary) = key.encoding else { continue }
      let code = codes.values(as: Int32.self)
      let factor = Int32(truncatingIfNeeded: stride)
      if let validity = key.validity {
        let null = Int32(truncatingIfNeeded: dictionary.values.count)
        for row in 0..<rowCount {
          out[row] &+= (validity.isValid(row) ? code[row] : null) &* factor
        }
      } else {
        for row in 0..<rowCount { out[row] &+= code[row] &* factor }
      }
    }
    var missing: [Int32] = []
    var combinations: [Int32] = []
    groups.withUnsafeMutableBufferPointer { groups in
      for row in 0..<rowCount where groups[Int(out[row])] == Self.unknown {
        missing.append(Int32(truncatingIfNeeded: row))
        combinations.append(out[row])
        groups[Int(out[row])] = -1
      }
    }
    if !missing.isEmpty {
      let picked = missing.withUnsafeBufferPointer { rows in
        keys.map { $0.gather(rows).flattened() }
      }
      var found = [Int32](repeating: -1, count: missing.count)
      found.withUnsafeMutableBufferPointer { target in
        if let start = target.baseAddress { resolve(picked, missing.count, start) }
      }
      for (combination, group) in zip(combinations, found) { groups[Int(combination)] = group }
    }
    groups.withUnsafeBufferPointer { groups in
      for row in 0..<rowCount { out[row] = groups[Int(out[row])] }
    }
    return true
  }

  /// The step of each key's code in a combination, 0 for constants; nil where not all keys are
  /// dictionaries and constants, or there are too many combinations.
  private mutating func strides(_ keys: [ColumnVector], _ rowCount: Int) -> [Int]? {
    var result: [Int] = []
    var total = 1
    var isSame = dictionaries.count == keys.count
    for (index, key) in keys.enumerated() {
      switch key.encoding {
      case .flat: return nil
      case .constant:
        guard key.validity == nil || key.nullCount == key.count else { return nil }
        result.append(0)
        isSame =
          isSame && dictionaries[index] == nil && constants[index] === key.values
          && key.validity == nil
      case .dictionary(_, let dictionary):
        result.append(total)
        total *= dictionary.values.count + 1
        guard total <= max(Self.combinationsMax, rowCount) else { return nil }
        isSame = isSame && dictionaries[index] === dictionary
      }
    }
    if !isSame {
      dictionaries = keys.map { key in
        if case .dictionary(_, let dictionary) = key.encoding { return dictionary }
        return nil
      }
      constants = keys.map { $0.isConstant ? $0.values : nil }
      groups = [Int32](repeating: Self.unknown, count: total)
    }
    return result
  }
}
