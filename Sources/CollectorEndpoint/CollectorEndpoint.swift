// The collector's door to the network: `CollectorRoutes` behind the HTTP server, on loopback.
//
// 1. The server reads one whole request within its limits and calls the routes on a thread of its
//    pool, where waiting for the log's sync stops nobody else.
// 2. Requests that wait at the same time share one fsync: the log's group commit.

package import Collector
package import HTTPServer

/// A running collector port: 8080 in the course.
package final class CollectorEndpoint: Sendable {
  private let server: HTTPServer

  private init(server: HTTPServer) {
    self.server = server
  }

  /// Listens on `127.0.0.1` and returns; port 0 takes any free one.
  ///
  /// Throws `HTTPServerError`, such as `portInUse`. A body beyond the collector's own limit is
  /// answered in JSON up to the server's `bodyBytesMax`, and cut off beyond that.
  package static func start(
    collector: Collector,
    port: Int,
    limits: HTTPServerLimits = HTTPServerLimits()
  ) throws -> CollectorEndpoint {
    let routes = CollectorRoutes(collector: collector)
    return CollectorEndpoint(
      server: try HTTPServer.start(port: port, limits: limits) { routes.answer($0) }
    )
  }

  /// The port that it listens on.
  package var port: Int { server.port }

  /// Lets running requests end, then closes the port.
  package func stop() {
    server.stop()
  }
}
