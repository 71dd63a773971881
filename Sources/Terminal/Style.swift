// Colour by meaning. Callers name a role; this file alone knows escape sequences, so that a pipe,
// NO_COLOR, TERM=dumb and the accessible mode all come out as plain text.

/// How text is decorated for one output.
package struct Style: Sendable, Hashable {
  /// What a piece of text is.
  ///
  /// Colour is never the only carrier of a meaning.
  package enum Role: Sendable, Hashable, CaseIterable {
    case heading, success, failure, warning, number, dim, command, strong, emphasis
  }

  /// Whether escape sequences are written at all.
  package var usesColour: Bool
  /// Whether the learner asked for output without redraws, boxes and symbols.
  package var isAccessible: Bool

  package init(usesColour: Bool, isAccessible: Bool = false) {
    self.usesColour = usesColour
    self.isAccessible = isAccessible
  }

  /// No colour.
  package static let plain = Style(usesColour: false)
  /// Colour.
  package static let colour = Style(usesColour: true)

  /// The style that fits an output: colour only on a terminal, and only where nothing forbids it.
  ///
  /// - Parameters:
  ///   - isTerminal: whether the output is a terminal.
  ///   - environment: where NO_COLOR (any text forbids colour) and TERM are looked up.
  ///   - isAccessible: whether accessible mode is on.
  /// - Returns: the style.
  package static func fitting(
    isTerminal: Bool,
    environment: [String: String],
    isAccessible: Bool = false
  ) -> Style {
    let isForbidden =
      !(environment["NO_COLOR"] ?? "").isEmpty || environment["TERM"] == "dumb" || isAccessible
    return Style(usesColour: isTerminal && !isForbidden, isAccessible: isAccessible)
  }

  /// `text` in the colours of `role`; the text itself where colour is off.
  package func apply(_ role: Role, _ text: String) -> String {
    guard usesColour, !text.isEmpty else { return text }
    return "\u{1B}[\(Style.code(of: role))m\(text)\u{1B}[0m"
  }

  private static func code(of role: Role) -> String {
    switch role {
    case .heading: "1"
    case .success: "32"
    case .failure: "31"
    case .warning: "33"
    case .number: "36"
    case .dim: "2"
    case .command: "1;34"
    case .strong: "1"
    case .emphasis: "4"
    }
  }
}
