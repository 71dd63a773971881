/// A form of fields with numbered options, several of them in a line.
///
/// ```
///   What is wrong  (kind)
///     1) all of it is missing   2) part of it is missing   3) it comes late
///   Since when  (since)
///     4) since midnight (chosen)   5) it never began
/// ```
///
/// In accessible mode each option has a line of its own. An option is never broken where its line has
/// room for it.
package struct ChoiceFormView: TerminalView, Sendable, Hashable {
  package struct Field: Sendable, Hashable {
    package var title: String
    /// Each with its number and what marks it as chosen.
    package var options: [String]
    /// What stands in place of options.
    package var note: String?

    package init(title: String, options: [String], note: String? = nil) {
      self.title = title
      self.options = options
      self.note = note
    }
  }

  package var fields: [Field]

  package init(_ fields: [Field]) { self.fields = fields }

  /// Between two options.
  private static let gap = "   "

  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let width = Drawing.width(width)
    return fields.flatMap { field -> [String] in
      var rows: [String] = []
      for option in field.options {
        let joined = rows.last.map { $0 + Self.gap + option }
        if !style.isAccessible, let joined, TextWidth.columns(joined) + 4 < width {
          rows[rows.count - 1] = joined
        } else {
          rows.append(option)
        }
      }
      if let note = field.note { rows.append(note) }
      return TextWidth.wrap("  " + field.title, to: width).map { style.apply(.strong, $0) }
        + rows.flatMap { TextWidth.wrap("    " + $0, to: width, hangingIndent: 7) }
    }
  }
}
