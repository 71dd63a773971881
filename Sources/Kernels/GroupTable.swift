// Numbers the distinct rows of some key columns: the heart of GROUP BY, DISTINCT, joins and IN.
//
// Each column has an encoder that numbers its distinct values (NULL is a value of its own); several
// columns combine by pairs of numbers packed into 64 bits. A dictionary column is looked up once a
// distinct code, not once a row.

public import Columnar
import Synchronization

/// Numbers the distinct values of one column.
final class KeyEncoder {
  let type: DataType
  private let integers: IntegerKeyTable?
  private let texts: TextKeyTable?
  /// The number of NULL among the values; -1 while there was none.
  private var nullID: Int32 = -1
  /// Numbers count values and NULL alike; this maps them back: -1 stands for NULL.
  private var places: [Int32] = []
  private var offsetAfterNull: Int32 = 0
  /// Wide and nested values go by their key bytes; the values themselves are kept as they came.
  private let isByBytes: Bool
  private var kept: [ColumnVector] = []
  private var cachedDictionary: VectorDictionary?
  private var cachedCodes: [Int32] = []

  init(type: DataType) {
    self.type = type
    isByBytes = type.isNested || type.layout == .fixed(width: 16)
    if type.layout == .text || isByBytes {
      texts = TextKeyTable()
      integers = nil
    } else {
      integers = IntegerKeyTable()
      texts = nil
    }
  }

  var byteCount: Int { (integers?.byteCount ?? 0) + (texts?.byteCount ?? 0) }
  /// Values seen, NULL included.
  var count: Int { (integers?.count ?? texts?.count ?? 0) + (nullID >= 0 ? 1 : 0) }

  /// The table's id as a number that leaves a gap for NULL where NULL came in between.
  @inline(__always)
  private func number(_ id: Int32) -> Int32 {
    nullID >= 0 && id >= nullID ? id + 1 : id
  }

  private func nullNumber(inserting: Bool) -> Int32 {
    if nullID < 0, inserting { nullID = Int32(truncatingIfNeeded: count) }
    return nullID
  }

  /// Writes the number of each row; -1 for values never seen, where `inserting` is false.
  func encode(
    _ vector: ColumnVector,
    inserting: Bool,
    into out: UnsafeMutablePointer<Int32>
  ) {
    if vector.type == .unknown {
      let null = nullNumber(inserting: inserting)
      for row in 0..<vector.count { out[row] = null }
      return
    }
    if case .dictionary(let codes, let dictionary) = vector.encoding {
      return encodeDictionary(vector, codes, dictionary, inserting: inserting, into: out)
    }
    if vector.isConstant, vector.count > 1 {
      encode(slice(vector, 0..<1), inserting: inserting, into: out)
      for row in 1..<vector.count { out[row] = out[0] }
      return
    }
    if let texts {
      let lane = TextLane(isByBytes ? keyBytes(vector) : vector)
      let before = texts.count
      defer { if isByBytes, inserting { keep(vector, from: before, out) } }
      for row in 0..<vector.count {
        if vector.isNull(row) {
          out[row] = nullNumber(inserting: inserting)
        } else {
          let id = texts.id(of: lane[row], inserting: inserting)
          out[row] = id < 0 ? id : number(id)
        }
      }
      return
    }
    switch vector.type {
    case .boolean, .tinyint: encodeFixed(vector, inserting, out, Lane<Int8>(vector)) { Int64($0) }
    case .smallint: encodeFixed(vector, inserting, out, Lane<Int16>(vector)) { Int64($0) }
    case .real:
      encodeFixed(vector, inserting, out, Lane<Float>(vector)) { value in
        Int64((value.isNaN ? Float.nan : value == 0 ? 0 : value).bitPattern)
      }
    case .integer, .date, .intervalYearToMonth:
      encodeFixed(vector, inserting, out, Lane<Int32>(vector)) { Int64($0) }
    case .double:
      encodeFixed(vector, inserting, out, Lane<Double>(vector)) { value in
        // One NaN, and one zero.
        value.isNaN
          ? Int64(bitPattern: Double.nan.bitPattern)
          : Int64(bitPattern: (value == 0 ? 0 : value).bitPattern)
      }
    default: encodeFixed(vector, inserting, out, Lane<Int64>(vector)) { $0 }
    }
  }

  /// Keeps the values of new numbers, in order of appearance.
  private func keep(_ vector: ColumnVector, from before: Int, _ out: UnsafeMutablePointer<Int32>) {
    guard let texts, texts.count > before else { return }
    var rows: [Int32] = []
    var next = number(Int32(truncatingIfNeeded: before))
    for row in 0..<vector.count where !vector.isNull(row) && out[row] == next {
      rows.append(Int32(truncatingIfNeeded: row))
      next = number(Int32(truncatingIfNeeded: before + rows.count))
    }
    kept.append(rows.withUnsafeBufferPointer { vector.gather($0) })
  }

