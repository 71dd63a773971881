import Columnar
import Kernels

/// Tells the first of equal (group, arguments) rows from its repetitions.
final class DistinctRows {
  private let table: GroupTable
  private var codes = SeenCodes()

  init(_ types: [DataType]) { table = GroupTable(types: [.integer] + types) }

  var byteCount: Int { table.byteCount + codes.byteCount }

  /// Rows that are new in their group; NULL is a value here, which accumulators may pass over.
  func newRows(_ arguments: [ColumnVector], _ groups: [Int32]) -> [Int32] {
    guard arguments.count == 1, let candidates = codes.firstRows(arguments[0], groups) else {
      return newRowsOfTable(arguments, groups)
    }
    let picked = candidates.withUnsafeBufferPointer { rows in
      [arguments[0].gather(rows).flattened()]
    }
    return newRowsOfTable(picked, candidates.map { groups[Int($0)] }).map { candidates[Int($0)] }
  }

  private func newRowsOfTable(_ arguments: [ColumnVector], _ groups: [Int32]) -> [Int32] {
    let count = groups.count
    guard count > 0 else { return [] }
    let buffer = groups.withUnsafeBytes { Buffer(copying: $0) }
    let group = ColumnVector(type: .integer, count: count, values: buffer)
    let before = table.groupCount
    let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: count)
    defer { numbers.deallocate() }
    table.assign([group] + arguments, rowCount: count, into: numbers)
    var rows: [Int32] = []
    // Numbers are given by first appearance: a new one is larger than all before it.
    var largest = before - 1
    for row in 0..<count where Int(numbers[row]) > largest {
      largest = Int(numbers[row])
      rows.append(Int32(truncatingIfNeeded: row))
    }
    return rows
  }
}

/// Which codes of a dictionary each group has met: batches of one row group of a file share theirs, and
/// what a bit tells need not be looked up by its value.
private struct SeenCodes {
  private var dictionary: VectorDictionary?
  /// By group and code; NULL is one code more.
  private var seen: [Bool] = []

  /// More pairs than this are looked up by value.
  private static let pairsMax = 1 << 22

  var byteCount: Int { seen.count }

  /// The rows whose group meets their code for the first time; nil where the column has no codes, or too
  /// many.
  mutating func firstRows(_ column: ColumnVector, _ groups: [Int32]) -> [Int32]? {
    guard case .dictionary(let codes, let dictionary) = column.encoding, let last = groups.max()
    else { return nil }
    let width = dictionary.values.count + 1
    let pairs = (Int(last) + 1).multipliedReportingOverflow(by: width)
    // A table of them that is made for few rows costs more than it saves.
    guard !pairs.overflow, pairs.partialValue <= min(Self.pairsMax, groups.count * 64) else { return nil }
    if self.dictionary !== dictionary {
      self.dictionary = dictionary
      seen = [Bool](repeating: false, count: pairs.partialValue)
    } else if seen.count < pairs.partialValue {
      seen += [Bool](repeating: false, count: pairs.partialValue - seen.count)
    }
    let code = codes.values(as: Int32.self)
    let validity = column.validity
    return seen.withUnsafeMutableBufferPointer { seen in
      groups.withUnsafeBufferPointer { groups in
        [Int32](unsafeUninitializedCapacity: groups.count) { rows, count in
          // Every row is written down, and stays where it is the first: nothing to guess for the processor.
          for row in groups.indices {
            var value = Int(code[row])
            if let validity, !validity.isValid(row) { value = width - 1 }
            let pair = Int(groups[row]) * width + value
            rows[count] = Int32(truncatingIfNeeded: row)
            count += seen[pair] ? 0 : 1
            seen[pair] = true
          }
        }
      }
    }
  }
}
