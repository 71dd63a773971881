internal import Columnar
package import Connector
internal import EventModel
internal import Foundation
internal import Simulation

/// The task instances of all runs, a JSON line each in `runs/task_instances.ndjson`.
///
/// Written by appending, one line at a time; a line that a crash cut short is passed over when the
/// file is read.
package struct RunJournal: Sendable {
  private let file: LineFile

  package init(directory: String) {
    file = LineFile(path: directory + "/task_instances.ndjson")
  }

  package func append(_ instances: [DagRunner.TaskInstance]) throws {
    var bytes: [UInt8] = []
    for instance in instances {
      JSONValue.object([
        JSONMember(key: "dag", value: .string(instance.dag)),
        JSONMember(key: "task", value: .string(instance.task)),
        JSONMember(key: "scheduled_at", value: .string(instance.scheduledAt.iso8601)),
        JSONMember(key: "state", value: .string(instance.state.rawValue)),
        JSONMember(key: "rows", value: .integer(Int64(instance.rows))),
        JSONMember(key: "message", value: .string(instance.message)),
      ]).append(to: &bytes)
      bytes.append(0x0A)
    }
    do {
      try file.append(bytes)
    } catch {
      throw ETLError(
        error.isDiskFull ? .diskFull : .unreadable,
        "the run journal cannot be written: \(error.reason)",
        place: "runs/task_instances.ndjson",
        advice: "Check the disk's free space and permissions."
      )
    }
  }

  /// All instances, the oldest first.
  package func instances() -> [DagRunner.TaskInstance] {
    guard let data = FileManager.default.contents(atPath: file.path) else { return [] }
    return data.split(separator: 0x0A).compactMap { line in
      guard let value = try? line.withUnsafeBytes({ try JSONValue(parsing: $0) }),
        case .string(let dag)? = value["dag"], case .string(let task)? = value["task"],
        case .string(let time)? = value["scheduled_at"],
        let moment = EventTimestamp.parse(time), case .string(let state)? = value["state"],
        let taskState = DagRunner.TaskState(rawValue: state),
        case .integer(let rows)? = value["rows"], case .string(let message)? = value["message"]
      else { return nil }
      return DagRunner.TaskInstance(
        dag: dag,
        task: task,
        scheduledAt: StoryTime(milliseconds: moment),
        state: taskState,
        rows: Int(rows),
        message: message
      )
    }
  }

  /// `system.etl.task_instances`.
  package func systemTables() -> [String: ComposedCatalog.Provider] {
    let schema = Schema([
      Field("dag_id", .varchar), Field("task_id", .varchar),
      Field("scheduled_at", .timestampWithTimeZone), Field("state", .varchar),
      Field("rows_written", .bigint), Field("message", .varchar),
    ])
    return [
      "task_instances": {
        ComputedTable(label: "system.etl.task_instances", schema: schema) { _ in
          [
            ColumnarBatch(
              schema: schema,
              rows: instances().map {
                [
                  .text($0.dag), .text($0.task), .integer($0.scheduledAt.milliseconds * 1_000),
                  .text($0.state.rawValue), .integer(Int64($0.rows)), .text($0.message),
                ]
              }
            )
          ]
        }
      }
    ]
  }
}
