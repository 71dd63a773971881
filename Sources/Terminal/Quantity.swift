// What a number measures, so that charts write it as the rest of the course does.

/// A kind of number, and how people read it.
package enum Quantity: Sendable, Hashable {
  /// Things counted, with the unit that follows the number, such as `건`; it may be empty.
  case count(unit: String)
  /// Bytes.
  case bytes
  /// Milliseconds.
  case milliseconds
  /// A share between 0 and 1.
  case share
  /// Korean won.
  case won(Language)

  /// `value` as text; whole numbers without decimals, others with one.
  package func text(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 9e15 else { return "\(value)" }
    switch self {
    case .count(let unit): return Quantity.number(value) + Quantity.attached(unit)
    case .bytes: return NumberText.bytes(Int64(value.rounded()))
    case .milliseconds: return NumberText.milliseconds(Int64(value.rounded()))
    case .share:
      let isWhole = (value * 100).rounded() == value * 100
      return NumberText.percent(value, places: isWhole ? 0 : 1)
    case .won(let language): return NumberText.won(Int64(value.rounded()), language)
    }
  }

  private static func number(_ value: Double) -> String {
    NumberText.decimal(value, places: value.rounded() == value ? 0 : value.magnitude < 1 ? 2 : 1)
  }

  /// A Korean unit stands beside the number, a Latin one after a space.
  private static func attached(_ unit: String) -> String {
    guard let first = unit.first else { return "" }
    return first.isASCII ? " " + unit : unit
  }

  /// The distance between marks of an axis that is to have about `count` of them: 1, 2 or 5 times a
  /// power of ten, never less than what the quantity can show.
  func niceStep(spanning range: Double, count: Int) -> Double {
    guard range > 1e-9, range.isFinite, count > 0 else { return 1 }
    guard range < 1e18 else { return range / Double(count) }
    let rough = range / Double(count)
    var power = 1.0
    while power * 10 <= rough { power *= 10 }
    while power > rough { power /= 10 }
    let step = [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999_999 } ?? power * 10
    switch self {
    case .share: return step
    case .count: return range <= 1 ? step : max(step, range < 4 ? 0.5 : 1)
    default: return max(step, 1)
    }
  }
}

/// Something that lays itself out for a screen.
package protocol TerminalView {
  /// The lines, without trailing spaces; nil as width means an output that is no screen.
  func lines(width: Int?, style: Style) -> [String]
}

extension TerminalView {
  /// The view as text, every line ended.
  package func render(width: Int?, style: Style = .plain) -> String {
    let lines = lines(width: width, style: style)
    return lines.isEmpty ? "" : lines.joined(separator: "\n") + "\n"
  }
}

/// What the drawings share.
enum Drawing {
  /// Where there is no screen, drawings are this wide.
  static let widthWithoutScreen = 80
  /// Narrower than this nothing is drawn to measure.
  static let narrowest = 24

  static func width(_ width: Int?) -> Int { max(width ?? widthWithoutScreen, narrowest) }

  static func trimmed(_ line: String) -> String {
    var line = line
    while line.last == " " { line.removeLast() }
    return line
  }

  /// The title's lines; none without a title.
  static func title(_ title: String, indent: Int, width: Int, style: Style) -> [String] {
    guard !title.isEmpty else { return [] }
    let margin = String(repeating: " ", count: indent)
    return TextWidth.wrap(TextWidth.printable(title), to: width - indent).map {
      margin + style.apply(.heading, $0)
    }
  }

  /// Sentences as lines under a title, for what is read aloud.
  static func spoken(_ sentences: [String], indent: Int, width: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    return sentences.flatMap { sentence in
      TextWidth.wrap(TextWidth.printable(sentence), to: width - indent, hangingIndent: 2).map {
        margin + $0
      }
    }
  }
}
