// Judges a number: reads it with its unit, works out the right one for this learner, and names the
// step, the unit or the misconception that an answer went wrong by.

/// Judges answers to one `NumberQuestion` for one learner.
package struct NumberGrader {
  let question: NumberQuestion
  /// The learner's inputs, by name.
  package let inputs: [String: Double]

  package init(question: NumberQuestion, inputs: [String: Double]) {
    self.question = question
    self.inputs = inputs
  }

  /// Judges one answer; every failure to work out the right number is `checkerFailed`.
  package func grade(_ text: String?, host: any LessonHost) -> Judgement {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return Judgement(.notAttempted) }
    guard let given = read(text) else {
      return Judgement(.couldNotRead(form: question.form[host.language]))
    }
    let world = WorldValues(host: host, inputs: inputs, deadline: Deadline())
    defer { world.close() }
    do {
      return try judge(given, text, world)
    } catch {
      return Judgement(.checkerFailed(reason: host.reason(error)))
    }
  }

  // MARK: Reading

  /// True where a text is an answer with one reading, right or not.
  package func canRead(_ text: String) -> Bool { read(text) != nil }

  /// The final number and the steps given beside it.
  struct Given: Hashable {
    var answer: Quantity
    var steps: [String: Quantity]
  }

  func read(_ text: String) -> Given? {
    var labels: [String: String] = [:]
    for step in question.steps { for word in step.words { labels[word] = step.id } }
    let nouns = Set(
      ([question.unit] + question.steps.map(\.unit)).flatMap { unit in
        unit.name.split(separator: "/").prefix(1).map(String.init)
      }
    )
    let reader = NumberReader(unit: question.unit, nouns: nouns, labels: labels)
    guard let quantities = reader.read(text) else { return nil }
    var steps: [String: Quantity] = [:]
    var unlabelled: [Quantity] = []
    for quantity in quantities {
      guard let label = quantity.label else {
        unlabelled.append(quantity)
        continue
      }
      guard steps[label] == nil else { return nil }
      steps[label] = quantity
    }
    // Without labels: the asked steps in their order, and the answer last.
    let asked = question.steps.filter { $0.isAsked && steps[$0.id] == nil }
    if unlabelled.count == asked.count + 1 {
      for (step, quantity) in zip(asked, unlabelled) { steps[step.id] = quantity }
      unlabelled.removeFirst(asked.count)
    }
    guard unlabelled.count == 1, question.steps.allSatisfy({ !$0.isAsked || steps[$0.id] != nil })
    else { return nil }
    return Given(answer: unlabelled[0], steps: steps)
  }

  // MARK: Judging

  private func judge(_ given: Given, _ text: String, _ world: WorldValues) throws -> Judgement {
    // Everything that decides is worked out before anything is judged: a step that cannot be
    // worked out must not become a wrong answer.
    for step in question.steps { world.known[step.id] = try world.number(step.source) }
    let right = try world.number(question.source)
    var evidence = Evidence()
    var values = answerValues(given, text)
    func notYet(_ feedback: String, _ evidence: Evidence) -> Judgement {
      for query in question.values {
        guard let row = try? world.firstRow(query) else { continue }
        for (name, value) in row where values[name] == nil { values[name] = value }
      }
      return Judgement(
        .notYet(feedback: feedback, values: values),
        answer: AnswerValues(answerValues(given, text)),
        evidence: evidence
      )
    }
    for step in question.steps {
      guard let quantity = given.steps[step.id], let rightStep = world.known[step.id] else {
        continue
      }
      let fit = Fit(quantity, of: rightStep, unit: step.unit, step.tolerance)
      if fit.isRight { continue }
      evidence.step = step.id
      evidence.slip = fit.slip
      return notYet(step.feedback, evidence)
    }
    let fit = Fit(given.answer, of: right, unit: question.unit, question.tolerance)
    evidence.slip = fit.slip
    if fit.isRight {
      return Judgement(
        .passed,
        answer: AnswerValues(answerValues(given, text)),
        evidence: evidence
      )
    }
    for mistake in question.mistakes {
      let wrong = try world.number(mistake.source)
      // A mistake that leads to the right number in this world says nothing about the answer.
      guard !question.tolerance.accepts(wrong, for: right),
        Fit(given.answer, of: wrong, unit: question.unit, question.tolerance).isRight
      else { continue }
      return notYet(mistake.feedback, Evidence())
    }
    if let slip = fit.slip {
      values["unit"] = .text(question.unitWord)
      values["slip"] = .text(slip.kind.rawValue)
      return notYet(question.slipFeedback[slip.kind] ?? NumberQuestion.slipFeedbackID, evidence)
    }
    return notYet(question.feedback, evidence)
  }

  private func answerValues(_ given: Given, _ text: String) -> [String: HostValue] {
    var values: [String: HostValue] = inputs.mapValues(\.hostValue)
    let own: [String: HostValue] = [
      "answer.value": given.answer.value.hostValue,
      "answer.unit": .text(given.answer.unit?.name ?? question.unitWord),
      "answer.text": .text(text.trimmedSpaces),
    ]
    values.merge(own) { $1 }
    for step in question.steps {
      values["answer.\(step.id)"] = given.steps[step.id].map { $0.value.hostValue } ?? .null
    }
    return values
  }
}

/// How one quantity stands to the right value.
struct Fit {
  var isRight: Bool
  var slip: UnitSlip?

  /// Rounding that people do in their heads: a slip is known though the number is not exact.
  private static let slipFractions = 0.005...0.03

