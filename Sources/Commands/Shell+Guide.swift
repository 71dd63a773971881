// Where the learner is in the course, and what it refers to: list, progress, role, roadmap.

internal import Course
internal import EventModel
internal import Foundation
internal import Grading
internal import Terminal

extension Shell {
  private var roles: [CourseOutline.Role] { [.mobile, .backend, .techlead] }

  // MARK: Role

  /// The number of a role on the first screen, from its name; nil for what is none.
  func roleNumber(_ word: String) -> Int? {
    let names = [
      ["mobile", "m", "모바일", "ios", "android", "client"], ["backend", "b", "백엔드", "server"],
      ["techlead", "tech", "lead", "t", "테크리드", "아키텍트", "architect"],
    ]
    return names.firstIndex { $0.contains(word.lowercased()) }.map { $0 + 1 }
  }

  /// Keeps the role, by its number on the first screen.
  func setRole(number: Int) {
    lockedly {
      let role = roles[max(1, min(number, roles.count)) - 1]
      settings.role = role.rawValue
      settings.write(home: home)
      try? progress.setRole(role)
    }
  }

  /// `role`, `role backend`: the path of lessons.
  func role(_ words: [String]) throws -> Reply {
    if let word = words.first {
      guard let number = roleNumber(word) else {
        throw noSuch(.noSuchRole, word, among: roles.map(\.rawValue))
      }
      setRole(number: number)
    }
    let outline = try lesson().outline()
    let role = CourseOutline.Role(rawValue: settings.role) ?? .mobile
    let entry = outline.roles.first { $0.role == role }
    let path = outline.path(role).map { $0.id }
    let title = entry?.title[courseLanguage] ?? role.rawValue
    return Reply(
      [
        .text(
          text("role.current", ["role": title, "advice": entry?.advice[courseLanguage] ?? ""])),
        .text(text("role.path", ["path": path.joined(separator: " > ")])),
        .text(text("role.others")),
      ],
      data: .record([
        "role": .string(role.rawValue), "path": .array(path.map(JSONValue.string)),
      ]))
  }

  // MARK: List

  private func courseStatus() throws -> CourseStatus {
    try CourseStatus.make(
      outline: try lesson().outline(), exercises: try exercises.summaries(), progress: progress,
      role: CourseOutline.Role(rawValue: settings.role))
  }

  /// One line of `list`.
  private struct ListLine {
    var id: String
    var title: String
    var minutes: Int
    var state: String
    var depth: Int
  }

  /// `list`: lessons, sections and exercises with their state.
  func listCourse(_ words: [String]) throws -> Reply {
    try Arguments(words).allowOnly()
    let here = try lesson().position?.section
    var lines: [ListLine] = []
    for entry in try courseStatus().lessons {
      let state = entry.isOnPath || entry.state == .notThereYet ? entry.state.rawValue : "offPath"
      lines.append(
        ListLine(
          id: entry.id, title: entry.title[courseLanguage], minutes: entry.minutes, state: state,
          depth: 0))
      for section in entry.sections {
        lines.append(
          ListLine(
            id: section.id, title: section.title[courseLanguage], minutes: section.minutes,
            state: section.id == here ? "here" : section.state.rawValue, depth: 1))
        for exercise in section.exercises {
          let mark = exercise.tier == .core ? "" : " " + text("list.extension")
          lines.append(
            ListLine(
              id: exercise.id, title: exercise.title[courseLanguage] + mark,
              minutes: exercise.minutes, state: exercise.state.rawValue, depth: 2))
        }
      }
    }
    let table = TableView(
      columns: [
        TableColumn(text("list.column.id")), TableColumn(text("list.column.title")),
        .number(text("list.column.minutes")), TableColumn(text("list.column.state")),
      ],
      rows: lines.map { line in
        let indent = String(repeating: "  ", count: line.depth)
        return [
          indent + line.id, indent + line.title, String(line.minutes),
          text("list.state." + line.state),
        ]
      })
    // A narrow screen has no room for columns, and nobody hears them.
    let isWide = output.tableWidth.map { width in
      table.lines(width: nil).allSatisfy { TextWidth.columns($0) <= width }
    }
    let outlined = lines.map { line in
      Reply.Block.text(
        String(repeating: "  ", count: line.depth + 1)
          + text(
            "list.line",
            [
              "id": line.id, "title": line.title, "minutes": String(line.minutes),
              "state": text("list.state." + line.state),
            ]))
    }
    let isTable = isWide ?? true && !output.style.isAccessible
    return Reply(
      (isTable ? [.table(table)] : outlined) + [.text(text("list.howTo"))],
      data: .array(
        lines.map {
          .record([
            "id": .string($0.id), "title": .string($0.title), "minutes": .count($0.minutes),
            "state": .string($0.state),
          ])
        }))
  }

