// A request and a response as plain values: what a door's handler sees of HTTP.

/// One request with its whole body.
package struct HTTPRequest: Sendable {
  /// In capitals, such as `POST`.
  package var method: String
  /// The path, percent-encoding as sent: `/v1/events`.
  package var path: String
  /// What follows the question mark, as sent; nil without one.
  package var query: String?
  /// In the order they came; names as sent.
  package var headers: [HTTPHeader]
  package var body: [UInt8]

  package init(
    method: String,
    path: String,
    query: String? = nil,
    headers: [HTTPHeader] = [],
    body: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
  }

  /// The first value of a header, its name compared without case; nil where there is none.
  package func header(_ name: String) -> String? {
    headers.first { $0.isNamed(name) }?.value
  }
}

extension HTTPHeader {
  /// True where the names differ in the case of ASCII letters at most. Allocates nothing.
  func isNamed(_ other: String) -> Bool {
    name.utf8.count == other.utf8.count
      && zip(name.utf8, other.utf8).allSatisfy { left, right in
        left == right || (left | 0x20 == right | 0x20 && (left | 0x20) &- 0x61 < 26)
      }
  }
}

/// One header line of a request or a response, its name in the case it was given.
package struct HTTPHeader: Sendable, Hashable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// One response with its whole body, or with where the body comes from.
package struct HTTPResponse: Sendable {
  package var status: Int
  /// The server adds `content-length`, `date` and `connection` itself.
  package var headers: [HTTPHeader]
  package var body: [UInt8]
  /// Gives the body in place of `body`; of a streaming server only.
  package var source: (any HTTPBodySource)?

  package init(
    status: Int,
    headers: [HTTPHeader] = [],
    body: [UInt8] = [],
    source: (any HTTPBodySource)? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.source = source
  }

  /// Bytes of the body; to HEAD as well, which is told of it.
  package var byteCount: Int { source?.byteCount ?? body.count }

  /// A response of UTF-8 text.
  package static func text(
    _ status: Int,
    _ text: String,
    contentType: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(
      status: status,
      headers: [HTTPHeader("content-type", contentType)],
      body: Array(text.utf8)
    )
  }
}

/// The bounds that one client, or many, cannot pass.
package struct HTTPServerLimits: Sendable {
  /// A larger body is answered 413, and the connection closed.
  package var bodyBytesMax: Int
  /// Request line and headers together; more is answered 431.
  package var headerBytesMax: Int
  /// Connections at once; one more is closed as it comes.
  package var connectionsMax: Int
  /// Bytes of all bodies that wait or are being received at once; more is answered 503.
  package var bodyBytesTotalMax: Int
  /// From the first byte of a request to the end of its headers.
  package var headerTimeoutMilliseconds: Int64
  /// Between two pieces of a body, and between two requests.
  package var idleTimeoutMilliseconds: Int64
  /// Threads that run the handler; 0 where it never blocks and the event loops run it themselves.
  package var threadCount: Int
  /// Event loops, over which connections are spread.
  package var loopCount: Int

  package init(
    bodyBytesMax: Int = 16 << 20,
    headerBytesMax: Int = 32 << 10,
    connectionsMax: Int = 1_024,
    bodyBytesTotalMax: Int = 512 << 20,
    headerTimeoutMilliseconds: Int64 = 10_000,
    idleTimeoutMilliseconds: Int64 = 60_000,
    threadCount: Int = 8,
    loopCount: Int = 1
  ) {
    self.bodyBytesMax = bodyBytesMax
    self.headerBytesMax = headerBytesMax
    self.connectionsMax = connectionsMax
    self.bodyBytesTotalMax = bodyBytesTotalMax
    self.headerTimeoutMilliseconds = headerTimeoutMilliseconds
    self.idleTimeoutMilliseconds = idleTimeoutMilliseconds
    self.threadCount = threadCount
    self.loopCount = loopCount
  }
}
