// What the collector answers over HTTP, without a socket: a request's parts in, an answer out.
//
//     POST /v1/events[?source=NAME]   events in any form that the collector reads
//     GET  /health                    whether it runs, and what it counted
//
// A 200 means that every event is on disk: as an event, or as a dead letter that the answer lists.

package import Collector
package import HTTPServer

/// The collector's two routes and the answers to everything else.
package struct CollectorRoutes: Sendable {
  private let collector: Collector

  package init(collector: Collector) {
    self.collector = collector
  }

  /// Bytes of a body that a server needs to read at most; beyond it the answer is 413 in any case.
  package var bodyBytesMax: Int { collector.configuration.bodyBytesMax }

  /// Answers a request: `send` is called once, for events after the log has synced, on a thread of
  /// the log's then.
  package func answer(
    _ request: HTTPRequest,
    _ send: @escaping @Sendable (HTTPResponse) -> Void
  ) {
    if request.path == "/v1/events", request.method == "POST" {
      switch delivery(request) {
      case .success(let delivery):
        collector.handle(delivery) { send(Self.answer(to: $0)) }
      case .failure(let refusal): send(refusal.response)
      }
    } else {
      send(withoutEvents(request))
    }
  }

  private func withoutEvents(_ request: HTTPRequest) -> HTTPResponse {
    switch (request.path, request.method) {
    case ("/v1/events", _):
      return problem(
        405,
        "method_not_allowed",
        "events are sent with POST",
        advice: Self.example,
        headers: [HTTPHeader("allow", "POST")]
      )
    case ("/health", "GET"), ("/health", "HEAD"):
      return health()
    case ("/health", _):
      return problem(
        405,
        "method_not_allowed",
        "the health is asked for with GET",
        advice: "Send GET /health.",
        headers: [HTTPHeader("allow", "GET, HEAD")]
      )
    default:
      return problem(
        404,
        "not_found",
        "there is nothing at this path",
        advice: "Send events with POST /v1/events, and ask for GET /health."
      )
    }
  }

  private static let example =
    "curl -H 'Content-Type: application/json' --data-binary @events.json "
    + "http://127.0.0.1:PORT/v1/events"

  // MARK: - Events

  /// A request that the collector need not see.
  private struct Refused: Error {
    var response: HTTPResponse
  }

  private static func answer(to response: CollectResponse) -> HTTPResponse {
    var headers = response.retryAfterSeconds.map { [HTTPHeader("retry-after", String($0))] } ?? []
    if response.status == 401 {
      headers.append(HTTPHeader("www-authenticate", "Basic realm=\"write key\""))
    }
    return answer(response.status, response.body, headers: headers)
  }

  private func delivery(_ request: HTTPRequest) -> Result<CollectRequest, Refused> {
    guard let format = format(of: request.header("content-type")) else {
      return refused(
        415,
        "unsupported_media_type",
        "the body's Content-Type is not one that events come in",
        advice: "Set Content-Type to application/json, or to application/x-ndjson for lines, "
          + "in UTF-8.",
        headers: [HTTPHeader("accept-post", "application/json, application/x-ndjson")]
      )
    }
    let isGzip: Bool
    switch request.header("content-encoding")?.lowercased() {
    case nil, "", "identity": isGzip = false
    case "gzip", "x-gzip": isGzip = true
    default:
      return refused(
        415,
        "unsupported_encoding",
        "the body's Content-Encoding is not one that can be unpacked",
        advice: "Send gzip, or leave Content-Encoding out.",
        headers: [HTTPHeader("accept-encoding", "gzip, identity")]
      )
    }
    let parameters = request.query.map(Self.parameters) ?? [:]
    var firstLine = 1
    if let text = parameters["first_line"] {
      guard let line = Int(text), line > 0 else {
        return refused(
          400,
          "bad_parameter",
          "first_line is not a whole number from 1",
          advice: "Leave first_line out, or give the number of the body's first line in its file."
        )
      }
      firstLine = line
    }
    var delivery = CollectRequest(
      body: request.body,
      isGzip: isGzip,
      source: parameters["source"],
      format: format,
      durability: .synced,
      firstLine: firstLine
    )
    delivery.comesFromNetwork = true
    delivery.writeKey = WriteKeyHeader.key(of: request)
    return .success(delivery)
  }

  /// How a content type's body is read; nil for a type that is not ours. None at all means JSON.
  private func format(of contentType: String?) -> CollectRequest.Format? {
    guard let contentType, !contentType.isEmpty else { return .json }
    // What SDKs send, without taking it apart.
    if contentType == "application/json" { return .json }
    let parts = contentType.lowercased().split(separator: ";").map { part in
      part.filter { $0 != " " && $0 != "\t" && $0 != "\"" }
    }
    for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
      guard ["charset=utf-8", "charset=utf8", "charset=us-ascii"].contains(parameter) else {
        return nil
      }
    }
    switch parts.first {
    // `curl -d` calls everything a form; what the body holds is told by the body.
    case "application/json", "application/x-www-form-urlencoded": return .json
    case "application/x-ndjson", "application/ndjson", "application/jsonl",
      "application/x-jsonlines":
      return .ndjson
    default: return nil
    }
  }

  /// The query's parameters; the first of a name counts.
  private static func parameters(_ query: String) -> [String: String] {
    var parameters: [String: String] = [:]
    for pair in query.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = decoded(parts[0])
      if parameters[name] == nil { parameters[name] = parts.count > 1 ? decoded(parts[1]) : "" }
    }
    return parameters
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  // MARK: - Other answers

  private func health() -> HTTPResponse {
    let counts = collector.counts
    let body =
      "{\"status\":\"ok\",\"requests\":\(counts.requests),\"accepted\":\(counts.accepted),"
      + "\"refused\":\(counts.refusedTotal)}"
    return Self.answer(200, Array(body.utf8))
  }

  private func refused(
    _ status: Int,
    _ code: String,
    _ message: String,
    advice: String,
    headers: [HTTPHeader] = []
  ) -> Result<CollectRequest, Refused> {
    .failure(Refused(response: problem(status, code, message, advice: advice, headers: headers)))
  }

  private func problem(
    _ status: Int,
    _ code: String,
    _ message: String,
    advice: String,
    headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    let response = CollectResponse(
      status: status,
      problem: CollectResponse.Problem(code: code, message: message, advice: advice)
    )
    return Self.answer(status, response.body, headers: headers)
  }

  private static func answer(
    _ status: Int,
    _ body: [UInt8],
    headers: [HTTPHeader] = []
  ) -> HTTPResponse {
    let own = [
      HTTPHeader("content-type", "application/json; charset=utf-8"),
      HTTPHeader("cache-control", "no-store"),
    ]
    return HTTPResponse(status: status, headers: own + headers, body: body)
  }
}
