import Commands
import Course
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// Answers that no question has, typed at the real prompt to an exercise of every kind: none passes,
/// none ends the program, and the learner's world stays as it was, byte by byte.
struct JunkAnswerTests {
  private static let events = """
    tables:
      - name: lake.silver.events
        columns: {event_id: varchar, user_id: varchar, platform: varchar, dt: date}

    """

  private static let sql = """
    goal: {ko: 플랫폼별 DAU}
    feedback: wrong
    columns: {platform: varchar, dau: bigint}
    key: [platform]
    reference: |
      SELECT platform, count(DISTINCT user_id) AS dau FROM lake.silver.events
      WHERE dt = DATE '{{ds_kst}}' AND platform = 'ios' GROUP BY platform
    mistakes:
      - sql: |
          SELECT platform, count(*) AS dau FROM lake.silver.events
          WHERE dt = DATE '{{ds_kst}}' AND platform = 'ios' GROUP BY platform
        feedback: events

    """

  static let right = """
    SELECT 'ios' AS platform, count(DISTINCT user_id) AS dau FROM lake.silver.events
    WHERE platform = 'ios' AND dt = DATE '{{ ds_kst }}'
    """.replacing("\n", with: " ")

  /// The exercise of each kind: what its manifest adds, its check, its feedback ids.
  private static let exercises: [(kind: String, manifest: String, check: String, feedback: [String])] = [
    (
      "number", "",
      """
      kind: number
      goal: {ko: 어제 이벤트 수}
      feedback: wrong
      form: {ko: 건수}
      unit: 건
      value: SELECT count(*) FROM truth.events WHERE dt = DATE '{{ds_kst}}'
      """, ["wrong"]
    ),
    ("sql", events, "kind: sql\n" + sql, ["wrong", "events"]),
    (
      "dataframe", events,
      "kind: dataframe\n" + sql + "plan: {exchanges_max: 1}\nplan_feedback: {exchanges_max: shuffles}\n",
      ["wrong", "events", "shuffles"]
    ),
    (
      "document", "",
      """
      kind: document
      goal: {ko: 설계서}
      feedback: incomplete
      file: design.md
      fields:
        - {name: events_per_day, type: integer, min: 1, unit: events, feedback: no-count}
      criteria:
        - id: numbers
          title: {ko: 숫자}
          feedback: disagree
          checks:
            - {value: events_per_day, equals: SELECT count(*) FROM lake.silver.events, tolerance: 1%}
      pass: 4
      """, ["incomplete", "no-count", "disagree"]
    ),
  ]

