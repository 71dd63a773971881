// Why a broker could not be started.

/// A refused start; its `description` says what to do.
package enum KafkaBrokerError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another program listens there.
  case portInUse(Int)
  /// The system refused for another reason.
  case cannotListen(port: Int, reason: String)

  package var description: String {
    switch self {
    case .portInUse(let port):
      "Port \(port) is in use by another program. Choose another port, or 0 for any free one."
    case .cannotListen(let port, let reason):
      "The broker cannot listen on port \(port): \(reason)."
    }
  }
}
