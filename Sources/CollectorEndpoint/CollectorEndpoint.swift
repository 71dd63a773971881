// The collector's door to the network: `CollectorRoutes` behind the HTTP server, on loopback.
//
// 1. The server reads one whole request within its limits and calls the routes, which check the
//    events: on its event loop where nothing waits for a disk there, else on a thread of its pool.
// 2. The answer follows when the log has synced. Requests that wait at the same time share one fsync
//    (the log's group commit), and no thread waits with them.

package import Collector
package import HTTPServer

/// A running collector port: 8080 in the course.
package final class CollectorEndpoint: Sendable {
  private let server: HTTPServer
  private let collector: Collector

  private init(server: HTTPServer, collector: Collector) {
    self.server = server
    self.collector = collector
  }

  /// Listens on `127.0.0.1` and returns; port 0 takes any free one.
  ///
  /// Throws `HTTPServerError`, such as `portInUse`. A body beyond the collector's own limit is
  /// answered in JSON up to the server's `bodyBytesMax`, and cut off beyond that.
  ///
  /// - Parameter appendsOverNetwork: an append of the collector's log waits for a cluster.
  package static func start(
    collector: Collector,
    port: Int,
    limits: HTTPServerLimits? = nil,
    appendsOverNetwork: Bool = false
  ) throws -> CollectorEndpoint {
    var limits = limits ?? Self.limits(of: collector.configuration)
    // Each of them waits for a cluster's acknowledgement, and many share its way there and back.
    if appendsOverNetwork {
      limits.threadCount = 64
      limits.loopCount = 1
    }
    let routes = CollectorRoutes(collector: collector)
    return CollectorEndpoint(
      server: try HTTPServer.start(port: port, limits: limits, answering: routes.answer),
      collector: collector
    )
  }

  /// What the settings say of connections, headers and bytes; the rest is the server's own.
  private static func limits(of configuration: CollectorConfiguration) -> HTTPServerLimits {
    // Events that are answered after the sync are written by the log's own thread; whatever else is
    // written, the thread that takes the request writes.
    let isWrittenElsewhere = configuration.answer == .synced && !configuration.keepsRawArchive
    return HTTPServerLimits(
      headerBytesMax: configuration.headerBytesMax,
      connectionsMax: configuration.connectionsMax,
      bodyBytesTotalMax: max(configuration.bytesInFlightMax, 16 << 20),
      threadCount: isWrittenElsewhere ? 0 : 3,
      loopCount: isWrittenElsewhere ? 2 : 1
    )
  }

  /// The port that it listens on.
  package var port: Int { server.port }

  /// Lets running requests end, then closes the port.
  package func stop() {
    server.stop()
    // What was answered early must reach the log all the same, while there is somebody to do it.
    try? collector.flush()
  }
}
