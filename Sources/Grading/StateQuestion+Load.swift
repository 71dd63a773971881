// Reads checks of the kinds `rows`, `invariant` and `scenario`.

extension Check {
  static let keys = ["kind", "goal", "feedback", "fails_when", "sql", "values"]

  /// Reads one check; `names` are the parameters that its queries may use.
  package static func parse(
    _ node: ManifestNode,
    name: String,
    names: [String],
    needsBoth: Bool
  ) throws -> Check {
    try node.allowKeys(keys)
    return Check(
      name: name,
      goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
        .localized(needsBoth: needsBoth),
      feedback: try node.required("feedback", example: "other-purchase")
        .text(example: "other-purchase"),
      sql: try SQLTemplate.parse(
        node.required("sql", example: "SELECT … (the rows that are wrong)"),
        names: names
      ),
      failsWhen: try node.optional("fails_when")?.choice(Check.FailsWhen.self) ?? .rows,
      values: try node.optional("values")?.elements(example: "[SELECT …]").map {
        try SQLTemplate.parse($0, names: names)
      } ?? []
    )
  }
}

extension StateQuestion.Item {
  /// Reads a rule of rows or an invariant.
  static func parse(
    _ node: ManifestNode,
    name: String,
    names: [String],
    needsBoth: Bool
  ) throws -> StateQuestion.Item {
    if node.optional("invariant") != nil {
      try node.allowKeys(["kind", "goal", "feedback"] + Invariant.keys)
      return StateQuestion.Item(
        name: name,
        goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
          .localized(needsBoth: needsBoth),
        feedback: try node.required("feedback", example: "lost-events")
          .text(example: "lost-events"),
        rule: .invariant(try Invariant.parse(node, names: names))
      )
    }
    let check = try Check.parse(node, name: name, names: names, needsBoth: needsBoth)
    return StateQuestion.Item(
      name: name,
      goal: check.goal,
      feedback: check.feedback,
      rule: .rows(check)
    )
  }

  /// Reads a check of kind `scenario`.
  static func parseScenario(
    _ node: ManifestNode,
    name: String,
    status: ContentStatus
  ) throws -> StateQuestion.Item {
    try node.allowKeys([
      "kind", "goal", "feedback", "worlds", "learner", "fork", "bind", "drive", "checks",
    ])
    let needsBoth = status == .core
    let bindings = try parseBindings(node.optional("bind"))
    let names = SQLTemplate.dayNames + bindings.map(\.name)
    let driveNode = node.optional("drive")
    let drive = try driveNode?.texts(example: "clock +1d") ?? []
    if let driveNode {
      for line in drive { try refuseUnknownParameters(line, names, driveNode) }
    }
    let checksNode = try node.required("checks", example: "- {goal: …, feedback: …, sql: …}")
    let items = try checksNode.elements(example: "- {goal: …, feedback: …, sql: …}")
      .enumerated().map { index, element in
        try parse(element, name: "\(name)[\(index)]", names: names, needsBoth: needsBoth)
      }
    guard !items.isEmpty else {
      throw checksNode.wrongType("a list of at least one check", example: "- {sql: SELECT …}")
    }
    let worlds =
      try node.optional("worlds")?.elements(example: "- {seed: 12, day: 2024-02-29}")
      .map(MadeWorld.parse) ?? MadeWorld.usual
    return StateQuestion.Item(
      name: name,
      goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
        .localized(needsBoth: needsBoth),
      feedback: try node.optional("feedback")?.text(example: "only-yesterday")
        ?? items[0].feedback,
      rule: .scenario(
        Scenario(
          includesLearner: try node.optional("learner")?.flag(example: "true") ?? false,
          worlds: worlds,
          fork: try node.optional("fork")?.text(example: "exercise 01-3"),
          bindings: bindings,
          drive: drive,
          items: items
        )
      )
    )
  }

  private static func parseBindings(_ node: ManifestNode?) throws
    -> [(name: String, query: SQLTemplate)]
  {
    guard let node else { return [] }
    guard let keys = node.keyNames else {
      throw node.wrongType("a mapping of names to queries", example: "order_id: SELECT …")
    }
    var bindings: [(name: String, query: SQLTemplate)] = []
    for name in keys {
      let query = try node.required(name, example: "SELECT …")
      guard isIdentifier(name), !SQLTemplate.dayNames.contains(name) else {
        throw query.error(
          "course.bad-value",
          "`\(name)` cannot name a binding.",
          advice: "Use lower-case Latin letters, digits and underscores, such as `order_id`."
        )
      }
      let known = SQLTemplate.dayNames + bindings.map(\.name)
      bindings.append((name, try SQLTemplate.parse(query, names: known)))
    }
    return bindings
  }

  private static func refuseUnknownParameters(
    _ line: String,
    _ names: [String],
    _ node: ManifestNode
  ) throws {
    for match in line.matches(of: /\{\{\s*([^}\s]*)\s*\}\}/) {
      let name = String(match.output.1)
      guard !names.contains(name) else { continue }
      let hint = nearestName(to: name, in: names).map { "Did you mean `{{\($0)}}`? " } ?? ""
      throw node.error(
        "course.unknown-parameter",
        "The line uses `{{\(name)}}`, which does not exist.",
        advice: hint + "Known parameters: \(names.joined(separator: ", "))."
      )
    }
  }
}
