// Reads an incident's folder, and refuses with file, line and key what a learner would stumble on.

internal import Grading
internal import Yams

extension Incident {
  static let passedFeedback = ["diagnosed", "repaired", "closed"]
  private static let rungCount = 3

  /// Reads the incident in a folder; a few milliseconds, nothing is kept open.
  ///
  /// Throws `CourseError` with the file, line and key of the first mistake. The answers are not read:
  /// `IncidentCase.load` does.
  package static func load(folder path: String) throws -> Incident {
    let folder = ContentFolder(path: path)
    let node = try ManifestNode.parse(
      folder.text("incident.yaml", holds: "id, level, triage, facts, diagnosis and postmortem"),
      file: folder.display("incident.yaml"))
    let status = try node.required("status", example: "core").choice(ContentStatus.self)
    var incident = try IncidentManifest(node: node, needsBoth: status == .core)
      .incident(status: status, folder: path)
    guard path.split(separator: "/").last.map(String.init) == incident.id else {
      throw try node.required("id", example: "FALSE-01").error(
        "course.bad-value", "The incident `\(incident.id)` stands in a folder of another name.",
        advice: "Name the folder \(incident.id).")
    }
    let checks = IncidentManifest(node: node, needsBoth: status == .core)
    incident.checks = try checks.checks(folder, parameters: incident.parameterNames)
    let texts = IncidentFiles(folder: folder, needsBoth: status == .core)
    incident.message = try texts.file("message", holds: "the message with which it begins")
    incident.debrief = try texts.file("debrief", holds: "what it was, told at the end")
    incident.feedback = try texts.sections(
      "feedback", wanted: passedFeedback + incident.feedbackIDs, optional: [],
      holds: "`## diagnosed`, `## repaired`, `## closed` and one `## ID` per feedback id")
    let rungs = (1...rungCount).map(String.init)
    let hints = try texts.sections(
      "hints", wanted: rungs, optional: incident.feedbackIDs,
      holds: "`## 1` the slice, `## 2` the last good stage, `## 3` the decisive command")
    incident.hintRungs = rungs.compactMap { hints[$0] }
    incident.misconceptionHints = hints.filter { !rungs.contains($0.key) }
    return incident
  }

  /// The names of all parameters of all variants.
  var parameterNames: [String] {
    var names: [String] = []
    for name in variants.flatMap({ $0.parameters.map(\.name) }) where !names.contains(name) {
      names.append(name)
    }
    return names
  }
}

/// Sizes of a hidden world: a larger one would take longer than a check may.
private enum HiddenSize: String, CaseIterable, Sendable {
  case xs, s
}

/// The manifest, key by key.
private struct IncidentManifest {
  let node: ManifestNode
  let needsBoth: Bool

  func incident(status: ContentStatus, folder: String) throws -> Incident {
    try node.allowKeys([
      "id", "version", "status", "level", "title", "minutes", "needs", "proves", "commands", "time",
      "dashboard", "symptom", "values", "variants", "hidden", "triage", "facts", "diagnosis",
      "report", "postmortem", "tempting", "points",
    ])
    let variants = try variants(ContentFolder(path: folder))
    let parameters = variants.flatMap { $0.parameters.map(\.name) }
    let levels = try levels(try node.required("level", example: "diagnose"))
    let hidden = node.optional("hidden")
    try hidden?.allowKeys(["days", "version_shift", "size"])
    let incident = Incident(
      id: try id(),
      version: try node.required("version", example: "1").integer(1...1_000_000, example: "1"),
      status: status,
      levels: levels,
      title: try node.required("title", example: "{ko: 제목, en: Title}")
        .localized(needsBoth: needsBoth),
      minutes: try node.required("minutes", example: "15").integer(1...240, example: "15"),
      needs: try node.optional("needs")?.texts(example: "00-1") ?? [],
      proves: try node.optional("proves")?.texts(example: "find-stage") ?? [],
      commands: try node.optional("commands")?.texts(example: "dash") ?? [],
      time: try node.optional("time").map(time),
      dashboard: try node.required("dashboard", example: "[dash show live]")
        .texts(example: "dash show live"),
      symptom: try sql(
        try node.required("symptom", example: "SELECT … (rows: it shows)"), parameters),
      values: try queries(node.optional("values"), parameters),
      variants: variants,
      hiddenDays: try hidden?.required("days", example: "[\"2024-02-29\"]")
        .texts(example: "\"2024-02-29\"") ?? [],
      worldSize: try hidden?.optional("size")?.choice(HiddenSize.self).rawValue ?? "xs",
      hiddenVersionShift: try hidden?.optional("version_shift")?
        .integer(0...1_000, example: "1") ?? 0,
      triage: try form("triage", variants: variants, parameters),
      facts: try facts(parameters),
      diagnosis: try form("diagnosis", variants: variants, parameters),
      report: node.optional("report") == nil
        ? nil : try form("report", variants: variants, parameters),
      postmortem: try form("postmortem", variants: variants, parameters),
      tempting: try tempting(),
      checks: [],
      points: try points(),
      message: LocalizedText([:]),
      debrief: LocalizedText([:]),
      feedback: [:],
      hintRungs: [],
      misconceptionHints: [:],
      folder: folder)
    try check(incident)
    return incident
  }

