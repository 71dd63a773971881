// Random queries over random tables: our rows against DuckDB's.
//
// TAPLINE_DIFFERENTIAL_SEED repeats a run, TAPLINE_DIFFERENTIAL_COUNT makes it longer.

import Foundation
import QueryExecution
import Testing
import TestSupport
import TrinoSQL

@Suite(
  .enabled(
    if: InteropPython.interpreter != nil, "TAPLINE_INTEROP_PYTHON names no Python with duckdb"))
struct DifferentialTests {
  private static func setting(_ name: String) -> Int? {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
  }

  @Test(.timeLimit(.minutes(10)))
  func `gives the rows that DuckDB gives for random queries`() throws {
    let first =
      Self.setting("TAPLINE_DIFFERENTIAL_SEED") ?? Int.random(in: 1...1_000_000_000)
    let count = Self.setting("TAPLINE_DIFFERENTIAL_COUNT") ?? 600
    let oracle = try String(
      contentsOf: SQLLogicTests.directory.appendingPathComponent("duckdb_oracle.py"),
      encoding: .utf8)
    let scratch = try ScratchDirectory("differential")
    print("differential seed \(first), \(count) queries")
    let perWorld = 100
    var asked = 0
    var unanswered = 0
    // Over the whole run: one world of few rows says nothing of the generator.
    defer { #expect(unanswered <= asked / 2, "seed \(first): \(unanswered) gave no rows") }
    let deadline = ContinuousClock().now + .seconds(15)
    for world in 0..<max(1, count / perWorld) {
      // A slow machine does fewer, unless a number was asked for.
      if Self.setting("TAPLINE_DIFFERENTIAL_COUNT") == nil, ContinuousClock().now > deadline {
        break
      }
      let seed = first + world
      var random = RandomQueries(seed: UInt64(seed))
      var script = "# Oracle: DuckDB; random queries of seed \(seed).\n\n" + random.tables()
      for _ in 0..<perWorld {
        let (sql, isOrdered) = random.query()
        script += "query ? \(isOrdered ? "nosort" : "rowsort")\n\(sql)\n----\n\n"
      }
      var runner = SQLLogicTestRunner(
        session: SQLLogicTests.session, options: ExecutionOptions(workerCount: 2))
      let completed = runner.completed(script, file: "seed \(seed)")
      for failure in runner.failures { Issue.record("seed \(seed): \(failure)") }
      // A generator whose queries fail would find nothing.
      let refused = completed.components(separatedBy: "\nstatement error").count - 1
      let empty = completed.components(separatedBy: "\n----\n\n").count - 1
      #expect(refused <= perWorld / 10, "seed \(seed): \(refused) queries failed")
      asked += perWorld
      unanswered += empty
      if let keep = ProcessInfo.processInfo.environment["TAPLINE_DIFFERENTIAL_KEEP"] {
        try completed.write(
          toFile: keep + "/seed-\(seed).slt", atomically: true, encoding: .utf8)
      }
      try scratch.write("seed-\(seed).slt", completed)
      do {
        _ = try InteropPython.run(oracle, ["check", scratch.path + "/seed-\(seed).slt"])
      } catch {
        Issue.record("TAPLINE_DIFFERENTIAL_SEED=\(seed): \(error)")
      }
    }
  }
}
