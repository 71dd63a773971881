// Judges a query by what it returns: in the learner's world, in the killer world whose rows separate
// every known wrong answer, and in worlds that nobody has seen.
//
// 1. What is not one reading query is not run (`SQLAnswer`).
// 2. Reference and answer run in each world; the results are compared, never the texts.
// 3. Where they differ, the declared wrong queries run in the killer world: the one with the
//    answer's result names the misconception.
// 4. The fewest input rows on which the two differ are searched and shown.

/// Judges answers to one `SQLQuestion`.
package struct SQLGrader {
  let question: SQLQuestion

  package init(question: SQLQuestion) { self.question = question }

  /// Judges one answer; nil where nothing was given.
  package func grade(_ text: String?, host: any LessonHost) -> Judgement {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return Judgement(.notAttempted) }
    let form = question.form?[host.language] ?? host.text("course.sqlForm", [:])
    let query: SQLAnswer
    do {
      query = try SQLAnswer(text)
    } catch {
      var evidence = Evidence()
      evidence.refusal = error
      return Judgement(.couldNotRead(form: form), evidence: evidence)
    }
    guard let host = host as? any GradingHost else {
      return Judgement(.checkerFailed(reason: "The host opens no worlds for grading."))
    }
    var run = SQLGrading(question: question, query: query, host: host, form: form)
    do {
      return try run.judge()
    } catch {
      return Judgement(.checkerFailed(reason: host.reason(error)))
    }
  }
}

/// One answer on its way through the worlds.
private struct SQLGrading {
  let question: SQLQuestion
  let query: SQLAnswer
  let host: any GradingHost
  let form: String
  let deadline = Deadline()
  var evidence = Evidence()
  /// The result's columns as the task fixes them, and as the answer has them; known after the first
  /// world.
  var expectedColumns: [GradingTable.Column] = []
  var answerColumns: [GradingTable.Column] = []
  /// What both queries returned in the learner's world, where their columns were learned.
  private var visible: (reference: HostTable, answer: HostTable)?

  init(question: SQLQuestion, query: SQLAnswer, host: any GradingHost, form: String) {
    self.question = question
    self.query = query
    self.host = host
    self.form = form
  }

  /// A world in which the answer was found wrong.
  private struct Failure {
    var place: GradedWorld
    var day: String
    /// Nil where the answer failed there.
    var difference: ResultDifference?
    var got: TypedResult?
    var expected: TypedResult
    var message: String?
  }

  mutating func judge() throws -> Judgement {
    var failures: [Failure] = []
    var opened: (world: any GradingWorld, day: String)?
    defer { opened?.world.close() }
    // The learner's own world: an answer that does not run there has a slip, and costs nothing.
    let visible = try host.open(WorldRequest(origin: .learner(fork: nil)))
    let visibleDay = visible.description.day
    opened = (visible, visibleDay)
    let place = GradedWorld(.visible, seed: visible.description.seed, day: visibleDay)
    if let judgement = try learnTypes(visible, visibleDay) { return judgement }
    if let failure = try compare(visible, place) { failures.append(failure) }
    if let killer = question.killer, !isAboutColumns(failures) {
      try deadline.check()
      let world = try host.open(tables: killer.grading)
      defer { world.close() }
      let place = GradedWorld(.killer, day: question.killerDay)
      if let failure = try compare(world, place) { failures.append(failure) }
      if !failures.isEmpty, let feedback = try misconception(world, place) {
        return try notYet(feedback, failures, visible: visible)
      }
    }
    if failures.isEmpty {
      for (index, made) in question.hidden.enumerated() {
        try deadline.check()
        let world = try host.open(made.request)
        defer { world.close() }
        let place = GradedWorld(.hidden, number: index + 1, seed: made.seed, day: made.day)
        guard let failure = try compare(world, place) else { continue }
        failures.append(failure)
        let feedback = try misconception(world, place)
        return try notYet(feedback ?? usualFeedback(failure), failures, visible: world)
      }
      return Judgement(.passed, evidence: evidence)
    }
    let first = failures[0]
    if first.place.kind == .visible, !isAboutColumns(failures),
      let feedback = try misconception(visible, first.place)
    {
      return try notYet(feedback, failures, visible: visible)
    }
    return try notYet(usualFeedback(first), failures, visible: visible)
  }

  private func isAboutColumns(_ failures: [Failure]) -> Bool {
    failures.contains { if case .columns? = $0.difference { true } else { false } }
  }

  private func usualFeedback(_ failure: Failure) -> String {
    switch failure.difference {
    case .columns: SQLQuestion.columnsFeedbackID
    case nil: SQLQuestion.failedFeedbackID
    default: question.feedback
    }
  }

