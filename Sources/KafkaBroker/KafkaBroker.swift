// The event log's door to the network: Kafka's protocol on loopback, for Kafka's own clients.
//
// 1. `KafkaBroker.start` binds a port and returns; event loops do all network work.
// 2. Bytes pass `FrameDecoder` and reach `ConnectionHandler`, which has one request at a time
//    answered, in order, and reads on when the answer is written.
// 3. `RequestRouter` reads the header and calls the `BrokerCore` on a thread of a bounded pool,
//    where it may block on files. What takes longer answers later: `EventLog.afterSync` for records that
//    must be on the disk first, `WaitingFetches` for consumers at the end of the log, and the log's
//    `GroupCoordinator` for members of a rebalance.
// 4. `stop` closes the port and the connections, and makes the log durable.
//
// It is one broker of one node. It speaks no TLS and no SASL, and knows no transactions.

package import EventLog
internal import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A broker that runs from `start` to `stop`.
///
/// All calls are synchronous and safe from any thread that is not the broker's own.
package final class KafkaBroker: Sendable {
  /// The port it listens on; the chosen one where 0 was asked.
  package let port: Int
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup
  private let core: BrokerCore
  private let connections: ConnectionRegistry
  private let isStopped = Atomic<Bool>(false)

  private init(
    port: Int,
    channel: any Channel,
    group: MultiThreadedEventLoopGroup,
    core: BrokerCore,
    connections: ConnectionRegistry
  ) {
    self.port = port
    self.channel = channel
    self.group = group
    self.core = core
    self.connections = connections
  }

  /// Begins to listen on `127.0.0.1`; blocks until the port is open.
  ///
  /// - Parameters:
  ///   - log: stays open as long as the broker runs; others may use it meanwhile.
  ///   - port: 0 for any free one.
  ///   - configuration: limits and defaults.
  ///   - storyTime: milliseconds; what records are appended at, and offsets age by.
  /// - Returns: the running broker.
  /// - Throws: `KafkaBrokerError`.
  package static func start(
    log: EventLog,
    port: Int,
    configuration: BrokerConfiguration = BrokerConfiguration(),
    storyTime: @escaping @Sendable () -> Int64
  ) throws -> KafkaBroker {
    guard (0...65_535).contains(port) else {
      throw KafkaBrokerError.cannotListen(port: port, reason: "ports are 0 to 65535")
    }
    raiseOpenFileLimit()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let core = BrokerCore(
      log: log,
      configuration: configuration,
      loop: group.next(),
      storyTime: storyTime
    )
    let connections = ConnectionRegistry(max: configuration.connectionsMax)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1_024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.socketOption(.so_keepalive), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try connections.add(channel)
          let decoder = FrameDecoder(core: core)
          try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(decoder), ConnectionHandler(core: core, decoder: decoder),
          ])
        }
      }
    do {
      let channel = try bootstrap.bind(host: "127.0.0.1", port: port).wait()
      let bound = channel.localAddress?.port ?? port
      core.open(port: bound)
      return KafkaBroker(
        port: bound,
        channel: channel,
        group: group,
        core: core,
        connections: connections
      )
    } catch {
      core.close()
      group.shutdownGracefully { _ in }
      if (error as? IOError)?.errnoCode == EADDRINUSE { throw KafkaBrokerError.portInUse(port) }
      throw KafkaBrokerError.cannotListen(port: port, reason: "\(error)")
    }
  }

  /// Connections and segments are files to the system, and many systems begin with few of them.
  private static func raiseOpenFileLimit() {
    #if canImport(Glibc)
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    let resource = RLIMIT_NOFILE
    #endif
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return }
    let wanted = min(limit.rlim_max, 10_240)
    guard limit.rlim_cur < wanted else { return }
    limit.rlim_cur = wanted
    _ = setrlimit(resource, &limit)
  }

  /// Stops accepting, answers what waits, closes what is left, and makes the log durable.
  ///
  /// Blocks until all is closed, no longer than the deadline. A second call does nothing.
  package func stop(deadlineMilliseconds: Int64 = 5_000) {
    guard !isStopped.exchange(true, ordering: .acquiringAndReleasing) else { return }
    let deadline = NIODeadline.now() + .milliseconds(deadlineMilliseconds)
    connections.refuseNew()
    try? channel.close().wait()
    core.quiesce()
    for connection in connections.all {
      connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
    while !connections.all.isEmpty, NIODeadline.now() < deadline { usleep(1_000) }
    for connection in connections.all { connection.close(promise: nil) }
    core.close()
    let isDown = DownSwitch()
    group.shutdownGracefully { _ in isDown.flag.store(true, ordering: .releasing) }
    while !isDown.flag.load(ordering: .acquiring), NIODeadline.now() < deadline { usleep(1_000) }
  }

  /// Connections that are open now.
  package var connectionCount: Int { connections.all.count }

  /// Bytes of large requests and answers that are in memory now.
  package var bytesInFlight: Int { core.budget.used }
}

/// Turns true when the event loops have ended.
private final class DownSwitch: Sendable {
  let flag = Atomic<Bool>(false)
}

/// The open connections of a broker.
final class ConnectionRegistry: Sendable {
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
