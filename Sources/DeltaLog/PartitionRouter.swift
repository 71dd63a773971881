internal import Columnar

/// Tells which rows of a batch belong to which partition, column by column.
///
/// Values get small codes once, and rows get the codes. Only flat text that differs from the row
/// before allocates; dates, integers and dictionaries do not.
struct PartitionRouter {
  /// The text of each partition column, by group; nil for NULL.
  private(set) var groups: [[String?]] = []

  private var coders: [ValueCoder]
  private let columns: [Int]
  /// Codes of the second and later columns are folded into one: pair of code so far and next code.
  private var folds: [PairCoder]
  private var groupByCode: [Int] = []

  /// Routes by the columns at `columns`, whose types partitions can have.
  init(columns: [Int], types: [DataType]) {
    self.columns = columns
    coders = types.map { ValueCoder(type: $0) }
    folds = columns.dropFirst().map { _ in PairCoder() }
  }

  /// The groups of a batch in the order of their first row; rows are nil where all belong to one.
  mutating func route(_ batch: ColumnarBatch) -> [(group: Int, rows: [Int32]?)] {
    guard batch.rowCount > 0 else { return [] }
    guard !columns.isEmpty else { return [(group(of: 0), nil)] }
    var codes = coders[0].codes(of: batch.columns[columns[0]])
    for index in folds.indices {
      codes = folds[index].fold(
        codes,
        coders[index + 1].codes(of: batch.columns[columns[index + 1]])
      )
    }
    return codes.count == 1 ? [(group(of: codes[0]), nil)] : split(codes)
  }

  private mutating func split(_ codes: [Int32]) -> [(group: Int, rows: [Int32]?)] {
    var order: [Int] = []
    var rows: [[Int32]] = []
    var slots = [Int](repeating: -1, count: Int(codes.max() ?? 0) + 1)
    for row in 0..<codes.count {
      let code = Int(codes[row])
      if slots[code] < 0 {
        slots[code] = order.count
        order.append(group(of: codes[row]))
        rows.append([])
      }
      rows[slots[code]].append(Int32(truncatingIfNeeded: row))
    }
    if order.count == 1 { return [(order[0], nil)] }
    return zip(order, rows).map { ($0, $1) }
  }

  private mutating func group(of code: Int32) -> Int {
    while groupByCode.count <= Int(code) { groupByCode.append(-1) }
    if groupByCode[Int(code)] >= 0 { return groupByCode[Int(code)] }
    groupByCode[Int(code)] = groups.count
    groups.append(texts(of: code))
    return groups.count - 1
  }

  /// The values behind a folded code, from the last column back to the first.
  private func texts(of code: Int32) -> [String?] {
    guard !columns.isEmpty else { return [] }
    var code = code
    var result: [String?] = []
    for index in folds.indices.reversed() {
      let pair = folds[index].pairs[Int(code)]
      result.append(coders[index + 1].texts[Int(pair.second)])
      code = pair.first
    }
    result.append(coders[0].texts[Int(code)])
    return result.reversed()
  }
}

/// Small codes for pairs of codes.
private struct PairCoder {
  private(set) var pairs: [(first: Int32, second: Int32)] = []
  private var codeByPair: [UInt64: Int32] = [:]

  /// One code a row; a side of one code stands for all rows.
  mutating func fold(_ first: [Int32], _ second: [Int32]) -> [Int32] {
    var result = [Int32](repeating: 0, count: max(first.count, second.count))
    var lastKey = UInt64.max
    var last: Int32 = 0
    for row in 0..<result.count {
      let left = first.count == 1 ? first[0] : first[row]
      let right = second.count == 1 ? second[0] : second[row]
      let key = UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
      if key != lastKey {
        last = code(of: key, (left, right))
        lastKey = key
      }
      result[row] = last
    }
    return result
  }

  private mutating func code(of key: UInt64, _ pair: (Int32, Int32)) -> Int32 {
    if let known = codeByPair[key] { return known }
    let code = Int32(truncatingIfNeeded: pairs.count)
    pairs.append((pair.0, pair.1))
    codeByPair[key] = code
    return code
  }
}

/// Small codes for the values of one partition column; 0 is NULL.
private struct ValueCoder {
  let type: DataType
  private(set) var texts: [String?] = [nil]
  private var integerCodes: [Int64: Int32] = [:]
  private var textCodes: [[UInt8]: Int32] = [:]

  init(type: DataType) {
    self.type = type
  }

  /// One code a row, or a single one for a constant.
  mutating func codes(of vector: ColumnVector) -> [Int32] {
    switch vector.encoding {
    case .constant where vector.validity == nil || vector.nullCount == vector.count:
      return [vector.isNull(0) ? 0 : code(of: vector, at: 0)]
    case .constant:
      let value = code(of: vector, at: 0)
      return (0..<vector.count).map { vector.isNull($0) ? 0 : value }
    case .dictionary(let codes, let dictionary):
      let source = codes.values(as: Int32.self)
      var byCode = [Int32](repeating: -1, count: dictionary.values.count)
      return (0..<vector.count).map { row in
        if vector.isNull(row) { return 0 }
        let index = Int(source[row])
        if byCode[index] < 0 { byCode[index] = code(of: vector, at: index) }
        return byCode[index]
      }
    case .flat: return flatCodes(vector)
    }
  }

  private mutating func flatCodes(_ vector: ColumnVector) -> [Int32] {
    var result = [Int32](repeating: 0, count: vector.count)
    var last: Int32 = 0
    var lastRow = -1
    for row in 0..<vector.count where !vector.isNull(row) {
      if lastRow < 0 || !Self.isSame(vector, lastRow, row) {
        last = code(of: vector, at: row)
        lastRow = row
      }
      result[row] = last
    }
    return result
  }

  private static func isSame(_ vector: ColumnVector, _ left: Int, _ right: Int) -> Bool {
    switch vector.type.layout {
    case .fixed(width: 8):
      let values = vector.values.values(as: Int64.self)
      return values[left] == values[right]
    case .fixed:
      let values = vector.values.values(as: Int32.self)
      return values[left] == values[right]
    case .text:
      let views = vector.values.values(as: TextView.self)
      if views[left].low != views[right].low { return false }
      if views[left].isInline { return views[left].high == views[right].high }
      return vector.withTextValue(at: left) { left in
        vector.withTextValue(at: right) { left.elementsEqual($0) }
      }
    case .list, .map, .row: return false
    }
  }

  /// The code of the value at an index into the vector's values.
  private mutating func code(of vector: ColumnVector, at index: Int) -> Int32 {
    if vector.type.layout == .text {
      let bytes = vector.withTextValue(at: index) { Array($0) }
      if let known = textCodes[bytes] { return known }
      let code = Int32(truncatingIfNeeded: texts.count)
      textCodes[bytes] = code
      texts.append(String(decoding: bytes, as: UTF8.self))
      return code
    }
    let value =
      vector.type.layout == .fixed(width: 8)
      ? vector.values.values(as: Int64.self)[index]
      : Int64(vector.values.values(as: Int32.self)[index])
    if let known = integerCodes[value] { return known }
    let code = Int32(truncatingIfNeeded: texts.count)
    integerCodes[value] = code
    texts.append(PartitionValue.text(value, type: type))
    return code
  }
}
