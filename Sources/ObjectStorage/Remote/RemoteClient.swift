// How a call becomes an answer.
//
// 1. It is signed for this moment, and sent.
// 2. Where the endpoint's clock is another one, its time is taken once and the call is signed again.
// 3. Where the answer is lost, or says that the endpoint could not do it now, the same call is made
//    again after a while; `isUncertain` says then that the first may have been done all the same.

internal import Synchronization

/// Signs calls, sends them, and tries again where that can help.
///
/// Safe to share.
final class RemoteClient: Sendable {
  let configuration: RemoteStoreConfiguration
  let endpoint: RemoteEndpoint
  private let transport: any RemoteTransport
  private let signer: S3Signer
  private let now: @Sendable () -> Int64
  /// What is to be added to this machine's clock, in milliseconds.
  private let clockDifference = Atomic<Int64>(0)

  /// A difference of clocks that can be the reason of a refusal without words.
  private static let skewMillisecondsMin: Int64 = 10 * 60 * 1_000

  init(
    _ configuration: RemoteStoreConfiguration,
    transport: (any RemoteTransport)?,
    now: @escaping @Sendable () -> Int64
  ) throws {
    try configuration.check()
    self.configuration = configuration
    endpoint = try RemoteEndpoint(configuration)
    self.transport = try transport ?? URLSessionRemoteTransport(configuration, endpoint: endpoint)
    signer = S3Signer(credentials: configuration.credentials)
    self.now = now
  }

  /// The answer to a call, of whatever status, or why there is none.
  func perform(_ call: RemoteCall) -> RemoteOutcome {
    var call = call
    var isUncertain = false
    var hasSetClock = false
    var attempt = 1
    while true {
      let result = Result { () throws(RemoteTransportError) in
        let answer = try transport.send(request(call))
        return call.mayFailLate ? answer.withLateStatus : answer
      }
      let again: Again
      switch result {
      case .success(let answer):
        if !hasSetClock, setsClock(by: answer, call: call) {
          hasSetClock = true
          continue
        }
        again = Again(answer, call: call)
      case .failure(.encoded) where call.method == "GET" && !call.query.contains(Self.asItIs):
        // The HTTP library would unpack what is to be read as it is stored.
        call.query.append(Self.asItIs)
        continue
      case .failure(let failure):
        again = Again(failure)
      }
      if again.mayBeDone { isUncertain = true }
      let attemptsMax = call.attemptsMax ?? configuration.retry.attemptsMax
      guard again.isWorthwhile, attempt < attemptsMax else {
        return RemoteOutcome(result: result, isUncertain: isUncertain, attempts: attempt)
      }
      configuration.retry.pause(behindAttempt: attempt, askedMilliseconds: again.askedMilliseconds)
      attempt += 1
    }
  }

  private static let asItIs = PercentEncoding.QueryItem("response-content-encoding", "identity")

  private func request(_ call: RemoteCall) -> RemoteRequest {
    let place = endpoint.place(of: call.key)
    var headers = call.headers
    if let token = configuration.sessionToken { headers.append(("x-amz-security-token", token)) }
    let signed = signer.sign(
      method: call.method,
      host: place.host,
      path: place.path,
      query: call.query,
      headers: headers,
      payload: call.payload,
      date: now() &+ clockDifference.load(ordering: .relaxed)
    )
    return RemoteRequest(
      method: call.method,
      url: "\(endpoint.scheme)://\(place.host)\(signed.target)",
      headers: signed.headers.filter { $0.name != "host" }
        + [("accept-encoding", "identity"), ("user-agent", "tapline")],
      body: call.body,
      answerBytesMax: call.answerBytesMax
    )
  }

  /// Takes the endpoint's time where it has refused ours; false where it has not, or says no time.
  private func setsClock(by answer: RemoteAnswer, call: RemoteCall) -> Bool {
    guard !answer.isSuccess, let difference = clockDifference(in: answer) else { return false }
    let former = clockDifference.load(ordering: .relaxed)
    if call.method == "HEAD" {
      // There are no words in it.
      let gap = difference.subtractingReportingOverflow(former)
      guard answer.status == 403,
        gap.overflow || gap.partialValue.magnitude >= Self.skewMillisecondsMin.magnitude
      else { return false }
    } else {
      guard S3ErrorDocument(answer)?.code == "RequestTimeTooSkewed" else { return false }
    }
    clockDifference.store(difference, ordering: .relaxed)
    return true
  }

  /// How far the endpoint's clock is ahead, in milliseconds; nil where it does not say.
  func clockDifference(in answer: RemoteAnswer) -> Int64? {
    guard let date = answer.headers["date"].flatMap(SigningTime.httpMilliseconds) else {
      return nil
    }
    let (difference, isOver) = date.subtractingReportingOverflow(now())
    return isOver ? nil : difference
  }
}

/// Whether a call is made again.
private struct Again {
  var isWorthwhile = false
  /// Whether the endpoint may have done what was asked, although it did not say so.
  var mayBeDone = false
  /// How long the endpoint asks to be left alone.
  var askedMilliseconds: Int?

  private static let statuses: Set<Int> = [408, 429, 500, 502, 503, 504]
  private static let codes: Set<String> = [
    "InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown",
  ]
  private static let conflicts: Set<String> = ["ConditionalRequestConflict", "OperationAborted"]

  init(_ answer: RemoteAnswer, call: RemoteCall) {
    if answer.isSuccess { return }
    let code = S3ErrorDocument(answer)?.code ?? ""
    if Self.statuses.contains(answer.status) || Self.codes.contains(code) {
      isWorthwhile = true
      mayBeDone = true
      askedMilliseconds = answer.headers["retry-after"].flatMap { Int($0) }
        .map { min(max(0, $0), 86_400) * 1_000 }
    } else if answer.status == 409 {
      isWorthwhile = call.repeatsConflicts && Self.conflicts.contains(code)
    }
  }

  init(_ failure: RemoteTransportError) {
    switch failure {
    case .refused, .hostNotFound, .timedOut, .lost:
      isWorthwhile = true
      // Also where the connection was refused: a proxy, or a second address of the host, may have had
      // more luck before.
      mayBeDone = true
    case .notTrusted, .tooLarge, .encoded: break
    }
  }
}
