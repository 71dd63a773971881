package import Grading

/// The course's worksheets with what one learner made of them.
///
/// Every call reads the files and the progress anew: both may change beside the program.
package struct WorksheetBook: Sendable {
  let content: CourseContent
  private let progress: ProgressStore

  package init(content: CourseContent, progress: ProgressStore) {
    self.content = content
    self.progress = progress
  }

  /// The worksheets, in their order.
  package func worksheets() throws -> [Worksheet] { try content.worksheets() }

  /// All assumptions as they hold for this learner, in their order.
  package func assumptions() throws -> [AssumptionInForce] {
    let kept = try progress.keptAssumptions()
    let seed = try progress.learnerSeed()
    return try content.assumptions().map { assumption in
      if let own = kept[assumption.id] {
        return AssumptionInForce(
          assumption: assumption, value: own.value, origin: own.isDrawn ? .drawn : .own,
          date: own.date)
      }
      return AssumptionInForce(
        assumption: assumption, value: assumption.value(seed: seed),
        origin: assumption.isDrawn ? .drawn : .course, date: assumption.date)
    }
  }

  /// The cells of a worksheet, judged.
  package func rows(of sheet: Worksheet) throws -> [WorksheetRow] {
    var values: [String: Double] = [:]
    for known in try assumptions() { values[known.assumption.id] = known.value }
    return sheet.rows(try progress.worksheetEntries(sheet: sheet.id), assumptions: values)
  }

  /// Fills a cell.
  package func enter(
    _ entry: WorksheetEntry,
    into cell: Worksheet.Cell,
    of sheet: Worksheet
  ) throws {
    let used = sheet.assumptionNames
    var drawn: [String: (value: Double, date: String)] = [:]
    for known in try assumptions()
    where known.origin == .drawn && used.contains(known.assumption.id) {
      drawn[known.assumption.id] = (known.value, known.date)
    }
    try progress.setWorksheetEntry(sheet: sheet.id, cell: cell.id, entry, drawn: drawn)
  }

  /// Empties one cell, or all of them; returns how many were filled.
  @discardableResult
  package func clear(_ sheet: Worksheet, cell: Worksheet.Cell? = nil) throws -> Int {
    try progress.clearWorksheet(sheet: sheet.id, cell: cell?.id)
  }

  /// Sets an assumption, in its unit; nil goes back to the course's value, or to the drawn one.
  ///
  /// `date` is the day of which the value is, as `2024-01-16`.
  package func set(_ assumption: Assumption, _ value: Double?, date: String) throws {
    try progress.setAssumption(assumption.id, value, date: date)
  }
}
