// A second tapline on the same home speaks through the first one.
//
// 1. The owner of the home listens on a Unix socket in a private directory.
// 2. A second process connects, writes one JSON object a line: the line to run, its language, its
//    width, whether it wants colour and JSON.
// 3. The owner runs the line like one of its own and streams `{"out": "…"}` objects back, and at the
//    end `{"exit": n}`.

internal import EventModel
internal import Foundation
internal import Synchronization
package import Terminal

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The owner's end.
package final class ForwardingServer: Sendable {
  private let path: String
  private let descriptor: Int32

  /// Begins to listen; nil where no socket can be had, which costs only the second process.
  package init?(path: String, shell: Shell) {
    self.path = path
    guard UnixSocket.preparePrivateDirectory(of: path) else { return nil }
    unlink(path)
    guard let descriptor = UnixSocket.open(path, { bind($0, $1, $2) }) else { return nil }
    self.descriptor = descriptor
    guard chmod(path, 0o600) == 0, listen(descriptor, 8) == 0 else {
      close(descriptor)
      return nil
    }
    let thread = Thread { ForwardingServer.accept(descriptor, shell) }
    thread.stackSize = 8 << 20
    thread.start()
  }

  package func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
    unlink(path)
  }

  private static func accept(_ descriptor: Int32, _ shell: Shell) {
    while true {
      #if canImport(Glibc)
      let connection = Glibc.accept(descriptor, nil, nil)
      #else
      let connection = Darwin.accept(descriptor, nil, nil)
      #endif
      guard connection >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      let thread = Thread { converse(connection, shell) }
      thread.stackSize = 8 << 20
      thread.start()
    }
  }

  private static func converse(_ connection: Int32, _ shell: Shell) {
    defer { close(connection) }
    var reader = SocketLines(descriptor: connection)
    // USE and PREPARE over there change nothing here.
    let statements = StatementSession()
    while let line = reader.next() {
      guard let value = try? JSONValue(parsing: line) else { return }
      if let answer = ask(value, shell) {
        guard UnixSocket.write(answer.text + "\n", to: connection) else { return }
        continue
      }
      guard case .string(let text)? = value["line"] else { return }
      let output = ForwardedOutput(
        connection: connection,
        width: value["width"]?.integer ?? 80,
        isInteractive: value["interactive"] == .bool(true),
        height: value["height"]?.integer,
        style: Style(
          usesColour: value["colour"] == .bool(true),
          isAccessible: value["accessible"] == .bool(true))
      )
      var request = Shell.Request(line: text)
      if case .string(let name)? = value["lang"] { request.language = Language(rawValue: name) }
      request.statements = statements
      request.isJSON = value["json"] == .bool(true)
      request.isPrompt = value["prompt"] == .bool(true)
      let status = shell.run(request, output: output)
      output.send(.record(["exit": .integer(Int64(status.rawValue))]))
    }
  }
}

extension ForwardingServer {
  /// What a prompt over there wants to know without running a line; nil for a line.
  private static func ask(_ value: JSONValue, _ shell: Shell) -> JSONValue? {
    if case .string(let line)? = value["complete"], let cursor = value["cursor"]?.integer {
      let found = shell.completions(line: line, cursor: cursor)
      return .record([
        "from": .count(found.replaceFrom), "space": .bool(found.appendsSpace),
        "candidates": .array(found.candidates.map(JSONValue.string)),
      ])
    }
    guard value["ask"] == .string("prompt") else { return nil }
    let state = shell.promptState()
    return .record([
      "text": .string(state.text), "open": .bool(state.isStepOpen),
      "enter": .optional(state.enterLine), "language": .string(shell.language.rawValue),
      "accessible": .bool(state.isAccessible),
    ])
  }
}

