import HTTPServer
import S3Endpoint
import Testing

struct PreconditionsTests {
  /// The object: its tag, and 2024-01-16 00:10:00.500 UTC.
  private let tag = "abc"
  private let modified: Int64 = 1_705_363_800_500
  private static let before = "Tue, 16 Jan 2024 00:09:59 GMT"
  private static let same = "Tue, 16 Jan 2024 00:10:00 GMT"
  private static let after = "Tue, 16 Jan 2024 00:10:01 GMT"

  private func outcome(
    _ headers: [String: String],
    isCopySource: Bool = false
  ) -> Preconditions.Outcome {
    Preconditions(headers.map { HTTPHeader($0.key, $0.value) }, isCopySource: isCopySource)
      .evaluate(entityTag: "\"\(tag)\"", modified: modified)
  }

  @Test(arguments: [
    ([:], Preconditions.Outcome.proceed),
    (["If-Match": "\"abc\""], .proceed), (["If-Match": "abc"], .proceed), (["If-Match": "*"], .proceed),
    (["If-Match": "\"x\", \"abc\""], .proceed), (["If-Match": "\"x\""], .failed(.ifMatch)),
    (["If-Match": "W/\"abc\""], .failed(.ifMatch)), (["If-Match": ""], .proceed),
    (["If-None-Match": "\"abc\""], .notModified), (["If-None-Match": "W/\"abc\""], .notModified),
    (["If-None-Match": "*"], .notModified), (["If-None-Match": "x, abc"], .notModified),
    (["If-None-Match": "\"x\""], .proceed), (["If-None-Match": "\"a,b-c\""], .proceed),
    (["If-Modified-Since": before], .proceed), (["If-Modified-Since": same], .notModified),
    (["If-Modified-Since": after], .notModified), (["If-Modified-Since": "yesterday"], .proceed),
    (["If-Unmodified-Since": before], .failed(.ifUnmodifiedSince)),
    (["If-Unmodified-Since": same], .proceed), (["If-Unmodified-Since": after], .proceed),
    (["If-Unmodified-Since": "yesterday"], .proceed),
    // The pairs that S3 documents.
    (["If-Match": "abc", "If-Unmodified-Since": before], .proceed),
    (["If-None-Match": "abc", "If-Modified-Since": before], .notModified),
    // And the others, by RFC 9110.
    (["If-Match": "x", "If-Unmodified-Since": after], .failed(.ifMatch)),
    (["If-None-Match": "x", "If-Modified-Since": after], .proceed),
    (["If-Match": "abc", "If-None-Match": "abc"], .notModified),
    (["If-Match": "x", "If-None-Match": "abc"], .failed(.ifMatch)),
    (["If-Match": "abc", "If-None-Match": "x"], .proceed),
    (["If-Match": "abc", "If-Modified-Since": after], .notModified),
    (["If-None-Match": "abc", "If-Unmodified-Since": before], .failed(.ifUnmodifiedSince)),
    (["If-None-Match": "x", "If-Unmodified-Since": before], .failed(.ifUnmodifiedSince)),
    (["If-Modified-Since": after, "If-Unmodified-Since": before], .failed(.ifUnmodifiedSince)),
    (["If-Modified-Since": before, "If-Unmodified-Since": after], .proceed),
  ]) func `conditions of a read decide in the order of RFC 9110`(
    headers: [String: String],
    outcome: Preconditions.Outcome
  ) {
    #expect(self.outcome(headers) == outcome)
  }

  @Test(arguments: [
    (["x-amz-copy-source-if-match": "abc"], Preconditions.Outcome.proceed),
    (["x-amz-copy-source-if-match": "x"], .failed(.ifMatch)),
    (["x-amz-copy-source-if-none-match": "abc"], .failed(.ifNoneMatch)),
    (["x-amz-copy-source-if-none-match": "x"], .proceed),
    (["x-amz-copy-source-if-modified-since": same], .failed(.ifModifiedSince)),
    (["x-amz-copy-source-if-modified-since": "2024-01-16T00:09:59Z"], .proceed),
    (
      ["x-amz-copy-source-if-match": "abc", "x-amz-copy-source-if-unmodified-since": before],
      .proceed
    ),
    (
      ["x-amz-copy-source-if-none-match": "abc", "x-amz-copy-source-if-modified-since": before],
      .failed(.ifNoneMatch)
    ),
    (["If-Match": "x"], .proceed),
  ]) func `the source of a copy has conditions of its own, and no 304`(
    headers: [String: String],
    outcome: Preconditions.Outcome
  ) {
    #expect(self.outcome(headers, isCopySource: true) == outcome)
  }

  @Test func `a refusal names the header that decided`() {
    let match = Preconditions(ifMatch: EntityTagList("x"))
    let error = refusal { try match.check(entityTag: tag, modified: modified) }
    #expect(error?.code == .preconditionFailed)
    #expect(error?.element("Condition") == "If-Match")
    let none = Preconditions(ifNoneMatch: EntityTagList("*"))
    #expect(refusal { try none.check(entityTag: tag, modified: modified) }?.code == .notModified)
    let copy = Preconditions(ifNoneMatch: .any, isCopySource: true)
    #expect(
      refusal { try copy.check(entityTag: tag, modified: modified) }?.element("Condition")
        == "x-amz-copy-source-If-None-Match"
    )
    #expect(refusal { try Preconditions().check(entityTag: tag, modified: modified) } == nil)
  }

  @Test func `lists of entity tags are read with commas inside and without quotes`() {
    #expect(
      EntityTagList("\"a,b\" , W/\"c\",d-2 ,")
        == .tags([EntityTag("a,b"), EntityTag("c", isWeak: true), EntityTag("d-2")])
    )
    #expect(EntityTagList("\"a\", *") == .any)
    #expect(EntityTagList("\"*\"") == .tags([EntityTag("*")]))
    #expect(EntityTagList("\"open") == .tags([EntityTag("open")]))
    #expect(EntityTagList(" , ") == nil)
    #expect(EntityTagList(nil) == nil)
  }

  @Test func `a write goes on if there is no object, or if it is this one`() throws {
    func condition(_ headers: (String, String)...) throws -> WriteCondition {
      try WriteCondition(headers.map { HTTPHeader($0.0, $0.1) })
    }
    let absent = try condition(("If-None-Match", "*"))
    #expect(absent == .ifAbsent)
    try absent.check(current: nil, key: "k")
    #expect(
      refusal { try absent.check(current: "abc", key: "k") }?.element("Condition") == "If-None-Match"
    )
    let this = try condition(("if-match", "\"abc\""))
    try this.check(current: "abc", key: "k")
    try this.check(current: "\"abc\"", key: "k")
    #expect(refusal { try this.check(current: "x", key: "k") }?.code == .preconditionFailed)
    #expect(refusal { try this.check(current: nil, key: "k") }?.code == .noSuchKey)
    try condition().check(current: "abc", key: "k")
    #expect(refusal { try condition(("If-None-Match", "abc")) }?.code == .notImplemented)
    #expect(
      refusal { try condition(("If-None-Match", "*"), ("If-Match", "abc")) }?.code == .notImplemented
    )
  }
}
