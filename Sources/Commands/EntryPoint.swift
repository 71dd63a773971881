internal import ArgumentParser

/// Where `main` hands over.
package enum EntryPoint {
  /// Parses the process's arguments, runs, and exits with the status.
  ///
  /// Options that are not understood end with 2, as a line that is not understood does.
  package static func main() -> Never {
    do {
      var program = try Program.parseAsRoot()
      try program.run()
      Program.exit()
    } catch let code as ExitCode {
      Program.exit(withError: code)
    } catch {
      let isHelp = Program.exitCode(for: error) == .success
      guard !isHelp else { Program.exit(withError: error) }
      Program.complain(error)
      Program.exit(withError: ExitCode(ExitStatus.usage.rawValue))
    }
  }
}