  // MARK: Running

  /// Runs both queries once and learns their types; a judgement where the answer does not run.
  private mutating func learnTypes(_ world: any GradingWorld, _ day: String) throws -> Judgement? {
    let reference = question.reference.sql(day: day)
    let (right, expected) = try columns(of: reference, in: world)
    expectedColumns = question.columns ?? right
    guard ResultComparison.hasSameColumns(expectedColumns, right) else {
      throw CourseError(
        code: "course.bad-reference",
        message: "The reference returns \(Self.described(right)), and the check declares "
          + "\(Self.described(expectedColumns)).",
        advice: "Make them the same."
      )
    }
    let answer = query.sql(day: day)
    func learn() throws {
      let (found, got) = try columns(of: answer, in: world)
      answerColumns = found
      visible = (expected, got)
    }
    do {
      try learn()
    } catch {
      // The host still answers, and not to this: so it is the answer that does not run.
      _ = try world.query(reference)
      if (try? learn()) != nil { return nil }
      try deadline.check()
      evidence.engineMessage = "\(error)"
      return Judgement(.couldNotRead(form: form), evidence: evidence)
    }
    return nil
  }

  private static func described(_ columns: [GradingTable.Column]) -> String {
    columns.map { "\($0.name) \($0.type)" }.joined(separator: ", ")
  }

