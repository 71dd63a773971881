/// The one way in which the course reaches the running pipeline.
///
/// `Commands` implements it over the real engine and prompt; tests serve it from a small database.
/// A check is SQL over the tables that the host offers, so `Course` never learns what lies behind.
package protocol LessonHost: AnyObject {
  /// Runs one query and returns all its rows.
  ///
  /// Any error it throws means that the question could not be asked, never that the learner is
  /// wrong: it becomes `Verdict.checkerFailed`.
  func query(_ sql: String) throws -> HostTable

  /// Runs one line as if it had been typed at the prompt.
  func run(_ line: String) throws -> HostReply

  /// Lays files over the learner's `pipeline/`, as an editor would have saved them.
  func save(_ files: [LearnerChanges.File]) throws

  /// The language in which the learner reads.
  var language: CourseLanguage { get }

  /// The sentence under a key of the catalogue (`course.…`) in that language, its placeholders
  /// filled with `values`.
  func text(_ key: String, _ values: [String: String]) -> String
}

extension LessonHost {
  /// For a host without a pipeline.
  package func save(_ files: [LearnerChanges.File]) throws {
    guard let file = files.first else { return }
    throw CourseError(
      code: "course.no-pipeline", message: "This host has no pipeline to save \(file.path) in.",
      place: file.path, advice: "Play the answer with `course check`.")
  }
}

/// One value of a host's table.
package enum HostValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case double(Double)
  case text(String)
  case boolean(Bool)
}

/// The result of a query: column names as the query spelled them, and rows of that width.
package struct HostTable: Sendable, Hashable {
  package var columns: [String]
  package var rows: [[HostValue]]

  package init(columns: [String], rows: [[HostValue]]) {
    self.columns = columns
    self.rows = rows
  }

  /// The first row by column name; all null where there is no row, so that the names stay known.
  package var firstRowByName: [String: HostValue] {
    var values: [String: HostValue] = [:]
    let row = rows.first ?? []
    for (index, column) in columns.enumerated() where values[column] == nil {
      values[column] = index < row.count ? row[index] : .null
    }
    return values
  }
}

/// What a prompt command printed, and its exit code (0 is success).
package struct HostReply: Sendable, Hashable {
  package var output: String
  package var exitCode: Int32

  package init(output: String, exitCode: Int32) {
    self.output = output
    self.exitCode = exitCode
  }
}

extension LessonHost {
  /// Why something could not be judged: in the learner's language where the learner can do something
  /// about it, and as the error says it where only an author can.
  package func reason(_ error: any Error) -> String {
    guard let error = error as? CourseError, error.code == "course.too-slow" else { return "\(error)" }
    return text("course.tooSlow", error.fields)
  }
}
