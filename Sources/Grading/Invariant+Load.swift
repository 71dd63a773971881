// Reads an invariant from a check or from an incident's manifest.

extension Invariant {
  /// The keys of the invariant itself.
  package static let keys = [
    "invariant", "target", "key", "where", "truth", "columns", "lost", "partition", "days",
    "ignore",
    "fork", "rerun", "next", "versions", "poll", "faults", "drive", "detected", "stages",
  ]

  /// Reads the invariant's keys; the caller has refused unknown ones.
  ///
  /// Queries may use `{{ds_kst}}`, `{{ds_next}}` and the parameters in `names`.
  package static func parse(_ node: ManifestNode, names: [String] = []) throws -> Invariant {
    let name = try node.required("invariant", example: "complete").choice(Name.self)
    let names = SQLTemplate.dayNames + names
    func template(_ key: String, _ more: [String] = []) throws -> SQLTemplate? {
      try node.optional(key).map { try SQLTemplate.parse($0, names: names + more) }
    }
    func lines(_ key: String) throws -> [String] {
      guard let found = node.optional(key) else { return [] }
      return !found.isScalar
        ? try found.texts(example: "dag rerun load") : [try found.text(example: "dag rerun load")]
    }
    let target = try node.required("target", example: "lake.silver.events")
    let invariant = Invariant(
      name: name,
      target: try tableName(target),
      keys: try parseKeys(node, name),
      filter: try template("where"),
      truth: try template("truth"),
      columns: try node.optional("columns")?.texts(example: "amount") ?? [],
      lost: try template("lost"),
      partition: try node.optional("partition")?.text(example: "dt") ?? "dt",
      days: try template("days"),
      ignored: try node.optional("ignore")?.texts(example: "loaded_at") ?? [],
      fork: try node.optional("fork")?.text(example: "exercise 01-3"),
      rerun: try lines("rerun"),
      next: try lines("next"),
      versions: try template("versions"),
      poll: try template("poll", ["version"]),
      faults: try node.optional("faults").map(MadeWorld.parseFaults) ?? [],
      drive: try lines("drive"),
      detected: try template("detected"),
      stages: try node.optional("stages").map(parseStages) ?? usualStages
    )
    try requireKeys(invariant, node)
    return invariant
  }

  private static func tableName(_ node: ManifestNode) throws -> String {
    let name = try node.text(example: "lake.silver.events")
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...3).contains(parts.count), parts.allSatisfy({ isIdentifier(String($0)) }) else {
      throw node.error(
        "course.bad-value",
        "`\(name)` is no table's name.",
        advice: "Write it as in SQL, such as `lake.silver.events`."
      )
    }
    return name
  }

  private static func parseKeys(_ node: ManifestNode, _ name: Name) throws -> [String] {
    guard let key = node.optional("key") else {
      if name == .isolated || name == .guarded { return [] }
      throw node.error(
        "course.missing-key",
        "The key `key` is missing or empty.",
        advice: "Write the column that names a row: `key: event_id`."
      )
    }
    return !key.isScalar
      ? try key.texts(example: "event_id") : [try key.text(example: "event_id")]
  }

  private static func parseStages(_ node: ManifestNode) throws -> [Stage] {
    try node.elements(example: "- {name: kafka, table: system.kafka.records}").map { element in
      try element.allowKeys(["name", "table", "column"])
      return Stage(
        name: try element.required("name", example: "kafka").text(example: "kafka"),
        table: try tableName(element.required("table", example: "system.kafka.records")),
        column: try element.optional("column")?.text(example: "event_id") ?? "event_id"
      )
    }
  }

  /// What each of the eight cannot do without.
  private static func requireKeys(_ invariant: Invariant, _ node: ManifestNode) throws {
    func need(_ key: String, _ isThere: Bool, _ example: String) throws {
      guard !isThere else { return }
      throw node.error(
        "course.missing-key",
        "The invariant `\(invariant.name.rawValue)` needs `\(key)`.",
        advice: "Write for example `\(key): \(example)`."
      )
    }
    let truth = "SELECT event_id FROM truth.events WHERE dt = DATE '{{ds_kst}}'"
    switch invariant.name {
    case .complete, .noJunk: try need("truth", invariant.truth != nil, truth)
    case .value:
      try need("truth", invariant.truth != nil, truth)
      try need("columns", !invariant.columns.isEmpty, "[amount, currency]")
    case .unique, .isolated: break
    case .idempotent: try need("rerun", !invariant.rerun.isEmpty, "dag rerun silver {{ds_kst}}")
    case .atomic:
      // Without a way to look back nothing can be said: the grader then says so.
      try need("poll", invariant.poll != nil || invariant.versions == nil, "SELECT … {{version}}")
    case .guarded:
      try need("faults", !invariant.faults.isEmpty, "[{name: late-events}]")
      try need("detected", invariant.detected != nil, "SELECT … (a row where it was noticed)")
    }
  }
}
