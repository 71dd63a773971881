import Course
import Foundation
import Grading
import Testing

/// Worksheets in the progress file, and what their files refuse.
@Suite struct WorksheetProgressTests {
  private static let assumptions = """
    assumptions:
      - id: users
        ko: 사용자
        en: users
        unit: users
        choices: [100, 200, 300, 400]
        source: {ko: 예시, en: example}
        date: "2024-01-16"
      - {id: rate, ko: 비율, en: rate, unit: times, value: 3, source: {ko: 가, en: a}, date: "2024-01-16"}
    """
  private static let worksheets = """
    worksheets:
      - id: small
        ko: 작은
        en: Small
        lesson: "01"
        cells:
          - id: total
            ko: 합계
            en: total
            words: {ko: 곱, en: product}
            unit: events
            formula: users * rate
            mistakes:
              - {id: sum, value: users + rate, ko: 더했습니다., en: This adds.}
          - id: double
            ko: 두 배
            en: double
            words: {ko: 두 배, en: twice}
            unit: events
            formula: total * 2
            whole: true
            accept: {from: total * 2, to: total * 3, multiple-of: rate}
          - id: measured
            ko: 측정
            en: measured
            words: {ko: 측정, en: measured}
            unit: bytes
            measured: SELECT 1
            or: [rate]
    """

  private func content(_ old: String = "", _ new: String = "") throws -> (CourseContent, ScratchFolder) {
    let folder = try ScratchFolder()
    var changed = 0
    for (name, text) in [
      ("assumptions.yaml", Self.assumptions), ("worksheets.yaml", Self.worksheets),
    ] {
      let now = old.isEmpty ? text : text.replacingOccurrences(of: old, with: new)
      if now != text { changed += 1 }
      try folder.write("Lessons/\(name)", now)
    }
    #expect(old.isEmpty || changed > 0, "\(old)")
    return (CourseContent(root: folder.path), folder)
  }

  @Test(arguments: [
    ("formula: users * rate", "formula: users * rat", "course.bad-value", "cells[0].formula"),
    ("formula: users * rate", "formula: double / 2", "course.bad-value", "cells[0].formula"),
    ("formula: users * rate", "formula: users *", "course.bad-value", "cells[0].formula"),
    ("formula: users * rate", "formula: right", "course.bad-value", "cells[0].formula"),
    ("value: users + rate", "value: nothing", "course.bad-value", "mistakes[0].value"),
    ("id: double", "id: total", "course.duplicate-id", "cells[1]"),
    ("id: double", "id: rate", "course.duplicate-id", "cells[1]"),
    ("id: double", "id: clear", "course.bad-value", "cells[1].id"),
    ("id: double", "id: Double", "course.bad-value", "cells[1].id"),
    ("unit: bytes", "unit: \"/\"", "course.bad-value", "cells[2].unit"),
    ("words: {ko: 곱, en: product}", "words: {ko: 곱}", "course.missing-language", "cells[0].words"),
    ("measured: SELECT 1", "measured: SELECT 1\n        formula: rate", "course.bad-value",
      "cells[2].measured"),
    ("or: [rate]", "other: [rate]", "course.unknown-key", "cells[2].other"),
    ("to: total * 3, ", "", "course.missing-key", "cells[1].accept"),
    ("choices: [100, 200, 300, 400]", "choices: [100]", "course.bad-value", "assumptions[0].choices"),
    ("choices: [100, 200, 300, 400]", "choices: [100, 0]", "course.wrong-type", "assumptions[0].choices[1]"),
    ("value: 3", "value: 3, choices: [1, 2]", "course.bad-value", "assumptions[1].choices"),
    ("date: \"2024-01-16\"\n", "date: \"2024-02-30\"\n", "course.wrong-type", "assumptions[0].date"),
    ("id: rate,", "id: right,", "course.bad-value", "assumptions[1].id"),
  ])
  func `a mistake in the files is named with its place`(
    old: String, new: String, code: String, place: String
  ) throws {
    let (content, folder) = try content(old, new)
    do {
      _ = try content.worksheets()
      Issue.record("loaded")
    } catch let error as CourseError {
      #expect(error.code == code, "\(error)")
      #expect(error.place?.hasPrefix("Lessons/") == true)
      #expect(error.place?.hasSuffix(place) == true, "\(error)")
    }
    _ = folder
  }

