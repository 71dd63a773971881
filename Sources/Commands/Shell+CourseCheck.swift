// `course check` and `course grade`: words in, printing out. What is checked, and how, is in
// `CourseAuthoring`.

internal import EventModel
internal import Terminal

extension CourseTool {
  /// The lint, and the grading of one file.
  static let checking: [CourseTool] = [
    CourseTool("check", options: ["--full"], isApart: true) { try $0.courseCheck($1) },
    CourseTool("grade", options: ["--seed"], isApart: true) { try $0.courseGrade($1) },
  ]
}

extension Shell {
  /// `course check [PATH] [--full]`.
  func courseCheck(_ words: [String]) throws -> Reply {
    throw CommandError(.noContent, ["path": words.first ?? ""])
  }

  /// `course grade ID FILE [--seed N]`.
  func courseGrade(_ words: [String]) throws -> Reply {
    throw CommandError(.noContent, ["path": words.first ?? ""])
  }
}
