import Course
import Grading
import Testing

/// The worksheet of the lake: its formulas, and what each misconception is told.
@Suite struct LakeWorksheetTests {
  private static let content = CourseContent(root: contentRoot)

  /// 1,000,000 users × 50 events.
  private static let base: [String: Double] = {
    var values: [String: Double] = [:]
    for one in (try? content.assumptions()) ?? [] { values[one.id] = one.choices[0] }
    values.merge(["dau": 1_000_000, "events_per_user": 50]) { $1 }
    return values
  }()

  /// With the course's own measured sizes of an event.
  private static let measured = ["raw_bytes": 544.0, "gzip_bytes": 76, "parquet_bytes": 51]

  private static let answers: [(cell: String, text: String)] = [
    ("events_per_day", "5천만 건"), ("raw_bytes", "544 B"), ("gzip_bytes", "76"),
    ("parquet_bytes", "51바이트"), ("raw_gb", "27.2 GB"), ("gzip_gb", "3.8GB"),
    ("parquet_gb", "2,550 MB"), ("parquet_tb_year", "0.93"), ("files_per_day", "10개"),
    ("scan_raw_usd", "4.08 USD"), ("scan_columns_usd", "0.033"), ("tiles_raw_usd", "58,752"),
    ("tiles_columns_usd", "476 USD"), ("bronze_usd", "2.62"), ("silver_usd", "23.2"),
  ]

  private func rows(_ changes: [String: String] = [:]) throws -> [String: WorksheetRow] {
    let sheet = try #require(try Self.content.worksheets().first { $0.id == "lake" })
    var entries: [String: WorksheetEntry] = [:]
    for (id, text) in Self.answers {
      let text = changes[id] ?? text
      let cell = try #require(sheet.cell(id: id))
      let reading = WrittenNumber.read(text, in: cell.unit, nouns: cell.nouns)
      guard case .number(let written) = reading else {
        Issue.record("\(text): \(reading)")
        continue
      }
      entries[id] = WorksheetEntry(value: written.value, text: text, measured: Self.measured[id])
    }
    let rows = sheet.rows(entries, assumptions: Self.base)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.cell.id, $0) })
  }

  @Test func `the curriculum's base case is right in every cell`() throws {
    let rows = try rows()
    #expect(rows.count == Self.answers.count)
    for (id, _) in Self.answers { #expect(rows[id]?.state == .right, "\(id)") }
  }

  @Test(arguments: [("files_per_day", "5"), ("files_per_day", "20")])
  func `files may be from 128 to 512 MB`(cell: String, text: String) throws {
    #expect(try rows([cell: text])[cell]?.state == .right)
  }

  @Test(arguments: [
    ("events_per_day", "1,000,000", "users-only"), ("gzip_bytes", "544", "not-compressed"),
    ("parquet_bytes", "76", "gzip-again"),
    ("raw_gb", "25.33", "gib"), ("gzip_gb", "27.2", "not-compressed"), ("parquet_gb", "2.375", "gib"),
    ("parquet_gb", "3.8", "gzip-again"), ("parquet_tb_year", "0.8465", "tib"),
    ("parquet_tb_year", "0.0765", "a-month"), ("parquet_tb_year", "1.387", "gzip-year"),
    ("files_per_day", "24", "hourly"), ("files_per_day", "1440", "every-minute"),
    ("files_per_day", "107", "files-of-json"),
    ("scan_raw_usd", "0.136", "one-day"), ("scan_raw_usd", "4080", "per-gb"),
    ("scan_columns_usd", "0.3825", "whole-parquet"), ("scan_columns_usd", "0.0011", "one-day"),
    ("tiles_raw_usd", "2448", "once-a-day"), ("tiles_raw_usd", "2937.6", "one-tile"),
    ("tiles_raw_usd", "1958.4", "one-day"), ("tiles_columns_usd", "19.8", "once-a-day"),
    ("bronze_usd", "18.77", "stored-as-json"), ("bronze_usd", "0.0874", "one-day"),
    ("silver_usd", "0.7625", "thirteen-days"), ("silver_usd", "34.52", "stored-as-gzip"),
  ])
  func `a known misconception is named`(cell: String, text: String, mistake: String) throws {
    let row = try #require(try rows([cell: text])[cell])
    #expect(row.state == .firstWrong)
    #expect(row.mistake == mistake)
  }
}
