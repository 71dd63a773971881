// The lines of a range of orders: how many each has, and the columns that others are computed from.

/// The shape of lineitem's rows for some orders.
struct LineRows {
  /// 1995-06-17, the specification's current date, in days since 1970-01-01.
  static let currentDate: Int64 = 9_298
  /// 1992-01-01 in days since 1970-01-01.
  private static let firstDate: Int32 = 8_035
  /// Order dates leave room for shipping (121 days) and receipt (30) before the end of 1998.
  private static let lastDate: Int32 = 8_035 + 2_557 - 121 - 30 - 1

  /// Counted from 0.
  let orders: Range<Int>
  /// Lines of each order, 1 to 7.
  let counts: [Int]
  /// All lines.
  let count: Int

  init(_ orders: Range<Int>) {
    self.orders = orders
    var random = RowRandom(seed: 1_434_868_289, row: orders.lowerBound)
    var total = 0
    counts = orders.map { _ in
      let lines = Int(random.next(1, 7))
      random.finishRow()
      total += lines
      return lines
    }
    count = total
  }

  /// The date of each order, in days since 1970-01-01.
  static func orderDates(_ orders: Range<Int>) -> [Int32] {
    var random = RowRandom(seed: 1_066_728_069, row: orders.lowerBound)
    return orders.map { _ in
      defer { random.finishRow() }
      return random.next(firstDate, lastDate)
    }
  }

  /// The order's date, for each line.
  var orderDates: [Int64] {
    zip(Self.orderDates(orders), counts).flatMap { day, lines in
      [Int64](repeating: Int64(day), count: lines)
    }
  }

  /// Calls `body` for each line with a column's stream.
  @inline(__always)
  func each(seed: Int64, perRow: Int, _ body: (Int, inout RowRandom) -> Void) {
    var random = RowRandom(seed: seed, perRow: perRow, row: orders.lowerBound)
    var line = 0
    for lines in counts {
      for _ in 0..<lines {
        body(line, &random)
        line += 1
      }
      random.finishRow()
    }
  }

  /// One number a line, both bounds included.
  func draw(seed: Int64, _ lower: Int32, _ upper: Int32) -> [Int64] {
    var result: [Int64] = []
    result.reserveCapacity(count)
    each(seed: seed, perRow: 7) { result.append(Int64($1.next(lower, upper))) }
    return result
  }
}

/// Columns of lineitem that orders' totals and other columns are computed from.
struct LineColumns {
  private let quantities: [Int64]
  private let parts: [Int64]
  /// Hundredths.
  let discounts: [Int64]
  /// Hundredths.
  let taxes: [Int64]
  let shipDates: [Int64]

  init(_ lines: LineRows, scaleFactor: Double) {
    quantities = Self.quantities(lines)
    parts = Self.parts(lines, scaleFactor)
    discounts = Self.discounts(lines)
    taxes = Self.taxes(lines)
    shipDates = Self.shipDates(lines)
  }

  /// Cents, before discount and tax.
  func price(_ line: Int) -> Int64 { TPCHReader.price(ofPart: parts[line]) * quantities[line] }

  static func quantities(_ lines: LineRows) -> [Int64] { lines.draw(seed: 209_208_115, 1, 50) }
  static func discounts(_ lines: LineRows) -> [Int64] { lines.draw(seed: 554_590_007, 0, 10) }
  static func taxes(_ lines: LineRows) -> [Int64] { lines.draw(seed: 721_958_466, 0, 8) }

  static func parts(_ lines: LineRows, _ scaleFactor: Double) -> [Int64] {
    lines.draw(
      seed: 1_808_217_256, 1, Int32(TPCHTable.part.keyCount(scaleFactor: scaleFactor)))
  }

  static func shipDates(_ lines: LineRows) -> [Int64] {
    zip(lines.orderDates, lines.draw(seed: 1_769_349_045, 1, 121)).map { $0 + $1 }
  }

  static func receiptDates(_ lines: LineRows) -> [Int64] {
    zip(shipDates(lines), lines.draw(seed: 373_135_028, 1, 30)).map { $0 + $1 }
  }
}
