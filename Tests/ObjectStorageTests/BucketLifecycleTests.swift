import Foundation
import ObjectStorage
import TestSupport
import Testing

/// What rules do to a bucket as the story's clock goes on.
@Suite struct BucketLifecycleTests {
  private typealias Rule = LifecycleRule
  private static let large = 128 * 1_024

  private func set(_ fixture: BucketFixture, _ rules: LifecycleRule...) throws {
    try fixture.bucket.setLifecycle(LifecycleConfiguration(rules))
  }

  /// Midnight UTC, so many days behind the midnight before the story's start.
  private func midnight(_ days: Int64) -> Int64 {
    TestClock.start / TestClock.day * TestClock.day + days * TestClock.day
  }

  private func storageClass(_ fixture: BucketFixture, _ key: String) throws -> StorageClass? {
    try fixture.bucket.record(key)?.attributes.storageClass
  }

  @Test func `a day is counted from the object's own time to the midnight behind it`() throws {
    for (created, days, end) in [
      // 00:10 on the first day; noon; the last millisecond; midnight itself is the day's beginning.
      (midnight(0) + 600_000, 1, midnight(2)), (midnight(0) + TestClock.day / 2, 3, midnight(4)),
      (midnight(1) - 1, 1, midnight(2)), (midnight(0), 1, midnight(2)),
    ] {
      let fixture = try BucketFixture()
      fixture.clock.now = created
      try fixture.bucket.put("k", [1])
      try set(fixture, Rule(expiration: .at(.days(days))))
      #expect(try fixture.bucket.applyLifecycle(now: end - 1).actions.isEmpty, "\(created)")
      #expect(try fixture.bucket.head("k") != nil)
      let report = try fixture.bucket.applyLifecycle(now: end)
      #expect(report.count(.expired) == 1, "\(created)")
      #expect(try fixture.bucket.head("k") == nil)
      #expect(try fixture.bucket.applyLifecycle(now: end).actions.isEmpty)
    }
  }

  @Test func `moves objects down, and keeps bytes, tag and time`() throws {
    let fixture = try BucketFixture()
    let bytes = [UInt8](repeating: 3, count: Self.large)
    let plain = try fixture.bucket.write("raw/plain", bytes)
    let tagged = try fixture.bucket.write(
      "raw/tagged", bytes, ObjectAttributes(headers: ["content-type": "a/b"], entityTag: "tag"))
    try fixture.bucket.write("other/x", bytes)
    try set(
      fixture,
      Rule(
        id: "cool", filter: Rule.Filter(prefix: "raw/"),
        transitions: [
          Rule.Transition(.days(30), to: .standardInfrequentAccess),
          Rule.Transition(.days(60), to: .glacier),
        ]))
    #expect(try fixture.bucket.applyLifecycle(now: midnight(30)).actions.isEmpty)
    for (days, expected) in [
      (Int64(31), StorageClass.standardInfrequentAccess), (60, .standardInfrequentAccess),
      (61, .glacier), (400, .glacier),
    ] {
      _ = try fixture.bucket.applyLifecycle(now: midnight(days))
      for (key, before) in [("raw/plain", plain), ("raw/tagged", tagged)] {
        let record = try #require(try fixture.bucket.record(key))
        #expect(record.attributes.storageClass == expected, "day \(days)")
        #expect(record.entityTag == before.entityTag)
        #expect(record.modifiedMilliseconds == before.modifiedMilliseconds)
        #expect(record.attributes.headers == before.attributes.headers)
      }
      try fixture.reopen()
    }
    #expect(try storageClass(fixture, "other/x") == .standard)
    #expect(try fixture.bucket.get("raw/plain") == bytes)
    // A new object begins anew.
    try fixture.bucket.put("raw/plain", bytes)
    #expect(try storageClass(fixture, "raw/plain") == .standard)
  }

  @Test func `small objects stay, unless the rule or the bucket says otherwise`() throws {
    for (minimum, filter, target, expected) in [
      (
        LifecycleConfiguration.TransitionMinimum.allStorageClasses, Rule.Filter(),
        StorageClass.glacier, StorageClass.standard
      ),
      (.variesByStorageClass, Rule.Filter(), .glacier, .glacier),
      (.variesByStorageClass, Rule.Filter(), .intelligentTiering, .standard),
      (.allStorageClasses, Rule.Filter(sizeGreaterThan: 10), .glacier, .glacier),
      (.allStorageClasses, Rule.Filter(sizeGreaterThan: 100), .glacier, .standard),
      (.allStorageClasses, Rule.Filter(sizeLessThan: 101), .glacier, .glacier),
      (.allStorageClasses, Rule.Filter(sizeLessThan: 100), .glacier, .standard),
    ] {
      let fixture = try BucketFixture()
      try fixture.bucket.put("k", [UInt8](repeating: 1, count: 100))
      let rule = Rule(filter: filter, transitions: [Rule.Transition(.days(1), to: target)])
      try fixture.bucket.setLifecycle(
        LifecycleConfiguration([rule], transitionMinimum: minimum))
      _ = try fixture.bucket.applyLifecycle(now: midnight(10))
      #expect(try storageClass(fixture, "k") == expected, "\(minimum) \(filter) \(target)")
    }
  }

