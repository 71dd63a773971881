import Commands
import EventSDK
import Foundation
import Platform
import Simulation
import TestSupport
import Testing

/// `sdk.yaml`: what it may say, what it is told when it is wrong, and what holds meanwhile.
struct SDKSettingsTests {
  @Test func `reads every rule that the SDK has`() throws {
    let settings = try SDKSettings(
      yaml: """
        flushAt: 5
        flushIntervalSeconds: 10
        flushOnBackground: false
        priorityEvents: [purchase_completed]
        queueEventsMax: 500
        queuePolicy: drop-newest
        queueStore: memory
        consent: {ad_impression: advertising}
        maskedProperties: [email]
        mistakes: [new-id-on-retry]
        retry:
          baseMilliseconds: 500
          factor: 1.5
          capSeconds: 60
          jitter: full
          giveUpAttempts: 100
          rules:
            400: retry
            timeout: drop-batch
            400-named: drop-batch
        """)
    let rules = settings.configuration
    #expect(rules.flushAt == 5 && rules.flushIntervalMilliseconds == 10_000)
    #expect(!rules.flushesOnBackground && rules.priorityEvents == ["purchase_completed"])
    #expect(rules.queueEventsMax == 500 && rules.queuePolicy == .dropNewest)
    #expect(!settings.keepsQueueOnDisk)
    #expect(rules.consentCategories == ["ad_impression": "advertising"])
    #expect(rules.maskedProperties == ["email"] && rules.mistakes == [.newIDOnRetry])
    #expect(rules.backoff.baseMilliseconds == 500 && rules.backoff.factorPercent == 150)
    #expect(rules.backoff.capMilliseconds == 60_000 && rules.backoff.jitter == .full)
    #expect(rules.backoff.giveUpAttempts == 100)
    #expect(rules.retryTable[.bad] == .retry && rules.retryTable[.timeout] == .dropBatch)
    #expect(rules.retryTable[.badNamed] == .dropBatch && rules.retryTable[.tooLarge] == .split)
    #expect(try SDKSettings(yaml: "") == SDKSettings())
  }

  @Test(arguments: [
    ("flushat: 20", "did you mean `flushAt`?"), ("flushAt: zwanzig", "a whole number from 1"),
    ("flushAt: 0", "a whole number from 1"), ("gzip: maybe", "true or false"),
    ("queuePolicy: oldest", "drop-oldest-ordinary, drop-oldest, drop-newest"),
    ("retry: {rules: {418: retry}}", "`retry.rules.418`"),
    ("retry: {rules: {503: wait}}", "one of delete, drop-named"),
    ("mistakes: [all]", "some of new-id-on-retry"), ("- 1", "must be keys with values"),
    ("flushAt: [", "is not valid YAML"),
  ])
  func `says what is wrong, where, and what would be right`(yaml: String, said: String) throws {
    let error = try #require(throws: PlatformError.self) { try SDKSettings(yaml: yaml) }
    #expect(error.message.contains("pipeline/sdk.yaml") && error.message.contains(said), "\(error)")
  }

  @Test func `keeps the rules before a mistake, also across a start`() throws {
    let scratch = try ScratchDirectory("sdk")
    let path = scratch.path + "/sdk-history.json"
    let start = StoryTime.courseStart
    var history = try SDKHistory(path: path, yaml: "flushAt: 30", now: start, start: start)
    #expect(history.current.configuration.flushAt == 30 && history.problem == nil)
    let later = start.adding(seconds: 3_600)
    #expect(try history.take("flushAt: x", from: later) == false)
    #expect(history.problem != nil && history.current.configuration.flushAt == 30)
    // Comments and order change nothing.
    #expect(try history.take("# more\nflushAt: 30\n", from: later) == false)
    #expect(history.problem == nil)
    #expect(try history.take("flushAt: 40", from: later))
    let again = try SDKHistory(
      path: path, yaml: "flushAt: :", now: later.adding(seconds: 60), start: start)
    #expect(again.current.configuration.flushAt == 40 && again.problem != nil)
    #expect(again.rules.map(\.from) == [start.milliseconds, later.milliseconds])
    #expect(again.rules.map(\.keepsQueue) == [true, true])
    let forgetful = try SDKHistory(
      path: scratch.path + "/memory.json", yaml: "queueStore: memory", now: start, start: start)
    #expect(forgetful.rules.map(\.keepsQueue) == [false])
    #expect(throws: PlatformError.self) {
      try SDKHistory(
        path: scratch.path + "/new.json", yaml: "flushAt: x", now: start, start: start)
    }
  }
}

