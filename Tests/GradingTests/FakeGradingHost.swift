/// Worlds of a few tables in memory, for judging answers without a pipeline.
///
/// The SQL runs in SQLite: two-part names become one, and typed literals lose their type.

import Foundation
import GRDB
import Terminal

import Grading

/// What every world of a host was asked, shared among them.
final class Recorder {
  var statements: [String] = []
  var lines: [String] = []
  var openCount = 0
}

final class FakeGradingHost: GradingHost {
  struct Refused: Error {}

  var language: CourseLanguage = .korean
  /// The learner's world; `truth.…` and `baseline.…` are seen by copies of it alone.
  var tables: [GradingTable]
  var day: String
  /// The tables of a made world.
  var make: (MadeWorld) -> [GradingTable] = { _ in [] }
  /// What a world does with a typed line, and with the learner's changes.
  var onRun: (FakeWorld, String) throws -> HostReply = { _, _ in HostReply(output: "", exitCode: 0)
  }
  var onApply: (FakeWorld, LearnerChanges, [String: String]) throws -> Void = { _, _, _ in }
  var learnerChanges = LearnerChanges()
  /// Every question fails from the so-many-th on.
  var failsAfter: Int?
  /// The so-many-th question fails, and none after it.
  var failsOnceAt: Int?
  var opensNoWorlds = false
  let recorder = Recorder()

  init(_ tables: [GradingTable] = [], day: String = "2024-01-15") {
    self.tables = tables
    self.day = day
  }

  func query(_ sql: String) throws -> HostTable {
    let own = tables.filter { !$0.name.hasPrefix("truth.") && !$0.name.hasPrefix("baseline.") }
    return try FakeWorld(own, WorldDescription(seed: 7, day: day, origin: "learner"), self).query(
      sql
    )
  }

  func run(_ line: String) throws -> HostReply { HostReply(output: "", exitCode: 0) }

  func text(_ key: String, _ values: [String: String]) -> String {
    Self.catalogues[language]?.text(key, values) ?? "[[no catalogue]]"
  }

  func open(_ request: WorldRequest) throws -> any GradingWorld {
    if opensNoWorlds { throw Refused() }
    recorder.openCount += 1
    switch request.origin {
    case .learner:
      return FakeWorld(tables, WorldDescription(seed: 7, day: day, origin: "learner"), self)
    case .made(let seed, let day, let size, let shift):
      let made = MadeWorld(
        seed: seed,
        day: day,
        size: size,
        versionShift: shift,
        faults: request.faults
      )
      return FakeWorld(
        make(made),
        WorldDescription(seed: seed, day: day, origin: "made", faults: request.faults),
        self
      )
    }
  }

  func open(tables: [GradingTable]) throws -> any GradingWorld {
    if opensNoWorlds { throw Refused() }
    recorder.openCount += 1
    return FakeWorld(tables, WorldDescription(seed: 0, day: day, origin: "tables"), self)
  }

  func changes(since fork: String) throws -> LearnerChanges { learnerChanges }
  func mutants(of sql: String) throws -> [SQLMutant] { [] }
  func takeFork(_ name: String) throws {}
  func rewind(to fork: String) throws {}

  static let catalogues: [CourseLanguage: Catalogue] = {
    let directory =
      URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path + "/Lessons/catalogue"
    let pairs: [(CourseLanguage, Language)] = [(.korean, .ko), (.english, .en)]
    return Dictionary(
      uniqueKeysWithValues: pairs.compactMap { course, language in
        (try? Catalogue.load(directory: directory, language: language, environment: [:]))
          .map { (course, $0) }
      }
    )
  }()
}

final class FakeWorld: GradingWorld {
  var tables: [GradingTable] { didSet { database = nil } }
  var description: WorldDescription
  var isClosed = false
  private let host: FakeGradingHost
  private var database: DatabaseQueue?

  var language: CourseLanguage { host.language }

  init(_ tables: [GradingTable], _ description: WorldDescription, _ host: FakeGradingHost) {
    self.tables = tables
    self.description = description
    self.host = host
  }

  func text(_ key: String, _ values: [String: String]) -> String { host.text(key, values) }

  func run(_ line: String) throws -> HostReply {
    host.recorder.lines.append(line)
    return try host.onRun(self, line)
  }

  func apply(_ changes: LearnerChanges, rebinding: [String: String]) throws -> [HostReply] {
    try host.onApply(self, changes, rebinding)
    return []
  }

  func fork() throws -> any GradingWorld { FakeWorld(tables, description, host) }

  func setAnswer(_ name: String, _ table: GradingTable) throws {
    var table = table
    table.name = "answer.\(name)"
    tables.append(table)
  }

  func close() { isClosed = true }

  /// Changes the rows of a table, adding it where it is not there.
  func update(_ name: String, _ change: (inout [[HostValue]]) -> Void) {
    guard let index = tables.firstIndex(where: { $0.name == name }) else { return }
    change(&tables[index].rows)
  }

