// Would the records notice an engine of other rules? For each rule, the queries are rewritten so that
// they say the other rule in words of their own, and at least five records must then fail.

import Foundation
import TestSupport
import Testing
import TrinoSQL

/// One rule of the language, and how a query says its opposite.
struct SemanticSwitch: CustomTestStringConvertible, Sendable {
  var name: String
  /// A pattern and what its matches become.
  var pattern: String
  var replacement: String

  var testDescription: String { name }

  func flipped(_ sql: String) -> String {
    sql.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
  }

  init(_ name: String, _ pattern: String, _ replacement: String) {
    self.name = name
    self.pattern = pattern
    self.replacement = replacement
  }

  static let all: [SemanticSwitch] = [
    .init("whole numbers divide to whole numbers", #"([a-z0-9_.)]) / "#, "$1 * 1.0E0 / "),
    .init(
      "NULL comes last in ascending order", #"(ORDER BY [a-z0-9_.]+)( LIMIT [0-9]+)?$"#,
      "$1 NULLS FIRST$2"),
    .init("NULL comes last in descending order", " DESC(, [a-z.]+)?$", " DESC NULLS FIRST$1"),
    .init(
      "NOT IN with a NULL is unknown", #"([a-z][a-z.]*) NOT IN (\([^()]*\))"#,
      "coalesce($1 NOT IN $2, true)"),
    .init(
      "IN with a NULL is unknown", #"([a-z][a-z.]*) IN (\([^()]*\))"#,
      "coalesce($1 IN $2, true)"),
    .init("count of a column leaves out NULL", #"count\([a-z][a-z.]*\)"#, "count(*)"),
    .init(
      "the sum of nothing is NULL", #"sum\(([a-z][a-z.]*)\)(?! OVER| FILTER)"#,
      "coalesce(sum($1), 0)"),
    .init("an average of whole numbers is a double", #"avg\(([ix])\)(?! OVER| FILTER)"#,
      "CAST(avg($1) AS bigint)"),
    .init("UNION removes duplicates", #" UNION (?!ALL)"#, " UNION ALL "),
    .init("INTERSECT removes duplicates", #" INTERSECT (?!ALL)"#, " INTERSECT ALL "),
    .init("EXCEPT removes duplicates", #" EXCEPT (?!ALL)"#, " EXCEPT ALL "),
    .init("SELECT DISTINCT removes duplicates", "^SELECT DISTINCT ", "SELECT "),
    .init("LEFT JOIN keeps rows without a match", "LEFT (OUTER )?JOIN", "JOIN"),
    .init("FULL JOIN keeps both sides", "FULL (OUTER )?JOIN", "LEFT JOIN"),
    .init("NULL equals nothing, not even NULL", " = ", " IS NOT DISTINCT FROM "),
    .init("NULL differs from nothing", " <> ", " IS DISTINCT FROM "),
    .init(
      "BETWEEN has both of its ends", #"([a-z][a-z.]*) BETWEEN (\S+) AND (\S+)"#,
      "($1 > $2 AND $1 < $3)"),
    .init(
      "LIKE tells upper from lower case", #"([a-z][a-z.]*) (NOT )?LIKE ('[^']*')"#,
      "lower($1) $2LIKE lower($3)"),
    .init("rank leaves gaps", #"(?<![a-z_])rank\(\)"#, "dense_rank()"),
    .init(
      "a window's frame ends with the current row's peers",
      #"(OVER \([^()]*ORDER BY (?:(?!ROWS|RANGE|GROUPS)[^()])*)\)"#,
      "$1 ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"),
    .init("substr counts from one", #"substr\(([a-z]+), ([0-9])"#, "substr($1, 1 + $2"),
    .init("a text and NULL are NULL", #" \|\| ([a-z][a-z.]*)"#, " || coalesce($1, '')"),
  ]
}

struct SemanticSwitchTests {
  @Test(arguments: SemanticSwitch.all)
  func `at least five records fail under the other rule`(_ rule: SemanticSwitch) throws {
    var found: [String] = []
    for file in SQLLogicTests.files {
      let text = try String(
        contentsOf: SQLLogicTests.directory.appendingPathComponent(file), encoding: .utf8)
      var runner = SQLLogicTestRunner(session: SQLLogicTests.session)
      runner.run(text, file: file, rewriting: rule.flipped)
      found += runner.differences
    }
    #expect(found.count >= 5, "\(rule.name): \(found)")
  }

  @Test func `there are at least twenty rules, each with a name of its own`() {
    #expect(Set(SemanticSwitch.all.map(\.name)).count >= 20)
  }
}