  private func id() throws -> String {
    let idNode = try node.required("id", example: "FALSE-01")
    let id = try idNode.text(example: "FALSE-01")
    let isPlain = id.unicodeScalars.allSatisfy {
      ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
    }
    guard isPlain, id.first?.isLetter == true else {
      throw idNode.error(
        "course.bad-value", "`\(id)` cannot be an incident's id.",
        advice: "Use capital Latin letters, digits and `-`: `FALSE-01`.")
    }
    return id
  }

  private func time(_ node: ManifestNode) throws -> String {
    let text = try node.text(example: "\"09:10\"")
    let parts = text.split(separator: ":").compactMap { Int($0) }
    guard text.count == 5, parts.count == 2, (0...23).contains(parts[0]),
      (0...59).contains(parts[1])
    else {
      throw node.error(
        "course.bad-value", "`\(text)` is no time of day.", advice: "Write it in KST: `\"09:10\"`.")
    }
    return text
  }

  // MARK: SQL

  /// A query whose `{{names}}` are known.
  private func sql(_ node: ManifestNode, _ parameters: [String]) throws -> String {
    let text = try node.text(example: "SELECT …")
    let known = IncidentSQL.names + parameters
    let probe = Dictionary(known.map { ($0, "") }, uniquingKeysWith: { first, _ in first })
    do { _ = try IncidentSQL.fill(text, probe) } catch let error as CourseError {
      throw node.error(error.code, error.message, advice: error.advice ?? "")
    }
    return text
  }

  private func queries(_ node: ManifestNode?, _ parameters: [String]) throws -> [String] {
    try node?.elements(example: "[SELECT …]").map { try sql($0, parameters) } ?? []
  }

  // MARK: Variants

  private func variants(_ folder: ContentFolder) throws -> [Incident.Variant] {
    let list = try node.required("variants", example: "- {id: A}")
    let variants = try list.elements(example: "- {id: A}").map { element in
      try element.allowKeys(["id", "faults", "steps", "parameters"])
      return Incident.Variant(
        id: try element.required("id", example: "A").text(example: "A"),
        faults: try element.optional("faults")?.elements(example: "- {name: unreachable}")
          .map(fault) ?? [],
        steps: try element.optional("steps")?
          .elements(example: "- {id: paused, at: \"21:40\", run: [kafka members stop 1]}")
          .map { try step($0, folder) } ?? [],
        parameters: try element.optional("parameters").map(parameters) ?? [])
    }
    guard !variants.isEmpty, Set(variants.map(\.id)).count == variants.count else {
      throw list.error(
        "course.bad-value", "The variants need at least one, each with an id of its own.",
        advice: "Write `variants: [{id: A}]`.")
    }
    return variants
  }

  /// One level, or those that a learner may choose from.
  private func levels(_ node: ManifestNode) throws -> [Incident.Level] {
    guard node.node.sequence != nil else { return [try node.choice(Incident.Level.self)] }
    let levels = try node.elements(example: "[diagnose, repair]")
      .map { try $0.choice(Incident.Level.self) }
    guard !levels.isEmpty, Set(levels).count == levels.count else {
      throw node.error(
        "course.bad-value", "The levels need at least one, each once.",
        advice: "Write `level: [diagnose, repair]`.")
    }
    return levels
  }

