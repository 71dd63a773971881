// From a request's bytes to the function that answers it, and back to bytes.

internal import EventLog
internal import KafkaProtocol
internal import NIOCore

/// What becomes of a request.
enum RequestOutcome: Sendable {
  case response([UInt8], MemoryLease?)
  /// A response with gaps, and what fills them, one behind the other.
  case fetched([UInt8], [WireCoder.Gap], ByteBuffer, MemoryLease?)
  /// The client does not want an answer.
  case nothing
  /// The connection ends: the bytes were no request that is known here.
  case close
}

/// One request on its way.
struct RequestRouter: Sendable {
  let core: BrokerCore
  let frame: Frame
  let host: String
  let reply: @Sendable (RequestOutcome) -> Void

  /// Answers now or later, exactly once.
  func route() {
    var bodyStart = 0
    guard let header = try? RequestHeader(reading: frame.bytes, bodyStart: &bodyStart),
      let api = KafkaAPI(rawValue: header.key)
    else { return reply(.close) }
    let call = Call(header: header, bodyStart: bodyStart, router: self)
    guard api.versions.contains(header.version) else {
      return api == .apiVersions ? call.refuseVersion() : reply(.close)
    }
    switch api {
    case .apiVersions: call.answer(core.apiVersions)
    case .metadata: call.answer(core.metadata)
    case .describeCluster: call.answer(core.describeCluster)
    case .produce: call.answerLater(core.produce)
    case .initProducerID: call.answer(core.initProducerID)
    case .fetch: call.answerFetch(core.fetch)
    case .listOffsets: call.answer(core.listOffsets)
    case .offsetForLeaderEpoch: call.answer(core.offsetForLeaderEpoch)
    case .findCoordinator: call.answer(core.findCoordinator)
    case .joinGroup: call.answerLater(core.joinGroup)
    case .syncGroup: call.answerLater(core.syncGroup)
    case .heartbeat: call.answer(core.heartbeat)
    case .leaveGroup: call.answer(core.leaveGroup)
    case .offsetCommit: call.answer(core.offsetCommit)
    case .offsetFetch: call.answer(core.offsetFetch)
    case .listGroups: call.answer(core.listGroups)
    case .describeGroups: call.answer(core.describeGroups)
    case .deleteGroups: call.answer(core.deleteGroups)
    case .offsetDelete: call.answer(core.offsetDelete)
    case .createTopics: call.answer(core.createTopics)
    case .deleteTopics: call.answer(core.deleteTopics)
    case .createPartitions: call.answer(core.createPartitions)
    case .deleteRecords: call.answer(core.deleteRecords)
    case .describeConfigs: call.answer(core.describeConfigs)
    case .incrementalAlterConfigs: call.answer(core.incrementalAlterConfigs)
    }
  }
}

/// A request whose header was read.
struct Call: Sendable {
  let header: RequestHeader
  let bodyStart: Int
  let router: RequestRouter

  var version: Int16 { header.version }
  var clientID: String { header.clientID ?? "" }
  var host: String { router.host }

  func answer<Request: KafkaRequest>(_ body: (Request, Call) -> Request.Response) {
    answerLater { (request: Request, call: Call, send) in send(body(request, call)) }
  }

  /// `body` is given what sends the answer; nil sends none.
  func answerLater<Request: KafkaRequest>(
    _ body: (Request, Call, @escaping @Sendable (Request.Response?) -> Void) -> Void
  ) {
    guard
      let request = try? Request(reading: router.frame.bytes, at: bodyStart, version: version)
    else { return router.reply(.close) }
    body(request, self) { response in
      guard let response else { return router.reply(.nothing) }
      send(response)
    }
  }

  /// The same for records, which go from the room they were read into to the socket.
  func answerFetch(
    _ body: (FetchRequest, Call, @escaping @Sendable (BrokerCore.FetchAnswer?) -> Void) -> Void
  ) {
    guard let request = try? FetchRequest(reading: router.frame.bytes, at: bodyStart, version: version)
    else { return router.reply(.close) }
    body(request, self) { answer in
      guard let answer else { return router.reply(.close) }
      guard
        let (bytes, gaps) = try? answer.response.frameWithGaps(
          version: version, correlationID: header.correlationID)
      else { return router.reply(.close) }
      let lease = router.core.budget.lend(bytes.count + answer.records.readableBytes)
      router.reply(.fetched(bytes, gaps, answer.records, lease))
    }
  }

  private func send(_ response: some KafkaResponse) {
    guard let bytes = try? response.frame(version: version, correlationID: header.correlationID)
    else { return router.reply(.close) }
    // What is ready is sent; it counts while the client takes it.
    router.reply(.response(bytes, router.core.budget.lend(bytes.count)))
  }

  /// A client that asks in a version from the future is told, in the oldest one, which there are.
  func refuseVersion() {
    var response = ApiVersionsResponse()
    response.errorCode = .unsupportedVersion
    response.apiKeys = [BrokerCore.versionRange(.apiVersions)]
    guard let bytes = try? response.frame(version: 0, correlationID: header.correlationID) else {
      return router.reply(.close)
    }
    router.reply(.response(bytes, nil))
  }
}
