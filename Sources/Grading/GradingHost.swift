// How a grader reaches worlds: the learner's own, copies of it, and worlds that nobody has seen.
//
// 1. `GradingHost.open` gives a `GradingWorld`: a fork of the learner's world, or one made from a
//    seed, a day and faults. Made worlds are cached and forked, so that opening one is cheap.
// 2. The learner's work arrives there: `changes(since:)` are the files and commands of the learner,
//    `apply` does them again with the world's own dates and ids.
// 3. Checks ask by SQL, with `truth.…` and `baseline.…` beside the tables of the pipeline.
// 4. `open(tables:)` gives a world of rows alone, for answers that are queries.

/// A host that can also open worlds for grading.
package protocol GradingHost: LessonHost {
  /// Opens a world; it is the caller's until `close`.
  ///
  /// Any error means that the answer could not be judged, never that it is wrong.
  func open(_ request: WorldRequest) throws -> any GradingWorld

  /// SQL over just these tables, under the names by which answers call them; nothing else is there.
  func open(tables: [GradingTable]) throws -> any GradingWorld

  /// What the learner has changed since a named fork was taken.
  func changes(since fork: String) throws -> LearnerChanges

  /// Small changes of a query, each of which a grader worth its name notices; empty where the text
  /// is no query.
  func mutants(of sql: String) throws -> [SQLMutant]

  /// Takes a fork of the learner's world under a name; one that was there is replaced.
  func takeFork(_ name: String) throws

  /// Puts the learner's world back to where the fork was taken.
  func rewind(to fork: String) throws
}

/// A world that belongs to a grader: nothing done in it touches the learner's.
///
/// `query` sees `truth.…`, `baseline.…` and `answer.…` besides the tables of the pipeline; `run`
/// types at the world's own prompt, which sees none of them.
package protocol GradingWorld: LessonHost {
  /// What the world is: for reports, and for the dates that answers and checks are given.
  var description: WorldDescription { get }

  /// Does a learner's changes again, in their order, over the pipeline that the learner began with.
  ///
  /// Every value of `rebinding` that stands alone in a command (a date, an id) is replaced by what it
  /// is mapped to. Throws where a change cannot be applied at all; a command that fails as it may in
  /// the learner's hands is a reply.
  func apply(_ changes: LearnerChanges, rebinding: [String: String]) throws -> [HostReply]

  /// A copy of this world as it stands.
  func fork() throws -> any GradingWorld

  /// Makes rows known as `answer.NAME` to the queries that follow.
  func setAnswer(_ name: String, _ table: GradingTable) throws

  /// Ends it and removes its files; a world that is released ends as well.
  func close()
}

/// Which world a grader asks for.
package struct WorldRequest: Sendable, Hashable {
  /// Where the world comes from.
  package enum Origin: Sendable, Hashable {
    /// The learner's world as it stands, or as it stood when the named fork was taken.
    case learner(fork: String?)
    /// A world of its own. `day` is its yesterday, `2024-01-15`; the names of app versions are
    /// raised by `versionShift` major versions.
    case made(seed: UInt64, day: String, size: String, versionShift: Int)
  }

  package var origin: Origin
  package var faults: [Fault]
  /// What is done in the world before anybody looks into it.
  package var script: WorldScript?

  package init(origin: Origin, faults: [Fault] = [], script: WorldScript? = nil) {
    self.origin = origin
    self.faults = faults
    self.script = script
  }
}

