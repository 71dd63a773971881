package import Grading

/// What a learner entered into a cell.
package struct WorksheetEntry: Sendable, Hashable {
  /// In the cell's unit.
  package var value: Double
  /// As it was typed.
  package var text: String
  /// What the cell's query gave when the value was entered; nil where it is not measured, or where
  /// there was nothing to measure.
  package var measured: Double?
  /// Milliseconds since the epoch on the story clock.
  package var storyTime: Int64?

  package init(value: Double, text: String, measured: Double? = nil, storyTime: Int64? = nil) {
    self.value = value
    self.text = text
    self.measured = measured
    self.storyTime = storyTime
  }
}

/// A cell with what was entered and how it stands.
package struct WorksheetRow: Sendable, Hashable {
  /// The mistake of a fraction where whole things are counted.
  package static let notWhole = "not-whole"

  package enum State: String, Sendable, Hashable, CaseIterable {
    case empty
    case right
    /// Wrong, and no cell before it is.
    case firstWrong = "first-wrong"
    /// Wrong, as is a cell before it.
    case wrong
    /// Right over the learner's own cells, of which one is wrong.
    case depends
    /// Cannot be judged: a cell that it is worked out from is empty.
    case waiting
  }

  package var cell: Worksheet.Cell
  package var entry: WorksheetEntry?
  package var state: State
  /// The right value over the learner's own earlier cells; nil where it cannot be worked out.
  ///
  /// Not for learners.
  package var expected: Double?
  /// The id of the misconception that a wrong value shows; nil where none is known.
  package var mistake: String?
  /// The unit by which a wrong value is off.
  package var slip: UnitSlip?

  /// Nil where nothing is judged.
  package var isRight: Bool? {
    switch state {
    case .right, .depends: true
    case .firstWrong, .wrong: false
    case .empty, .waiting: nil
    }
  }
}

extension Worksheet {
  /// Judges all cells over those assumptions, by name.
  package func rows(
    _ entries: [String: WorksheetEntry],
    assumptions: [String: Double]
  ) -> [WorksheetRow] {
    var judge = Judge(known: assumptions)
    return cells.map { judge.row($0, entries[$0.id], in: self) }
  }

  /// Goes through the cells in their order.
  private struct Judge {
    /// Assumptions, and the learner's own cells so far.
    var known: [String: Double]
    /// Cells that are wrong or worked out from wrong ones.
    var tainted: Set<String> = []
    var hasWrong = false

    mutating func row(_ cell: Cell, _ entry: WorksheetEntry?, in sheet: Worksheet) -> WorksheetRow {
      var row = WorksheetRow(cell: cell, entry: entry, state: .empty)
      let earlier = Worksheet.names(of: cell).filter { sheet.cell(id: $0) != nil }
      row.expected = expected(cell, entry)
      guard let entry else { return row }
      defer { known[cell.id] = entry.value }
      guard let right = row.expected, earlier.allSatisfy({ known[$0] != nil }) else {
        row.state = .waiting
        return row
      }
      let isTainted = earlier.contains(where: tainted.contains)
      if isRight(entry.value, right, cell) {
        row.state = isTainted ? .depends : .right
      } else {
        row.state = hasWrong ? .wrong : .firstWrong
        hasWrong = true
        row.mistake = mistake(entry.value, right, cell)
        if row.mistake == nil { row.slip = slip(entry, right, cell) }
      }
      if isTainted || row.isRight == false { tainted.insert(cell.id) }
      return row
    }

    private func expected(_ cell: Cell, _ entry: WorksheetEntry?) -> Double? {
      switch cell.source {
      case .formula(let formula): return formula.value(known)
      case .measured(_, let others):
        let candidates = [entry?.measured].compactMap { $0 } + others.compactMap { $0.value(known) }
        guard let value = entry?.value else { return candidates.first }
        // Of several right values the one that was meant.
        return candidates.min { abs($0 - value) < abs($1 - value) }
      }
    }

    private func isRight(_ value: Double, _ right: Double, _ cell: Cell) -> Bool {
      if cell.isWhole, value != value.rounded() { return false }
      let rounding = 1e-9 * max(abs(value), abs(right))
      guard let choice = cell.choice else {
        return abs(value - right) <= Worksheet.tolerance * abs(right) + rounding
      }
      guard let from = choice.from.value(known), let to = choice.to.value(known),
        value >= from - rounding, value <= to + rounding
      else { return false }
      guard let unit = choice.multipleOf?.value(known), unit > 0 else { return true }
      let count = value / unit
      return abs(count - count.rounded()) < 1e-9
    }

    /// The first misconception whose value this is, unless it leads to a right value here.
    private func mistake(_ value: Double, _ right: Double, _ cell: Cell) -> String? {
      var names = known
      names[Worksheet.rightName] = right
      let found = cell.mistakes.first { mistake in
        guard let wrong = mistake.formula.value(names), !isRight(wrong, right, cell) else {
          return false
        }
        return abs(value - wrong) <= 0.02 * abs(wrong)
      }
      if let found { return found.id }
      return cell.isWhole && value != value.rounded() ? WorksheetRow.notWhole : nil
    }

    private func slip(_ entry: WorksheetEntry, _ right: Double, _ cell: Cell) -> UnitSlip? {
      guard
        case .number(let written) = WrittenNumber.read(
          entry.text, in: cell.unit, nouns: cell.nouns)
      else { return nil }
      return written.slip(right: right, unit: cell.unit)
    }
  }
}
