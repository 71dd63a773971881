// Airflow, dbt and Trino's command line, as far as their parts exist here.

internal import ETL
internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `airflow dags list|trigger DAG`, `airflow tasks list DAG`.
  func airflow(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "airflow", values: ["-o": "output", "--output": "output", "-d": "dag"])
    let positions = arguments.positions
    let dags = try platform().pipeline.dags()
    func dag() throws -> DagDefinition {
      let name = positions.count > 2 ? positions[2] : arguments["dag"] ?? ""
      guard let found = dags.first(where: { $0.name == name }) else {
        throw noSuch(.noSuchDag, name, among: dags.map(\.name))
      }
      return found
    }
    switch (positions.first, positions.dropFirst().first) {
    case ("dags", "list"):
      let rows =
        [["dag_id", "fileloc", "owners", "is_paused"]]
        + dags.map { [$0.name, "dags/\($0.name).yaml", "tapline", "False"] }
      return toolReply(
        Shell.ruled(rows), data: .array(dags.map { .string($0.name) }))
    case ("tasks", "list"): return toolReply(try dag().tasks.map(\.id))
    case ("dags", "trigger"):
      let advance = try platform().run(try dag())
      return Reply(instanceBlocks(advance.instances), data: Shell.json(advance.instances))
    default:
      throw notHere("airflow", positions.prefix(2).joined(separator: " "), "dag list")
    }
  }

  /// `dbt ls`, `dbt compile --select MODEL`, `dbt run --select MODEL [--full-refresh]`.
  ///
  /// What a model reads is built with it, whether the selection says so (`+MODEL`) or not.
  func dbt(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "dbt",
      values: ["--select": "select", "-s": "select", "-m": "select", "--models": "select"],
      flags: ["--full-refresh": "full", "-f": "full"])
    let selected = arguments["select"].map { $0.hasPrefix("+") ? String($0.dropFirst()) : $0 }
    switch arguments.positions.first {
    case "run":
      guard let selected else { throw notHere("dbt", "run", "dag run nightly") }
      return try runModel(selected, isFullRefresh: arguments["full"] != nil)
    case "compile":
      guard let selected else { throw notHere("dbt", "compile", "model list") }
      return try model(["show", selected])
    case "ls", "list":
      let names = try platform().pipeline.models().keys.sorted().filter {
        selected.map($0.contains) ?? true
      }
      return toolReply(names.map { "moashop." + $0 }, data: .array(names.map(JSONValue.string)))
    default: throw notHere("dbt", arguments.positions.first ?? "", "dag run nightly")
    }
  }

  /// `trino --execute "SELECT …"`: the statement itself.
  func trino(_ words: [String]) throws -> Reply {
    let arguments = try RealToolArguments(
      words, tool: "trino",
      values: ["--server": "server", "--execute": "execute", "--catalog": "catalog",
        "--schema": "schema", "--output-format": "format", "--user": "user"])
    guard let statement = arguments["execute"] else {
      throw notHere("trino", "", "SELECT count(*) FROM lake.silver.events;")
    }
    return try runSQL(statement.hasSuffix(";") ? statement : statement + ";")
  }

  /// Rows under a header and a rule, as Airflow prints its plain tables.
  private static func ruled(_ rows: [[String]]) -> [String] {
    let cells = rows.first ?? []
    let widths = cells.indices.map { column in
      rows.map { TextWidth.columns($0[column]) }.max() ?? 0
    }
    let lines = rows.map { row in
      row.indices.map { TextWidth.pad(row[$0], to: widths[$0]) }.joined(separator: " | ")
    }
    let rule = widths.map { String(repeating: "=", count: $0) }.joined(separator: "=+=")
    return Array(lines.prefix(1)) + [rule] + lines.dropFirst()
  }
}