  // MARK: Progress

  /// `progress`: minutes left on the role's path, exercises, and how good the predictions were.
  func showProgress() throws -> Reply {
    let status = try courseStatus()
    let outline = try lesson().outline()
    let role = CourseOutline.Role(rawValue: settings.role) ?? .mobile
    let title = outline.roles.first { $0.role == role }?.title[courseLanguage] ?? role.rawValue
    let passed = status.exercises.filter { $0.state == .passed }.count
    let calibration = Calibration(try progress.predictions())
    let scores = calibration.scores.values
    let count = scores.reduce(0) { $0 + $1.count }
    let right = scores.reduce(0) { $0 + $1.right }
    var blocks: [Reply.Block] = [
      .text(
        text(
          status.minutesLeft > 0 ? "progress.minutes" : "progress.done",
          ["role": title, "minutes": String(status.minutesLeft)])),
      .text(
        text(
          "progress.passedCount",
          ["passed": String(passed), "total": String(status.exercises.count)])),
    ]
    if status.minutesPlanned > 0 {
      blocks.insert(
        .text(text("progress.planned", ["minutes": String(status.minutesPlanned)])), at: 1)
    }
    if count == 0 {
      blocks.append(.text(text("progress.calibration.none")))
    } else {
      blocks.append(
        .text(text("progress.predictions", ["count": String(count), "right": String(right)])))
      var values: [String: String] = [:]
      for certainty in LessonPlayer.Certainty.allCases {
        let score = calibration.scores[certainty] ?? Calibration.Score(right: 0, count: 0)
        values[certainty.rawValue] = "\(score.right)/\(score.count)"
      }
      blocks.append(.text("  " + text("progress.calibration", values)))
    }
    blocks.append(.text(text("list.howTo")))
    return Reply(
      blocks,
      data: .record([
        "role": .string(role.rawValue), "minutes_left": .count(status.minutesLeft),
        "minutes_planned": .count(status.minutesPlanned),
        "exercises": .count(status.exercises.count), "passed": .count(passed),
        "predictions": .count(count), "predictions_right": .count(right),
      ]))
  }

  // MARK: Roadmap

  /// `lesson`: the road of the whole course, phase by phase, and what depends on what.
  func showRoadmap() throws -> Reply {
    let outline = try lesson().outline()
    var blocks: [Reply.Block] = []
    for phase in outline.phases {
      if !blocks.isEmpty { blocks.append(.text("")) }
      let hours =
        phase.hours == phase.hours.rounded() ? String(Int(phase.hours)) : String(phase.hours)
      blocks.append(
        .text(
          heading(
            text(
              "roadmap.phase",
              [
                "title": phase.title[courseLanguage], "days": phase.days[courseLanguage],
                "hours": hours,
              ]))))
      for entry in outline.lessons where entry.phase == phase.id {
        let question = entry.question.map { "  " + $0[courseLanguage] } ?? ""
        let planned = entry.isThere ? "" : "  (" + text("list.state.planned") + ")"
        blocks.append(
          .text("  " + entry.id + " " + entry.title[courseLanguage] + planned))
        if !question.isEmpty { blocks.append(.text("   " + question)) }
      }
      blocks.append(
        .text("  " + text("roadmap.needs", ["needs": phase.prerequisites[courseLanguage]])))
      blocks.append(
        .text("  " + text("roadmap.outcome", ["outcome": phase.outcome[courseLanguage]])))
    }
    blocks += [.text(""), .text(heading(text("roadmap.graph")))]
    let road = Roadmap(outline)
    blocks += road.edges.map { .text("  \($0.from) -> \($0.to)") }
    blocks += road.pairs.map { .text("  \($0.from) <-> \($0.to)") }
    blocks += [.text(""), .text(text("list.howTo"))]
    return Reply(
      blocks,
      data: .array(
        outline.lessons.map {
          .record([
            "id": .string($0.id), "title": .string($0.title[courseLanguage]),
            "phase": .count($0.phase), "needs": .array($0.needs.map(JSONValue.string)),
            "minutes": .count($0.minutes), "there": .bool($0.isThere),
          ])
        }))
  }
}
