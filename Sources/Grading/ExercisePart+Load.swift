// Reads `parts:` of an exercise and the files `items/*.yaml`.

extension ExercisePart {
  /// At least so many items in a pool, so that a retry is another question.
  static let poolCountMin = 3

  /// Parses one part; `folder` holds `checks/<part>` and `items`.
  package static func parse(
    _ node: ManifestNode,
    folder: ContentFolder,
    status: ContentStatus
  ) throws -> ExercisePart {
    try node.allowKeys(["id", "title", "answer", "values", "choice", "order"])
    let needsBoth = status == .core
    let idNode = try node.required("id", example: "lag")
    let id = try idNode.text(example: "lag")
    guard id.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }),
      id.contains(where: \.isLetter)
    else {
      throw idNode.error(
        "course.bad-value",
        "`\(id)` cannot be a part's id.",
        advice: "Use lower-case Latin letters, digits and `-`: the learner types it."
      )
    }
    let title = try node.optional("title")?.localized(needsBoth: needsBoth)
    let kinds = ["answer", "choice", "order"].filter { node.optional($0) != nil }
    guard kinds.count == 1, let kind = kinds.first else {
      throw node.error(
        "course.bad-value",
        kinds.isEmpty
          ? "The part `\(id)` asks nothing." : "The part `\(id)` asks in \(kinds.count) ways.",
        advice: "Give it exactly one of `answer`, `choice`, `order`."
      )
    }
    let question: Question
    switch kind {
    case "answer":
      let form = try AnswerForm.parse(
        node.required("answer", example: "{form: …}"),
        needsBoth: needsBoth
      )
      let loader = CheckLoader(folder: folder, needsBoth: needsBoth)
      let checks = try loader.checks(in: "checks/\(id)", fields: form.fields)
      guard !checks.isEmpty || status == .draft else {
        throw node.error(
          "course.no-checks",
          "The part `\(id)` has no check: every answer would pass.",
          advice: "Add checks/\(id)/10-NAME.yaml with goal, feedback, sql."
        )
      }
      let values = try node.optional("values")?.elements(example: "[SELECT …]").map {
        try SQLTemplate.parse($0, fields: form.fields)
      }
      question = .checks(form, checks, values: values ?? [])
    case "choice":
      let choice = try node.required("choice", example: "{pool: [a, b, c]}")
      question = .choice(try pool(choice, folder: folder, status: status))
    default:
      question = .order(
        try OrderQuestion.parse(node.required("order", example: "{items: …}"), status: status)
      )
    }
    return ExercisePart(id: id, title: title, question: question)
  }

  private static func pool(
    _ node: ManifestNode,
    folder: ContentFolder,
    status: ContentStatus
  ) throws -> [ChoiceItem] {
    try node.allowKeys(["pool"])
    let poolNode = try node.required("pool", example: "[a, b, c]")
    let ids = try poolNode.texts(example: "lag-a")
    let wanted = status == .core ? poolCountMin : 1
    guard Set(ids).count == ids.count, ids.count >= wanted else {
      throw poolNode.error(
        "course.small-pool",
        "The pool holds \(Set(ids).count) different items; this status asks for \(wanted).",
        advice: "Write more items of the same difficulty, each in items/ID.yaml."
      )
    }
    return try ids.map { id in
      let name = "items/\(id).yaml"
      let item = try ManifestNode.parse(
        folder.text(name, holds: "id, question and options"),
        file: folder.display(name)
      )
      return try ChoiceItem.parse(item, id: id, status: status)
    }
  }
}

extension ChoiceItem {
  package static func parse(
    _ node: ManifestNode,
    id: String,
    status: ContentStatus
  ) throws -> ChoiceItem {
    try node.allowKeys(["id", "question", "options", "reasons"])
    let idNode = try node.required("id", example: id)
    guard try idNode.text(example: id) == id else {
      throw idNode.error(
        "course.bad-value",
        "The item's id is not the name of its file.",
        advice: "Write `id: \(id)`."
      )
    }
    let optionsNode = try node.required("options", example: "[{id: …, ko: …, en: …}]")
    let options = try choices(optionsNode, options: nil, status: status)
    let reasonsNode = node.optional("reasons")
    let reasons = try reasonsNode.map { try choices($0, options: options, status: status) } ?? []
    if let reasonsNode {
      for option in options where option.isCorrect {
        let fitting = reasons.filter {
          $0.isCorrect && ($0.fits.isEmpty || $0.fits.contains(option.id))
        }
        guard fitting.isEmpty else { continue }
        throw reasonsNode.error(
          "course.bad-value",
          "No reason is right for the option `\(option.id)`.",
          advice: "Mark one with `correct: true`, and `with: [\(option.id)]` if it fits only that."
        )
      }
    }
    return ChoiceItem(
      id: id,
      question: try node.required("question", example: "{ko: …, en: …}")
        .localized(needsBoth: status == .core),
      options: options,
      reasons: reasons
    )
  }

