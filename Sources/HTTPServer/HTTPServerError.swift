// Why a server could not be started.

/// A refused start; its `description` says what to do.
package enum HTTPServerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another program listens there.
  case portInUse(Int)
  /// Only this machine may connect: `127.0.0.1`, `::1` or `localhost`.
  case notLoopback(String)
  /// The system refused for another reason.
  case cannotListen(port: Int, reason: String)

  package var description: String {
    switch self {
    case .portInUse(let port):
      "Port \(port) is in use by another program. Choose another port, or 0 for any free one."
    case .notLoopback(let host):
      "The server listens on this machine only; \"\(host)\" is not a loopback address."
    case .cannotListen(let port, let reason):
      "The server cannot listen on port \(port): \(reason)."
    }
  }
}
