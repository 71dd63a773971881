import Testing

import Grading

@Suite("A query as an answer") struct SQLAnswerTests {
  @Test(
    "is accepted where it is one that reads",
    arguments: [
      "SELECT 1", "select 1;", "  WITH a AS (SELECT 1) SELECT * FROM a ; ", "(SELECT 1)",
      "VALUES 1", "TABLE silver.events", "SELECT ';' AS a", "-- what\nSELECT 1 -- ;\n",
      "/* DROP TABLE x; */ SELECT 1", "SELECT 'DROP TABLE x'", "SELECT \"delete\" FROM t",
      "SELECT update FROM t", "SELECT truth.dt FROM silver.events truth",
      "SELECT replace('a', 'b', 'c')", "SELECT '가나' AS \"이름\"", "SELECT 1;;",
    ]
  )
  func accepts(_ text: String) throws { _ = try SQLAnswer(text) }

  @Test("is refused with the reason")
  func refuses() {
    let wrong: [(String, SQLAnswer.Refusal)] = [
      ("", .empty), (" -- nothing", .empty), (";", .empty), ("hello", .notAQuery),
      ("SHOW TABLES", .notAQuery), ("DROP TABLE x", .writes), ("/**/ delete from x", .writes),
      ("SELECT 1; SELECT 2", .several), ("SELECT 1; DROP TABLE x", .writes),
      ("WITH a AS (SELECT 1) DELETE FROM x", .writes), ("EXPLAIN SELECT 1", .writes),
      ("SELECT 'x", .unclosed), ("SELECT (1", .unclosed), ("SELECT 1)", .unclosed),
      ("SELECT 1 /* x", .unclosed), ("SELECT \u{0}1", .binary),
      ("SELECT * FROM truth.events", .gradersTables),
      ("SELECT * FROM \"TRUTH\" . \"events\"", .gradersTables),
      ("SELECT * FROM a, baseline.silver_events", .gradersTables),
      ("SELECT * FROM lake.truth.events", .gradersTables),
      ("SELECT '" + String(repeating: "x", count: 70_000) + "'", .tooLong),
    ]
    for (text, refusal) in wrong {
      #expect(throws: refusal, "\(text.prefix(60))") { try SQLAnswer(text) }
    }
  }

  @Test("has the world's days put in, and is without its semicolon")
  func days() throws {
    let answer = try SQLAnswer("SELECT DATE '{{ ds_kst }}', DATE '{{ds_next}}' ; -- end")
    #expect(answer.sql(day: "2024-02-28") == "SELECT DATE '2024-02-28', DATE '2024-02-29'")
    #expect(nextDay("2023-12-31") == "2024-01-01")
    #expect(nextDay("2023-02-28") == "2023-03-01")
    var day = "1999-12-20"
    for _ in 0..<1_000 {
      #expect(previousDay(nextDay(day)) == day)
      day = nextDay(day)
    }
    #expect(day == "2002-09-15")
    let days = reboundDays(from: "2024-01-15", to: "2024-02-29")
    #expect(days["2024-01-15"] == "2024-02-29" && days["2024-01-16"] == "2024-03-01")
    #expect(days["2024-01-14"] == "2024-02-28" && days.count == 63)
  }
}

@Suite("Two results") struct ResultComparisonTests {
  func result(_ types: [String], _ rows: [[HostValue]], names: [String]? = nil) -> TypedResult {
    let names = names ?? types.indices.map { "c\($0)" }
    return TypedResult(
      columns: zip(names, types).map { GradingTable.Column($0, $1) },
      rows: rows
    )
  }

  func difference(
    _ types: [String],
    _ expected: [[HostValue]],
    _ got: [[HostValue]],
    key: [String] = [],
    ordered: Bool = false
  ) -> ResultDifference? {
    ResultComparison(key: key, isOrdered: ordered)
      .difference(expected: result(types, expected), got: result(types, got))
  }

