import Testing

import Grading

@Suite("A counterexample") struct CounterexampleTests {
  static let columns: [GradingTable.Column] = [
    .init("id", "bigint"), .init("u", "bigint"), .init("v", "bigint"), .init("d", "bigint"),
  ]

  static func tables(_ generator: inout SeededGenerator, rowCount: Int) -> [GradingTable] {
    ["a.events", "a.users"].map { name in
      GradingTable(
        name: name,
        columns: columns,
        rows: (0..<rowCount).map { index in
          [
            .integer(Int64(index)), .integer(Int64(generator.index(below: 12))),
            generator.index(below: 9) == 0 ? .null : .integer(Int64(generator.index(below: 6))),
            .integer(Int64(generator.index(below: 4))),
          ]
        }
      )
    }
  }

  /// Pairs of queries that differ on some inputs, drawn.
  static func queries(_ generator: inout SeededGenerator) -> (String, String) {
    let d = generator.index(below: 4)
    let v = generator.index(below: 6)
    let pairs = [
      (
        "SELECT count(*) FROM a.events WHERE d <= \(d)",
        "SELECT count(*) FROM a.events WHERE d < \(d)"
      ),
      (
        "SELECT d, count(DISTINCT u) FROM a.events GROUP BY d",
        "SELECT d, count(u) FROM a.events GROUP BY d"
      ),
      (
        "SELECT e.u, sum(e.v) FROM a.events e LEFT JOIN (SELECT DISTINCT u FROM a.users WHERE d = \(d)) x ON x.u = e.u GROUP BY e.u",
        "SELECT e.u, sum(e.v) FROM a.events e JOIN (SELECT DISTINCT u FROM a.users WHERE d = \(d)) x ON x.u = e.u GROUP BY e.u"
      ),
      ("SELECT avg(v) FROM a.events", "SELECT avg(coalesce(v, 0)) FROM a.events"),
      (
        "SELECT u FROM a.events WHERE v <> \(v)",
        "SELECT u FROM a.events WHERE NOT (v = \(v)) OR v IS NULL"
      ),
      (
        "SELECT u FROM a.events UNION SELECT u FROM a.users",
        "SELECT u FROM a.events UNION ALL SELECT u FROM a.users"
      ),
      (
        "SELECT u, max(v) FROM a.events GROUP BY u HAVING count(*) > 2",
        "SELECT u, max(v) FROM a.events GROUP BY u HAVING count(*) > 1"
      ),
      ("SELECT sum(v) FROM a.events", "SELECT coalesce(sum(v), 0) FROM a.events"),
    ]
    return pairs[generator.index(below: pairs.count)]
  }

  func differs(
    _ host: FakeGradingHost,
    _ tables: [GradingTable],
    _ reference: String,
    _ answer: String
  ) throws -> Bool {
    let world = try host.open(tables: tables)
    func result(_ sql: String) throws -> TypedResult {
      let table = try world.query(sql)
      return TypedResult(columns: table.columns.map { _ in .init("c", "double") }, rows: table.rows)
    }
    return ResultComparison().difference(
      expected: try result(reference),
      got: try result(answer)
    ) != nil
  }

  @Test("separates the queries, and no row of it can be left out", arguments: 1...40)
  func minimal(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed), "counterexample")
    let rowCount = 5 + generator.index(below: 60)
    let tables = Self.tables(&generator, rowCount: rowCount)
    let (reference, answer) = Self.queries(&generator)
    let host = FakeGradingHost()
    let search = CounterexampleSearch(
      host: host,
      reference: reference,
      answer: answer,
      comparison: ResultComparison(),
      columns: [],
      deadline: Deadline(seconds: 20)
    )
    let groups = generator.index(below: 2) == 0 ? ["a.events": "u", "a.users": "u"] : [:]
    let found = search.smallest(of: tables, groups: groups)
    guard try differs(host, tables, reference, answer) else {
      #expect(found == nil)
      return
    }
    let smallest = try #require(found, "seed \(seed): \(reference) / \(answer)")
    #expect(smallest.isMinimal)
    #expect(try differs(host, smallest.tables, reference, answer), "seed \(seed)")
    for (table, content) in smallest.tables.enumerated() {
      for row in content.rows.indices {
        var fewer = smallest.tables
        fewer[table].rows.remove(at: row)
        #expect(
          try !differs(host, fewer, reference, answer),
          "seed \(seed): row \(row) of \(content.name) can be left out of \(smallest.rowCount)"
        )
      }
    }
    #expect(smallest.rowCount <= 4, "seed \(seed): \(smallest.rowCount) rows")
  }

  @Test("says so where its time was over before it was the smallest")
  func deadline() throws {
    var generator = SeededGenerator(seed: 3, "deadline")
    let tables = Self.tables(&generator, rowCount: 60)
    let search = CounterexampleSearch(
      host: FakeGradingHost(),
      reference: "SELECT count(*) FROM a.events WHERE d <= 2",
      answer: "SELECT count(*) FROM a.events WHERE d < 2",
      comparison: ResultComparison(),
      columns: [],
      deadline: Deadline(seconds: 0)
    )
    let found = try #require(search.smallest(of: tables))
    #expect(!found.isMinimal && found.rowCount == 120)
  }

  @Test("is nothing at all where the queries differ on no rows")
  func empty() throws {
    let search = CounterexampleSearch(
      host: FakeGradingHost(),
      reference: "SELECT count(*) FROM a.events",
      answer: "SELECT count(*) FROM a.events WHERE 1 = 0 GROUP BY d",
      comparison: ResultComparison(),
      columns: [],
      deadline: Deadline()
    )
    var generator = SeededGenerator(seed: 3, "empty")
    let found = try #require(search.smallest(of: Self.tables(&generator, rowCount: 9)))
    #expect(found.rowCount == 0 && found.isMinimal)
  }
}

@Suite("A deadline") struct DeadlineTests {
  @Test("that is over throws, and one that is not does not")
  func over() throws {
    try Deadline(seconds: 60).check()
    let error = #expect(throws: CourseError.self) { try Deadline(seconds: 0).check() }
    #expect(error?.code == "course.too-slow")
  }
}
