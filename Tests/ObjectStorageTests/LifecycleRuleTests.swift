import ObjectStorage
import TestSupport
import Testing

/// Which rules S3 takes.
@Suite struct LifecycleRuleTests {
  private typealias Rule = LifecycleRule

  private func rule(_ moves: (Int, StorageClass)..., end: Int? = nil) -> LifecycleRule {
    Rule(
      expiration: end.map { .at(.days($0)) },
      transitions: moves.map { Rule.Transition(.days($0.0), to: $0.1) })
  }

  private func isTaken(_ rules: LifecycleRule...) -> Bool {
    (try? LifecycleConfiguration(rules).check()) != nil
  }

  @Test func `takes what S3 takes`() {
    let day: Int64 = 86_400_000
    #expect(isTaken(rule(end: 1)))
    #expect(isTaken(rule((30, .standardInfrequentAccess), (60, .glacier), end: 180)))
    #expect(isTaken(rule((0, .glacier))))
    #expect(isTaken(rule((0, .intelligentTiering), (90, .deepArchive))))
    #expect(isTaken(rule((60, .glacier), (30, .oneZoneInfrequentAccess))))
    #expect(isTaken(rule((1, .glacierInstantRetrieval), (2, .glacier), (3, .deepArchive))))
    #expect(isTaken(Rule(abortUploadsAfterDays: 7)))
    #expect(isTaken(Rule(expiration: .expiredObjectDeleteMarker)))
    #expect(isTaken(Rule(expiration: .at(.date(19_723 * day)))))
    #expect(
      isTaken(
        Rule(
          filter: Rule.Filter(prefix: "raw/", sizeGreaterThan: 0, sizeLessThan: 100),
          noncurrentExpiration: Rule.NoncurrentExpiration(days: 90, newerVersions: 100),
          noncurrentTransitions: [
            Rule.NoncurrentTransition(days: 30, newerVersions: 1, to: .standardInfrequentAccess)
          ])))
    #expect(isTaken(Rule(id: "a", abortUploadsAfterDays: 1), Rule(id: "b", abortUploadsAfterDays: 1)))
  }

  @Test func `refuses what S3 refuses, and names the rule`() {
    let day: Int64 = 86_400_000
    let refused: [(String, LifecycleRule)] = [
      ("no action", Rule()),
      ("0 days", rule(end: 0)),
      ("-1 days", rule((-1, .glacier))),
      ("29 days to IA", rule((29, .standardInfrequentAccess))),
      ("IA, then archive too early", rule((30, .standardInfrequentAccess), (59, .glacier))),
      ("upwards", rule((30, .glacier), (60, .standardInfrequentAccess))),
      ("one zone to instant", rule((30, .oneZoneInfrequentAccess), (90, .glacierInstantRetrieval))),
      ("to standard", rule((30, .standard))),
      ("twice the same class", rule((30, .glacier), (60, .glacier))),
      ("at one time", rule((30, .glacier), (30, .deepArchive))),
      ("expires before it moves", rule((30, .glacier), end: 30)),
      ("no midnight", Rule(expiration: .at(.date(day + 1)))),
      (
        "mixed units",
        Rule(
          expiration: .at(.date(day)), transitions: [Rule.Transition(.days(0), to: .glacier)])
      ),
      ("sizes", Rule(filter: Rule.Filter(sizeGreaterThan: 5, sizeLessThan: 5), expiration: .at(.days(1)))),
      ("negative size", Rule(filter: Rule.Filter(sizeGreaterThan: -1), expiration: .at(.days(1)))),
      ("uploads by size", Rule(filter: Rule.Filter(sizeLessThan: 5), abortUploadsAfterDays: 1)),
      (
        "markers by size",
        Rule(filter: Rule.Filter(sizeLessThan: 5), expiration: .expiredObjectDeleteMarker)
      ),
      ("uploads at once", Rule(abortUploadsAfterDays: 0)),
      ("earlier versions at once", Rule(noncurrentExpiration: Rule.NoncurrentExpiration(days: 0))),
      (
        "101 versions",
        Rule(noncurrentExpiration: Rule.NoncurrentExpiration(days: 1, newerVersions: 101))
      ),
      (
        "earlier versions to IA too early",
        Rule(noncurrentTransitions: [
          Rule.NoncurrentTransition(days: 7, to: .standardInfrequentAccess)
        ])
      ),
      (
        "earlier versions expire before they move",
        Rule(
          noncurrentExpiration: Rule.NoncurrentExpiration(days: 10),
          noncurrentTransitions: [Rule.NoncurrentTransition(days: 10, to: .glacier)])
      ),
      ("long id", Rule(id: String(repeating: "x", count: 256), abortUploadsAfterDays: 1)),
      (
        "long prefix",
        Rule(
          filter: Rule.Filter(prefix: String(repeating: "x", count: 1_025)),
          abortUploadsAfterDays: 1)
      ),
    ]
    for (label, rule) in refused {
      #expect(kind { try LifecycleConfiguration([rule]).check() } == .invalidLifecycle, "\(label)")
    }
    #expect(kind { try LifecycleConfiguration([]).check() } == .invalidLifecycle)
    #expect(!isTaken(Rule(id: "a", abortUploadsAfterDays: 1), Rule(id: "a", abortUploadsAfterDays: 2)))
    let named = Rule(id: "keep-30", filter: Rule.Filter(prefix: "raw/"))
    let error = #expect(throws: ObjectStorageError.self) {
      try LifecycleConfiguration([named]).check()
    }
    #expect(error?.message.contains("keep-30") == true)
    #expect(error?.advice?.isEmpty == false)
  }

  @Test func `rules are kept, replaced and removed as a whole`() throws {
    let fixture = try BucketFixture()
    #expect(try fixture.bucket.lifecycle() == nil)
    try fixture.bucket.setLifecycle(nil)
    #expect(fixture.scratch.names("") == ["lake"])
    let rules = LifecycleConfiguration(
      [rule(end: 1), Rule(id: "rule-2", abortUploadsAfterDays: 3), rule(end: 2)],
      transitionMinimum: .variesByStorageClass)
    try fixture.bucket.setLifecycle(rules)
    try fixture.reopen()
    let kept = try #require(try fixture.bucket.lifecycle())
    #expect(kept.rules.map(\.id) == ["rule-1", "rule-2", "rule-3"])
    #expect(kept.transitionMinimum == .variesByStorageClass)
    #expect(kind { try fixture.bucket.setLifecycle(LifecycleConfiguration([])) } == .invalidLifecycle)
    #expect(try fixture.bucket.lifecycle() == kept)
    try fixture.bucket.setLifecycle(nil)
    #expect(try fixture.bucket.lifecycle() == nil)
  }
}