  func query(_ sql: String) throws -> HostTable {
    host.recorder.statements.append(sql)
    if let limit = host.failsAfter, host.recorder.statements.count > limit {
      throw FakeGradingHost.Refused()
    }
    if host.recorder.statements.count == host.failsOnceAt { throw FakeGradingHost.Refused() }
    if sql.hasPrefix("SELECT typeof(") { return try types(sql) }
    return try rows(of: sql).table
  }

  /// SQLite knows the types of values, not of columns: those of the first value that is none null.
  private func types(_ sql: String) throws -> HostTable {
    guard let start = sql.range(of: "LEFT JOIN (\n")?.upperBound,
      let end = sql.range(of: "\n) AS t ON TRUE")?.lowerBound
    else { throw FakeGradingHost.Refused() }
    let (table, declared) = try rows(of: String(sql[start..<end]))
    let types = table.columns.indices.map { index -> HostValue in
      for row in table.rows {
        switch row[index] {
        case .integer: return .text("bigint")
        case .double: return .text("double")
        case .text: return .text(declared[index] ?? "varchar")
        case .boolean: return .text("boolean")
        case .null: continue
        }
      }
      return .text(declared[index] ?? "bigint")
    }
    return HostTable(columns: table.columns, rows: [types])
  }

  /// The rows, and for each column the declared type of a column of that name.
  private func rows(of sql: String) throws -> (table: HostTable, types: [String?]) {
    let database = try opened()
    var portable = sql.replacing(/(?i)\b(DATE|TIMESTAMP|DECIMAL) '/, with: "'")
    for table in tables where table.name.contains(".") {
      portable = portable.replacingOccurrences(
        of: table.name,
        with: table.name.replacingOccurrences(of: ".", with: "_")
      )
    }
    var types: [String: String] = [:]
    for column in tables.flatMap(\.columns) where types[column.name] == nil {
      types[column.name] = column.type
    }
    return try database.read { db in
      let statement = try db.makeStatement(sql: portable)
      guard statement.isReadonly else { throw FakeGradingHost.Refused() }
      let rows = try Row.fetchAll(statement).map { row in
        Array(row.databaseValues).map { value -> HostValue in
          switch value.storage {
          case .null, .blob: .null
          case .int64(let number): .integer(number)
          case .double(let number): .double(number)
          case .string(let text): .text(text)
          }
        }
      }
      return (
        HostTable(columns: statement.columnNames, rows: rows),
        statement.columnNames.map { types[$0] }
      )
    }
  }

  private func opened() throws -> DatabaseQueue {
    if let database { return database }
    let queue = try DatabaseQueue()
    try queue.write { db in
      for table in tables {
        let name = table.name.replacingOccurrences(of: ".", with: "_")
        let columns = table.columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        try db.execute(sql: "CREATE TABLE \(name) (\(columns))")
        let marks = table.columns.map { _ in "?" }.joined(separator: ", ")
        let insert = try db.makeStatement(sql: "INSERT INTO \(name) VALUES (\(marks))")
        for row in table.rows {
          try insert.execute(arguments: StatementArguments(row.map(Self.argument)))
        }
      }
    }
    database = queue
    return queue
  }

  private static func argument(_ value: HostValue) -> (any DatabaseValueConvertible)? {
    switch value {
    case .null: nil
    case .integer(let number): number
    case .double(let number): number
    case .text(let text): text
    case .boolean(let flag): flag
    }
  }
}

/// A folder of its own that goes when the test is over.
final class ScratchFolder {
  let path = NSTemporaryDirectory() + "/tapline-grading-" + UUID().uuidString

  init(_ files: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    for (name, text) in files { try write(name, text) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent,
      withIntermediateDirectories: true
    )
    try Data(text.utf8).write(to: URL(filePath: file))
  }

  var folder: ContentFolder { ContentFolder(path: path) }
}

/// The question that a check's text makes.
func question(
  _ yaml: String,
  tables: [GradingTable] = [],
  files: [String: String] = [:],
  status: ContentStatus = .local
) throws -> ExercisePart.Question {
  var files = files
  files["checks/10-check.yaml"] = yaml
  let scratch = try ScratchFolder(files)
  let loader = CheckLoader(folder: scratch.folder, status: status, tables: tables)
  guard let question = try loader.question(in: "checks", form: nil) else {
    throw FakeGradingHost.Refused()
  }
  return question
}

/// The error that loading a check's text ends in.
func loadError(
  _ yaml: String,
  tables: [GradingTable] = [],
  files: [String: String] = [:],
  status: ContentStatus = .local
) -> CourseError? {
  do {
    _ = try question(yaml, tables: tables, files: files, status: status)
    return nil
  } catch {
    return error as? CourseError
  }
}
