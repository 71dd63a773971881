/// Runs every `.slt` file of `Tests/SQLLogicTests`, in every way that must not matter, and on
/// DuckDB.
import Foundation
import QueryExecution
import TestSupport
import Testing
import TrinoSQL

struct SQLLogicTests {
  static let directory = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("SQLLogicTests")

  static var files: [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path)
    return (names ?? []).filter { $0.hasSuffix(".slt") }.sorted()
  }

  /// 2024-01-16 09:10 in Seoul.
  static let session = Session(
    catalog: "memory", schema: "default", now: { 1_705_363_800_000 })

  private static func text(_ file: String) throws -> String {
    try String(contentsOf: directory.appendingPathComponent(file), encoding: .utf8)
  }

  private func check(_ file: String, _ runner: SQLLogicTestRunner) throws {
    var runner = runner
    runner.run(try Self.text(file), file: file)
    #expect(runner.recordCount > 0)
    for failure in runner.failures { Issue.record("\(failure)") }
  }

  @Test(arguments: files)
  func `gives the results its file states`(file: String) throws {
    try check(file, SQLLogicTestRunner(session: Self.session))
  }

  @Test(arguments: QueryEngine.optimizerRules.indices)
  func `gives the same results without a rule`(index: Int) throws {
    let rule = QueryEngine.optimizerRules[index]
    for file in Self.files {
      // A third of the queries, another third for the next rule: the test must stay quick.
      try check(
        file, SQLLogicTestRunner(session: Self.session, rulesOff: [rule], share: (index, 3)))
    }
  }

  @Test func `gives the same results without any rule`() throws {
    for file in Self.files {
      try check(
        file,
        SQLLogicTestRunner(session: Self.session, rulesOff: Set(QueryEngine.optimizerRules)))
    }
  }

  @Test(arguments: [
    ExecutionOptions(workerCount: 1), ExecutionOptions(workerCount: 4, batchRowsMax: 1),
    ExecutionOptions(
      workerCount: 2, scheduler: .pipelined(elidesLocalExchanges: false), taskCount: 3),
    ExecutionOptions(workerCount: 2, scheduler: .staged, taskCount: 3),
  ])
  func `gives the same results however it is run`(options: ExecutionOptions) throws {
    for file in Self.files {
      try check(file, SQLLogicTestRunner(session: Self.session, options: options, share: (0, 2)))
    }
  }

  @Test func `has at least 1,500 records that differ in more than their literals`() throws {
    var shapes: Set<String> = []
    for file in Self.files {
      let script = try SQLLogicTestScript(parsing: try Self.text(file), file: file)
      shapes.formUnion(script.entries.compactMap { $0.sql.map(SQLLogicTestScript.shape(of:)) })
    }
    #expect(shapes.count >= 1_500)
  }

  @Test(arguments: files)
  func `names its oracle in its first line`(file: String) throws {
    let first = try #require(try Self.text(file).split(separator: "\n").first)
    #expect(first.hasPrefix("# Oracle: "))
    #expect(["DuckDB", "Trino", "SQL standard"].contains { first.contains($0) })
  }

  @Test(
    .enabled(
      if: InteropPython.interpreter != nil,
      "TAPLINE_INTEROP_PYTHON names no Python with duckdb"))
  func `DuckDB gives the results that the files state`() throws {
    let program = try Self.text("duckdb_oracle.py")
    let paths = Self.files.map { Self.directory.appendingPathComponent($0).path }
    let said = try InteropPython.run(program, ["check"] + paths)
    print(said)
    let count = said.split(separator: " ").compactMap { Int($0) }.first ?? 0
    #expect(count >= 1_200, "records that ran on DuckDB")
  }
}
