package import Grading

/// Cells that a learner works out one after the other: `Lessons/worksheets.yaml`.
///
/// A cell is judged by its formula over the assumptions and the learner's own earlier cells, so that
/// one slip is one wrong cell.
package struct Worksheet: Sendable, Hashable {
  /// The name of a cell's right value in the formulas of its mistakes.
  package static let rightName = "right"
  /// How far a cell may be off its formula.
  package static let tolerance = 0.05

  /// One cell.
  package struct Cell: Sendable, Hashable {
    package var id: String
    package var title: LocalizedText
    /// The formula as a learner reads it.
    package var words: LocalizedText
    package var unit: NumberUnit
    package var unitWord: LocalizedText
    package var source: Source
    /// True where only whole numbers make sense.
    package var isWhole: Bool
    package var choice: Choice?
    package var mistakes: [Mistake]

    /// Words by which a number may name what is counted.
    package var nouns: Set<String> {
      Set(
        unitWord.texts.values.filter { !$0.hasPrefix("/") }
          .compactMap { $0.split(separator: "/").first.map(String.init) })
    }
  }

  /// Where the right value comes from.
  package enum Source: Sendable, Hashable {
    case formula(NumberExpression)
    /// The first value of a query in the learner's world, or one of these formulas.
    case measured(sql: String, or: [NumberExpression])

    /// The formulas that it may be judged by.
    package var formulas: [NumberExpression] {
      switch self {
      case .formula(let formula): [formula]
      case .measured(_, let others): others
      }
    }
  }

  /// The learner decides: everything within these bounds is right.
  package struct Choice: Sendable, Hashable {
    package var from: NumberExpression
    package var to: NumberExpression
    package var multipleOf: NumberExpression?
  }

  /// A value that a known misconception leads to.
  package struct Mistake: Sendable, Hashable {
    package var id: String
    /// Over everything that the cell's formula may use, and `right`.
    package var formula: NumberExpression
    package var text: LocalizedText
  }

  package var id: String
  package var title: LocalizedText
  /// The id of the lesson that it belongs to.
  package var lesson: String
  package var cells: [Cell]

  package func cell(id: String) -> Cell? { cells.first { $0.id == id } }

  /// The names that the cell's formulas use, mistakes left out.
  package static func names(of cell: Cell) -> [String] {
    var formulas = cell.source.formulas
    if let choice = cell.choice {
      formulas += [choice.from, choice.to] + [choice.multipleOf].compactMap { $0 }
    }
    return formulas.flatMap(\.names)
  }

  /// The assumptions that its formulas use, each once, in the order of the cells.
  package var assumptionNames: [String] {
    var names: [String] = []
    for cell in cells {
      for name in Self.names(of: cell) + cell.mistakes.flatMap(\.formula.names)
      where name != Self.rightName && self.cell(id: name) == nil && !names.contains(name) {
        names.append(name)
      }
    }
    return names
  }

  // MARK: Lookup

  /// What a word names.
  package enum Lookup: Sendable, Hashable {
    /// The cell's 0-based index.
    case found(Int)
    case several([Int])
    case none
  }

  /// Finds a cell by number, id, title in both languages, or by a beginning of them that is no
  /// other's.
  package func lookup(_ text: String) -> Lookup {
    let wanted = Glossary.lookupKey(text)
    guard !wanted.isEmpty else { return .none }
    if let number = Int(wanted) {
      return cells.indices.contains(number - 1) ? .found(number - 1) : .none
    }
    let names = cells.map { cell in
      ([cell.id] + cell.title.texts.values).map(Glossary.lookupKey)
    }
    for test: (String) -> Bool in [{ $0 == wanted }, { $0.hasPrefix(wanted) }] {
      let found = names.indices.filter { names[$0].contains(where: test) }
      if found.count == 1 { return .found(found[0]) }
      if found.count > 1 { return .several(found) }
    }
    return .none
  }
}
