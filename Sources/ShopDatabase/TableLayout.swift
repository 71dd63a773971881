package import Columnar

/// A table of the shop's database, as whoever fills it defines it.
package struct TableLayout: Sendable, Hashable {
  package var name: String
  package var schema: Schema
  /// The columns that tell rows apart.
  package var key: [String]

  package init(name: String, schema: Schema, key: [String]) {
    self.name = name
    self.schema = schema
    self.key = key
  }

  /// The form of each column; a type that has none is our own mistake and stops the program.
  var forms: [ColumnForm] {
    schema.fields.map { field in
      guard let form = ColumnForm(field.type) else {
        preconditionFailure("\(name).\(field.name) is \(field.type), which SQLite does not keep here")
      }
      return form
    }
  }

  static func quoted(_ name: String) -> String {
    "\"" + name.replacing("\"", with: "\"\"") + "\""
  }

  var quotedName: String { Self.quoted(name) }

  /// One line a column, each with the type that the engine shows.
  var createStatement: String {
    let isRowID = key.count == 1 && schema.index(of: key[0]).map { schema[$0].type } == .bigint
    var lines = zip(schema.fields, forms).map { field, form in
      var line = "  \(Self.quoted(field.name)) \(form.declaredType)"
      if isRowID, field.name == key[0] {
        line += " PRIMARY KEY"
      } else if !field.isNullable {
        line += " NOT NULL"
      }
      return (line, "\(field.type)")
    }
    if !isRowID {
      lines.append(("  PRIMARY KEY (\(key.map(Self.quoted).joined(separator: ", ")))", ""))
    }
    let text = lines.enumerated().map { number, line in
      let comma = number + 1 < lines.count ? "," : ""
      return line.0 + comma + (line.1.isEmpty ? "" : " -- " + line.1)
    }
    return "CREATE TABLE IF NOT EXISTS \(quotedName) (\n" + text.joined(separator: "\n") + "\n)"
  }

  /// Puts a row in, or in the place of the one with its key.
  var upsertStatement: String {
    let names = schema.fields.map { Self.quoted($0.name) }
    let others = schema.fields.map(\.name).filter { !key.contains($0) }.map(Self.quoted)
    let action =
      others.isEmpty
      ? "NOTHING" : "UPDATE SET " + others.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
    return "INSERT INTO \(quotedName) (\(names.joined(separator: ", "))) VALUES ("
      + names.map { _ in "?" }.joined(separator: ", ") + ") ON CONFLICT ("
      + key.map(Self.quoted).joined(separator: ", ") + ") DO " + action
  }
}
