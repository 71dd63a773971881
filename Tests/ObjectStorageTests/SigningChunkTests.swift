import ObjectStorage
import Testing

/// Whole bodies, cut by the network wherever it likes.
@Suite struct SigningChunkTests {
  @Test func `the published uploads in signed chunks are accepted, with and without a trailer`()
    throws
  {
    let plain = try ChunkedExample.signed.decode()
    #expect(plain.bytes == ChunkedExample.signed.decoded)
    #expect(plain.trailers == [])
    let (bytes, trailers) = try ChunkedExample.signedTrailer.decode()
    #expect(bytes == ChunkedExample.signedTrailer.decoded)
    #expect(trailers == ["x-amz-checksum-crc32c=sOO8/Q=="])
    var sum = RunningChecksum(.crc32c)
    bytes.withUnsafeBytes { sum.update($0) }
    #expect(sum.finalize().value == "sOO8/Q==")
  }

  @Test func `a body may be cut into single bytes, and around every frame`() throws {
    for example in [ChunkedExample.signed, .signedTrailer] {
      #expect(try example.decode(cuts: Array(1..<example.body.count)).bytes == example.decoded)
      for cut in Array(0..<200) + Array(65_500..<66_000) {
        #expect(try example.decode(cuts: [cut, cut + 3]).bytes == example.decoded)
      }
    }
  }

  @Test(arguments: [
    ChunkedExample.smallSigned, .smallSignedTrailer, .smallUnsigned,
  ]) func `a small body may be cut anywhere, in two and in three`(example: ChunkedExample) throws {
    let whole = try example.decode()
    #expect(whole.bytes == example.decoded)
    let decoder = try example.decoder()
    for first in 0...example.body.count {
      let second = first + (example.body.count - first) / 3
      for cuts in [[first], [first, second]] {
        let result = try example.decode(cuts: cuts, decoder: decoder)
        #expect(result == whole)
      }
    }
  }

  @Test func `payload is handed on in the spans that were fed, without a copy`() throws {
    let example = ChunkedExample.signed
    var decoder = try example.decoder()
    try example.body.withUnsafeBytes { all in
      var spans: [UnsafeRawBufferPointer] = []
      try decoder.feed(all) { spans.append($0) }
      #expect(spans.map(\.count) == [65_536, 1_024])
      let frame = "10000;chunk-signature=".utf8.count + 64 + 2
      #expect(spans.first?.baseAddress == all.baseAddress?.advanced(by: frame))
    }
    #expect(decoder.receivedByteCount == 66_560)
  }

  @Test func `the ends of a body that clients and documents differ in are accepted`() throws {
    let example = ChunkedExample.smallUnsigned
    let trailer = "x-amz-checksum-crc32:mxKGzg=="
    let head = String(decoding: example.body, as: UTF8.self).split(separator: trailer)[0]
    for end in [
      "\(trailer)\r\n", "\r\n\(trailer)\r\n\r\n", "\(trailer)\n\r\n\r\n\r\n",
      " \(trailer) \r\n\r\n",
    ] {
      let result = try example.decode(Array((head + end).utf8))
      #expect(result.trailers == ["x-amz-checksum-crc32=mxKGzg=="])
    }
    let upper = Array(
      (head + trailer.uppercased().replacing("MXKGZG", with: "mxKGzg") + "\r\n\r\n").utf8
    )
    #expect(try example.decode(upper).trailers == ["x-amz-checksum-crc32=mxKGzg=="])
  }

  @Test func `a body that is sent as it is needs no decoder`() throws {
    let request = SigningExample.signer.sign(
      method: "PUT",
      host: "h",
      path: "/b/k",
      payload: .unsigned,
      date: SigningExample.moment
    )
    let verified = try SigningExample.verify("PUT", "/b/k", request.headers)
    #expect(try AWSChunkedDecoder(verified, headers: request.headers) == nil)
  }
}