  init(
    _ quantity: Quantity,
    of right: Double,
    unit: NumberUnit,
    _ tolerance: NumberQuestion.Tolerance
  ) {
    slip = nil
    var value = quantity.value
    var written: String?
    if let given = quantity.unit {
      written = given.name
      var given = given
      if given.perSeconds == nil, unit.perSeconds != nil { given.perSeconds = unit.perSeconds }
      if !quantity.hasNoun {
        given.factor = unit.factor
        given.dimension = unit.dimension
      }
      let isSameKind =
        given.dimension == unit.dimension && (given.perSeconds == nil) == (unit.perSeconds == nil)
      guard isSameKind else {
        isRight = false
        slip = UnitSlip(kind: .otherKind, wanted: unit.name, written: written)
        return
      }
      // A bare noun (`30 events`) is no percentage; `12 %` where a ratio is asked is 0.12.
      value = quantity.value * given.scale / unit.scale
      if unit.isPercent, !given.isPercent, given.dimension == .count { value = quantity.value }
      if tolerance.accepts(value, for: right) {
        isRight = true
        slip = Self.coveredSlip(value, right, unit, written, hasUnit: true)
        return
      }
      isRight = false
      // The number is right in the unit that was asked, and the unit written is another.
      let accepts =
        tolerance.accepts(quantity.value, for: right)
        || abs(quantity.value - right) <= Self.slipFractions.lowerBound * abs(right)
      if accepts, abs(given.scale / unit.scale - 1) > 1e-9 {
        slip = UnitSlip(kind: Self.kind(given, unit), wanted: unit.name, written: written)
        return
      }
    } else {
      isRight = tolerance.accepts(value, for: right)
      if isRight {
        slip = Self.coveredSlip(value, right, unit, nil, hasUnit: false)
        return
      }
    }
    guard right != 0, value != 0 else { return }
    let limit = min(
      max(tolerance.fraction(of: right), Self.slipFractions.lowerBound),
      Self.slipFractions.upperBound
    )
    let close = UnitSlip.factors(of: unit)
      .map { (kind: $0.kind, error: abs(value / (right * $0.factor) - 1)) }
      .filter { $0.error <= limit }
      .min { $0.error < $1.error }
    if let close { slip = UnitSlip(kind: close.kind, wanted: unit.name, written: written) }
  }

  /// A slip that the tolerance covers: the answer passes, and is told.
  private static func coveredSlip(
    _ value: Double,
    _ right: Double,
    _ unit: NumberUnit,
    _ written: String?,
    hasUnit: Bool
  ) -> UnitSlip? {
    guard right != 0 else { return nil }
    let error = abs(value / right - 1)
    guard error > 0.01 else { return nil }
    for (kind, factor) in UnitSlip.factors(of: unit)
    where abs(value / (right * factor) - 1) < min(error / 4, slipFractions.lowerBound) {
      return UnitSlip(kind: kind, wanted: unit.name, written: written)
    }
    return nil
  }

  private static func kind(_ given: NumberUnit, _ unit: NumberUnit) -> UnitSlip.Kind {
    if given.perSeconds != unit.perSeconds { return .perTime }
    if given.isPercent != unit.isPercent { return .percent }
    switch unit.dimension {
    case .time: return .timeUnit
    case .money: return .money
    case .count: return .worldScale
    case .bytes:
      let ratio = max(given.factor, unit.factor) / min(given.factor, unit.factor)
      return ratio < 1.3 ? .binaryBytes : .bytesPrefix
    }
  }
}

/// Works out numbers in one world, once each.
final class WorldValues {
  let host: any LessonHost
  /// Inputs and steps, by name.
  var known: [String: Double]
  let deadline: Deadline
  private var opened: (any GradingWorld)?

  init(host: any LessonHost, inputs: [String: Double], deadline: Deadline) {
    self.host = host
    known = inputs
    self.deadline = deadline
  }

  func close() {
    opened?.close()
    opened = nil
  }

  func number(_ source: NumberQuestion.Source) throws -> Double {
    switch source {
    case .expression(let expression):
      guard let value = expression.value(known) else {
        throw CourseError(
          code: "course.no-number",
          message: "`\(expression.text)` has no value for these inputs.",
          advice: "Look for a division by zero."
        )
      }
      return value
    case .query(let template):
      let table = try table(template)
      guard table.rows.count == 1, let value = table.rows[0].first?.number else {
        throw CourseError(
          code: "course.no-number",
          message: "A query for a number returned \(table.rows.count) rows, or a null.",
          advice: "It must return one row whose first column is a number."
        )
      }
      return value
    }
  }

  func firstRow(_ template: SQLTemplate) throws -> [String: HostValue] {
    try table(template).firstRowByName
  }

  private func table(_ template: SQLTemplate) throws -> HostTable {
    try deadline.check()
    var values = known.mapValues(\.hostValue)
    // A query that names the grader's tables or the world's day is asked of a copy of the world.
    if template.needsGradingWorld {
      let world = try world()
      values.merge(SQLTemplate.dayValues(world.description.day)) { $1 }
      return try world.query(template.sql(values: values))
    }
    return try host.query(template.sql(values: values))
  }

  private func world() throws -> any GradingWorld {
    if let opened { return opened }
    guard let host = host as? any GradingHost else {
      throw CourseError(
        code: "course.no-worlds",
        message: "This check needs a copy of the world, and the host makes none.",
        advice: "Run it from the prompt."
      )
    }
    let world = try host.open(WorldRequest(origin: .learner(fork: nil)))
    opened = world
    return world
  }
}

extension String {
  /// Without spaces and line ends around it.
  var trimmedSpaces: String {
    var text = self[...]
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }
}
