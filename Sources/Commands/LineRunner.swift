// Where the lines of a prompt or a script go: to the shell of this process, or to the process that
// owns the home already.

internal import Foundation
internal import Platform
internal import Terminal

/// Runs lines in this process, or through the one that owns the home.
final class LineRunner {
  let shell: Shell?
  private let client: ForwardingClient?
  private let server: ForwardingServer?
  private let content: ContentRoot
  private let homePath: String
  private var catalogues: [Language: Catalogue] = [:]

  private init(
    shell: Shell?,
    client: ForwardingClient?,
    server: ForwardingServer?,
    content: ContentRoot,
    homePath: String
  ) {
    self.shell = shell
    self.client = client
    self.server = server
    self.content = content
    self.homePath = homePath
  }

  /// Runs lines in a shell that has a home of its own; no other process sends it any.
  convenience init(apart shell: Shell, content: ContentRoot) {
    self.init(
      shell: shell, client: nil, server: nil, content: content, homePath: shell.home.path)
  }

  /// Takes the home, or finds the process that has it.
  static func make(
    homePath: String,
    content: ContentRoot,
    options: Platform.Options,
    language: Language?,
    output: DescriptorOutput
  ) throws -> LineRunner {
    output.setAccessible(Settings.read(homePath: homePath).isAccessible)
    let socket = Home.socketPath(home: homePath)
    do {
      let home = try Home(path: homePath)
      let shell = try Shell(
        home: home,
        content: content,
        options: options,
        language: language,
        output: output
      )
      return LineRunner(
        shell: shell, client: nil, server: ForwardingServer(path: socket, shell: shell),
        content: content, homePath: homePath)
    } catch let error as PlatformError where error.kind == .homeInUse {
      // The owner may be starting or stopping just now.
      for attempt in 0..<20 {
        if let client = ForwardingClient(path: socket) {
          return LineRunner(
            shell: nil, client: client, server: nil, content: content, homePath: homePath)
        }
        if attempt < 19 { usleep(50_000) }
      }
      throw error
    }
  }

  func run(_ request: Shell.Request, output: any TerminalOutput) -> ExitStatus {
    if let shell { return shell.run(request, output: output) }
    if let status = client?.run(request, output: output, texts: catalogue()) { return status }
    output.writeWrapped(text("forward.ownerGone"))
    return .failure
  }

  /// What Tab offers for the line.
  func complete(line: String, cursor: Int) -> CompletionResult {
    shell?.completions(line: line, cursor: cursor)
      ?? client?.complete(line: line, cursor: cursor) ?? .none
  }

  /// The state of the prompt; a plain one where the owner has gone.
  func promptState() -> PromptState {
    shell?.promptState() ?? client?.promptState()?.state ?? PromptState()
  }

  /// Where the prompt's lines are kept; the second prompt of a home shares the file.
  var historyFile: String { homePath + "/history" }

  /// A text in the learner's language, whichever process runs the lines.
  func text(_ key: String, _ values: [String: String] = [:]) -> String {
    if let shell { return shell.textNow(key, values) }
    return catalogue().text(key, values)
  }

  /// The texts of the language that the home's owner speaks now.
  private func catalogue() -> Catalogue {
    let language = Settings.read(homePath: homePath).language
    let catalogue = catalogues[language] ?? content.catalogue(language)
    catalogues[language] = catalogue
    return catalogue
  }

  func close() {
    server?.stop()
    shell?.close()
  }

  /// Keeps `serve` open until it is told to stop.
  func waitForSignal() {
    guard shell != nil else { return }
    let stopped = DispatchSemaphore(value: 0)
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { stopped.signal() }
      source.resume()
      return source
    }
    stopped.wait()
    sources.forEach { $0.cancel() }
  }
}
