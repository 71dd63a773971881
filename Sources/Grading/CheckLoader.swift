// Reads the checks of an exercise or of one of its parts: `NN-what.yaml`, asked in that order.
//
// A check without `kind`, or of the kinds `rows`, `invariant` and `scenario`, is a rule; several of
// them make one question. A check of kind `number`, `sql`, `dataframe` or `document` is a question
// by itself.

/// The checks below one folder of an exercise.
package struct CheckLoader {
  /// What a check's `kind` may be.
  package enum Kind: String, Sendable, CaseIterable {
    case rows, invariant, scenario, number, sql, dataframe, document

    /// True where several checks make one question.
    var isRule: Bool { self == .rows || self == .invariant || self == .scenario }
  }

  let folder: ContentFolder
  let status: ContentStatus
  /// The tables that `exercise.yaml` declares.
  let tables: [GradingTable]

  package init(folder: ContentFolder, status: ContentStatus, tables: [GradingTable] = []) {
    self.folder = folder
    self.status = status
    self.tables = tables
  }

  private var needsBoth: Bool { status == .core }

  private struct File {
    var name: String
    var kind: Kind
    var node: ManifestNode
  }

  private func files(in place: String) throws -> [File] {
    try folder.names(in: place).map { name in
      let file = folder.display("\(place)/\(name)")
      guard name.hasSuffix(".yaml"), name.first?.isNumber ?? false else {
        throw CourseError(
          code: "course.unknown-file",
          message: "`\(name)` is not the name of a check.",
          place: file,
          advice: "Name it NN-what.yaml; checks run in the order of their names.",
          fields: ["file": file]
        )
      }
      let node = try ManifestNode.parse(
        folder.text("\(place)/\(name)", holds: "goal, feedback and sql"),
        file: file
      )
      let kind = try node.optional("kind")?.choice(Kind.self)
      return File(
        name: String(name.dropLast(".yaml".count)),
        kind: kind ?? (node.optional("invariant") == nil ? .rows : .invariant),
        node: node
      )
    }
  }

  /// The question that the checks in that folder make; nil where it is empty or not there.
  ///
  /// `form` is the form of a typed answer, which only rules of rows can judge. `kind` is the kind
  /// that the manifest announces; nil accepts any.
  package func question(
    in place: String,
    form: AnswerForm?,
    values: [SQLTemplate] = [],
    kind: Kind? = nil
  ) throws -> ExercisePart.Question? {
    let files = try files(in: place)
    guard let first = files.first else { return nil }
    if let kind,
      let other = files.first(where: { $0.kind != kind && !($0.kind.isRule && kind.isRule) })
    {
      throw (other.node.optional("kind") ?? other.node).error(
        "course.bad-value",
        "The check is of kind `\(other.kind.rawValue)`, and the manifest announces `\(kind.rawValue)`.",
        advice: "Write `kind: \(kind.rawValue)` here, or change the manifest."
      )
    }
    guard let single = files.first(where: { !$0.kind.isRule }) else {
      return try rules(files, form: form, values: values)
    }
    guard files.count == 1, form == nil else {
      throw (single.node.optional("kind") ?? first.node).error(
        "course.bad-value",
        form == nil
          ? "A check of kind `\(single.kind.rawValue)` has other checks beside it."
          : "A check of kind `\(single.kind.rawValue)` reads its answer itself.",
        advice: form == nil
          ? "Give it a part of its own." : "Remove `answer` from the manifest."
      )
    }
    switch single.kind {
    case .number:
      return .number(
        try NumberQuestion.parse(single.node, name: single.name, needsBoth: needsBoth)
      )
    case .sql:
      return .sql(
        try SQLQuestion.parse(
          single.node,
          name: single.name,
          folder: folder,
          tables: tables,
          status: status
        )
      )
    case .document:
      return .document(
        try DocumentQuestion.parse(single.node, name: single.name, status: status)
      )
    case .dataframe, .rows, .invariant, .scenario:
      return .dataframe(
        try DataframeQuestion.parse(
          single.node,
          name: single.name,
          folder: folder,
          tables: tables,
          status: status
        )
      )
    }
  }

  private func rules(
    _ files: [File],
    form: AnswerForm?,
    values: [SQLTemplate]
  ) throws -> ExercisePart.Question {
    let names = (form?.fields ?? []).map { "answer.\($0.name)" }
    if files.allSatisfy({ $0.kind == .rows }) {
      let checks = try files.map {
        try Check.parse($0.node, name: $0.name, names: names, needsBoth: needsBoth)
      }
      return .checks(form, checks, values: values)
    }
    if form != nil, let other = files.first(where: { $0.kind != .rows }) {
      throw other.node.error(
        "course.bad-value",
        "An exercise with an `answer` cannot have checks of kind `\(other.kind.rawValue)`.",
        advice: "Ask for the answer in a part of its own."
      )
    }
    let items = try files.map { file in
      file.kind == .scenario
        ? try StateQuestion.Item.parseScenario(file.node, name: file.name, status: status)
        : try StateQuestion.Item.parse(file.node, name: file.name, names: [], needsBoth: needsBoth)
    }
    return .state(StateQuestion(items: items, values: values))
  }
}
