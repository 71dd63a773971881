// A program run on a pseudo-terminal, as a learner's terminal runs it: keys in, screen out.

import Foundation

/// A child process with a pseudo-terminal of its own as its controlling terminal.
///
///     let terminal = try PseudoTerminal(BuiltProgram.path("tapline"), environment: ["LANG": "C.UTF-8"])
///     try terminal.waitFor("tapline> ")
///     terminal.type("kafka lag")
///     terminal.press(.enter)
///     try terminal.waitFor("lake-sink")
///
/// What the child writes is drawn on `screen`. Use it from one thread. The child is killed when the
/// object goes.
package final class PseudoTerminal {
  /// Why a wait ended without what it waited for; shows the screen.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  /// A key that is no character.
  package enum Key: Sendable, Hashable {
    case enter, tab, backspace, delete, escape, up, down, left, right, home, end, pageUp, pageDown
    /// Ctrl and a letter.
    case control(Character)

    /// What a terminal sends for it.
    package var bytes: String {
      switch self {
      case .enter: "\r"
      case .tab: "\t"
      case .backspace: "\u{7F}"
      case .delete: "\u{1B}[3~"
      case .escape: "\u{1B}"
      case .up: "\u{1B}[A"
      case .down: "\u{1B}[B"
      case .right: "\u{1B}[C"
      case .left: "\u{1B}[D"
      case .home: "\u{1B}[H"
      case .end: "\u{1B}[F"
      case .pageUp: "\u{1B}[5~"
      case .pageDown: "\u{1B}[6~"
      case .control(let letter):
        String(UnicodeScalar((letter.asciiValue ?? 0x40) & 0x1F))
      }
    }
  }

  /// The screen as it is now; reads nothing, see `waitFor`.
  package private(set) var screen: TerminalScreen
  /// Everything the child has written.
  package private(set) var transcript: [UInt8] = []
  /// How long a wait lasts at most, unless told otherwise.
  package var patience: Duration = .seconds(10)

  private var master: Int32
  private let child: pid_t
  private var isReaped = false
  private var consumed = 0

  /// Everything the child has written, as text with its escape sequences.
  package var text: String { String(decoding: transcript, as: UTF8.self) }

  /// Starts `program` on a new terminal.
  ///
  /// - Parameters:
  ///   - program: a path.
  ///   - environment: all that the child gets, besides TERM, LANG, HOME (which does not exist) and
  ///     PATH unless given here.
  ///   - directory: where it starts; nil is where the test runs.
  /// - Throws: `Failure` if there is no pseudo-terminal, or the program cannot be run.
  package init(
    _ program: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    directory: String? = nil,
    columns: Int = 80,
    rows: Int = 24
  ) throws {
    screen = TerminalScreen(columns: columns, rows: rows)
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, let slave = PseudoTerminal.slaveName(of: master) else {
      throw Failure(description: "no pseudo-terminal: \(errno)")
    }
    // The terminal keeps its size from before the child opens it.
    let keeper = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC)
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(keeper, UInt(TIOCSWINSZ), &size)
    var all = [
      "TERM": "xterm-256color", "LANG": "C", "HOME": "/nonexistent", "PATH": "/usr/bin:/bin",
    ]
    all.merge(environment) { $1 }
    child = try PseudoTerminal.spawn(program, arguments, all, directory, on: slave)
    close(keeper)
  }

  deinit {
    if !isReaped {
      kill(child, SIGKILL)
      var status: Int32 = 0
      waitpid(child, &status, 0)
    }
    if master >= 0 { close(master) }
  }

  // MARK: Keys

  /// Types text; a `\n` is sent as it is, `press(.enter)` sends what the key sends.
  package func type(_ keys: String) {
    type(Array(keys.utf8))
  }

  /// Types bytes, whatever they are; what the child writes meanwhile is read.
  package func type(_ keys: [UInt8]) {
    keys.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count, master >= 0 {
        // A child that writes much while it is sent much would stop both, were its text not read.
        var polled = pollfd(fd: master, events: Int16(POLLOUT | POLLIN), revents: 0)
        guard poll(&polled, 1, 10_000) > 0 else { return }
        if polled.revents & Int16(POLLIN) != 0 { _ = readMore() }
        guard polled.revents & Int16(POLLOUT) != 0 else {
          if polled.revents & Int16(POLLHUP) != 0 { return }
          continue
        }
        // The kernel takes up to 4,095 bytes of a line that nobody reads; a piece never blocks.
        let count = write(master, bytes.baseAddress.map { $0 + sent }, min(bytes.count - sent, 512))
        if count <= 0 { return }
        sent += count
      }
    }
  }

  /// Presses keys.
  package func press(_ keys: Key...) {
    for key in keys { type(key.bytes) }
  }

  /// Pastes text as a terminal does: line ends as Enter, between marks if the program asked.
  package func paste(_ text: String) {
    let body = text.replacing("\r\n", with: "\r").replacing("\n", with: "\r")
    type(screen.marksPastes ? "\u{1B}[200~\(body)\u{1B}[201~" : body)
  }

  // MARK: Waiting

  /// Reads until the screen shows `text`, in one row or over wrapped rows.
  ///
  /// - Returns: the screen.
  /// - Throws: `Failure`, with a drawing of the screen.
  @discardableResult
  package func waitFor(_ text: String, timeout: Duration? = nil) throws -> TerminalScreen {
    try wait(timeout, for: "\(text.debugDescription) on the screen") { $0.contains(text) }
  }

  /// Reads until the screen shows what `isDone` waits for.
  @discardableResult
  package func waitForScreen(
    timeout: Duration? = nil,
    _ isDone: (TerminalScreen) -> Bool
  ) throws -> TerminalScreen {
    try wait(timeout, for: "another screen", isDone)
  }

  /// Reads until the row of the cursor is `line` (without trailing spaces), and the cursor in
  /// `column` where one is given.
  @discardableResult
  package func waitForLine(
    _ line: String,
    column: Int? = nil,
    timeout: Duration? = nil
  ) throws -> TerminalScreen {
    let what = "the line \(line.debugDescription)" + (column.map { ", cursor \($0)" } ?? "")
    return try wait(timeout, for: what) {
      $0.currentLine == line && (column == nil || $0.cursor.column == column)
    }
  }

  /// Reads until nothing has come for `quiet`: for showing that something does not appear.
  @discardableResult
  package func settle(_ quiet: Duration = .milliseconds(200)) -> TerminalScreen {
    let milliseconds = Int32(quiet / .milliseconds(1))
    while master >= 0 {
      var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, milliseconds) > 0, readMore() else { break }
    }
    return screen
  }

  private func wait(
    _ timeout: Duration?,
    for what: String,
    _ isDone: (TerminalScreen) -> Bool
  ) throws -> TerminalScreen {
    let clock = ContinuousClock()
    let deadline = clock.now + (timeout ?? patience)
    while true {
      if isDone(screen) { return screen }
      guard clock.now < deadline, readMore() else {
        let end = clock.now < deadline ? "the program ended" : "the time is over"
        throw Failure(description: "waited for \(what), and \(end):\n\(screen.drawing)")
      }
    }
  }

  /// Reads until `text` appears among the bytes after what was expected before.
  ///
  /// For what a screen cannot tell, such as modes; what a learner sees is asked of `screen`.
  ///
  /// - Returns: what was read up to it.
  @discardableResult
  package func expect(_ text: String, timeout: Duration? = nil) throws -> String {
    let wanted = Array(text.utf8)
    let clock = ContinuousClock()
    let deadline = clock.now + (timeout ?? patience)
    while true {
      let fresh = transcript[consumed...]
      if let range = fresh.firstRange(of: wanted) {
        defer { consumed = range.upperBound }
        return String(decoding: fresh[..<range.upperBound], as: UTF8.self)
      }
      guard clock.now < deadline, readMore() else {
        let seen = String(decoding: fresh.suffix(2_000), as: UTF8.self).debugDescription
        throw Failure(description: "expected \(text.debugDescription), got \(seen)")
      }
    }
  }

  // MARK: The terminal and the child

  /// Sends a signal to the child.
  package func signal(_ number: Int32) {
    kill(child, number)
  }

  /// Gives the terminal another size, which the child hears as SIGWINCH.
  package func resize(columns: Int, rows: Int = 24, reflows: Bool = true) {
    drain()
    screen.resize(columns: columns, rows: rows, reflows: reflows)
    var size = winsize(
      ws_row: UInt16(rows), ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// Closes the terminal under the child, as a closed window or a lost connection does.
  package func hangUp() {
    close(master)
    master = -1
  }

  /// Waits for the child's end, typing `keys` meanwhile: its exit code, or 128 + the signal.
  package func exitCode(typing keys: String = "") throws -> Int32 {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      guard clock.now < deadline else {
        throw Failure(description: "the program still runs:\n\(screen.drawing)")
      }
      if !readMore() { usleep(10_000) }
      if !keys.isEmpty { type(keys) }
    }
    isReaped = true
    drain()
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }

  /// Whether the kernel echoes and edits lines: the state of a terminal that nobody has changed.
  package var isCooked: Bool {
    var state = termios()
    guard tcgetattr(master, &state) == 0 else { return false }
    return state.c_lflag & tcflag_t(ICANON) != 0 && state.c_lflag & tcflag_t(ECHO) != 0
  }

  private func drain() {
    while master >= 0 {
      var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
      guard poll(&polled, 1, 0) > 0, readMore() else { return }
    }
  }

  /// Reads what is there, waiting 50 ms at most; false when the child's side is closed.
  private func readMore() -> Bool {
    guard master >= 0 else { return false }
    var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&polled, 1, 50) > 0 else { return true }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(master, &buffer, buffer.count)
    guard count > 0 else { return count < 0 && errno == EINTR }
    transcript += buffer[..<count]
    screen.feed(buffer[..<count])
    let replies = screen.takeReplies()
    if !replies.isEmpty { type(replies) }
    return true
  }
}