  @inline(__always)
  private func encodeFixed<Value: BitwiseCopyable>(
    _ vector: ColumnVector,
    _ inserting: Bool,
    _ out: UnsafeMutablePointer<Int32>,
    _ lane: Lane<Value>,
    _ key: (Value) -> Int64
  ) {
    guard let integers else { return }
    let count = vector.count
    if vector.validity == nil, nullID < 0 {
      if inserting {
        for row in 0..<count { out[row] = integers.insert(key(lane[row])) }
      } else {
        for row in 0..<count { out[row] = integers.find(key(lane[row])) }
      }
      return
    }
    for row in 0..<count {
      if vector.isNull(row) {
        out[row] = nullNumber(inserting: inserting)
      } else {
        let value = key(lane[row])
        let id = inserting ? integers.insert(value) : integers.find(value)
        out[row] = id < 0 ? id : number(id)
      }
    }
  }

  private func encodeDictionary(
    _ vector: ColumnVector,
    _ codes: Buffer,
    _ dictionary: VectorDictionary,
    inserting: Bool,
    into out: UnsafeMutablePointer<Int32>
  ) {
    if cachedDictionary !== dictionary {
      cachedDictionary = dictionary
      cachedCodes = [Int32](repeating: -2, count: dictionary.values.count)
    }
    let source = codes.values(as: Int32.self)
    var one: Int32 = -1
    for row in 0..<vector.count {
      if vector.isNull(row) {
        out[row] = nullNumber(inserting: inserting)
        continue
      }
      let code = Int(source[row])
      // A value not found may be inserted later: only finds are remembered, as table ids.
      if cachedCodes[code] < 0 {
        encode(slice(dictionary.values, code..<code + 1), inserting: inserting, into: &one)
        cachedCodes[code] = one < 0 ? -2 : nullID >= 0 && one > nullID ? one - 1 : one
      }
      out[row] = cachedCodes[code] < 0 ? -1 : number(cachedCodes[code])
    }
  }

  /// The values under `numbers`, as a flat column.
  func values(_ numbers: UnsafeBufferPointer<Int32>) -> ColumnVector {
    let count = numbers.count
    let null = nullID
    let validity =
      null < 0 ? nil : ValidityBitmap.make(count: count) { numbers[$0] != null }
    @inline(__always) func id(_ number: Int32) -> Int {
      Int(null >= 0 && number > null ? number - 1 : number)
    }
    if isByBytes {
      let all = ColumnVector.concatenate(kept, type: type)
      kept = [all]
      let places = numbers.map { $0 == null ? 0 : Int32(truncatingIfNeeded: id($0)) }
      if all.count == 0 { return nullColumn(type, count: count) }
      return places.withUnsafeBufferPointer { all.gather($0) }.withValidity(validity)
    }
    if let texts {
      let views = texts.views
      return ColumnVector(
        type: type,
        count: count,
        values: Buffer(byteCount: count * 16) { memory in
          let target = memory.bindMemory(to: TextView.self)
          for row in 0..<count where numbers[row] != null {
            target[row] = views[id(numbers[row])]
          }
        },
        textData: texts.textData,
        validity: validity
      )
    }
    guard let integers else { return nullColumn(type, count: count) }
    let keys = integers.keys
    switch type.layout {
    case .fixed(width: 8):
      return makeFixed(type, count, validity, as: Int64.self) { out in
        for row in 0..<count where numbers[row] != null { out[row] = keys[id(numbers[row])] }
      }
    case .fixed(width: 2):
      return makeFixed(type, count, validity, as: Int16.self) { out in
        for row in 0..<count where numbers[row] != null {
          out[row] = Int16(truncatingIfNeeded: keys[id(numbers[row])])
        }
      }
    case .fixed(width: 4):
      return makeFixed(type, count, validity, as: Int32.self) { out in
        for row in 0..<count where numbers[row] != null {
          out[row] = Int32(truncatingIfNeeded: keys[id(numbers[row])])
        }
      }
    default:
      return makeFixed(type, count, validity, as: UInt8.self) { out in
        for row in 0..<count where numbers[row] != null {
          out[row] = UInt8(truncatingIfNeeded: keys[id(numbers[row])])
        }
      }
    }
  }
}

/// Numbers distinct rows of key columns.
///
/// Not thread-safe.
public final class GroupTable {
  private let encoders: [KeyEncoder]
  private let pairs: [IntegerKeyTable]
  private var hasRows = false

  public init(types: [DataType]) {
    encoders = types.map { KeyEncoder(type: $0) }
    pairs = types.dropFirst().map { _ in IntegerKeyTable() }
  }

  /// Distinct rows so far.
  ///
  /// Without key columns there is one group as soon as there is a row.
  public var groupCount: Int {
    pairs.last?.count ?? encoders.first?.count ?? (hasRows ? 1 : 0)
  }

