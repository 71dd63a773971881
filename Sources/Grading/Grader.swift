/// Asks the checks of an exercise, or of one of its parts, of the running pipeline.
///
/// The grader has no state and stores nothing; `ExerciseSession` does.
package struct Grader {
  let form: AnswerForm?
  package let checks: [Check]
  let grading: Check.Combination
  /// Queries whose first rows give further placeholders to every text.
  package let values: [SQLTemplate]

  package init(
    form: AnswerForm?,
    checks: [Check],
    grading: Check.Combination,
    values: [SQLTemplate]
  ) {
    self.form = form
    self.checks = checks
    self.grading = grading
    self.values = values
  }

  /// Judges one answer, or the pipeline's state where the exercise asks for none.
  ///
  /// Every failure to ask (a table is missing, the engine refuses the query) is `checkerFailed`.
  package func grade(_ text: String?, host: any LessonHost) -> (Verdict, AnswerValues?) {
    var answer: AnswerValues?
    if let form {
      guard let text, !text.allSatisfy(\.isWhitespace) else { return (.notAttempted, nil) }
      answer = form.read(text)
      if answer == nil { return (.couldNotRead(form: form.form[host.language]), nil) }
    }
    guard !checks.isEmpty else {
      return (.checkerFailed(reason: "The exercise has no checks."), answer)
    }
    do {
      return (try judge(answer, host), answer)
    } catch {
      return (.checkerFailed(reason: host.reason(error)), answer)
    }
  }

  private func judge(_ answer: AnswerValues?, _ host: any LessonHost) throws -> Verdict {
    var brokenCount = 0
    var first: (feedback: String, values: [String: HostValue])?
    for check in checks {
      guard let row = try check.offendingRow(answer, host) else { continue }
      brokenCount += 1
      if first == nil {
        var known = sharedValues(check.values + values, answer, host)
        for (name, value) in row { known[name] = value }
        first = (check.feedback, known)
      }
      if grading == .first { break }
    }
    guard let first else { return .passed }
    let total = checks.count
    if grading == .parts, brokenCount < total {
      return .partly(
        passed: total - brokenCount,
        of: total,
        feedback: first.feedback,
        values: first.values
      )
    }
    return .notYet(feedback: first.feedback, values: first.values)
  }

  /// The values that texts may name besides the offending row's.
  ///
  /// They are the answer's own, and those of the `values` queries. A query that fails leaves its
  /// lines out and spoils nothing.
  package func sharedValues(
    _ queries: [SQLTemplate],
    _ answer: AnswerValues?,
    _ host: any LessonHost
  ) -> [String: HostValue] {
    var values: [String: HostValue] = [:]
    for query in queries {
      guard let sql = query.sql(answer), let table = try? host.query(sql) else { continue }
      for (name, value) in table.firstRowByName where values[name] == nil { values[name] = value }
    }
    for field in form?.fields ?? [] {
      values["answer.\(field.name)"] = answer?[field.name] ?? .null
    }
    return values
  }
}

extension Check {
  /// The first row that breaks the rule, by column name; nil where the rule is kept, and no
  /// values where the rule is broken because a row is not there.
  func offendingRow(
    _ answer: AnswerValues?,
    _ host: any LessonHost
  ) throws -> [String: HostValue]? {
    guard let sql = sql.sql(answer) else {
      throw CourseError(
        code: "course.bad-value",
        message: "The answer lacks a value that \(name) needs."
      )
    }
    let table = try host.query(sql)
    switch failsWhen {
    case .rows: return table.rows.isEmpty ? nil : table.firstRowByName
    case .noRows: return table.rows.isEmpty ? [:] : nil
    }
  }
}
