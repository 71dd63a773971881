// Reads a check of kind `document`.

extension DocumentQuestion {
  package static func parse(
    _ node: ManifestNode,
    name: String,
    status: ContentStatus
  ) throws -> DocumentQuestion {
    try node.allowKeys(["kind", "goal", "feedback", "file", "fields", "criteria", "pass"])
    let needsBoth = status == .core
    let fieldsNode = try node.required("fields", example: "- {name: owner, type: text}")
    var fields: [Field] = []
    for element in try fieldsNode.elements(example: "- {name: owner, type: text}") {
      let field = try parseField(element)
      guard !fields.contains(where: { $0.name == field.name }) else {
        throw element.error(
          "course.duplicate-id",
          "Two fields are named `\(field.name)`.",
          advice: "Give each field its own name."
        )
      }
      fields.append(field)
    }
    let criteriaNode = try node.required("criteria", example: "- {id: numbers, checks: […]}")
    let criteria = try criteriaNode.elements(example: "- {id: numbers, checks: […]}").map {
      try parseCriterion($0, fields: fields, needsBoth: needsBoth)
    }
    guard !fields.isEmpty, !criteria.isEmpty else {
      throw criteriaNode.wrongType("a list of at least one criterion", example: "- {id: numbers}")
    }
    let most = criteria.count * pointsMax
    let pass = try node.optional("pass")?.integer(1...most, example: "\(most / 2)")
    return DocumentQuestion(
      name: name,
      goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
        .localized(needsBoth: needsBoth),
      feedback: try node.required("feedback", example: "incomplete").text(example: "incomplete"),
      file: try node.optional("file")?.text(example: "design.md"),
      fields: fields,
      criteria: criteria,
      pointsToPass: pass ?? most
    )
  }

  private static func parseField(_ node: ManifestNode) throws -> Field {
    try node.allowKeys([
      "name", "type", "required", "min", "max", "choices", "words_min", "items_min", "unit",
      "feedback",
    ])
    let nameNode = try node.required("name", example: "events_per_day")
    let name = try nameNode.text(example: "events_per_day")
    guard isIdentifier(name) else {
      throw nameNode.error(
        "course.bad-value",
        "`\(name)` cannot name a field.",
        advice: "Use lower-case Latin letters, digits and underscores."
      )
    }
    let type = try node.required("type", example: "integer").choice(FieldType.self)
    let range = -1e18...1e18
    let choices = try node.optional("choices")?.texts(example: "parquet") ?? []
    if type == .choice, choices.count < 2 {
      throw node.error(
        "course.missing-key",
        "The field `\(name)` is a choice without choices.",
        advice: "Write `choices: [parquet, json]`."
      )
    }
    let counted = type == .list ? "items_min" : "words_min"
    return Field(
      name: name,
      type: type,
      isRequired: try node.optional("required")?.flag(example: "true") ?? true,
      min: try node.optional("min")?.number(range, example: "1"),
      max: try node.optional("max")?.number(range, example: "100"),
      choices: choices,
      countMin: try node.optional(counted)?.integer(1...1_000, example: "3") ?? 1,
      unit: try node.optional("unit").map(NumberQuestion.parseUnit),
      feedback: try node.required("feedback", example: "no-\(name)").text(example: "no-\(name)")
    )
  }

  private static func parseCriterion(
    _ node: ManifestNode,
    fields: [Field],
    needsBoth: Bool
  ) throws -> Criterion {
    try node.allowKeys(["id", "title", "feedback", "checks"])
    let checksNode = try node.required("checks", example: "- {present: owner}")
    let rules = try checksNode.elements(example: "- {present: owner}").map {
      try parseRule($0, fields: fields)
    }
    guard !rules.isEmpty else {
      throw checksNode.wrongType("a list of at least one check", example: "- {present: owner}")
    }
    return Criterion(
      id: try node.required("id", example: "numbers").text(example: "numbers"),
      title: try node.required("title", example: "{ko: 숫자, en: Numbers}")
        .localized(needsBoth: needsBoth),
      feedback: try node.required("feedback", example: "numbers-disagree")
        .text(example: "numbers-disagree"),
      rules: rules
    )
  }

  private static func parseRule(_ node: ManifestNode, fields: [Field]) throws -> RuleItem {
    try node.allowKeys([
      "present", "value", "equals", "answer", "part", "unit", "tolerance", "mentions", "words",
      "at_least",
      "feedback",
    ])
    let feedback = try node.optional("feedback")?.text(example: "numbers-disagree")
    func field(_ found: ManifestNode) throws -> String {
      let name = try found.text(example: "owner")
      guard fields.contains(where: { $0.name == name }) else {
        let names = fields.map(\.name)
        let hint = nearestName(to: name, in: names).map { "Did you mean `\($0)`? " } ?? ""
        throw found.error(
          "course.bad-value",
          "The document has no field `\(name)`.",
          advice: hint + "Fields: \(names.joined(separator: ", "))."
        )
      }
      return name
    }
    if let present = node.optional("present") {
      return RuleItem(rule: .present(try field(present)), feedback: feedback)
    }
    if let mentions = node.optional("mentions") {
      let words = try node.required("words", example: "[idempotent, 멱등]")
        .texts(example: "멱등")
      let most = node.optional("at_least")
      return RuleItem(
        rule: .mentions(
          field: try field(mentions),
          words: words.map(normalizedAnswer),
          atLeast: try most?.integer(1...max(words.count, 1), example: "1") ?? 1
        ),
        feedback: feedback
      )
    }
    let valueNode = try node.required("value", example: "events_per_day")
    let numbers = fields.filter { $0.type == .integer || $0.type == .number }.map(\.name)
    guard
      case .expression(let value) = try NumberQuestion.parseSource(valueNode, names: numbers)
    else { throw valueNode.wrongType("arithmetic over fields", example: "events_per_day * 30") }
    let tolerance =
      try node.optional("tolerance").map(NumberQuestion.parseTolerance) ?? .relative(0)
    if let answer = node.optional("answer") {
      return RuleItem(
        rule: .answer(
          value,
          exercise: try answer.text(example: "01-8"),
          part: try node.optional("part")?.text(example: "backlog") ?? "",
          unit: try node.optional("unit").map(NumberQuestion.parseUnit)
            ?? NumberUnit(.count, name: ""),
          tolerance
        ),
        feedback: feedback
      )
    }
    let source = try NumberQuestion.parseSource(
      node.required("equals", example: "SELECT count(*) FROM …"),
      names: numbers
    )
    return RuleItem(rule: .equals(value, source, tolerance), feedback: feedback)
  }
}
