import Course
import Foundation
import Grading
import Terminal
import Testing

/// A malformed incident is refused with the file, the line, the key and what to write instead.
@Suite struct IncidentLoadTests {
  /// TXT-01 with one text replaced by another in one of its files.
  private static func changed(
    _ old: String, _ new: String, in file: String = "incident.yaml", drops: String? = nil
  ) throws -> (folder: ScratchFolder, path: String) {
    let folder = try ScratchFolder()
    let path = folder.path + "/TXT-01"
    try FileManager.default.copyItem(atPath: fixtureURL("incidents/TXT-01").path, toPath: path)
    let text = try String(contentsOfFile: path + "/" + file, encoding: .utf8)
    #expect(old.isEmpty || text.contains(old), "\(old) is not in \(file)")
    if !old.isEmpty {
      try folder.write("TXT-01/" + file, text.replacingOccurrences(of: old, with: new))
    }
    if let drops { try FileManager.default.removeItem(atPath: path + "/" + drops) }
    return (folder, path)
  }

  struct Fault: Sendable {
    var old: String
    var new: String
    var file = "incident.yaml"
    var code: String
    var place: String
  }

  private static let planted = "    faults: [{name: price-as-text, from: \"{{hour}}\"}]\n"

  static let faults: [Fault] = [
    Fault(
      old: "level: repair", new: "level: [repair, repair]", code: "course.bad-value", place: ":5 level"),
    Fault(
      old: planted, new: "    steps: [{id: paused, at: \"2140\", run: [kafka members stop 1]}]\n",
      code: "course.bad-value", place: "at"),
    Fault(
      old: planted, new: "    steps: [{id: paused, at: \"21:40\"}]\n", code: "course.bad-value",
      place: "steps"),
    Fault(
      old: planted, new: "    steps: [{id: paused, at: \"21:40\", files: nowhere}]\n",
      code: "course.bad-value", place: "files"),
    Fault(
      old: planted, new: "    steps: [{id: paused, at: \"21:40\", line: kafka lag}]\n",
      code: "course.unknown-key", place: "line"),
    Fault(
      old: "feedback: lost", new: "feedback: lost\nlevel: mend", file: "checks/10-complete.yaml",
      code: "course.bad-value", place: "level"),
    Fault(old: "level: repair", new: "level: mend", code: "course.bad-value", place: ":5 level"),
    Fault(old: "id: TXT-01", new: "id: TXT-02", code: "course.bad-value", place: ":2 id"),
    Fault(old: "id: TXT-01", new: "id: txt", code: "course.bad-value", place: ":2 id"),
    Fault(old: "time: \"09:10\"", new: "time: \"25:10\"", code: "course.bad-value", place: "time"),
    Fault(
      old: "symptom: |", new: "symptoms: |", code: "course.unknown-key", place: "symptoms"),
    Fault(
      old: "'{{ds_next}}' AND amount_krw = 0\nvalues", new: "'{{tomorrow}}'\nvalues",
      code: "course.unknown-parameter", place: "symptom"),
    Fault(old: "right: wrong", new: "right: wrongly", code: "course.bad-value", place: "right"),
    Fault(
      old: "hour: [\"0\", \"1\"]", new: "hour: [\"0\"]", code: "course.bad-value", place: "hour"),
    Fault(
      old: "excludes: [warehouse]", new: "excludes: [attic]", code: "course.bad-value",
      place: "excludes"),
    Fault(old: "decisive: true", new: "decisive: false", code: "course.bad-value", place: "facts"),
    Fault(
      old: "    faults: [{name: price-as-text, from: \"{{hour}}\"}]\n", new: "",
      code: "course.bad-value", place: "level"),
    Fault(
      old: "hidden: {days: [\"2024-02-29\", \"2023-12-31\"]}", new: "", code: "course.bad-value",
      place: "incident.yaml"),
    Fault(
      old: "hidden: {days: [\"2024-02-29\", \"2023-12-31\"]}",
      new: "hidden: {days: [\"2024-02-29\"], size: l}", code: "course.bad-value", place: "size"),
    Fault(
      old: "level: repair", new: "level: diagnose", code: "course.bad-value", place: "level"),
    Fault(
      old: "id: cause\n", new: "id: why\n", code: "course.bad-value", place: "diagnosis"),
    Fault(
      old: "## lost", new: "## loss", file: "feedback.en.md", code: "course.unknown-section",
      place: "feedback.en.md"),
    Fault(
      old: "## 3\n", new: "", file: "hints.en.md", code: "course.missing-section",
      place: "hints.en.md"),
    Fault(
      old: "sql: |", new: "query: |", file: "checks/10-complete.yaml", code: "course.unknown-key",
      place: "10-complete.yaml"),
    Fault(
      old: "sql: |", new: "invariant: whole\nx: |", file: "checks/10-complete.yaml",
      code: "course.unknown-key", place: "10-complete.yaml"),
    Fault(
      old: "triage:", new: "points: {diagnosis: 30, repair: 40, guard: 20, postmortem: 20}\ntriage:",
      code: "course.bad-value", place: "points"),
    Fault(old: "status: local", new: "status: core", code: "course.missing-language", place: "title"),
    Fault(old: "variants:", new: "\tvariants:", code: "course.yaml-syntax", place: ":"),
  ]

