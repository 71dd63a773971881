import Foundation
import Testing
import TestSupport

/// The four sentences of ARCHITECTURE.md about imports, enforced by reading the `import` lines.
///
/// SwiftPM does not stop an import of an undeclared transitive target, so the manifest is no proof.
struct ImportTests {
  static let base: Set<String> = [
    "Diagnostics", "Simulation", "Codecs", "Columnar", "Kernels",
  ]
  static let shims: Set<String> = [
    "CCmarkGFM", "CIntrinsics", "CLibEdit", "CLibEditSystem", "CRDKafka", "CZlib", "CZstd",
  ]
  static let stores: Set<String> = [
    "EventLog", "FileTables", "Lake", "RemoteKafka", "ShopDatabase", "Warehouse",
  ]
  static let engine: Set<String> = ["QueryPlanning", "QueryExecution", "TrinoSQL"]
  static let movers: Set<String> = [
    "EventSDK", "Collector", "LakeIngest", "StreamProcessing", "ETL", "Dashboard",
  ]
  static let doors: Set<String> = ["HTTPServer", "CollectorEndpoint", "KafkaBroker"]

  /// Our own targets that a target may import; `nil` for the ones that see everything.
  static let allowed: [String: Set<String>?] = {
    let common = base.union(["Connector"])
    var table: [String: Set<String>?] = [
      "Diagnostics": [], "Simulation": [], "Codecs": ["CIntrinsics", "CZlib", "CZstd", "Diagnostics"],
      "Columnar": ["Codecs", "Diagnostics"],
      "Kernels": ["CIntrinsics", "Columnar", "Codecs", "Diagnostics"],
      "EventModel": [], "EventSDK": ["EventModel", "CZlib"],
      "EventSDKApp": ["EventModel", "EventSDK"],
      "Connector": ["Columnar", "Diagnostics"],
      "Terminal": ["CCmarkGFM", "CLibEdit"], "CLibEdit": ["CLibEditSystem"],
      "Grading": [], "Course": ["Grading"], "CourseAuthoring": ["Course", "Grading"],
      "HTTPServer": common, "CollectorEndpoint": common.union(["Collector", "HTTPServer"]),
      "KafkaBroker": common.union(["EventLog", "KafkaProtocol"]),
      "Platform": nil, "Commands": nil, "tapline": ["Commands"], "Benchmarks": nil,
      "TrinoSQL": common.union(["QueryPlanning", "QueryExecution"]),
      "QueryExecution": common.union(["QueryPlanning"]),
      "QueryPlanning": common,
    ]
    let more: [String: Set<String>] = [
      "KafkaProtocol": [], "ObjectStorage": [], "Parquet": [],
      "S3Endpoint": ["HTTPServer", "ObjectStorage"],
      "DeltaLog": ["ObjectStorage", "Parquet"],
      "EventLog": ["KafkaProtocol"], "RemoteKafka": ["CRDKafka", "KafkaProtocol"],
      "FileTables": ["Parquet", "ObjectStorage"],
      "Lake": ["DeltaLog", "Parquet", "ObjectStorage"],
      "ShopDatabase": [],
      "Warehouse": ["DeltaLog", "Parquet", "ObjectStorage"],
      "Collector": ["EventLog", "EventModel", "KafkaProtocol"],
      "LakeIngest": ["EventLog", "Lake", "EventModel", "KafkaProtocol", "ObjectStorage"],
      "StreamProcessing": ["EventLog", "EventModel", "KafkaProtocol", "TrinoSQL"],
      "ETL": [
        "Lake", "Warehouse", "TrinoSQL", "EventModel", "DeltaLog", "ObjectStorage", "Parquet",
      ],
      "Dashboard": ["Warehouse", "TrinoSQL"],
      "World": ["EventSDK", "EventModel"],
      "EngineBenchmarks": ["FileTables", "QueryExecution", "TrinoSQL"],
    ]
    for (name, besides) in more { table[name] = .some(common.union(besides)) }
    return table
  }()

  struct ImportLine: Equatable {
    var file: String
    var module: String
  }

  static func target(of file: String) -> String {
    String(file.split(separator: "/")[1])
  }

  static func imports() throws -> [ImportLine] {
    try RepositoryFiles.files(below: "Sources", ending: ".swift").flatMap { file in
      try RepositoryFiles.text(file).split(separator: "\n").compactMap { line in
        let words = line.split(separator: " ").map(String.init)
        guard let index = words.firstIndex(of: "import"), index + 1 < words.count,
          words[..<index].allSatisfy({
            ["public", "package", "internal", "private", "fileprivate"].contains($0)
              || $0.hasPrefix("@")
          })
        else { return nil }
        var module = words[index + 1]
        if ["struct", "class", "enum", "func", "protocol"].contains(module) {
          module = words[index + 2]
        }
        return ImportLine(
          file: file, module: String(module.split(separator: ".").first ?? ""))
      }
    }
  }

  @Test func `every target of the sources is in the table`() throws {
    let targets = try FileManager.default.contentsOfDirectory(
      atPath: RepositoryFiles.root + "/Sources"
    ).filter { !$0.hasSuffix(".md") }
    let unknown = Set(targets).subtracting(Self.allowed.keys).subtracting(Self.shims)
    #expect(unknown.isEmpty, "say in ImportTests what these may import: \(unknown.sorted())")
  }

  @Test func `no target imports what the four sentences forbid`() throws {
    let ours = Set(Self.allowed.keys).union(Self.shims)
    let lines = try Self.imports()
    #expect(lines.count > 200, "the reader of import lines found only \(lines.count)")
    for line in lines where ours.contains(line.module) {
      guard let rule = Self.allowed[Self.target(of: line.file)] else {
        Issue.record("\(line.file) belongs to a target without a rule")
        continue
      }
      guard let rule, !rule.contains(line.module) else { continue }
      Issue.record("\(line.file) imports \(line.module)")
    }
  }

  @Test func `stores import no mover, no other store and no engine`() throws {
    let forbidden = Self.movers.union(Self.engine).union(Self.stores)
    for line in try Self.imports() where Self.stores.contains(Self.target(of: line.file)) {
      #expect(!forbidden.contains(line.module), "\(line.file) imports \(line.module)")
    }
  }

  @Test func `the engine imports no store`() throws {
    let engine = Self.engine.union(["Kernels", "Columnar"])
    for line in try Self.imports() where engine.contains(Self.target(of: line.file)) {
      #expect(
        !Self.stores.union(["DeltaLog", "Parquet", "ObjectStorage"]).contains(line.module),
        "\(line.file) imports \(line.module)")
    }
  }

  /// Queries are run by our own engine. What else could run one keeps progress or the index of a
  /// bucket, or is the shop's own operational database, which is another system's by its nature.
  @Test func `no other database engine is imported but for progress, the shop and buckets`() throws {
    let engines = ["GRDB", "GRDBSQLite", "SQLite3", "SQLite", "CSQLite", "DuckDB", "CDuckDB"]
    let lines = try Self.imports().filter { engines.contains($0.module) }
    #expect(!lines.isEmpty)
    for line in lines {
      let isProgress =
        Self.target(of: line.file) == "Course" && line.file.contains("Progress")
      #expect(
        isProgress || ["ObjectStorage", "ShopDatabase"].contains(Self.target(of: line.file)),
        "\(line.file) imports \(line.module)")
    }
  }

  @Test func `only the doors import NIO`() throws {
    for line in try Self.imports() where line.module.hasPrefix("NIO") {
      #expect(Self.doors.contains(Self.target(of: line.file)), "\(line.file) imports NIO")
    }
  }
}
