// `size`: worksheets that are filled cell by cell; every cell is judged over the ones before it.

internal import Columnar
internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal
internal import TrinoSQL

extension Shell {
  /// `size`, `size SHEET`, `size SHEET CELL`, `size SHEET CELL VALUE [UNIT]`,
  /// `size SHEET clear [CELL]`.
  func size(_ words: [String]) throws -> Reply {
    let sheets = try worksheetBook.worksheets()
    guard let name = words.first else { return try listed(sheets) }
    let sheet = try worksheet(name, among: sheets)
    let rest = Array(words.dropFirst())
    guard let first = rest.first else { return try shown(sheet) }
    if ["clear", "지우기"].contains(first.lowercased()) {
      return try cleared(sheet, rest.dropFirst().joined(separator: " "))
    }
    let (index, value) = try cell(rest, in: sheet)
    guard let value else { return try explained(sheet, index) }
    return try entered(value, sheet, index)
  }

  /// The sheet with that id or title, or with one that begins so.
  func worksheet(_ name: String, among sheets: [Worksheet]) throws -> Worksheet {
    let wanted = Glossary.lookupKey(name)
    func names(_ sheet: Worksheet) -> [String] {
      ([sheet.id] + Array(sheet.title.texts.values)).map(Glossary.lookupKey)
    }
    if let sheet = sheets.first(where: { names($0).contains(wanted) }) { return sheet }
    let near = sheets.filter { sheet in names(sheet).contains { $0.hasPrefix(wanted) } }
    guard near.count == 1, !wanted.isEmpty else {
      throw noSuch(.noSuchWorksheet, name, among: sheets.map(\.id))
    }
    return near[0]
  }

  // MARK: Finding a cell

  /// The cell that the words begin with, and the value behind it.
  ///
  /// `3 1014/s`, `3번: 1014/s`, `average_per_s=579`, `피크 시간 1014`.
  private func cell(_ words: [String], in sheet: Worksheet) throws -> (Int, String?) {
    let text = words.joined(separator: " ")
    var candidates: [(name: String, value: String)] = []
    if let sign = text.firstIndex(where: { "=:：＝".contains($0) }) {
      candidates.append((String(text[..<sign]), String(text[text.index(after: sign)...])))
    }
    // `1 2` is cell 1: only one word can be a number.
    for count in (1...min(5, words.count)).reversed() {
      let name = words.prefix(count).joined(separator: " ")
      if count > 1, Int(Glossary.lookupKey(name)) != nil { continue }
      candidates.append((name, words.dropFirst(count).joined(separator: " ")))
    }
    for (name, value) in candidates {
      let value = value.trimmingCharacters(in: .whitespaces)
      switch sheet.lookup(Shell.withoutCounter(name)) {
      case .found(let index): return (index, value.isEmpty ? nil : value)
      case .several(let indices) where name == candidates.last?.name:
        throw CommandError(
          .ambiguousCell,
          ["name": name, "known": indices.map { sheet.cells[$0].id }.joined(separator: ", ")])
      default: continue
      }
    }
    var error = noSuch(.noSuchCell, words[0], among: sheet.cells.map(\.id))
    error.fields["sheet"] = sheet.id
    error.fields["count"] = String(sheet.cells.count)
    throw error
  }

  /// `3번` and `3.` are 3.
  private static func withoutCounter(_ name: String) -> String {
    var digits = name.trimmingCharacters(in: .whitespaces)
    for ending in ["번", "."] where digits.hasSuffix(ending) {
      let rest = String(digits.dropLast(ending.count))
      if !rest.isEmpty, rest.allSatisfy(\.isNumber) { digits = rest }
    }
    return digits
  }

  // MARK: Filling

