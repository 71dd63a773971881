// Reads `Lessons/worksheets.yaml` and refuses what nobody could fill in.

internal import Grading

extension CourseContent {
  /// The worksheets of `Lessons/worksheets.yaml`, in their order; none without such a file.
  ///
  /// Throws where a formula names what is neither an assumption nor an earlier cell.
  package func worksheets() throws -> [Worksheet] {
    guard ContentFolder(path: root + "/Lessons").exists("worksheets.yaml") else { return [] }
    let assumptions = try assumptions().map(\.id)
    return try entries("worksheets.yaml", "worksheets", id: \.id) {
      try Worksheet.parse($0, assumptions: assumptions)
    }
  }
}

extension Worksheet {
  static func parse(_ node: ManifestNode, assumptions: [String]) throws -> Worksheet {
    try node.allowKeys(["id", "ko", "en", "lesson", "cells"])
    var cells: [Cell] = []
    for element in try node.required("cells", example: "[{id: …}]").elements(example: "- id: …") {
      let cell = try Cell.parse(element, known: assumptions + cells.map(\.id))
      if assumptions.contains(cell.id) || cells.contains(where: { $0.id == cell.id }) {
        throw element.error(
          "course.duplicate-id", "The name `\(cell.id)` is taken.",
          advice: "A cell needs a name that no assumption and no other cell of the sheet has.")
      }
      cells.append(cell)
    }
    return Worksheet(
      id: try node.formulaName(),
      title: try node.localizedBeside(needsBoth: true),
      lesson: try node.required("lesson", example: "\"01\"").text(example: "\"01\""),
      cells: cells
    )
  }
}

extension Worksheet.Cell {
  static func parse(_ node: ManifestNode, known: [String]) throws -> Worksheet.Cell {
    try node.allowKeys([
      "id", "ko", "en", "words", "unit", "shown", "formula", "measured", "or", "whole", "accept",
      "mistakes",
    ])
    let unit = try node.sizingUnit()
    return Worksheet.Cell(
      id: try node.formulaName(),
      title: try node.localizedBeside(needsBoth: true),
      words: try node.both("words"),
      unit: unit.unit,
      unitWord: unit.word,
      source: try source(node, known),
      isWhole: try node.optional("whole")?.flag(example: "true") ?? false,
      choice: try node.optional("accept").map { try choice($0, known) },
      mistakes: try mistakes(node, known)
    )
  }

  private static func source(
    _ node: ManifestNode,
    _ known: [String]
  ) throws -> Worksheet.Source {
    if let formula = node.optional("formula") {
      if let extra = node.optional("measured") ?? node.optional("or") {
        throw extra.error(
          "course.bad-value", "A cell has a formula or is measured, not both.",
          advice: "Take one of them away.")
      }
      return .formula(try formula.formula(known))
    }
    let query = try node.required("measured", example: "SELECT avg(length(value)) FROM …")
    return .measured(
      sql: try query.text(example: "SELECT avg(length(value)) FROM …"),
      or: try node.optional("or")?.elements(example: "[bytes_as_sent]").map {
        try $0.formula(known)
      } ?? []
    )
  }

  private static func choice(
    _ node: ManifestNode,
    _ known: [String]
  ) throws -> Worksheet.Choice {
    try node.allowKeys(["from", "to", "multiple-of"])
    return Worksheet.Choice(
      from: try node.required("from", example: "partitions").formula(known),
      to: try node.required("to", example: "partitions * 3").formula(known),
      multipleOf: try node.optional("multiple-of")?.formula(known)
    )
  }

  private static func mistakes(
    _ node: ManifestNode,
    _ known: [String]
  ) throws -> [Worksheet.Mistake] {
    var found: [Worksheet.Mistake] = []
    for element in try node.optional("mistakes")?.elements(example: "- {id: …}") ?? [] {
      try element.allowKeys(["id", "value", "ko", "en"])
      let mistake = Worksheet.Mistake(
        id: try element.required("id", example: "bits").text(example: "bits"),
        formula: try element.required("value", example: "right * 8")
          .formula(known + [Worksheet.rightName]),
        text: try element.localizedBeside(needsBoth: true)
      )
      if found.contains(where: { $0.id == mistake.id }) || mistake.id == WorksheetRow.notWhole {
        throw element.error(
          "course.duplicate-id", "The id `\(mistake.id)` is taken.",
          advice: "Give each mistake its own id.")
      }
      found.append(mistake)
    }
    return found
  }
}

extension ManifestNode {
  /// A formula over known names.
  func formula(_ known: [String]) throws -> NumberExpression {
    let text = try text(example: "dau * events_per_user")
    let formula: NumberExpression
    do {
      formula = try NumberExpression.parse(text)
    } catch {
      throw self.error(
        "course.bad-value", "`\(text)` is no formula: \(error.message)",
        advice: "Write arithmetic over assumptions and earlier cells.")
    }
    if let unknown = formula.names.first(where: { !known.contains($0) }) {
      let near = nearestName(to: unknown, in: known).map { "Did you mean `\($0)`? " } ?? ""
      throw self.error(
        "course.bad-value", "`\(unknown)` is neither an assumption nor an earlier cell.",
        advice: near + "Known: \(known.joined(separator: ", ")).")
    }
    return formula
  }
}
