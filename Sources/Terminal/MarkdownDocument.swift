// Markdown as a tree of values. cmark-gfm does the parsing, so that what a lesson's author sees on a
// code host is what a learner sees here; this file copies its tree out of C.
//
// Two things differ from the letter of the specification, both for Korean:
// - `10~20건, 30~40건` strikes nothing through: that takes two tildes.
// - `**결제(payment)**를` is strong. The specification closes no `**` between a mark and a letter.
//   (Two escaped pairs, `\*\*a\*\*`, are therefore strong too; such text is written as code.)

import CCmarkGFM

/// A parsed Markdown text.
package struct MarkdownDocument: Sendable, Hashable {
  package var blocks: [MarkdownBlock]

  package init(blocks: [MarkdownBlock]) {
    self.blocks = blocks
  }

  /// Parses CommonMark with GitHub's tables, strikethrough and task lists; any text has a meaning.
  package init(_ text: String) {
    blocks = MarkdownReader.blocks(of: text)
  }
}

/// One block of a document.
package indirect enum MarkdownBlock: Sendable, Hashable {
  /// Level 1 to 6.
  case heading(level: Int, [MarkdownInline])
  case paragraph([MarkdownInline])
  /// Code as it stands, ended by a line break; `info` is what followed the fence, or empty.
  case code(info: String, String)
  case quote([MarkdownBlock])
  case list(MarkdownList)
  case table(MarkdownTable)
  case rule
  /// HTML as it stands, comments included.
  case html(String)
}

/// A list with its items.
package struct MarkdownList: Sendable, Hashable {
  /// One item; `isDone` is nil unless it is a task.
  package struct Item: Sendable, Hashable {
    package var isDone: Bool?
    package var blocks: [MarkdownBlock]
  }

  /// The number of the first item; nil where the items are not numbered.
  package var start: Int?
  /// Whether the items stand without empty lines between them.
  package var isTight: Bool
  package var items: [Item]
}

/// A table: every row has as many cells as the header.
package struct MarkdownTable: Sendable, Hashable {
  package var alignments: [TextAlignment]
  package var header: [[MarkdownInline]]
  package var rows: [[[MarkdownInline]]]
}

/// A piece of running text.
package indirect enum MarkdownInline: Sendable, Hashable {
  case text(String)
  case code(String)
  case emphasis([MarkdownInline])
  case strong([MarkdownInline])
  case strikethrough([MarkdownInline])
  case link([MarkdownInline], url: String)
  case image([MarkdownInline], url: String)
  /// A tag as it stands.
  case html(String)
  /// The source's own line break, which means a space.
  case softBreak
  case lineBreak
}

/// Copies cmark's tree.
enum MarkdownReader {
  /// Deeper nesting than this is read as plain text, so that no input exhausts the stack.
  private static let depthMax = 32

  private static let isRegistered: Bool = {
    cmark_gfm_core_extensions_ensure_registered()
    return true
  }()

