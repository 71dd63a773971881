// A task that asks for a query or a program says all that a grader will hold it to: the tables by
// name, the columns of the result with their types, and the day as a parameter.

internal import Course
internal import Foundation
internal import Grading

/// The task fixes names, types and the day.
struct ContractRule: CheckRule {
  let name = "contract"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    guard case .exercise(let exercise, let answers) = subject.content else { return [] }
    let questions = exercise.questions.compactMap { part -> SQLQuestion? in
      switch part.question {
      case .sql(let question): question
      case .dataframe(let question): question.result
      case .checks, .choice, .order, .number, .document, .state: nil
      }
    }
    guard !questions.isEmpty else { return [] }
    return [
      CheckJob("\(subject.name) \(name)") { run in
        for question in questions {
          for language in CourseLanguage.allCases {
            guard let task = exercise.task.texts[language] else { continue }
            check(task, question, "task.\(language.rawValue).md", subject, run)
          }
        }
        for answer in answers where answer.fileType != "tap" { day(answer, subject, run) }
      }
    ]
  }

  private func check(
    _ task: String, _ question: SQLQuestion, _ file: String, _ subject: CheckSubject, _ run: CheckRun
  ) {
    func missing(_ code: String, _ text: String, _ values: [String: String]) {
      run.found(
        CheckFinding(
          rule: name, code: code, file: subject.file(file), line: 1, text: text, values: values))
    }
    if question.tables.isEmpty {
      run.found(
        CheckFinding(
          rule: name, code: "contract.no-tables", file: subject.file("exercise.yaml"),
          line: subject.line(in: "exercise.yaml", of: "kind:") ?? 1, text: "tables:"))
    }
    for table in question.tables where !task.contains(table.name) {
      missing("contract.table", table.name, ["table": table.name])
    }
    guard let columns = question.columns else {
      return run.found(
        CheckFinding(
          rule: name, code: "contract.no-columns", file: subject.file("checks"), text: "columns:"))
    }
    let flat = task.lowercased()
    for column in columns {
      // The type stands in the line that names the column.
      let lines = flat.split(whereSeparator: \.isNewline).filter { line in
        line.contains(column.name.lowercased())
      }
      if lines.isEmpty {
        missing("contract.column", column.name, ["column": column.name, "type": column.type])
      } else if !lines.contains(where: { $0.contains(column.type.lowercased()) }) {
        missing("contract.type", column.name, ["column": column.name, "type": column.type])
      }
    }
    if !task.contains(/\{\{\s*ds_kst\s*\}\}/) {
      missing("contract.day", "{{ds_kst}}", [:])
    }
  }

  /// A right answer takes the day as it is given: one with a date of its own is right on one day.
  private func day(_ answer: AnswerCase, _ subject: CheckSubject, _ run: CheckRun) {
    guard answer.expectedVerdict == "passed", ["sql", "py"].contains(answer.fileType),
      let text = answer.lines.first?.text,
      let date = text.firstMatch(of: /'20[0-9]{2}-[0-9]{2}-[0-9]{2}/)
    else { return }
    let line = text[..<date.range.lowerBound].count { $0 == "\n" } + 1
    run.found(
      CheckFinding(
        rule: name, code: "contract.fixed-day", file: subject.file(answer.file), line: line,
        text: String(date.output), values: ["date": String(date.output.dropFirst())]))
  }
}
