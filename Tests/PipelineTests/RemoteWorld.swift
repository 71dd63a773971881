import Columnar
import Commands
import Foundation
import Lake
import Platform
import RemoteKafka
import Terminal
import TestSupport
import TrinoSQL
import World

/// A new home whose `config.yaml` names a cluster as the log.
struct RemoteWorld {
  private let scratch: ScratchDirectory
  let path: String

  init(_ servers: String, seconds: Int = 8, more: String = "") throws {
    scratch = try ScratchDirectory("remote-world")
    path = scratch.path + "/home"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Self.config(servers, seconds: seconds, more: more)
      .write(toFile: path + "/config.yaml", atomically: true, encoding: .utf8)
  }

  static func config(_ servers: String, seconds: Int = 8, more: String = "") -> String {
    """
    language: en
    log: kafka
    kafka:
      bootstrap.servers: \(servers)
      timeoutSeconds: \(seconds)
    \(more)
    """
  }

  /// Opens the world without its history: its story stands at the first midnight.
  func open(seed: UInt64 = 42) throws -> Platform {
    var options = Platform.Options(seed: seed, size: .xs, contentRoot: TestWorld.content)
    options.profile = try Profile.read(homePath: path)
    return try Platform(home: try Home(path: path), options: options)
  }

  /// - Parameter courses: the path of a pack beside the course.
  func shell(courses: String? = nil) throws -> Shell {
    var environment = ["TAPLINE_CONTENT": TestWorld.content]
    environment["TAPLINE_COURSES"] = courses
    let root = try ContentRoot.find(environment: environment, executable: "tapline")
    return try Shell(
      home: try Home(path: path), content: root,
      options: Platform.Options(seed: 42, size: .xs, contentRoot: TestWorld.content),
      language: .en, output: CapturedOutput())
  }
}

extension Platform {
  /// All lines of Bronze, from every object.
  func bronzeLines() throws -> [String] {
    try lake.archive().flatMap { object -> [String] in
      String(decoding: try lake.unpackedLines(object.key), as: UTF8.self)
        .split(separator: "\n").map(String.init)
    }
  }

  /// The first column of a query's rows, as text.
  func texts(_ sql: String) throws -> [String] {
    let result = try engine.execute(sql, session: session())
    return result.rows().map { result.text($0[0], column: 0) }
  }
}

extension Shell {
  /// What a line answers and how it went.
  func answer(
    to line: String, json: Bool = false
  ) -> (text: String, status: ExitStatus) {
    let output = CapturedOutput(width: 120)
    let status = run(Shell.Request(line: line, isJSON: json), output: output)
    return (output.text, status)
  }
}
