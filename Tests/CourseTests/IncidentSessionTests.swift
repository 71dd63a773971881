import Course
import Foundation
import Grading
import Testing

/// The judge of incidents over worlds that answer as the test says: it believes no claim that they
/// contradict, and says when it could not look.
@Suite struct IncidentSessionTests {
  /// A learner's world and copies of it, in which the symptom shows or does not.
  private final class StubHost: IncidentHost {
    struct Gone: Error {}

    var language = CourseLanguage.english
    var showsSymptom = true
    /// By the faults that a copy is opened with.
    var copyShowsSymptom: ([Fault]) -> Bool = { !$0.isEmpty }
    var hasWorlds = true
    var files: [LearnerChanges.File] = []
    var planted: [Fault] = []
    var forks: [String] = []
    var rewound: [String] = []
    var now: Int64 = 1_705_363_800_000
    /// Queries with this text fail.
    var failing: String?

    func query(_ sql: String) throws -> HostTable {
      if let failing, sql.contains(failing) { throw Gone() }
      return Self.answer(sql, showsSymptom)
    }

    static func answer(_ sql: String, _ shows: Bool) -> HostTable {
      if sql.contains("amount_krw = 0\n") || sql.hasSuffix("amount_krw = 0") {
        return HostTable(columns: ["event_id"], rows: shows ? [[.text("e")]] : [])
      }
      if sql.contains("AS orders") {
        return HostTable(
          columns: ["orders", "free"], rows: [[.integer(3), .integer(shows ? 2 : 0)]])
      }
      if sql.contains("count_if(amount_krw = 0)") {
        return HostTable(columns: ["n"], rows: [[.integer(2)]])
      }
      if sql.contains("amount_krw > 0") {
        return HostTable(columns: ["n"], rows: [[.integer(3)]])
      }
      if sql.contains("current_timestamp") {
        return HostTable(columns: ["now"], rows: [[.text("2024-03-01 00:10:00 UTC")]])
      }
      return HostTable(columns: ["x"], rows: [])
    }

    /// Lines that were run and files that were saved, in their order.
    var done: [String] = []
    /// The same in copies of the world.
    var doneInCopies: [String] = []
    /// A line with this text ends with 1.
    var refused: String?

    func run(_ line: String) throws -> HostReply {
      done.append(line)
      if line.hasPrefix("clock 2024-01-17T09:10:00+09:00") { now += 86_400_000 }
      return HostReply(output: line, exitCode: refused.map(line.contains) == true ? 1 : 0)
    }

    func save(_ files: [LearnerChanges.File]) throws {
      done += files.map { "save \($0.path): \($0.content ?? "")" }
    }

    func text(_ key: String, _ values: [String: String]) -> String {
      FakeHost.say(language, key, values)
    }

    /// The worlds that were asked for.
    var requests: [WorldRequest] = []

    func open(_ request: WorldRequest) throws -> any GradingWorld {
      guard hasWorlds else { throw Gone() }
      requests.append(request)
      let world = StubWorld(self, shows: copyShowsSymptom(request.faults))
      try request.script?.play(in: world)
      return world
    }

    func open(tables: [GradingTable]) throws -> any GradingWorld { throw Gone() }
    func changes(since fork: String) throws -> LearnerChanges { LearnerChanges(files: files) }
    func mutants(of sql: String) throws -> [SQLMutant] { [] }
    func takeFork(_ name: String) throws { forks.append(name) }
    func rewind(to fork: String) throws { rewound.append(fork) }
    func plant(_ faults: [Fault]) throws { planted += faults }
  }

