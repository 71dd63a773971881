package import EventSDK

/// The rules of the app's event client from a moment on.
package struct SDKRules: Sendable, Hashable {
  /// Milliseconds since the epoch; the first entry holds from the world's start whatever it says.
  package var from: Int64
  package var configuration: Configuration
  /// True for a queue on the disk, which is found again when the app was killed; one in memory is gone.
  package var keepsQueue: Bool

  package init(from: Int64, configuration: Configuration, keepsQueue: Bool = true) {
    self.from = from
    self.configuration = configuration
    self.keepsQueue = keepsQueue
  }
}
