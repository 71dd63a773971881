import ObjectStorage
import Testing

/// An `aws-chunked` body and the headers it was sent with.
struct ChunkedExample {
  var headers: [(name: String, value: String)]
  var path: String
  var body: [UInt8]
  var decoded: [UInt8]

  func decoder(headers other: [(name: String, value: String)]? = nil) throws -> AWSChunkedDecoder {
    let request = try SigningExample.verify("PUT", path, headers)
    return try #require(try AWSChunkedDecoder(request, headers: other ?? headers))
  }

  /// The object's bytes and the trailing headers, of `body` fed in the pieces that `cuts` make.
  func decode(
    _ body: [UInt8]? = nil,
    cuts: [Int] = [],
    decoder: AWSChunkedDecoder? = nil
  ) throws -> (bytes: [UInt8], trailers: [String]) {
    let body = body ?? self.body
    var decoder = try decoder ?? self.decoder()
    var result: [UInt8] = []
    try body.withUnsafeBytes { all in
      var start = 0
      for end in cuts + [all.count] {
        try decoder.feed(UnsafeRawBufferPointer(rebasing: all[start..<end])) { result += $0 }
        start = end
      }
    }
    return (result, try decoder.finish().map { "\($0.name)=\($0.value)" })
  }

  func code(_ body: [UInt8], cuts: [Int] = []) -> S3SignatureError.Code? {
    do {
      _ = try decode(body, cuts: cuts)
      return nil
    } catch {
      return (error as? S3SignatureError)?.s3Code
    }
  }

  /// AWS's published upload of 66,560 letters in two chunks.
  static func published(
    kind: String,
    names: String,
    seed: String,
    chunks: [String],
    trailer: String = "",
    more: [(name: String, value: String)]
  ) -> ChunkedExample {
    let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 66_560)
    let framed = framed([Array(letters[..<65_536]), Array(letters[65_536...]), []], chunks)
    let headers: [(name: String, value: String)] = [
      ("Host", "s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
      ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Content-Encoding", "aws-chunked"),
      ("x-amz-decoded-content-length", "66560"), ("x-amz-content-sha256", kind),
      ("Authorization", SigningExample.authorization(names, seed)),
    ]
    return ChunkedExample(
      headers: headers + more,
      path: "/examplebucket/chunkObject.txt",
      body: framed + Array((trailer + "\r\n").utf8),
      decoded: letters
    )
  }

  /// 22 bytes in three chunks, signed with another implementation.
  static func small(
    kind: String,
    seed: String,
    chunks: [String],
    trailer: String = ""
  ) -> ChunkedExample {
    let parts = ["hello ", "brave new\r\n", "world", ""].map { Array($0.utf8) }
    var names = "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length"
    var headers: [(name: String, value: String)] = [
      ("host", "127.0.0.1:9000"), ("x-amz-content-sha256", kind),
      ("x-amz-date", "20130524T000000Z"),
      ("x-amz-decoded-content-length", "22"),
    ]
    if !trailer.isEmpty {
      names += ";x-amz-trailer"
      headers.append(("x-amz-trailer", "x-amz-checksum-crc32"))
    }
    headers.append(("authorization", SigningExample.authorization(names, seed)))
    return ChunkedExample(
      headers: headers,
      path: "/b/k",
      body: framed(parts, chunks) + Array((trailer + "\r\n").utf8),
      decoded: parts.flatMap { $0 }
    )
  }

  private static func framed(_ parts: [[UInt8]], _ signatures: [String]) -> [UInt8] {
    var body: [UInt8] = []
    for (index, part) in parts.enumerated() {
      body += Array(String(part.count, radix: 16).utf8)
      if index < signatures.count { body += Array(";chunk-signature=\(signatures[index])".utf8) }
      body += [13, 10]
      if !part.isEmpty { body += part + [13, 10] }
    }
    return body
  }

  static let signed = published(
    kind: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    names: "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;"
      + "x-amz-decoded-content-length;x-amz-storage-class",
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    chunks: [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
    more: [("Content-Length", "66824")]
  )

  static let signedTrailer = published(
    kind: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    names: "content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;"
      + "x-amz-storage-class;x-amz-trailer",
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    chunks: [
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    trailer: "x-amz-checksum-crc32c:sOO8/Q==\r\n"
      + "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n",
    more: [("x-amz-trailer", "x-amz-checksum-crc32c")]
  )

  static let smallSigned = small(
    kind: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    seed: "3b63ebf39dd4a675e47a7e9b2be5dea43fcf9850ff05ce692bb0868e14677395",
    chunks: [
      "8d522f085d6d074f3736acbfafd79353d9371c7c424f04ed9865e0e271c576cb",
      "f43750b26721c682942e58bb7546ff8317eda02fba33a55492f2d607595f3451",
      "60585567835201ebe9ae8768c3eeaa1ec2cbea8a244c1284ae614a6e01369bf4",
      "b5a40b7dcdc0f0da1b4e3b5e1008d57c67dc3563647e2e228c65c95287578e7e",
    ]
  )

  static let smallSignedTrailer = small(
    kind: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    seed: "738e42879d1e6158f8cde798e515864657ca4fb4d0612e49f9c4728ac6d06d04",
    chunks: [
      "dfaaebe2838e9a966573afcfadee3a81ff4ea312e434759eb5bb161a028c2200",
      "263fe9b201ea13e3399b5d5fbfe76f9f58b65ce8c23ee5056ced301c42ddfbdc",
      "b7b85a9d50711661af28ba1b99d1d863256523c5cd05c845d9cb3db3600a7ae3",
      "4281ee7df03434d0323203199c171e8e6f8298069ddf2d48eab8bda598d11f70",
    ],
    trailer: "x-amz-checksum-crc32:mxKGzg==\r\n"
      + "x-amz-trailer-signature:b10af92f7d05013016f4d555b1f6813044c0e4743028e24933f285b733f483ea\r\n"
  )

  static let smallUnsigned = small(
    kind: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    seed: "0607ad01388d6486b8f266d8dd8304083443df907123da6d170ad6caf38787da",
    chunks: [],
    trailer: "x-amz-checksum-crc32:mxKGzg==\r\n"
  )
}
