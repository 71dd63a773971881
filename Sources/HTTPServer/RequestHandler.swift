// Collects one request at a time, has the handler answer it, on a blocking thread or here, and writes
// that.
//
// It is not concerned with pipelining: `HTTPServerPipelineHandler` before it holds back the next
// request until the response to this one has ended.

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// What all connections of a server share.
package final class ServerContext: Sendable {
  /// Answers one request, once, now or later.
  package typealias Handler =
    @Sendable (HTTPRequest, @escaping @Sendable (HTTPResponse) -> Void) -> Void

  let limits: HTTPServerLimits
  /// Nil where handlers never block and are called on the connection's event loop.
  let pool: NIOThreadPool?
  let handler: Handler
  /// Bytes of bodies in memory.
  let bodyBytes = Atomic<Int>(0)

  init(
    limits: HTTPServerLimits,
    pool: NIOThreadPool?,
    handler: @escaping Handler
  ) {
    self.limits = limits
    self.pool = pool
    self.handler = handler
  }
}

/// The last handler of a connection; runs on its event loop only.
final class RequestHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private enum State {
    case idle
    case receiving
    /// A refused body is read and forgotten, so that the client sees the refusal.
    case draining(bytesLeft: Int)
    case handling
  }

  /// A refused body is read up to this size before the connection is closed all the same.
  private static let drainBytesMax = 64 << 20

  private let server: ServerContext
  private var state = State.idle
  private var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")
  private var body: [UInt8] = []
  private var chargedBytes = 0
  private var isKeepAlive = true

  init(_ server: ServerContext) {
    self.server = server
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(context, head)
    case .body(let bytes): receive(context, bytes)
    case .end: end(context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if case .handling = state {} else { release() }
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      if case .handling = state { isKeepAlive = false } else { context.close(promise: nil) }
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
    state = .receiving
    let declared = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
    let expects = head.headers[canonicalForm: "expect"].contains {
      $0.lowercased() == "100-continue"
    }
    if declared > server.limits.bodyBytesMax {
      return refuse(context, tooLarge, closesAtOnce: expects)
    }
    body.reserveCapacity(min(declared, 1 << 20))
    if expects, head.version == .http1_1 {
      let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
    }
  }

  private var tooLarge: HTTPResponse {
    .text(
      413,
      "The body may have at most \(server.limits.bodyBytesMax) bytes. Send smaller batches.\n"
    )
  }

  private func receive(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
    let count = bytes.readableBytes
    switch state {
    case .draining(let left):
      state = .draining(bytesLeft: left - count)
      if left < count { context.close(promise: nil) }
    case .receiving:
      guard body.count + count <= server.limits.bodyBytesMax else {
        return refuse(context, tooLarge, closesAtOnce: false)
      }
      let (_, total) = server.bodyBytes.add(count, ordering: .relaxed)
      chargedBytes += count
      guard total <= server.limits.bodyBytesTotalMax else {
        var busy = HTTPResponse.text(503, "Too many requests are waiting. Try again later.\n")
        busy.headers.append(HTTPHeader("retry-after", "1"))
        return refuse(context, busy, closesAtOnce: false)
      }
      bytes.withUnsafeReadableBytes { body.append(contentsOf: $0) }
    case .idle, .handling: break
    }
  }

  private func end(_ context: ChannelHandlerContext) {
    switch state {
    case .draining: context.close(promise: nil)
    case .receiving: handle(context)
    case .idle, .handling: break
    }
  }

  /// Answers before the body has come, and closes when it has, or at once.
  private func refuse(
    _ context: ChannelHandlerContext,
    _ response: HTTPResponse,
    closesAtOnce: Bool
  ) {
    isKeepAlive = false
    release()
    state = .draining(bytesLeft: RequestHandler.drainBytesMax)
    write(context, response).assumeIsolated().whenComplete { _ in
      if closesAtOnce { context.close(promise: nil) }
    }
  }

  private func release() {
    server.bodyBytes.subtract(chargedBytes, ordering: .relaxed)
    chargedBytes = 0
    body = []
  }

  // MARK: Answering

  private func handle(_ context: ChannelHandlerContext) {
    state = .handling
    let request = HTTPRequest(head, body: body)
    body = []
    let handler = server.handler
    let answer = context.eventLoop.makePromise(of: HTTPResponse.self)
    if let pool = server.pool {
      pool.submit { state in
        guard case .active = state else { return answer.fail(ChannelError.ioOnClosedChannel) }
        handler(request) { answer.succeed($0) }
      }
    } else {
      handler(request) { answer.succeed($0) }
    }
    answer.futureResult.assumeIsolated()
      .whenComplete { result in
        self.release()
        switch result {
        case .success(let response): self.finish(context, response)
        case .failure:
          self.isKeepAlive = false
          self.finish(context, .text(503, "The server is stopping.\n"))
        }
      }
  }

  private func finish(_ context: ChannelHandlerContext, _ response: HTTPResponse) {
    // Writing the end lets the next pipelined request in, which begins before this returns.
    let closes = !isKeepAlive
    state = .idle
    let written = write(context, response)
    if closes { written.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
  }

  private func write(
    _ context: ChannelHandlerContext,
    _ response: HTTPResponse
  ) -> EventLoopFuture<Void> {
    let responseHead = ResponseHead.make(response, to: head, isKeepAlive: isKeepAlive)
    let isHEAD = head.method == .HEAD
    context.write(wrapOutboundOut(.head(responseHead)), promise: nil)
    if ResponseHead.hasBody(response), !isHEAD, !response.body.isEmpty {
      let buffer = context.channel.allocator.buffer(bytes: response.body)
      context.write(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }
    return context.writeAndFlush(wrapOutboundOut(.end(nil)))
  }
}