  @Test("are the same in any order, unless the task says ordered")
  func multisets() {
    let rows: [[HostValue]] = [[.integer(1)], [.integer(2)], [.integer(2)]]
    #expect(difference(["bigint"], rows, rows.reversed()) == nil)
    #expect(
      difference(["bigint"], rows, rows.reversed(), ordered: true)
        == .order(position: 1, expected: ["c0": .integer(1)], columns: ["c0"])
    )
    #expect(
      difference(["bigint"], rows, [[.integer(1)], [.integer(2)]])
        == .missing(row: ["c0": .integer(2)], columns: ["c0"], count: 1)
    )
    #expect(
      difference(["bigint"], rows, rows + [[.integer(1)]])
        == .extra(row: ["c0": .integer(1)], columns: ["c0"], count: 1)
    )
  }

  @Test("differ by a null, by a case, by a digit of a decimal; not by a double's last digits")
  func values() {
    #expect(difference(["varchar"], [[.null]], [[.text("")]]) != nil)
    #expect(difference(["varchar"], [[.text("A")]], [[.text("a")]]) != nil)
    #expect(difference(["decimal(10,2)"], [[.text("0.10")]], [[.text("0.1")]]) == nil)
    #expect(difference(["decimal(10,2)"], [[.text("0.10")]], [[.text("0.11")]]) != nil)
    #expect(
      difference(
        ["decimal(38,2)"],
        [[.text("12345678901234567890.01")]],
        [[.text("12345678901234567890.02")]]
      ) != nil
    )
    #expect(difference(["double"], [[.double(0.1 + 0.2)]], [[.double(0.3)]]) == nil)
    #expect(difference(["double"], [[.double(1)]], [[.double(1.000_000_01)]]) != nil)
    #expect(difference(["double"], [[.double(.nan)]], [[.double(.nan)]]) == nil)
    #expect(difference(["double"], [[.double(.infinity)]], [[.double(-.infinity)]]) != nil)
    #expect(
      difference(
        ["bigint"],
        [[.integer(9_007_199_254_740_993)]],
        [[.integer(9_007_199_254_740_992)]]
      ) != nil
    )
  }

  @Test("with many close doubles are matched one to one")
  func closeDoubles() {
    var generator = SeededGenerator(seed: 5, "doubles")
    let values = (0..<200).map { _ in Double(generator.index(below: 50)) / 7 }
    let noisy = generator.shuffled(values.map { $0 * (1 + 1e-12) })
    func rows(_ values: [Double]) -> [[HostValue]] { values.map { [.text("k"), .double($0)] } }
    #expect(difference(["varchar", "double"], rows(values), rows(noisy)) == nil)
    #expect(difference(["varchar", "double"], rows(values), rows(Array(noisy.dropLast()))) != nil)
  }

  @Test("name the first cell that differs, by the row's key")
  func cells() {
    let found = difference(
      ["date", "bigint"],
      [[.text("2024-01-15"), .integer(5)], [.text("2024-01-16"), .integer(6)]],
      [[.text("2024-01-16"), .integer(7)], [.text("2024-01-15"), .integer(5)]],
      key: ["c0"]
    )
    #expect(
      found
        == .cell(
          key: ["c0": .text("2024-01-16")],
          keyColumns: ["c0"],
          column: "c1",
          expected: .integer(6),
          got: .integer(7)
        )
    )
  }

  @Test("have the same columns by name and type, lengths of texts aside")
  func columns() {
    let expected = result(["varchar(10)", "bigint"], [], names: ["name", "n"])
    let comparison = ResultComparison()
    #expect(
      comparison.difference(
        expected: expected,
        got: result(["varchar", "bigint"], [], names: ["NAME", "n"])
      ) == nil
    )
    for other in [
      result(["varchar", "integer"], [], names: ["name", "n"]),
      result(["varchar", "bigint"], [], names: ["name", "count"]),
      result(["bigint", "varchar"], [], names: ["n", "name"]),
      result(["varchar"], [], names: ["name"]),
    ] {
      guard case .columns = comparison.difference(expected: expected, got: other) else {
        Issue.record("\(other.columns) passed")
        continue
      }
    }
    #expect(ResultComparison.comparableType("decimal(18, 2)") == "decimal(18,2)")
    #expect(ResultComparison.comparableType("timestamp(3) with time zone") != "timestamp(3)")
    #expect(ResultComparison.comparableType("array(varchar(3))") == "array(varchar)")
  }
}
