// What takes the bytes of a request: out of `aws-chunked` where they come in it, through the hashes
// that the request promises, into an object's writer or into memory. Nothing of it is visible before
// the whole body was found to be what was signed.

internal import HTTPServer
internal import ObjectStorage

/// One body on its way, with everything that is to be known of it at its end.
struct BodyPassage {
  private var decoder: AWSChunkedDecoder?
  private var hasher: ObjectHasher
  private let call: S3Call
  private let sums: ChecksumHeaders
  /// The algorithm whose value is kept with the object.
  let algorithm: ChecksumAlgorithm
  private let bytesMax: Int

  /// - Parameters:
  ///   - algorithm: what an upload was begun with, which all its parts need; nil to go by the request, and
  ///     by S3's own default.
  ///   - bytesMax: more is `EntityTooLarge`.
  ///   - isChecksumOfBody: false where `x-amz-checksum-…` is said of an object and not of this body.
  init(
    _ call: S3Call, algorithm: ChecksumAlgorithm? = nil, bytesMax: Int, isChecksumOfBody: Bool = true
  ) throws {
    self.call = call
    self.bytesMax = bytesMax
    var sums = try ChecksumHeaders(call.headers)
    if !isChecksumOfBody { sums.checksum = nil }
    self.sums = sums
    decoder = try AWSChunkedDecoder(call.verified, headers: call.pairs)
    let trailing = (call.request.header("x-amz-trailer") ?? "").split(separator: ",")
      .compactMap { ChecksumAlgorithm(headerName: $0.trimmingSpaces().description) }
    let sent = [sums.checksum?.algorithm, sums.algorithm].compactMap { $0 }
      .compactMap(ChecksumAlgorithm.init(rawValue:)) + trailing
    self.algorithm = algorithm ?? sent.first ?? .crc64nvme
    let computed = Set(sent + [self.algorithm])
    let isSigned = if case .sha256 = call.verified.payload { true } else { false }
    hasher = ObjectHasher(checksums: computed, payloadHash: isSigned)
    let declared = decoder?.decodedByteCount ?? call.request.header("content-length").flatMap { Int($0) }
    if let declared, declared > bytesMax {
      throw S3Error.entityTooLarge(size: declared, maximum: bytesMax)
    }
  }

  /// Hands on what of these bytes is the object's.
  mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard decoder != nil else { return try pass(bytes, sink) }
    // The decoder is taken out for the call, as the closure changes the rest of this value.
    guard var decoder = decoder.take() else { return }
    defer { self.decoder = decoder }
    try decoder.feed(bytes) { try self.pass($0, sink) }
  }

  private mutating func pass(
    _ bytes: UnsafeRawBufferPointer, _ sink: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard hasher.byteCount + bytes.count <= bytesMax else {
      throw S3Error.entityTooLarge(size: hasher.byteCount + bytes.count, maximum: bytesMax)
    }
    hasher.update(bytes)
    try sink(bytes)
  }

  /// Holds the whole body against what was promised of it.
  func finish() throws -> ObjectDigests {
    let trailers = try decoder?.finish() ?? []
    let digests = hasher.finalize()
    if let sha256 = digests.sha256 { try call.verified.payload.check(bodyHash: sha256) }
    if let md5 = sums.contentMD5, md5 != digests.md5 { throw S3Error(.badDigest) }
    for (name, value) in trailers {
      guard let algorithm = ChecksumAlgorithm(headerName: name) else { continue }
      try Self.check(digests, WireChecksum(checking: value, algorithm: algorithm.rawValue))
    }
    if let checksum = sums.checksum { try Self.check(digests, checksum) }
    return digests
  }

  private static func check(_ digests: ObjectDigests, _ promised: WireChecksum) throws {
    guard let algorithm = ChecksumAlgorithm(rawValue: promised.algorithm),
      digests.checksum(algorithm)?.value == promised.value
    else {
      throw S3Error(
        .badDigest,
        "The \(promised.algorithm) you specified did not match the calculated checksum.")
    }
  }

  /// The checksum that is kept.
  func kept(_ digests: ObjectDigests) -> ObjectChecksum? { digests.checksum(algorithm) }
}

/// Takes the bytes of an object or of a part into its writer.
///
/// `@unchecked Sendable`: the server calls one thread at a time, in order.
final class BodyIntake: HTTPBodyReceiver, @unchecked Sendable {
  typealias Finish = @Sendable (any ObjectWriter, ObjectDigests, ObjectChecksum?) throws -> HTTPResponse

  private var passage: BodyPassage
  private let writer: any ObjectWriter
  private let answers: S3Answers
  private let end: Finish

  /// - Parameter end: makes what was written an object; it is not called for a body that was refused.
  init(
    _ call: S3Call, passage: BodyPassage, writer: any ObjectWriter, _ end: @escaping Finish
  ) {
    self.passage = passage
    self.writer = writer
    answers = call.answers
    self.end = end
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPResponse? {
    do {
      try passage.take(bytes) { try writer.write($0) }
      return nil
    } catch {
      writer.discard()
      return answers.refusal(error)
    }
  }

  func finish() -> HTTPResponse {
    do {
      let digests = try passage.finish()
      return try end(writer, digests, passage.kept(digests))
    } catch {
      writer.discard()
      return answers.refusal(error)
    }
  }

  func abandon() { writer.discard() }
}

/// Takes a document of a bounded size into memory.
///
/// `@unchecked Sendable`: the server calls one thread at a time, in order.
final class DocumentIntake: HTTPBodyReceiver, @unchecked Sendable {
  private var passage: BodyPassage
  private var bytes: [UInt8] = []
  private let answers: S3Answers
  private let end: @Sendable ([UInt8]) throws -> HTTPResponse

  init(
    _ call: S3Call, bytesMax: Int, isChecksumOfBody: Bool,
    _ end: @escaping @Sendable ([UInt8]) throws -> HTTPResponse
  ) throws {
    passage = try BodyPassage(call, bytesMax: bytesMax, isChecksumOfBody: isChecksumOfBody)
    answers = call.answers
    self.end = end
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPResponse? {
    do {
      try passage.take(bytes) { self.bytes.append(contentsOf: $0) }
      return nil
    } catch {
      return answers.refusal(error)
    }
  }

  func finish() -> HTTPResponse {
    do {
      _ = try passage.finish()
      return try end(bytes)
    } catch {
      return answers.refusal(error)
    }
  }

  func abandon() {}
}
