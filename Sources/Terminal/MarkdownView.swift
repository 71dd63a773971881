// Markdown on a terminal: lessons, tasks, hints and feedback are written in it.
//
// Colour is an addition: everything that Markdown says is also said in plain text, by indentation,
// empty lines and ASCII marks, or, for accessible output, in words.

/// A Markdown text, laid out for a width.
///
///     let view = MarkdownView(lesson, texts: catalogue)
///     output.write(view.render(width: output.width, style: output.style))
///
/// Prose is wrapped at Korean word breaks and at most `proseMax` wide; code is indented by four and
/// never wrapped; a table too wide for its columns is written row by row.
package struct MarkdownView: TerminalView, Sendable {
  /// Prose is wrapped to this many columns at most, whatever the screen: longer lines are hard to
  /// read on.
  package static let proseMax = 100

  package var document: MarkdownDocument
  /// Spaces before every line.
  package var indent: Int
  private let texts: Catalogue

  /// - Parameters:
  ///   - text: Markdown.
  ///   - texts: the learner's language: `terminal.markdown.…`.
  package init(_ text: String, texts: Catalogue, indent: Int = 0) {
    self.init(MarkdownDocument(text), texts: texts, indent: indent)
  }

  package init(_ document: MarkdownDocument, texts: Catalogue, indent: Int = 0) {
    self.document = document
    self.texts = texts
    self.indent = indent
  }

  /// The lines, without trailing spaces; blocks are separated by one empty line.
  ///
  /// - Parameter width: columns, at least 20; nil wraps prose only and cuts nothing, as for a pipe.
  package func lines(width: Int?, style: Style = .plain) -> [String] {
    let page = MarkdownPage(width: width.map { max($0 - indent, 20) }, style: style, texts: texts)
    let margin = String(repeating: " ", count: indent)
    return page.lines(of: document.blocks).map { $0.isEmpty ? "" : margin + $0 }
  }
}

/// The space that a block is laid out in.
struct MarkdownPage {
  /// Columns; nil where nothing may be cut.
  var width: Int?
  var style: Style
  var texts: Catalogue

  var proseWidth: Int { min(width ?? MarkdownView.proseMax, MarkdownView.proseMax) }

  /// The same page, narrower.
  func narrowed(by columns: Int) -> MarkdownPage {
    var page = self
    page.width = width.map { max($0 - columns, 8) }
    return page
  }

  /// The lines of blocks, an empty line between two unless they are `tight`.
  func lines(of blocks: [MarkdownBlock], isTight: Bool = false) -> [String] {
    var result: [String] = []
    for block in blocks {
      let lines = lines(of: block)
      guard !lines.isEmpty else { continue }
      if !result.isEmpty, !isTight { result.append("") }
      result += lines
    }
    return result
  }

  private func lines(of block: MarkdownBlock) -> [String] {
    switch block {
    case .heading(let level, let content): heading(level, content)
    case .paragraph(let content): prose(content)
    case .code(_, let text): code(text)
    case .quote(let blocks): quote(blocks)
    case .list(let list): self.list(list)
    case .table(let table): MarkdownTableLayout(table, page: self).lines
    case .rule: style.isAccessible ? [] : [String(repeating: "-", count: min(proseWidth, 40))]
    case .html(let source): html(source)
    }
  }

  private func heading(_ level: Int, _ content: [MarkdownInline]) -> [String] {
    let plain = flattened(content, style: Style(usesColour: false, isAccessible: style.isAccessible))
    let lines = TextWidth.wrap(plain, to: proseWidth)
    let text = lines.map { style.apply(.heading, finished($0)) }
    guard level <= 2, !style.isAccessible else { return text }
    let columns = lines.reduce(0) { max($0, TextWidth.columns($1)) }
    return text + [style.apply(.dim, String(repeating: level == 1 ? "=" : "-", count: columns))]
  }

  private func prose(_ content: [MarkdownInline]) -> [String] {
    TextWidth.wrap(flattened(content, style: style), to: proseWidth).map(finished)
  }

