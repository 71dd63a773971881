import Commands
import Course
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// Every declared answer to FALSE-01 is played in the real program, and gets what it declares. Those of
/// the other incidents are played by `course check`, as all are.
struct IncidentTests {
  static let cases: [IncidentCase] = {
    CourseContent(root: RepositoryFiles.root).incidentFolders()["FALSE-01"].flatMap { folder in
      (try? Incident.load(folder: folder)).flatMap { try? IncidentCase.load($0) }
    } ?? []
  }()

  @Test func `FALSE-01 has accepted answers, and a wrong one for most of its messages`() throws {
    #expect(Self.cases.filter { $0.verdict == "passed" }.count >= 3)
    let folder = try #require(
      CourseContent(root: RepositoryFiles.root).incidentFolders()["FALSE-01"])
    let incident = try Incident.load(folder: folder)
    let declared = Set(Self.cases.compactMap(\.feedback))
    let silent = incident.feedbackIDs.filter { !declared.contains($0) }
    // These need files, which a script cannot write: `IncidentWayTests` does. `destroyed` needs a
    // table that can be written.
    #expect(Set(silent) == ["changed", "patched", "destroyed"], "\(silent)")
  }

  @Test(arguments: [Language.ko, .en], cases.indices)
  func `an answer is judged as its author says, in both languages`(
    _ language: Language, _ index: Int
  ) throws {
    let item = Self.cases[index]
    let world = try TestWorld(language: language)
    let outcome = item.play(host: world.shell.lessonHost()) { line in
      let answer = world.run(line, json: true)
      return (answer.text, answer.status.rawValue)
    }
    let transcript = outcome.transcript.joined(separator: "\n")
    #expect(
      outcome.problems.isEmpty,
      "\(item.name): \(outcome.problems.joined(separator: "; "))\n\(transcript)")
    // A name that no text has is shown in double brackets.
    #expect(!transcript.contains("\"[["), "\(item.name): \(transcript)")
    #expect(!transcript.contains(/\[\[[a-z]/), "\(item.name): \(transcript)")
  }
}

/// The way through FALSE-01 at the prompt: what is locked, what is kept, what is shown.
struct IncidentWayTests {
  private static let sameHour = """
    SELECT count(*) FROM warehouse.mart.fact_purchase
    WHERE dt = current_date - INTERVAL '1' DAY AND purchased_at < current_timestamp - INTERVAL '1' DAY;
    """

  @Test func `repairs wait for the triage, and a run is resumed where it was left`() throws {
    let world = try TestWorld()
    #expect(world.run("incident", json: true).status == .success)
    #expect(world.run("incident start FALSE-01").status == .success)
    for line in ["dag run nightly", "airflow dags trigger nightly", "collect /dev/null"] {
      let locked = world.run(line, json: true)
      #expect(locked.status == .usage && locked.text.contains("repairLocked"), "\(locked.text)")
    }
    let replay = "collector replay --from 2024-01-15T14:00 --until 2024-01-15T16:00"
    #expect(world.run(replay, json: true).text.contains("repairLocked"))
    #expect(!world.run(replay + " --dry-run", json: true).text.contains("repairLocked"))
    // What only looks, and what is no pipeline's, is open.
    for line in [
      "dag list", "app queue", "SELECT 1;", "CREATE TABLE memory.default.own AS SELECT 1 AS a;",
    ] {
      #expect(world.run(line).status == .success, "\(line)")
    }
    try world.restart()
    #expect(world.run("dag run nightly").status == .usage)
    #expect(world.run("incident triage kind=fine since=never slice=all").status == .success)
    #expect(world.run("dag run nightly").status == .usage)
    try world.restart()
    let form = world.run("incident triage", json: true).text
    #expect(form.contains("\"missing\":[\"last_good\"]"), "\(form)")
    #expect(world.run("incident triage last_good=dashboard").status == .success)
    #expect(world.run(Self.sameHour).status == .success)
    #expect(world.run("canary send").status == .success)
    try world.restart()
    let evidence = world.run("incident evidence", json: true).text
    #expect(evidence.contains("same-hour") && evidence.contains("canary"), "\(evidence)")
    #expect(world.run("incident start FALSE-01").status == .success)
    let overview = world.run("incident", json: true).text
    #expect(overview.contains("\"step\":\"diagnosis\""), "\(overview)")
  }