  @Test func `of several rules removal goes before moves, and the lowest class wins`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("a/x", [UInt8](repeating: 1, count: Self.large))
    try fixture.bucket.put("b/x", [UInt8](repeating: 1, count: Self.large))
    try set(
      fixture,
      Rule(transitions: [Rule.Transition(.days(30), to: .standardInfrequentAccess)]),
      Rule(
        id: "deep", filter: Rule.Filter(prefix: "a/"),
        transitions: [Rule.Transition(.days(10), to: .deepArchive)]),
      Rule(filter: Rule.Filter(prefix: "b/"), expiration: .at(.days(40))),
      Rule(id: "off", isEnabled: false, expiration: .at(.days(1))))
    let report = try fixture.bucket.applyLifecycle(now: midnight(50))
    #expect(try storageClass(fixture, "a/x") == .deepArchive)
    #expect(try fixture.bucket.head("b/x") == nil)
    #expect(report.actions.count == 2)
    #expect(report.actions.first { $0.key == "a/x" }?.rule == "deep")
    #expect(report.bytes(.expired) == Self.large)
    #expect(fixture.bucket.ledger.snapshot().requests[.lifecycleTransition] == 1)
    #expect(fixture.bucket.ledger.snapshot().requests(.transition) == 1)
  }

  @Test func `with versions an object is hidden, and earlier ones end in their own time`() throws {
    let fixture = try BucketFixture(versioning: .enabled)
    for round in 0..<4 {
      try fixture.bucket.write("k", [UInt8](repeating: UInt8(round), count: Self.large))
      fixture.clock.now += TestClock.day
    }
    try set(
      fixture,
      Rule(
        id: "both", expiration: .at(.days(20)),
        noncurrentExpiration: Rule.NoncurrentExpiration(days: 10, newerVersions: 1),
        noncurrentTransitions: [Rule.NoncurrentTransition(days: 5, to: .glacier)]))
    // The first three ended on the days 1, 2 and 3 with the versions behind them.
    var report = try fixture.bucket.applyLifecycle(now: midnight(7))
    #expect(report.count(.moved) == 1)
    #expect(report.actions.first?.from == .standard && report.actions.first?.to == .glacier)
    report = try fixture.bucket.applyLifecycle(now: midnight(13))
    #expect(report.count(.moved) == 1)
    #expect(report.count(.versionRemoved) == 2)
    #expect(try fixture.versions("k").count == 2)
    #expect(fixture.files("versions").count == 1)
    // Day 3 and 20 more.
    fixture.clock.now = midnight(30)
    report = try fixture.bucket.applyLifecycle(now: midnight(24))
    // The hidden one is the newest of the earlier versions now, so the one before it is not kept.
    #expect(report.actions.map(\.kind) == [.hidden, .versionRemoved])
    #expect(try fixture.bucket.head("k") == nil)
    #expect(try fixture.bucket.record("k")?.isDeleteMarker == true)
    #expect(try fixture.bucket.record("k")?.modifiedMilliseconds == midnight(24))
    // The marker is not hidden again, and the newest of the earlier versions stays.
    report = try fixture.bucket.applyLifecycle(now: midnight(400))
    #expect(report.actions.map(\.kind) == [.moved])
    #expect(try fixture.versions("k").count == 2)
  }

  @Test func `a delete marker goes once nothing is behind it`() throws {
    for rule in [
      Rule(id: "marker", expiration: .expiredObjectDeleteMarker),
      Rule(id: "marker", filter: Rule.Filter(prefix: "k"), expiration: .at(.days(1))),
    ] {
      let fixture = try BucketFixture(versioning: .enabled)
      let id = try #require(try fixture.bucket.write("k", [1]).versionID)
      try fixture.bucket.remove("k")
      try fixture.bucket.write("live", [1])
      try fixture.bucket.setLifecycle(
        LifecycleConfiguration([
          rule,
          Rule(
            id: "old", filter: Rule.Filter(prefix: "k"),
            noncurrentExpiration: Rule.NoncurrentExpiration(days: 3)),
        ]))
      #expect(try fixture.bucket.applyLifecycle(now: midnight(1)).actions.isEmpty)
      #expect(try fixture.versions("k").last == id)
      let report = try fixture.bucket.applyLifecycle(now: midnight(4))
      #expect(report.count(.versionRemoved) == 1)
      #expect(report.count(.markerRemoved) == 1)
      #expect(try fixture.versions("k").isEmpty)
      #expect(fixture.files("versions").isEmpty)
    }
  }

  @Test func `uploads that nobody completes are aborted`() throws {
    let fixture = try BucketFixture()
    let old = try fixture.bucket.createUpload("raw/a").id
    let writer = try fixture.bucket.makeWriter()
    try [UInt8]([1, 2, 3]).withUnsafeBytes { try writer.write($0) }
    _ = try fixture.bucket.putPart(
      old, number: 1, writer: writer, entityTag: BucketUploadTests.tag(1))
    let elsewhere = try fixture.bucket.createUpload("tmp/a").id
    fixture.clock.now = midnight(5)
    let young = try fixture.bucket.createUpload("raw/a").id
    try set(fixture, Rule(filter: Rule.Filter(prefix: "raw/"), abortUploadsAfterDays: 7))
    #expect(try fixture.bucket.applyLifecycle(now: midnight(7)).actions.isEmpty)
    let report = try fixture.bucket.applyLifecycle(now: midnight(8))
    #expect(report.actions.map(\.kind) == [.uploadAborted])
    #expect(report.bytes(.uploadAborted) == 3)
    #expect(try fixture.bucket.uploads().uploads.map(\.id) == [young, elsewhere])
  }

  @Test func `a date is due from its midnight on, for all objects there are`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("old", [1])
    fixture.clock.now = midnight(9) + 5
    try fixture.bucket.put("new", [1])
    try set(fixture, Rule(expiration: .at(.date(midnight(10)))))
    #expect(try fixture.bucket.applyLifecycle(now: midnight(10) - 1).actions.isEmpty)
    #expect(try fixture.bucket.applyLifecycle(now: midnight(10)).count(.expired) == 2)
  }

  @Test func `a thousand objects go in one run, and odd keys with them`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.putMany((0..<1_000).map { ("raw/\($0 % 10)/\($0)", [1]) })
    for key in KeysOnDiskTests.odd { try fixture.bucket.put(key, [1]) }
    fixture.clock.now = midnight(2)
    try fixture.bucket.put("raw/young", [1])
    try set(fixture, Rule(expiration: .at(.days(1))))
    let report = try fixture.bucket.applyLifecycle(now: midnight(3))
    #expect(report.count(.expired) == 1_000 + KeysOnDiskTests.odd.count)
    #expect(try fixture.bucket.keys() == bytes(["raw/young"]))
  }

  @Test func `adds up what rests by prefix, class and kind`() throws {
    let fixture = try BucketFixture()
    try fixture.bucket.put("raw/events/1", [1, 2, 3])
    try fixture.bucket.write("raw/events/2", [1], ObjectAttributes(storageClass: .glacier))
    try fixture.bucket.put("raw/x", [1, 2])
    try fixture.bucket.put("top", [1])
    try fixture.bucket.setVersioning(.enabled)
    try fixture.bucket.put("raw/x", [1, 2, 3, 4])
    try fixture.bucket.remove("top")
    let id = try fixture.bucket.createUpload(
      "raw/u", attributes: ObjectAttributes(storageClass: .standardInfrequentAccess)).id
    for number in 1...2 {
      let writer = try fixture.bucket.makeWriter()
      try [UInt8]([1, 2]).withUnsafeBytes { try writer.write($0) }
      _ = try fixture.bucket.putPart(
        id, number: number, writer: writer, entityTag: BucketUploadTests.tag(number))
    }
    func rows(_ depth: Int) throws -> [String] {
      try fixture.bucket.usage(prefixDepth: depth).map {
        "\($0.prefix) \($0.kind.rawValue) \($0.storageClass.rawValue) \($0.count) \($0.bytes)"
      }
    }
    #expect(
      try rows(1) == [
        " noncurrent STANDARD 1 1", "raw/ current STANDARD 2 7", "raw/ current GLACIER 1 1",
        "raw/ noncurrent STANDARD 1 2", "raw/ upload STANDARD_IA 2 4",
      ])
    #expect(
      try rows(0) == [
        " current STANDARD 2 7", " current GLACIER 1 1", " noncurrent STANDARD 2 3",
        " upload STANDARD_IA 2 4",
      ])
    #expect(try rows(2).contains("raw/events/ current STANDARD 1 3"))
  }
}
