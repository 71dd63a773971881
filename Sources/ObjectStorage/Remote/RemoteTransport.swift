// The seam between S3's protocol and a network.

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Sends one HTTP request and waits for its answer.
///
/// It blocks and may be called from any thread, never from Swift's cooperative pool. It follows no
/// redirect, keeps no cookie and no answer, unpacks no content encoding, and tries once.
public protocol RemoteTransport: Sendable {
  /// The answer of whatever status; throws where there is none.
  func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer
}

/// One HTTP request as it is to be sent.
public struct RemoteRequest: Sendable {
  public var method: String
  /// Whole and percent-encoded; nothing of it may be changed, for it is signed.
  public var url: String
  /// All but `host`, which follows from the URL, and `content-length`, which follows from the body.
  public var headers: [(name: String, value: String)]
  public var body: RemoteBody
  /// The most bytes that a successful answer may have.
  public var answerBytesMax: Int

  public init(
    method: String,
    url: String,
    headers: [(name: String, value: String)],
    body: RemoteBody = .none,
    answerBytesMax: Int
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.answerBytesMax = answerBytesMax
  }

  /// The value of a header by its lower-case name; nil where there is none.
  public func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }
}

/// The answer to a `RemoteRequest`.
public struct RemoteAnswer: Sendable {
  public var status: Int
  /// By lower-case names.
  public var headers: [String: String]
  /// Empty for `HEAD`; cut at `errorBytesMax` where the status is no success.
  public var body: [UInt8]

  /// What is kept of a body that says why a request failed.
  public static let errorBytesMax = 64 << 10

  public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  public var isSuccess: Bool { (200..<300).contains(status) }
}

/// Why a request has no answer.
public enum RemoteTransportError: Error, Sendable, Hashable {
  /// Nobody listens at the address.
  case refused
  case hostNotFound
  /// Nothing moved for so many seconds.
  case timedOut(seconds: Double)
  /// The connection ended before the answer did; in the system's words.
  case lost(String)
  /// The endpoint's certificate or its way of encrypting is not accepted; in the system's words.
  case notTrusted(String)
  /// The answer is larger than `answerBytesMax`.
  case tooLarge
  /// The answer's body is encoded in a way that the transport would have to undo, such as `gzip`.
  case encoded(String)
}

/// What a request carries.
public enum RemoteBody: Sendable {
  case none
  case bytes([UInt8])
  case mapped(MappedBytes)

  public var byteCount: Int {
    switch self {
    case .none: 0
    case .bytes(let bytes): bytes.count
    case .mapped(let bytes): bytes.byteCount
    }
  }

  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    switch self {
    case .none: try body(UnsafeRawBufferPointer(start: nil, count: 0))
    case .bytes(let bytes): try bytes.withUnsafeBytes(body)
    case .mapped(let bytes): try withExtendedLifetime(bytes) { try body(bytes.buffer) }
    }
  }
}

/// A piece of a file, mapped for reading as long as this object lives.
///
/// `@unchecked Sendable`: the memory is mapped read-only and private, and nothing here changes after
/// `init`.
public final class MappedBytes: @unchecked Sendable {
  let buffer: UnsafeRawBufferPointer
  private let base: UnsafeMutableRawPointer
  private let mappedSize: Int

  public var byteCount: Int { buffer.count }

  /// Maps bytes of an open file, which must have them; nil where the system does not, by its `errno`.
  init?(_ descriptor: Int32, range: Range<Int>) {
    let page = Int(getpagesize())
    let start = range.lowerBound / page * page
    let size = range.upperBound - start
    guard !range.isEmpty,
      let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, off_t(start)),
      base != MAP_FAILED
    else { return nil }
    self.base = base
    mappedSize = size
    buffer = UnsafeRawBufferPointer(start: base + (range.lowerBound - start), count: range.count)
  }

  deinit {
    munmap(base, mappedSize)
  }
}