/// What a learner does to the phone, line by line.
struct PhoneCommandTests {
  @Test func `an app that is killed keeps a disk queue and loses one in memory`() throws {
    let world = try TestWorld()
    _ = world.run("app network offline")
    for _ in 0..<3 { _ = world.run("app track screen_view screen=home") }
    let kept = world.run("app kill", json: true)
    #expect(kept.text.contains(#""lost":0"#) && kept.text.contains(#""queued":3"#), "\(kept.text)")
    _ = world.run("app network online")

    try Self.write("queueStore: memory\n", world)
    #expect(world.run("app config", json: true).text.contains(#""queueStore":"memory""#))
    _ = world.run("app network offline")
    for _ in 0..<3 { _ = world.run("app track screen_view screen=home") }
    let lost = world.run("app kill", json: true)
    #expect(lost.text.contains(#""lost":3"#) && lost.text.contains(#""queued":0"#), "\(lost.text)")
    // The gap in seq stays: no later event takes a lost one's place.
    let highest = try world.count("SELECT max(seq) FROM system.sdk.events")
    _ = world.run("app track screen_view screen=home")
    #expect(try world.count("SELECT max(seq) FROM system.sdk.events") == highest + 4)
  }

  @Test func `the phone's clock, its version and a network that comes back by itself`() throws {
    let world = try TestWorld()
    let wrong = world.run("app clock +9m", json: true).text
    #expect(wrong.contains(#""offset_ms":540000"#))
    let tracked = world.run("app track screen_view screen=home", json: true).text
    #expect(tracked.contains("2024-01-16T00:19:00"), "\(tracked)")
    _ = world.run("app clock reset")
    _ = world.run("app upgrade 3.3.0")
    _ = world.run("app network offline 2h")
    _ = world.run("app track screen_view screen=home")
    #expect(world.run("app log --requests", json: true).status == .success)
    #expect(try world.count("SELECT count(*) FROM system.sdk.events WHERE state = 'queued'") == 2)
    #expect(world.run("app network", json: true).text.contains(#""online":false"#))
    _ = world.run("clock +3h")
    #expect(world.run("app network", json: true).text.contains(#""online":true"#))
    #expect(world.run("app queue", json: true).text.contains(#""data":[]"#))
    // What was recorded in the tunnel arrived after it, under the version of its time.
    #expect(
      try world.count(
        "SELECT count(*) FROM system.sdk.events WHERE state = 'delivered' AND properties LIKE '%home%'")
        >= 2)
    let id = try #require(
      try world.texts("SELECT event_id FROM system.sdk.events ORDER BY seq DESC LIMIT 1").first)
    let record = world.run("kafka read app-events --where event_id=\(id)", json: true).text
    #expect(record.contains("3.3.0"), "\(record)")
    for line in ["app clock 9m", "app upgrade new", "app network flakey", "app kill now"] {
      #expect(world.run(line).status != .success, "\(line)")
    }
  }

  private static func write(_ yaml: String, _ world: TestWorld) throws {
    try yaml.write(
      toFile: world.worldPath + "/pipeline/sdk.yaml", atomically: true, encoding: .utf8)
  }

  @Test func `a mistake in sdk.yaml is said, and the rules before it hold`() throws {
    let world = try TestWorld()
    try Self.write("flushAt: many\n", world)
    let said = world.run("app config")
    #expect(said.text.contains("flushAt") && said.text.contains("20"))
    #expect(world.run("clock +1h").status == .success)
  }
}
