import Foundation

/// The built program, as a learner starts it.
enum Binary {
  /// Beside the test bundle.
  static let path: String = {
    var directory = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    while directory.path != "/" {
      let candidate = directory.appendingPathComponent("tapline").path
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
        !isDirectory.boolValue, directory.lastPathComponent == "release"
      {
        return candidate
      }
      directory.deleteLastPathComponent()
    }
    return TestWorld.content + "/.build/release/tapline"
  }()

  struct Answer {
    var output: String
    var status: Int32
  }

  static func process(_ arguments: [String], environment: [String: String] = [:]) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    var all = ProcessInfo.processInfo.environment
    all["TAPLINE_CONTENT"] = TestWorld.content
    all["NO_COLOR"] = "1"
    all.merge(environment) { _, new in new }
    process.environment = all
    return process
  }

  /// Runs to the end; standard output and error together.
  static func run(
    _ arguments: [String], input: String? = nil, environment: [String: String] = [:]
  ) throws -> Answer {
    let process = process(arguments, environment: environment)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    let stdin = Pipe()
    process.standardInput = stdin
    try process.run()
    if let input { stdin.fileHandleForWriting.write(Data(input.utf8)) }
    try stdin.fileHandleForWriting.close()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Answer(output: String(decoding: data, as: UTF8.self), status: process.terminationStatus)
  }
}
