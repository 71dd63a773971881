// The lake's door to the network: the buckets of a world behind S3's REST API, on loopback.
//
// 1. `S3Door` reads the head of a request, finds out who sent it, and names the operation.
// 2. The routes do it against `Bucket`: those without a body at once, the others when `BodyIntake` or
//    `DocumentIntake` has the body.
// 3. Large bodies come and go piece by piece (`StreamingHandler` of the HTTP server), so that memory
//    stays small whatever the object is.
//
// Signatures are judged by wall time, everything that rests by story time.

package import HTTPServer
package import ObjectStorage

/// A running S3 port: 9000 in the course.
package final class S3Endpoint: Sendable {
  private let server: HTTPServer

  private init(server: HTTPServer) {
    self.server = server
  }

  /// Listens on `127.0.0.1` and returns; port 0 takes any free one.
  ///
  /// Throws `HTTPServerError`, such as `portInUse`.
  package static func start(
    buckets: BucketSet,
    credentials: S3Credentials,
    port: Int,
    limits: HTTPServerLimits? = nil
  ) throws -> S3Endpoint {
    let door = S3Door(buckets: buckets, credentials: credentials)
    let limits = limits ?? HTTPServerLimits(connectionsMax: 256, threadCount: 8)
    return S3Endpoint(
      server: try HTTPServer.start(port: port, limits: limits, streaming: door.decide))
  }

  /// The port that it listens on.
  package var port: Int { server.port }

  /// Lets running requests end, then closes the port.
  package func stop() { server.stop() }
}
