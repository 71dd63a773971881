// What a pager shows and how keys change it, without a terminal: `Pager` draws it.

/// The rows of a text on a screen, the first of them shown, and a search.
package struct PagerState {
  /// What a key asks for.
  package enum Key: Equatable {
    case pageDown, pageUp, lineDown, lineUp, halfDown, halfUp, top, bottom
    case leave, help, redraw, suspend
    case beginSearch, searchNext, searchPrevious
    /// Space, and Enter, which carries on everywhere in the course: a page on, and out at the end.
    case forward
    /// Part of what is being searched for.
    case character(Character)
    case erase, accept, cancel
    case unknown
  }

  /// What happened to the last search.
  package enum Notice: Equatable {
    case none, notFound, help
  }

  private let source: [String]
  package private(set) var width: Int
  package private(set) var height: Int
  /// The source's lines, cut to the width.
  package private(set) var rows: [String] = []
  /// The first row of each line of the source.
  private var firstRows: [Int] = []
  /// The row at the top of the screen.
  package private(set) var top = 0
  package private(set) var isDone = false
  package private(set) var notice = Notice.none
  /// What is being typed after `/`; nil when nothing is.
  package private(set) var query: String?
  package private(set) var pattern = ""

  /// Rows for the text: one is the status line's.
  package var pageRows: Int { max(height - 1, 1) }
  private var topMax: Int { max(rows.count - pageRows, 0) }
  package var isAtEnd: Bool { top >= topMax }

  package init(_ text: String, width: Int, height: Int) {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    source = lines
    self.width = max(width, 8)
    self.height = max(height, 2)
    layOut()
  }

  /// Whether the text is longer than a screen of `height` rows that also shows the prompt.
  package static func isLonger(_ text: String, width: Int, height: Int) -> Bool {
    // A cheap answer first: most replies are a few lines.
    let breaks = text.utf8.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
    if breaks + text.utf8.count / max(width, 1) < height - 1 { return false }
    return PagerState(text, width: width, height: height).rows.count > height - 1
  }

  private mutating func layOut() {
    rows = []
    firstRows = []
    for line in source {
      firstRows.append(rows.count)
      rows += TextWidth.cut(line, to: width)
    }
  }

  /// Another size: the line at the top stays there.
  package mutating func resize(width: Int, height: Int) {
    let line = (firstRows.lastIndex { $0 <= top }) ?? 0
    self.width = max(width, 8)
    self.height = max(height, 2)
    layOut()
    top = min(firstRows.isEmpty ? 0 : firstRows[line], topMax)
  }

  /// The rows on the screen, without the status line.
  package var page: ArraySlice<String> {
    rows[top..<min(top + pageRows, rows.count)]
  }

  package mutating func handle(_ key: Key) {
    if query != nil {
      handleSearchKey(key)
      return
    }
    notice = .none
    switch key {
    case .forward:
      if isAtEnd { isDone = true } else { scroll(pageRows) }
    case .pageDown: scroll(pageRows)
    case .pageUp: scroll(-pageRows)
    case .halfDown: scroll(pageRows / 2)
    case .halfUp: scroll(-pageRows / 2)
    case .lineDown: scroll(1)
    case .lineUp: scroll(-1)
    case .top: top = 0
    case .bottom: top = topMax
    case .leave: isDone = true
    case .help: notice = .help
    case .beginSearch: query = ""
    case .searchNext: search(isForward: true)
    case .searchPrevious: search(isForward: false)
    case .redraw, .suspend, .character, .erase, .accept, .cancel, .unknown: break
    }
  }

  private mutating func handleSearchKey(_ key: Key) {
    switch key {
    case .character(let character): query?.append(character)
    case .erase:
      if query?.isEmpty == true { query = nil } else { query?.removeLast() }
    case .cancel: query = nil
    case .leave: query = nil
    case .accept:
      let typed = query ?? ""
      query = nil
      if !typed.isEmpty { pattern = Normalization.composed(typed).lowercased() }
      search(isForward: true)
    default: break
    }
  }

  private mutating func scroll(_ count: Int) {
    top = min(max(top + count, 0), topMax)
  }

  /// Goes to the next line with the pattern below (or above) the top; round the end once.
  private mutating func search(isForward: Bool) {
    guard !pattern.isEmpty else { return }
    let current = (firstRows.lastIndex { $0 <= top }) ?? 0
    let count = source.count
    for step in 1...max(count, 1) {
      let line = ((isForward ? current + step : current - step) % count + count) % count
      guard PagerState.matches(source[line], pattern) else { continue }
      top = min(firstRows[line], topMax)
      return
    }
    notice = .notFound
  }

  package static func matches(_ line: String, _ pattern: String) -> Bool {
    Normalization.composed(plain(line)).lowercased().contains(pattern)
  }

  /// A line without its colours.
  package static func plain(_ line: String) -> String {
    guard line.utf8.contains(0x1B) else { return line }
    return DisplayUnits(line).filter { !$0.isEscape }.map { String($0.text) }.joined()
  }

  /// The key that bytes of a terminal mean; nil while they are the beginning of one.
  package static func key(_ bytes: [UInt8], isSearching: Bool, isComplete: Bool) -> Key? {
    guard let first = bytes.first else { return nil }
    if first == 0x1B { return escapeKey(bytes, isSearching: isSearching, isComplete: isComplete) }
    if first >= 0x80 {
      let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
      if bytes.count < length, !isComplete { return nil }
      let text = String(decoding: bytes, as: UTF8.self)
      guard let character = text.first else { return .unknown }
      if isSearching { return .character(character) }
      // A command typed with the Korean layout on.
      guard let latin = KoreanLayout.toLatin(String(character))?.first else { return .unknown }
      return command(latin)
    }
    switch first {
    case 3: return isSearching ? .cancel : .leave
    case 4: return isSearching ? .cancel : .leave
    case 26: return .suspend
    case 12: return .redraw
    case 13, 10: return isSearching ? .accept : .forward
    case 8, 127: return isSearching ? .erase : .lineUp
    default: break
    }
    let character = Character(UnicodeScalar(first))
    if isSearching { return first < 32 ? .unknown : .character(character) }
    switch first {
    case 6: return .pageDown
    case 2: return .pageUp
    case 14, 5: return .lineDown
    case 16, 25: return .lineUp
    default: return command(character)
    }
  }

  private static func command(_ character: Character) -> Key {
    switch character {
    case " ": .forward
    case "f": .pageDown
    case "b": .pageUp
    case "d": .halfDown
    case "u": .halfUp
    case "j": .lineDown
    case "k": .lineUp
    case "g", "<": .top
    case "G", ">": .bottom
    case "q", "Q": .leave
    case "h", "?", "H": .help
    case "/": .beginSearch
    case "n": .searchNext
    case "N": .searchPrevious
    default: .unknown
    }
  }

  private static func escapeKey(
    _ bytes: [UInt8],
    isSearching: Bool,
    isComplete: Bool
  ) -> Key? {
    guard bytes.count > 1 else { return isComplete ? (isSearching ? .cancel : .leave) : nil }
    guard bytes[1] == UInt8(ascii: "[") || bytes[1] == UInt8(ascii: "O") else { return .unknown }
    guard let last = bytes.last, bytes.count > 2, (0x40...0x7E).contains(last) else {
      return isComplete ? .unknown : nil
    }
    switch String(decoding: bytes.dropFirst(2), as: UTF8.self) {
    case "A": return .lineUp
    case "B": return .lineDown
    case "H", "1~", "7~": return .top
    case "F", "4~", "8~": return .bottom
    case "5~": return .pageUp
    case "6~": return .pageDown
    default: return .unknown
    }
  }
}

extension TextWidth {
  /// A line cut into rows of at most `columns`, as a terminal would wrap it; colours end with a row.
  package static func cut(_ line: String, to columns: Int) -> [String] {
    if self.columns(line) <= columns { return [line] }
    var rows: [String] = []
    var row = ""
    var used = 0
    for unit in DisplayUnits(line) {
      if used + unit.columns > columns, used > 0 {
        rows.append(row)
        row = ""
        used = 0
      }
      row += unit.text
      used += unit.columns
    }
    rows.append(row)
    return line.utf8.contains(0x1B) ? closingColours(rows) : rows
  }
}
