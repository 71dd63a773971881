// What the course refers to: the checklist, product cards, the glossary and its quiz, references.

internal import Course
internal import EventModel
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  private var courseContent: CourseContent { CourseContent(root: content.path) }

  // MARK: Checklist

  /// `checklist`: the twelve items, each ticked by its proofs alone.
  func showChecklist() throws -> Reply {
    let items = try progress.checklistState(
      try courseContent.checklist(), exercises: try exercises.summaries())
    let done = items.filter(\.isTicked).count
    var blocks: [Reply.Block] = [
      .text(
        heading(
          text("checklist.title", ["done": String(done), "total": String(items.count)])))
    ]
    for group in Checklist.Group.allCases {
      blocks += [.text(""), .text("  " + text("checklist.group." + group.rawValue))]
      for state in items where state.item.group == group { blocks += lines(of: state) }
    }
    blocks += [.text(""), .text(text("checklist.byProof"))]
    return Reply(
      blocks,
      data: .array(
        items.map { state in
          .record([
            "id": .string(state.item.id), "group": .string(state.item.group.rawValue),
            "text": .string(state.item.text[courseLanguage]), "ticked": .bool(state.isTicked),
            "review": .bool(state.wantsReview), "badge": .bool(state.hasBadge),
            "proofs": .array(
              state.proofs.map {
                .record(["id": .string($0.id), "state": .string($0.state.rawValue)])
              }),
          ])
        }))
  }

  private func lines(of state: Checklist.ItemState) -> [Reply.Block] {
    let mark: String
    if output.style.isAccessible {
      mark = text(state.isTicked ? "checklist.doneWord" : "checklist.openWord") + ":"
    } else {
      mark = text(state.isTicked ? "checklist.done" : "checklist.open")
    }
    var line = "  \(mark) " + state.item.text[courseLanguage]
    if state.wantsReview { line += "  " + text("checklist.review") }
    guard !state.isTicked else { return [.text(line)] }
    let proofs = state.proofs.map { proof -> String in
      proof.id + " " + text("checklist.proof." + proof.state.rawValue)
    }
    return [
      .text(line),
      .text(
        "      "
          + output.style.apply(
            .dim, text("checklist.proofs", ["proofs": proofs.joined(separator: ", ")]))),
    ]
  }

  // MARK: Cards

  /// `card`, `card kafka`: what a product does, when to pick it, and what stands for it here.
  func showCard(_ words: [String]) throws -> Reply {
    guard !words.isEmpty else { return try cardList() }
    let card = try card(words.joined(separator: " "))
    return Reply(try blocks(of: card), data: json(card))
  }

  private func cardList() throws -> Reply {
    let cards = try courseContent.cards()
    var blocks: [Reply.Block] = PipelineLayer.allCases.compactMap { layer in
      let names = cards.filter { $0.layer == layer }.map(\.name)
      guard !names.isEmpty else { return nil }
      return .text(text("card.layer." + layer.rawValue) + ": " + names.joined(separator: ", "))
    }
    blocks.append(.text(text("card.listHow")))
    return Reply(blocks, data: .array(cards.map(json)))
  }

  private func card(_ name: String) throws -> ProductCard {
    do {
      return try courseContent.card(name)
    } catch let error as CourseError where error.code == "course.unknown-card" {
      throw noSuch(.noSuchCard, name, among: try courseContent.cards().map(\.id))
    }
  }

  /// The card of that id, as a lesson shows it.
  func cardBlocks(_ id: String) throws -> [Reply.Block] { try blocks(of: try card(id)) }

  private func blocks(of card: ProductCard) throws -> [Reply.Block] {
    let names = try courseContent.cards()
    let alternatives = card.alternatives.map { id in names.first { $0.id == id }?.name ?? id }
    return [
      .text(heading("  " + card.name) + "  (" + text("card.layer." + card.layer.rawValue) + ")"),
      .pairs(
        KeyValueView(
          [
            (text("card.role"), card.role[courseLanguage]),
            (text("card.when"), card.when[courseLanguage]),
            (text("card.alternatives"), alternatives.joined(separator: ", ")),
            (text("card.here"), card.here?[courseLanguage] ?? text("card.notSimulated")),
          ], indent: 4)),
    ]
  }

  private func json(_ card: ProductCard) -> JSONValue {
    .record([
      "id": .string(card.id), "name": .string(card.name), "layer": .string(card.layer.rawValue),
      "role": .string(card.role[courseLanguage]), "when": .string(card.when[courseLanguage]),
      "alternatives": .array(card.alternatives.map(JSONValue.string)),
      "simulated": .bool(card.isSimulated), "here": .optional(card.here?[courseLanguage]),
    ])
  }

  // MARK: Glossary

  /// `glossary`, `glossary TERM`, `glossary quiz`.
  func glossary(_ words: [String]) throws -> Reply {
    let glossary = try courseContent.glossary()
    let name = words.joined(separator: " ")
    guard !name.isEmpty else { return glossaryList(glossary) }
    if ["quiz", "퀴즈"].contains(name.lowercased()) { return try startQuiz(glossary) }
    switch glossary.lookup(name) {
    case .found(let term):
      return Reply(blocks(of: term, glossary), data: .array([json(term)]))
    case .several(let terms):
      return Reply(terms.flatMap { blocks(of: $0, glossary) }, data: .array(terms.map(json)))
    case .unknown(let near):
      var error = CommandError(.noSuchTerm, ["name": name])
      error.fields["nearest"] = near.first?.word(courseLanguage)
      throw error
    }
  }

  private func glossaryList(_ glossary: Glossary) -> Reply {
    let names = glossary.terms.map { $0.word(courseLanguage) }.joined(separator: ", ")
    return Reply(
      [
        .text(names),
        .text(text("glossary.list", ["count": String(glossary.terms.count)])),
      ],
      data: .array(glossary.terms.map(json)))
  }

  private func blocks(of term: Glossary.Term, _ glossary: Glossary) -> [Reply.Block] {
    let other = courseLanguage == .korean ? term.english : term.korean
    let name = term.word(courseLanguage)
    let see = term.see.compactMap { glossary.term(id: $0)?.word(courseLanguage) }
    var blocks: [Reply.Block] = [
      .text(heading(name) + (other == name ? "" : "  (\(other))")),
      .text("  " + term.definition[courseLanguage]),
    ]
    if !see.isEmpty {
      blocks.append(
        .text("  " + text("glossary.see", ["terms": see.joined(separator: ", ")])))
    }
    return blocks
  }

  private func json(_ term: Glossary.Term) -> JSONValue {
    .record([
      "id": .string(term.id), "ko": .string(term.korean), "en": .string(term.english),
      "definition": .string(term.definition[courseLanguage]), "lesson": .string(term.lesson),
    ])
  }

  // MARK: The glossary's quiz

  private func startQuiz(_ glossary: Glossary) throws -> Reply {
    let met = try Introduced(outline: try lesson().outline(), progress: progress).terms
    let quiz = GlossaryQuiz(
      glossary: glossary, met: met, progress: progress,
      language: { [unowned self] in courseLanguage },
      say: { [unowned self] in text($0, $1) })
    guard let question = quiz.question else { throw CommandError(.noSuchTerm, ["name": "quiz"]) }
    openQuiz = quiz
    return Reply(
      [.text(question.text), .text(text("glossary.quiz.how"))],
      data: .record(["question": .string(question.question), "number": .count(question.number)]))
  }

  /// What `answer` means while a quiz is open; nil where none is.
  func answerQuiz(_ text: String) -> Reply? {
    guard let quiz = openQuiz else { return nil }
    let time = (try? platform().now.milliseconds) ?? 0
    switch quiz.answer(text, storyTime: time) {
    case .unreadable(let sentence): return Reply([.text(sentence)], exit: .usage)
    case .judged(let isRight, let said):
      let next = quiz.question?.text ?? ""
      return Reply(
        [.text(said), .text(""), .text(next)],
        data: .record(["right": .bool(isRight)]), exit: isRight ? .success : .notYet)
    case .finished(_, let right, let count, let isPassed, let said):
      openQuiz = nil
      return Reply(
        [.text(said)],
        data: .record([
          "right": .count(right), "count": .count(count), "passed": .bool(isPassed),
        ]), exit: isPassed ? .success : .notYet)
    }
  }

  // MARK: References

  /// `refs`: books, articles and documentation.
  func showReferences(_ words: [String]) throws -> Reply {
    try Arguments(words).allowOnly()
    let references = try courseContent.references()
    var blocks: [Reply.Block] = []
    for group in Reference.Group.allCases {
      if !blocks.isEmpty { blocks.append(.text("")) }
      blocks.append(.text(heading(text("refs." + group.rawValue))))
      for entry in references where entry.group == group {
        blocks.append(.text("  " + entry.title + (entry.by.map { " - " + $0 } ?? "")))
        if let url = entry.url { blocks.append(.verbatim("      " + url)) }
        if let note = entry.note { blocks.append(.text("      " + note[courseLanguage])) }
      }
    }
    return Reply(
      blocks,
      data: .array(
        references.map {
          .record([
            "group": .string($0.group.rawValue), "title": .string($0.title),
            "by": .optional($0.by), "url": .optional($0.url),
            "lessons": .array($0.lessons.map(JSONValue.string)),
          ])
        }))
  }

  // MARK: Completion

  /// The words that may follow a command of the course; nil for other commands.
  func courseWords(_ name: String) -> [String]? {
    switch name {
    case "exercise": return exercises.ids()
    case "card": return (try? courseContent.cards().map(\.id)) ?? []
    case "glossary":
      let terms = (try? courseContent.glossary().terms) ?? []
      return ["quiz"] + terms.map { $0.word(courseLanguage).replacing(" ", with: "-") }
    case "lesson":
      guard let outline = try? lesson().outline() else { return [] }
      return outline.lessons.filter(\.isThere).flatMap { [$0.id] + $0.sections.map(\.id) }
    default: return nil
    }
  }
}