  @Test func `Enter says what comes next in the incident, until the lesson is gone on with`() throws {
    let world = try TestWorld()
    _ = world.run("", atPrompt: true)
    world.run("incident start FALSE-01", atPrompt: true)
    let next = world.run("", atPrompt: true)
    #expect(next.text.contains("incident triage"), "\(next.text)")
    #expect(world.shell.promptState().enterLine == nil)
    #expect(!world.run("next", atPrompt: true).text.contains("incident triage"))
    #expect(!world.run("", atPrompt: true).text.contains("incident triage"))
    // After a restart the lesson is shown, Enter is the lesson's, and check is still the incident's.
    try world.restart()
    world.run("resume", atPrompt: true)
    #expect(!world.run("", atPrompt: true).text.contains("incident triage"))
    try world.restart()
    world.run("resume", atPrompt: true)
    #expect(world.run("check", atPrompt: true).text.contains("incident triage"))
  }

  @Test func `after a part of a form only what is open is shown`() throws {
    let world = try TestWorld()
    world.run("incident start FALSE-01")
    let whole = world.run("incident triage").text
    #expect(whole.contains("(kind)") && whole.contains("(last_good)"))
    #expect(whole.split(separator: "\n").count < 20, "it fits a screen of 24 lines: \(whole)")
    let rest = world.run("incident triage late 17").text
    #expect(!rest.contains("(kind)") && !rest.contains("(last_good)"), "\(rest)")
    #expect(rest.contains("(since)") && rest.contains("(slice)"), "\(rest)")
    // Everything can still be seen, and changed.
    let again = world.run("incident triage").text
    #expect(again.contains("3) it comes late (your answer)"), "\(again)")
    #expect(again.contains("(kind)"))
  }

