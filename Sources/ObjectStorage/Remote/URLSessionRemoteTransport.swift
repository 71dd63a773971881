// Requests by Foundation's URLSession, one thread waiting for each.
//
// 1. A task is made and an `RemoteExchange` is put where the session's delegate finds it.
// 2. The delegate's calls come on a queue of their own: status and headers, bytes, the end. Each is a
//    sign of life.
// 3. The caller's thread waits for the end, and gives up where there was no sign for too long.

internal import Dispatch
internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// The network: HTTP/1.1 with connections that are kept and used again.
///
/// A loopback endpoint is asked without the system's proxy where Foundation can do without; on Linux
/// the variables `http_proxy` and `no_proxy` decide.
final class URLSessionRemoteTransport: RemoteTransport {
  private let session: URLSession
  private let exchanges = SessionDelegate()
  /// The delegate's calls; kept here, for an `OperationQueue` does not keep it.
  private let queue = DispatchQueue(label: "tapline.remote-store")
  private let connectTimeoutSeconds: Double
  private let readTimeoutSeconds: Double
  private let hasAnswered = Atomic<Bool>(false)

  private static let connectionsMax = 16

  /// Throws `objectStorage.failed` for an address that Foundation's client does not take.
  init(_ settings: RemoteStoreConfiguration, endpoint: RemoteEndpoint) throws {
    #if canImport(FoundationNetworking)
    // It compares the host with curl's, which has brackets.
    if endpoint.host.contains(":") {
      throw RemoteStoreConfiguration.refused(
        "Foundation's HTTP client does not take the address \(endpoint.text) on this system.",
        advice: "Use a name for the host, such as localhost."
      )
    }
    #endif
    connectTimeoutSeconds = settings.connectTimeoutSeconds
    readTimeoutSeconds = settings.readTimeoutSeconds
    let configuration = URLSessionConfiguration.ephemeral
    configuration.urlCache = nil
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.httpCookieStorage = nil
    configuration.httpCookieAcceptPolicy = .never
    configuration.httpShouldSetCookies = false
    configuration.urlCredentialStorage = nil
    configuration.httpMaximumConnectionsPerHost = Self.connectionsMax
    // Time is kept here; the session's own limits stay out of the way.
    configuration.timeoutIntervalForRequest = 86_400
    if endpoint.isLoopback { configuration.connectionProxyDictionary = [:] }
    let calls = OperationQueue()
    calls.maxConcurrentOperationCount = 1
    calls.underlyingQueue = queue
    session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: calls)
  }

  deinit {
    session.finishTasksAndInvalidate()
  }

  func send(_ request: RemoteRequest) throws(RemoteTransportError) -> RemoteAnswer {
    guard let url = URL(string: request.url) else {
      throw .lost("\(request.url) is no URL for Foundation")
    }
    var urlRequest = URLRequest(url: url)
    urlRequest.httpMethod = request.method
    for header in request.headers {
      urlRequest.setValue(header.value, forHTTPHeaderField: header.name)
    }
    if request.body.byteCount > 0 { urlRequest.httpBody = Self.data(request.body) }
    let exchange = RemoteExchange(
      isHead: request.method == "HEAD",
      bytesMax: request.answerBytesMax
    )
    let task = session.dataTask(with: urlRequest)
    exchanges.add(exchange, task.taskIdentifier)
    defer { exchanges.remove(task.taskIdentifier) }
    task.resume()
    guard let answer = try wait(for: exchange, task) else {
      task.cancel()
      throw .timedOut(seconds: limitSeconds)
    }
    hasAnswered.store(true, ordering: .relaxed)
    return answer
  }

  private var limitSeconds: Double {
    hasAnswered.load(ordering: .relaxed) ? readTimeoutSeconds : connectTimeoutSeconds
  }

  /// The answer; nil where nothing moved for too long.
  private func wait(
    for exchange: RemoteExchange,
    _ task: URLSessionTask
  ) throws(RemoteTransportError) -> RemoteAnswer? {
    while true {
      let limit = exchange.hasMoved ? readTimeoutSeconds : limitSeconds
      let left = max(0, limit - exchange.idleSeconds)
      if exchange.ended.wait(timeout: .now() + min(left, 3_600)) == .success {
        let result = exchange.result
        // What is left of the answer is not wanted.
        if case .failure = result { task.cancel() }
        return try result.get()
      }
      if left == 0 { return nil }
    }
  }

  private static func data(_ body: RemoteBody) -> Data {
    switch body {
    case .none: Data()
    case .bytes(let bytes): Data(bytes)
    case .mapped(let bytes):
      // The closure keeps the mapping as long as Foundation keeps the data.
      bytes.buffer.baseAddress.map {
        Data(
          bytesNoCopy: UnsafeMutableRawPointer(mutating: $0),
          count: bytes.byteCount,
          deallocator: .custom { _, _ in withExtendedLifetime(bytes) {} }
        )
      } ?? Data()
    }
  }
}

