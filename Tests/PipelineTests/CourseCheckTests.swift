import Commands
import Course
import CourseAuthoring
import Foundation
import Grading
import Platform
import Synchronization
import Terminal
import TestSupport
import Testing

/// `course check` finds what is planted, under the name of its rule; without the rule it is missed.
///
/// One after the other: a check uses two threads itself, and a verdict that comes late is none.
@Suite(.serialized)
struct CourseCheckTests {
  private static let planted =
    RepositoryFiles.root + "/Tests/CourseAuthoringTests/PlantedBad"

  private static func folders(_ prefix: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: planted)) ?? [])
      .filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".sound") }.sorted()
  }

  static let ofExercises = folders("check.")
  static let ofIncidents = folders("check-incident.")
  /// What shows only with every mutant, width, seed and zone.
  private static let needFull = [
    "check.mutants.survives-row", "check.accepted.failed+zone", "check.transcripts.too-wide+narrow",
  ]

  /// One home for all tests: worlds are made once.
  private static let home: Result<Home, any Error> = Result {
    let path = NSTemporaryDirectory() + "/tapline-authors-\(UUID().uuidString)"
    atexit { try? FileManager.default.removeItem(atPath: CourseCheckTests.homePath ?? "/none") }
    return try Home(path: path)
  }
  private static let made = home.map { MadeWorlds(home: $0) }
  private static var homePath: String? { try? home.get().path }

  private static func lay(
    _ source: String, over scratch: ScratchDirectory, at place: String = ""
  ) throws {
    for path in try FileManager.default.subpathsOfDirectory(atPath: source) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: source + "/" + path, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      try scratch.write(place + path, String(contentsOfFile: source + "/" + path, encoding: .utf8))
    }
  }

  /// The sound course with a planted folder laid over it, its ledger renewed.
  static func course(_ folder: String?) throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("course")
    for source in ["sound", folder].compactMap({ $0 }) {
      try lay(planted + "/" + source, over: scratch)
    }
    let ledger = TranslationLedger.read(root: scratch.path)
      .renewed(ContentTexts(root: scratch.path))
    try scratch.write("Lessons/translations.lock", ledger)
    return scratch
  }

  /// The tests' incident with a planted folder laid over it.
  static func incident(_ folder: String?) throws -> ScratchDirectory {
    let scratch = try ScratchDirectory("incident")
    try lay(
      RepositoryFiles.root + "/Tests/CourseTests/Fixtures/incidents/TXT-01", over: scratch,
      at: "TXT-01/")
    for source in ["check-incident.sound", folder].compactMap({ $0 }) {
      try lay(planted + "/" + source, over: scratch, at: "TXT-01/")
    }
    return scratch
  }

  /// Checks a folder as `course check` does.
  static func check(
    _ path: String, _ extent: CheckExtent = .single, rules: [any CheckRule] = CheckRules.all
  ) throws -> CourseCheck.Report {
    var none = CheckMemory(file: "/nowhere/checked.json", version: "test")
    return try check(path, extent, rules: rules, memory: &none)
  }

  private static func check(
    _ path: String, _ extent: CheckExtent?, rules: [any CheckRule] = CheckRules.all,
    memory: inout CheckMemory, isStopped: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) throws -> CourseCheck.Report {
    let target = try CheckTarget.find(path)
    let content = try ScratchDirectory("content")
    return CourseCheck(target: target, bench: try bench(target, in: content), rules: rules)
      .run(extent, memory: &memory, base: RepositoryFiles.root, isStopped: isStopped, progress: progress)
  }

  /// A bench over the target's content, which is laid into a folder.
  private static func bench(
    _ target: CheckTarget, in content: ScratchDirectory
  ) throws -> LearnerBench {
    let laid = content.path + "/laid"
    try target.lay(over: RepositoryFiles.root, at: laid)
    return LearnerBench(
      home: try home.get(),
      content: try ContentRoot.find(
        environment: ["TAPLINE_CONTENT": laid], executable: "tapline"),
      made: try made.get())
  }

  /// What a planted folder's name says: the finding's code.
  private static func code(_ folder: String) -> String {
    String(folder.drop { $0 != "." }.dropFirst().prefix { $0 != "+" })
  }

  /// What is to be checked of a planted course: the one exercise that it changes, else all of it.
  private static func target(_ folder: String, _ course: ScratchDirectory) -> String {
    let exercises = planted + "/" + folder + "/Exercises/00-a"
    let changed = (try? FileManager.default.contentsOfDirectory(atPath: exercises)) ?? []
    return changed.count == 1 ? course.path + "/Exercises/00-a/" + changed[0] : course.path
  }

  private static func report(
    _ folder: String, rules: [any CheckRule] = CheckRules.all
  ) throws -> CourseCheck.Report {
    let extent: CheckExtent = needFull.contains(folder) ? .full : .single
    if folder.hasPrefix("check-incident.") {
      let scratch = try incident(folder)
      return try check(scratch.path + "/TXT-01", extent, rules: rules)
    }
    let course = try course(folder)
    return try check(target(folder, course), extent, rules: rules)
  }

  private static func list(_ report: CourseCheck.Report) -> String {
    (report.findings.map { "\($0.file):\($0.line ?? 0) \($0.code) \($0.text)" }
      + report.failures.map { "\($0.label): \($0.reason)" }).joined(separator: "\n")
  }

  // MARK: Sound

  @Test func `the sound course is green, and every answer was graded on every seed`() throws {
    let course = try Self.course(nil)
    let report = try Self.check(course.path, .full)
    #expect(report.findings.isEmpty && report.failures.isEmpty, "\(Self.list(report))")
    // Four accepted answers, ten settings, each twice; queries in four worlds each time.
    #expect(report.count("accepted") == 2 * 10 * 2 + 2 * 10 * 2 * 4)
    #expect(report.answers("wrong") == 6)
    #expect(report.mutants > 5)
    #expect(report.seeds == RunSetting.seeds)
    #expect(report.languages == ["en", "ko"])
    let settings = Set(report.gradings.filter { $0.rule == "accepted" }.map(\.setting))
    #expect(settings == Set(RunSetting.covering))
  }

  @Test func `an incident with a fault is green`() throws {
    let scratch = try Self.incident(nil)
    let report = try Self.check(scratch.path + "/TXT-01")
    #expect(report.findings.isEmpty && report.failures.isEmpty, "\(Self.list(report))")
    let symptoms = report.gradings.filter { $0.rule == "symptom" }.map(\.verdict)
    #expect(symptoms == ["shown", "not-shown"])
  }

  @Test func `a world in which an incident has begun is copied with its run and its forks`() throws {
    let scratch = try Self.incident(nil)
    let content = try ScratchDirectory("content")
    let bench = try Self.bench(try CheckTarget.find(scratch.path + "/TXT-01"), in: content)
    let model = "models/marts/fact_purchase.sql"
    let installed = try String(
      contentsOfFile: RepositoryFiles.root + "/Datasets/shop/pipeline/" + model, encoding: .utf8)
    let amount = "CAST(replace(json_extract_scalar(properties, '$.amount'), ',', '') AS bigint)"
    let mended = installed.replacing(
      "coalesce(amount, price * coalesce(quantity, 1), 0)",
      with: "coalesce(amount, price * coalesce(quantity, 1), \(amount), 0)")
    try #require(mended != installed)
    let day = "(SELECT max(dt) FROM warehouse.mart.fact_purchase)"
    let cache = try Self.home.get().path + "/cache/worlds"
    func counterfactuals() -> Int {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
      return names.count { $0.hasSuffix("-fork") }
    }
    let before = counterfactuals()
    var runs: [IncidentRun] = []
    var seen: [[[HostValue]]] = []
    // What is done in the one copy is not in the other.
    for setting in [RunSetting.single, RunSetting(seed: 11, language: .english, zone: "Asia/Seoul")] {
      let world = try bench.open(setting, size: "xs", after: ["incident start TXT-01"])
      defer { world.close() }
      runs.append(try #require(try world.progress.openIncident()))
      #expect(try world.progress.setting("learner.seed") == "11")
      #expect(try world.progress.incidentEntries(runs[0]).isEmpty)
      seen.append(
        try world.host.query(
          "SELECT count(*), sum(body_bytes) FROM system.collector.requests").rows)
      for line in [
        "incident triage wrong",
        "SELECT count(*), count_if(amount_krw = 0) FROM warehouse.mart.fact_purchase WHERE dt = \(day);",
        "SELECT json FROM lake.bronze.events WHERE event_name = 'purchase_completed' LIMIT 1;",
        "incident diagnose stage=etl cause=type-drift facts=1,2",
      ] {
        let reply = world.json(line)
        #expect(reply.exit == 0, "\(line): \(reply.text)")
      }
      try world.host.save([.init(path: model, content: mended)])
      #expect(world.json("dag run nightly").exit == 0)
      let check = world.json("check")
      #expect(check.text.contains("\"verdict\":\"passed\""), "\(check.text)")
      let back = world.json("incident rewind")
      #expect(back.exit == 0, "\(back.text)")
    }
    // The world without the blamed was made once, too.
    #expect(counterfactuals() == before + 1)
    // It was begun once, and the collector remembers the requests of that.
    #expect(runs[0] == runs[1] && runs[0].incident == "TXT-01" && runs[0].hasFork)
    #expect(seen[0] == seen[1] && seen[0].first?.first != .integer(0), "\(seen)")
    // Another zone asks the incident's queries anew; a line that begins nothing is told as such.
    let other = try bench.open(
      RunSetting(seed: 11, language: .korean, zone: "UTC"), size: "xs",
      after: ["incident start TXT-01"])
    #expect(try Self.closing(other) != runs[0].uid)
    #expect(throws: PrefixError.self) {
      try bench.open(.single, size: "xs", after: ["incident start NONE-01"]).close()
    }
  }

  /// The run that is open in a world, which is then closed.
  private static func closing(_ world: any BenchWorld) throws -> String {
    defer { world.close() }
    return try #require(try world.progress.openIncident()).uid
  }

  // MARK: Planted

  @Test func `something is planted for every rule`() {
    let rules = Set(
      (Self.ofExercises + Self.ofIncidents).map { Self.code($0).prefix { $0 != "." } })
    #expect(rules == Set(CheckRules.all.map { $0.name[...] }))
  }

  @Test(arguments: ofExercises + ofIncidents)
  func `what is planted is found by its rule and by no other`(folder: String) throws {
    let report = try Self.report(folder)
    if folder == "check-incident.symptom.missing" {
      // An incident that cannot begin fails whatever else is asked of it.
      #expect(report.findings.contains { $0.rule == "symptom" }, "\(Self.list(report))")
      return
    }
    #expect(Set(report.findings.map(\.code)) == [Self.code(folder)], "\(Self.list(report))")
    #expect(report.failures.isEmpty, "\(Self.list(report))")
    for finding in report.findings {
      #expect(finding.code.hasPrefix(finding.rule + "."))
      #expect(finding.line != nil && !finding.text.isEmpty && !finding.file.isEmpty, "\(finding)")
    }
  }

  /// One planted folder of each rule.
  static let samples = CheckRules.all.map { rule in
    (ofExercises + ofIncidents).last { code($0).hasPrefix(rule.name + ".") } ?? rule.name
  }

  @Test(arguments: samples)
  func `without its rule, what is planted is not found`(folder: String) throws {
    let rule = Self.code(folder).prefix { $0 != "." }
    let report = try Self.report(folder, rules: CheckRules.all.filter { $0.name != rule })
    #expect(report.findings.isEmpty && report.failures.isEmpty, "\(Self.list(report))")
  }

  // MARK: The repository

  /// As an author's `course check` does: what `Exercises/checked.lock` knows on one seed, what was
  /// changed since in full.
  @Test(.timeLimit(.minutes(20)))
  func `the course keeps every rule`() throws {
    let root = RepositoryFiles.root
    var memory = CheckMemory(file: root + "/Exercises/checked.lock", version: "", root: root)
    let report = try Self.check(root, nil, memory: &memory)
    print(
      "CourseCheckTests: \(report.full) folders in full, \(report.single) on one seed: "
        + "\(report.gradings.count) gradings, \(report.screens) screens, \(report.seconds) s")
    #expect(report.findings.isEmpty && report.failures.isEmpty, "\(Self.list(report))")
    let exercises = Set(report.gradings.map(\.exercise))
    #expect(exercises.isSuperset(of: ["00-1", "00-2", "00-3", "FALSE-01"]), "\(exercises)")
    // Nothing is green because it was not played.
    for name in exercises {
      let played = report.gradings.filter { $0.exercise == name }
      #expect(Set(played.filter { $0.rule == "accepted" }.map(\.answer)).count >= 2, "\(name)")
      #expect(Set(played.filter { $0.rule == "wrong" }.map(\.answer)).count >= 3, "\(name)")
    }
  }

  // MARK: One file, and the examples of AUTHORING.md

  @Test(arguments: ["AUTHORING.md", "AUTHORING.ko.md"])
  func `the worked examples keep every rule`(document: String) throws {
    let scratch = try ScratchDirectory("authoring")
    for (name, text) in try DocumentFiles.files(of: document) { try scratch.write(name, text) }
    let report = try Self.check(scratch.path, .full)
    #expect(report.findings.isEmpty && report.failures.isEmpty, "\(Self.list(report))")
    #expect(report.full == 2 && report.seeds == RunSetting.seeds)
    #expect(Set(report.gradings.map(\.exercise)) == ["team-1", "team-2"])
  }

  @Test func `an exercise that is a file is checked by its path, and names the file`() throws {
    let scratch = try ScratchDirectory("authoring")
    let text = try #require(try DocumentFiles.files(of: "AUTHORING.ko.md")["team/01-dau.md"])
    try scratch.write("01-dau.md", text)
    let path = scratch.path + "/01-dau.md"
    let sound = try Self.check(path)
    #expect(sound.findings.isEmpty && sound.gradings.count > 3, "\(Self.list(sound))")
    // What is left, what does not load, and a sentence that is no 합니다체: each at its line.
    func findings(_ old: String, _ new: String) throws -> [CheckFinding] {
      let changed = text.replacing(old, with: new)
      try #require(changed != text)
      try scratch.write("01-dau.md", changed)
      return try Self.check(path).findings
    }
    let left = try findings("A는 active입니다.", "TODO 힌트입니다.")
    #expect(left.map(\.code) == ["schema.unfilled"], "\(left)")
    #expect(left.map(\.file) == ["01-dau.md"])
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(left.first?.line.map { lines[$0 - 1] } == "A는 active입니다.")
    #expect(try findings("kind: choice", "kind: quiz").map(\.file) == ["01-dau.md"])
    #expect(try findings("맞았습니다.", "맞았어요.").map(\.code) == ["speech.level"])
    try scratch.write("01-dau.md", text)
    // A folder that holds it is one that holds exercises.
    let found = try CheckTarget.find(scratch.path)
    #expect(found.folders == [found.root + "/01-dau.md"])
  }

  @Test func `an exercise outside of the clone is checked, and every grading is listed`() throws {
    let scratch = try ScratchDirectory("outside")
    let folder = scratch.path + "/my-exercise"
    try FileManager.default.copyItem(
      atPath: RepositoryFiles.root + "/Exercises/00-journey/04-role-quiz", toPath: folder)
    let world = try TestWorld()
    let reply = world.run("course check \(folder)", json: true)
    #expect(reply.status == .success, "\(reply.text.prefix(2_000))")
    let object = try JSONSerialization.jsonObject(with: Data(reply.text.utf8)) as? [String: Any]
    let data = try #require(object?["data"] as? [String: Any])
    let gradings = try #require(data["gradings"] as? [[String: Any]])
    let counts = try #require(data["counts"] as? [String: Any])
    #expect(counts["gradings"] as? Int == gradings.count)
    for rule in ["accepted", "wrong"] {
      #expect(counts[rule] as? Int == gradings.count { $0["rule"] as? String == rule })
    }
    let keys: Set = [
      "exercise", "rule", "answer", "world", "seed", "language", "zone", "form", "verdict",
      "feedback", "seconds",
    ]
    #expect(gradings.allSatisfy { Set($0.keys) == keys })
    // Nothing of the learner's was touched.
    let attempts = try ProgressStore(path: world.path + "/progress.sqlite").passedExercises()
    #expect(attempts.isEmpty)
    // What is not there is a line that was not understood.
    #expect(world.run("course check \(scratch.path)/nowhere").status == .usage)
    // The broken one is not green, and says where.
    try "answer job-1 1\nanswer job-1 nothing at all\n".write(
      toFile: folder + "/answers/accepted/in-order.tap", atomically: true, encoding: .utf8)
    let broken = world.run("course check \(folder)")
    #expect(broken.status == .notYet)
    #expect(broken.text.contains("answers/accepted/in-order.tap"), "\(broken.text)")
  }

  @Test func `a file is graded without a trace, and a verdict is never mixed up with a failure`()
    throws
  {
    let course = try Self.course(nil)
    let folder = course.path + "/Exercises/00-a/02-buyers"
    let world = try TestWorld()
    func grade(_ file: String, _ more: String = "") -> (text: String, status: Commands.ExitStatus) {
      world.run("course grade \(folder) \(file) \(more)", json: true)
    }
    let right = grade(folder + "/answers/accepted/by-moment.sql")
    #expect(right.status == .success && right.text.contains("\"verdict\":\"passed\""), "\(right.text)")
    let wrong = grade(folder + "/answers/wrong/utc-day/a.sql", "--seed 77")
    #expect(wrong.status == .notYet, "\(wrong.text)")
    #expect(wrong.text.contains("\"feedback\":\"utc-day\""))
    #expect(wrong.text.contains("\"difference\":{") && wrong.text.contains("\"minimal\":true"))
    try course.write("empty.sql", "")
    try course.write("binary.sql", "\u{1}\u{2}")
    for file in ["empty.sql", "binary.sql"] {
      let reply = grade(course.path + "/" + file)
      #expect(reply.status == .notYet, "\(reply.text)")
    }
    #expect(grade(course.path + "/nowhere.sql").status == .usage)
    #expect(try ProgressStore(path: world.path + "/progress.sqlite").passedExercises().isEmpty)
  }

  // MARK: Settings

  @Test func `ten settings hold every pair of seed, language, zone and form`() {
    let settings = RunSetting.covering
    #expect(settings.count == 10)
    func values(_ setting: RunSetting) -> [String] {
      ["\(setting.seed)", setting.language.rawValue, setting.zone, setting.form.rawValue]
    }
    let counts = [RunSetting.seeds.count, 2, 2, 2]
    for first in 0..<4 {
      for second in (first + 1)..<4 {
        let pairs = Set(settings.map { values($0)[first] + " " + values($0)[second] })
        #expect(pairs.count == counts[first] * counts[second])
      }
    }
  }

  // MARK: Memory

  @Test func `what has not changed is looked at on one seed, and what has in full`() throws {
    let scratch = try ScratchDirectory("memory")
    try scratch.write("one/exercise.yaml", "id: one")
    let file = scratch.path + "/checked.json"
    var memory = CheckMemory(file: file, version: "1")
    let folder = scratch.path + "/one"
    #expect(!memory.knows(folder))
    memory.set(folder, isGood: true)
    memory.write()
    #expect(CheckMemory(file: file, version: "1").knows(folder))
    #expect(!CheckMemory(file: file, version: "2").knows(folder))
    try scratch.write("one/answers/accepted/a.tap", "answer 1")
    #expect(!CheckMemory(file: file, version: "1").knows(folder))
    try FileManager.default.removeItem(atPath: folder + "/answers")
    #expect(CheckMemory(file: file, version: "1").knows(folder))
    memory.set(folder, isGood: false)
    #expect(!memory.knows(folder))
    // A course's own is named from the course, so that it is worth as much in another clone.
    let lock = scratch.path + "/checked.lock"
    var own = CheckMemory(file: lock, version: "", root: scratch.path)
    own.set(folder, isGood: true)
    own.write()
    let text = try String(contentsOfFile: lock, encoding: .utf8)
    #expect(text.contains("\"one\"") && !text.contains(scratch.path), "\(text)")
    try scratch.write("clone/one/exercise.yaml", "id: one")
    #expect(
      CheckMemory(file: lock, version: "", root: scratch.path + "/clone")
        .knows(scratch.path + "/clone/one"))
  }

  @Test func `what another check remembered meanwhile is kept`() throws {
    let scratch = try ScratchDirectory("memories")
    for name in ["one", "two", "three"] { try scratch.write("\(name)/exercise.yaml", "id: \(name)") }
    let file = scratch.path + "/checked.lock"
    func memory() -> CheckMemory { CheckMemory(file: file, version: "", root: scratch.path) }
    var first = memory()
    first.set(scratch.path + "/one", isGood: true)
    first.set(scratch.path + "/three", isGood: true)
    first.write()
    var (slow, quick) = (memory(), memory())
    quick.set(scratch.path + "/two", isGood: true)
    quick.write()
    slow.set(scratch.path + "/three", isGood: false)
    slow.write()
    #expect(memory().knows(scratch.path + "/one") && memory().knows(scratch.path + "/two"))
    #expect(!memory().knows(scratch.path + "/three"))
  }

  @Test func `several folders of one course are one check`() throws {
    let root = RepositoryFiles.root + "/Exercises/"
    let both = try CheckTarget.find([
      root + "incidents/FALSE-01", root + "00-journey", root + "00-journey/04-role-quiz",
    ])
    #expect(both.courseRoot == RepositoryFiles.root && both.root == both.courseRoot)
    #expect(both.folders.count == Set(both.folders).count && !both.isCourse)
    #expect(both.folders.contains { $0.hasSuffix("FALSE-01") })
    #expect(both.folders.contains { $0.hasSuffix("04-role-quiz") } && both.folders.count > 4)
    #expect(throws: CourseError.self) { try CheckTarget.find([root + "00-journey", "/nowhere"]) }
    // Outside of a course: named from the folder that holds them.
    let scratch = try ScratchDirectory("packs")
    for name in ["a/x/one", "a/y/two"] { try scratch.write("\(name)/exercise.yaml", "id: one") }
    let packs = try CheckTarget.find([scratch.path + "/a/x", scratch.path + "/a/y"])
    #expect(packs.root.hasSuffix("/a") && packs.courseRoot == nil && packs.folders.count == 2)
    let world = try TestWorld(language: .en)
    let reply = world.run("course check \(root)00-journey \(scratch.path)/a/x")
    #expect(reply.status != .success)
    let words = reply.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("do not belong to one course"), "\(reply.text)")
  }

  @Test func `a check that is stopped says so, and remembers nothing`() throws {
    let course = try Self.course(nil)
    var memory = CheckMemory(file: course.path + "/checked.json", version: "")
    let jobs = Mutex((done: 0, all: 0))
    let report = try Self.check(
      course.path, nil, memory: &memory, isStopped: { jobs.withLock { $0.done >= 5 } },
      progress: { done, all in jobs.withLock { $0 = (max($0.done, done), all) } })
    #expect(report.wasStopped && report.findings.isEmpty, "\(Self.list(report))")
    // Two workers end what they have begun, and take nothing new.
    #expect(jobs.withLock { $0.done <= 6 && $0.all > 20 }, "\(jobs.withLock { $0 })")
    #expect(!memory.knows(course.path + "/Exercises/00-a/01-find"))
  }

  @Test(.timeLimit(.minutes(5)))
  func `Ctrl-C in a shell ends the check with what was found, and records nothing`() throws {
    let course = try Self.course(nil)
    let home = course.path + "/home"
    let process = Binary.process([
      "course", "check", course.path, "--full", "--home", home, "--lang", "en",
    ])
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    try process.run()
    // Worlds are opened: the check is under way.
    func isUnderWay() -> Bool {
      let open = try? FileManager.default.contentsOfDirectory(atPath: home + "/authoring/grading")
      return open?.isEmpty == false
    }
    while process.isRunning, !isUnderWay() { usleep(20_000) }
    kill(process.processIdentifier, SIGINT)
    process.waitUntilExit()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationReason == .exit && process.terminationStatus == 3, "\(text)")
    #expect(text.contains("Stopped by Ctrl-C"), "\(text)")
    #expect(!FileManager.default.fileExists(atPath: course.path + "/Exercises/checked.lock"))
  }

  @Test func `a new exercise is checked for what is left to be written`() throws {
    let scratch = try ScratchDirectory("new")
    let world = try TestWorld()
    for kind in ContentScaffold.Kind.allCases {
      let path = scratch.path + "/team/0\(kind.rawValue.count)-\(kind.rawValue)"
      #expect(world.run("course new exercise \(path) --kind \(kind.rawValue)").status == .success)
      let reply = world.run("course check \(path)")
      #expect(reply.status == .notYet, "\(reply.text)")
      #expect(reply.text.contains("task.en.md:") && reply.text.contains("TODO"), "\(reply.text)")
      #expect(reply.text.contains("2 more in answers/wrong"), "\(reply.text)")
    }
  }

  @Test func `a guess that some learners draw right is no finding, and is listed under its seed`()
    throws
  {
    let scratch = try ScratchDirectory("guess")
    let path = scratch.path + "/01-guess"
    _ = try ContentScaffold(content: CourseContent(root: RepositoryFiles.root))
      .exercise(at: path, kind: .choice)
    let report = try Self.check(path, .full)
    let guesses = report.gradings.filter { $0.answer.hasPrefix("constant") }
    // The draw makes it right for one of the seeds that are asked first; then others are asked.
    #expect(guesses.contains { $0.verdict == "passed" } && guesses.contains { $0.verdict != "passed" })
    #expect(Set(guesses.map(\.setting.seed)).count > 1, "\(guesses)")
    for guess in guesses {
      let session = ExerciseSession(
        exercise: try Exercise.load(folder: path), host: try TestWorld().shell.lessonHost(),
        seed: guess.setting.seed)
      #expect(session.check(answer: "question 1").verdict.name == guess.verdict, "\(guess)")
    }
    #expect(!report.findings.contains { $0.rule == "nothing-passes" }, "\(Self.list(report))")
  }
}