  @Test func `a course without the files has no worksheets`() throws {
    let folder = try ScratchFolder()
    #expect(try CourseContent(root: folder.path).worksheets() == [])
  }

  // MARK: Progress

  private func book(_ content: CourseContent, _ file: String, at time: Int64, seed: UInt64)
    throws -> (WorksheetBook, ProgressStore)
  {
    let store = ProgressStore(path: file, wallTime: { time })
    if try store.setting("learner.seed") == nil { try store.setSetting("learner.seed", "\(seed)") }
    return (WorksheetBook(content: content, progress: store), store)
  }

  @Test func `cells and assumptions are kept, set and taken back`() throws {
    let (content, folder) = try content()
    let (book, _) = try book(content, folder.path + "/p.sqlite", at: 5, seed: 1)
    let sheet = try #require(try book.worksheets().first)
    let drawn = try #require(try book.assumptions().first)
    #expect(drawn.origin == .drawn && drawn.assumption.choices.contains(drawn.value))
    try book.enter(WorksheetEntry(value: drawn.value * 3, text: "x"), into: sheet.cells[0], of: sheet)
    #expect(try book.rows(of: sheet).map(\.state) == [.right, .empty, .empty])
    try book.set(drawn.assumption, 1_000, date: "2024-01-17")
    let own = try #require(try book.assumptions().first)
    #expect(own.origin == .own && own.value == 1_000 && own.date == "2024-01-17")
    #expect(try book.rows(of: sheet)[0].state == .firstWrong)
    try book.set(drawn.assumption, nil, date: "2024-01-17")
    #expect(try book.assumptions().first == drawn)
    #expect(try book.rows(of: sheet)[0].state == .right)
    #expect(try book.clear(sheet) == 1 && book.clear(sheet) == 0)
    #expect(try book.rows(of: sheet).allSatisfy { $0.entry == nil })
  }

  @Test func `of two machines the later entry stands, and what was cleared stays cleared`() throws {
    let (content, folder) = try content()
    let (a, b, out) = (folder.path + "/a.sqlite", folder.path + "/b.sqlite", folder.path + "/out")
    func enter(_ value: Double, _ cell: Int, _ file: String, at time: Int64) throws {
      let (book, _) = try book(content, file, at: time, seed: 1)
      let sheet = try #require(try book.worksheets().first)
      try book.enter(
        WorksheetEntry(value: value, text: "\(value)"), into: sheet.cells[cell], of: sheet)
    }
    try enter(1, 0, a, at: 10)
    try enter(2, 1, a, at: 20)
    try enter(3, 2, a, at: 20)
    try enter(4, 0, b, at: 15)
    try enter(5, 1, b, at: 15)
    let (bookB, storeB) = try book(content, b, at: 30, seed: 1)
    let sheet = try #require(try bookB.worksheets().first)
    try enter(6, 2, b, at: 15)
    try bookB.clear(sheet, cell: sheet.cells[2])
    let (bookA, storeA) = try book(content, a, at: 40, seed: 1)
    try storeA.export(to: out)
    _ = try storeB.merge(out)
    #expect(try bookB.rows(of: sheet).map { $0.entry?.value } == [4, 2, nil])
    #expect(try storeB.merge(out).rowCount == 0)
    let back = folder.path + "/back"
    try storeB.export(to: back)
    _ = try storeA.merge(back)
    #expect(try bookA.rows(of: sheet).map { $0.entry?.value } == [4, 2, nil])
  }

  @Test func `a machine with another seed judges imported cells by the inputs they were made with`() throws {
    let (content, folder) = try content()
    let seeds = (1...50).map(UInt64.init)
    let users = try #require(try content.assumptions().first)
    let other = try #require(seeds.first { users.value(seed: $0) != users.value(seed: 1) })
    let (one, store) = try book(content, folder.path + "/one.sqlite", at: 5, seed: 1)
    let sheet = try #require(try one.worksheets().first)
    let value = users.value(seed: 1) * 3
    try one.enter(WorksheetEntry(value: value, text: "\(value)"), into: sheet.cells[0], of: sheet)
    try store.export(to: folder.path + "/out")
    let (two, there) = try book(content, folder.path + "/two.sqlite", at: 9, seed: other)
    _ = try there.merge(folder.path + "/out")
    #expect(try there.learnerSeed() == other)
    #expect(try two.rows(of: sheet)[0].state == .right)
    #expect(try two.assumptions().first?.origin == .drawn)
  }
}
