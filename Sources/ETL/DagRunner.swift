package import Simulation

/// Runs one DAG: each task after those it waits for, and none after one that failed.
package struct DagRunner {
  /// How a task ended, in Airflow's words.
  package enum TaskState: String, Sendable, Equatable {
    case success, failed, skipped
    case upstreamFailed = "upstream_failed"
  }

  /// One task in one run.
  package struct TaskInstance: Sendable, Equatable {
    package var dag: String
    package var task: String
    /// The moment that the schedule named.
    package var scheduledAt: StoryTime
    package var state: TaskState
    package var rows: Int
    package var message: String
  }

  /// What a task reports when it did not fail.
  package struct Report: Sendable {
    package var rows: Int
    package var message: String
    package var isSkipped: Bool

    package init(rows: Int, message: String, isSkipped: Bool = false) {
      self.rows = rows
      self.message = message
      self.isSkipped = isSkipped
    }
  }

  /// Runs every task of `dag` in order; `work` does one and throws when it fails.
  ///
  /// A failure stops what waits for it and nothing else; the next run takes up what is missing.
  package static func run(
    _ dag: DagDefinition,
    at moment: StoryTime,
    work: (DagDefinition.Work) throws -> Report
  ) -> [TaskInstance] {
    var instances: [TaskInstance] = []
    var blocked: Set<String> = []
    for task in dag.tasks {
      var instance = TaskInstance(
        dag: dag.name,
        task: task.id,
        scheduledAt: moment,
        state: .success,
        rows: 0,
        message: ""
      )
      if let cause = task.after.first(where: blocked.contains) {
        instance.state = .upstreamFailed
        instance.message = "waits for \(cause)"
      } else {
        do {
          let report = try work(task.work)
          instance.rows = report.rows
          instance.message = report.message
          instance.state = report.isSkipped ? .skipped : .success
        } catch {
          instance.state = .failed
          instance.message = String(describing: error)
        }
      }
      if instance.state == .failed || instance.state == .upstreamFailed {
        blocked.insert(task.id)
      }
      instances.append(instance)
    }
    return instances
  }
}
