import ObjectStorage
import Testing

/// Bodies that were cut off, changed or framed wrongly.
@Suite struct SigningChunkRefusalTests {
  static let examples = [
    ChunkedExample.smallSigned, .smallSignedTrailer, .smallUnsigned,
  ]

  @Test(arguments: examples) func `a body cut short is incomplete wherever it ends`(
    example: ChunkedExample
  ) throws {
    // The last line end may be missing: everything that counts is there.
    let needed = example.body.count - 2
    for count in 0..<needed {
      let code = example.code(Array(example.body[..<count]))
      #expect(code == .incompleteBody || code == .malformedTrailerError, "\(count): \(code as Any)")
    }
    #expect(example.code(Array(example.body[..<needed])) == nil)
    #expect(example.code([]) == .incompleteBody)
  }

  @Test func `a flipped bit of a signed body is found, wherever it is`() throws {
    for example in [ChunkedExample.smallSigned, .smallSignedTrailer] {
      for index in 0..<(example.body.count - 2) {
        var body = example.body
        body[index] ^= 0x40
        #expect(example.code(body) != nil, "byte \(index)")
      }
    }
    var body = ChunkedExample.signed.body
    body[70_000 - 5_000] ^= 1
    #expect(ChunkedExample.signed.code(body) == .signatureDoesNotMatch)
  }

  @Test func `a wrong signature of a chunk, of the trailer and none at all are told apart`() throws
  {
    func replacing(_ text: String, _ other: String, in example: ChunkedExample) -> S3SignatureError
      .Code?
    {
      let body = String(decoding: example.body, as: UTF8.self)
      #expect(body.contains(text))
      return example.code(Array(body.replacing(text, with: other).utf8))
    }
    let signed = ChunkedExample.smallSigned
    let trailed = ChunkedExample.smallSignedTrailer
    #expect(replacing("263fe9b2", "263fe9b3", in: trailed) == .signatureDoesNotMatch)
    #expect(replacing("b10af92f", "b10af92e", in: trailed) == .signatureDoesNotMatch)
    #expect(replacing("mxKGzg==", "mxKGzQ==", in: trailed) == .signatureDoesNotMatch)
    #expect(
      replacing("6;chunk-signature=8d52", "6;chunk-sig=8d52", in: signed) == .signatureDoesNotMatch
    )
    #expect(
      replacing("x-amz-trailer-signature", "x-amz-trailer-sig", in: trailed)
        == .malformedTrailerError
    )
    let cut =
      "x-amz-trailer-signature:b10af92f7d05013016f4d555b1f6813044c0e4743028e24933f285b733f483ea\r\n"
    #expect(replacing(cut, "", in: trailed) == .malformedTrailerError)
    #expect(replacing(cut, cut + cut, in: trailed) == .malformedTrailerError)
    #expect(
      replacing("x-amz-checksum-crc32:mxKGzg==\r\n", "", in: trailed) == .signatureDoesNotMatch
    )
  }

  @Test func `chunks cannot change places, be left out or come from another upload`() throws {
    let example = ChunkedExample.smallSigned
    let frame = 1 + 17 + 64 + 2
    let first = Array(example.body[..<(frame + 8)])
    let second = Array(example.body[(frame + 8)..<(2 * frame + 8 + 13)])
    let rest = Array(example.body[(2 * frame + 8 + 13)...])
    #expect(example.code(first + second + rest) == nil)
    #expect(example.code(second + first + rest) == .signatureDoesNotMatch)
    #expect(example.code(first + rest) == .signatureDoesNotMatch)
    #expect(ChunkedExample.smallSignedTrailer.code(example.body) == .signatureDoesNotMatch)
  }

  @Test func `frames that are no frames are refused and never trap`() throws {
    let example = ChunkedExample.smallUnsigned
    func code(_ body: String) -> S3SignatureError.Code? { example.code(Array(body.utf8)) }
    for size in ["", "g", "-1", "+6", "0x6", " 6", "6 ", "10000000000000000", "6\r", "한"] {
      #expect(code("\(size)\r\nhello \r\n") == .invalidChunkSizeError, "\(size)")
    }
    #expect(code("6\nhello \r\n") == .invalidChunkSizeError)
    #expect(code("6\r\nhello brave") == .invalidChunkSizeError)
    #expect(code("6\r\nhello \n6\r\n") == .invalidChunkSizeError)
    #expect(code("6\r\nhello \r\r\n") == .invalidChunkSizeError)
    #expect(code(String(repeating: "0", count: 5_000)) == .invalidChunkSizeError)
    #expect(code("6;" + String(repeating: "x", count: 5_000)) == .invalidChunkSizeError)
    #expect(code("FFFFFFFFFFFFFFF\r\n") == .incompleteBody)
    #expect(code("17\r\n") == .incompleteBody)
    #expect(code("6\r\nhello \r\n0\r\n") == .incompleteBody)
    #expect(
      code("6;name=value\r\nhello \r\n10\r\nbrave new\r\nworld\r\n0\r\nx-amz-checksum-crc32:1\r\n")
        == nil
    )
  }

  @Test func `trailing headers must be those that were announced, each once, and not without end`()
    throws
  {
    let example = ChunkedExample.smallUnsigned
    let head = "16\r\nhello brave new\r\nworld\r\n0\r\n"
    func code(_ trailer: String) -> S3SignatureError.Code? {
      example.code(Array((head + trailer).utf8))
    }
    #expect(code("x-amz-checksum-crc32:mxKGzg==\r\n\r\n") == nil)
    #expect(code("\r\n") == .malformedTrailerError)
    #expect(code("x-amz-checksum-sha1:x\r\n\r\n") == .malformedTrailerError)
    #expect(
      code("x-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:b\r\n\r\n") == .malformedTrailerError
    )
    #expect(code("nonsense\r\n\r\n") == .malformedTrailerError)
    #expect(code(":x\r\n\r\n") == .malformedTrailerError)
    #expect(code(String(repeating: "x", count: 5_000)) == .malformedTrailerError)
    #expect(code(String(repeating: "\r\n", count: 9_000)) == .malformedTrailerError)
  }

  @Test func `nothing can be fed after an error, and an error of the sink is its own`() throws {
    struct Full: Error {}
    let example = ChunkedExample.smallUnsigned
    var decoder = try example.decoder()
    example.body.withUnsafeBytes { all in
      #expect(throws: Full.self) { try decoder.feed(all) { _ in throw Full() } }
      #expect(throws: Full.self) { try decoder.feed(all) { _ in } }
    }
    #expect(throws: Full.self) { try decoder.finish() }
  }

  @Test func `the object's length must be announced as a number`() throws {
    let example = ChunkedExample.smallUnsigned
    for (value, expected) in [
      (nil, S3SignatureError.Code.missingContentLength), ("-1", .invalidArgument),
      ("+22", .invalidArgument), ("22x", .invalidArgument),
      ("99999999999999999999", .invalidArgument),
    ] as [(String?, S3SignatureError.Code)] {
      let headers = example.headers.compactMap { header in
        guard header.name == "x-amz-decoded-content-length" else { return header }
        return value.map { (header.name, $0) }
      }
      do {
        _ = try example.decoder(headers: headers)
        Issue.record("\(value as Any) was accepted")
      } catch {
        #expect((error as? S3SignatureError)?.s3Code == expected)
      }
    }
  }
}