/// The session's delegate: finds the exchange that a task belongs to.
private final class SessionDelegate: NSObject, URLSessionDataDelegate {
  private let exchanges = Mutex<[Int: RemoteExchange]>([:])

  func add(_ exchange: RemoteExchange, _ identifier: Int) {
    exchanges.withLock { $0[identifier] = exchange }
  }

  func remove(_ identifier: Int) {
    exchanges.withLock { $0[identifier] = nil }
  }

  private func exchange(_ task: URLSessionTask) -> RemoteExchange? {
    exchanges.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession,
    task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest,
    completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  /// There is nobody to ask for a password: a 401 is an answer like others.
  func urlSession(
    _ session: URLSession,
    task: URLSessionTask,
    didReceive challenge: URLAuthenticationChallenge,
    completionHandler:
      @escaping @Sendable (
        URLSession.AuthChallengeDisposition, URLCredential?
      ) -> Void
  ) {
    #if canImport(FoundationNetworking)
    // It comes behind the whole answer here, and the default would never end the task.
    exchange(task)?.end(nil)
    completionHandler(.cancelAuthenticationChallenge, nil)
    #else
    completionHandler(.performDefaultHandling, nil)
    #endif
  }

  func urlSession(
    _ session: URLSession,
    task: URLSessionTask,
    didSendBodyData bytesSent: Int64,
    totalBytesSent: Int64,
    totalBytesExpectedToSend: Int64
  ) {
    exchange(task)?.moved()
  }

  func urlSession(
    _ session: URLSession,
    dataTask: URLSessionDataTask,
    didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    if let response = response as? HTTPURLResponse { exchange(dataTask)?.receive(response) }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    exchange(dataTask)?.receive(data)
  }

  func urlSession(
    _ session: URLSession,
    task: URLSessionTask,
    didCompleteWithError error: (any Error)?
  ) {
    guard let exchange = exchange(task) else { return }
    if let error {
      exchange.end(Self.failure(error))
    } else {
      // On Linux a redirect that names no place is told of here only.
      if let response = task.response as? HTTPURLResponse { exchange.receive(response) }
      exchange.end(nil)
    }
  }

  private static func failure(_ error: any Error) -> RemoteTransportError {
    let text = error.localizedDescription
    guard let error = error as? URLError else { return .lost(text) }
    switch error.code {
    case .cannotConnectToHost: return .refused
    case .cannotFindHost, .dnsLookupFailed: return .hostNotFound
    case .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted,
      .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected,
      .clientCertificateRequired, .appTransportSecurityRequiresSecureConnection:
      return .notTrusted(text)
    default:
      // On Linux the code is "unknown" and only the words of curl tell.
      let words = [
        "certificate", "wrong version number", "unsupported protocol", "handshake failure",
      ]
      return words.contains(where: text.contains) ? .notTrusted(text) : .lost(text)
    }
  }
}
