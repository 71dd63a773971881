// Guards one connection against clients that are too slow or send what is not HTTP.
//
// Two handlers stand on both sides of HTTP's decoder: `ByteWatch` sees that bytes came, `PartWatch`
// sees what they became and what is answered. Both run on the connection's event loop only.

internal import NIOCore
internal import NIOHTTP1

/// What a connection is waiting for, and since when.
final class ConnectionPhase {
  enum Phase { case request, head, body }

  var phase = Phase.request
  var since = NIODeadline.now()

  func enter(_ next: Phase) {
    phase = next
    since = .now()
  }
}

/// Notes the first byte of a request.
final class ByteWatch: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let phase: ConnectionPhase

  init(_ phase: ConnectionPhase) {
    self.phase = phase
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if phase.phase == .request { phase.enter(.head) }
    context.fireChannelRead(data)
  }
}

/// Answers 408 to a request that does not end, 400 or 431 to one that cannot be read, and closes.
final class PartWatch: ChannelDuplexHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let phase: ConnectionPhase
  private let limits: HTTPServerLimits
  private var timer: RepeatedTask?
  /// Requests whose response has not ended; with pipelining more than one.
  private var unanswered = 0
  private var isResponding = false
  private var isBroken = false

  init(_ phase: ConnectionPhase, limits: HTTPServerLimits) {
    self.phase = phase
    self.limits = limits
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let shortest = min(limits.headerTimeoutMilliseconds, limits.idleTimeoutMilliseconds)
    let tick = TimeAmount.milliseconds(max(10, min(1_000, shortest / 4)))
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
      let (watch, context) = bound.value
      watch.checkTime(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isBroken else { return }
    switch unwrapInboundIn(data) {
    case .head:
      unanswered += 1
      phase.enter(.body)
    case .body: phase.enter(.body)
    case .end: phase.enter(.request)
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): isResponding = !(100..<200).contains(head.status.code)
    case .body: break
    case .end:
      isResponding = false
      unanswered -= 1
      phase.since = .now()
    }
    context.write(data, promise: promise)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isBroken, let error = error as? HTTPParserError else { return close(context) }
    if unanswered > 0, phase.phase != .body {
      // An earlier request is still being answered; its client gets that answer and no more.
      isBroken = true
      return
    }
    refuse(context, error == .headerOverflow ? .requestHeaderFieldsTooLarge : .badRequest)
  }

  private func checkTime(_ context: ChannelHandlerContext) {
    let waited = (NIODeadline.now() - phase.since).nanoseconds / 1_000_000
    switch phase.phase {
    case .request:
      if unanswered == 0, waited > limits.idleTimeoutMilliseconds { close(context) }
      if isBroken, unanswered == 0 { close(context) }
    case .head where unanswered == 0 && waited > limits.headerTimeoutMilliseconds:
      refuse(context, .requestTimeout)
    case .body where unanswered <= 1 && waited > limits.idleTimeoutMilliseconds:
      refuse(context, .requestTimeout)
    default: break
    }
  }

  /// Sends a response without a body where none has begun, and closes.
  private func refuse(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus) {
    guard !isBroken else { return }
    isBroken = true
    if !isResponding, phase.phase != .body || unanswered > 0 {
      let head = HTTPResponseHead(
        version: .http1_1,
        status: status,
        headers: ["connection": "close", "content-length": "0"]
      )
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    close(context)
  }

  private func close(_ context: ChannelHandlerContext) {
    context.close(promise: nil)
  }
}