  public var byteCount: Int {
    encoders.reduce(0) { $0 + $1.byteCount } + pairs.reduce(0) { $0 + $1.byteCount }
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
    guard let first = keys.first else {
      for row in 0..<rowCount { out[row] = 0 }
      return
    }
    encoders[0].encode(first, inserting: inserting, into: out)
    guard keys.count > 1 else { return }
    let codes = UnsafeMutablePointer<Int32>.allocate(capacity: rowCount)
    defer { codes.deallocate() }
    for column in 1..<keys.count {
      encoders[column].encode(keys[column], inserting: inserting, into: codes)
      let table = pairs[column - 1]
      if inserting {
        for row in 0..<rowCount {
          out[row] = table.insert(Int64(out[row]) << 32 | Int64(codes[row]))
        }
      } else {
        for row in 0..<rowCount {
          let isKnown = out[row] >= 0 && codes[row] >= 0
          out[row] = isKnown ? table.find(Int64(out[row]) << 32 | Int64(codes[row])) : -1
        }
      }
    }
  }

  /// The key columns of groups `range`, in order of appearance.
  public func keyColumns(_ range: Range<Int>) -> [ColumnVector] {
    var numbers = range.map { Int32(truncatingIfNeeded: $0) }
    var columns: [ColumnVector] = []
    for column in encoders.indices.reversed() {
      var codes = numbers
      if column > 0 {
        let table = pairs[column - 1]
        for index in numbers.indices {
          let pair = table.keys[Int(numbers[index])]
          codes[index] = Int32(truncatingIfNeeded: pair)
          numbers[index] = Int32(truncatingIfNeeded: pair >> 32)
        }
      }
      columns.append(codes.withUnsafeBufferPointer { encoders[column].values($0) })
    }
    return columns.reversed()
  }
}

/// A set of values, for `IN`: three-valued, as SQL wants.
///
/// `@unchecked Sendable`: the lookup is used only under `lock`.
public final class MembershipTable: @unchecked Sendable {
  private let lock = Mutex<Void>(())
  private let lookup: MembershipLookup

  /// The values of one column, NULLs allowed.
  public init(_ values: ColumnVector) {
    lookup = MembershipLookup(values: values.plain, hasNull: values.nullCount > 0)
  }

  /// True where the value is in the set; NULL where it is NULL, or absent and the set has a NULL.
  ///
  /// An empty set gives false.
  public func contains(_ vector: ColumnVector) -> ColumnVector {
    lock.withLock { _ in lookup.contains(vector) }
  }
}

/// One thread's hash table over the values of an `IN`.
final class MembershipLookup {
  private let encoder: KeyEncoder
  private let hasNull: Bool
  private let isEmpty: Bool

  init(values: ColumnVector, hasNull: Bool) {
    encoder = KeyEncoder(type: values.type)
    self.hasNull = hasNull
    isEmpty = values.count == 0
    var numbers = [Int32](repeating: 0, count: values.count)
    let valid = RowSelection(isNull(values, negated: true))
    let kept = valid.count == values.count ? values : values.gather(valid.rows)
    numbers.withUnsafeMutableBufferPointer { out in
      if let start = out.baseAddress { encoder.encode(kept, inserting: true, into: start) }
    }
  }

  func contains(_ vector: ColumnVector) -> ColumnVector {
    let count = vector.count
    if isEmpty { return ColumnVector(constant: .boolean(false), type: .boolean, count: count) }
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, count))
    defer { numbers.deallocate() }
    encoder.encode(vector, inserting: false, into: numbers)
    let validity: ValidityBitmap? =
      hasNull || vector.validity != nil
      ? ValidityBitmap.make(count: count) { row in
        !vector.isNull(row) && (numbers[row] >= 0 || !hasNull)
      } : nil
    // Equality is IEEE's: NaN is in no set.
    let isDouble = vector.type == .double
    return makeFixed(.boolean, count, validity, as: UInt8.self) { out in
      for row in 0..<count {
        out[row] = numbers[row] >= 0 && !(isDouble && isNaN(vector, row)) ? 1 : 0
      }
    }
  }

  private func isNaN(_ vector: ColumnVector, _ row: Int) -> Bool {
    vector.values.values(as: Double.self)[vector.valueIndex(row)].isNaN
  }
}

/// Tells the first of equal (group, value) pairs from its repetitions: for `count(DISTINCT x)`.
public final class DistinctFilter {
  private let encoder: KeyEncoder
  private let pairs = IntegerKeyTable()

  public init(type: DataType) { encoder = KeyEncoder(type: type) }

  public var byteCount: Int { encoder.byteCount + pairs.byteCount }

  /// The rows whose value is not NULL and new in its group.
  public func newRows(_ vector: ColumnVector, groups: UnsafePointer<Int32>?) -> RowSelection {
    let count = vector.count
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, count))
    defer { numbers.deallocate() }
    encoder.encode(vector, inserting: true, into: numbers)
    var rows: [Int32] = []
    for row in 0..<count where !vector.isNull(row) {
      let before = pairs.count
      _ = pairs.insert(Int64(groups?[row] ?? 0) << 32 | Int64(numbers[row]))
      if pairs.count > before { rows.append(Int32(truncatingIfNeeded: row)) }
    }
    return RowSelection(rows)
  }
}
