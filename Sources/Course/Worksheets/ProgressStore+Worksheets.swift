// What a learner entered into worksheets, and the assumptions that are the learner's own.
//
// A cell that was cleared stays as a row without a value, so that an import does not bring it back.

internal import Foundation
internal import GRDB

extension ProgressStore {
  /// The filled cells of a worksheet, by id.
  package func worksheetEntries(sheet: String) throws -> [String: WorksheetEntry] {
    try read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT cell, value, text, measured, story_time FROM worksheet_cells
          WHERE sheet = ? AND value IS NOT NULL
          """,
        arguments: [sheet]
      )
      var entries: [String: WorksheetEntry] = [:]
      for row in rows {
        entries[row["cell"]] = WorksheetEntry(
          value: row["value"], text: row["text"], measured: row["measured"],
          storyTime: row["story_time"])
      }
      return entries
    }
  }

  /// Fills a cell, and keeps the drawn assumptions that were in force, by name: a machine with
  /// another seed judges it by the same ones.
  package func setWorksheetEntry(
    sheet: String,
    cell: String,
    _ entry: WorksheetEntry,
    drawn: [String: (value: Double, date: String)]
  ) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO worksheet_cells
            (sheet, cell, value, text, measured, story_time, wall_time)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          sheet, cell, entry.value, entry.text, entry.measured, entry.storyTime, now,
        ]
      )
      for (name, kept) in drawn.sorted(by: { $0.key < $1.key }) {
        try db.execute(
          sql: """
            INSERT INTO assumptions (name, value, is_drawn, as_of, wall_time)
            VALUES (?, ?, 1, ?, ?)
            ON CONFLICT (name) DO UPDATE SET
              value = excluded.value, is_drawn = 1, as_of = excluded.as_of,
              wall_time = excluded.wall_time
            WHERE value IS NULL
            """,
          arguments: [name, kept.value, kept.date, now]
        )
      }
    }
  }

  /// Empties one cell, or all of a worksheet; returns how many were filled.
  @discardableResult
  package func clearWorksheet(sheet: String, cell: String? = nil) throws -> Int {
    let now = wallTime()
    return try write { db in
      try db.execute(
        sql: """
          UPDATE worksheet_cells SET value = NULL, measured = NULL, text = '', wall_time = ?
          WHERE sheet = ? AND value IS NOT NULL AND (? IS NULL OR cell = ?)
          """,
        arguments: [now, sheet, cell, cell]
      )
      return db.changesCount
    }
  }

  /// An assumption that is kept for this learner.
  package struct KeptAssumption: Sendable, Hashable {
    package var value: Double
    /// False where the learner set it.
    package var isDrawn: Bool
    /// As `2024-01-16`.
    package var date: String
  }

  /// The assumptions that were set or drawn, by name.
  package func keptAssumptions() throws -> [String: KeptAssumption] {
    try read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT name, value, is_drawn, as_of FROM assumptions WHERE value IS NOT NULL")
      var kept: [String: KeptAssumption] = [:]
      for row in rows {
        kept[row["name"]] = KeptAssumption(
          value: row["value"], isDrawn: row["is_drawn"], date: row["as_of"])
      }
      return kept
    }
  }

  /// Sets an assumption; nil goes back to the course's value, or to the drawn one.
  package func setAssumption(_ name: String, _ value: Double?, date: String) throws {
    let now = wallTime()
    try write { db in
      try db.execute(
        sql: """
          INSERT OR REPLACE INTO assumptions (name, value, is_drawn, as_of, wall_time)
          VALUES (?, ?, 0, ?, ?)
          """,
        arguments: [name, value, date, now]
      )
    }
  }
}
