// One connection: its requests one at a time, its answers in their order.
//
// While a request is being answered nothing more is read, as a Kafka broker does: a client that
// sends faster than it is answered, or does not take its answers, fills its own socket and no memory
// here.

internal import KafkaProtocol
internal import NIOCore

/// Runs on the connection's event loop only.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = Frame
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let core: BrokerCore
  private let decoder: FrameDecoder
  private var waiting = CircularBuffer<Frame>()
  private var isBusy = false
  private var isReadWanted = false
  private var isQuiescing = false
  private var writeBegan: NIODeadline?
  private var timer: RepeatedTask?
  private var host = ""

  init(core: BrokerCore, decoder: FrameDecoder) {
    self.core = core
    self.decoder = decoder
  }

  func handlerAdded(context: ChannelHandlerContext) {
    host = context.remoteAddress?.ipAddress ?? "127.0.0.1"
    let limits = core.configuration
    let shortest = min(limits.stallTimeoutMilliseconds, limits.idleTimeoutMilliseconds)
    let tick = TimeAmount.milliseconds(max(50, min(5_000, shortest / 4)))
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleRepeatedTask(initialDelay: tick, delay: tick) { _ in
      let (handler, context) = bound.value
      handler.checkTime(context)
    }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
  }

  func channelInactive(context: ChannelHandlerContext) {
    // A producer that wants no answers may be gone before its last records are appended; nobody
    // is there to hear any other answer.
    waiting = CircularBuffer(waiting.filter { RequestHeader.api(of: $0.bytes) == .produce })
    timer?.cancel()
    timer = nil
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    waiting.append(unwrapInboundIn(data))
    answerNext(context)
  }

  func read(context: ChannelHandlerContext) {
    guard !isBusy, waiting.isEmpty else {
      isReadWanted = true
      return
    }
    context.read()
  }

  /// A broken frame, or a socket that the other side has left.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      isQuiescing = true
      if !isBusy { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: Answering

  private func answerNext(_ context: ChannelHandlerContext) {
    guard !isBusy, let frame = waiting.popFirst() else { return }
    isBusy = true
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let loop = context.eventLoop
    core.answer(frame, host: host) { outcome in
      loop.execute {
        let (handler, context) = bound.value
        handler.finish(outcome, context)
      }
    }
  }

  private func finish(_ outcome: RequestOutcome, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else {
      isBusy = false
      return answerNext(context)
    }
    switch outcome {
    case .close: context.close(promise: nil)
    case .nothing: goOn(context)
    case .response(let bytes, let lease):
      finish(context.channel.allocator.buffer(bytes: bytes), context) {
        withExtendedLifetime(lease) {}
      }
    case .fetched(let bytes, let gaps, var records, let lease):
      var frame = context.channel.allocator.buffer(bytes: bytes)
      var position = 0
      for gap in gaps where gap.byteCount > 0 {
        for piece in [
          frame.readSlice(length: gap.position - position), records.readSlice(length: gap.byteCount),
        ] {
          if let piece { context.write(wrapOutboundOut(piece), promise: nil) }
        }
        position = gap.position
      }
      finish(frame, context) { [core, records] in
        withExtendedLifetime(lease) {}
        core.rooms.giveBack(records)
      }
    }
  }

  /// Writes the last piece of an answer, and goes on when all of it was taken.
  private func finish(
    _ last: ByteBuffer, _ context: ChannelHandlerContext, _ taken: @escaping @Sendable () -> Void
  ) {
    writeBegan = .now()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(last)).whenComplete { result in
      taken()
      let (handler, context) = bound.value
      handler.writeBegan = nil
      if case .success = result {
        handler.goOn(context)
      } else {
        handler.isBusy = false
        handler.answerNext(context)
      }
    }
  }

  private func goOn(_ context: ChannelHandlerContext) {
    isBusy = false
    guard !isQuiescing else { return context.close(promise: nil) }
    answerNext(context)
    guard isReadWanted, !isBusy, waiting.isEmpty else { return }
    isReadWanted = false
    context.read()
  }

  private func checkTime(_ context: ChannelHandlerContext) {
    let limits = core.configuration
    func isOver(_ since: NIODeadline, _ milliseconds: Int64) -> Bool {
      NIODeadline.now() - since > .milliseconds(milliseconds)
    }
    let isStalled =
      writeBegan.map { isOver($0, limits.stallTimeoutMilliseconds) } ?? false
      || (!isBusy && decoder.isPartial
        && isOver(decoder.lastBytes, limits.stallTimeoutMilliseconds))
    let isIdle = !isBusy && isOver(decoder.lastBytes, limits.idleTimeoutMilliseconds)
    if isStalled || isIdle { context.close(promise: nil) }
  }
}

extension RequestHeader {
  /// The function that a frame asks for, read from its first two bytes; nil for none that is known.
  static func api(of frame: [UInt8]) -> KafkaAPI? {
    guard frame.count >= 2 else { return nil }
    return KafkaAPI(rawValue: Int16(frame[0]) << 8 | Int16(frame[1]))
  }
}