  private final class StubWorld: GradingWorld {
    let host: StubHost
    let shows: Bool
    init(_ host: StubHost, shows: Bool) {
      self.host = host
      self.shows = shows
    }
    var description: WorldDescription { WorldDescription(seed: 1, day: "2024-02-29", origin: "made") }
    var language: CourseLanguage { host.language }
    func text(_ key: String, _ values: [String: String]) -> String { host.text(key, values) }
    func query(_ sql: String) throws -> HostTable { StubHost.answer(sql, shows) }
    func run(_ line: String) throws -> HostReply {
      host.doneInCopies.append(line)
      return HostReply(output: "", exitCode: 0)
    }
    func save(_ files: [LearnerChanges.File]) throws {
      host.doneInCopies += files.map { "save \($0.path): \($0.content ?? "")" }
    }
    func apply(_ changes: LearnerChanges, rebinding: [String: String]) throws -> [HostReply] {
      host.doneInCopies += changes.files.map { "apply \($0.path): \($0.content ?? "")" }
      return []
    }
    func fork() throws -> any GradingWorld { self }
    func setAnswer(_ name: String, _ table: GradingTable) throws {}
    func close() {}
  }

  private static func begin(
    _ host: StubHost, _ progress: ProgressStore = ProgressStore(path: nil)
  ) throws -> IncidentSession {
    let incident = try Incident.load(folder: fixtureURL("incidents/TXT-01").path)
    return try IncidentSession.start(
      incident, host: host, progress: progress, seed: 7, now: { host.now }
    ).session
  }

  private static func read(_ session: IncidentSession, _ table: String, _ values: [String]) throws {
    _ = try session.note(
      IncidentReading(line: "x", sources: [table], values: values, rowCount: 1), storyTime: 0)
  }

  /// A session with both facts read: number 1 is decisive, number 2 clears the neighbours.
  private static func ready(_ host: StubHost) throws -> IncidentSession {
    let session = try begin(host)
    _ = try session.fillIn(.triage, "wrong")
    try read(session, "warehouse.mart.fact_purchase", ["2"])
    try read(session, "lake.bronze.events", ["{}"])
    return session
  }

  private static let claim = "stage=etl cause=type-drift facts=1,2"

  // MARK: Beginning

  @Test func `the fault is planted before the clock goes to the message, and the fork comes last`()
    throws
  {
    let host = StubHost()
    let session = try Self.begin(host)
    #expect(host.forks == ["before TXT-01", "incident TXT-01"])
    #expect(host.planted.map(\.name) == ["price-as-text"])
    #expect(["0", "1"].contains(host.planted[0].parameters["from"]))
    #expect(session.run.parameters["hour"] != session.run.hiddenParameters["hour"])
    #expect(session.run.today == "2024-01-17" && session.run.yesterday == "2024-01-16")
  }

  @Test func `a world without the symptom begins nothing and is put back`() throws {
    let host = StubHost()
    host.showsSymptom = false
    let progress = ProgressStore(path: nil)
    #expect(throws: CourseError.self) { _ = try Self.begin(host, progress) }
    #expect(host.rewound == ["before TXT-01"])
    #expect(try progress.openIncident() == nil)
  }

  // MARK: What somebody did

  /// TXT-01 without its fault, brought about by two steps; the cause blames the later one.
  private static func stepped(_ host: StubHost) throws -> IncidentSession {
    let incident = try Incident.load(folder: fixtureURL("incidents/TXT-01").path)
    var changed = incident
    changed.variants[0].faults = []
    changed.variants[0].steps = [
      IncidentStep(id: "price-as-text", at: "33:05", lines: ["kafka members stop {{hour}}"]),
      IncidentStep(
        id: "slow", at: "21:40",
        files: [.init(path: "ingest.yaml", content: "millisecondsPerRecord: {{hour}}00\n")]),
    ]
    return try IncidentSession.start(
      changed, level: .repair, host: host, progress: ProgressStore(path: nil), seed: 7,
      now: { host.now }
    ).session
  }

