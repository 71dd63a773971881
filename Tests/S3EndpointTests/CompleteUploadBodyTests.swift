import S3Endpoint
import Testing

struct CompleteUploadBodyTests {
  private func read(_ parts: String) throws -> [CompletedPart] {
    try CompleteUploadBody.read(
      Array("<CompleteMultipartUpload \(namespace)>\(parts)</CompleteMultipartUpload>".utf8)
    )
  }

  @Test func `parts come with entity tags, quoted or not, and their checksums`() throws {
    let parts = try read(
      "<Part><ETag>&quot;abc&quot;</ETag><PartNumber>1</PartNumber></Part>"
        + "<Part><PartNumber> 2 </PartNumber><ETag>def</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part>"
        + "<Part><PartNumber>10000</PartNumber><ETag>\"g\"</ETag>"
        + "<ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME></Part>"
    )
    #expect(
      parts == [
        CompletedPart(number: 1, entityTag: "abc"),
        CompletedPart(
          number: 2,
          entityTag: "def",
          checksum: WireChecksum(algorithm: "CRC32", value: "AAAAAA==")
        ),
        CompletedPart(
          number: 10_000,
          entityTag: "g",
          checksum: WireChecksum(algorithm: "CRC64NVME", value: "AAAAAAAAAAA=")
        ),
      ]
    )
  }

  @Test func `ten thousand parts are read`() throws {
    let parts = (1...10_000).map {
      "<Part><ETag>d41d8cd98f00b204e9800998ecf8427e</ETag><PartNumber>\($0)</PartNumber></Part>"
    }
    #expect(try read(parts.joined()).count == 10_000)
    #expect(
      refusal { try read((parts + ["<Part/>"]).joined()) }?.message.contains("10,000 parts") == true
    )
  }

  @Test(arguments: [
    ("", S3ErrorCode.malformedXML),
    ("<Part><ETag>a</ETag></Part>", .malformedXML),
    ("<Part><PartNumber>1</PartNumber></Part>", .malformedXML),
    ("<Part><ETag>a</ETag><PartNumber>one</PartNumber></Part>", .malformedXML),
    ("<Part><ETag>a</ETag><PartNumber>9999999999999999999</PartNumber></Part>", .malformedXML),
    ("<Part><ETag>a</ETag><PartNumber>1</PartNumber><PartNumber>2</PartNumber></Part>", .malformedXML),
    ("<Part><ETag>a</ETag><PartNumber>1</PartNumber><Size>5</Size></Part>", .malformedXML),
    ("<Parts/>", .malformedXML),
    ("<Part><ETag>a</ETag><PartNumber>0</PartNumber></Part>", .invalidArgument),
    ("<Part><ETag>a</ETag><PartNumber>-1</PartNumber></Part>", .invalidArgument),
    ("<Part><ETag>a</ETag><PartNumber>10001</PartNumber></Part>", .invalidPart),
    (
      "<Part><ETag>a</ETag><PartNumber>2</PartNumber></Part>"
        + "<Part><ETag>a</ETag><PartNumber>1</PartNumber></Part>",
      .invalidPartOrder
    ),
    (
      "<Part><ETag>a</ETag><PartNumber>2</PartNumber></Part>"
        + "<Part><ETag>a</ETag><PartNumber>2</PartNumber></Part>",
      .invalidPartOrder
    ),
    (
      "<Part><ETag>a</ETag><PartNumber>1</PartNumber><ChecksumCRC32>AAAA</ChecksumCRC32></Part>",
      .invalidArgument
    ),
    (
      "<Part><ETag>a</ETag><PartNumber>1</PartNumber><ChecksumCRC32>AAAAAA==</ChecksumCRC32>"
        + "<ChecksumCRC32C>AAAAAA==</ChecksumCRC32C></Part>",
      .invalidArgument
    ),
    (
      "<Part><ETag>a</ETag><PartNumber>1</PartNumber><ChecksumXXHASH3>AAAA</ChecksumXXHASH3></Part>",
      .notImplemented
    ),
  ]) func `a list of parts that cannot be is refused`(parts: String, code: S3ErrorCode) {
    #expect(refusal { try read(parts) }?.code == code)
  }
}
