internal import Collector
internal import ETL
internal import EventModel
internal import Foundation
internal import KafkaProtocol
internal import Lake
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `s3 ls [PREFIX]`, `s3 head KEY`, `s3 requests`, `s3 credentials`.
  func objects(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "s3")
    if action == "credentials" { return try s3Credentials(rest) }
    if action == "requests" { return try s3Requests() }
    // Keys hold `=`, so the words are taken as they are.
    if let option = rest.first(where: { $0.hasPrefix("--") }) {
      throw CommandError(.unknownOption, ["option": option, "known": "-"])
    }
    let platform = try platform()
    let prefix = try key(of: rest.first ?? "")
    if action == "head" { return try head(prefix, platform.lake) }
    let objects = try platform.lake.objects(prefix: prefix)
    let data = JSONValue.array(
      objects.map { .record(["key": .string($0.key), "size": .count($0.size)]) }
    )
    guard !objects.isEmpty else {
      return Reply([.text(text("s3.none", ["prefix": prefix]))], data: data)
    }
    let total = objects.reduce(0) { $0 + $1.size }
    // One object a line and never cut: a key is there to be copied. Where it does not fit beside
    // its size, it stands below it.
    let shown = objects.suffix(100).map { object in
      let size = TextWidth.pad(NumberText.bytes(Int64(object.size)), to: 9, alignment: .right)
      let fits = output.tableWidth.map { TextWidth.columns(object.key) + 13 <= $0 } ?? true
      return fits ? "  \(size)  \(object.key)" : "  \(size)\n\(object.key)"
    }
    var values = [
      "count": NumberText.grouped(objects.count), "bytes": NumberText.bytes(Int64(total)),
    ]
    values["hidden"] = NumberText.grouped(objects.count - shown.count)
    return Reply(
      [
        .verbatim(shown.joined(separator: "\n")),
        .text(text(objects.count > shown.count ? "s3.totalHidden" : "s3.total", values)),
      ], data: data)
  }

  private func head(_ key: String, _ lake: Lake) throws -> Reply {
    let object = try object(key, lake)
    let bytes =
      key.hasSuffix(".gz") ? try lake.unpackedLines(object.key) : try lake.store.get(object.key)
    let lines = bytes.split(separator: 0x0A).prefix(3).map {
      String(decoding: $0, as: UTF8.self)
    }
    return Reply(
      lines.map { .verbatim(TextWidth.truncate(TextWidth.printable($0), to: 400)) },
      data: .array(lines.map(JSONValue.string))
    )
  }

  /// `dag list|show|run`; `run NAME --full-refresh` computes every day of its models again.
  func dag(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "dag", default: "list")
    let arguments = try Arguments(rest, flags: ["full-refresh"])
    if action == "run" { try arguments.allowOnly("full-refresh") } else { try arguments.allowOnly() }
    let platform = try platform()
    let dags = try platform.pipeline.dags()
    if action == "list" { return dagList(dags, now: platform.now) }
    guard let name = arguments.positions.first, let dag = dags.first(where: { $0.name == name })
    else {
      throw noSuch(.noSuchDag, arguments.positions.first ?? "", among: dags.map(\.name))
    }
    if action == "show" {
      return try table(
        of: """
          SELECT task_id, state, rows_written,
            substr(CAST(scheduled_at AT TIME ZONE 'Asia/Seoul' AS varchar), 1, 16) AS kst
          FROM system.etl.task_instances WHERE dag_id = '\(dag.name)'
          ORDER BY scheduled_at DESC LIMIT 20
          """
      )
    }
    let advance = try platform.run(
      dag, isFullRefresh: arguments.options["full-refresh"] != nil)
    return Reply(instanceBlocks(advance.instances), data: Shell.json(advance.instances))
  }

  private func dagList(_ dags: [DagDefinition], now: StoryTime) -> Reply {
    let rows = dags.map { dag in
      (
        dag.name, dag.schedule.text,
        dag.schedule.next(after: now).map { storyText($0) } ?? "-",
        dag.tasks.map(\.id).joined(separator: " > ")
      )
    }
    return Reply(
      [
        fitted(
          TableView(
            columns: ["DAG", "SCHEDULE", text("dag.column.next"), "TASKS"].map {
              TableColumn($0)
            },
            rows: rows.map { [$0.0, $0.1, $0.2, $0.3] }
          )
        )
      ],
      data: .array(
        rows.map {
          .record(["dag": .string($0.0), "schedule": .string($0.1), "tasks": .string($0.3)])
        }
      )
    )
  }

  /// A table of task instances, and below it why the failed ones failed.
  func instanceBlocks(_ instances: [DagRunner.TaskInstance]) -> [Reply.Block] {
    guard !instances.isEmpty else { return [] }
    var table = TableView(
      columns: [
        TableColumn("DAG"), TableColumn("TASK"), TableColumn("STATE"), .number("ROWS"),
      ],
      rows: instances.map { [$0.dag, $0.task, $0.state.rawValue, NumberText.grouped($0.rows)] })
    // The same name in every row is the first that a narrow screen can do without.
    if let width = output.tableWidth, Set(instances.map(\.dag)).count == 1,
      table.lines(width: nil).contains(where: { TextWidth.columns($0) > width })
    {
      table.columns.removeFirst()
      for row in table.rows.indices { table.rows[row].removeFirst() }
    }
    let failures = instances.filter { $0.state == .failed }.map { instance in
      Reply.Block.text(
        text("dag.failed", ["task": instance.task, "message": instance.message]))
    }
    return [.table(table)] + failures
  }

  static func json(_ instances: [DagRunner.TaskInstance]) -> JSONValue {
    .array(
      instances.map {
        .record([
          "dag": .string($0.dag), "task": .string($0.task),
          "scheduled_at": .string($0.scheduledAt.iso8601), "state": .string($0.state.rawValue),
          "rows": .count($0.rows), "message": .string($0.message),
        ])
      }
    )
  }
}
