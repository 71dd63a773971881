// `assume`: the values that sizing begins with, which everybody can change.

internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `assume list [SHEET]`, `assume set NAME VALUE [UNIT]`, `assume clear NAME`.
  func assume(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "assume", default: "list")
    switch action {
    case "set": return try setAssumption(rest)
    case "clear": return try clearAssumption(rest)
    default: return try listAssumptions(rest)
    }
  }

  private func listAssumptions(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    var known = try worksheetBook.assumptions()
    if let name = arguments.positions.first {
      let used = try worksheet(name, among: worksheetBook.worksheets()).assumptionNames
      known.removeAll { !used.contains($0.assumption.id) }
    }
    // Sources are sentences: they get lines of their own rather than a column that is cut.
    let rows = known.map { ($0.assumption.id, assumedText($0) + ": " + source($0)) }
    return Reply(
      [.pairs(pairs(rows)), .text(text("assume.howTo"))], data: .array(known.map(json)))
  }

  private func setAssumption(_ words: [String]) throws -> Reply {
    // `assume set dau=1000000` and `assume set dau: 100만` as well.
    let signs = "=:：＝"
    var name = words.first ?? ""
    var value = words.dropFirst().joined(separator: " ")
    if let sign = name.firstIndex(where: signs.contains) {
      value = String(name[name.index(after: sign)...]) + " " + value
      name = String(name[..<sign])
    }
    let trimmed = value.trimmingCharacters(in: CharacterSet(charactersIn: " " + signs))
    guard !name.isEmpty, !trimmed.isEmpty else {
      throw CommandError(
        .missingArgument,
        ["command": "assume set", "usage": text("help.assume.usage")])
    }
    let assumption = try assumption(name)
    let nouns = Set(assumption.unitWord.texts.values)
    let number = try number(
      trimmed, in: assumption.unit, word: assumption.unitWord[courseLanguage], nouns: nouns,
      title: assumption.title[courseLanguage], line: "assume set \(assumption.id)")
    // The story's day: what is assumed is part of the story.
    try worksheetBook.set(assumption, number, date: try platform().today.description)
    return try told("assume.set", assumption)
  }

  private func clearAssumption(_ words: [String]) throws -> Reply {
    guard let name = words.first else {
      throw CommandError(
        .missingArgument,
        ["command": "assume clear", "usage": text("help.assume.usage")])
    }
    let assumption = try assumption(name)
    try worksheetBook.set(assumption, nil, date: assumption.date)
    return try told("assume.cleared", assumption)
  }

  private func told(_ key: String, _ assumption: Assumption) throws -> Reply {
    let known = try worksheetBook.assumptions()
    guard let now = known.first(where: { $0.assumption.id == assumption.id }) else {
      throw noSuch(.noSuchAssumption, assumption.id, among: known.map(\.assumption.id))
    }
    return Reply(
      [
        .text(
          text(key, ["title": assumption.title[courseLanguage], "value": assumedText(now)])),
      ],
      data: json(now))
  }

  private func assumption(_ name: String) throws -> Assumption {
    let known = try content.course.assumptions()
    let wanted = Glossary.lookupKey(name)
    guard
      let found = known.first(where: { one in
        ([one.id] + Array(one.title.texts.values)).contains { Glossary.lookupKey($0) == wanted }
      })
    else { throw noSuch(.noSuchAssumption, name, among: known.map(\.id)) }
    return found
  }

  private func valueText(_ known: AssumptionInForce) -> String {
    SizingNumber.text(known.value, unit: known.assumption.unitWord[courseLanguage])
  }

  private func source(_ known: AssumptionInForce) -> String {
    known.origin == .own ? text("assume.own") : known.assumption.source[courseLanguage]
  }

  /// `1,000,000 명, 가정(2024-01-16)`.
  func assumedText(_ known: AssumptionInForce) -> String {
    valueText(known) + ", " + text("assume.date", ["date": known.date])
  }

  private func json(_ known: AssumptionInForce) -> JSONValue {
    .record([
      "name": .string(known.assumption.id),
      "title": .string(known.assumption.title[courseLanguage]), "value": .double(known.value),
      "unit": .string(known.assumption.unit.name), "origin": .string(known.origin.rawValue),
      "source": .string(source(known)), "date": .string(known.date),
    ])
  }
}