extension PseudoTerminal {
  private static func slaveName(of master: Int32) -> String? {
    #if canImport(Darwin)
    guard grantpt(master) == 0, unlockpt(master) == 0 else { return nil }
    return ptsname(master).map { String(cString: $0) }
    #else
    // Glibc's module hides grantpt and ptsname; these are the requests that they make.
    var unlocked: Int32 = 0
    var number: UInt32 = 0
    let setLock: UInt = 0x4004_5431  // TIOCSPTLCK
    let getNumber: UInt = 0x8004_5430  // TIOCGPTN
    guard ioctl(master, setLock, &unlocked) == 0, ioctl(master, getNumber, &number) == 0 else {
      return nil
    }
    return "/dev/pts/\(number)"
    #endif
  }

  private static func spawn(
    _ program: String,
    _ arguments: [String],
    _ environment: [String: String],
    _ directory: String?,
    on slave: String
  ) throws -> pid_t {
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    var attributes: posix_spawnattr_t?
    let flags: Int16 = 0x0400 | Int16(POSIX_SPAWN_SETSIGMASK)
    #else
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    let flags: Int16 = 0x80 | Int16(POSIX_SPAWN_SETSIGMASK)
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // A new session, and no signal blocked as they are on this thread.
    posix_spawnattr_setflags(&attributes, flags)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // Opened by the leader of a new session, the terminal becomes its controlling terminal.
    posix_spawn_file_actions_addopen(&actions, 0, slave, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    // A shell changes the directory: spawning cannot, on every system.
    var words = [program] + arguments
    if let directory { words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", directory] + words }
    var argv = words.map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, words[0], &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw Failure(description: "cannot run \(program): \(code)") }
    return pid
  }
}

/// Programs of this package, as they were built beside the tests.
package enum BuiltProgram {
  /// The path of the executable target `name`; the test target must depend on it.
  package static func path(_ name: String) -> String {
    let test = Bundle.main.executablePath ?? CommandLine.arguments[0]
    var directory = (test as NSString).deletingLastPathComponent
    while directory.count > 1 {
      let candidate = directory + "/" + name
      var isDirectory: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory),
        !isDirectory.boolValue, FileManager.default.isExecutableFile(atPath: candidate)
      {
        return candidate
      }
      directory = (directory as NSString).deletingLastPathComponent
    }
    return RepositoryFiles.root + "/.build/release/" + name
  }
}
