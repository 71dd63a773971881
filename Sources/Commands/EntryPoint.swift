internal import ArgumentParser

/// Where `main` hands over.
package enum EntryPoint {
  /// Parses the process's arguments, runs, and exits with the status.
  ///
  /// Options that are not understood end with 2, as a line that is not understood does.
  package static func main() -> Never {
    do {
      var program = try Program.parseAsRoot(
        optionsFirst(Array(CommandLine.arguments.dropFirst())))
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

  /// Puts the program's own options before the words of a line, wherever they were typed.
  ///
  /// `tapline dash show --lang en` means the same as `tapline --lang en dash show`; what the line
  /// itself knows, such as `--day`, stays where it is. After `course`, `--seed` and `--size` are the
  /// line's own: there they speak of a world for grading.
  static func optionsFirst(_ arguments: [String]) -> [String] {
    var withValue = ["--home", "--lang", "--seed", "--size"]
    var options: [String] = []
    var rest: [String] = []
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      let name = String(word.prefix { $0 != "=" })
      if word == "--json" || (withValue.contains(name) && word.contains("=")) {
        options.append(word)
      } else if withValue.contains(word), index + 1 < arguments.count {
        options += [word, arguments[index + 1]]
        index += 1
      } else {
        rest.append(word)
        if rest == ["course"] { withValue.removeAll { $0 == "--seed" || $0 == "--size" } }
      }
      index += 1
    }
    return options + rest
  }
}
