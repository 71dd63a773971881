package import Collector
package import Dashboard
package import ETL
internal import Foundation
internal import Yams

/// The learner's `pipeline/` directory: what the pipeline is, as files.
package struct PipelineFiles: Sendable {
  package let root: String

  package init(root: String) {
    self.root = root
  }

  /// Copies the course's starting pipeline where there is none yet.
  package func install(from template: String) throws {
    guard !FileManager.default.fileExists(atPath: root) else { return }
    let staging = root + ".new"
    try? FileManager.default.removeItem(atPath: staging)
    do {
      try FileManager.default.copyItem(atPath: template, toPath: staging)
      try FileManager.default.moveItem(atPath: staging, toPath: root)
    } catch {
      throw PlatformError(
        .contentMissing,
        "the starting pipeline could not be copied: \(error)",
        place: template,
        advice: "Set TAPLINE_CONTENT to the directory that holds Lessons and Datasets."
      )
    }
  }

  /// All DAGs, by file name.
  package func dags() throws -> [DagDefinition] {
    try names("dags", ending: ".yaml").map {
      try DagDefinition(parsing: try text("dags/" + $0), file: "pipeline/dags/" + $0)
    }
  }

  /// All models below `models/` and the seeds below `seeds/`, by name.
  package func models() throws -> [String: ModelTemplate] {
    var models: [String: ModelTemplate] = [:]
    for relative in try names("seeds", ending: ".csv") {
      let name = String((relative as NSString).lastPathComponent.dropLast(4))
      models[name] = try ModelTemplate(seed: try text("seeds/" + relative), name: name)
    }
    for relative in try names("models", ending: ".sql") {
      let name = String((relative as NSString).lastPathComponent.dropLast(4))
      models[name] = try ModelTemplate(parsing: try text("models/" + relative), name: name)
    }
    return models
  }

  /// What `vars` of `dbt_project.yml` says, by name; empty for a pipeline that has none.
  package func variables() throws -> [String: String] {
    let file = "dbt_project.yml"
    guard FileManager.default.fileExists(atPath: root + "/" + file) else { return [:] }
    guard let all = try mapping(file)["vars"] else { return [:] }
    guard let all = all as? [String: Any] else { throw invalid(file, "needs a mapping for `vars`") }
    return all.compactMapValues { value in
      value is [String: Any] || value is [Any] ? nil : "\(value)"
    }
  }

  package func tiles() throws -> [TileDefinition] {
    try TileDefinition.parse(try text("dashboard.yaml"), file: "pipeline/dashboard.yaml")
  }

  /// One topic of `topics.yaml`.
  package struct TopicSetting: Sendable, Equatable {
    package var name: String
    package var partitions: Int
    /// A topic's records are kept for as long, by append time.
    package var retentionMilliseconds: Int64
    /// Replicas of each partition, 1 to 3.
    package var replicas = 1
    /// Kafka's own settings beside it, by name.
    package var settings: [String: String] = [:]
  }

  /// Keys of a topic that are settings of Kafka.
  static let topicSettings = [
    "retentionBytes": "retention.bytes", "segmentBytes": "segment.bytes",
    "minInSyncReplicas": "min.insync.replicas", "cleanupPolicy": "cleanup.policy",
  ]

  package func topics() throws -> [TopicSetting] {
    let root = try mapping("topics.yaml")
    guard let list = root["topics"] as? [[String: Any]] else {
      throw invalid("topics.yaml", "needs a list `topics`")
    }
    return try list.map { entry in
      guard let name = entry["name"] as? String, let partitions = entry["partitions"] as? Int,
        (1...64).contains(partitions)
      else { throw invalid("topics.yaml", "needs `name` and 1 to 64 `partitions` for each topic") }
      let hours = entry["retentionHours"] as? Int ?? (entry["retentionDays"] as? Int ?? 7) * 24
      var topic = TopicSetting(
        name: name,
        partitions: partitions,
        retentionMilliseconds: Int64(hours) * 3_600_000
      )
      topic.replicas = entry["replicas"] as? Int ?? 1
      guard (1...3).contains(topic.replicas) else {
        throw invalid("topics.yaml", "needs 1 to 3 `replicas` for \(name)")
      }
      for (key, setting) in PipelineFiles.topicSettings {
        topic.settings[setting] = entry[key].map { "\($0)" }
      }
      return topic
    }
  }

  /// `sdk.yaml` as it stands; empty where there is none.
  func sdkText() throws -> String {
    FileManager.default.fileExists(atPath: root + "/sdk.yaml") ? try text("sdk.yaml") : ""
  }

  /// The text of a settings file.
  package func settings(_ file: String) throws -> String { try text(file) }

  /// The tracking plan; nil for a pipeline that has none.
  package func trackingPlan() throws -> TrackingPlan? {
    let file = "tracking-plan.yaml"
    guard FileManager.default.fileExists(atPath: root + "/" + file) else { return nil }
    return try TrackingPlan(yaml: try text(file), file: "pipeline/" + file)
  }

  /// A positive whole number of a settings file; `fallback` where the key is absent.
  package func integer(_ file: String, _ key: String, fallback: Int) throws -> Int {
    guard let value = try mapping(file)[key] else { return fallback }
    guard let number = value as? Int, number > 0 else {
      throw invalid(file, "needs a positive whole number for `\(key)`")
    }
    return number
  }

  func mapping(_ file: String) throws -> [String: Any] {
    do {
      return try Yams.load(yaml: try text(file)) as? [String: Any] ?? [:]
    } catch let error as YamlError {
      throw invalid(file, "is not valid YAML: \(error)")
    }
  }

  private func text(_ relative: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: root + "/" + relative) else {
      throw invalid(relative, "cannot be read")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw invalid(relative, "is not UTF-8 text")
    }
    return text
  }

  private func names(_ directory: String, ending: String) throws -> [String] {
    let all = FileManager.default.subpaths(atPath: root + "/" + directory) ?? []
    return all.filter { $0.hasSuffix(ending) }.sorted()
  }

  func invalid(_ file: String, _ what: String) -> PlatformError {
    PlatformError(
      .pipelineFile,
      "pipeline/\(file) \(what)",
      place: "pipeline/\(file)",
      advice: "Correct the file; `Datasets/shop/pipeline` holds the original.",
      fields: ["file": "pipeline/\(file)"]
    )
  }
}
