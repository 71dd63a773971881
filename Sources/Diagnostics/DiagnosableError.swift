/// An error that a learner can act on: what happened, where, and what to do next.
///
/// Every target throws its own `<Target>Error` of this shape. The English `message` stands at the
/// throwing place; `Commands` looks `code` up in the learner's catalogue and fills in `fields`, so
/// that no target below it knows a language.
public protocol DiagnosableError: Error, Sendable, CustomStringConvertible {
  /// A stable dotted name, such as `parquet.truncated`; the catalogue key is `error.` + this.
  var code: String { get }
  /// One English sentence that says what happened, values included.
  var message: String { get }
  /// The file, offset, line or column it happened at; nil where the message says it all.
  var place: String? { get }
  /// One English sentence that says what to do next; nil where nothing can be done.
  var advice: String? { get }
  /// The values that the catalogue's sentence names, by placeholder.
  var fields: [String: String] { get }
}

extension DiagnosableError {
  public var place: String? { nil }
  public var advice: String? { nil }
  public var fields: [String: String] { [:] }

  public var description: String {
    var text = "\(code): \(message)"
    if let place { text += " (\(place))" }
    if let advice { text += " \(advice)" }
    return text
  }
}
