import Foundation
import ObjectStorage
import TestSupport
import Testing

/// The buckets of one world.
@Suite struct BucketSetTests {
  private func open(_ scratch: ScratchDirectory, _ clock: TestClock) throws -> BucketSet {
    let lake = try LocalObjectStore(root: scratch.path + "/lake", now: { clock.now })
    return try BucketSet(
      side: scratch.path + "/s3",
      given: [BucketSet.Given(name: "lake", store: lake, createdMilliseconds: 1_000)],
      seed: 5, now: { clock.now })
  }

  @Test func `buckets are created, found, listed and deleted, also after a reopening`() throws {
    let (scratch, clock) = (try ScratchDirectory(inMemory: true), TestClock())
    var set = try open(scratch, clock)
    try set.bucket("lake").put("raw/a", [1])
    #expect(scratch.names("") == ["lake"])
    try set.create("exports").put("x", [2])
    clock.now += 5_000
    try set.create("a-first")
    for _ in 0..<2 {
      #expect(
        try set.list() == [
          BucketSet.Entry(name: "a-first", createdMilliseconds: clock.now, isGiven: false),
          BucketSet.Entry(name: "exports", createdMilliseconds: TestClock.start, isGiven: false),
          BucketSet.Entry(name: "lake", createdMilliseconds: 1_000, isGiven: true),
        ])
      #expect(try set.bucket("lake").get("raw/a") == [1])
      #expect(try set.bucket("exports").get("x") == [2])
      #expect(try set.bucket("exports") === set.bucket("exports"))
      try set.close()
      set = try open(scratch, clock)
    }
    #expect(kind { _ = try set.bucket("nothing") } == .noSuchBucket)
    #expect(kind { _ = try set.bucket("../lake") } == .noSuchBucket)
    for name in ["exports", "lake"] { #expect(kind { try set.create(name) } == .bucketExists) }
    #expect(kind { try set.delete("exports") } == .bucketNotEmpty)
    #expect(kind { try set.delete("lake") } == .bucketIsGiven)
    #expect(kind { try set.delete("nothing") } == .noSuchBucket)
    let exports = try set.bucket("exports")
    try exports.delete("x")
    try set.delete("exports")
    #expect(kind { try set.delete("exports") } == .noSuchBucket)
    #expect(kind { try exports.put("x", [1]) } == .noSuchBucket)
    #expect(scratch.names("s3/buckets") == ["a-first"])
    try set.create("exports")
    #expect(try set.bucket("exports").keys().isEmpty)
  }

  @Test func `a bucket with versions, markers or settings is empty only without versions`() throws {
    let (scratch, clock) = (try ScratchDirectory(inMemory: true), TestClock())
    let set = try open(scratch, clock)
    let bucket = try set.create("versioned")
    try bucket.setVersioning(.enabled)
    try bucket.put("k", [1])
    try bucket.delete("k")
    #expect(kind { try set.delete("versioned") } == .bucketNotEmpty)
    for version in try bucket.listVersions(prefix: "").versions {
      try bucket.remove("k", version: version.versionID)
    }
    // An open upload goes with its bucket.
    _ = try bucket.createUpload("u")
    try set.delete("versioned")
    #expect(kind { _ = try bucket.record("k") } == .noSuchBucket)
    #expect(scratch.names("s3/buckets").isEmpty)
    try set.create("versioned")
    #expect(try set.bucket("versioned").versioning() == .unversioned)
  }

  @Test func `what a killed process left of a bucket is removed`() throws {
    let (scratch, clock) = (try ScratchDirectory(inMemory: true), TestClock())
    try scratch.write("s3/buckets/.999999999-1a-1/objects/x", "half made")
    try scratch.write("s3/buckets/no-description/objects/x", "another program's")
    let set = try open(scratch, clock)
    #expect(scratch.names("s3/buckets") == ["no-description"])
    #expect(try set.list().map(\.name) == ["lake"])
    #expect(kind { _ = try set.bucket("no-description") } == .noSuchBucket)
    #expect(kind { try set.create("no-description") } == .bucketExists)
    #expect(!scratch.names("s3/buckets").contains { $0.hasPrefix(".") })
  }

  @Test func `names are those that S3 takes`() {
    for name in ["abc", "app-events-raw", "my.bucket.1", "1a2", String(repeating: "a", count: 63)] {
      #expect(kind { try BucketName.check(name) } == nil, "\(name)")
    }
    for name in [
      "", "ab", String(repeating: "a", count: 64), "Upper", "under_score", "-a-", "a-", ".a.", "a..b",
      "192.168.5.4", "xn--a", "a-s3alias", "한글입니다", "a/b", "a b",
    ] {
      #expect(kind { try BucketName.check(name) } == .invalidBucketName, "\(name)")
    }
  }
}