  /// Code as it stands; only a line wider than the screen is cut, which its `...` shows.
  private func code(_ text: String) -> [String] {
    var source = text[...]
    if source.last == "\n" { source = source.dropLast() }
    return source.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let shown = TextWidth.printable(MarkdownPage.expandingTabs(line))
      guard shown.contains(where: { $0 != " " }) else { return "" }
      let isCut = width != nil && !style.isAccessible
      let cut = isCut ? TextWidth.truncate(shown, to: max((width ?? 0) - 4, 4)) : shown
      return "    " + style.apply(.command, cut)
    }
  }

  static func expandingTabs(_ line: Substring) -> String {
    guard line.contains("\t") else { return String(line) }
    var result = ""
    for character in line {
      if character == "\t" {
        result += String(repeating: " ", count: 4 - TextWidth.columns(result) % 4)
      } else {
        result.append(character)
      }
    }
    return result
  }

  private func quote(_ blocks: [MarkdownBlock]) -> [String] {
    let lines = narrowed(by: 2).lines(of: blocks)
    guard !style.isAccessible else {
      return [texts.text("terminal.markdown.quote")] + lines.map { $0.isEmpty ? "" : "  " + $0 }
    }
    let mark = style.apply(.dim, ">")
    return lines.map { $0.isEmpty ? mark : "\(mark) \($0)" }
  }

  private func list(_ list: MarkdownList) -> [String] {
    var result: [String] = []
    let last = (list.start ?? 0) + list.items.count - 1
    let markWidth = list.start == nil ? 2 : "\(last). ".utf8.count
    for (index, item) in list.items.enumerated() {
      let mark = list.start.map { "\($0 + index). " } ?? "- "
      var lines = narrowed(by: markWidth).lines(of: item.blocks, isTight: list.isTight)
      if let isDone = item.isDone { lines = task(isDone, lines, width: markWidth) }
      if index > 0, !list.isTight { result.append("") }
      let first = TextWidth.pad(mark, to: markWidth, alignment: list.start == nil ? .left : .right)
      result.append(lines.isEmpty ? mark.filter { $0 != " " } : first + lines[0])
      let margin = String(repeating: " ", count: markWidth)
      result += lines.dropFirst().map { $0.isEmpty ? "" : margin + $0 }
    }
    return result
  }

  private func task(_ isDone: Bool, _ lines: [String], width markWidth: Int) -> [String] {
    let mark =
      style.isAccessible
      ? texts.text(isDone ? "terminal.markdown.done" : "terminal.markdown.open")
      : isDone ? "[x]" : "[ ]"
    guard let first = lines.first else { return [mark] }
    // The mark may not fit on the item's first line any more.
    let room = max(proseWidth - markWidth, 8)
    return TextWidth.wrap("\(mark) \(first)", to: room) + lines.dropFirst()
  }

  /// What a reader of HTML would see: the text between tags.
  private func html(_ source: String) -> [String] {
    let text = MarkdownPage.withoutTags(source)
    let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.isEmpty ? [] : TextWidth.wrap(TextWidth.printable(words), to: proseWidth)
  }

  static func withoutTags(_ source: String) -> String {
    var result = ""
    var rest = source[...]
    while let open = rest.firstIndex(of: "<") {
      result += rest[..<open]
      let end = rest[open...].hasPrefix("<!--") ? "-->" : ">"
      guard let close = rest[open...].firstRange(of: end) else { return result }
      rest = rest[close.upperBound...]
    }
    return result + rest
  }

  /// A line as it is printed: its no-break spaces have done their work.
  func finished(_ line: String) -> String {
    var line = line.replacing("\u{A0}", with: " ")
    while line.last == " " { line.removeLast() }
    return line
  }
}

// MARK: - Running text

extension MarkdownPage {
  /// Running text as one string with its colours; spaces inside short code do not break.
  func flattened(_ content: [MarkdownInline], style: Style) -> String {
    var result = ""
    for piece in content {
      switch piece {
      case .text(let text): result += TextWidth.printable(text)
      case .softBreak: result += " "
      case .lineBreak: result += "\n"
      case .code(let text): result += code(text, style)
      case .strong(let inner): result += coloured(.strong, inner, style)
      case .emphasis(let inner): result += coloured(.emphasis, inner, style)
      case .strikethrough(let inner):
        let text = flattened(inner, style: style)
        result += style.isAccessible
          ? texts.text("terminal.markdown.deleted", ["text": text]) : "~~\(text)~~"
      case .link(let inner, let url): result += link(flattened(inner, style: style), url)
      case .image(let inner, let url):
        let text = flattened(inner, style: style)
        let alt = text.isEmpty ? TextWidth.printable(url) : text
        result += texts.text("terminal.markdown.image", ["text": alt])
      case .html(let tag):
        let name = tag.lowercased().filter { $0.isLetter }
        if name == "br" { result += "\n" }
      }
    }
    return result
  }

  /// Code in colour, or between backquotes where there is none: its ends must be seen.
  private func code(_ text: String, _ style: Style) -> String {
    var shown = TextWidth.printable(text)
    if TextWidth.columns(shown) <= proseWidth * 2 / 3 {
      shown = shown.replacing(" ", with: "\u{A0}")
    }
    return style.usesColour ? style.apply(.command, shown) : "`\(shown)`"
  }

  /// Inner colours end with a reset, after which the outer one begins again.
  private func coloured(_ role: Style.Role, _ inner: [MarkdownInline], _ style: Style) -> String {
    guard style.usesColour else { return flattened(inner, style: style) }
    let text = flattened(inner, style: style)
    guard text.contains("\u{1B}") else { return style.apply(role, text) }
    let open = style.apply(role, "x").split(separator: "x")[0]
    return open + text.replacing("\u{1B}[0m", with: "\u{1B}[0m" + open) + "\u{1B}[0m"
  }

  private func link(_ text: String, _ url: String) -> String {
    let address = TextWidth.printable(url)
    guard !text.isEmpty, text != address, "mailto:" + text != address else { return address }
    guard !address.isEmpty, !address.hasPrefix("#") else { return text }
    return "\(text) (\(address))"
  }
}