  /// Names and types of a query's columns, also where it returns no row, and its result.
  private func columns(
    of sql: String,
    in world: any GradingWorld
  ) throws -> ([GradingTable.Column], HostTable) {
    try deadline.check()
    let table = try world.query(sql)
    let names = table.columns
    let isNamed = Set(names.map { $0.lowercased() }).count == names.count && !names.contains("")
    // Two columns of one name cannot be asked for their types; their names are wrong already.
    guard isNamed else { return (names.map { GradingTable.Column($0, "unknown") }, table) }
    try deadline.check()
    let quoted = names.map { "t.\"\($0.replacing("\"", with: "\"\""))\"" }
    let asked = quoted.map { "typeof(\($0))" }.joined(separator: ", ")
    let types = try world.query(
      "SELECT \(asked) FROM (VALUES 1) AS one (x) LEFT JOIN (\n\(sql)\n) AS t ON TRUE LIMIT 1"
    )
    let row = types.rows.first ?? []
    let columns = names.enumerated().map { index, name in
      guard index < row.count, case .text(let type) = row[index] else {
        return GradingTable.Column(name, "unknown")
      }
      return GradingTable.Column(name, type)
    }
    return (columns, table)
  }

  private func typed(_ table: HostTable, _ columns: [GradingTable.Column]) -> TypedResult {
    let types = Dictionary(columns.map { ($0.name, $0.type) }) { first, _ in first }
    return TypedResult(
      columns: table.columns.map { GradingTable.Column($0, types[$0] ?? "unknown") },
      rows: table.rows
    )
  }

  /// Compares reference and answer in one world; nil where they are the same.
  private mutating func compare(
    _ world: any GradingWorld,
    _ place: GradedWorld
  ) throws -> Failure? {
    try deadline.check()
    let day = place.day
    let isKnown = place.kind == .visible
    var expected = typed(
      try isKnown
        ? visible?.reference ?? world.query(question.reference.sql(day: day))
        : world.query(question.reference.sql(day: day)),
      expectedColumns
    )
    expected.columns = expectedColumns
    var failure = Failure(place: place, day: day, expected: expected)
    try deadline.check()
    let sql = query.sql(day: day)
    do {
      let table: HostTable
      if isKnown, let known = visible?.answer {
        table = known
      } else {
        do { table = try world.query(sql) } catch {
          // The host still answers, and not to this: so it is the answer that fails.
          _ = try world.query(question.reference.sql(day: day))
          try deadline.check()
          table = try world.query(sql)
        }
      }
      let got = typed(table, answerColumns)
      failure.got = got
      failure.difference = question.comparison.difference(expected: expected, got: got)
      if failure.difference == nil {
        evidence.gradings.append(Grading(world: place, verdict: Verdict.passed.name))
        return nil
      }
    } catch let error as CourseError where error.code == "course.too-slow" {
      throw error
    } catch {
      _ = try world.query(question.reference.sql(day: day))
      try deadline.check()
      failure.message = "\(error)"
    }
    evidence.gradings.append(
      Grading(world: place, verdict: "not-yet", feedback: usualFeedback(failure))
    )
    return failure
  }

  /// The feedback of the wrong query with the answer's result there, where that is not the right one.
  private func misconception(_ world: any GradingWorld, _ place: GradedWorld) throws -> String? {
    let right = try typed(world.query(question.reference.sql(day: place.day)), expectedColumns)
    let got = (try? world.query(query.sql(day: place.day))).map { typed($0, answerColumns) }
    func isSame(_ left: TypedResult?, _ right: TypedResult?) -> Bool {
      guard var one = left, var other = right else { return left == nil && right == nil }
      // Types were compared already: a wrong query may spell them otherwise.
      for index in one.columns.indices where index < other.columns.count {
        other.columns[index].type = one.columns[index].type
        one.columns[index].name = one.columns[index].name.lowercased()
      }
      return question.comparison.difference(expected: one, got: other) == nil
    }
    guard !isSame(right, got) else { return nil }
    for mistake in question.mistakes {
      try deadline.check()
      let wrong = (try? world.query(mistake.query.sql(day: place.day)))
        .map { typed($0, expectedColumns) }
      if isSame(wrong, got), !isSame(right, wrong) { return mistake.feedback }
    }
    return nil
  }

  // MARK: What is shown

  private mutating func notYet(
    _ feedback: String,
    _ failures: [Failure],
    visible world: any GradingWorld
  ) throws -> Judgement {
    let first = failures[0]
    evidence.world = first.place
    evidence.difference = first.difference
    evidence.engineMessage = first.message
    var values: [String: HostValue] = [
      "ds_kst": .text(first.day), "column": .null, "expected": .null, "got": .null,
    ]
    for column in expectedColumns { values["row.\(column.name)"] = .null }
    for (name, value) in first.difference?.row ?? [:] { values["row.\(name)"] = value }
    if case .cell(_, _, let column, let expected, let got)? = first.difference {
      values["column"] = .text(column)
      values["expected"] = expected
      values["got"] = got
    }
    if let last = evidence.gradings.indices.last, evidence.gradings[last].verdict == "not-yet" {
      evidence.gradings[last].feedback = feedback
    }
    evidence.story = story(first, in: world)
    // The killer world's rows are few and were written to be read: they come first.
    let shown = failures.first { $0.place.kind == .killer } ?? first
    if !isAboutColumns(failures) { evidence.counterexample = counterexample(shown, world) }
    return Judgement(.notYet(feedback: feedback, values: values), evidence: evidence)
  }

  /// The story of the row that differs; nil where there is none, or it cannot be told.
  private func story(_ failure: Failure, in world: any GradingWorld) -> HostTable? {
    guard let story = question.story, let row = failure.difference?.row, !row.isEmpty,
      !deadline.isOver
    else { return nil }
    var literals: [String: String] = [:]
    for column in expectedColumns {
      guard let value = row.first(where: { $0.key.lowercased() == column.name.lowercased() })
      else { continue }
      literals["row.\(column.name)"] = value.value.literal(type: column.type)
    }
    for (name, value) in SQLTemplate.dayValues(failure.day) {
      if case .text(let day) = value { literals[name] = day }
    }
    guard let sql = story.sql(literals: literals) else { return nil }
    if failure.place.kind == .killer, let killer = question.killer,
      let rows = try? host.open(tables: killer.grading)
    {
      defer { rows.close() }
      return try? rows.query(sql)
    }
    return try? world.query(sql)
  }

  private func counterexample(_ failure: Failure, _ world: any GradingWorld) -> Counterexample? {
    guard !question.tables.isEmpty, !deadline.isOver else { return nil }
    let search = CounterexampleSearch(
      host: host,
      reference: question.reference.sql(day: failure.day),
      answer: query.sql(day: failure.day),
      comparison: question.comparison,
      columns: expectedColumns,
      deadline: Deadline(seconds: Deadline.searchSecondsMax)
    )
    if failure.place.kind == .killer, let killer = question.killer {
      return search.smallest(of: killer.grading)
    }
    var tables: [GradingTable] = []
    for var table in question.tables {
      let names = table.columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
      guard let content = try? world.query("SELECT \(names) FROM \(table.name)") else { return nil }
      table.rows = content.rows
      tables.append(table)
    }
    return search.smallest(of: tables, groups: question.groupColumns)
  }
}

extension HostValue {
  /// The value as a literal of that type.
  func literal(type: String) -> String {
    guard case .text(let text) = self else { return SQLTemplate.literal(self) }
    let type = ResultComparison.comparableType(type)
    let quoted = SQLTemplate.literal(self)
    if type == "date" { return "DATE \(quoted)" }
    if type.hasPrefix("timestamp") { return "TIMESTAMP \(quoted)" }
    if type.hasPrefix("decimal"), Double(text) != nil { return "DECIMAL \(quoted)" }
    return quoted
  }
}
