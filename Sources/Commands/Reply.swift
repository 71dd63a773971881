package import EventModel
package import Terminal

/// What a command answers: lines for a reader, and the same as data for a program.
package struct Reply: Sendable {
  /// One piece of the printed answer.
  package enum Block: Sendable {
    /// Lines that are wrapped to the screen.
    case text(String)
    /// Lines that keep their shape: drawings and commands to copy.
    case verbatim(String)
    case table(TableView)
    case pairs(KeyValueView)
    /// Two texts at the two ends of a line; below each other where they do not fit.
    case edges(left: String, right: String)
    /// Something that lays itself out: a chart, a diagram.
    case drawing(any TerminalView & Sendable)
  }

  package var blocks: [Block]
  /// The value of `data` under `--json`.
  package var data: JSONValue
  package var exit: ExitStatus
  /// What a team types at work for this; told once.
  var atWork: AtWork?
  /// Before which block it is told: after the answer, before the lesson goes on.
  var atWorkIndex = 0

  package init(
    _ blocks: [Block] = [],
    data: JSONValue = .object([]),
    exit: ExitStatus = .success
  ) {
    self.blocks = blocks
    self.data = data
    self.exit = exit
  }
}

extension Reply {
  /// This reply, with what is typed at work for the same.
  func atWork(_ atWork: AtWork?) -> Reply {
    var reply = self
    if reply.atWork == nil { reply.atWork = atWork }
    reply.atWorkIndex = blocks.count
    return reply
  }
}

/// How a command ended; also the exit status of the process.
package enum ExitStatus: Int32, Sendable, Comparable {
  /// Done, or passed.
  case success = 0
  /// An answer that is not right yet.
  case notYet = 1
  /// A command that was not understood.
  case usage = 2
  /// The tool failed.
  case failure = 3

  package static func < (left: ExitStatus, right: ExitStatus) -> Bool {
    left.rawValue < right.rawValue
  }
}

extension JSONValue {
  /// An object with its members in the order given.
  static func record(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { JSONMember(key: $0.key, value: $0.value) })
  }

  static func optional(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
  static func count(_ value: Int) -> JSONValue { .integer(Int64(value)) }
}