  @Test(arguments: ["9223372036854775807", "-9223372036854775808", "99999999999999999999999"])
  func `a number of any size is judged or not read, and never ends the program`(number: String)
    throws
  {
    let world = try TestWorld()
    let folder = try #require(
      CourseContent(root: RepositoryFiles.root).incidentFolders()["FALSE-01"])
    let accepted = try #require(
      try IncidentCase.load(Incident.load(folder: folder)).first { $0.name == "accepted/by-commands" })
    for line in accepted.lines.dropLast() { world.run(line.text) }
    let judged = world.run(
      "incident postmortem lost_orders=\(number) lost_won=0 same_hour=1 cause=partial-day "
        + "undetected=no-baseline guard=baseline-tile")
    #expect(judged.status == .notYet || judged.status == .usage, "\(judged.text)")
    #expect(!judged.text.isEmpty)
  }

  @Test func `a fact is found by what was read, whoever was asked`() throws {
    let world = try TestWorld()
    world.run("incident start FALSE-01")
    let lines = [
      "kafka lag lake-sink", "kafka-consumer-groups --describe --group lake-sink",
      "SELECT sum(lag) FROM system.kafka.consumer_groups;",
      "trino --execute \"select lag from system.kafka.consumer_groups\"",
    ]
    for line in lines { #expect(world.run(line).status == .success, "\(line)") }
    let data = try #require(
      try JSONSerialization.jsonObject(
        with: Data(world.run("incident evidence", json: true).text.utf8)) as? [String: Any])
    let entries = try #require(data["data"] as? [[String: Any]])
    #expect(entries.map { $0["line"] as? String } == lines)
    #expect(entries.allSatisfy { ($0["facts"] as? [String]) == ["lag-waits"] })
  }

  @Test func `a changed file of the pipeline is no repair of what is not broken`() throws {
    let world = try TestWorld()
    for line in [
      "incident start FALSE-01", "incident triage 6 10 15 22", Self.sameHour, "canary send",
      "incident diagnose stage=none cause=partial-day facts=1,2", "incident report 1 5 9 12",
    ] {
      let answer = world.run(line, json: true)
      #expect(answer.status == .success, "\(answer.text)")
    }
    let file = world.worldPath + "/pipeline/dashboard.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "\n# mine\n").write(toFile: file, atomically: true, encoding: .utf8)
    let changed = world.run("check", json: true).text
    #expect(changed.contains("\"feedback\":\"changed\""), "\(changed)")
    #expect(world.run("incident rewind").status == .success)
    // A file of invented purchases is taken for what it is.
    let event = try #require(try world.texts("SELECT json FROM lake.bronze.events LIMIT 1").first)
    let path = world.path + "/invented.ndjson"
    try (event + "\n").write(toFile: path, atomically: true, encoding: .utf8)
    #expect(world.run("collect \(path)").status <= .notYet)
    let patched = world.run("check", json: true).text
    #expect(patched.contains("\"feedback\":\"patched\""), "\(patched)")
    #expect(world.run("incident rewind").status == .success)
    let right = world.run("check", json: true).text
    #expect(right.contains("\"verdict\":\"passed\""), "\(right)")
  }

  @Test func `a judge that has no world says so, and the answer does not count`() throws {
    let world = try TestWorld()
    for line in [
      "incident start FALSE-01", "incident triage 6 10 15 22", Self.sameHour, "canary send",
    ] { world.run(line) }
    // No world can be made where grading homes cannot be written.
    for name in ["grading", "made"] {
      try? FileManager.default.removeItem(atPath: world.path + "/" + name)
      try Data().write(to: URL(filePath: world.path + "/" + name))
    }
    let answer = world.run("incident diagnose stage=none cause=partial-day facts=1,2", json: true)
    #expect(answer.status == .failure)
    #expect(answer.text.contains("\"verdict\":\"checker-failed\""), "\(answer.text)")
    #expect(world.run("incident score", json: true).text.contains("\"misses\":0"))
  }

  @Test(arguments: [40, 80, 120])
  func `every step is told in both languages, at every width`(_ width: Int) throws {
    for language in [Language.ko, .en] {
      let world = try TestWorld(language: language)
      for line in [
        "incident list", "incident start FALSE-01", "incident", "incident triage",
        "incident triage 6 10 15 22", "incident evidence", "canary send", "incident evidence",
        "incident diagnose", "incident diagnose 8 15 facts=1", "hint", "hint", "incident score",
        "help incident",
      ] {
        let answer = world.run(line, atPrompt: true, width: width)
        #expect(!answer.text.contains("[["), "\(line): \(answer.text)")
        #expect(!answer.text.contains(/incident\.[a-z]/), "\(line): \(answer.text)")
        #expect(!answer.text.contains("{"), "\(line): \(answer.text)")
        if language == .en { #expect(!answer.text.contains(/[가-힣]/), "\(line): \(answer.text)") }
      }
    }
  }
}