  /// What somebody did: `run` and the folder `steps/NAME` of `files: NAME`, at a moment.
  private func step(_ node: ManifestNode, _ folder: ContentFolder) throws -> IncidentStep {
    try node.allowKeys(["id", "at", "run", "files"])
    let at = try node.required("at", example: "\"21:40\"")
    let moment = try at.text(example: "\"21:40\"")
    guard moment.contains("{{") || IncidentStep.offset(moment) != nil else {
      throw at.error(
        "course.bad-value", "`\(moment)` is no moment.",
        advice: "Write hours and minutes since yesterday's midnight in KST: `\"21:40\"`.")
    }
    var files: [LearnerChanges.File] = []
    if let filesNode = node.optional("files") {
      let name = try filesNode.text(example: "paused")
      files = try folder.pipelineFiles(in: "steps/" + name)
      guard !files.isEmpty else {
        throw filesNode.error(
          "course.bad-value", "There are no files in steps/\(name).",
          advice: "Put there what is laid over pipeline/, such as steps/\(name)/ingest.yaml.")
      }
    }
    let lines = try node.optional("run")?.texts(example: "kafka members stop 1") ?? []
    guard !files.isEmpty || !lines.isEmpty else {
      throw node.error(
        "course.bad-value", "The step does nothing.",
        advice: "Write `run: [kafka members stop 1]` or `files: NAME`.")
    }
    return IncidentStep(
      id: try node.required("id", example: "paused").text(example: "paused"), at: moment,
      lines: lines, files: files)
  }

  private func fault(_ node: ManifestNode) throws -> Fault {
    guard let mapping = node.node.mapping else {
      throw node.wrongType("a fault with its parameters", example: "{name: unreachable, from: 6}")
    }
    let name = try node.required("name", example: "unreachable").text(example: "unreachable")
    var parameters: [String: String] = [:]
    for (key, _) in mapping {
      guard let key = key.string, key != "name" else { continue }
      parameters[key] = try node.required(key, example: "…").text(example: "…")
    }
    return Fault(name: name, parameters: parameters)
  }

  private func parameters(_ node: ManifestNode) throws -> [(name: String, values: [String])] {
    guard let mapping = node.node.mapping else {
      throw node.wrongType("names with their values", example: "{platform: [ios, android]}")
    }
    return try mapping.compactMap { key, _ -> (name: String, values: [String])? in
      guard let name = key.string else { return nil }
      let child = try node.required(name, example: "[ios, android]")
      let values = try child.texts(example: "ios")
      guard values.count > 1 else {
        throw child.error(
          "course.bad-value", "The parameter `\(name)` has one value: the hidden variant has no other.",
          advice: "Give it at least two.")
      }
      return (name, values)
    }.sorted { $0.name < $1.name }
  }

  // MARK: Forms

  private func form(
    _ key: String, variants: [Incident.Variant], _ parameters: [String]
  ) throws -> IncidentForm {
    let list = try node.required(key, example: "- {id: kind, title: …, options: […], right: fine}")
    let fields = try list.elements(example: "- {id: kind}").map {
      try field($0, variants: variants, parameters)
    }
    guard !fields.isEmpty, Set(fields.map(\.id)).count == fields.count else {
      throw list.error(
        "course.bad-value", "A form needs at least one field, each with an id of its own.",
        advice: "Write `- {id: kind, title: …, options: […], right: …}`.")
    }
    return IncidentForm(fields: fields)
  }

  private func field(
    _ node: ManifestNode, variants: [Incident.Variant], _ parameters: [String]
  ) throws -> IncidentForm.Field {
    try node.allowKeys([
      "id", "title", "words", "options", "right", "earns", "sql", "tolerance", "feedback",
    ])
    let kind: IncidentForm.Kind
    if let query = node.optional("sql") {
      kind = .number(
        sql: try sql(query, parameters),
        tolerance: try node.optional("tolerance")?.number(0...1, example: "0.01") ?? 0,
        feedback: try node.required("feedback", example: "wrong-impact")
          .text(example: "wrong-impact"))
    } else {
      kind = try choice(node, variants: variants)
    }
    return IncidentForm.Field(
      id: try node.required("id", example: "kind").text(example: "kind"),
      title: try node.required("title", example: "{ko: 무엇이, en: What}")
        .localized(needsBoth: needsBoth),
      words: try words(node),
      kind: kind,
      earns: try node.optional("earns")?.choice(Incident.Part.self))
  }

