// Reads a check of kind `sql`, the killer world and the declared wrong queries beside it.

extension SQLQuestion {
  static let keys = [
    "kind", "goal", "feedback", "form", "columns", "key", "ordered", "reference", "story",
    "mistakes", "equivalents", "counterexample", "worlds",
  ]

  /// `folder` is the exercise's; `tables` are those that `exercise.yaml` declares; `more` are keys
  /// that the caller reads itself.
  package static func parse(
    _ node: ManifestNode,
    name: String,
    folder: ContentFolder,
    tables: [GradingTable],
    status: ContentStatus,
    allows more: [String] = []
  ) throws -> SQLQuestion {
    try node.allowKeys(keys + more)
    let needsBoth = status == .core
    let columns = try node.optional("columns").map(KillerWorld.parseColumns)
    if columns == nil, status == .core {
      throw node.error(
        "course.missing-key",
        "The query's columns and their types are not fixed.",
        advice: "Write `columns: {dt: date, dau: bigint}`, and name them in the task."
      )
    }
    let names = columns?.map(\.name)
    let keyNode = node.optional("key")
    let key = try keyNode?.texts(example: "dt") ?? []
    if let names, let keyNode, let unknown = key.first(where: { !names.contains($0) }) {
      throw keyNode.error(
        "course.bad-value",
        "`\(unknown)` is not one of the columns.",
        advice: "Name columns of the result: \(names.joined(separator: ", "))."
      )
    }
    let story = try node.optional("story").map { story in
      guard let names else {
        throw story.error(
          "course.bad-value",
          "A story needs to know the result's columns.",
          advice: "Write `columns: {dt: date, dau: bigint}` as well."
        )
      }
      return try SQLTemplate.parse(story, names: SQLTemplate.dayNames + names.map { "row.\($0)" })
    }
    let worlds = node.optional("worlds")
    try worlds?.allowKeys(["killer", "killer_day", "hidden"])
    let hiddenNode = worlds?.optional("hidden")
    let hidden =
      try hiddenNode?.elements(example: "- {seed: 11, day: 2023-12-31}")
      .map(MadeWorld.parse) ?? MadeWorld.usual
    if let hiddenNode, hidden.count < 2, status == .core {
      throw hiddenNode.error(
        "course.bad-value",
        "There are fewer than two hidden worlds.",
        advice: "Write two that differ in seed and day, or leave `hidden` out."
      )
    }
    var question = SQLQuestion(
      name: name,
      goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
        .localized(needsBoth: needsBoth),
      feedback: try node.required("feedback", example: "wrong-result")
        .text(example: "wrong-result"),
      form: try node.optional("form")?.localized(needsBoth: needsBoth),
      reference: try parseQuery(node.required("reference", example: "SELECT …")),
      columns: columns,
      comparison: ResultComparison(
        key: key,
        isOrdered: try node.optional("ordered")?.flag(example: "true") ?? false
      ),
      story: story,
      mistakes: try parseMistakes(node, folder),
      killer: try parseKiller(worlds?.optional("killer"), folder, tables, status: status),
      killerDay: try worlds?.optional("killer_day").map(MadeWorld.parseDay) ?? "2024-01-15",
      hidden: hidden,
      tables: tables,
      groupColumns: try parseGroupColumns(node.optional("counterexample"), tables)
    )
    question.equivalents = try parseEquivalents(node.optional("equivalents"))
    return question
  }

  private static func parseEquivalents(_ node: ManifestNode?) throws -> [Equivalent] {
    try node?.elements(example: "- {change: \"< -> <=\", because: …}").map { element in
      try element.allowKeys(["change", "line", "because"])
      return Equivalent(
        change: try element.required("change", example: "< -> <=").text(example: "< -> <="),
        line: try element.optional("line")?.integer(1...10_000, example: "3"),
        because: try element.required("because", example: "ids are unique")
          .text(example: "ids are unique")
      )
    } ?? []
  }

  private static func parseQuery(_ node: ManifestNode) throws -> SQLAnswer {
    do {
      return try SQLAnswer(node.text(example: "SELECT …"))
    } catch let refusal as SQLAnswer.Refusal {
      throw node.error(
        "course.bad-value",
        "This is not one query that only reads (\(refusal.rawValue)).",
        advice: "Write one `SELECT` or `WITH … SELECT` over the tables that answers see."
      )
    }
  }

  /// Those of the check, and the queries of `answers/wrong/*/*.sql` with what they are to get.
  private static func parseMistakes(_ node: ManifestNode, _ folder: ContentFolder) throws
    -> [Mistake]
  {
    var mistakes: [Mistake] =
      try node.optional("mistakes")?
      .elements(example: "- {sql: SELECT …, feedback: utc-day}").map { element in
        try element.allowKeys(["sql", "feedback"])
        return Mistake(
          query: try parseQuery(element.required("sql", example: "SELECT …")),
          feedback: try element.required("feedback", example: "utc-day").text(example: "utc-day")
        )
      } ?? []
    for name in folder.names(in: "answers/wrong") {
      let place = "answers/wrong/\(name)"
      let files = folder.names(in: place).filter { $0.hasSuffix(".sql") }
      guard !files.isEmpty, folder.exists("\(place)/expect.yaml") else { continue }
      let expect = try ManifestNode.parse(
        folder.text("\(place)/expect.yaml", holds: "verdict and feedback"),
        file: folder.display("\(place)/expect.yaml")
      )
      guard let feedback = try expect.optional("feedback")?.text(example: name),
        !([columnsFeedbackID, failedFeedbackID].contains(feedback))
      else { continue }
      for file in files {
        let text = try folder.text("\(place)/\(file)", holds: "a wrong query")
        guard let query = try? SQLAnswer(text) else { continue }
        mistakes.append(Mistake(query: query, feedback: feedback))
      }
    }
    return mistakes
  }

  private static func parseKiller(
    _ node: ManifestNode?,
    _ folder: ContentFolder,
    _ tables: [GradingTable],
    status: ContentStatus
  ) throws -> KillerWorld? {
    let usual = "worlds/killer.ndjson"
    let name = try node?.text(example: usual) ?? usual
    guard node != nil || folder.exists(name) || status == .core else { return nil }
    let text = try folder.text(
      name,
      holds: "the rows that separate wrong from right, one JSON object per line"
    )
    guard !tables.isEmpty else {
      throw CourseError(
        code: "course.missing-key",
        message: "The killer world has rows, and no table is declared.",
        place: folder.display("exercise.yaml") + " tables",
        advice: "Write `tables: [{name: lake.silver.events, columns: {event_id: varchar}}]`.",
        fields: ["file": folder.display("exercise.yaml"), "key": "tables"]
      )
    }
    return try KillerWorld.parse(text, file: folder.display(name), tables: tables)
  }

  private static func parseGroupColumns(
    _ node: ManifestNode?,
    _ tables: [GradingTable]
  ) throws -> [String: String] {
    guard let node else { return [:] }
    try node.allowKeys(["keys"])
    let keys = try node.required("keys", example: "{lake.silver.events: user_id}")
    try keys.allowKeys(tables.map(\.name))
    var found: [String: String] = [:]
    for table in tables {
      guard let columnNode = keys.optional(table.name) else { continue }
      let column = try columnNode.text(example: "user_id")
      guard table.columns.contains(where: { $0.name == column }) else {
        throw columnNode.error(
          "course.bad-value",
          "The table `\(table.name)` has no column `\(column)`.",
          advice: "Columns: \(table.columns.map(\.name).joined(separator: ", "))."
        )
      }
      found[table.name] = column
    }
    return found
  }
}