  private func entered(_ text: String, _ sheet: Worksheet, _ index: Int) throws -> Reply {
    let cell = sheet.cells[index]
    let value = try number(
      text, in: cell.unit, word: cell.unitWord[courseLanguage], nouns: cell.nouns,
      title: cell.title[courseLanguage], line: "size \(sheet.id) \(index + 1)")
    let entry = WorksheetEntry(
      value: value, text: text, measured: try measured(cell),
      storyTime: try platform().now.milliseconds)
    try worksheetBook.enter(entry, into: cell, of: sheet)
    let rows = try worksheetBook.rows(of: sheet)
    return Reply(verdict(on: rows, index), data: json(rows[index], index))
  }

  /// What a measured cell's query gives in the learner's world now; nil for other cells, and where
  /// this world has nothing of the kind: the cell's formulas then judge alone.
  private func measured(_ cell: Worksheet.Cell) throws -> Double? {
    guard case .measured(let sql, _) = cell.source else { return nil }
    let platform = try platform()
    guard let result = try? platform.engine.execute(sql, session: platform.session()) else {
      return nil
    }
    let value: Scalar = result.rows().first.map { $0[0] } ?? .null
    switch value {
    case .double(let number): return number
    case .integer(let number): return Double(number)
    default: return nil
    }
  }

  /// A positive number in a unit; refuses what is none, which costs nothing.
  func number(
    _ text: String, in unit: NumberUnit, word: String, nouns: Set<String>, title: String,
    line: String
  ) throws -> Double {
    var fields = ["text": text, "title": title, "unit": word, "line": line]
    switch WrittenNumber.read(text, in: unit, nouns: nouns) {
    case .unreadable: throw CommandError(.unreadableNumber, fields)
    case .otherKind(let written):
      fields["written"] = written.isEmpty ? text : written
      throw CommandError(.otherUnit, fields)
    case .number(let number):
      guard (1e-9...1e15).contains(number.value) else {
        throw CommandError(.impossibleSize, fields)
      }
      return number.value
    }
  }

  /// What is said of a cell that was just filled.
  private func verdict(on rows: [WorksheetRow], _ index: Int) -> [Reply.Block] {
    let row = rows[index]
    var blocks: [Reply.Block] = [
      .text(
        text(
          "size.said." + row.state.rawValue,
          [
            "number": String(index + 1), "title": row.cell.title[courseLanguage],
            "value": valueText(row), "first": firstWrong(rows).map { String($0 + 1) } ?? "",
            "needs": needs(row, rows),
          ]))
    ]
    blocks += reason(row)
    if let next = rows.firstIndex(where: { $0.entry == nil }) {
      blocks.append(
        .text(
          text(
            "size.next",
            [
              "number": String(next + 1), "title": rows[next].cell.title[courseLanguage],
              "words": rows[next].cell.words[courseLanguage],
              "unit": rows[next].cell.unitWord[courseLanguage],
            ])))
    } else {
      blocks += summary(rows)
    }
    return blocks
  }

  private func firstWrong(_ rows: [WorksheetRow]) -> Int? {
    rows.firstIndex { $0.state == .firstWrong }
  }

  /// The numbers of the empty cells that a waiting cell is worked out from.
  private func needs(_ row: WorksheetRow, _ rows: [WorksheetRow]) -> String {
    let names = Worksheet.names(of: row.cell)
    return rows.indices.filter { names.contains(rows[$0].cell.id) && rows[$0].entry == nil }
      .map { String($0 + 1) }.joined(separator: ", ")
  }

  /// Why a wrong cell is wrong, as far as its value shows.
  private func reason(_ row: WorksheetRow) -> [Reply.Block] {
    guard row.isRight == false else { return [] }
    if row.mistake == WorksheetRow.notWhole { return [.text("  " + text("size.notWhole"))] }
    if let mistake = row.cell.mistakes.first(where: { $0.id == row.mistake }) {
      return [.text("  " + mistake.text[courseLanguage])]
    }
    if let slip = row.slip {
      let key = slip.isBits ? "size.slip.bits" : "course.slip." + slip.kind.rawValue
      return [
        .text(
          "  "
            + text(
              key,
              [
                "wanted": row.cell.unitWord[courseLanguage], "written": slip.written ?? "",
              ]))
      ]
    }
    return [.text("  " + text("size.formula", ["words": row.cell.words[courseLanguage]]))]
  }