/// An incident with a fault, in the real program: the fault is planted, blamed, taken away in a fork,
/// and the repair is done again in a world that nobody has seen.
struct IncidentRepairTests {
  /// The content of this checkout with the tests' incident in place of the others.
  private static func content() throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("content")
    for folder in ["Lessons", "Datasets"] {
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path + "/" + folder,
        withDestinationPath: RepositoryFiles.root + "/" + folder)
    }
    try FileManager.default.createDirectory(
      atPath: scratch.path + "/Exercises/incidents", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: RepositoryFiles.root + "/Tests/CourseTests/Fixtures/incidents/TXT-01",
      toPath: scratch.path + "/Exercises/incidents/TXT-01")
    return scratch
  }

  private static let model = "/pipeline/models/marts/fact_purchase.sql"
  private static let broken = "coalesce(amount, price * coalesce(quantity, 1), 0)"
  private static let amountOfText =
    "CAST(replace(json_extract_scalar(properties, '$.amount'), ',', '') AS bigint)"

  /// Puts another expression for the amount into the learner's model.
  private static func edit(_ world: TestWorld, _ expression: String) throws {
    let path = world.worldPath + model
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains(broken))
    try text.replacing(broken, with: expression)
      .write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func answer(
    _ world: TestWorld, _ line: String
  ) throws -> (verdict: String?, feedback: String?, text: String) {
    let json = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let data = object?["data"] as? [String: Any]
    return (data?["verdict"] as? String, data?["feedback"] as? String, json)
  }

  /// What is drawn per learner is the same in every run of the tests.
  private static func begin(_ world: TestWorld) throws {
    try ProgressStore(path: world.path + "/progress.sqlite").setSetting("learner.seed", "7")
    let start = world.run("incident start TXT-01", json: true)
    #expect(start.status == .success, "\(start.text)")
  }

  /// As far as the accepted diagnosis.
  private static func diagnosed(_ world: TestWorld) throws {
    try begin(world)
    let day = "(SELECT max(dt) FROM warehouse.mart.fact_purchase)"
    for line in [
      "incident triage wrong",
      "SELECT count(*), count_if(amount_krw = 0) FROM warehouse.mart.fact_purchase WHERE dt = \(day);",
      "SELECT json FROM lake.bronze.events WHERE event_name = 'purchase_completed' LIMIT 1;",
    ] {
      let answer = world.run(line, json: true)
      #expect(answer.status == .success, "\(line): \(answer.text)")
    }
    let diagnosis = try answer(world, "incident diagnose stage=etl cause=type-drift facts=1,2")
    #expect(diagnosis.verdict == "passed", "\(diagnosis.text)")
    // The world without the fault has no free order.
    #expect(diagnosis.text.contains("Without the fault 0 orders"), "\(diagnosis.text)")
  }

  @Test func `a repair that holds in the hidden variant passes, and the fault goes with the incident`()
    throws
  {
    let content = try Self.content()
    let world = try TestWorld(content: content.path)
    try Self.diagnosed(world)
    try Self.edit(
      world, "coalesce(amount, price * coalesce(quantity, 1), \(Self.amountOfText), 0)")
    world.run("dag run nightly")
    let check = try Self.answer(world, "check")
    #expect(check.verdict == "passed", "\(check.text)")
    let day = try #require(
      try world.texts("SELECT CAST(max(dt) AS varchar) FROM warehouse.mart.fact_purchase").first)
    let orders = try world.count(
      "SELECT count(*) FROM warehouse.mart.fact_purchase WHERE dt = DATE '\(day)'")
    let wrong = try Self.answer(world, "incident postmortem free=\(orders + 1) guard=test")
    #expect(wrong.feedback == "impact")
    let right = try Self.answer(world, "incident postmortem free=\(orders)")
    #expect(right.verdict == "passed", "\(right.text)")
    #expect(right.text.contains("\"points\":100"), "\(right.text)")
    let file = try String(contentsOfFile: world.worldPath + "/world.yaml", encoding: .utf8)
    #expect(!file.contains("price-as-text"))
  }

  @Test func `a draft is begun by its id and stands in no list`() throws {
    let content = try Self.content()
    let manifest = content.path + "/Exercises/incidents/TXT-01/incident.yaml"
    let text = try String(contentsOfFile: manifest, encoding: .utf8)
    let status = try #require(text.split(separator: "\n").first { $0.hasPrefix("status:") })
    try text.replacing(status, with: "status: draft")
      .write(toFile: manifest, atomically: true, encoding: .utf8)
    let world = try TestWorld(content: content.path)
    #expect(!world.run("incident list", json: true).text.contains("TXT-01"))
    try Self.begin(world)
  }

  @Test func `what the app says of its settings and of its requests is evidence`() throws {
    let content = try Self.content()
    let manifest = content.path + "/Exercises/incidents/TXT-01/incident.yaml"
    let text = try String(contentsOfFile: manifest, encoding: .utf8)
    let tables = [("settings", "config"), ("attempts", "requests"), ("events", "events")]
    let facts = tables.map { fact, table in
      "  - {id: \(fact), says: {en: x}, from: [system.sdk.\(table)], excludes: [collector]}\n"
    }
    let changed = text.replacing("\ndiagnosis:\n", with: facts.joined() + "\ndiagnosis:\n")
    try #require(changed != text)
    try changed.write(toFile: manifest, atomically: true, encoding: .utf8)
    let world = try TestWorld(content: content.path)
    try Self.begin(world)
    let lines = [
      "app config", "SELECT key, value FROM system.sdk.config;", "app log --requests", "app log",
      "app devices",
    ]
    for line in lines {
      let answer = world.run(line)
      #expect(answer.status == .success, "\(line): \(answer.text)")
    }
    let object = try JSONSerialization.jsonObject(
      with: Data(world.run("incident evidence", json: true).text.utf8)) as? [String: Any]
    let found = (object?["data"] as? [[String: Any]] ?? []).map { entry -> [String] in
      let facts = entry["facts"] as? [String] ?? []
      return [entry["line"] as? String ?? ""] + facts.sorted()
    }
    #expect(
      found == [
        [lines[0], "settings"], [lines[1], "settings"], [lines[2], "attempts", "events"],
        [lines[3], "events"],
      ])
  }

  @Test func `a repair for this day only fails in the hidden variant`() throws {
    let content = try Self.content()
    let world = try TestWorld(content: content.path)
    try Self.diagnosed(world)
    let day = try #require(
      try world.texts("SELECT CAST(max(dt) AS varchar) FROM warehouse.mart.fact_purchase").first)
    try Self.edit(
      world,
      "coalesce(amount, CASE WHEN dt = DATE '\(day)' THEN \(Self.amountOfText) END, 0)")
    world.run("dag run nightly")
    let check = try Self.answer(world, "check")
    #expect(check.feedback == "hidden", "\(check.text)")
  }

  @Test func `what only looks repaired gets the message of what it broke`() throws {
    let content = try Self.content()
    let world = try TestWorld(content: content.path)
    try Self.diagnosed(world)
    let untouched = try Self.answer(world, "check")
    #expect(untouched.feedback == "still-there", "\(untouched.text)")
    world.run("dag run nightly")
    let reran = try Self.answer(world, "check")
    #expect(reran.feedback == "only-reran", "\(reran.text)")
    let back = try Self.answer(world, "incident rewind")
    #expect(back.verdict == nil, "\(back.text)")
    // Any price will do: no order is free any more, and none has its own amount.
    try Self.edit(world, "coalesce(amount, 1000)")
    world.run("clock +19h")
    let invented = try Self.answer(world, "check")
    #expect(invented.feedback == "value", "\(invented.text)")
  }

  @Test func `an invariant that a repair breaks names what breaks it`() throws {
    let content = try Self.content()
    let world = try TestWorld(content: content.path)
    try Self.diagnosed(world)
    try Self.edit(
      world, "coalesce(amount, price * coalesce(quantity, 1), \(Self.amountOfText), 0)")
    let path = world.worldPath + Self.model
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // Every row twice, each with its right amount.
    #expect(text.contains("FROM {{ source('silver', 'events') }}"))
    try text.replacing(
      "FROM {{ source('silver', 'events') }}",
      with: "FROM {{ source('silver', 'events') }} CROSS JOIN (VALUES 1, 2) AS twice (n)"
    ).write(toFile: path, atomically: true, encoding: .utf8)
    let run = world.run("dag run nightly")
    #expect(run.status == .success, "\(run.text)")
    let check = try Self.answer(world, "check")
    #expect(check.feedback == "twice", "\(check.text)")
    #expect(check.text.contains("orders are there twice"))
  }

  @Test func `stopping takes the fault away`() throws {
    let content = try Self.content()
    let world = try TestWorld(content: content.path)
    try Self.begin(world)
    let file = world.worldPath + "/world.yaml"
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("price-as-text"))
    #expect(world.run("incident stop").status == .success)
    #expect(try !String(contentsOfFile: file, encoding: .utf8).contains("price-as-text"))
    #expect(world.run("incident score", json: true).text.contains("noIncident"))
  }
}