  @Test(arguments: faults.indices)
  func `a mistake is refused at its place`(_ index: Int) throws {
    let fault = Self.faults[index]
    let incident = try Self.changed(fault.old, fault.new, in: fault.file)
    do {
      _ = try Incident.load(folder: incident.path)
      Issue.record("\(fault.new) was let pass")
    } catch let error as CourseError {
      #expect(error.code == fault.code, "\(error)")
      #expect(error.place?.contains(fault.place) == true, "\(error)")
      #expect(error.advice?.isEmpty == false, "\(error)")
    }
  }

  @Test(arguments: ["message.en.md", "debrief.en.md", "feedback.en.md", "hints.en.md"])
  func `a missing text is named`(file: String) throws {
    let incident = try Self.changed("", "", drops: file)
    #expect(throws: CourseError.self) { try Incident.load(folder: incident.path) }
  }

  @Test func `the sound one loads`() throws {
    let incident = try Incident.load(folder: fixtureURL("incidents/TXT-01").path)
    #expect(incident.levels == [.repair] && incident.checks.count == 3)
    #expect(incident.points == Incident.usualPoints)
    #expect(incident.feedbackIDs.contains("only-reran"))
  }

  @Test func `hidden worlds are as small as they can be, unless a size is given`() throws {
    #expect(try Incident.load(folder: fixtureURL("incidents/TXT-01").path).worldSize == "xs")
    let incident = try Self.changed("\"2023-12-31\"]}", "\"2023-12-31\"], size: s}")
    #expect(try Incident.load(folder: incident.path).worldSize == "s")
    withExtendedLifetime(incident.folder) {}
  }

  @Test func `both levels, and what somebody did, are read`() throws {
    let incident = try Self.changed(
      "level: repair", "level: [repair, diagnose]\nreport:\n  - {id: tell, title: {en: Tell},"
        + " options: [{id: a, text: {en: a}}, {id: b, text: {en: b}, feedback: lost}], right: a}")
    let steps =
      "    steps:\n      - {id: stopped, at: \"21:40\", run: [\"kafka members stop {{hour}}\"], files: slow}\n"
    let text = try String(contentsOfFile: incident.path + "/incident.yaml", encoding: .utf8)
    try incident.folder.write(
      "TXT-01/incident.yaml",
      text.replacingOccurrences(of: Self.planted, with: steps))
    let feedback = try String(contentsOfFile: incident.path + "/feedback.en.md", encoding: .utf8)
    try incident.folder.write("TXT-01/feedback.en.md", feedback + "\n## changed\nIt was changed.\n")
    try incident.folder.write("TXT-01/steps/slow/ingest.yaml", "consumers: 1\n")
    let loaded = try Incident.load(folder: incident.path)
    #expect(loaded.levels == [.repair, .diagnose])
    let step = try #require(loaded.variants[0].steps.first)
    #expect(step.files.map(\.path) == ["ingest.yaml"] && step.lines == ["kafka members stop {{hour}}"])
  }

  @Test func `FALSE-01 loads with both languages, and its answers with it`() throws {
    let folder = contentRoot + "/Exercises/incidents/FALSE-01"
    let incident = try Incident.load(folder: folder)
    #expect(incident.feedback.values.allSatisfy { $0.missingLanguages.isEmpty })
    #expect(try IncidentCase.load(incident).count >= 40)
  }

  @Test func `every sentence that the engine says is in the catalogue`() throws {
    let catalogue = try Catalogue.load(
      directory: contentRoot + "/Lessons/catalogue", language: .ko, environment: [:])
    let folder = contentRoot + "/Sources/Course/Incidents"
    var keys: Set<String> = []
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let source = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
      for match in source.matches(of: /say\(\s*"([A-Za-z.]+)"/) { keys.insert(String(match.1)) }
      for match in source.matches(of: /unread\("([A-Za-z.]+)"/) { keys.insert(String(match.1)) }
    }
    keys.formUnion(IncidentCase.builtInFeedback.map { "feedback." + $0 })
    keys.formUnion(["diagnosis", "repair", "report", "guard", "postmortem"].map { "score.part." + $0 })
    keys.formUnion(IncidentSession.FormName.allCases.map { "form.name." + $0.rawValue })
    #expect(keys.count > 40)
    for key in keys.sorted() where !key.hasSuffix(".") {
      #expect(catalogue.contains("incident." + key), "no text for incident.\(key)")
    }
  }

  @Test func `an expectation that nothing has is refused`() throws {
    let incident = try Self.changed("", "")
    try incident.folder.write(
      "TXT-01/answers/wrong/x/expect.yaml", "verdict: not-yet\nfeedback: los\n")
    try incident.folder.write("TXT-01/answers/wrong/x/a.tap", "check\n")
    let loaded = try Incident.load(folder: incident.path)
    do {
      _ = try IncidentCase.load(loaded)
      Issue.record("let pass")
    } catch let error as CourseError {
      #expect(error.code == "course.unknown-feedback" && error.advice?.contains("lost") == true)
    }
  }
}