  private func words(_ node: ManifestNode) throws -> [String] {
    try node.optional("words")?.texts(example: "늦음").map(normalizedAnswer) ?? []
  }

  private func choice(
    _ node: ManifestNode, variants: [Incident.Variant]
  ) throws -> IncidentForm.Kind {
    let list = try node.required("options", example: "- {id: late, text: {ko: 늦음, en: late}}")
    let options = try list.elements(example: "- {id: late}").map { element in
      try element.allowKeys(["id", "text", "words", "feedback", "fault"])
      return (
        element,
        IncidentForm.Option(
          id: try element.required("id", example: "late").text(example: "late"),
          text: try element.required("text", example: "{ko: 늦음, en: late}")
            .localized(needsBoth: needsBoth),
          words: try words(element),
          feedback: try element.optional("feedback")?.text(example: "not-late"),
          fault: try element.optional("fault")?.text(example: "unreachable"))
      )
    }
    let ids = options.map(\.1.id)
    guard options.count > 1, Set(ids).count == ids.count else {
      throw list.error(
        "course.bad-value", "A choice needs two options or more, each with an id of its own.",
        advice: "Write `- {id: late, text: {ko: 늦음, en: late}}`.")
    }
    let right = try right(try node.required("right", example: "late"), ids, variants)
    let alwaysRight = ids.filter { id in
      variants.allSatisfy { (right[$0.id] ?? right[""] ?? []).contains(id) }
    }
    for (element, option) in options
    where needsBoth && option.feedback == nil && !alwaysRight.contains(option.id) {
      throw element.error(
        "course.missing-key", "The option `\(option.id)` is wrong and has no `feedback`.",
        advice: "Write `feedback: ID` and that section in feedback.ko.md and feedback.en.md.")
    }
    return .choice(options.map(\.1), right: right)
  }

  /// `fine`, `[fine, late]`, or one of these by variant.
  private func right(
    _ node: ManifestNode, _ ids: [String], _ variants: [Incident.Variant]
  ) throws -> [String: [String]] {
    func known(_ node: ManifestNode) throws -> [String] {
      let names =
        node.node.sequence == nil
        ? [try node.text(example: "fine")] : try node.texts(example: "fine")
      for name in names where !ids.contains(name) {
        let near = nearestName(to: name, in: ids).map { "Did you mean `\($0)`? " } ?? ""
        throw node.error(
          "course.bad-value", "There is no option `\(name)`.",
          advice: near + "Options: \(ids.joined(separator: ", ")).")
      }
      return names
    }
    guard node.node.mapping != nil else { return ["": try known(node)] }
    try node.allowKeys(variants.map(\.id))
    var result: [String: [String]] = [:]
    for variant in variants {
      result[variant.id] = try known(try node.required(variant.id, example: "late"))
    }
    return result
  }

  // MARK: Facts, repairs, points