/// What somebody does in a world before a grader looks into it. A made world is kept as it is then, and
/// every request with the same script gets a copy; its `baseline.…` is the world as it was before.
package struct WorldScript: Sendable, Hashable {
  /// Something that is done at one moment.
  package struct Step: Sendable, Hashable {
    /// What an error names.
    package var id: String
    /// The story's time in milliseconds since the epoch.
    package var moment: Int64
    /// Laid over `pipeline/`, before the lines.
    package var files: [LearnerChanges.File]
    /// Typed at the world's prompt.
    package var lines: [String]

    package init(id: String, moment: Int64, files: [LearnerChanges.File], lines: [String]) {
      self.id = id
      self.moment = moment
      self.files = files
      self.lines = lines
    }
  }

  /// In the order of their moments.
  package var steps: [Step]
  /// The moment at which the world is looked into, likewise in milliseconds; not before the last step.
  package var end: Int64

  package init(steps: [Step], end: Int64) {
    self.steps = steps
    self.end = end
  }

  /// All that it says, as one text: what differs in anything has another one.
  package var text: String {
    var parts: [String] = []
    for step in steps {
      parts.append("step \(step.moment) \(step.id)")
      for file in step.files {
        parts.append("file " + file.path)
        parts.append(file.content.map { "content " + $0 } ?? "removed")
      }
      parts += step.lines.map { "line " + $0 }
    }
    parts.append("end \(end)")
    return parts.joined(separator: "\u{0}")
  }
}

/// Something that goes wrong in a world, by its name and its place.
package struct Fault: Sendable, Hashable {
  /// Known to the world; a name that is not is an error of the exercise.
  package var name: String
  package var parameters: [String: String]

  package init(name: String, parameters: [String: String] = [:]) {
    self.name = name
    self.parameters = parameters
  }
}

/// What a report says of a world, and the dates that templates may name.
package struct WorldDescription: Sendable, Hashable {
  /// Zero for a world of rows alone.
  package var seed: UInt64
  /// The KST day before the world's today, `2024-01-15`: `{{ds_kst}}`.
  package var day: String
  /// `learner`, `made` or `tables`.
  package var origin: String
  package var faults: [Fault]

  package init(seed: UInt64, day: String, origin: String, faults: [Fault] = []) {
    self.seed = seed
    self.day = day
    self.origin = origin
    self.faults = faults
  }
}

/// Rows under a name, for worlds of rows alone and for `answer.…`.
package struct GradingTable: Sendable, Hashable {
  /// One column: its name, and its type as Trino spells it.
  package struct Column: Sendable, Hashable {
    package var name: String
    package var type: String

    package init(_ name: String, _ type: String) {
      self.name = name
      self.type = type
    }
  }

  /// Up to three parts, such as `silver.events`, found as they would be at the prompt.
  package var name: String
  package var columns: [Column]
  /// As wide as `columns`; a value is cast to its column's type as `CAST` would.
  package var rows: [[HostValue]]

  package init(name: String, columns: [Column], rows: [[HostValue]]) {
    self.name = name
    self.columns = columns
    self.rows = rows
  }
}

/// What a learner did to a pipeline: its files, and the commands that changed its state.
package struct LearnerChanges: Sendable, Hashable {
  package struct File: Sendable, Hashable {
    /// Below `pipeline/`.
    package var path: String
    /// Nil where the learner removed the file.
    package var content: String?

    package init(path: String, content: String?) {
      self.path = path
      self.content = content
    }
  }

  package struct Command: Sendable, Hashable {
    package var line: String
    /// Milliseconds of story time since the world's first moment.
    package var offset: Int64
    package var exitCode: Int32

    package init(line: String, offset: Int64, exitCode: Int32) {
      self.line = line
      self.offset = offset
      self.exitCode = exitCode
    }
  }

  /// What the pipeline had of its own when the fork was taken: the exercise's start files, and the
  /// learner's earlier work. Another world has to have them before the rest means anything there.
  package var base: [File]
  package var files: [File]
  package var commands: [Command]

  package init(base: [File] = [], files: [File] = [], commands: [Command] = []) {
    self.base = base
    self.files = files
    self.commands = commands
  }

  /// True where nothing was done since the fork.
  package var isEmpty: Bool { files.isEmpty && commands.isEmpty }
}

/// A query with one small change that makes it another.
package struct SQLMutant: Sendable, Hashable {
  /// `join`, `bound`, `distinct`, `dedupe`, `zone`, `nulls`, `order`, `logic`, `aggregate`,
  /// `constant`, `union`.
  package var kind: String
  /// 1-based, in the original text.
  package var line: Int
  /// What was changed, such as `LEFT JOIN -> JOIN`.
  package var change: String
  package var sql: String

  package init(kind: String, line: Int, change: String, sql: String) {
    self.kind = kind
    self.line = line
    self.change = change
    self.sql = sql
  }
}
