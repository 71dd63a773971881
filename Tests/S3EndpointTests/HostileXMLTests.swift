import Foundation
import S3Endpoint
import Testing

/// Bodies that no client means well with: each is refused with its line, in little time.
struct HostileXMLTests {
  private func refusal(_ body: String) -> S3Error? {
    S3EndpointTests.refusal { try BulkDeleteBody(reading: Array(body.utf8)) }
  }

  private func expectMalformed(
    _ body: String,
    line: Int = 1,
    saying reason: String,
    _ place: SourceLocation = #_sourceLocation
  ) {
    let error = refusal(body)
    #expect(error?.code == .malformedXML, sourceLocation: place)
    #expect(
      error?.message.contains("(line \(line): ") == true,
      "\(error?.message ?? "-")",
      sourceLocation: place
    )
    #expect(
      error?.message.contains(reason) == true,
      "\(error?.message ?? "-")",
      sourceLocation: place
    )
  }

  @Test func `entities of its own and document types are refused`() {
    expectMalformed(
      """
      <?xml version="1.0"?>
      <!DOCTYPE lolz [
        <!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
      ]>
      <Delete><Object><Key>&lol2;</Key></Object></Delete>
      """,
      line: 2,
      saying: "document type"
    )
    expectMalformed(
      "<Delete><Object><Key>&lol9;</Key></Object></Delete>",
      saying: "&lol9;"
    )
    expectMalformed(
      "<Delete><!DOCTYPE x SYSTEM \"file:///etc/passwd\"><Object><Key>a</Key></Object></Delete>",
      saying: "<Delete> holds elements"
    )
  }

  @Test func `elements are nested eight deep at most`() {
    let deep = String(repeating: "<a>", count: 200_000)
    let started = ContinuousClock.now
    let error = refusal("<Delete>" + deep)
    #expect(error?.code == .malformedXML)
    // A filter inside filters is refused by its depth, whatever it says.
    let filters = String(repeating: "<And><Prefix>a</Prefix>", count: 20_000)
    let lifecycle = S3EndpointTests.refusal {
      try LifecycleBody.read(
        Array("<LifecycleConfiguration><Rule><Filter>\(filters)".utf8)
      )
    }
    #expect(lifecycle?.code == .malformedXML)
    #expect(ContinuousClock.now - started < .seconds(5))
  }

  @Test func `two megabytes of anything are read once and refused`() {
    let started = ContinuousClock.now
    for byte in ["<", "&", " ", "a", "\u{1}", "é", "]]>", "<!--", "<?", "<a b=\"", "</"] {
      let count = (2 << 20) / byte.utf8.count
      let garbage = String(repeating: byte, count: count)
      #expect(refusal(garbage)?.code == .malformedXML, "\(byte)")
      #expect(refusal("<Delete><Object><Key>" + garbage)?.code == .malformedXML, "\(byte)")
      #expect(refusal("<Delete " + garbage)?.code == .malformedXML, "\(byte)")
    }
    #expect(ContinuousClock.now - started < .seconds(20))
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let noise = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(S3EndpointTests.refusal { try BulkDeleteBody(reading: noise) } != nil)
      let inside = Array("<Delete><Object><Key>".utf8) + noise
      #expect(S3EndpointTests.refusal { try BulkDeleteBody(reading: inside) } != nil)
    }
  }

  @Test func `a body beyond its bound is refused unread`() {
    let body = [UInt8](repeating: 0x20, count: (8 << 20) + 1)
    let error = S3EndpointTests.refusal { try BulkDeleteBody(reading: body) }
    #expect(error?.code == .maxMessageLengthExceeded)
    #expect(error?.element("MaxMessageLengthBytes") == String(8 << 20))
    let small = S3EndpointTests.refusal {
      try VersioningBody.read([UInt8](repeating: 0x20, count: 70_000))
    }
    #expect(small?.code == .maxMessageLengthExceeded)
  }

  @Test func `a document that is cut off anywhere is refused`() throws {
    let whole = "<?xml version=\"1.0\"?>\n<Delete xmlns=\"http://s3\"><Object><Key>a&amp;<![CDATA[b]]></Key>"
      + "<VersionId>1</VersionId></Object><Quiet>true</Quiet></Delete>"
    _ = try BulkDeleteBody(reading: Array(whole.utf8))
    for count in 0..<whole.utf8.count {
      let cut = Array(whole.utf8.prefix(count))
      #expect(S3EndpointTests.refusal { try BulkDeleteBody(reading: cut) }?.code == .malformedXML)
    }
  }

  @Test func `what is not well-formed is refused with its line and reason`() {
    expectMalformed("", saying: "the document is empty")
    expectMalformed("key", saying: "an element is expected")
    expectMalformed("<Delete>\n<Object>\n<Key>a</Ke></Object></Delete>", line: 3, saying: "</Ke>")
    expectMalformed("<Delete></Delete><Delete/>", saying: "at least one Object")
    expectMalformed("<Delete><Object><Key>a</Key></Object></Delete>x", saying: "follows </Delete>")
    expectMalformed("<Delete><Object>loose<Key>a</Key></Object></Delete>", saying: "no text")
    expectMalformed("<Delete><Object><Key><b/></Key></Object></Delete>", saying: "text only")
    expectMalformed("<Delete><Object><Key>a\u{1}</Key></Object></Delete>", saying: "&#x1;")
    expectMalformed("<Delete><Object><Key>a & b</Key></Object></Delete>", saying: "&amp;")
    expectMalformed("<Delete x='1'><Object><Key>a</Key></Object></Delete>", saying: "attribute x")
    expectMalformed("<Delete xmlns=s3><Object/></Delete>", saying: "not quoted")
    expectMalformed("<Delete><Object><Key>&#0;</Key></Object></Delete>", saying: "&#0;")
    expectMalformed("<Delete><Object><Key>&#xD800;</Key></Object></Delete>", saying: "&#xD800;")
    expectMalformed("<Delete><Object><Key>&#x110000;</Key></Object></Delete>", saying: "&#x110000;")
    expectMalformed("<Delete><Object><Key>&#+65;</Key></Object></Delete>", saying: "&#+65;")
    expectMalformed(
      "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Delete/>",
      saying: "not in UTF-8"
    )
    let notUTF8 = Array("<Delete><Object><Key>".utf8) + [0xC3, 0x28]
      + Array("</Key></Object></Delete>".utf8)
    #expect(
      S3EndpointTests.refusal { try BulkDeleteBody(reading: notUTF8) }?.message.contains("not UTF-8")
        == true
    )
  }

  @Test func `another outermost element is refused by its name`() {
    expectMalformed(
      "<Deletes><Object><Key>a</Key></Object></Deletes>",
      saying: "<Deletes>, and should be <Delete>"
    )
    let error = S3EndpointTests.refusal {
      try CompleteUploadBody.read(
        Array("<CompletedMultipartUpload><Part/></CompletedMultipartUpload>".utf8)
      )
    }
    #expect(error?.code == .malformedXML)
  }

  @Test func `an unknown element is refused by its name and place`() {
    expectMalformed(
      "<Delete>\n<Object><Key>a</Key><Colour/></Object></Delete>",
      line: 2,
      saying: "<Colour> is not known in <Object>"
    )
  }
}
