// The rows that separate right from wrong: `worlds/killer.ndjson`, one JSON object per line, with the
// wrong answer that each row kills.

internal import Foundation

/// The tables of an exercise, declared in `exercise.yaml`, and the rows of its killer world.
package struct KillerWorld: Sendable, Hashable {
  /// One row of it.
  package struct Row: Sendable, Hashable {
    /// An index into `tables`.
    package var table: Int
    package var values: [HostValue]
    /// The wrong answers that it separates from the right one; empty for a neutral row.
    package var kills: [String]
    /// Where it stands in the file, 1-based.
    package var line: Int
  }

  /// Names and columns; their rows are empty.
  package var tables: [GradingTable]
  package var rows: [Row]

  /// All its tables with their rows.
  package var grading: [GradingTable] { grading(rows: rows) }

  /// The names of the wrong answers that some row kills, each once, in file order.
  package var kills: [String] {
    var seen: Set<String> = []
    return rows.flatMap(\.kills).filter { seen.insert($0).inserted }
  }

  /// The tables with some of the rows.
  package func grading(rows: [Row]) -> [GradingTable] {
    var result = tables
    for row in rows { result[row.table].rows.append(row.values) }
    return result
  }

  /// The world without the rows that kill that wrong answer: there it must pass.
  package func removing(kills name: String) -> KillerWorld {
    KillerWorld(tables: tables, rows: rows.filter { !$0.kills.contains(name) })
  }
}

extension KillerWorld {
  /// Parses `tables:` of `exercise.yaml`.
  ///
  /// ```yaml
  /// tables:
  ///   - name: lake.silver.events
  ///     columns: {event_id: varchar, event_time: timestamp(3) with time zone, price: bigint}
  /// ```
  package static func parseTables(_ node: ManifestNode) throws -> [GradingTable] {
    let example = "- {name: lake.silver.events, columns: {event_id: varchar, price: bigint}}"
    var tables: [GradingTable] = []
    for element in try node.elements(example: example) {
      try element.allowKeys(["name", "columns"])
      let nameNode = try element.required("name", example: "lake.silver.events")
      let name = try nameNode.text(example: "lake.silver.events")
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      guard (1...3).contains(parts.count), parts.allSatisfy({ isIdentifier(String($0)) }) else {
        throw nameNode.error(
          "course.bad-value",
          "`\(name)` is no table's name.",
          advice: "Write it as answers do, such as `lake.silver.events`."
        )
      }
      guard !tables.contains(where: { $0.name == name }) else {
        throw nameNode.error(
          "course.duplicate-id",
          "The table `\(name)` is declared twice.",
          advice: "Declare each table once."
        )
      }
      let columns = try parseColumns(
        element.required("columns", example: "{event_id: varchar, price: bigint}")
      )
      tables.append(GradingTable(name: name, columns: columns, rows: []))
    }
    return tables
  }

  /// Columns in order: `{dt: date, dau: bigint}`.
  package static func parseColumns(_ node: ManifestNode) throws -> [GradingTable.Column] {
    guard let names = node.keyNames, !names.isEmpty else {
      throw node.wrongType("a mapping of column names to types", example: "{dt: date, dau: bigint}")
    }
    return try names.map { name in
      let typeNode = try node.required(name, example: "bigint")
      let type = try typeNode.text(example: "bigint")
      guard type.wholeMatch(of: typePattern) != nil else {
        throw typeNode.error(
          "course.bad-value",
          "`\(type)` is no type of Trino.",
          advice: "Write for example `varchar`, `bigint`, `double`, `decimal(18,2)`, `date`, "
            + "`timestamp(3) with time zone`, `boolean`."
        )
      }
      return GradingTable.Column(name, type)
    }
  }

  nonisolated(unsafe) private static let typePattern =
    /(?i)(boolean|tinyint|smallint|int|integer|bigint|real|double|date|json|uuid|varbinary|varchar(\(\d+\))?|char(\(\d+\))?|decimal(\(\d+(,\s*\d+)?\))?|timestamp(\(\d+\))?( with time zone)?|time(\(\d+\))?|(array|map|row)\(.+\))/