  private func cleared(_ sheet: Worksheet, _ name: String) throws -> Reply {
    var cell: Worksheet.Cell?
    if !name.isEmpty { cell = sheet.cells[try self.cell([name], in: sheet).0] }
    let count = try worksheetBook.clear(sheet, cell: cell)
    return Reply(
      [.text(text("size.cleared", ["count": String(count), "sheet": sheet.id]))],
      data: .record(["sheet": .string(sheet.id), "cleared": .count(count)]))
  }

  // MARK: Showing

  private func listed(_ sheets: [Worksheet]) throws -> Reply {
    var rows: [[String]] = []
    var data: [JSONValue] = []
    for sheet in sheets {
      let cells = try worksheetBook.rows(of: sheet)
      let filled = cells.count { $0.entry != nil }
      let right = cells.count { $0.isRight == true }
      rows.append([
        sheet.id, sheet.title[courseLanguage], sheet.lesson, "\(filled)/\(cells.count)",
        String(right),
      ])
      data.append(
        .record([
          "sheet": .string(sheet.id), "title": .string(sheet.title[courseLanguage]),
          "lesson": .string(sheet.lesson), "cells": .count(cells.count), "filled": .count(filled),
          "right": .count(right),
        ]))
    }
    let table = TableView(
      columns: [
        TableColumn(text("size.column.sheet")), TableColumn(text("size.column.title")),
        TableColumn(text("size.column.lesson")), .number(text("size.column.filled")),
        .number(text("size.column.right")),
      ], rows: rows)
    return Reply(
      [.table(table), .text(text("size.howTo", ["sheet": sheets.first?.id ?? "ingest"]))],
      data: .array(data))
  }

  private func shown(_ sheet: Worksheet) throws -> Reply {
    let rows = try worksheetBook.rows(of: sheet)
    let table = TableView(
      columns: [
        .number("#"), TableColumn(text("size.column.title")),
        TableColumn(text("size.column.words")),
        .number(text("size.column.value")), TableColumn(text("size.column.state")),
      ],
      rows: rows.enumerated().map { index, row in
        [
          String(index + 1), row.cell.title[courseLanguage], row.cell.words[courseLanguage],
          valueText(row), text("size.state." + row.state.rawValue),
        ]
      })
    var blocks: [Reply.Block] = [.text(heading(sheet.title[courseLanguage])), .table(table)]
    blocks += summary(rows)
    blocks.append(.text(text("size.usage", ["sheet": sheet.id])))
    return Reply(
      blocks,
      data: .record([
        "sheet": .string(sheet.id), "title": .string(sheet.title[courseLanguage]),
        "filled": .count(rows.count { $0.entry != nil }),
        "right": .count(rows.count { $0.isRight == true }),
        "first_wrong": .optional(firstWrong(rows).map { rows[$0].cell.id }),
        "cells": .array(rows.enumerated().map { json($1, $0) }),
      ]))
  }

  /// How the whole sheet stands.
  private func summary(_ rows: [WorksheetRow]) -> [Reply.Block] {
    if let first = firstWrong(rows) {
      let title = rows[first].cell.title[courseLanguage]
      return [
        .text(text("size.firstWrong", ["number": String(first + 1), "title": title]))
      ] + reason(rows[first])
    }
    if rows.allSatisfy({ $0.state == .right }) { return [.text(text("size.allRight"))] }
    let filled = rows.count { $0.entry != nil }
    guard filled > 0 else { return [.text(text("size.noneFilled"))] }
    return [
      .text(text("size.filled", ["filled": String(filled), "count": String(rows.count)]))
    ]
  }

