import ObjectStorage
import Testing

/// Listings of a store elsewhere: pages, ends, and answers that are none.
@Suite struct RemoteListingTests {
  @Test func `lists over pages, from any prefix, behind any key, up to any number`() throws {
    let fake = FakeS3()
    let store = try fake.store()
    let keys = (0..<2_345).map { "k/\(String($0 + 10_000))" }
    fake.with { state in
      for key in keys + ["a", "k", "z"] { state.objects[key] = .init(bytes: [1, 2, 3]) }
    }
    #expect(try store.list(prefix: "k/").map(\.key) == keys)
    #expect(fake.log.count == 3)
    #expect(
      try store.list(prefix: "k/", startAfter: keys[1_000]).map(\.key) == Array(keys[1_001...])
    )
    for limit in [0, 1, 999, 1_000, 1_001, 2_345, 5_000] {
      let found = try store.list(prefix: "k/", startAfter: nil, limit: limit)
      #expect(found.map(\.key) == Array(keys.prefix(limit)), "\(limit)")
    }
    #expect(try store.list(prefix: "k/", startAfter: "l").isEmpty)
    #expect(try store.list(prefix: "nothing").isEmpty)
    let first = try store.list(prefix: "k/", startAfter: nil, limit: 1).first
    #expect(first?.size == 3)
    #expect(first?.modifiedMilliseconds == 1_705_363_800_250)
    let queries = fake.log.filter { $0.contains("max-keys") }
    #expect(queries.contains { $0.contains("max-keys=1&") || $0.hasSuffix("max-keys=1") })
  }

  @Test func `names the directories that hold something, over pages`() throws {
    let fake = FakeS3()
    let store = try fake.store()
    for key in ["top", "a/1", "a/b/1", "a/c/d/1", "z/", "a//x", "a-b/1"] { try store.put(key, [1]) }
    #expect(try store.directories(below: "") == ["a-b", "a", "z"])
    #expect(try store.directories(below: "a/") == ["b", "c"])
    #expect(try store.directories(below: "a/b/").isEmpty)
    #expect(try store.directories(below: "nowhere/").isEmpty)
    let days = (0..<1_500).map { "d=\(10_000 + $0)" }
    fake.with { state in
      for day in days { state.objects["t/\(day)/part"] = .init(bytes: []) }
    }
    #expect(try store.directories(below: "t/") == days)
  }

  static func listing(_ body: String) -> FakeS3 {
    FakeS3 { _, _ in .answer(RemoteAnswer(status: 200, body: Array(body.utf8))) }
  }

  static func contents(_ key: String, time: String = "2024-01-16T00:10:00Z") -> String {
    "<Contents><Key>\(key)</Key><LastModified>\(time)</LastModified><Size>1</Size>"
      + "<Owner><ID>x</ID></Owner></Contents>"
  }

  @Test func `reads what S3 APIs write in their own ways`() throws {
    let text = """
      \u{FEFF}<?xml version="1.0" encoding='UTF-8'?>
      <!-- a server's greeting -->
      <s3:ListBucketResult xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" >
        <Name>bkt</Name><Prefix/><IsTruncated>false</IsTruncated>
        \(Self.contents("a&amp;b &#x1F98A;&#65;&lt;&quot;&apos;&gt;"))
        \(Self.contents("b%41+<![CDATA[<&>]]>", time: "2024-01-16T00:10:00.1234567Z"))
      </s3:ListBucketResult>
      """
    let found = try Self.listing(text).store().list(prefix: "")
    #expect(found.map(\.key) == ["a&b 🦊A<\"'>", "b%41+<&>"])
    #expect(found.map(\.modifiedMilliseconds) == [1_705_363_800_000, 1_705_363_800_123])
    let encoded =
      "<ListBucketResult><EncodingType>url</EncodingType>" + Self.contents("a+b%2Bc%25%ED%95%9C")
      + "</ListBucketResult>"
    #expect(try Self.listing(encoded).store().list(prefix: "").map(\.key) == ["a b+c%한"])
  }

  @Test(arguments: [
    "", "<html><body>It works!</body></html>", "{}", "<ListBucketResult>",
    "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
    "<ListBucketResult>\(contents("a", time: "yesterday"))</ListBucketResult>",
    "<ListBucketResult>\(contents("a", time: "2024-02-30T00:10:00Z"))</ListBucketResult>",
    "<ListBucketResult>\(contents("a", time: "2024-01-16T00:10:00.Z"))</ListBucketResult>",
    "<ListBucketResult>\(contents("a").split(separator: "</Key>").joined())</ListBucketResult>",
    "<ListBucketResult>\(contents("&unknown;"))</ListBucketResult>",
    "<ListBucketResult>\(contents("&#xD800;"))</ListBucketResult>",
    "<!DOCTYPE a [<!ENTITY b \"c\">]><ListBucketResult></ListBucketResult>",
    "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
    String(repeating: "<a>", count: 20),
    "<ListBucketResult a=b></ListBucketResult>", "<ListBucketResult a=\"b></ListBucketResult>",
  ])
  func `an answer that is no listing is an error and not an empty bucket`(body: String) throws {
    let told = message { _ = try Self.listing(body).store().list(prefix: "") }
    #expect(told?.hasPrefix("The answer of http://127.0.0.1:9000 cannot be read: ") == true)
  }

  @Test func `a listing out of order, in a circle or of other keys is refused`() throws {
    let disorder = "<ListBucketResult>\(Self.contents("b"))\(Self.contents("a"))</ListBucketResult>"
    #expect(
      message { _ = try Self.listing(disorder).store().list(prefix: "") }?
        .contains("against the order of their bytes") == true
    )
    let early = "<ListBucketResult>\(Self.contents("a"))</ListBucketResult>"
    #expect(
      kind { _ = try Self.listing(early).store().list(prefix: "", startAfter: "b") } == .failed
    )
    #expect(
      kind { _ = try Self.listing(early).store { $0.keyPrefix = "lake/" }.list(prefix: "") }
        == .failed
    )
    let circle =
      "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
      + "</NextContinuationToken></ListBucketResult>"
    let fake = Self.listing(circle)
    #expect(kind { _ = try fake.store().list(prefix: "") } == .failed)
    #expect(fake.log.count == 2)
  }
}
