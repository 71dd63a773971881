internal import Dashboard
internal import ETL
internal import EventLog
internal import Foundation
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

extension StatementShape {
  /// The prompt of a statement that goes on: it names what is still open.
  static func continuation(_ text: String) -> String {
    switch StatementSplitter.split(text).open {
    case .quote: "      '> "
    case .quotedIdentifier: "      \"> "
    case .comment: "     /*> "
    case .parentheses: "      (> "
    case .nothing, .statement: "       > "
    }
  }
}

extension Shell {
  /// What Tab offers: commands and their words, tables and SQL words inside a statement.
  func complete(line: String, cursor: Int) -> CompletionResult {
    let before = String(line.prefix(cursor))
    let start = before.lastIndex(where: { " (,=".contains($0) }).map { before.index(after: $0) }
    let word = String(before[(start ?? before.startIndex)...])
    let from = before.count - word.count
    let earlier = before.prefix(from).split(separator: " ").map(String.init)
    let candidates: [String]
    if StatementShape.looksLikeSQL(before + " "), !earlier.isEmpty {
      candidates = sqlNames(word)
    } else if earlier.isEmpty {
      candidates = CommandTable.all.flatMap(\.names).filter { $0 != "?" } + ["SELECT"]
    } else {
      candidates = commandWords(earlier)
    }
    let matching = candidates.filter { $0.lowercased().hasPrefix(word.lowercased()) }
    return CompletionResult(replaceFrom: from, candidates: Array(Set(matching)).sorted())
  }

  private func commandWords(_ earlier: [String]) -> [String] {
    guard let command = CommandTable.all.first(where: { $0.names.contains(earlier[0]) }) else {
      return []
    }
    if command.names[0] == "help" { return CommandTable.all.map { $0.names[0] } }
    if command.names[0] == "exercise" { return earlier.count == 1 ? exercises.ids() : [] }
    if earlier.count == 1 { return command.subcommands }
    let platform = try? platform()
    switch (command.names[0], earlier[1]) {
    case ("kafka", "read"): return platform?.log.topicNames() ?? []
    case ("kafka", "lag"), ("kafka", "groups"): return platform?.log.groupNames() ?? []
    case ("dag", _): return (try? platform?.pipeline.dags().map(\.name)) ?? []
    case ("dash", "show"): return (try? platform?.pipeline.tiles().map(\.id)) ?? []
    case ("trace", "event"): return platform?.phone.events().map(\.eventID) ?? []
    case ("app", "track"): return ["purchase_completed", "product_id=", "price="]
    default: return []
    }
  }

  private func sqlNames(_ word: String) -> [String] {
    var names = QueryEngine.keywords + QueryEngine.functionNames
    guard let engine = try? platform().engine else { return names }
    for catalog in engine.catalogNames
    where word.isEmpty || word.contains(".") || catalog.hasPrefix(word) {
      for schema in engine.schemaNames(catalog: catalog) {
        names += engine.tableNames(catalog: catalog, schema: schema).map {
          "\(catalog).\(schema).\($0)"
        }
      }
    }
    return names
  }
}
