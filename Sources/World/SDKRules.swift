package import EventSDK

/// The rules of the app's event client from a moment on.
package struct SDKRules: Sendable, Hashable {
  /// Milliseconds since the epoch; the first entry holds from the world's start whatever it says.
  package var from: Int64
  package var configuration: Configuration

  package init(from: Int64, configuration: Configuration) {
    self.from = from
    self.configuration = configuration
  }
}
