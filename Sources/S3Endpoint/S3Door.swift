internal import Foundation
internal import HTTPServer
internal import ObjectStorage
internal import Synchronization

/// Decides over the head of each request: who sent it, what it asks for, and who takes its body.
final class S3Door: Sendable {
  let buckets: BucketSet
  let region: String
  private let verifier: S3Verifier
  private let requests = Atomic<UInt64>(0)

  init(buckets: BucketSet, credentials: S3Credentials) {
    self.buckets = buckets
    region = credentials.region
    verifier = S3Verifier(credentials: [credentials])
  }

  /// A home has one owner.
  static let owner = WireOwner(id: "tapline", displayName: "tapline")

  private static func wallMilliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

  func decide(_ request: HTTPRequest) -> HTTPDecision {
    let number = requests.add(1, ordering: .relaxed).newValue
    let answers = S3Answers(number: number, request: request)
    do {
      let headers = request.headers.map { (name: $0.name, value: $0.value) }
      let verified = try verifier.verify(
        method: request.method, rawPath: request.path, rawQuery: request.query ?? "",
        headers: headers, now: Self.wallMilliseconds())
      try UnsupportedHeaders.check(request.headers)
      let call = S3Call(
        request: try S3Request(
          method: request.method, path: request.path, query: request.query,
          headers: request.headers),
        verified: verified, answers: answers)
      return try route(call)
    } catch {
      return .answer(answers.refusal(error))
    }
  }

  private func route(_ call: S3Call) throws -> HTTPDecision {
    switch call.request.operation {
    case .listBuckets(let query): .answer(try listBuckets(call, query))
    case .createBucket: document(call, bytesMax: 64 << 10) { try self.createBucket(call, $0) }
    case .headBucket: .answer(try headBucket(call))
    case .deleteBucket: .answer(try deleteBucket(call))
    case .bucketLocation: .answer(try location(call))
    case .listObjects(let query): .answer(try listObjects(call, query))
    case .listObjectsV2(let query): .answer(try listObjects(call, query))
    case .listVersions(let query): .answer(try listVersions(call, query))
    case .listUploads(let query): .answer(try listUploads(call, query))
    case .getVersioning: .answer(try versioning(call))
    case .putVersioning: document(call, bytesMax: 64 << 10) { try self.putVersioning(call, $0) }
    case .getLifecycle: .answer(try lifecycle(call))
    case .putLifecycle: document(call, bytesMax: 2 << 20) { try self.putLifecycle(call, $0) }
    case .deleteLifecycle: .answer(try deleteLifecycle(call))
    case .bulkDelete: document(call, bytesMax: 8 << 20) { try self.bulkDelete(call, $0) }
    case .putObject: try putObject(call)
    case .getObject(let part, let version): .answer(try read(call, part, version))
    case .headObject(let part, let version): .answer(try read(call, part, version))
    case .deleteObject(let version): .answer(try deleteObject(call, version))
    case .copyObject(let source, let directive): .answer(try copyObject(call, source, directive))
    case .createUpload: .answer(try createUpload(call))
    case .uploadPart(let id, let number): try uploadPart(call, id, number)
    case .uploadPartCopy(let source, let id, let number, let range):
      .answer(try copyPart(call, source, id, number, range))
    case .completeUpload(let id):
      document(call, bytesMax: 8 << 20, isChecksumOfBody: false) {
        try self.completeUpload(call, id, $0)
      }
    case .abortUpload(let id): .answer(try abortUpload(call, id))
    case .listParts(let query): .answer(try listParts(call, query))
    case .probe(let probe):
      .answer(try self.probe(call, probe))
    case .unsupported(let name): throw S3Error.unsupported(name)
    }
  }

  /// Takes a small XML document, then does `body` with it.
  private func document(
    _ call: S3Call, bytesMax: Int, isChecksumOfBody: Bool = true,
    _ body: @escaping @Sendable ([UInt8]) throws -> HTTPResponse
  ) -> HTTPDecision {
    do {
      return .receive(
        try DocumentIntake(call, bytesMax: bytesMax, isChecksumOfBody: isChecksumOfBody, body))
    } catch {
      return .answer(call.answers.refusal(error))
    }
  }
}

/// A request whose sender is known.
struct S3Call: Sendable {
  let request: S3Request
  let verified: VerifiedRequest
  let answers: S3Answers

  var key: String { request.key }
  var headers: [HTTPHeader] { request.headers }
  var pairs: [(name: String, value: String)] { headers.map { ($0.name, $0.value) } }
}
