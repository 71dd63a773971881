// Where the learner is in the course, and what it refers to: list, progress, role, roadmap.

internal import Course
internal import EventModel
internal import Foundation
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

  /// `list`: lessons, sections and exercises with their state.
  func listCourse(_ words: [String]) throws -> Reply {
    try Arguments(words).allowOnly()
    let session = try lesson()
    let outline = try session.outline()
    let finished = (try? progress.sections()) ?? [:]
    let passed = try progress.passedExercises()
    let skipped = (try? progress.skippedExercises()) ?? []
    let here = session.position?.section
    var rows: [(id: String, title: String, minutes: Int?, state: String)] = []
    for entry in outline.lessons {
      rows.append(
        (entry.id, entry.title[courseLanguage], entry.minutes, entry.isThere ? "" : "planned"))
      for section in entry.sections {
        let state = section.id == here ? "here" : finished[section.id] == true ? "done" : "open"
        rows.append(
          ("  " + section.id, "  " + section.title[courseLanguage], section.minutes, state))
        for id in section.exercises {
          let exercise = try? exercises.session(id, progress: progress, host: lessonHost()).exercise
          let state = passed.contains(id) ? "passed" : skipped.contains(id) ? "skipped" : "open"
          rows.append(
            ("    " + id, "    " + (exercise?.title[courseLanguage] ?? ""), exercise?.minutes, state))
        }
      }
    }
    func word(_ state: String) -> String { state.isEmpty ? "" : text("list.state." + state) }
    let table = TableView(
      columns: [
        TableColumn(text("list.column.id")), TableColumn(text("list.column.title")),
        .number(text("list.column.minutes")), TableColumn(text("list.column.state")),
      ],
      rows: rows.map { [$0.id, $0.title, $0.minutes.map(String.init) ?? "", word($0.state)] })
    return Reply(
      [.table(table), .text(text("list.howTo"))],
      data: .array(
        rows.map {
          .record([
            "id": .string($0.id.trimmingCharacters(in: .whitespaces)),
            "title": .string($0.title.trimmingCharacters(in: .whitespaces)),
            "minutes": $0.minutes.map(JSONValue.count) ?? .null, "state": .string($0.state),
          ])
        }))
  }

  // MARK: Progress

  /// `progress`: minutes left on the role's path, exercises, and how good the predictions were.
  func showProgress() throws -> Reply {
    let outline = try lesson().outline()
    let role = CourseOutline.Role(rawValue: settings.role) ?? .mobile
    let finished = (try? progress.sections()) ?? [:]
    let passed = try progress.passedExercises()
    let path = outline.path(role)
    let total = path.reduce(0) { $0 + $1.minutes }
    let done = path.flatMap(\.sections).filter { finished[$0.id] == true }
      .reduce(0) { $0 + $1.minutes }
    let ids = path.flatMap(\.sections).flatMap(\.exercises)
    let title = outline.roles.first { $0.role == role }?.title[courseLanguage] ?? role.rawValue
    let predictions = try progress.predictions().filter { $0.outcome != nil }
    let right = predictions.filter { $0.outcome == $0.guess.option }.count
    var blocks: [Reply.Block] = [
      .text(
        text(
          "progress.minutes",
          ["role": title, "minutes": String(total - done), "total": String(total)])),
      .text(
        text(
          "progress.passedCount",
          [
            "passed": String(ids.filter(passed.contains).count), "total": String(ids.count),
          ])),
    ]
    if predictions.isEmpty {
      blocks.append(.text(text("progress.calibration.none")))
    } else {
      blocks.append(
        .text(
          text(
            "progress.predictions", ["count": String(predictions.count), "right": String(right)])))
      blocks.append(.text("  " + text("progress.calibration", calibration(predictions))))
    }
    blocks.append(.text(text("list.howTo")))
    return Reply(
      blocks,
      data: .record([
        "role": .string(role.rawValue), "minutes_left": .count(total - done),
        "minutes": .count(total), "exercises": .count(ids.count),
        "passed": .array(passed.sorted().map(JSONValue.string)),
        "predictions": .count(predictions.count), "predictions_right": .count(right),
      ]))
  }

  /// `3/4` right, for each degree of certainty.
  private func calibration(_ predictions: [ProgressStore.StoredPrediction]) -> [String: String] {
    var values: [String: String] = [:]
    for certainty in LessonPlayer.Certainty.allCases {
      let own = predictions.filter { $0.guess.certainty == certainty }
      let right = own.filter { $0.outcome == $0.guess.option }.count
      values[certainty.rawValue] = "\(right)/\(own.count)"
    }
    return values
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
    blocks += outline.lessons.filter { !$0.needs.isEmpty }.map {
      .text("  " + $0.needs.joined(separator: ", ") + " -> " + $0.id)
    }
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
