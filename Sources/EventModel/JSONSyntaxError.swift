/// Why a text is not JSON, and where: what a refused event's message is made of.
public struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The offset of the offending byte in the bytes that were given, counted from 0.
  public var byteOffset: Int
  /// One English phrase, such as `expected a comma or a closing brace`.
  public var reason: String

  public init(byteOffset: Int, reason: String) {
    self.byteOffset = byteOffset
    self.reason = reason
  }

  public var description: String { "\(reason) at byte \(byteOffset)" }
}
