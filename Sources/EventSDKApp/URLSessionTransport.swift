// The edge of a real app: one HTTP POST for each attempt, by Foundation.

internal import EventModel
public import EventSDK
public import Foundation

#if canImport(FoundationNetworking)
public import FoundationNetworking
#endif

/// Sends requests with `URLSession`.
///
/// The session's own retries and caches stay out of it: the client decides what is sent again. A
/// time-out is told apart from a missing connection, because after a time-out the server may have the
/// events.
public final class URLSessionTransport: EventTransport {
  private let url: URL
  private let writeKey: String?
  private let session: URLSession

  /// - Parameters:
  ///   - url: the collector's address, such as `https://collect.example.com/v1/events`.
  ///   - writeKey: says which app this is; sent as `X-Write-Key`.
  ///   - timeoutSeconds: how long to wait for an answer.
  public init(url: URL, writeKey: String? = nil, timeoutSeconds: Double = 10) {
    self.url = url
    self.writeKey = writeKey
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = timeoutSeconds
    configuration.urlCache = nil
    configuration.httpMaximumConnectionsPerHost = 1
    session = URLSession(configuration: configuration)
  }

  public func send(_ request: Request, completion: @escaping @Sendable (Response) -> Void) {
    var post = URLRequest(url: url)
    post.httpMethod = "POST"
    post.httpBody = Data(request.body)
    post.setValue("application/json", forHTTPHeaderField: "Content-Type")
    if request.isGzip { post.setValue("gzip", forHTTPHeaderField: "Content-Encoding") }
    if let writeKey { post.setValue(writeKey, forHTTPHeaderField: "X-Write-Key") }
    session.dataTask(with: post) { data, response, error in
      completion(Self.response(data, response as? HTTPURLResponse, error))
    }.resume()
  }

  /// `Retry-After`: seconds, or a date of HTTP.
  private static func seconds(_ text: String) -> Int? {
    if let seconds = Int(text) { return seconds }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: text).map { max(0, Int($0.timeIntervalSinceNow.rounded(.up))) }
  }

  private static func response(
    _ data: Data?, _ answer: HTTPURLResponse?, _ error: (any Error)?
  ) -> Response {
    guard let answer, error == nil else {
      // Only where no connection came about is it sure that the server has nothing.
      let unmade: [URLError.Code] = [
        .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .notConnectedToInternet,
      ]
      let code = (error as? URLError)?.code
      return code.map(unmade.contains) == true ? .unreachable : .timedOut
    }
    var response = Response(status: answer.statusCode)
    response.retryAfterSeconds = answer.value(forHTTPHeaderField: "Retry-After")
      .flatMap(seconds)
    let body = data.flatMap { data in
      try? data.withUnsafeBytes { try JSONValue(parsing: $0) }
    }
    response.refused = (body?["refused"]?.array ?? []).compactMap { refusal in
      refusal["index"]?.integer.flatMap { Int(exactly: $0) }
    }
    return response
  }
}