  /// Options, or reasons where `options` are given.
  private static func choices(
    _ node: ManifestNode,
    options: [Option]?,
    status: ContentStatus
  ) throws -> [Option] {
    let example = "- {id: scalability, ko: …, en: …, correct: true}"
    var found: [Option] = []
    for element in try node.elements(example: example) {
      let option = try choice(element, options: options, status: status)
      if found.contains(where: { $0.id == option.id }) {
        throw element.error(
          "course.duplicate-id",
          "Two of them have the id `\(option.id)`.",
          advice: "Give each its own id."
        )
      }
      found.append(option)
    }
    guard (2...9).contains(found.count) else {
      throw node.wrongType("a list of two to nine", example: example)
    }
    guard found.contains(where: \.isCorrect), found.contains(where: { !$0.isCorrect }) else {
      throw node.error(
        "course.bad-value",
        "All of them are right, or none is.",
        advice: "Mark the right ones with `correct: true` and leave at least one wrong."
      )
    }
    return found
  }

  private static func choice(
    _ node: ManifestNode,
    options: [Option]?,
    status: ContentStatus
  ) throws -> Option {
    let isReason = options != nil
    try node.allowKeys(["id", "ko", "en", "correct", "feedback"] + (isReason ? ["with"] : []))
    let id = try node.required("id", example: "scalability").text(example: "scalability")
    let text = try node.localizedBeside(needsBoth: status == .core)
    let isCorrect = try node.optional("correct")?.flag(example: "true") ?? false
    let feedbackNode = node.optional("feedback")
    if isCorrect, let feedbackNode {
      throw feedbackNode.error(
        "course.bad-value",
        "A right answer has no feedback of its own.",
        advice: "Write it under `## passed` in feedback.ko.md and feedback.en.md."
      )
    }
    if !isCorrect, feedbackNode == nil, status == .core {
      throw node.error(
        "course.missing-key",
        "The wrong answer `\(id)` has no feedback.",
        advice: "Write `feedback: ID`, and the text under `## ID` in the feedback files."
      )
    }
    let withNode = node.optional("with")
    let fits = try withNode?.texts(example: "scalability") ?? []
    if let withNode, let unknown = fits.first(where: { fit in
      !(options ?? []).contains { $0.id == fit && $0.isCorrect }
    }) {
      throw withNode.error(
        "course.bad-value",
        "`\(unknown)` is not one of the right options.",
        advice: "Name ids of options with `correct: true`."
      )
    }
    return Option(
      id: id,
      text: text,
      isCorrect: isCorrect,
      feedback: try feedbackNode?.text(example: "lag-is-not-loss"),
      fits: fits
    )
  }
}

extension OrderQuestion {
  package static func parse(_ node: ManifestNode, status: ContentStatus) throws -> OrderQuestion {
    try node.allowKeys(["items", "correct", "mistakes", "feedback"])
    let itemsNode = try node.required("items", example: "[{id: lake, ko: …, en: …}]")
    let items = try itemsNode.elements(example: "- {id: lake, ko: …, en: …}").map { element in
      try element.allowKeys(["id", "ko", "en"])
      return Item(
        id: try element.required("id", example: "lake").text(example: "lake"),
        text: try element.localizedBeside(needsBoth: status == .core)
      )
    }
    let ids = items.map(\.id)
    guard ids.count >= 3, Set(ids).count == ids.count else {
      throw itemsNode.wrongType("a list of three or more different items", example: "- {id: lake}")
    }
    let correctNode = try node.required("correct", example: "[\(ids.joined(separator: ", "))]")
    let correct = try correctNode.texts(example: "lake")
    guard correct.sorted() == ids.sorted() else {
      throw correctNode.error(
        "course.bad-value",
        "The right order does not hold every item once.",
        advice: "List all of: \(ids.joined(separator: ", "))."
      )
    }
    let mistakes = try node.optional("mistakes")?
      .elements(example: "- {first: warehouse, then: lake, feedback: …}").map {
        try mistake($0, correct: correct)
      }
    return OrderQuestion(
      items: items,
      correct: correct,
      mistakes: mistakes ?? [],
      feedback: try node.optional("feedback")?.text(example: "wrong-order")
    )
  }

  private static func mistake(_ node: ManifestNode, correct: [String]) throws -> Mistake {
    try node.allowKeys(["first", "then", "feedback"])
    let mistake = Mistake(
      first: try node.required("first", example: "warehouse").text(example: "warehouse"),
      then: try node.required("then", example: "lake").text(example: "lake"),
      feedback: try node.required("feedback", example: "wrong-way").text(example: "wrong-way")
    )
    guard let first = correct.firstIndex(of: mistake.first),
      let then = correct.firstIndex(of: mistake.then), first > then
    else {
      throw node.error(
        "course.bad-value",
        "Placing `\(mistake.first)` before `\(mistake.then)` is no mistake.",
        advice: "Name two items that stand the other way round in `correct`."
      )
    }
    return mistake
  }
}
