import Columnar
import Commands
import Foundation
import Platform
import Simulation
import Terminal
import TestSupport
import TrinoSQL
import World

/// A home with a small prepared world, for one test.
///
/// The first one is built once and copied, so that each test pays for a copy only.
final class TestWorld {
  static let content = RepositoryFiles.root

  private let scratch: ScratchDirectory
  let path: String
  private(set) var shell: Shell

  private static let templatePath =
    NSTemporaryDirectory() + "/tapline-template-\(UUID().uuidString)"

  private static let template: Result<String, any Error> = Result {
    let path = templatePath
    atexit { try? FileManager.default.removeItem(atPath: TestWorld.templatePath) }
    let shell = try open(path, language: .en)
    _ = shell.run(Shell.Request(line: "dash show"), output: CapturedOutput())
    shell.close()
    return path
  }

  private static func open(
    _ path: String, language: Language, content: String = content, courses: String? = nil,
    wallTime: (@Sendable () -> Int64)? = nil
  ) throws -> Shell {
    var environment = ["TAPLINE_CONTENT": content]
    environment["TAPLINE_COURSES"] = courses
    let root = try ContentRoot.find(environment: environment, executable: "tapline")
    return try Shell(
      home: try Home(path: path), content: root,
      options: Platform.Options(seed: 42, size: .xs, contentRoot: content), language: language,
      output: CapturedOutput(), wallTime: wallTime)
  }

  /// `content` holds `Lessons`, `Exercises` and `Datasets`; `courses` is a pack beside it.
  init(
    language: Language = .en, content: String = TestWorld.content, courses: String? = nil,
    wallTime: (@Sendable () -> Int64)? = nil
  ) throws {
    scratch = try ScratchDirectory("home")
    path = scratch.path + "/home"
    try Self.copy(try Self.template.get(), to: path)
    shell = try Self.open(
      path, language: language, content: content, courses: courses, wallTime: wallTime)
  }

  /// Copies a directory with its times: objects of the lake are as old as their files.
  private static func copy(_ source: String, to target: String) throws {
    let copy = Process()
    copy.executableURL = URL(fileURLWithPath: "/bin/cp")
    copy.arguments = ["-a", source, target]
    try copy.run()
    copy.waitUntilExit()
    guard copy.terminationStatus == 0 else { throw TestFailure("\(source) could not be copied") }
  }

  var worldPath: String { path + "/worlds/sandbox" }

  /// What one line answers, and how it went.
  @discardableResult
  func run(
    _ line: String, json: Bool = false, atPrompt: Bool = false, width: Int = 80
  ) -> (text: String, status: ExitStatus) {
    let output = CapturedOutput(width: width)
    let request = Shell.Request(line: line, isJSON: json, isPrompt: atPrompt)
    let status = shell.run(request, output: output)
    return (output.text, status)
  }

  /// Stops the program, lets `change` edit the home, and starts again.
  func restart(language: Language = .en, change: () throws -> Void = {}) throws {
    shell.close()
    try reopen(language: language, change: change)
  }

  private func reopen(language: Language, change: () throws -> Void) throws {
    // The old shell holds the home's lock until it is gone.
    withExtendedLifetime(shell) {}
    shell = try Self.open(scratch.path + "/none-\(UUID().uuidString)", language: language)
    try change()
    shell = try Self.open(path, language: language)
  }

  /// The first value of a query, as an integer.
  func count(_ sql: String) throws -> Int64 {
    try shell.withPlatform { platform in
      let result = try platform.engine.execute(sql, session: platform.session())
      guard case .integer(let value)? = result.rows().first?.first else {
        throw TestFailure("no integer from \(sql)")
      }
      return value
    }
  }

  /// The first column of a query, as text.
  func texts(_ sql: String) throws -> [String] {
    try shell.withPlatform { platform in
      let result = try platform.engine.execute(sql, session: platform.session())
      return result.rows().map { result.text($0[0], column: 0) }
    }
  }

  /// Every number that a station shows, by name: what `status --json` answers.
  func stations() throws -> [String: Int] {
    let text = run("status", json: true).text
    guard let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let data = root["data"] as? [String: Any]
    else { throw TestFailure("status answered \(text)") }
    return data.compactMapValues { ($0 as? NSNumber)?.intValue }
  }

  /// The numbers of a tile.
  func tile(_ id: String, _ options: String = "") throws -> [String: Int] {
    let text = run("dash show \(id) \(options)", json: true).text
    guard let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
      let data = root["data"] as? [String: Any], let tiles = data["tiles"] as? [[String: Any]],
      let values = tiles.first?["values"] as? [String: Any]
    else { throw TestFailure("dash answered \(text)") }
    return values.compactMapValues { ($0 as? NSNumber)?.intValue }
  }
}

struct TestFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
