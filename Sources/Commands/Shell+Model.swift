internal import ETL
internal import EventModel
internal import Platform
internal import Terminal

extension Shell {
  /// `model list|show|run`: the SQL files below `pipeline/models`, and what each is built from.
  func model(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "model", default: "list")
    let arguments = try Arguments(rest, flags: ["full-refresh"])
    if action == "run" { try arguments.allowOnly("full-refresh") } else { try arguments.allowOnly() }
    let models = try platform().pipeline.models()
    if action == "list" { return try modelList(models) }
    guard let name = arguments.positions.first else {
      throw CommandError(
        .missingArgument, ["command": "model \(action)", "usage": text("help.model.usage")])
    }
    if action == "show" {
      let runner = try platform().modelRunner()
      let sql = try runner.statement(try known(name, in: models))
      return Reply(
        [.verbatim(sql)],
        data: .record(["model": .string(name), "sql": .string(sql)]))
    }
    return try runModel(name, isFullRefresh: arguments.options["full-refresh"] != nil)
  }

  /// Builds a model and what it reads, and tells of each.
  func runModel(_ name: String, isFullRefresh: Bool) throws -> Reply {
    let platform = try platform()
    let advance = try platform.runModel(
      try known(name, in: try platform.pipeline.models()), isFullRefresh: isFullRefresh)
    return Reply(instanceBlocks(advance.instances), data: Shell.json(advance.instances))
  }

  private func known(_ name: String, in models: [String: ModelTemplate]) throws -> String {
    guard models[name] != nil else { throw noSuch(.noSuchModel, name, among: models.keys.sorted()) }
    return name
  }

  private func modelList(_ models: [String: ModelTemplate]) throws -> Reply {
    let rows = try models.values.sorted { $0.name < $1.name }.map { model in
      (
        model.name, try ModelRunner.target(of: model),
        model.references + model.sources.map { "\($0.0).\($0.1)" }
      )
    }
    return Reply(
      [
        fitted(
          TableView(
            columns: ["MODEL", "TABLE", text("model.column.reads")].map { TableColumn($0) },
            rows: rows.map { [$0.0, $0.1, $0.2.isEmpty ? "-" : $0.2.joined(separator: ", ")] }))
      ],
      data: .array(
        rows.map {
          .record([
            "model": .string($0.0), "table": .string($0.1),
            "reads": .array($0.2.map(JSONValue.string)),
          ])
        }))
  }
}
