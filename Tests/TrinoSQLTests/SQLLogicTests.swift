/// Runs every `.slt` file of `Tests/SQLLogicTests`.
import Foundation
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

  @Test(arguments: files)
  func `gives the results its file states`(file: String) throws {
    let text = try String(
      contentsOf: Self.directory.appendingPathComponent(file), encoding: .utf8)
    var runner = SQLLogicTestRunner(session: Self.session)
    runner.run(text, file: file)
    #expect(runner.recordCount > 0)
    for failure in runner.failures { Issue.record("\(failure)") }
  }

  @Test func `has at least 250 records in all`() throws {
    var count = 0
    for file in Self.files {
      let text = try String(
        contentsOf: Self.directory.appendingPathComponent(file), encoding: .utf8)
      var runner = SQLLogicTestRunner(session: Self.session)
      runner.run(text, file: file)
      count += runner.recordCount
    }
    #expect(count >= 250)
  }
}
