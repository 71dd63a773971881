import S3Endpoint
import Testing

struct BulkDeleteBodyTests {
  private func read(_ body: String) throws -> BulkDeleteBody {
    try BulkDeleteBody(reading: Array(body.utf8))
  }

  @Test func `keys come with versions and conditions, in order, in any namespace`() throws {
    let body = try read(
      """
      \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
      <!-- from an SDK -->
      <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/">
        <s3:Object><s3:Key>a.csv</s3:Key></s3:Object>
        <s3:Object>
          <s3:VersionId>v1</s3:VersionId><s3:Key>b/</s3:Key><s3:ETag>&quot;abc&quot;</s3:ETag>
        </s3:Object>
        <s3:Object><s3:Key>c</s3:Key><s3:VersionId/><s3:ETag>*</s3:ETag></s3:Object>
        <s3:Quiet> True
        </s3:Quiet>
      </s3:Delete>
      """
    )
    #expect(
      body.entries == [
        BulkDeleteBody.Entry(key: "a.csv"),
        BulkDeleteBody.Entry(key: "b/", versionID: "v1", entityTag: "abc"),
        BulkDeleteBody.Entry(key: "c", entityTag: "*"),
      ]
    )
    #expect(body.isQuiet)
    #expect(try !read("<Delete><Object><Key>a</Key></Object></Delete>").isQuiet)
  }

  @Test func `a key is what its escapes stand for, control characters and line ends included`() throws {
    let body = try read(
      "<Delete><Object><Key>&lt;a&gt; &amp;amp; &quot;&apos; &#x1;&#13;&#10;\r\n&#xE9;&#54620;"
        + "<![CDATA[<&]]></Key></Object><Object><Key> spaces  stay </Key></Object></Delete>"
    )
    #expect(
      body.entries.map(\.key) == [
        "<a> &amp; \"' \u{1}\r\n\né한<&", " spaces  stay ",
      ]
    )
  }

  @Test func `a thousand keys are taken, one more and none are not`() throws {
    let one = "<Object><Key>k</Key></Object>"
    #expect(try read("<Delete>\(String(repeating: one, count: 1_000))</Delete>").entries.count == 1_000)
    let many = refusal { try read("<Delete>\(String(repeating: one, count: 1_001))</Delete>") }
    #expect(many?.code == .malformedXML)
    #expect(many?.message.contains("more than 1,000 keys") == true)
    #expect(refusal { try read("<Delete/>") }?.code == .malformedXML)
  }

  @Test func `an object has one key`() {
    for object in [
      "<Object/>", "<Object><Key/></Object>", "<Object><VersionId>1</VersionId></Object>",
      "<Object><Key>a</Key><Key>b</Key></Object>",
    ] {
      #expect(refusal { try read("<Delete>\(object)</Delete>") }?.code == .malformedXML, "\(object)")
    }
  }

  @Test func `a condition that only directory buckets know is refused and not passed over`() {
    let error = refusal {
      try read("<Delete><Object><Key>a</Key><Size>3</Size></Object></Delete>")
    }
    #expect(error?.code == .notImplemented)
    #expect(error?.message.contains("<Size> in <Object>") == true)
  }
}