  private func facts(_ parameters: [String]) throws -> [IncidentFact] {
    let list = try node.required("facts", example: "- {id: lag, says: …, from: […], shows: …}")
    let facts = try list.elements(example: "- {id: lag}").map { element in
      try element.allowKeys([
        "id", "says", "from", "shows", "holds", "values", "excludes", "decisive", "misleads",
      ])
      let excludes = element.optional("excludes")
      let stages = try excludes?.texts(example: "queue") ?? []
      for stage in stages where !Incident.stages.contains(stage) {
        throw (excludes ?? element).error(
          "course.bad-value", "There is no stage `\(stage)`.",
          advice: "Stages: \(Incident.stages.joined(separator: ", ")).")
      }
      return IncidentFact(
        id: try element.required("id", example: "lag").text(example: "lag"),
        says: try element.required("says", example: "{ko: …, en: …}")
          .localized(needsBoth: needsBoth),
        from: try element.required("from", example: "[system.kafka.consumer_groups]")
          .texts(example: "system.kafka.consumer_groups"),
        shows: try element.optional("shows")?.elements(example: "- {sql: SELECT …}").map { shown in
          try shown.allowKeys(["sql", "rows_max"])
          return IncidentFact.Shown(
            sql: try sql(try shown.required("sql", example: "SELECT …"), parameters),
            rowsMax: try shown.optional("rows_max")?.integer(1...10_000, example: "1"))
        } ?? [],
        holds: try element.optional("holds").map { try sql($0, parameters) },
        values: try queries(element.optional("values"), parameters),
        excludes: stages,
        isDecisive: try element.optional("decisive")?.flag(example: "true") ?? false,
        misleads: try element.optional("misleads")?.text(example: "lag-is-noise"))
    }
    guard Set(facts.map(\.id)).count == facts.count else {
      throw list.error(
        "course.duplicate-id", "Two facts have the same id.", advice: "Give each its own id.")
    }
    return facts
  }

  private func tempting() throws -> [Incident.Tempting] {
    try node.optional("tempting")?.elements(example: "- {feedback: reran, commands: [dag run]}")
      .map { element in
        try element.allowKeys(["feedback", "commands"])
        return Incident.Tempting(
          feedback: try element.required("feedback", example: "reran").text(example: "reran"),
          commands: try element.required("commands", example: "[dag run]")
            .texts(example: "dag run").map { $0.lowercased() })
      } ?? []
  }

  private func points() throws -> [Incident.Part: Int] {
    guard let node = node.optional("points") else { return Incident.usualPoints }
    try node.allowKeys(Incident.Part.allCases.map(\.rawValue))
    var points: [Incident.Part: Int] = [:]
    for part in Incident.Part.allCases {
      points[part] = try node.required(part.rawValue, example: "25").integer(0...100, example: "25")
    }
    guard points.values.reduce(0, +) == 100 else {
      throw node.error(
        "course.bad-value", "The points are not 100 together.",
        advice: "Write for example `{diagnosis: 30, repair: 40, guard: 20, postmortem: 10}`.")
    }
    return points
  }

  func checks(_ folder: ContentFolder, parameters: [String]) throws -> [IncidentCheck] {
    try folder.names(in: "checks").map { name in
      let file = folder.display("checks/\(name)")
      guard name.hasSuffix(".yaml"), name.first?.isNumber ?? false else {
        throw CourseError(
          code: "course.unknown-file", message: "`\(name)` is not the name of a check.",
          place: file, advice: "Name it NN-what.yaml; checks run in the order of their names.",
          fields: ["file": file])
      }
      let node = try ManifestNode.parse(
        folder.text("checks/\(name)", holds: "goal, feedback and sql"), file: file)
      let isInvariant = node.optional("invariant") != nil
      try node.allowKeys(["goal", "feedback", "level"] + (isInvariant ? Invariant.keys : ["sql"]))
      return IncidentCheck(
        name: String(name.dropLast(".yaml".count)),
        goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
          .localized(needsBoth: needsBoth),
        feedback: try node.required("feedback", example: "lost").text(example: "lost"),
        rule: isInvariant
          ? .invariant(try Invariant.parse(node, names: ["started"] + parameters))
          : .sql(
            try sql(try node.required("sql", example: "SELECT … (what is wrong)"), parameters)),
        levels: try node.optional("level").map(levels) ?? Incident.Level.allCases)
    }
  }

  // MARK: The whole

