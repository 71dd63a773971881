// Somebody else's tools: the Python that holds pyarrow, deltalake and DuckDB at pinned versions.
// `./tapline test` makes it and names it in TAPLINE_INTEROP_PYTHON.

import Foundation

/// Runs Python programs of the interop tests.
package enum InteropPython {
  /// The interpreter; nil where the tools are missing, which skips the tests that need them.
  package static let interpreter = ProcessInfo.processInfo.environment["TAPLINE_INTEROP_PYTHON"]

  /// A program that ended with another status than 0.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// Runs a program and answers what it prints, without the last line break.
  ///
  /// The process ends without the interpreter's teardown: native libraries with threads of their
  /// own sometimes abort there, long after the program has done its work.
  ///
  /// - Throws: `Failure` with everything that the program wrote.
  package static func run(_ program: String, _ arguments: [String] = []) throws -> String {
    guard let interpreter else { throw Failure(description: "TAPLINE_INTEROP_PYTHON is not set") }
    let end = "\nimport os, sys\nsys.stdout.flush()\nsys.stderr.flush()\nos._exit(0)\n"
    let scratch = try ScratchDirectory("python")
    let paths = (output: scratch.path + "/output", errors: scratch.path + "/errors")
    for path in [paths.output, paths.errors] {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: interpreter)
    process.arguments = ["-c", program + end] + arguments
    process.standardOutput = FileHandle(forWritingAtPath: paths.output)
    process.standardError = FileHandle(forWritingAtPath: paths.errors)
    try process.run()
    process.waitUntilExit()
    let output = try String(contentsOfFile: paths.output, encoding: .utf8)
    guard process.terminationStatus == 0 else {
      let errors = try String(contentsOfFile: paths.errors, encoding: .utf8)
      throw Failure(description: output + errors)
    }
    return output.trimmingCharacters(in: .newlines)
  }

  /// Whether that Python has a module.
  package static func has(module: String) -> Bool {
    (try? run("import \(module)")) != nil
  }
}
