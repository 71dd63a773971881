/// The kinds of answer that a client must tell apart. The question to ask of each: *can the same bytes
/// succeed later?*
public enum AnswerKind: String, Sendable, Hashable, CaseIterable {
  case ok = "200"
  /// The server names the events it will never take.
  case badNamed = "400-named"
  /// Something in the body is wrong, and the server does not say what.
  case bad = "400"
  case unauthorized = "401"
  case forbidden = "403"
  /// There is no collector at this address: 404 and 405.
  case notFound = "404"
  /// The server waited too long for the body.
  case requestTimeout = "408"
  case gone = "410"
  case tooLarge = "413"
  case tooMany = "429"
  case serverError = "500"
  case notImplemented = "501"
  case unavailable = "503"
  /// No answer in time: the server may or may not have the events.
  case timeout
  /// No connection, or no address for the name.
  case noConnection = "no-connection"
  case other4xx = "4xx"
  case other5xx = "5xx"

  /// The kind of an HTTP status; `namesEvents` where the answer lists refused events of the batch.
  public init(status: Int, namesEvents: Bool) {
    switch status {
    case 200...299: self = .ok
    case 400: self = namesEvents ? .badNamed : .bad
    case 401: self = .unauthorized
    case 403: self = .forbidden
    case 404, 405: self = .notFound
    case 408: self = .requestTimeout
    case 410: self = .gone
    case 413: self = .tooLarge
    case 429: self = .tooMany
    case 500: self = .serverError
    case 501: self = .notImplemented
    case 503: self = .unavailable
    case 400...499: self = .other4xx
    default: self = .other5xx
    }
  }
}

/// What to do about one kind of answer.
public enum RetryRule: String, Sendable, Hashable, CaseIterable {
  /// The server has the events: forget them.
  case delete
  /// Forget the events that the answer names, and send the others again at once.
  case dropNamed = "drop-named"
  /// Send half of the batch, and half of that, until the one event that is wrong stands alone; that
  /// one is dropped.
  case split
  /// Forget the whole batch. For a server that is only late this is a loss; for a batch with one bad
  /// event it is the loss of its neighbours.
  case dropBatch = "drop-batch"
  /// Send the same bytes again after a wait. For an answer that will never change, everything behind
  /// the batch waits for ever.
  case retry
  /// Keep everything and send nothing until the app is configured anew.
  case stop
}

/// The rules, one for each kind of answer.
public struct RetryTable: Sendable, Hashable {
  private var rules: [AnswerKind: RetryRule]

  /// Named events are dropped, batches that are wrong somewhere are halved, a refused key or a wrong
  /// address stops the client, and whatever may pass waits.
  public init() {
    rules = [
      .ok: .delete, .badNamed: .dropNamed, .bad: .split, .unauthorized: .stop, .forbidden: .stop,
      .requestTimeout: .retry, .notFound: .stop, .gone: .stop, .tooLarge: .split, .tooMany: .retry,
      .serverError: .retry, .notImplemented: .dropBatch, .unavailable: .retry, .timeout: .retry,
      .noConnection: .retry, .other4xx: .split, .other5xx: .retry,
    ]
  }

  public subscript(kind: AnswerKind) -> RetryRule {
    get { rules[kind] ?? .retry }
    set { rules[kind] = newValue }
  }
}
