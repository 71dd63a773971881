// Two queries on the same rows: whether they differ, and a row that makes them differ.

internal import Foundation
internal import Grading

/// The reference of a question beside another query.
struct QueryDuel {
  let question: SQLQuestion
  let host: any GradingHost

  /// True where the other query returns something else on these rows, or fails.
  ///
  /// Throws where the reference fails: then nothing is known.
  func differ(_ query: SQLAnswer, on tables: [GradingTable]) throws -> Bool {
    let world = try host.open(tables: tables)
    defer { world.close() }
    let day = question.killerDay
    let expected = try world.query(question.reference.sql(day: day))
    guard let got = try? world.query(query.sql(day: day)) else { return true }
    return question.comparison.difference(expected: typed(expected), got: typed(got)) != nil
  }

  private func typed(_ table: HostTable) -> TypedResult {
    let types = Dictionary((question.columns ?? []).map { ($0.name.lowercased(), $0.type) }) {
      first, _ in first
    }
    return TypedResult(
      columns: table.columns.map {
        GradingTable.Column($0.lowercased(), types[$0.lowercased()] ?? "unknown")
      },
      rows: table.rows)
  }

  /// One row more with which the two differ, as a line of `worlds/killer.ndjson`; nil where none was
  /// found within the time.
  ///
  /// Tried are the killer world's own rows with one value changed: to null, a little more or less, a
  /// neighbour's; and rows that are there twice. A row on which the accepted answer is wrong as well
  /// is no row of any world.
  func killerRow(
    for query: SQLAnswer, beside accepted: SQLAnswer, among killer: KillerWorld,
    seconds: Double = 10
  ) throws -> String? {
    let deadline = Deadline(seconds: seconds)
    let base = killer.grading
    for (table, values) in candidates(killer) {
      if deadline.isOver { return nil }
      var tables = base
      tables[table].rows.append(values)
      // A row that the table or the reference cannot hold is no row.
      guard (try? differ(query, on: tables)) == true,
        (try? differ(accepted, on: tables)) == false
      else { continue }
      return line(killer.tables[table], values, names: killer.tables.count > 1)
    }
    return nil
  }

  private func candidates(_ killer: KillerWorld) -> [(Int, [HostValue])] {
    var seen: Set<[HostValue]> = []
    var found: [(Int, [HostValue])] = []
    func add(_ table: Int, _ values: [HostValue]) {
      if seen.insert([.integer(Int64(table))] + values).inserted { found.append((table, values)) }
    }
    for row in killer.rows { add(row.table, row.values) }
    for row in killer.rows {
      let columns = killer.tables[row.table].columns
      for index in columns.indices {
        var others = variations(row.values[index], columns[index].type)
        others += killer.rows.filter { $0.table == row.table }.map { $0.values[index] }
        for value in others where value != row.values[index] {
          var values = row.values
          values[index] = value
          add(row.table, values)
        }
      }
    }
    return found
  }

  private func variations(_ value: HostValue, _ type: String) -> [HostValue] {
    let type = ResultComparison.comparableType(type)
    switch value {
    case .null:
      if type.hasPrefix("varchar") { return [.text("")] }
      return ["bigint", "integer", "double"].contains(type) ? [.integer(0)] : []
    case .integer(let number): return [.null, .integer(0), .integer(number + 1), .integer(number - 1)]
    case .double(let number): return [.null, .double(0), .double(number + 0.5)]
    case .boolean(let flag): return [.null, .boolean(!flag)]
    case .text(let text):
      if type == "date" || type.hasPrefix("timestamp") { return [.null] + moments(text) }
      return [.null, .text(""), .text(text + "-2"), .text(text.uppercased())]
    }
  }

  /// A day or a moment a little earlier and later, in the same spelling.
  private func moments(_ text: String) -> [HostValue] {
    let day = String(text.prefix(10))
    let rest = text.dropFirst(10)
    let next = nextDay(day)
    guard next != day, let before = previousDay(day) else { return [] }
    var found = [next, before].map { HostValue.text($0 + rest) }
    if rest.count >= 9, let hour = Int(rest.dropFirst().prefix(2)) {
      for other in [0, 9, 14, 15, 23] where other != hour {
        let digits = other < 10 ? "0\(other)" : "\(other)"
        found.append(.text(day + rest.prefix(1) + digits + rest.dropFirst(3)))
      }
      let edges = ["00:00:00", "15:00:00", "14:59:59", "23:59:59"]
      found += edges.map { .text(day + rest.prefix(1) + $0 + rest.dropFirst(9)) }
    }
    return found
  }

  private func previousDay(_ day: String) -> String? {
    let parts = day.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 3 else { return nil }
    let (year, month, date) = (parts[0], parts[1], parts[2])
    if date > 1 { return "\(year)-\(two(month))-\(two(date - 1))" }
    let before = month == 1 ? "\(year - 1)-12" : "\(year)-\(two(month - 1))"
    return (28...31).map { "\(before)-\($0)" }.first { nextDay($0) == day }
  }

  private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private func line(_ table: GradingTable, _ values: [HostValue], names: Bool) -> String {
    var parts = names ? ["\"table\": \"\(table.name)\""] : []
    for (column, value) in zip(table.columns, values) {
      let text: String? =
        switch value {
        case .null: nil
        case .integer(let number): String(number)
        case .double(let number): String(number)
        case .boolean(let flag): String(flag)
        case .text(let text):
          "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
      if let text { parts.append("\"\(column.name)\": \(text)") }
    }
    return "{" + parts.joined(separator: ", ") + "}"
  }
}
