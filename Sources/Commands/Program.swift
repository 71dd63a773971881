// The command line of `tapline`: which lines to run, and for whom.

package import ArgumentParser
internal import Diagnostics
internal import EventModel
internal import Foundation
internal import Platform
internal import Terminal
internal import World

/// `tapline [options] [command words]`.
package struct Program: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "tapline",
    abstract: "Follow one tap from the phone to the dashboard.",
    discussion: """
      Without a command, the prompt opens. With -c, -f or standard input, lines are run and the \
      exit status tells how they went: 0 passed, 1 not yet, 2 not understood, 3 the tool failed.
      """
  )

  @Option(name: .short, help: "Run this line; may be given several times.")
  var c: [String] = []

  @Option(name: .short, help: "Run the lines of this file; - is standard input.")
  var f: String?

  @Flag(help: "Answer each line with one line of JSON.")
  var json = false

  @Option(help: "ko or en.")
  var lang: String?

  @Option(help: "The directory that holds the learner's work (default: TAPLINE_HOME, ~/.tapline).")
  var home: String?

  @Option(help: "The seed of a new world.")
  var seed: UInt64?

  @Option(help: "The size of a new world: xs (200 users) or s (2,000 users).")
  var size: String?

  @Argument(parsing: .captureForPassthrough, help: "One line to run, such as: dash show")
  var words: [String] = []

  package init() {}

  /// Says on standard error what was wrong with the options.
  static func complain(_ error: any Error) {
    FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
  }

  package mutating func run() throws {
    let status = try start()
    guard status == .success else { throw ExitCode(status.rawValue) }
  }

  private func start() throws -> ExitStatus {
    signal(SIGPIPE, SIG_IGN)
    if let option = words.first, option.hasPrefix("-") {
      if option == "--help" || option == "-h" { throw CleanExit.helpRequest(self) }
      throw ValidationError("Unknown option \(option).")
    }
    let environment = ProcessInfo.processInfo.environment
    let output = DescriptorOutput()
    let language = try lang.map { name in
      guard let language = Language(rawValue: name) else {
        throw ValidationError("--lang is ko or en, not \(name).")
      }
      return language
    }
    let homePath = home.map(Home.absolute) ?? Home.defaultPath(environment: environment)
    do {
      let content = try ContentRoot.find(
        environment: environment,
        executable: CommandLine.arguments.first ?? "tapline"
      )
      let runner =
        c.isEmpty && CourseLine.isApart(words)
        ? LineRunner(
          apart: try CourseLine.shell(
            below: homePath, content: content, language: language, output: output),
          content: content)
        : try LineRunner.make(
          homePath: homePath,
          content: content,
          options: try worldOptions(content),
          language: language,
          output: output
        )
      defer { runner.close() }
      return try run(runner, output: output, language: language)
    } catch let error as any DiagnosableError {
      return Program.fail(error, language: language, json: json, output: output)
    }
  }

  private func worldOptions(_ content: ContentRoot) throws -> Platform.Options {
    var options = Platform.Options(seed: seed, contentRoot: content.path)
    if let size {
      guard let named = WorldSize(rawValue: size) else {
        throw ValidationError("--size is xs or s, not \(size).")
      }
      options.size = named
    }
    return options
  }

  private func run(
    _ runner: LineRunner,
    output: DescriptorOutput,
    language: Language?
  ) throws -> ExitStatus {
    let script = Script(runner: runner, isJSON: json, language: language, output: output)
    if !c.isEmpty { return script.run(c) }
    if !words.isEmpty {
      let line = words.map(Program.quoted).joined(separator: " ")
      let status = script.run([line])
      if words.first == "serve", status == .success { runner.waitForSignal() }
      if CourseLine.opensPrompt(words), status == .success, !json, isatty(0) == 1, isatty(1) == 1 {
        return Prompt(runner: runner, output: output, language: language).run(welcomes: false)
      }
      return status
    }
    if let f {
      guard json else { return script.run(file: f) }
      let document = JSONDocumentOutput(output)
      defer { document.finish() }
      return Script(runner: runner, isJSON: true, language: language, output: document)
        .run(file: f)
    }
    guard isatty(0) == 1 else { return script.run(file: "-") }
    return Prompt(runner: runner, output: output, language: language).run()
  }

  /// A word that the shell had already unquoted, quoted again for the prompt's own rules.
  private static func quoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && !word.contains { $0.isWhitespace || "'\"\\".contains($0) }
    if isPlain { return word }
    return "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// Reports what kept the program from starting, in the learner's language where content is there.
  private static func fail(
    _ error: any DiagnosableError,
    language: Language?,
    json: Bool,
    output: any TerminalOutput
  ) -> ExitStatus {
    let environment = ProcessInfo.processInfo.environment
    let content = try? ContentRoot.find(
      environment: environment,
      executable: CommandLine.arguments.first ?? "tapline"
    )
    let spoken = language ?? ((environment["LANG"] ?? "").hasPrefix("en") ? .en : .ko)
    let catalogue = content?.catalogue(spoken) ?? Catalogue(language: spoken, entries: [:])
    let text = ErrorText(error, catalogue: catalogue)
    ReplyPrinter(output: output, isJSON: json).print(text, line: "")
    return text.exit
  }
}
