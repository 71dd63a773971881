// The one small HTTP/1.1 server behind every door that speaks HTTP: loopback only, with limits.
//
// 1. `HTTPServer.start` binds a port and returns; one event loop or a few do all network work.
// 2. Bytes pass `ByteWatch`, HTTP's decoder, `PartWatch` (time-outs, bad requests), NIO's
//    pipelining handler, and reach `RequestHandler`, which collects one whole request.
// 3. The handler is called on a thread of a bounded pool, where it may block, or answer later; one
//    that never blocks is called on the event loop itself. A streaming door gets `StreamingHandler`
//    in its place, and sees bodies piece by piece.
// 4. `stop` closes the port, lets running requests end, and closes what is left.
//
// It is not for the open network: no TLS, no HTTP/2.

internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A server that runs from `start` to `stop`.
///
/// All calls are synchronous and safe from any thread but the handler's own.
package final class HTTPServer: Sendable {
  /// The port it listens on; the chosen one where 0 was asked.
  package let port: Int
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup
  private let pool: NIOThreadPool?
  private let connections: Connections
  private let isStopped = Atomic<Bool>(false)

  private init(
    port: Int,
    channel: any Channel,
    group: MultiThreadedEventLoopGroup,
    pool: NIOThreadPool?,
    connections: Connections
  ) {
    self.port = port
    self.channel = channel
    self.group = group
    self.pool = pool
    self.connections = connections
  }

  /// Begins to listen; blocks until the port is open.
  ///
  /// - Parameters:
  ///   - host: a loopback address.
  ///   - port: 0 for any free one.
  ///   - limits: what clients cannot pass.
  ///   - handler: answers one request; called on several threads at once, may block.
  /// - Returns: the running server.
  /// - Throws: `HTTPServerError`.
  package static func start(
    host: String = "127.0.0.1",
    port: Int,
    limits: HTTPServerLimits = HTTPServerLimits(),
    handler: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws -> HTTPServer {
    try start(host: host, port: port, limits: limits) { request, send in send(handler(request)) }
  }

  /// The same with a handler that may answer after it has returned.
  ///
  /// - Parameter answering: calls its second argument exactly once for each request, on any thread;
  ///   a request that is never answered keeps its connection, and `stop` waits for its deadline. With
  ///   a `threadCount` of 0 it must not block: it holds up every connection of its event loop.
  package static func start(
    host: String = "127.0.0.1",
    port: Int,
    limits: HTTPServerLimits = HTTPServerLimits(),
    answering handler: @escaping ServerContext.Handler
  ) throws -> HTTPServer {
    let pool = limits.threadCount > 0 ? NIOThreadPool(numberOfThreads: limits.threadCount) : nil
    let context = ServerContext(limits: limits, pool: pool, handler: handler)
    return try listen(host, port, limits, pool) { RequestHandler(context) }
  }

  /// The same for bodies that are too large for memory: they come and go piece by piece.
  ///
  /// `bodyBytesMax` and `bodyBytesTotalMax` are the receivers' own business then.
  ///
  /// - Parameter door: decides over the head of each request, on a thread where it may block, and so
  ///   may the receivers and sources that it hands out. `threadCount` must not be 0.
  package static func start(
    host: String = "127.0.0.1",
    port: Int,
    limits: HTTPServerLimits = HTTPServerLimits(),
    streaming door: @escaping @Sendable (HTTPRequest) -> HTTPDecision
  ) throws -> HTTPServer {
    let pool = NIOThreadPool(numberOfThreads: max(1, limits.threadCount))
    let context = StreamingContext(limits: limits, pool: pool, door: door)
    return try listen(host, port, limits, pool) { StreamingHandler(context) }
  }

  private static func listen(
    _ host: String,
    _ port: Int,
    _ limits: HTTPServerLimits,
    _ pool: NIOThreadPool?,
    _ makeHandler: @escaping @Sendable () -> any ChannelHandler
  ) throws -> HTTPServer {
    guard ["127.0.0.1", "::1", "localhost"].contains(host) else {
      throw HTTPServerError.notLoopback(host)
    }
    guard (0...65_535).contains(port) else {
      throw HTTPServerError.cannotListen(port: port, reason: "ports are 0 to 65535")
    }
    let group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, limits.loopCount))
    pool?.start()
    let connections = Connections(max: limits.connectionsMax)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try connections.add(channel)
          try addHandlers(channel, limits, makeHandler())
        }
      }
    do {
      let channel = try bootstrap.bind(host: host, port: port).wait()
      return HTTPServer(
        port: channel.localAddress?.port ?? port,
        channel: channel,
        group: group,
        pool: pool,
        connections: connections
      )
    } catch {
      shutDown(pool, group, deadline: .now() + .seconds(5))
      if (error as? IOError)?.errnoCode == EADDRINUSE { throw HTTPServerError.portInUse(port) }
      throw HTTPServerError.cannotListen(port: port, reason: "\(error)")
    }
  }

  private static func addHandlers(
    _ channel: any Channel,
    _ limits: HTTPServerLimits,
    _ handler: any ChannelHandler
  ) throws {
    let phase = ConnectionPhase()
    var bounds = NIOHTTPDecoderLimitConfiguration()
    bounds.maxHeaderListSize = limits.headerBytesMax
    bounds.maxHeaderFieldSize = limits.headerBytesMax
    let decoder = HTTPRequestDecoder(
      leftOverBytesStrategy: .dropBytes,
      limitConfiguration: bounds
    )
    try channel.pipeline.syncOperations.addHandlers([
      ByteWatch(phase), HTTPResponseEncoder(), ByteToMessageHandler(decoder),
      PartWatch(phase, limits: limits), HTTPServerPipelineHandler(),
      handler,
    ])
  }

  /// Stops accepting, lets requests in flight end, closes the rest at the deadline.
  ///
  /// Blocks until all is closed. A handler that still runs then is not waited for longer than the
  /// deadline once more. A second call does nothing.
  package func stop(deadlineMilliseconds: Int64 = 5_000) {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let deadline = NIODeadline.now() + .milliseconds(deadlineMilliseconds)
    connections.refuseNew()
    try? channel.close().wait()
    for connection in connections.all {
      connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
    while !connections.all.isEmpty, NIODeadline.now() < deadline { usleep(1_000) }
    for connection in connections.all { connection.close(promise: nil) }
    HTTPServer.shutDown(pool, group, deadline: deadline + .milliseconds(deadlineMilliseconds))
  }

  private static func shutDown(
    _ pool: NIOThreadPool?,
    _ group: MultiThreadedEventLoopGroup,
    deadline: NIODeadline
  ) {
    let running = RunningParts()
    if let pool {
      pool.shutdownGracefully { _ in running.count.subtract(1, ordering: .releasing) }
    } else {
      running.count.subtract(1, ordering: .releasing)
    }
    group.shutdownGracefully { _ in running.count.subtract(1, ordering: .releasing) }
    while running.count.load(ordering: .acquiring) > 0, NIODeadline.now() < deadline {
      usleep(1_000)
    }
  }
}

/// The pool and the event loop, while they shut down.
private final class RunningParts: Sendable {
  let count = Atomic<Int>(2)
}

/// The open connections of a server.
private final class Connections: Sendable {
  private struct State {
    var open: [ObjectIdentifier: any Channel] = [:]
    var isRefusing = false
  }

  private let max: Int
  private let state = Mutex(State())

  init(max: Int) {
    self.max = max
  }

  var all: [any Channel] { state.withLock { Array($0.open.values) } }

  func refuseNew() {
    state.withLock { $0.isRefusing = true }
  }

  /// Throws where there is no room, and NIO closes the channel.
  func add(_ channel: any Channel) throws {
    let id = ObjectIdentifier(channel)
    try state.withLock { state in
      guard !state.isRefusing, state.open.count < max else {
        throw ChannelError.operationUnsupported
      }
      state.open[id] = channel
    }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { _ = $0.open.removeValue(forKey: id) }
    }
  }
}
