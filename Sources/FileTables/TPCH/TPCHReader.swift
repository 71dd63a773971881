// Makes the rows of a range of keys, a wanted column at a time.
//
// Every column has a stream of its own (`RowRandom`), so columns that nobody wants cost nothing, and
// a range of keys is made without what comes before it.

import Columnar
import Connector

/// The rows of some keys of one table; belongs to one thread.
final class TPCHReader: BatchReader {
  private let table: TPCHTable
  private let scaleFactor: Double
  private let schema: Schema
  private let wanted: [(column: String, type: DataType)]
  private let pool: TextPool
  private var keys: Range<Int>
  /// Keys of one batch: few enough that a batch stays in the processor's cache.
  private let keysPerBatch: Int

  /// `columns` are positions in the table's schema; `keys` count from 0.
  init(
    _ table: TPCHTable, scaleFactor: Double, schema: Schema, columns: [Int], keys: Range<Int>,
    pool: TextPool
  ) {
    self.table = table
    self.scaleFactor = scaleFactor
    self.schema = schema.selecting(columns)
    let names = table.columns(money: .double).map(\.name)
    wanted = columns.map { (names[$0], schema[$0].type) }
    self.keys = keys
    self.pool = pool
    keysPerBatch = table.rowsPerKey.map { 8_192 / $0 } ?? 2_048
  }

  func next() throws -> ColumnarBatch? {
    guard !keys.isEmpty else { return nil }
    let range = keys.lowerBound..<min(keys.upperBound, keys.lowerBound + keysPerBatch)
    keys = range.upperBound..<keys.upperBound
    let lines = table == .lineitem ? LineRows(range) : nil
    let rowCount = lines?.count ?? range.count * (table.rowsPerKey ?? 1)
    var columns: [ColumnVector] = []
    for item in wanted {
      var output = TPCHOutput(type: item.type, capacity: rowCount)
      switch table {
      case .customer: customer(item.column, range, &output)
      case .lineitem: if let lines { lineitem(item.column, lines, &output) }
      case .nation: nation(item.column, range, &output)
      case .orders: orders(item.column, range, &output)
      case .part: part(item.column, range, &output)
      case .partsupp: partsupp(item.column, range, &output)
      case .region: region(item.column, range, &output)
      case .supplier: supplier(item.column, range, &output)
      }
      columns.append(output.finish())
    }
    return ColumnarBatch(schema: schema, columns: columns, rowCount: rowCount)
  }

  /// Calls `body` for each row with the column's stream, and skips what the row leaves over.
  @inline(__always)
  private func each(
    _ rows: Range<Int>, seed: Int64, perRow: Int = 1, _ body: (Int, inout RowRandom) -> Void
  ) {
    var random = RowRandom(seed: seed, perRow: perRow, row: rows.lowerBound)
    for row in rows {
      body(row, &random)
      random.finishRow()
    }
  }

  private func words(
    _ rows: Range<Int>, seed: Int64, _ words: WordDistribution, _ output: inout TPCHOutput
  ) {
    each(rows, seed: seed) { _, random in output.bytes(words.words[words.pick(&random)]) }
  }

  // MARK: nation, region