  private func check(_ incident: Incident) throws {
    func refuse(_ key: String, _ message: String, _ advice: String) -> CourseError {
      (node.optional(key) ?? node).error("course.bad-value", message, advice: advice)
    }
    for id in ["stage", "cause"] where incident.diagnosis.field(id) == nil {
      throw refuse(
        "diagnosis", "The diagnosis has no field `\(id)`.", "Ask for the stage and the cause.")
    }
    let stages = incident.diagnosis.field("stage")?.options.map(\.id) ?? []
    let known = Incident.stages + [Incident.noStage]
    if let stranger = stages.first(where: { !known.contains($0) }) {
      throw refuse(
        "diagnosis", "There is no stage `\(stranger)`.",
        "Stages: \(known.joined(separator: ", ")).")
    }
    if incident.levels.contains(.diagnose), incident.report == nil {
      throw refuse(
        "level", "An incident of level `diagnose` ends with a report, and has none.",
        "Write `report:` with what is to be told, as fields.")
    }
    let proving = incident.facts.filter { $0.misleads == nil }
    guard proving.contains(where: \.isDecisive), proving.count > 1 else {
      throw refuse(
        "facts", "No two facts that prove, one of them decisive.",
        "Mark one that tells the cause from its rivals with `decisive: true`.")
    }
    for variant in incident.variants {
      for stage in incident.diagnosis.field("stage")?.right(variant: variant.id) ?? []
      where !proving.contains(where: { !Incident.neighbours(of: stage).isDisjoint(with: $0.excludes) })
      {
        throw refuse(
          "facts", "No fact excludes a neighbour of the stage `\(stage)` (variant \(variant.id)).",
          "Write `excludes: [\(Incident.neighbours(of: stage).sorted().joined(separator: ", "))]`.")
      }
    }
    for variant in incident.variants where incident.levels.contains(.repair) && !variant.isBroken {
      throw refuse(
        "level", "The variant \(variant.id) has no fault: there is nothing to repair.",
        "Write `faults:` or `steps:`, or `level: diagnose`.")
    }
    if let variant = incident.variants.first(where: { !$0.steps.isEmpty }), incident.time == nil {
      throw refuse(
        "time", "The steps of the variant \(variant.id) come on the day before a message without a time.",
        "Write `time: \"09:10\"`.")
    }
    guard !incident.hiddenDays.isEmpty else {
      throw refuse(
        "hidden", "The incident has no hidden days.",
        "Write `hidden: {days: [\"2024-02-29\", \"2023-12-31\"]}`, of which one crosses a month.")
    }
  }
}

/// The files beside the manifest.
private struct IncidentFiles {
  let folder: ContentFolder
  let needsBoth: Bool

  private func languages(_ name: String, holds purpose: String) throws -> [(CourseLanguage, String)]
  {
    let all = CourseLanguage.allCases
    let present = needsBoth ? all : all.filter { folder.exists("\(name).\($0.rawValue).md") }
    return try (present.isEmpty ? [.korean] : present).map { language in
      (language, try folder.text("\(name).\(language.rawValue).md", holds: purpose))
    }
  }

  func file(_ name: String, holds purpose: String) throws -> LocalizedText {
    var texts: [CourseLanguage: String] = [:]
    for (language, text) in try languages(name, holds: purpose) {
      var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)[...]
      while lines.first?.allSatisfy(\.isWhitespace) == true { lines.removeFirst() }
      while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
      guard !lines.isEmpty else {
        throw CourseError(
          code: "course.empty-text", message: "The file holds no text.",
          place: folder.display("\(name).\(language.rawValue).md"),
          advice: "Write in it \(purpose).", fields: ["section": name])
      }
      texts[language] = lines.joined(separator: "\n")
    }
    return LocalizedText(texts)
  }

  func sections(
    _ name: String, wanted: [String], optional: [String], holds purpose: String
  ) throws -> [String: LocalizedText] {
    var result: [String: LocalizedText] = [:]
    for (language, text) in try languages(name, holds: purpose) {
      let place = folder.display("\(name).\(language.rawValue).md")
      let found = try TextSections.parse(text, file: place)
      let known = wanted + optional
      if let unused = found.names.first(where: { !known.contains($0) }) {
        let near = nearestName(to: unused, in: known).map { "Did you mean `\($0)`? " } ?? ""
        throw CourseError(
          code: "course.unknown-section", message: "Nothing uses the section `\(unused)`.",
          place: place, advice: near + "Known: \(known.joined(separator: ", ")).",
          fields: ["section": unused])
      }
      for section in known {
        guard let body = found.texts[section] else {
          if !wanted.contains(section) { continue }
          throw CourseError(
            code: "course.missing-section", message: "The section `\(section)` is missing.",
            place: place, advice: "Write `## \(section)` and the text under it.",
            fields: ["section": section])
        }
        result[section, default: LocalizedText([:])].texts[language] = body
      }
    }
    return result
  }
}
