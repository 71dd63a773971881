// Programs that are run to their end, with a text on their input and their output taken.

package import Foundation

/// A child process that ended badly, with what it wrote.
package struct ChildProcessError: Error, CustomStringConvertible {
  package var description: String
}

/// Runs one program.
package enum ChildProcess {
  /// What the program writes. Its input comes from a file, so that nobody waits on a full pipe.
  ///
  /// Throws `ChildProcessError` where it ends with another status than 0.
  @discardableResult
  package static func run(
    _ executable: String, _ arguments: [String], input: String = ""
  ) throws -> Data {
    let directory = NSTemporaryDirectory() + "/tapline-benchmark-\(UUID().uuidString)"
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let paths = ["in", "out", "err"].map { directory + "/" + $0 }
    try Data(input.utf8).write(to: URL(fileURLWithPath: paths[0]))
    for path in paths.dropFirst() { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle(forReadingAtPath: paths[0])
    process.standardOutput = FileHandle(forWritingAtPath: paths[1])
    process.standardError = FileHandle(forWritingAtPath: paths[2])
    try process.run()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      let errors = (try? String(contentsOfFile: paths[2], encoding: .utf8)) ?? ""
      throw ChildProcessError(
        description: "\(executable) \(arguments.prefix(1).joined()) ended with status "
          + "\(process.terminationStatus): \(errors.suffix(2_000))")
    }
    return try Data(contentsOf: URL(fileURLWithPath: paths[1]))
  }
}
