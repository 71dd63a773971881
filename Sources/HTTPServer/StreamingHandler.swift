// Hands one request at a time to a receiver, piece by piece, and sends what it answers.
//
// 1. The door decides over the head, on a thread of the pool. Only then a client that asked is told to
//    go on.
// 2. Pieces of the body wait here while the receiver has others; with too many waiting, the connection
//    is not read.
// 3. The answer goes out whole, or a few pieces of its source at a time.
//
// All of it runs on the connection's event loop, but for the door, the receiver and the source.

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// What all connections of a streaming server share.
final class StreamingContext: Sendable {
  typealias Door = @Sendable (HTTPRequest) -> HTTPDecision

  let limits: HTTPServerLimits
  let pool: NIOThreadPool
  let door: Door

  init(limits: HTTPServerLimits, pool: NIOThreadPool, door: @escaping Door) {
    self.limits = limits
    self.pool = pool
    self.door = door
  }
}

/// The last handler of a connection.
final class StreamingHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum Phase {
    case idle
    case receiving
    /// An answer went out early: what is left of the body is forgotten.
    case draining(bytesLeft: Int)
    case answering
  }

  /// With so many bytes waiting for the receiver, the connection is not read.
  private static let waitingBytesMax = 1 << 20
  /// One piece of an answer.
  private static let pieceBytes = 512 << 10
  /// Pieces on their way to the client at once.
  private static let piecesMax = 2
  /// A body that nobody wants is read up to this size before the connection is closed all the same.
  private static let drainBytesMax = 64 << 20

  private let server: StreamingContext
  private var phase = Phase.idle
  private var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
  private var isKeepAlive = true
  /// The client waits to be told to go on.
  private var isAskingToGoOn = false

  private var receiver: (any HTTPBodyReceiver)?
  private var waiting: [ByteBuffer] = []
  private var waitingBytes = 0
  private var hasEnded = false
  private var isWorking = false
  private var isPaused = false
  private var isGone = false

  private var sending: Sending?

  init(_ server: StreamingContext) {
    self.server = server
  }

  // MARK: Events

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(context, head)
    case .body(let bytes): take(context, bytes)
    case .end: end(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    isGone = true
    sending?.deadline?.cancel()
    sending = nil
    if !isWorking { abandon() }
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      switch phase {
      case .answering: isKeepAlive = false
      case .receiving where hasEnded: isKeepAlive = false
      case .idle, .receiving, .draining: context.close(promise: nil)
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  // MARK: Receiving

  private func begin(_ context: ChannelHandlerContext, _ head: HTTPRequestHead) {
    self.head = head
    isKeepAlive = head.isKeepAlive
    phase = .receiving
    hasEnded = false
    isAskingToGoOn =
      head.version == .http1_1
      && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    let door = server.door
    let request = HTTPRequest(head)
    work(context, { door(request) }) { context, decision in
      switch decision {
      case .answer(let response): self.answer(context, response)
      case .receive(let receiver):
        self.receiver = receiver
        guard !self.isGone else { return self.abandon() }
        if self.isAskingToGoOn, !self.hasEnded {
          let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
          context.writeAndFlush(self.wrapOutboundOut(.head(goOn)), promise: nil)
          self.isAskingToGoOn = false
        }
        self.pump(context)
      }
    }
  }

  private func take(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
    switch phase {
    case .draining(let left):
      phase = .draining(bytesLeft: left - bytes.readableBytes)
      if left < bytes.readableBytes { context.close(promise: nil) }
    case .receiving:
      waiting.append(bytes)
      waitingBytes += bytes.readableBytes
      if waitingBytes > Self.waitingBytesMax { pause(context, true) }
      pump(context)
    case .idle, .answering: break
    }
  }

  private func end(_ context: ChannelHandlerContext) {
    switch phase {
    case .draining: context.close(promise: nil)
    case .receiving:
      hasEnded = true
      pump(context)
    case .idle, .answering: break
    }
  }

  /// Gives the receiver what waits for it, and when all has come, asks it for its answer.
  private func pump(_ context: ChannelHandlerContext) {
    guard case .receiving = phase, !isWorking, let receiver else { return }
    if waiting.isEmpty {
      guard hasEnded else { return }
      self.receiver = nil
      return work(context, { receiver.finish() }) { self.answer($0, $1) }
    }
    let pieces = waiting
    waiting = []
    work(context, { Self.give(pieces, to: receiver) }) { context, early in
      guard !self.isGone else { return self.abandon() }
      self.waitingBytes = self.waiting.reduce(0) { $0 + $1.readableBytes }
      self.pause(context, false)
      if let early { self.answer(context, early) } else { self.pump(context) }
    }
  }

  private static func give(
    _ pieces: [ByteBuffer], to receiver: any HTTPBodyReceiver
  ) -> HTTPResponse? {
    for piece in pieces {
      if let early = piece.withUnsafeReadableBytes({ receiver.receive($0) }) { return early }
    }
    return nil
  }

  private func pause(_ context: ChannelHandlerContext, _ isPaused: Bool) {
    guard self.isPaused != isPaused else { return }
    self.isPaused = isPaused
    // The option reads on by itself when it is set again.
    context.channel.setOption(.autoRead, value: !isPaused).whenFailure { _ in }
  }

  private func abandon() {
    guard let receiver else { return }
    self.receiver = nil
    waiting = []
    server.pool.submit { _ in receiver.abandon() }
  }

  /// Does `body` on the pool, then `then` here, even where the client went away meanwhile.
  private func work<Value: Sendable>(
    _ context: ChannelHandlerContext,
    _ body: @escaping @Sendable () -> Value,
    then: @escaping (ChannelHandlerContext, Value) -> Void
  ) {
    isWorking = true
    let done = context.eventLoop.makePromise(of: Value.self)
    server.pool.submit { state in
      guard case .active = state else { return done.fail(ChannelError.ioOnClosedChannel) }
      done.succeed(body())
    }
    done.futureResult.assumeIsolated().whenComplete { result in
      self.isWorking = false
      switch result {
      case .success(let value): then(context, value)
      case .failure: context.close(promise: nil)
      }
    }
  }

  // MARK: Answering

  private func answer(_ context: ChannelHandlerContext, _ response: HTTPResponse) {
    guard !isGone else { return }
    let isEarly = !hasEnded && !isBodyless
    abandon()
    waiting = []
    waitingBytes = 0
    pause(context, false)
    if isEarly { isKeepAlive = false }
    phase = isEarly ? .draining(bytesLeft: Self.drainBytesMax) : .answering
    let responseHead = ResponseHead.make(response, to: head, isKeepAlive: isKeepAlive)
    context.write(wrapOutboundOut(.head(responseHead)), promise: nil)
    guard ResponseHead.hasBody(response), head.method != .HEAD else { return finish(context) }
    if let source = response.source {
      sending = Sending(source: source)
      sendOn(context)
    } else {
      if !response.body.isEmpty {
        let buffer = context.channel.allocator.buffer(bytes: response.body)
        context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
      }
      finish(context)
    }
  }

  /// True where the head says that no body follows, whose end comes on its own.
  private var isBodyless: Bool {
    !head.headers.contains(name: "transfer-encoding")
      && (head.headers.first(name: "content-length").map { $0 == "0" } ?? true)
  }

  private func finish(_ context: ChannelHandlerContext) {
    let isDraining = if case .draining = phase { true } else { false }
    let closes = !isKeepAlive && (!isDraining || isAskingToGoOn)
    if !isDraining { phase = .idle }
    let written = context.writeAndFlush(wrapOutboundOut(.end(nil)))
    if closes { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }

  /// A body on its way to the client.
  private struct Sending {
    var source: any HTTPBodySource
    var next = 0
    var isReading = false
    var piecesUnderWay = 0
    /// Closes the connection of a client that takes nothing any more.
    var deadline: Scheduled<Void>?
  }

  private func sendOn(_ context: ChannelHandlerContext) {
    guard let sending, !sending.isReading else { return }
    guard sending.next < sending.source.byteCount else {
      self.sending?.deadline?.cancel()
      self.sending = nil
      return finish(context)
    }
    guard sending.piecesUnderWay < Self.piecesMax else { return }
    self.sending?.isReading = true
    let source = sending.source
    let start = sending.next
    let count = min(Self.pieceBytes, source.byteCount - start)
    let allocator = context.channel.allocator
    work(context) { () -> Result<ByteBuffer, any Error> in
      Result { try Self.piece(source, start, count, allocator) }
    } then: { context, piece in
      guard case .success(let bytes) = piece, !self.isGone else {
        return context.close(promise: nil)
      }
      self.send(context, bytes)
    }
  }

  private static func piece(
    _ source: any HTTPBodySource, _ start: Int, _ count: Int, _ allocator: ByteBufferAllocator
  ) throws -> ByteBuffer {
    var buffer = allocator.buffer(capacity: count)
    try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
      try source.read(start, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
      return count
    }
    return buffer
  }

  private func send(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
    guard sending != nil else { return }
    sending?.isReading = false
    sending?.next += bytes.readableBytes
    sending?.piecesUnderWay += 1
    let limit = TimeAmount.milliseconds(server.limits.idleTimeoutMilliseconds)
    sending?.deadline?.cancel()
    sending?.deadline = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
      context.close(promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(bytes)))).assumeIsolated()
      .whenComplete { result in
        guard self.sending != nil else { return }
        self.sending?.piecesUnderWay -= 1
        if case .failure = result { context.close(promise: nil) } else { self.sendOn(context) }
      }
    sendOn(context)
  }
}
