import Columnar
import Simulation

/// The tables that are the same in every world, read from `Datasets/shop/reference`.
///
/// A file has its table's columns under its table's names, in any order; nothing is quoted.
package struct ShopReference: Sendable {
  /// The tables that come from files.
  package static let tables: [ShopTable] = [.dimDate, .fxRates, .pushCampaigns, .botRules]

  /// The day that the files' campaigns are told from.
  static let firstDay = CivilDate(year: 2024, month: 1, day: 15)

  private let rows: [ShopTable: [[Scalar]]]

  /// Reads the files of a directory.
  ///
  /// - Throws: `world.reference…` with the file, and the line where there is one.
  package init(directory: String) throws {
    var rows: [ShopTable: [[Scalar]]] = [:]
    for table in Self.tables {
      let path = directory + "/" + table.name + ".csv"
      let bytes = try contentBytes(
        path, code: "reference.missing",
        advice: "Set TAPLINE_CONTENT to the directory that holds Lessons and Datasets.")
      rows[table] = try Self.rows(of: table, String(decoding: bytes, as: UTF8.self), path)
    }
    self.rows = rows
  }

  /// The rows of a table, in the order of its file and of its columns.
  func rows(_ table: ShopTable) -> [[Scalar]] { rows[table] ?? [] }

  private static func rows(
    of table: ShopTable, _ text: String, _ path: String
  ) throws -> [[Scalar]] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
    let header = lines.first?.split(separator: ",").map(String.init) ?? []
    let schema = table.schema
    guard header.sorted() == schema.fields.map(\.name).sorted() else {
      throw WorldError(
        "reference.columns",
        "the columns are \(header.joined(separator: ", "))", place: path,
        advice: "They must be " + schema.fields.map(\.name).joined(separator: ", ") + ".")
    }
    let places = schema.fields.map { header.firstIndex(of: $0.name) ?? 0 }
    return try lines.dropFirst().enumerated().map { number, line in
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == header.count else {
        throw WorldError(
          "reference.line", "there are \(cells.count) values for \(header.count) columns",
          place: "\(path):\(number + 2)", advice: "Write each column's value; none has a comma.")
      }
      return try zip(schema.fields, places).map { field, place in
        guard let value = scalar(cells[place], field) else {
          throw WorldError(
            "reference.value", "\(field.name) is \"\(cells[place])\"",
            place: "\(path):\(number + 2)", advice: "It must be a \(field.type).")
        }
        return value
      }
    }
  }

  /// A cell as a value of a field; nil for what is none.
  private static func scalar(_ cell: Substring, _ field: Field) -> Scalar? {
    if cell.isEmpty { return field.isNullable ? .null : nil }
    switch field.type {
    case .bigint: return Int64(cell).map(Scalar.integer)
    case .boolean: return cell == "true" ? .boolean(true) : cell == "false" ? .boolean(false) : nil
    case .date: return CivilDate(cell).map { .integer(Int64($0.daysSinceEpoch)) }
    case .timestampWithTimeZone:
      return StoryTime.microseconds(iso8601: String(cell)).map(Scalar.integer)
    case .decimal(_, let scale): return decimal(cell, scale: scale)
    case .varchar: return .text(String(cell))
    default: return nil
    }
  }

  /// `1296.08` as 129,608 hundredths; nil for another number of places.
  private static func decimal(_ cell: Substring, scale: Int) -> Scalar? {
    let parts = cell.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == scale, cell.utf8.count < 18,
      let number = Int64(parts[0] + parts[1]), number >= 0
    else { return nil }
    return .integer(number)
  }
}