  @Test func `what somebody did is done on the day before the message, moment by moment`() throws {
    let host = StubHost()
    let session = try Self.stepped(host)
    let hour = try #require(session.run.parameters["hour"])
    #expect(session.run.level == "repair")
    #expect(host.forks == ["before TXT-01", "incident TXT-01"] && host.planted.isEmpty)
    #expect(
      host.done.prefix(5) == [
        "clock 2024-01-16T21:40:00+09:00", "save ingest.yaml: millisecondsPerRecord: \(hour)00\n",
        "clock 2024-01-17T09:05:00+09:00", "kafka members stop \(hour)",
        "clock 2024-01-17T09:10:00+09:00",
      ])
  }

  @Test func `where there is no time left for a step today, the message comes a day later`() throws {
    let host = StubHost()
    // Ten at night of the 16th.
    host.now = 1_705_410_000_000
    _ = try? Self.stepped(host)
    #expect(host.done.first == "clock 2024-01-17T21:40:00+09:00")
  }

  @Test func `a step that fails begins nothing and puts the world back`() throws {
    let host = StubHost()
    host.refused = "members stop"
    #expect(throws: CourseError.self) { _ = try Self.stepped(host) }
    #expect(host.rewound == ["before TXT-01"])
  }

  @Test func `the blamed step is left out of the world before it, and the others are done`() throws {
    let host = StubHost()
    let session = try Self.stepped(host)
    _ = try session.fillIn(.triage, "wrong")
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    try Self.read(session, "lake.bronze.events", ["{}"])
    host.copyShowsSymptom = { _ in false }
    let hour = try #require(session.run.parameters["hour"])
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    #expect(
      host.doneInCopies == [
        "clock 2024-01-16T21:40:00+09:00", "save ingest.yaml: millisecondsPerRecord: \(hour)00\n",
        "clock 2024-01-17T09:10:00+09:00",
      ])
    // The hidden variant: its own values, on the second day of a world that is made without them.
    host.doneInCopies = []
    host.files = [
      .init(path: "ingest.yaml", content: "maxPollRecords: 50\nmillisecondsPerRecord: \(hour)00\n"),
      .init(path: "sdk.yaml", content: "flushAt: \(hour)00\n"),
    ]
    // The learner's own world is opened first, and is repaired.
    var opened = 0
    host.copyShowsSymptom = { _ in
      opened += 1
      return opened > 1
    }
    _ = try session.check()
    let hidden = try #require(session.run.hiddenParameters["hour"])
    #expect(hidden != hour)
    #expect(host.doneInCopies.contains("kafka members stop \(hidden)"), "\(host.doneInCopies)")
    // A line that the learner left as the step wrote it is the hidden world's there; no other is.
    let applied = host.doneInCopies.filter { $0.hasPrefix("apply ") }
    #expect(
      applied == [
        "apply ingest.yaml: maxPollRecords: 50\nmillisecondsPerRecord: \(hidden)00\n",
        "apply sdk.yaml: flushAt: \(hour)00\n",
      ])
  }

  @Test func `every check of a run asks for the same hidden world, at its message`() throws {
    let host = StubHost()
    let session = try Self.stepped(host)
    _ = try session.fillIn(.triage, "wrong")
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    try Self.read(session, "lake.bronze.events", ["{}"])
    host.copyShowsSymptom = { _ in false }
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    // The world of the diagnosis is the learner's from before, brought to the message without the blamed.
    let own = try #require(host.requests.first)
    #expect(host.requests.count == 1 && own.origin == .learner(fork: "before TXT-01"))
    #expect(own.script?.steps.map(\.id) == ["slow"] && own.script?.end == session.run.startedAt)
    host.requests = []
    for _ in 0..<2 {
      var opened = 0
      host.copyShowsSymptom = { _ in
        opened += 1
        return opened > 1
      }
      #expect(try session.check().verdict?.feedbackID == "hidden")
    }
    let hidden = host.requests.filter { $0.script != nil }
    #expect(hidden.count == 2 && Set(hidden) == Set(session.worldRequests), "\(host.requests)")
    let script = try #require(hidden.first?.script)
    #expect(script.steps.map(\.id) == ["slow", "price-as-text"])
    // 21:40 of one day, 9:05 and 9:10 of the next.
    #expect(script.steps[1].moment - script.steps[0].moment == (11 * 60 + 25) * 60_000)
    #expect(script.end - script.steps[1].moment == 5 * 60_000)
    let hour = try #require(session.run.hiddenParameters["hour"])
    #expect(script.steps[1].lines == ["kafka members stop \(hour)"])
    // Whatever it says is in its text.
    let changes: [(inout WorldScript) -> Void] = [
      { $0.end += 1 }, { $0.steps[0].moment += 1 }, { $0.steps[0].files = [] },
      { $0.steps[0].files[0].content = nil }, { $0.steps[1].lines.append("clock") },
    ]
    for change in changes {
      var other = script
      change(&other)
      #expect(other.text != script.text)
    }
    // A round that finds a world without the symptom asks for another seed, and the same script.
    host.requests = []
    host.copyShowsSymptom = { _ in false }
    guard case .checkerFailed? = try session.check().verdict else {
      Issue.record("a repair was judged in a world that shows nothing")
      return
    }
    let rounds = host.requests.filter { $0.script != nil }
    #expect(rounds.count == 3 && Set(rounds.map(\.origin)).count == 3)
    #expect(rounds.allSatisfy { $0.script == script })
  }

  // MARK: Tempting repairs

  @Test func `of several repairs in vain, the author's order says which is spoken of`() throws {
    let host = StubHost()
    var incident = try Incident.load(folder: fixtureURL("incidents/TXT-01").path)
    incident.tempting = [
      Incident.Tempting(feedback: "skipped", commands: ["kafka reset-offsets --to-latest"]),
      Incident.Tempting(feedback: "more", commands: ["kafka members add"]),
      Incident.Tempting(feedback: "any", commands: ["kafka"]),
    ]
    func spoken(_ lines: [(String, String)]) throws -> String? {
      let session = try IncidentSession.start(
        incident, level: .repair, host: host, progress: ProgressStore(path: nil), seed: 7,
        now: { host.now }
      ).session
      _ = try session.fillIn(.triage, "wrong")
      try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
      try Self.read(session, "lake.bronze.events", ["{}"])
      host.copyShowsSymptom = { !$0.isEmpty }
      #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
      for (line, repair) in lines {
        _ = try session.note(
          IncidentReading(line: line, sources: [], values: [], rowCount: 0, repair: repair),
          storyTime: 0)
      }
      host.copyShowsSymptom = { _ in true }
      return try session.check().verdict?.feedbackID
    }
    let stop = ("kafka members stop 1", "kafka members")
    let add = ("kafka  members add", "kafka members")
    let earliest = ("kafka reset-offsets lake-sink --to-earliest --execute", "kafka reset-offsets")
    let latest = ("kafka reset-offsets lake-sink --execute --to-latest", "kafka reset-offsets")
    #expect(try spoken([stop, add, latest]) == "skipped")
    #expect(try spoken([stop, add, earliest]) == "more")
    #expect(try spoken([stop, earliest]) == "any")
    // Another tool's line by the name of ours.
    #expect(try spoken([("kafka-topics --alter", "kafka alter")]) == "any")
    #expect(try spoken([("dag run ingest", "dag run")]) == "still-there")
  }

  // MARK: Facts

  @Test func `what was not shown is no fact, wherever it was looked for`() throws {
    let session = try Self.begin(StubHost())
    try Self.read(session, "warehouse.mart.fact_purchase", ["3", "20"])
    try Self.read(session, "warehouse.mart.dim_product", ["2"])
    try Self.read(session, "memory.default.mine", ["2"])
    #expect(try session.evidence().lines.isEmpty)
    #expect(try session.evidence().others == 3)
    try Self.read(session, "warehouse.mart.fact_purchase", ["3", "2"])
    #expect(try session.evidence().lines.map(\.number) == [4])
  }

  // MARK: Wrong diagnoses

  @Test func `a fact whose query fails is not recognised, and its author is told`() throws {
    let host = StubHost()
    let session = try Self.begin(host)
    host.failing = "amount_krw = 0"
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    #expect(try session.evidence().lines.isEmpty)
    #expect(session.failedQueries.count == 1, "\(session.failedQueries)")
    // What is declared as accepted cannot hide it.
    let claim = IncidentCase(
      name: "x", lines: [("check", 1)], verdict: Verdict.passed.name, feedback: nil)
    func problems(_ failed: String) -> [String] {
      claim.play(host: host) { _ in
        (#"{"data":{"verdict":"passed","step":"done","failed_queries":[\#(failed)]}}"#, 0)
      }.problems
    }
    #expect(problems("").isEmpty)
    #expect(problems(#""zero: no such column""#).contains { $0.contains("zero: no such column") })
  }

  @Test func `what is claimed is judged before what it rests on`() throws {
    let host = StubHost()
    let session = try Self.ready(host)
    let wrong = try session.fillIn(.diagnose, "stage=etl cause=nothing facts=1,2")
    #expect(wrong.verdict?.feedbackID == "not-late")
    _ = try session.fillIn(.triage, "late")
    let triage = try session.fillIn(.diagnose, Self.claim)
    #expect(triage.verdict?.feedbackID == "not-late")
  }

  @Test func `a diagnosis needs two facts, one decisive and one about a neighbour`() throws {
    let session = try Self.ready(StubHost())
    let one = try session.fillIn(.diagnose, "stage=etl cause=type-drift facts=1")
    #expect(one.verdict?.feedbackID == "few-facts")
    _ = try session.removeEvidence([1])
    let other = try session.fillIn(.diagnose, "facts=2")
    #expect(other.verdict?.feedbackID == "few-facts")
  }

  @Test(arguments: [CourseLanguage.korean, .english])
  func `what the engine itself says is filled in as well`(_ language: CourseLanguage) throws {
    let host = StubHost()
    host.language = language
    let session = try Self.ready(host)
    let few = try session.fillIn(.diagnose, "stage=etl cause=type-drift facts=1").text
    #expect(few.contains("1") && !few.contains("[[") && !few.contains("{"), "\(few)")
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    // The fault is gone from the learner's world only: no rule is broken, the line of it is left out.
    host.showsSymptom = false
    let hidden = try session.check()
    #expect(hidden.verdict?.feedbackID == "hidden", "\(hidden)")
    #expect(!hidden.text.contains("[[") && !hidden.text.contains("{"), "\(hidden.text)")
    #expect(!hidden.text.contains("\n"), "\(hidden.text)")
  }

  @Test func `a line that cannot be read marks no evidence`() throws {
    let session = try Self.ready(StubHost())
    let answer = try session.fillIn(.diagnose, "stage=attic facts=1,2")
    #expect(answer.verdict == .couldNotRead(form: "diagnose"))
    #expect(session.run.marked.isEmpty && session.run.misses.isEmpty)
  }

  @Test func `numbers that are no evidence are refused`() throws {
    let session = try Self.ready(StubHost())
    #expect(try session.addEvidence([1, 9]).verdict != nil)
    #expect(session.run.marked.isEmpty)
  }

  // MARK: The counterfactual

  @Test func `the blamed fault is taken away, and its symptom with it`() throws {
    let host = StubHost()
    let session = try Self.ready(host)
    var opened: [[Fault]] = []
    host.copyShowsSymptom = {
      opened.append($0)
      return !$0.isEmpty
    }
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    #expect(opened == [[]])
    #expect(session.score.first { $0.part == "diagnosis" }?.points == 30)
  }

  @Test func `where the symptom stays without the fault, nothing is judged`() throws {
    let host = StubHost()
    host.copyShowsSymptom = { _ in true }
    let session = try Self.ready(host)
    let answer = try session.fillIn(.diagnose, Self.claim)
    guard case .checkerFailed? = answer.verdict else {
      Issue.record("\(String(describing: answer.verdict))")
      return
    }
    #expect(session.run.step == .diagnosis && session.run.misses.isEmpty)
    #expect(session.score.allSatisfy { $0.points == nil })
  }

  @Test func `without worlds a diagnosis and a repair are neither right nor wrong`() throws {
    let host = StubHost()
    let session = try Self.ready(host)
    host.hasWorlds = false
    let diagnosis = try session.fillIn(.diagnose, Self.claim)
    guard case .checkerFailed? = diagnosis.verdict else {
      Issue.record("\(String(describing: diagnosis.verdict))")
      return
    }
    host.hasWorlds = true
    #expect(try session.check().verdict == .passed)
    host.hasWorlds = false
    guard case .checkerFailed? = try session.check().verdict else {
      Issue.record("a repair was judged without a world")
      return
    }
    #expect(session.run.misses.isEmpty && session.run.step == .repair)
  }

  @Test func `a hidden world that happens not to show the symptom is replaced, up to a limit`() throws {
    let host = StubHost()
    let session = try Self.ready(host)
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    // The learner's own world is repaired; of the hidden ones the second shows the fault.
    var opened = 0
    host.copyShowsSymptom = { faults in
      if faults.isEmpty { return false }
      opened += 1
      return opened == 2
    }
    let judged = try session.check()
    #expect(judged.verdict?.feedbackID == "hidden", "\(judged)")
    #expect(opened == 2)
    host.copyShowsSymptom = { _ in false }
    guard case .checkerFailed? = try session.check().verdict else {
      Issue.record("a repair was judged in a world that shows nothing")
      return
    }
  }

  @Test(arguments: ["xs", "s"])
  func `hidden worlds have the size that the incident asks for`(size: String) throws {
    func sizes(_ requests: [WorldRequest]) -> [String] {
      requests.compactMap { request -> String? in
        guard case .made(_, _, let size, _) = request.origin else { return nil }
        return size
      }
    }
    let host = StubHost()
    var incident = try Incident.load(folder: fixtureURL("incidents/TXT-01").path)
    incident.worldSize = size
    let session = try IncidentSession.start(
      incident, host: host, progress: ProgressStore(path: nil), seed: 7, now: { host.now }
    ).session
    // Made while the learner reads, and opened when the repair is judged.
    #expect(sizes(session.worldRequests) == [size])
    _ = try session.fillIn(.triage, "wrong")
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    try Self.read(session, "lake.bronze.events", ["{}"])
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    #expect(try session.check().verdict?.feedbackID == "hidden")
    #expect(Set(sizes(host.requests)) == [size], "\(host.requests)")
  }

  // MARK: Points and going back

  @Test func `the third answer earns half, the second all`() throws {
    let session = try Self.ready(StubHost())
    for _ in 0..<2 { _ = try session.fillIn(.diagnose, "stage=etl cause=nothing facts=1,2") }
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .passed)
    #expect(session.score.first { $0.part == "diagnosis" }?.points == 15)
  }

  @Test func `steps come in their order, and a done one is shown again`() throws {
    let session = try Self.begin(StubHost())
    #expect(try session.fillIn(.diagnose, Self.claim).verdict == .notAttempted)
    #expect(try session.fillIn(.postmortem, "free=1").verdict == .notAttempted)
    #expect(try session.check().verdict == .notAttempted)
    #expect(session.refusal(of: "dag run") != nil)
    _ = try session.fillIn(.triage, "wrong")
    #expect(session.refusal(of: "dag run") == nil)
  }

  @Test func `a run is resumed from the progress file with all that was found`() throws {
    let folder = try ScratchFolder()
    let host = StubHost()
    let session = try Self.begin(host, ProgressStore(path: folder.path + "/p.sqlite"))
    _ = try session.fillIn(.triage, "wrong")
    try Self.read(session, "warehouse.mart.fact_purchase", ["2"])
    _ = try session.addEvidence([1])
    let progress = ProgressStore(path: folder.path + "/p.sqlite")
    let run = try #require(try progress.openIncident())
    let resumed = IncidentSession(
      incident: session.incident, run: run, host: host, progress: progress)
    #expect(resumed.run == session.run)
    #expect(try resumed.evidence().lines == session.evidence().lines)
    #expect(try resumed.evidence().lines.first?.texts == ["2 of 3 orders cost nothing."])
  }
}