  private func nation(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "nationkey": for row in rows { output.integer(Int64(row)) }
    case "name": for row in rows { output.bytes(Array(TPCHWords.nations[row].name.utf8)) }
    case "regionkey": for row in rows { output.integer(TPCHWords.nations[row].region) }
    default:
      each(rows, seed: 606_179_079, perRow: 2) { output.comment(average: 72, &$1, pool) }
    }
  }

  private func region(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "regionkey": for row in rows { output.integer(Int64(row)) }
    case "name": for row in rows { output.bytes(TPCHWords.regions.words[row]) }
    default:
      each(rows, seed: 1_500_869_201, perRow: 2) { output.comment(average: 72, &$1, pool) }
    }
  }

  // MARK: part, partsupp

  static func price(ofPart key: Int64) -> Int64 {
    90_000 + (key / 10) % 20_001 + (key % 1_000) * 100
  }

  private func part(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "partkey": for row in rows { output.integer(Int64(row) + 1) }
    case "name": partNames(rows, &output)
    case "mfgr":
      each(rows, seed: 1) { output.numbered("Manufacturer#", Int64($1.next(1, 5)), width: 1) }
    case "brand":
      var makers = RowRandom(seed: 1, row: rows.lowerBound)
      each(rows, seed: 46_831_694) { _, random in
        let maker = Int64(makers.next(1, 5))
        makers.finishRow()
        output.numbered("Brand#", maker * 10 + Int64(random.next(1, 5)), width: 1)
      }
    case "type": words(rows, seed: 1_841_581_359, TPCHWords.types, &output)
    case "size": each(rows, seed: 1_193_163_244) { output.integer(Int64($1.next(1, 50))) }
    case "container": words(rows, seed: 727_633_698, TPCHWords.containers, &output)
    case "retailprice": for row in rows { output.money(Self.price(ofPart: Int64(row) + 1)) }
    default:
      each(rows, seed: 804_159_733, perRow: 2) { output.comment(average: 14, &$1, pool) }
    }
  }

  /// Five different colours: the first steps of a shuffle of all of them.
  private func partNames(_ rows: Range<Int>, _ output: inout TPCHOutput) {
    let colors = TPCHWords.colors.words
    var name: [UInt8] = []
    each(rows, seed: 709_314_158, perRow: colors.count) { _, random in
      var order = Array(colors.indices)
      name.removeAll(keepingCapacity: true)
      for place in 0..<5 {
        order.swapAt(place, Int(random.next(Int32(place), Int32(colors.count) - 1)))
        if place > 0 { name.append(UInt8(ascii: " ")) }
        name += colors[order[place]]
      }
      output.bytes(name)
    }
  }

  private var supplierCount: Int64 {
    Int64(TPCHTable.supplier.keyCount(scaleFactor: scaleFactor))
  }

  /// The `number`th (0 to 3) supplier of a part.
  private func supplier(ofPart key: Int64, _ number: Int64) -> Int64 {
    let count = supplierCount
    return (key + number * (count / 4 + (key - 1) / count)) % count + 1
  }

  private func partsupp(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "partkey":
      for row in rows { for _ in 0..<4 { output.integer(Int64(row) + 1) } }
    case "suppkey":
      for row in rows {
        for number in 0..<4 { output.integer(supplier(ofPart: Int64(row) + 1, Int64(number))) }
      }
    case "availqty":
      each(rows, seed: 1_671_059_989, perRow: 4) { _, random in
        for _ in 0..<4 { output.integer(Int64(random.next(1, 9_999))) }
      }
    case "supplycost":
      each(rows, seed: 1_051_288_424, perRow: 4) { _, random in
        for _ in 0..<4 { output.money(Int64(random.next(100, 100_000))) }
      }
    default:
      each(rows, seed: 1_961_692_154, perRow: 8) { _, random in
        for _ in 0..<4 { output.comment(average: 124, &random, pool) }
      }
    }
  }

  // MARK: supplier, customer

  private func supplier(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "suppkey": for row in rows { output.integer(Int64(row) + 1) }
    case "name": for row in rows { output.numbered("Supplier#", Int64(row) + 1, width: 9) }
    case "address": each(rows, seed: 706_178_559, perRow: 9) { output.address(average: 25, &$1) }
    case "nationkey": each(rows, seed: 110_356_601) { output.integer(Int64($1.next(0, 24))) }
    case "phone":
      var nations = RowRandom(seed: 110_356_601, row: rows.lowerBound)
      each(rows, seed: 884_434_366, perRow: 3) { _, random in
        let nation = Int64(nations.next(0, 24))
        nations.finishRow()
        output.phone(nation, &random)
      }
    case "acctbal":
      each(rows, seed: 962_338_209) { output.money(Int64($1.next(-99_999, 999_999))) }
    default: supplierComments(rows, &output)
    }
  }

  /// Five of 10,000 suppliers have complaints, and five recommendations, written into their comments.
  private func supplierComments(_ rows: Range<Int>, _ output: inout TPCHOutput) {
    var chosen = RowRandom(seed: 202_794_285, row: rows.lowerBound)
    var junk = RowRandom(seed: 263_032_577, row: rows.lowerBound)
    var places = RowRandom(seed: 715_851_524, row: rows.lowerBound)
    var kinds = RowRandom(seed: 753_643_799, row: rows.lowerBound)
    let base = Array("Customer ".utf8)
    each(rows, seed: 1_341_315_363, perRow: 2) { _, random in
      output.comment(average: 63, &random, pool) { text in
        guard chosen.next(1, 10_000) <= 10 else { return }
        let noteCount = base.count + "Complaints".utf8.count
        let noise = Int(junk.next(0, Int32(text.count - noteCount)))
        let place = Int(places.next(0, Int32(text.count - noteCount - noise)))
        let kind = Array((kinds.next(0, 100) < 50 ? "Complaints" : "Recommends").utf8)
        text.replaceSubrange(place..<place + base.count, with: base)
        let second = place + base.count + noise
        text.replaceSubrange(second..<second + kind.count, with: kind)
      }
      chosen.finishRow()
      junk.finishRow()
      places.finishRow()
      kinds.finishRow()
    }
  }

  private func customer(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "custkey": for row in rows { output.integer(Int64(row) + 1) }
    case "name": for row in rows { output.numbered("Customer#", Int64(row) + 1, width: 9) }
    case "address": each(rows, seed: 881_155_353, perRow: 9) { output.address(average: 25, &$1) }
    case "nationkey": each(rows, seed: 1_489_529_863) { output.integer(Int64($1.next(0, 24))) }
    case "phone":
      var nations = RowRandom(seed: 1_489_529_863, row: rows.lowerBound)
      each(rows, seed: 1_521_138_112, perRow: 3) { _, random in
        let nation = Int64(nations.next(0, 24))
        nations.finishRow()
        output.phone(nation, &random)
      }
    case "acctbal":
      each(rows, seed: 298_370_230) { output.money(Int64($1.next(-99_999, 999_999))) }
    case "mktsegment": words(rows, seed: 1_140_279_430, TPCHWords.segments, &output)
    default:
      each(rows, seed: 1_335_826_707, perRow: 2) { output.comment(average: 73, &$1, pool) }
    }
  }

  // MARK: orders

  /// Order keys are sparse: of 32 only the first 8 are used.
  static func orderKey(_ index: Int) -> Int64 {
    let number = Int64(index) + 1
    return ((number >> 3) << 5) + (number & 7)
  }

  private func orders(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    switch column {
    case "orderkey": for row in rows { output.integer(Self.orderKey(row)) }
    case "custkey": orderCustomers(rows, &output)
    case "orderstatus", "totalprice": orderTotals(column, rows, &output)
    case "orderdate": for day in LineRows.orderDates(rows) { output.integer(Int64(day)) }
    case "orderpriority": words(rows, seed: 591_449_447, TPCHWords.priorities, &output)
    case "clerk":
      let clerks = Int32(max(scaleFactor * 1_000, 1_000))
      each(rows, seed: 1_171_034_773) {
        output.numbered("Clerk#", Int64($1.next(1, clerks)), width: 9)
      }
    case "shippriority": for _ in rows { output.integer(0) }
    default:
      each(rows, seed: 276_090_261, perRow: 2) { output.comment(average: 49, &$1, pool) }
    }
  }

  /// Every third customer has no orders.
  private func orderCustomers(_ rows: Range<Int>, _ output: inout TPCHOutput) {
    let count = Int64(TPCHTable.customer.keyCount(scaleFactor: scaleFactor))
    each(rows, seed: 851_767_375) { _, random in
      var key = Int64(random.next(1, Int32(count)))
      var step: Int64 = 1
      while key % 3 == 0 {
        key = min(key + step, count)
        step = -step
      }
      output.integer(key)
    }
  }

  private func orderTotals(_ column: String, _ rows: Range<Int>, _ output: inout TPCHOutput) {
    let lines = LineRows(rows)
    let columns = LineColumns(lines, scaleFactor: scaleFactor)
    var line = 0
    for order in 0..<rows.count {
      var total: Int64 = 0
      var shipped = 0
      for _ in 0..<lines.counts[order] {
        let discounted = columns.price(line) * (100 - columns.discounts[line]) / 100
        total += discounted * (100 + columns.taxes[line]) / 100
        if columns.shipDates[line] <= LineRows.currentDate { shipped += 1 }
        line += 1
      }
      if column == "totalprice" {
        output.money(total)
      } else {
        let status = shipped == lines.counts[order] ? "F" : shipped > 0 ? "P" : "O"
        output.bytes(Array(status.utf8))
      }
    }
  }

  // MARK: lineitem

  private func lineitem(_ column: String, _ lines: LineRows, _ output: inout TPCHOutput) {
    switch column {
    case "orderkey":
      for (index, count) in lines.counts.enumerated() {
        for _ in 0..<count { output.integer(Self.orderKey(lines.orders.lowerBound + index)) }
      }
    case "linenumber":
      for count in lines.counts { for line in 0..<count { output.integer(Int64(line) + 1) } }
    case "partkey":
      for key in LineColumns.parts(lines, scaleFactor) { output.integer(key) }
    case "suppkey":
      let parts = LineColumns.parts(lines, scaleFactor)
      let numbers = lines.draw(seed: 2_095_021_727, 0, 3)
      for line in parts.indices { output.integer(supplier(ofPart: parts[line], numbers[line])) }
    case "quantity":
      for quantity in LineColumns.quantities(lines) { output.money(quantity * 100) }
    case "extendedprice":
      let quantities = LineColumns.quantities(lines)
      let parts = LineColumns.parts(lines, scaleFactor)
      for line in parts.indices { output.money(Self.price(ofPart: parts[line]) * quantities[line]) }
    case "discount": for value in LineColumns.discounts(lines) { output.money(value) }
    case "tax": for value in LineColumns.taxes(lines) { output.money(value) }
    case "returnflag": returnFlags(lines, &output)
    case "linestatus":
      for day in LineColumns.shipDates(lines) {
        output.bytes([UInt8(ascii: day <= LineRows.currentDate ? "F" : "O")])
      }
    case "shipdate": for day in LineColumns.shipDates(lines) { output.integer(day) }
    case "commitdate":
      let days = lines.draw(seed: 904_914_315, 30, 90)
      let dates = lines.orderDates
      for line in days.indices { output.integer(dates[line] + days[line]) }
    case "receiptdate": for day in LineColumns.receiptDates(lines) { output.integer(day) }
    case "shipinstruct": words(lines, seed: 1_371_272_478, TPCHWords.instructions, &output)
    case "shipmode": words(lines, seed: 675_466_456, TPCHWords.shipModes, &output)
    default:
      lines.each(seed: 1_095_462_486, perRow: 14) { output.comment(average: 27, &$1, pool) }
    }
  }

  private func words(
    _ lines: LineRows, seed: Int64, _ words: WordDistribution, _ output: inout TPCHOutput
  ) {
    lines.each(seed: seed, perRow: 7) { output.bytes(words.words[words.pick(&$1)]) }
  }

  /// Lines received in the past were returned (R) or accepted (A); the others are N, and draw nothing.
  private func returnFlags(_ lines: LineRows, _ output: inout TPCHOutput) {
    let received = LineColumns.receiptDates(lines)
    let flags = TPCHWords.returnFlags
    lines.each(seed: 717_419_739, perRow: 7) { line, random in
      if received[line] <= LineRows.currentDate {
        output.bytes(flags.words[flags.pick(&random)])
      } else {
        output.bytes([UInt8(ascii: "N")])
      }
    }
  }
}
