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