  static func blocks(of text: String) -> [MarkdownBlock] {
    guard isRegistered else { return [] }
    let options = CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE | CMARK_OPT_VALIDATE_UTF8
    guard let parser = cmark_parser_new(options) else { return [] }
    defer { cmark_parser_free(parser) }
    for name in ["table", "strikethrough", "tasklist"] {
      if let extensionFound = cmark_find_syntax_extension(name) {
        cmark_parser_attach_syntax_extension(parser, extensionFound)
      }
    }
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        guard let base = characters.baseAddress else { return }
        cmark_parser_feed(parser, base, characters.count)
      }
    }
    guard let root = cmark_parser_finish(parser) else { return [] }
    defer { cmark_node_free(root) }
    return blocks(in: root, depth: 0)
  }

  private static func children(of node: OpaquePointer) -> [OpaquePointer] {
    var result: [OpaquePointer] = []
    var child = cmark_node_first_child(node)
    while let next = child {
      result.append(next)
      child = cmark_node_next(next)
    }
    return result
  }

  private static func type(of node: OpaquePointer) -> String {
    String(cString: cmark_node_get_type_string(node))
  }

  private static func literal(of node: OpaquePointer) -> String {
    cmark_node_get_literal(node).map { String(cString: $0) } ?? ""
  }

  private static func blocks(in node: OpaquePointer, depth: Int) -> [MarkdownBlock] {
    guard depth < depthMax else { return [.paragraph([.text(allText(below: node))])] }
    return children(of: node).map { block($0, depth: depth) }
  }

  private static func block(_ node: OpaquePointer, depth: Int) -> MarkdownBlock {
    switch type(of: node) {
    case "heading":
      return .heading(
        level: Int(cmark_node_get_heading_level(node)), inlines(in: node, depth: depth))
    case "code_block":
      let info = cmark_node_get_fence_info(node).map { String(cString: $0) } ?? ""
      return .code(info: info, literal(of: node))
    case "block_quote": return .quote(blocks(in: node, depth: depth + 1))
    case "list": return .list(list(node, depth: depth + 1))
    case "table": return .table(table(node, depth: depth))
    case "thematic_break": return .rule
    case "html_block": return .html(literal(of: node))
    default: return .paragraph(inlines(in: node, depth: depth))
    }
  }

  private static func list(_ node: OpaquePointer, depth: Int) -> MarkdownList {
    let isOrdered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
    let items = children(of: node).map { item in
      let isTask = type(of: item) == "tasklist"
      return MarkdownList.Item(
        isDone: isTask ? cmark_gfm_extensions_get_tasklist_item_checked(item) : nil,
        blocks: blocks(in: item, depth: depth)
      )
    }
    return MarkdownList(
      start: isOrdered ? Int(cmark_node_get_list_start(node)) : nil,
      isTight: cmark_node_get_list_tight(node) != 0,
      items: items
    )
  }

  private static func table(_ node: OpaquePointer, depth: Int) -> MarkdownTable {
    let count = Int(cmark_gfm_extensions_get_table_columns(node))
    var alignments = [TextAlignment](repeating: .left, count: count)
    if let given = cmark_gfm_extensions_get_table_alignments(node) {
      for index in 0..<count where given[index] == UInt8(ascii: "r") { alignments[index] = .right }
    }
    var rows = children(of: node).map { row in
      var cells = children(of: row).prefix(count).map { inlines(in: $0, depth: depth) }
      while cells.count < count { cells.append([]) }
      return cells
    }
    let header = rows.isEmpty ? [] : rows.removeFirst()
    return MarkdownTable(alignments: alignments, header: header, rows: rows)
  }

  private static func inlines(in node: OpaquePointer, depth: Int) -> [MarkdownInline] {
    guard depth < depthMax else { return [.text(allText(below: node))] }
    let pieces = children(of: node).map { inline($0, depth: depth) }
    return joiningTexts(closingStrong(pieces))
  }

  private static func inline(_ node: OpaquePointer, depth: Int) -> MarkdownInline {
    let url = { cmark_node_get_url(node).map { String(cString: $0) } ?? "" }
    switch type(of: node) {
    case "text": return .text(literal(of: node))
    case "code": return .code(literal(of: node))
    case "html_inline": return .html(literal(of: node))
    case "softbreak": return .softBreak
    case "linebreak": return .lineBreak
    case "emph": return .emphasis(inlines(in: node, depth: depth + 1))
    case "strong": return .strong(inlines(in: node, depth: depth + 1))
    case "strikethrough": return .strikethrough(inlines(in: node, depth: depth + 1))
    case "link": return .link(inlines(in: node, depth: depth + 1), url: url())
    case "image": return .image(inlines(in: node, depth: depth + 1), url: url())
    default: return .text(allText(below: node))
    }
  }

  /// The text below a node without recursion.
  private static func allText(below node: OpaquePointer) -> String {
    guard let iterator = cmark_iter_new(node) else { return "" }
    defer { cmark_iter_free(iterator) }
    var result = ""
    while true {
      let event = cmark_iter_next(iterator)
      guard event != CMARK_EVENT_DONE, event != CMARK_EVENT_NONE else { return result }
      guard event == CMARK_EVENT_ENTER, let current = cmark_iter_get_node(iterator) else { continue }
      let text = literal(of: current)
      if !text.isEmpty { result += (result.isEmpty ? "" : " ") + text }
    }
  }

  /// Makes strong what stands between two `**` that the parser left as text.
  private static func closingStrong(_ pieces: [MarkdownInline]) -> [MarkdownInline] {
    let mark = MarkdownInline.text("**")
    let pieces = pieces.flatMap(cuttingAtMarks)
    guard pieces.contains(mark) else { return pieces }
    var result: [MarkdownInline] = []
    var index = 0
    while index < pieces.count {
      guard pieces[index] == mark, let close = pieces[(index + 1)...].firstIndex(of: mark), let first = pieces[index + 1..<close].first,
        let last = pieces[index + 1..<close].last, !startsWithSpace(first), !endsWithSpace(last)
      else {
        result.append(pieces[index])
        index += 1
        continue
      }
      result.append(.strong(joiningTexts(Array(pieces[index + 1..<close]))))
      index = close + 1
    }
    return result
  }

  /// A text cut before and after each `**`.
  private static func cuttingAtMarks(_ piece: MarkdownInline) -> [MarkdownInline] {
    guard case .text(let text) = piece, text.contains("**") else { return [piece] }
    var result: [MarkdownInline] = []
    for (index, part) in text.split(separator: "**", omittingEmptySubsequences: false).enumerated() {
      if index > 0 { result.append(.text("**")) }
      if !part.isEmpty { result.append(.text(String(part))) }
    }
    return result
  }

  private static func startsWithSpace(_ piece: MarkdownInline) -> Bool {
    switch piece {
    case .text(let text): text.first?.isWhitespace ?? true
    case .softBreak, .lineBreak: true
    default: false
    }
  }

  private static func endsWithSpace(_ piece: MarkdownInline) -> Bool {
    switch piece {
    case .text(let text): text.last?.isWhitespace ?? true
    case .softBreak, .lineBreak: true
    default: false
    }
  }

  private static func joiningTexts(_ pieces: [MarkdownInline]) -> [MarkdownInline] {
    var result: [MarkdownInline] = []
    for piece in pieces {
      if case .text(let text) = piece, case .text(let before)? = result.last {
        result[result.count - 1] = .text(before + text)
      } else {
        result.append(piece)
      }
    }
    return result
  }
}
