/// What the SDK could not do, with the same shape as every other error of the course.
public struct EventSDKError: Error, Hashable, Sendable, CustomStringConvertible {
  /// A stable dotted name, such as `sdk.queue.locked`.
  public var code: String
  public var message: String
  /// The file it happened in.
  public var place: String?
  /// What to do next.
  public var advice: String?

  public init(code: String, message: String, place: String? = nil, advice: String? = nil) {
    self.code = code
    self.message = message
    self.place = place
    self.advice = advice
  }

  public var description: String {
    var text = "\(code): \(message)"
    if let place { text += " (\(place))" }
    if let advice { text += " \(advice)" }
    return text
  }
}
