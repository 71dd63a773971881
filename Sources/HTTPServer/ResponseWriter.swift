// How a response becomes HTTP's head: the same for whole and for streamed ones.

internal import NIOCore
internal import NIOHTTP1

enum ResponseHead {
  /// True where the response has a body on the wire, or a length that tells of one.
  static func hasBody(_ response: HTTPResponse) -> Bool {
    status(response) != 204 && status(response) != 304
  }

  private static func status(_ response: HTTPResponse) -> Int {
    (200...599).contains(response.status) ? response.status : 500
  }

  /// The head of the answer to `request`, with the headers that the server sets itself.
  static func make(
    _ response: HTTPResponse,
    to request: HTTPRequestHead,
    isKeepAlive: Bool
  ) -> HTTPResponseHead {
    var headers = HTTPHeaders()
    headers.reserveCapacity(response.headers.count + 3)
    for header in response.headers where isSafe(header) {
      headers.add(name: header.name, value: header.value)
    }
    // None of these is there yet: `isSafe` lets none of them through.
    headers.add(name: "date", value: HTTPDate.now())
    if hasBody(response) { headers.add(name: "content-length", value: String(response.byteCount)) }
    if !isKeepAlive {
      headers.add(name: "connection", value: "close")
    } else if request.version == .http1_0 {
      headers.add(name: "connection", value: "keep-alive")
    }
    return HTTPResponseHead(
      version: request.version,
      status: HTTPResponseStatus(statusCode: status(response)),
      headers: headers
    )
  }

  /// False for a header that would end its line early, and for those that the server sets.
  private static func isSafe(_ header: HTTPHeader) -> Bool {
    let isClean =
      !header.name.isEmpty
      && header.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
      && header.value.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x09 }
    return isClean && !isOurs(header)
  }

  private static func isOurs(_ header: HTTPHeader) -> Bool {
    switch header.name.utf8.count {
    case 4: header.isNamed("date")
    case 10: header.isNamed("connection")
    case 14: header.isNamed("content-length")
    case 17: header.isNamed("transfer-encoding")
    default: false
    }
  }
}

extension HTTPRequest {
  /// What a head says, without a body; an absolute URI in the request line is taken for its path.
  init(_ head: HTTPRequestHead, body: [UInt8] = []) {
    var target = head.uri[...]
    if !target.hasPrefix("/"), let scheme = target.range(of: "://") {
      target = target[scheme.upperBound...]
      target = target.firstIndex(of: "/").map { target[$0...] } ?? "/"
    }
    let mark = target.firstIndex(of: "?")
    self.init(
      method: head.method.rawValue,
      path: String(target[..<(mark ?? target.endIndex)]),
      query: mark.map { String(target[target.index(after: $0)...]) },
      headers: head.headers.map { HTTPHeader($0.name, $0.value) },
      body: body
    )
  }
}

extension Substring {
  /// The first place of `text`.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
