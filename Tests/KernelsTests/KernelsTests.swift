/// Kernels on flat, constant and dictionary columns, with NULLs and batch borders.
import Columnar
import Kernels
import Testing

private func integers(_ values: [Int64?]) -> ColumnVector {
  let builder = ColumnBuilder(type: .bigint)
  for value in values { builder.append(value) }
  return builder.finish()
}

private func texts(_ values: [String?]) -> ColumnVector {
  let builder = ColumnBuilder(type: .varchar)
  for value in values { builder.append(value) }
  return builder.finish()
}

/// Codes into `values`; -1 is NULL.
private func dictionary(_ values: [String], _ codes: [Int32]) -> ColumnVector {
  let buffer = codes.map { max($0, 0) }.withUnsafeBytes { Buffer(copying: $0) }
  return ColumnVector(
    dictionary: VectorDictionary(texts(values)), codes: buffer, count: codes.count,
    validity: ValidityBitmap.make(count: codes.count) { codes[$0] >= 0 })
}

private func scalars(_ vector: ColumnVector) -> [Scalar] { (0..<vector.count).map { vector.scalar($0) } }

struct KernelsTests {
  private func groups(_ table: GroupTable, _ keys: [ColumnVector]) -> [Int32] {
    var out = [Int32](repeating: -7, count: keys[0].count)
    out.withUnsafeMutableBufferPointer {
      table.assign(keys, rowCount: keys[0].count, into: $0.baseAddress!)
    }
    return out
  }

  @Test func `numbers groups in order of appearance, with NULL as a group`() {
    let table = GroupTable(types: [.bigint])
    #expect(groups(table, [integers([5, nil, 5, 7, nil])]) == [0, 1, 0, 2, 1])
    #expect(groups(table, [integers([7, 8, nil])]) == [2, 3, 1])
    #expect(table.groupCount == 4)
    #expect(scalars(table.keyColumns(0..<4)[0]) == [.integer(5), .null, .integer(7), .integer(8)])
  }

  @Test func `gives flat, dictionary and constant text the same groups`() {
    let table = GroupTable(types: [.varchar])
    let long = "a text of more than twelve bytes"
    #expect(groups(table, [dictionary(["x", long], [1, 0, -1, 1])]) == [0, 1, 2, 0])
    #expect(groups(table, [texts(["x", long, nil, "y"])]) == [1, 0, 2, 3])
    let constant = ColumnVector(constant: .text("y"), type: .varchar, count: 3)
    #expect(groups(table, [constant]) == [3, 3, 3])
    #expect(groups(table, [dictionary(["y", "new"], [0, 1])]) == [3, 4])
    #expect(
      scalars(table.keyColumns(0..<5)[0]) == [
        .text(long), .text("x"), .null, .text("y"), .text("new"),
      ])
  }

  @Test func `numbers rows of several key columns`() {
    let table = GroupTable(types: [.bigint, .varchar, .bigint])
    let keys = [
      integers([1, 1, 2, 1, nil]), texts(["a", "b", "a", "a", nil]), integers([9, 9, 9, 9, 9]),
    ]
    #expect(groups(table, keys) == [0, 1, 2, 0, 3])
    let columns = table.keyColumns(0..<4)
    #expect(scalars(columns[0]) == [.integer(1), .integer(1), .integer(2), .null])
    #expect(scalars(columns[1]) == [.text("a"), .text("b"), .text("a"), .null])
  }

  @Test func `keeps many groups apart while the table grows`() {
    let table = GroupTable(types: [.bigint])
    let count = 100_000
    let numbers = groups(table, [integers((0..<count).map { Int64($0) &* 7_919 })])
    #expect(numbers == (0..<count).map { Int32($0) })
    let texted = GroupTable(types: [.varchar])
    let names = groups(texted, [texts((0..<20_000).map { "key number \($0 % 10_000)" })])
    #expect(texted.groupCount == 10_000)
    #expect(names[15_000] == 5_000)
  }

  @Test func `ignores overflow and zero under NULL`() throws {
    let sum = try arithmetic(.add, integers([.max, nil]), integers([nil, 1]))
    #expect(scalars(sum) == [.null, .null])
    let quotient = try arithmetic(.divide, integers([6, nil]), integers([3, 0]))
    #expect(scalars(quotient) == [.integer(2), .null])
    #expect(throws: KernelError.divisionByZero) {
      try arithmetic(.divide, integers([1]), integers([0]))
    }
  }

  @Test func `merges rows computed apart`() {
    let merged = merge(
      [
        (RowSelection([1, 3]), texts(["b", nil])), (RowSelection([0]), texts(["a"])),
        (RowSelection([2]), ColumnVector(constant: .null, type: .unknown, count: 1)),
      ], type: .varchar, count: 4)
    #expect(scalars(merged) == [.text("a"), .text("b"), .null, .null])
  }

  @Test func `sorts by several columns with NULLs where they are asked for`() {
    let rows = sortedRows(
      [texts(["b", "a", nil, "b"]), integers([1, 2, 3, 0])],
      [
        SortDirection(isAscending: false, nullsFirst: true),
        SortDirection(isAscending: true, nullsFirst: false),
      ], count: 4)
    #expect(Array(rows.rows) == [2, 3, 0, 1])
  }

  @Test func `prints doubles as Java does`() {
    #expect(javaText(1) == "1.0")
    #expect(javaText(1e7) == "1.0E7")
    #expect(javaText(9_999_999.5) == "9999999.5")
    #expect(javaText(0.001) == "0.001")
    #expect(javaText(0.00099) == "9.9E-4")
    #expect(javaText(-123.456) == "-123.456")
    #expect(javaText(1.7976931348623157e308) == "1.7976931348623157E308")
    #expect(javaText(1e16) == "1.0E16")
    #expect(javaText(100) == "100.0")
  }

  @Test func `knows the calendar around leap days and before 1970`() {
    for day: Int64 in stride(from: -800_000, through: 800_000, by: 997) {
      let parts = civil(fromDays: day)
      #expect(days(year: parts.year, month: parts.month, day: parts.day) == day)
    }
    #expect(dateText(-1) == "1969-12-31")
    #expect(dateText(19_782) == "2024-02-29")
    #expect(timestampText(-1, precision: 6) == "1969-12-31 23:59:59.999999")
  }
}