/// The second process's end.
package final class ForwardingClient {
  fileprivate let descriptor: Int32
  fileprivate var reader: SocketLines

  /// Nil where nobody listens.
  package init?(path: String) {
    guard let descriptor = UnixSocket.open(path, { connect($0, $1, $2) }) else { return nil }
    self.descriptor = descriptor
    reader = SocketLines(descriptor: descriptor)
  }

  deinit { close(descriptor) }

  /// Runs one line over there; nil where the owner went away meanwhile.
  ///
  /// `texts` are the pager's words.
  package func run(
    _ request: Shell.Request,
    output: any TerminalOutput,
    texts: Catalogue
  ) -> ExitStatus? {
    let message = JSONValue.record([
      "line": .string(request.line), "lang": .optional(request.language?.rawValue),
      "json": .bool(request.isJSON), "width": .count(output.width),
      "interactive": .bool(output.isInteractive), "colour": .bool(output.style.usesColour),
      "accessible": .bool(output.style.isAccessible), "prompt": .bool(request.isPrompt),
      "height": output.height.map(JSONValue.count) ?? .null,
    ])
    guard UnixSocket.write(message.text + "\n", to: descriptor) else { return nil }
    while let line = reader.next() {
      guard let value = try? JSONValue(parsing: line) else { return nil }
      if case .string(let text)? = value["out"] { output.write(text) }
      if case .string(let text)? = value["page"] {
        (output as? any PagedOutput)?.show(text, texts: texts) ?? output.write(text)
      }
      if let status = value["exit"]?.integer {
        return ExitStatus(rawValue: Int32(truncatingIfNeeded: status)) ?? .failure
      }
    }
    return nil
  }
}

extension ForwardingClient {
  /// What Tab offers over there.
  package func complete(line: String, cursor: Int) -> CompletionResult {
    let answer = ask(.record(["complete": .string(line), "cursor": .count(cursor)]))
    guard case .array(let candidates)? = answer?["candidates"] else { return .none }
    return CompletionResult(
      replaceFrom: answer?["from"]?.integer ?? 0,
      candidates: candidates.compactMap {
        guard case .string(let text) = $0 else { return nil }
        return text
      },
      appendsSpace: answer?["space"] == .bool(true))
  }

  /// How the prompt looks over there; nil where the owner has gone.
  package func promptState() -> (state: PromptState, language: Language)? {
    guard let answer = ask(.record(["ask": .string("prompt")])),
      case .string(let text)? = answer["text"], case .string(let name)? = answer["language"]
    else { return nil }
    var enterLine: String?
    if case .string(let line)? = answer["enter"] { enterLine = line }
    let state = PromptState(
      text: text, isStepOpen: answer["open"] == .bool(true), enterLine: enterLine,
      isAccessible: answer["accessible"] == .bool(true))
    return (state, Language(rawValue: name) ?? .ko)
  }

  private func ask(_ question: JSONValue) -> JSONValue? {
    guard UnixSocket.write(question.text + "\n", to: descriptor), let line = reader.next() else {
      return nil
    }
    return try? JSONValue(parsing: line)
  }
}

extension JSONValue {
  var integer: Int? {
    if case .integer(let value) = self { return Int(value) }
    return nil
  }
}

/// What a forwarded line prints, sent back as it comes.
final class ForwardedOutput: PagedOutput {
  let width: Int
  let isInteractive: Bool
  let height: Int?
  let style: Style
  private let connection: Int32

  init(connection: Int32, width: Int, isInteractive: Bool, height: Int?, style: Style) {
    self.connection = connection
    self.width = width
    self.isInteractive = isInteractive
    self.height = height
    self.style = style
  }

  func write(_ text: String) { send(.record(["out": .string(text)])) }

  /// The pages are turned over there, where the keys are.
  func show(_ text: String, texts: Catalogue) { send(.record(["page": .string(text)])) }

  func send(_ value: JSONValue) { _ = UnixSocket.write(value.text + "\n", to: connection) }
}

/// Lines of at most 1 MiB from a socket.
private struct SocketLines {
  let descriptor: Int32
  private var buffer: [UInt8] = []

  init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  mutating func next() -> String? {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        let line = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeSubrange(...end)
        return line
      }
      guard buffer.count < 1 << 20 else { return nil }
      var chunk = [UInt8](repeating: 0, count: 65_536)
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      buffer.append(contentsOf: chunk[..<count])
    }
  }
}

private enum UnixSocket {
  typealias Connector = (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32

  static func preparePrivateDirectory(of path: String) -> Bool {
    let directory = (path as NSString).deletingLastPathComponent
    mkdir(directory, 0o700)
    var status = stat()
    guard lstat(directory, &status) == 0 else { return false }
    return status.st_uid == getuid() && status.st_mode & S_IFMT == S_IFDIR
      && status.st_mode & 0o077 == 0
  }

  static func open(_ path: String, _ call: Connector) -> Int32? {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    #if canImport(Glibc)
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let descriptor = socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return nil }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  static func write(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { raw in
        #if canImport(Glibc)
        Glibc.send(descriptor, raw.baseAddress, raw.count, Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, raw.baseAddress, raw.count, 0)
        #endif
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}
