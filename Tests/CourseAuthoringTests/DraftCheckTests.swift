import CourseAuthoring
import Foundation
import Grading
import Synchronization
import TestSupport
import Testing

/// Which rules look at what, and in which worlds: a draft keeps nobody's course from being good and is
/// judged whole by itself, and an incident is played in worlds of the size that it asks for.
@Suite struct DraftCheckTests {
  /// A bench without worlds: each job that needs one fails, and is told as such.
  private final class EmptyBench: AuthoringBench {
    struct NoWorld: Error {}

    private let asked = Mutex(Set<String>())

    /// The sizes of the worlds that were asked for.
    var sizes: Set<String> { asked.withLock { $0 } }

    func open(
      _ setting: RunSetting, size: String, after lines: [String]
    ) throws -> any BenchWorld {
      asked.withLock { _ = $0.insert(size) }
      throw NoWorld()
    }

    func prepare(_ requests: [WorldRequest]) {}
    func isCommand(_ line: String) -> Bool { false }
    func columns(of line: String) -> Int { line.count }
  }

  /// Which rules were asked about which subject.
  private final class Asked: Sendable {
    private let bySubject = Mutex([String: Set<String>]())

    func note(_ rule: String, of subject: String) {
      bySubject.withLock { _ = $0[subject, default: []].insert(rule) }
    }

    func rules(of subject: String) -> Set<String> { bySubject.withLock { $0[subject] ?? [] } }
  }

  private struct WatchedRule: CheckRule {
    let rule: any CheckRule
    let asked: Asked

    var name: String { rule.name }

    func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
      asked.note(name, of: subject.name)
      return rule.jobs(subject, extent)
    }
  }

  /// What a check of a path comes to; every rule is watched but that of the schema, which is known by
  /// its type.
  private static func check(
    _ path: String
  ) throws -> (report: CourseCheck.Report, asked: Asked, sizes: Set<String>) {
    let asked = Asked()
    let bench = EmptyBench()
    let rules = CheckRules.all.map { rule -> any CheckRule in
      if rule.name == "schema" { return rule }
      return WatchedRule(rule: rule, asked: asked)
    }
    var memory = CheckMemory(file: "/nowhere/checked.json", version: "test")
    let report = CourseCheck(target: try CheckTarget.find(path), bench: bench, rules: rules)
      .run(memory: &memory, base: RepositoryFiles.root)
    return (report, asked, bench.sizes)
  }

  private static var watched: Set<String> {
    Set(CheckRules.all.map { $0.name }).subtracting(["schema"])
  }

  // MARK: Content

  private static let tests = RepositoryFiles.root + "/Tests"

  private static func lay(_ source: String, over scratch: ScratchDirectory, at place: String) throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: source) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: source + "/" + path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      try scratch.write(place + path, String(contentsOfFile: source + "/" + path, encoding: .utf8))
    }
  }

  /// Puts the tests' incident at a place.
  private static func layIncident(over scratch: ScratchDirectory, at place: String) throws {
    try lay(tests + "/CourseTests/Fixtures/incidents/TXT-01", over: scratch, at: place)
    try lay(
      tests + "/CourseAuthoringTests/PlantedBad/check-incident.sound", over: scratch, at: place)
  }

  private static let drafts = [
    "00-2": "Exercises/00-a/02-buyers/exercise.yaml",
    "TXT-01": "Exercises/incidents/TXT-01/incident.yaml",
  ]

  /// The sound course in which an exercise and an incident are being written.
  private static func course() throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("drafts")
    try lay(tests + "/CourseAuthoringTests/PlantedBad/sound", over: scratch, at: "")
    try layIncident(over: scratch, at: "Exercises/incidents/TXT-01/")
    for file in drafts.values {
      let text = try String(contentsOfFile: scratch.path + "/" + file, encoding: .utf8)
      let draft = text.replacing(/status: [a-z]+/, with: "status: draft")
      try #require(draft != text)
      try scratch.write(file, draft + "# TODO\n")
    }
    return scratch
  }

  // MARK: Drafts

  @Test func `in a check of the whole course a draft is looked at by the rule of the schema alone`()
    throws
  {
    let course = try Self.course()
    let (report, asked, _) = try Self.check(course.path)
    for draft in Self.drafts.keys {
      #expect(asked.rules(of: draft) == [], "\(draft)")
      #expect(!report.failures.contains { $0.label.hasPrefix(draft + " ") }, "\(report.failures)")
    }
    let unfilled = report.findings.filter { $0.code == "schema.unfilled" }.map { $0.file }
    #expect(unfilled == Self.drafts.values.sorted(), "\(report.findings)")
    #expect(report.drafts.map { $0.id } == ["00-2"])
    // What is no draft is judged by all of them.
    #expect(asked.rules(of: "00-1") == Self.watched)
    #expect(asked.rules(of: "course") == Self.watched)
    #expect(report.failures.contains { $0.label.hasPrefix("00-1 ") })
    #expect(report.full == 1 && report.single == 2)
  }

  @Test(arguments: drafts.keys.sorted())
  func `a draft's own folder is judged by every rule`(draft: String) throws {
    let course = try Self.course()
    let manifest = try #require(Self.drafts[draft])
    let folder = (manifest as NSString).deletingLastPathComponent
    let (report, asked, _) = try Self.check(course.path + "/" + folder)
    #expect(asked.rules(of: draft) == Self.watched)
    #expect(report.failures.contains { $0.label.hasPrefix(draft + " ") }, "\(report.findings)")
    #expect(report.findings.contains { $0.code == "schema.unfilled" }, "\(report.findings)")
    #expect(report.full == 0 && report.single == 1)
  }

  // MARK: Sizes

  @Test(arguments: ["xs", "s"])
  func `an incident is played in worlds of its own size`(size: String) throws {
    let scratch = try ScratchDirectory("sized")
    try Self.layIncident(over: scratch, at: "TXT-01/")
    let file = "TXT-01/incident.yaml"
    let text = try String(contentsOfFile: scratch.path + "/" + file, encoding: .utf8)
    let sized = text.replacing("\"2023-12-31\"]}", with: "\"2023-12-31\"], size: \(size)}")
    try #require(sized != text)
    try scratch.write(file, sized)
    #expect(try Self.check(scratch.path + "/TXT-01").sizes == [size])
  }

  @Test func `exercises are played in the smallest worlds`() throws {
    let course = try Self.course()
    #expect(try Self.check(course.path + "/Exercises/00-a/01-find").sizes == ["xs"])
  }
}