  /// The content of this checkout with an exercise of each kind beside its own.
  private static func content() throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("content")
    for folder in ["Lessons", "Datasets"] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path + "/" + folder,
        withDestinationPath: RepositoryFiles.root + "/" + folder)
    }
    // A link would be copied as one, and what is written below would land in the checkout.
    let own = URL(fileURLWithPath: RepositoryFiles.root + "/Exercises").resolvingSymlinksInPath()
    try FileManager.default.copyItem(atPath: own.path, toPath: scratch.path + "/Exercises")
    for (index, exercise) in exercises.enumerated() {
      let folder = scratch.path + "/Exercises/99-junk/0\(index)-\(exercise.kind)"
      let feedback = (["passed"] + exercise.feedback).map { "## \($0)\n\n답장입니다.\n" }
      let files = [
        "exercise.yaml":
          "id: 99-\(exercise.kind)\nversion: 1\nstatus: local\nkind: \(exercise.kind)\n"
          + "title: {ko: 연습}\nminutes: 5\n" + exercise.manifest,
        "task.ko.md": "과제입니다.\n",
        "checks/10-check.yaml": exercise.check,
        "feedback.ko.md": feedback.joined(separator: "\n"),
        "worlds/killer.ndjson": exercise.manifest.isEmpty
          ? ""
          : #"{"event_id": "a", "user_id": "u", "platform": "ios", "dt": "2024-01-15"}"# + "\n"
            + #"{"event_id": "b", "user_id": "u", "platform": "ios", "dt": "2024-01-15", "kills": "events"}"#
            + "\n",
      ]
      for (name, text) in files where !text.isEmpty {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(
          atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      }
    }
    return scratch
  }

  /// Every file of the learner's world with its bytes, but for the shop's database: it tidies its file
  /// up whenever it is copied, and nothing that a learner types writes to it.
  private static func bytes(_ world: TestWorld) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: world.worldPath)
    where !path.hasPrefix("shop.sqlite") {
      let file = world.worldPath + "/" + path
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory),
        !isDirectory.boolValue
      else { continue }
      files[path] = FileManager.default.contents(atPath: file)
    }
    return files
  }

  private static func verdict(_ json: String) -> String? {
    let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    return (object?["data"] as? [String: Any])?["verdict"] as? String
  }

  @Test(arguments: [
    "99-number", "99-sql", "99-dataframe", "99-document", "00-1", "00-2", "00-3", "00-role-quiz",
  ])
  func `junk passes nowhere and changes nothing`(_ id: String) throws {
    let content = try Self.content()
    let world = try TestWorld(language: .ko, content: content.path)
    let opened = world.run("exercise \(id)")
    try #require(opened.status == .success, "\(opened.text)")
    // A world that was not opened yet loses the mark of its clean end with the first look.
    try #require(world.run("clock").status == .success)
    let before = try Self.bytes(world)
    for junk in JunkAnswers.answers(seed: 71) {
      let answer = world.run("answer \(junk)", json: true)
      let verdict = Self.verdict(answer.text)
      #expect(
        verdict != "passed" && (answer.status != .success || junk.allSatisfy(\.isWhitespace)),
        "\(junk.prefix(60)): \(answer.text.prefix(300))")
      // Only programs have no engine yet; every other kind reads or refuses what it is given.
      if id != "99-dataframe" {
        #expect(verdict != "checker-failed", "\(junk.prefix(60)): \(answer.text.prefix(300))")
      }
    }
    let after = try Self.bytes(world)
    let differences = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    #expect(differences.isEmpty, "\(differences.sorted())")
    let copies = try? FileManager.default.contentsOfDirectory(atPath: world.path + "/grading")
    #expect(copies ?? [] == [])
  }

  @Test func `junk in the forms of an incident is no answer`() throws {
    let world = try TestWorld(language: .ko)
    func play(_ name: String) throws {
      let before = try Self.bytes(world)
      for junk in JunkAnswers.answers(seed: 73) where !junk.allSatisfy(\.isWhitespace) {
        let line = "incident \(name) " + junk.replacing("\n", with: " ")
        let verdict = Self.verdict(world.run(line, json: true).text)
        #expect(verdict != "passed" && verdict != "checker-failed", "\(line.prefix(80))")
      }
      #expect(try Self.bytes(world) == before)
    }
    try #require(world.run("incident start FALSE-01").status == .success)
    try play("triage")
    for line in [
      "incident triage kind=fine since=never slice=all last_good=dashboard",
      "SELECT count(*) FROM warehouse.mart.fact_purchase WHERE dt = current_date - INTERVAL '1' DAY AND purchased_at < current_timestamp - INTERVAL '1' DAY;",
      "canary send",
    ] { try #require(world.run(line).status == .success, "\(line)") }
    try play("diagnose")
    let diagnosis = world.run("incident diagnose stage=none cause=partial-day facts=1,2", json: true)
    try #require(Self.verdict(diagnosis.text) == "passed", "\(diagnosis.text)")
    try play("report")
    world.run("incident report 1 5 9 12")
    let checked = world.run("check", json: true)
    try #require(Self.verdict(checked.text) == "passed", "\(checked.text)")
    try play("postmortem")
  }

  @Test func `a query is an answer with its own quotes, and the last one that was run is one as well`()
    throws
  {
    let content = try Self.content()
    let world = try TestWorld(language: .ko, content: content.path)
    world.run("exercise 99-sql")
    let typed = world.run("answer \(Self.right)", json: true)
    #expect(Self.verdict(typed.text) == "passed", "\(typed.text)")
    #expect(world.run("exercise 99-sql").status == .success)
    #expect(Self.verdict(world.run("check", json: true).text) != "passed")
    world.run(Self.right.replacing("{{ ds_kst }}", with: "2024-01-15") + ";")
    let fixed = world.run("check", json: true)
    // The day is written down: right here, and nowhere else.
    #expect(fixed.text.contains("\"feedback\":\"wrong\""), "\(fixed.text)")
    // A file by its name, in quotes or without.
    let file = world.path + "/dau.sql"
    try Self.right.write(toFile: file, atomically: true, encoding: .utf8)
    for line in ["answer \(file)", "answer '\(file)'", "answer \"\(file)\""] {
      let answer = world.run(line, json: true)
      #expect(Self.verdict(answer.text) == "passed", "\(line): \(answer.text)")
    }
    // An unbalanced quote is the answer's own business.
    #expect(Self.verdict(world.run("answer SELECT 'x", json: true).text) == "could-not-read")
  }
}
