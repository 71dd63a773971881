// A program run on a pseudo-terminal, as a learner's terminal runs it: keys in, screen out.

import Foundation
import Terminal

/// A child process with a pseudo-terminal of its own as its controlling terminal.
final class PseudoTerminal {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  private let master: Int32
  private let child: pid_t
  private var isReaped = false
  /// Everything the child has written.
  private(set) var transcript: [UInt8] = []
  private var consumed = 0

  var text: String { String(decoding: transcript, as: UTF8.self) }

  init(
    _ program: String,
    arguments: [String] = [],
    environment: [String: String] = [:],
    columns: UInt16 = 80,
    rows: UInt16 = 24
  ) throws {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, let slave = PseudoTerminal.slaveName(of: master) else {
      throw Failure(description: "no pseudo-terminal: \(errno)")
    }
    // The terminal keeps its size from before the child opens it.
    let keeper = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC)
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(keeper, UInt(TIOCSWINSZ), &size)
    var all = ["TERM": "xterm-256color", "LANG": "C", "HOME": "/nonexistent"]
    all.merge(environment) { $1 }
    child = try PseudoTerminal.spawn(program, arguments, all, on: slave)
    close(keeper)
  }

  deinit {
    if !isReaped {
      kill(child, SIGKILL)
      var status: Int32 = 0
      waitpid(child, &status, 0)
    }
    close(master)
  }

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
    var argv = ([program] + arguments).map { strdup($0) } + [nil]
    var envp = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    let code = posix_spawn(&pid, program, &actions, &attributes, &argv, &envp)
    guard code == 0 else { throw Failure(description: "cannot run \(program): \(code)") }
    return pid
  }

  /// Types keys.
  func type(_ keys: String) {
    type(Array(keys.utf8))
  }

  func type(_ keys: [UInt8]) {
    keys.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = write(master, bytes.baseAddress.map { $0 + sent }, bytes.count - sent)
        if count <= 0 { return }
        sent += count
      }
    }
  }

  /// Reads until `text` appears after what was expected before; returns what was read up to it.
  @discardableResult
  func expect(_ text: String, timeoutMilliseconds: Int = 10_000) throws -> String {
    let wanted = Array(text.utf8)
    let deadline = Date().addingTimeInterval(Double(timeoutMilliseconds) / 1_000)
    while true {
      let fresh = transcript[consumed...]
      if let range = fresh.firstRange(of: wanted) {
        defer { consumed = range.upperBound }
        return String(decoding: fresh[..<range.upperBound], as: UTF8.self)
      }
      guard Date() < deadline, readMore() else {
        let seen = String(decoding: fresh, as: UTF8.self).debugDescription
        throw Failure(description: "expected \(text.debugDescription), got \(seen)")
      }
    }
  }

  /// Reads until the screen shows what `isDone` waits for.
  @discardableResult
  func waitForScreen(
    timeoutMilliseconds: Int = 10_000,
    _ isDone: (Screen) -> Bool
  ) throws -> Screen {
    let deadline = Date().addingTimeInterval(Double(timeoutMilliseconds) / 1_000)
    while true {
      let screen = Screen(showing: text)
      if isDone(screen) { return screen }
      guard Date() < deadline, readMore() else {
        throw Failure(description: "screen shows \(screen.lines), cursor \(screen.cursor)")
      }
    }
  }

  /// Sends a signal to the child.
  func signal(_ number: Int32) {
    kill(child, number)
  }

  /// Gives the terminal another width, which the child hears as SIGWINCH.
  func resize(columns: UInt16, rows: UInt16 = 24) {
    var size = winsize(ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(master, UInt(TIOCSWINSZ), &size)
  }

  /// Waits for the child's end, typing `keys` meanwhile: its exit code, or 128 + the signal.
  func exitCode(typing keys: String = "") throws -> Int32 {
    let deadline = Date().addingTimeInterval(10)
    var status: Int32 = 0
    while waitpid(child, &status, WNOHANG) == 0 {
      guard Date() < deadline else { throw Failure(description: "still running: \(text)") }
      _ = readMore()
      type(keys)
    }
    isReaped = true
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
  }

  /// Whether the kernel echoes and edits lines: the state of a terminal that nobody has changed.
  var isCooked: Bool {
    var state = termios()
    guard tcgetattr(master, &state) == 0 else { return false }
    return state.c_lflag & tcflag_t(ICANON) != 0 && state.c_lflag & tcflag_t(ECHO) != 0
  }

  private func readMore() -> Bool {
    var polled = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
    guard poll(&polled, 1, 50) > 0 else { return true }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = read(master, &buffer, buffer.count)
    guard count > 0 else { return count < 0 && errno == EINTR }
    transcript += buffer[..<count]
    return true
  }
}

/// What a terminal of 80 columns shows after some output; knows the sequences that libedit uses.
struct Screen {
  private var cells: [[String]] = [[]]
  private var row = 0
  private var column = 0

  /// The rows, without trailing spaces.
  var lines: [String] {
    cells.map { cells in
      var line = cells.joined()
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }

  /// The row that the cursor is on.
  var currentLine: String { lines[row] }
  var cursor: (row: Int, column: Int) { (row, column) }

  init(showing text: String) {
    var rest = Substring(text)
    while let character = rest.first {
      rest = rest.dropFirst()
      switch character {
      case "\r\n": nextRow(); column = 0
      case "\n": nextRow()
      case "\r": column = 0
      case "\u{8}": column = max(0, column - 1)
      case "\u{7}": break
      case "\u{1B}": control(&rest)
      default: put(String(character))
      }
    }
  }

  private mutating func nextRow() {
    row += 1
    while cells.count <= row { cells.append([]) }
  }

  private mutating func put(_ text: String) {
    let width = TextWidth.columns(text)
    if column + width > 80 {
      nextRow()
      column = 0
    }
    fill(to: column + width)
    cells[row][column] = text
    for extra in 1..<max(width, 1) { cells[row][column + extra] = "" }
    column += width
  }

  private mutating func fill(to count: Int) {
    while cells[row].count < count { cells[row].append(" ") }
  }

  private mutating func control(_ rest: inout Substring) {
    guard rest.first == "[" else { return }
    rest = rest.dropFirst()
    let body = rest.prefix { !($0.isLetter || $0 == "@") }
    rest = rest[body.endIndex...]
    let final = rest.first
    rest = rest.dropFirst()
    let number = Int(body) ?? 1
    switch final {
    case "A": row = max(0, row - number)
    case "B": for _ in 0..<number { nextRow() }
    case "C": column += number
    case "D": column = max(0, column - number)
    case "G": column = number - 1
    case "K": if cells[row].count > column { cells[row].removeSubrange(column...) }
    case "J":
      if cells[row].count > column { cells[row].removeSubrange(column...) }
      cells.removeSubrange((row + 1)...)
    case "P":
      let end = min(cells[row].count, column + number)
      if column < end { cells[row].removeSubrange(column..<end) }
    case "@":
      fill(to: column)
      cells[row].insert(contentsOf: [String](repeating: " ", count: number), at: column)
    default: break
    }
  }
}
