// Reads a check of kind `number`.

extension NumberQuestion {
  static let keys = [
    "kind", "goal", "feedback", "form", "unit", "tolerance", "value", "inputs", "steps", "mistakes",
    "slips", "values",
  ]

  package static func parse(
    _ node: ManifestNode,
    name: String,
    needsBoth: Bool
  ) throws -> NumberQuestion {
    try node.allowKeys(keys)
    let inputs = try node.optional("inputs").map(parseInputs) ?? []
    var names = inputs.map(\.name)
    let unitNode = try node.required("unit", example: "min")
    let unit = try parseUnit(unitNode)
    let tolerance = try node.optional("tolerance").map(parseTolerance) ?? .relative(0)
    var steps: [Step] = []
    for element in try node.optional("steps")?.elements(example: "- {id: backlog, value: …}") ?? []
    {
      let step = try parseStep(
        element,
        names: names,
        tolerance: tolerance,
        needsBoth: needsBoth
      )
      guard !names.contains(step.id) else {
        throw element.error(
          "course.duplicate-id",
          "Two values are named `\(step.id)`.",
          advice: "Give each input and step its own name."
        )
      }
      names.append(step.id)
      steps.append(step)
    }
    let mistakes = try node.optional("mistakes")?
      .elements(example: "- {value: SELECT …, feedback: utc-day}").map { element in
        try element.allowKeys(["value", "feedback"])
        return Mistake(
          source: try parseSource(
            element.required("value", example: "SELECT …"),
            names: names
          ),
          feedback: try element.required("feedback", example: "utc-day").text(example: "utc-day")
        )
      }
    return NumberQuestion(
      name: name,
      goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
        .localized(needsBoth: needsBoth),
      feedback: try node.required("feedback", example: "wrong-number")
        .text(example: "wrong-number"),
      form: try node.required("form", example: "{ko: \"45분\", en: \"45 min\"}")
        .localized(needsBoth: needsBoth),
      unit: unit,
      unitWord: unit.name,
      tolerance: tolerance,
      source: try parseSource(
        node.required("value", example: "SELECT count(*) FROM …"),
        names: names
      ),
      inputs: inputs,
      steps: steps,
      mistakes: mistakes ?? [],
      slipFeedback: try node.optional("slips").map(parseSlips) ?? [:],
      values: try node.optional("values")?.elements(example: "[SELECT …]").map {
        try SQLTemplate.parse($0, names: SQLTemplate.dayNames + names)
      } ?? []
    )
  }

  private static func parseInputs(_ node: ManifestNode) throws -> [Input] {
    guard let names = node.keyNames else {
      throw node.wrongType("a mapping of names", example: "rate: {from: 500, to: 700, step: 1}")
    }
    return try names.map { name in
      let input = try node.required(name, example: "{choices: [2, 3, 4]}")
      guard isIdentifier(name) else {
        throw input.error(
          "course.bad-value",
          "`\(name)` cannot name an input.",
          advice: "Use lower-case Latin letters, digits and underscores."
        )
      }
      try input.allowKeys(["choices", "from", "to", "step"])
      let range = -1e15...1e15
      if let choices = input.optional("choices") {
        let values = try choices.elements(example: "[2, 3, 4]")
          .map { try $0.number(range, example: "3") }
        guard !values.isEmpty else {
          throw choices.wrongType("a list of numbers", example: "[2, 3]")
        }
        return Input(name: name, choices: values)
      }
      let from = try input.required("from", example: "500").number(range, example: "500")
      let toNode = try input.required("to", example: "700")
      let to = try toNode.number(range, example: "700")
      let step = try input.optional("step")?.number(1e-6...1e12, example: "10") ?? 1
      guard to >= from, (to - from) / step <= 10_000 else {
        throw toNode.error(
          "course.bad-value",
          "The range holds no values, or more than 10,000.",
          advice: "Write `from` below `to`, and a larger `step`."
        )
      }
      let count = Int((to - from) / step + 1e-9)
      return Input(name: name, choices: (0...count).map { from + Double($0) * step })
    }
  }