  /// Reads the rows; `tables` says what they may hold.
  ///
  /// Throws `course.bad-row` with the line and what to write.
  package static func parse(_ text: String, file: String, tables: [GradingTable]) throws
    -> KillerWorld
  {
    var world = KillerWorld(tables: tables, rows: [])
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
      if line.hasPrefix("//") { continue }
      world.rows.append(
        try parseRow(String(line), place: "\(file):\(index + 1)", line: index + 1, tables)
      )
    }
    guard !world.rows.isEmpty else {
      throw badRow("The killer world holds no rows.", file, "Write one JSON object per line.")
    }
    return world
  }

  private static func badRow(_ message: String, _ place: String, _ advice: String) -> CourseError {
    CourseError(
      code: "course.bad-row",
      message: message,
      place: place,
      advice: advice,
      fields: ["place": place]
    )
  }

  private static func parseRow(
    _ text: String,
    place: String,
    line: Int,
    _ tables: [GradingTable]
  ) throws -> Row {
    guard
      let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    else {
      throw badRow(
        "The line is no JSON object.",
        place,
        "Write `{\"event_id\": \"a\", \"price\": 29900, \"kills\": \"utc-day\"}` in one line."
      )
    }
    let names = tables.map(\.name)
    var table = tables.count == 1 ? 0 : nil
    if let value = object["table"] {
      guard let name = value as? String, let found = names.firstIndex(of: name) else {
        let hint = (value as? String).flatMap { nearestName(to: $0, in: names) }
        throw badRow(
          "`\(value)` is no table of the exercise.",
          place,
          (hint.map { "Did you mean `\($0)`? " } ?? "")
            + "Declared in exercise.yaml: \(names.joined(separator: ", "))."
        )
      }
      table = found
    }
    guard let table else {
      throw badRow(
        "The row names no table.",
        place,
        "There are several: write `\"table\": \"\(names.first ?? "")\"`."
      )
    }
    let columns = tables[table].columns
    let known = columns.map(\.name)
    for key in object.keys.sorted() where !["table", "kills", "note"].contains(key) {
      guard !known.contains(key) else { continue }
      let hint = nearestName(to: key, in: known).map { "Did you mean `\($0)`? " } ?? ""
      throw badRow(
        "The table `\(names[table])` has no column `\(key)`.",
        place,
        hint + "Columns: \(known.joined(separator: ", "))."
      )
    }
    let kills: [String]
    switch object["kills"] {
    case nil: kills = []
    case let name as String: kills = [name]
    case let names as [String]: kills = names
    default:
      throw badRow(
        "`kills` is neither a name nor a list of names.",
        place,
        "Write `\"kills\": \"utc-day\"`."
      )
    }
    let values = try columns.map { column in
      try value(object[column.name], column, place)
    }
    return Row(table: table, values: values, kills: kills, line: line)
  }

  private static func value(
    _ json: Any?,
    _ column: GradingTable.Column,
    _ place: String
  ) throws -> HostValue {
    guard let json, !(json is NSNull) else { return .null }
    let type = ResultComparison.comparableType(column.type)
    func wrong(_ example: String) -> CourseError {
      badRow(
        "`\(json)` cannot stand in the column `\(column.name)` of type \(column.type).",
        place,
        "Write for example `\"\(column.name)\": \(example)`."
      )
    }
    let number = json as? NSNumber
    let isFlag = number.map { CFBooleanLike.isBoolean($0) } ?? false
    switch type {
    case "boolean":
      guard let number, isFlag else { throw wrong("true") }
      return .boolean(number.boolValue)
    case "tinyint", "smallint", "integer", "bigint":
      guard let number, !isFlag, Double(number.int64Value) == number.doubleValue else {
        throw wrong("29900")
      }
      return .integer(number.int64Value)
    case "double", "real":
      guard let number, !isFlag else { throw wrong("0.5") }
      return .double(number.doubleValue)
    case _ where type.hasPrefix("decimal"):
      // A decimal stands in quotes: a JSON number would be read as a double.
      if let text = json as? String, Double(text) != nil { return .text(text) }
      guard let number, !isFlag, Double(number.int64Value) == number.doubleValue else {
        throw wrong("\"12.30\"")
      }
      return .text(String(number.int64Value))
    default:
      if let text = json as? String { return .text(text) }
      guard json is [Any] || json is [String: Any] else { throw wrong("\"…\"") }
      guard let data = try? JSONSerialization.data(withJSONObject: json, options: [.sortedKeys])
      else { throw wrong("\"…\"") }
      return .text(String(decoding: data, as: UTF8.self))
    }
  }
}

/// JSON's `true` and `1` are both `NSNumber`; only the type's own code tells them apart.
private enum CFBooleanLike {
  static func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c" && !(number is NSDecimalNumber)
  }
}
