/// NDJSON files as tables: columns found, rows in order, and what is wrong with its line.
import Columnar
import Connector
import FileTables
import TestSupport
import Testing

struct JSONFileTests {
  private func rows(_ text: String, _ columns: [Int]? = nil) throws -> [[Scalar]] {
    let directory = try ScratchDirectory()
    try directory.write("events.ndjson", text)
    let table = try #require(try FileCatalog().table(path: directory.path + "/events.ndjson"))
    var rows: [[Scalar]] = []
    let wanted = columns ?? Array(table.schema.fields.indices)
    for split in try table.splits(for: ScanRequest(columns: wanted)) {
      let reader = try split.open()
      while let batch = try reader.next() {
        for row in 0..<batch.rowCount { rows.append(batch.row(row)) }
      }
    }
    return rows
  }

  @Test func `reads the columns that are asked for`() throws {
    let text = """
      {"id": 1, "at": "2024-01-15", "p": {"x": [1, 2]}, "ok": true}
      {"id": 2, "price": 1.5, "ok": null, "p": "한"}
      """
    #expect(
      try rows(text) == [
        [.integer(1), .integer(19_737), .text("{\"x\": [1, 2]}"), .boolean(true), .null],
        [.integer(2), .null, .text("한"), .null, .double(1.5)],
      ])
    #expect(try rows(text, [4, 0]) == [[.null, .integer(1)], [.double(1.5), .integer(2)]])
    #expect(try rows(text, []).count == 2)
  }

  @Test func `names the line of a value that does not fit, past the lines looked at`() throws {
    let lines = (1...1_500).map { "{\"id\": \($0 == 1_200 ? "\"x\"" : "\($0)")}" }
    let error = #expect(throws: FileTablesError.self) {
      try rows(lines.joined(separator: "\n"))
    }
    #expect(error?.kind == .badRecord)
    #expect(error?.line == 1_200)
    #expect(error?.message == "\"x\" does not fit column id, which is bigint")
  }

  @Test func `reads lines longer than a piece of the file`() throws {
    let long = String(repeating: "데이터", count: 300_000)
    let text = "{\"id\": 1, \"s\": \"\(long)\"}\n{\"id\": 2, \"s\": \"short\"}\n"
    #expect(try rows(text) == [[.integer(1), .text(long)], [.integer(2), .text("short")]])
  }
}