  static func parseUnit(_ node: ManifestNode) throws -> NumberUnit {
    let text = try node.text(example: "min")
    guard let unit = NumberUnit.named(text) else {
      throw node.error(
        "course.bad-value",
        "`\(text)` is no unit.",
        advice: "Write a unit such as `min`, `MB`, `GiB/day`, `events/s`, `%`, `원`, `건`."
      )
    }
    return unit
  }

  /// `2%`, `0.5`, `{relative: 0.02}`, `{absolute: 3}`.
  static func parseTolerance(_ node: ManifestNode) throws -> Tolerance {
    if let names = node.keyNames {
      try node.allowKeys(["relative", "absolute"])
      guard names.count == 1 else {
        throw node.wrongType("one of `relative` and `absolute`", example: "{absolute: 3}")
      }
      if let relative = node.optional("relative") {
        return .relative(try relative.number(0...1, example: "0.02"))
      }
      return .absolute(
        try node.required("absolute", example: "3").number(0...1e15, example: "3")
      )
    }
    let text = try node.text(example: "2%")
    if text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) {
      return .relative(percent / 100)
    }
    guard let value = Double(text), value >= 0, value.isFinite else {
      throw node.wrongType("a tolerance", example: "2%")
    }
    return .absolute(value)
  }

  private static func parseStep(
    _ node: ManifestNode,
    names: [String],
    tolerance: Tolerance,
    needsBoth: Bool
  ) throws -> Step {
    try node.allowKeys([
      "id", "goal", "value", "unit", "tolerance", "words", "feedback", "asked",
    ])
    let idNode = try node.required("id", example: "backlog")
    let id = try idNode.text(example: "backlog")
    guard isIdentifier(id) else {
      throw idNode.error(
        "course.bad-value",
        "`\(id)` cannot name a step.",
        advice: "Use lower-case Latin letters, digits and underscores, such as `backlog`."
      )
    }
    return Step(
      id: id,
      goal: try node.required("goal", example: "{ko: 밀린 이벤트, en: The backlog}")
        .localized(needsBoth: needsBoth),
      source: try parseSource(node.required("value", example: "outage * rate"), names: names),
      unit: try parseUnit(node.required("unit", example: "events")),
      tolerance: try node.optional("tolerance").map(parseTolerance) ?? tolerance,
      words: (try node.optional("words")?.texts(example: "backlog") ?? [id]).map(normalizedAnswer),
      feedback: try node.required("feedback", example: "wrong-\(id)").text(example: "wrong-\(id)"),
      isAsked: try node.optional("asked")?.flag(example: "true") ?? false
    )
  }

  /// A query where it begins like one, else an expression over the names known so far.
  static func parseSource(_ node: ManifestNode, names: [String]) throws -> Source {
    let text = try node.text(example: "outage * rate")
    let first = text.prefix { $0.isLetter }.lowercased()
    if first == "select" || first == "with" {
      return .query(try SQLTemplate.parse(node, names: SQLTemplate.dayNames + names))
    }
    let expression: NumberExpression
    do {
      expression = try NumberExpression.parse(text)
    } catch {
      throw node.error(
        "course.bad-value",
        "This is neither a query nor an expression: \(error.message)",
        advice: "Write `SELECT …`, or arithmetic over inputs and steps such as `outage * rate`."
      )
    }
    guard let unknown = expression.names.first(where: { !names.contains($0) }) else {
      return .expression(expression)
    }
    let hint = nearestName(to: unknown, in: names).map { "Did you mean `\($0)`? " } ?? ""
    let known = names.isEmpty ? "none" : names.joined(separator: ", ")
    throw node.error(
      "course.unknown-parameter",
      "The expression uses `\(unknown)`, which does not exist.",
      advice: hint + "Known names: \(known). A step may use those before it."
    )
  }

  private static func parseSlips(_ node: ManifestNode) throws -> [UnitSlip.Kind: String] {
    try node.allowKeys(UnitSlip.Kind.allCases.map(\.rawValue))
    var slips: [UnitSlip.Kind: String] = [:]
    for kind in UnitSlip.Kind.allCases {
      slips[kind] = try node.optional(kind.rawValue)?.text(example: "per-day")
    }
    return slips
  }
}
