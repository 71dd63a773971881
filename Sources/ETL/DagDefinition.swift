internal import Simulation
internal import Yams

/// One `dags/*.yaml`: a schedule and tasks that wait for each other.
///
/// ```yaml
/// dag: nightly
/// schedule: "0 4 * * *"
/// timezone: Asia/Seoul
/// tasks:
///   - id: clean_events
///     type: clean
///   - id: daily_metrics
///     type: model
///     model: daily_metrics
///     after: [clean_events]
/// ```
package struct DagDefinition: Sendable, Equatable {
  package enum Work: Sendable, Equatable {
    /// The log into Bronze.
    case ingest
    /// Bronze into Silver.
    case clean
    /// A SQL model of `models/`, by name.
    case model(String)
  }

  package struct TaskDefinition: Sendable, Equatable {
    package var id: String
    package var work: Work
    package var after: [String]
  }

  package var name: String
  package var schedule: CronSchedule
  /// In an order in which every task comes after those it waits for.
  package var tasks: [TaskDefinition]

  /// Reads a DAG file; `file` is the name that errors show.
  package init(parsing text: String, file: String) throws {
    let root: [String: Any]
    do {
      guard let mapping = try Yams.load(yaml: text) as? [String: Any] else {
        throw ETLError(
          .dagSyntax,
          "\(file) is not a mapping of `dag`, `schedule` and `tasks`",
          place: file
        )
      }
      root = mapping
    } catch let error as YamlError {
      throw ETLError(
        .dagSyntax,
        "\(file) is not valid YAML: \(error)",
        place: file,
        advice: "Compare its indentation with the file's last working version."
      )
    }
    guard let name = root["dag"] as? String, let cron = root["schedule"] as? String,
      let list = root["tasks"] as? [[String: Any]]
    else {
      throw ETLError(
        .dagSyntax,
        "\(file) needs `dag`, `schedule` (in quotes) and `tasks`",
        place: file
      )
    }
    let zone = root["timezone"] as? String ?? "UTC"
    guard let offset = DagDefinition.zones[zone] else {
      throw ETLError(
        .dagSyntax,
        "\(file) names the time zone \(zone)",
        place: file,
        advice: "Use Asia/Seoul or UTC.",
        fields: ["zone": zone]
      )
    }
    self.name = name
    schedule = try CronSchedule(cron, offsetSeconds: offset)
    let parsed = try list.map { try DagDefinition.task($0, file: file) }
    tasks = try DagDefinition.ordered(parsed, file: file)
  }

  /// A DAG without a schedule that builds a model: first those that it reads, and it as the last.
  ///
  /// - Throws: `etl.unknownModel` where there is no such model, and `etl.dagCycle` where models read
  ///   each other.
  package init(building name: String, of models: [String: ModelTemplate]) throws {
    guard models[name] != nil else { throw ETLError.noModel(name, among: models) }
    var needed: Set<String> = [name]
    var waiting = [name]
    while let next = waiting.popLast() {
      for reference in models[next]?.references ?? [] where models[reference] != nil {
        if needed.insert(reference).inserted { waiting.append(reference) }
      }
    }
    self.name = name
    schedule = .none
    tasks = try DagDefinition.ordered(
      needed.sorted().map { model in
        let references = Set(models[model]?.references ?? []).intersection(needed)
        return TaskDefinition(id: model, work: .model(model), after: references.sorted())
      }, file: "pipeline/models")
  }

  private static let zones = ["UTC": TimeZones.utc, "Asia/Seoul": TimeZones.seoul]

  private static func task(_ entry: [String: Any], file: String) throws -> TaskDefinition {
    guard let id = entry["id"] as? String, let type = entry["type"] as? String else {
      throw ETLError(.dagSyntax, "a task in \(file) has no `id` or no `type`", place: file)
    }
    let work: Work
    switch type {
    case "ingest": work = .ingest
    case "clean": work = .clean
    case "model": work = .model(entry["model"] as? String ?? id)
    default:
      throw ETLError(
        .dagSyntax,
        "the task \(id) in \(file) has the type `\(type)`",
        place: file,
        advice: "A task is `ingest`, `clean` or `model`.",
        fields: ["task": id, "type": type]
      )
    }
    return TaskDefinition(id: id, work: work, after: entry["after"] as? [String] ?? [])
  }

  private static func ordered(
    _ tasks: [TaskDefinition],
    file: String
  ) throws -> [TaskDefinition] {
    let known = Set(tasks.map(\.id))
    guard known.count == tasks.count else {
      throw ETLError(.dagSyntax, "two tasks in \(file) have the same id", place: file)
    }
    for task in tasks {
      if let missing = task.after.first(where: { !known.contains($0) }) {
        throw ETLError(
          .unknownTask,
          "\(task.id) in \(file) waits for \(missing), which is not in the DAG",
          place: file,
          fields: ["task": task.id, "missing": missing]
        )
      }
    }
    var ordered: [TaskDefinition] = []
    var done: Set<String> = []
    var waiting = tasks
    while !waiting.isEmpty {
      guard let index = waiting.firstIndex(where: { $0.after.allSatisfy(done.contains) }) else {
        let names = waiting.map(\.id).joined(separator: ", ")
        throw ETLError(
          .dagCycle,
          "these tasks in \(file) wait for each other: \(names)",
          place: file,
          fields: ["tasks": names]
        )
      }
      let task = waiting.remove(at: index)
      done.insert(task.id)
      ordered.append(task)
    }
    return ordered
  }
}
