// Finds the fewest input rows on which two queries differ, by delta debugging: halves and their
// complements are tried until no part, and at last no single row, can be left out.

/// Input rows on which an answer and the reference differ.
package struct Counterexample: Sendable, Hashable {
  /// Tables with the rows that are left; tables without rows are there, too, as queries name them.
  package var tables: [GradingTable]
  package var expected: TypedResult
  /// Nil where the answer fails on these rows.
  package var got: TypedResult?
  /// True where leaving any one row out was tried and the difference went; false where time ended.
  package var isMinimal: Bool

  package var rowCount: Int { tables.reduce(0) { $0 + $1.rows.count } }
}

/// Searches for one; every trial is a world of rows alone.
package struct CounterexampleSearch {
  private let host: any GradingHost
  private let reference: String
  private let answer: String
  private let comparison: ResultComparison
  private let columns: [GradingTable.Column]
  private let deadline: Deadline

  /// `columns` are those of the result, with their types.
  package init(
    host: any GradingHost,
    reference: String,
    answer: String,
    comparison: ResultComparison,
    columns: [GradingTable.Column],
    deadline: Deadline
  ) {
    self.host = host
    self.reference = reference
    self.answer = answer
    self.comparison = comparison
    self.columns = columns
    self.deadline = deadline
  }

  /// One row, by table and place in it.
  private struct RowID: Hashable {
    var table: Int
    var row: Int
  }

  /// The smallest set of rows found; nil where the queries agree on all of them, or a trial with
  /// all of them did not end in time.
  ///
  /// `groups` names for a table the column whose equal values stay together at first.
  package func smallest(of tables: [GradingTable], groups: [String: String] = [:]) -> Counterexample? {
    var all: [RowID] = []
    for (table, content) in tables.enumerated() {
      all += content.rows.indices.map { RowID(table: table, row: $0) }
    }
    guard differs(all, tables) else { return nil }
    if differs([], tables) { return counterexample([], tables, isMinimal: true) }
    var rows = all
    if !groups.isEmpty {
      let units = grouped(all, tables, groups)
      rows = reduce(units) { differs($0.flatMap { $0 }, tables) }.units.flatMap { $0 }
    }
    let reduced = reduce(rows) { differs($0, tables) }
    let ordered = reduced.units.sorted { ($0.table, $0.row) < ($1.table, $1.row) }
    return counterexample(ordered, tables, isMinimal: reduced.isMinimal)
  }

  private func grouped(
    _ rows: [RowID],
    _ tables: [GradingTable],
    _ groups: [String: String]
  ) -> [[RowID]] {
    var units: [[RowID]] = []
    var places: [HostValue: Int] = [:]
    for id in rows {
      let table = tables[id.table]
      guard let name = groups[table.name],
        let column = table.columns.firstIndex(where: { $0.name == name })
      else {
        units.append([id])
        continue
      }
      let value = table.rows[id.row][column]
      if let place = places[value] {
        units[place].append(id)
      } else {
        places[value] = units.count
        units.append([id])
      }
    }
    return units
  }

  /// Delta debugging; the result is minimal where its last round tried every unit's absence.
  private func reduce<Unit>(_ all: [Unit], _ fails: ([Unit]) -> Bool) -> (units: [Unit], isMinimal: Bool) {
    var units = all
    var partCount = 2
    while units.count >= 2 {
      let size = (units.count + partCount - 1) / partCount
      let starts = Array(stride(from: 0, to: units.count, by: size))
      var smaller: [Unit]?
      var isPart = false
      for start in starts where starts.count > 1 {
        if deadline.isOver { return (units, false) }
        let part = Array(units[start..<min(start + size, units.count)])
        if fails(part) {
          (smaller, isPart) = (part, true)
          break
        }
      }
      if smaller == nil {
        for start in starts {
          if deadline.isOver { return (units, false) }
          let rest = Array(units[..<start] + units[min(start + size, units.count)...])
          if !rest.isEmpty, fails(rest) {
            smaller = rest
            break
          }
        }
      }
      if let smaller {
        units = smaller
        partCount = isPart ? 2 : max(partCount - 1, 2)
      } else if size == 1 {
        return (units, true)
      } else {
        partCount = min(partCount * 2, units.count)
      }
    }
    return (units, true)
  }

  private func tables(of rows: [RowID], _ tables: [GradingTable]) -> [GradingTable] {
    var result = tables
    for index in result.indices { result[index].rows = [] }
    for id in rows { result[id.table].rows.append(tables[id.table].rows[id.row]) }
    return result
  }

  /// True where the reference runs and the answer gives another result, or fails.
  private func differs(_ rows: [RowID], _ tables: [GradingTable]) -> Bool {
    guard let outcome = outcome(self.tables(of: rows, tables)) else { return false }
    guard let got = outcome.got else { return true }
    return comparison.difference(expected: outcome.expected, got: got) != nil
  }

  /// Both results on those tables; nil where the reference does not run there.
  private func outcome(_ tables: [GradingTable]) -> (expected: TypedResult, got: TypedResult?)? {
    guard let world = try? host.open(tables: tables) else { return nil }
    defer { world.close() }
    guard let expected = try? world.query(reference) else { return nil }
    let right = typed(expected)
    guard let got = try? world.query(answer) else { return (right, nil) }
    var answered = typed(got)
    if answered.columns.count == right.columns.count { answered.columns = right.columns }
    return (right, answered)
  }

  private func typed(_ table: HostTable) -> TypedResult {
    // Names and types were compared before; here only values may differ.
    let known = table.columns.count == columns.count
    return TypedResult(
      columns: table.columns.enumerated().map { index, name in
        GradingTable.Column(name, known ? columns[index].type : "unknown")
      },
      rows: table.rows
    )
  }

  private func counterexample(
    _ rows: [RowID],
    _ tables: [GradingTable],
    isMinimal: Bool
  ) -> Counterexample? {
    let tables = self.tables(of: rows, tables)
    guard let outcome = outcome(tables) else { return nil }
    return Counterexample(
      tables: tables,
      expected: outcome.expected,
      got: outcome.got,
      isMinimal: isMinimal
    )
  }
}
