// Bodies of the content encoding `aws-chunked`, as they come off the network, cut anywhere.
//
//     10000;chunk-signature=<64 digits>\r\n   size in hexadecimal; the extension where it is signed
//     <65536 bytes>\r\n
//     0;chunk-signature=<64 digits>\r\n       the last chunk is empty
//     x-amz-checksum-crc32c:sOO8/Q==\r\n      what x-amz-trailer announces
//     x-amz-trailer-signature:<64 digits>\r\n where chunks are signed
//     \r\n
//
// 1. Payload is handed on as spans of what was fed: nothing is copied, nothing is kept but a line.
// 2. A chunk's signature is known to be right only at its end, so the bytes must stay out of sight
//    until `finish` has returned.

/// Takes an `aws-chunked` body apart, verifies its signatures and reads its trailing headers.
public struct AWSChunkedDecoder: Sendable {
  private enum State: Sendable {
    case frame
    case payload(left: Int)
    case payloadEnd
    case trailers
  }

  private static let frameBytesMax = 1_024
  private static let trailerBytesMax = 4 * 1_024

  /// Bytes of the object, as `x-amz-decoded-content-length` announces them.
  public let decodedByteCount: Int
  /// Bytes of the object handed on so far.
  public private(set) var receivedByteCount = 0

  private var state = State.frame
  private var line: [UInt8] = []
  private var signatures: ChunkSignatures?
  private var claimed = ""
  private var chunkStart = 0
  private var trailers: AWSChunkedTrailers
  private var failure: (any Error)?

  /// Reads what a verified request says of its body; nil where the body is not `aws-chunked`.
  ///
  /// Throws `MissingContentLength` or `InvalidArgument` for a wrong `x-amz-decoded-content-length`.
  public init?(
    _ request: VerifiedRequest,
    headers: [(name: String, value: String)]
  ) throws(S3SignatureError) {
    guard request.payload.isStreaming else { return nil }
    let table = HeaderTable(headers)
    let length = table["x-amz-decoded-content-length"]
    guard let length, let count = Int(length), count >= 0, !length.hasPrefix("+") else {
      throw .chunkLength(length)
    }
    decodedByteCount = count
    var announced = Set(
      (table["x-amz-trailer"] ?? "").lowercased().split(separator: ",").map {
        HeaderTable.folded(String($0))
      }
    )
    announced.remove("")
    switch request.payload {
    case .streamingSigned(let seed):
      signatures = ChunkSignatures(seed: seed)
      trailers = AWSChunkedTrailers(announced: [], needsSignature: false)
    case .streamingSignedTrailer(let seed):
      signatures = ChunkSignatures(seed: seed)
      trailers = AWSChunkedTrailers(announced: announced, needsSignature: true)
    case .sha256, .unsigned, .streamingUnsignedTrailer:
      trailers = AWSChunkedTrailers(announced: announced, needsSignature: false)
    }
  }

  /// Takes the next bytes of the body and hands what of them is the object's to `sink`.
  ///
  /// The spans are good only during the call. Nothing more can be fed once it has thrown
  /// `S3SignatureError` or what `sink` threw: it throws the same again.
  public mutating func feed(
    _ bytes: UnsafeRawBufferPointer,
    sink: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    if let failure { throw failure }
    do {
      var rest = bytes
      while !rest.isEmpty { try step(&rest, sink) }
    } catch {
      failure = error
      throw error
    }
  }

  /// Ends the body and returns its trailing headers, names in lower case.
  ///
  /// Throws `IncompleteBody` or `MalformedTrailerError` where something is missing, and what `feed`
  /// has thrown.
  public func finish() throws -> [(name: String, value: String)] {
    if let failure { throw failure }
    let place: String? =
      switch state {
      case .frame: line.isEmpty ? "before the last chunk" : "in the frame of a chunk"
      case .payload, .payloadEnd: "in a chunk"
      case .trailers: line.isEmpty ? nil : "in a trailing header"
      }
    if let place {
      throw S3SignatureError.bodyEnds(
        place,
        received: receivedByteCount,
        announced: decodedByteCount
      )
    }
    try trailers.checkComplete()
    return trailers.values
  }