  /// One cell with its assumptions.
  private func explained(_ sheet: Worksheet, _ index: Int) throws -> Reply {
    let rows = try worksheetBook.rows(of: sheet)
    let row = rows[index]
    let names = Worksheet.names(of: row.cell)
    let earlier = rows.filter { names.contains($0.cell.id) }
    let assumed = try worksheetBook.assumptions().filter { names.contains($0.assumption.id) }
    var pairs: [(String, String)] = [
      (text("size.pair.id"), row.cell.id),
      (text("size.column.words"), row.cell.words[courseLanguage]),
      (text("size.column.unit"), row.cell.unitWord[courseLanguage]),
      (text("size.column.value"), valueText(row)),
    ]
    for one in earlier { pairs.append((one.cell.title[courseLanguage], valueText(one))) }
    for one in assumed {
      pairs.append((one.assumption.title[courseLanguage], assumedText(one)))
    }
    let head = "\(index + 1). \(row.cell.title[courseLanguage])"
    var blocks: [Reply.Block] = [.text(heading(head)), .pairs(self.pairs(pairs))]
    blocks += reason(row)
    blocks.append(.text(text("size.fill", ["line": "size \(sheet.id) \(index + 1)"])))
    return Reply(blocks, data: json(row, index))
  }

  private func valueText(_ row: WorksheetRow) -> String {
    guard let value = row.entry?.value else { return "-" }
    return SizingNumber.text(value, unit: row.cell.unitWord[courseLanguage])
  }

  private func json(_ row: WorksheetRow, _ index: Int) -> JSONValue {
    .record([
      "cell": .string(row.cell.id), "position": .count(index + 1),
      "title": .string(row.cell.title[courseLanguage]),
      "formula": .string(row.cell.words[courseLanguage]),
      "value": row.entry.map { .double($0.value) } ?? .null, "unit": .string(row.cell.unit.name),
      "state": .string(row.state.rawValue), "is_right": row.isRight.map { .bool($0) } ?? .null,
      "mistake": .optional(row.mistake), "slip": .optional(row.slip?.sizingName),
    ])
  }

  // MARK: Completion

  /// What may follow `size` and `assume`.
  func sizingWords(_ earlier: [String]) -> [String] {
    let book = worksheetBook
    let sheets = (try? book.worksheets()) ?? []
    switch (earlier.first, earlier.count) {
    case ("size", 1): return sheets.map(\.id)
    case ("size", 2):
      return ["clear"] + (sheets.first { $0.id == earlier[1] }?.cells.map(\.id) ?? [])
    case ("size", 3) where earlier[2] == "clear":
      return sheets.first { $0.id == earlier[1] }?.cells.map(\.id) ?? []
    case ("assume", 2) where earlier[1] == "list": return sheets.map(\.id)
    case ("assume", 2): return (try? book.assumptions().map(\.assumption.id)) ?? []
    default: return []
    }
  }
}

/// Numbers of worksheets as text.
enum SizingNumber {
  /// With thousands apart, to four figures or so, and its unit: `50,000,000 건/일`, `1.655 MB/s`.
  static func text(_ value: Double, unit: String) -> String {
    let places: Double = value < 0.01 ? 1_000_000 : value < 10 ? 10_000 : value < 1_000 ? 100 : 10
    let rounded = (value * places).rounded() / places
    let whole = rounded.rounded(.down)
    var digits = String(Int64(whole))
    var index = digits.count - 3
    while index > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: index))
      index -= 3
    }
    let rest = ((rounded - whole) * places).rounded()
    if rest > 0 {
      var fraction = String(Int64(rest))
      while fraction.count < String(Int64(places)).count - 1 { fraction = "0" + fraction }
      while fraction.last == "0" { fraction.removeLast() }
      digits += "." + fraction
    }
    return unit.isEmpty ? digits : digits + " " + unit
  }
}
