internal import CZlib
import EventModel

/// One attempt to send a batch: what goes into the body of `POST /v1/events`.
///
///     {"sent_at":"2024-01-16T00:10:00.000Z","events":[<event>,<event>,…]}
///
/// The events are the bytes that the queue holds, put side by side: they are encoded once, when they
/// are tracked. Only `sent_at` is new, at every attempt, so that the server can tell how long an
/// event waited from how wrong the phone's clock is.
public struct Request: Sendable, Hashable {
  public var body: [UInt8]
  public var isGzip: Bool
  public var eventCount: Int
  /// Milliseconds since the epoch by the device's clock.
  public var sentAt: Int64

  public init(body: [UInt8], isGzip: Bool, eventCount: Int, sentAt: Int64) {
    self.body = body
    self.isGzip = isGzip
    self.eventCount = eventCount
    self.sentAt = sentAt
  }

  /// The body of a batch, before compression.
  public static func body(sentAt: Int64, events: [[UInt8]]) -> [UInt8] {
    var body: [UInt8] = []
    body.reserveCapacity(events.reduce(64) { $0 + $1.count + 1 })
    JSONText.append(literal: "{\"sent_at\":\"", to: &body)
    EventTimestamp.append(sentAt, to: &body)
    JSONText.append(literal: "\",\"events\":[", to: &body)
    for index in events.indices {
      if index > 0 { body.append(0x2C) }
      body.append(contentsOf: events[index])
    }
    body.append(0x5D)
    body.append(0x7D)
    return body
  }

  /// The bytes as a gzip member, at zlib's fastest level; nil where zlib fails, and then the body
  /// goes as it is.
  public static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    guard tapline_deflateInit2(&stream, 1, 31) == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, UInt(bytes.count)))
    let compressed = bytes.withUnsafeBufferPointer { input in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      return [UInt8](unsafeUninitializedCapacity: bound) { output, count in
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        let isWhole = deflate(&stream, Int32(Z_FINISH)) == Z_STREAM_END
        count = isWhole ? output.count - Int(stream.avail_out) : 0
      }
    }
    return compressed.isEmpty ? nil : compressed
  }
}

/// What came back for a request.
public struct Response: Sendable, Hashable {
  /// Nil where no answer came at all.
  public var status: Int?
  /// Indices of the events that the server will never accept.
  public var refused: [Int]
  public var retryAfterSeconds: Int?

  public init(status: Int?, refused: [Int] = [], retryAfterSeconds: Int? = nil) {
    self.status = status
    self.refused = refused
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// True where the server took too long: it may have the events.
  public var isTimeout = false
  /// True where the attempt could not be made at all, by no fault of network or server.
  public var isNotAttempted = false

  /// No connection.
  public static let unreachable = Response(status: nil)

  /// No answer in time.
  public static let timedOut: Response = {
    var response = Response(status: nil)
    response.isTimeout = true
    return response
  }()

  /// The request was not made: the client keeps the batch and makes the same attempt again.
  public static let notAttempted: Response = {
    var response = Response(status: nil)
    response.isNotAttempted = true
    return response
  }()
}