  private mutating func step(
    _ rest: inout UnsafeRawBufferPointer,
    _ sink: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    switch state {
    case .frame:
      guard try takeLine(&rest, bytesMax: Self.frameBytesMax) else { return }
      try beginChunk()
    case .payload(let left):
      let count = min(left, rest.count)
      let span = UnsafeRawBufferPointer(rebasing: rest[..<count])
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      signatures?.update(span)
      receivedByteCount += count
      state = count == left ? .payloadEnd : .payload(left: left - count)
      try sink(span)
      if count == left { try signatures?.endChunk(claimed: claimed, start: chunkStart) }
    case .payloadEnd:
      guard try takeLine(&rest, bytesMax: 2) else { return }
      guard line == [0x0D] else {
        throw S3SignatureError.chunkFrame("its bytes do not end in a line end", at: chunkStart)
      }
      line.removeAll(keepingCapacity: true)
      state = .frame
    case .trailers:
      guard try takeLine(&rest, bytesMax: Self.trailerBytesMax) else { return }
      try trailers.take(line, &signatures)
      line.removeAll(keepingCapacity: true)
    }
  }

  /// Reads the frame that stands in `line`.
  private mutating func beginChunk() throws(S3SignatureError) {
    defer { line.removeAll(keepingCapacity: true) }
    guard line.popLast() == 0x0D else {
      throw .chunkFrame("a line feed stands there alone", at: receivedByteCount)
    }
    let words = line.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
    guard let digits = words.first, let size = Self.size(digits) else {
      let text = String(decoding: words.first ?? [], as: UTF8.self)
      throw .chunkFrame("\"\(text)\" is no size in hexadecimal digits", at: receivedByteCount)
    }
    if size > decodedByteCount - receivedByteCount {
      throw .wrongTotal("more than \(decodedByteCount)", announced: decodedByteCount)
    }
    chunkStart = receivedByteCount
    if signatures != nil {
      let prefix = Array("chunk-signature=".utf8)
      guard let word = words.dropFirst().first(where: { $0.starts(with: prefix) }) else {
        throw .chunkUnsigned(at: receivedByteCount)
      }
      claimed = String(decoding: word.dropFirst(prefix.count), as: UTF8.self)
    }
    guard size == 0 else {
      state = .payload(left: size)
      return
    }
    if receivedByteCount != decodedByteCount {
      throw .wrongTotal(String(receivedByteCount), announced: decodedByteCount)
    }
    try signatures?.endChunk(claimed: claimed, start: receivedByteCount)
    state = .trailers
  }

  /// Moves bytes up to a line feed into `line`, without it; false where there is none yet.
  private mutating func takeLine(
    _ rest: inout UnsafeRawBufferPointer,
    bytesMax: Int
  ) throws(S3SignatureError) -> Bool {
    let window = rest.prefix(max(0, bytesMax - line.count))
    guard let end = window.firstIndex(of: 0x0A) else {
      line.append(contentsOf: window)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(window.count))
      guard line.count < bytesMax else {
        let reason = "a line has more than \(bytesMax) bytes"
        if case .trailers = state { throw .trailer(reason) }
        if case .payloadEnd = state {
          throw .chunkFrame("its bytes do not end in a line end", at: chunkStart)
        }
        throw .chunkFrame(reason, at: receivedByteCount)
      }
      return false
    }
    line.append(contentsOf: window[..<end])
    rest = UnsafeRawBufferPointer(rebasing: rest[(end + 1)...])
    return true
  }

  /// A size in hexadecimal digits; nil for anything else and for more than 15 of them.
  private static func size(_ digits: some Collection<UInt8>) -> Int? {
    guard (1...15).contains(digits.count) else { return nil }
    var value = 0
    for character in digits {
      guard let digit = Hexadecimal.value(character) else { return nil }
      value = value << 4 | Int(digit)
    }
    return value
  }
}
