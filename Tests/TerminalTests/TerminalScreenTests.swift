// The emulator that the other tests see through: a mistake here would hide mistakes everywhere.

import TestSupport
import Testing

@Suite struct TerminalScreenTests {
  private func screen(_ text: String, columns: Int = 10, rows: Int = 4) -> TerminalScreen {
    TerminalScreen(showing: text, columns: columns, rows: rows)
  }

  @Test func `draws lines, and knows where the cursor is`() {
    let drawn = screen("ab\r\ncd")
    #expect(drawn.lines == ["ab", "cd"])
    #expect(drawn.cursor == .init(row: 1, column: 2))
    #expect(drawn.currentLine == "cd")
    #expect(screen("ab\ncd").lines == ["ab", "  cd"], "a line feed alone keeps the column")
  }

  @Test func `gives a wide character two cells`() {
    let drawn = screen("a한b")
    #expect(drawn.cell(row: 0, column: 1) == .init(text: "한", columns: 2))
    #expect(drawn.cell(row: 0, column: 2) == .init(text: "", columns: 0))
    #expect(drawn.cell(row: 0, column: 3).text == "b")
    #expect(drawn.cursor.column == 4)
  }

  @Test func `puts marks that combine into the cell before them`() {
    let drawn = screen("e\u{301}x\u{1112}\u{1161}\u{11AB}y")
    #expect(drawn.cell(row: 0, column: 0).text == "e\u{301}")
    #expect(drawn.cell(row: 0, column: 2).text == "\u{1112}\u{1161}\u{11AB}")
    #expect(drawn.cursor.column == 5)
  }

  @Test func `leaves the wrap pending in the last column`() {
    var drawn = screen("0123456789")
    #expect(drawn.cursor == .init(row: 0, column: 9))
    drawn.feed(Array("\r".utf8))
    #expect(drawn.cursor == .init(row: 0, column: 0), "a return undoes the pending wrap")
    #expect(screen("0123456789a").lines == ["0123456789", "a"])
    #expect(screen("0123456789\u{8}X").lines == ["01234567X9"])
    #expect(screen("0123456789\r\nx").lines == ["0123456789", "x"], "no empty row between")
  }

  @Test func `wraps a wide character that does not fit whole`() {
    let drawn = screen("012345678한")
    #expect(drawn.lines == ["012345678", "한"])
    #expect(drawn.cursor == .init(row: 1, column: 2))
    #expect(drawn.unwrappedLines == ["012345678한"])
  }

  @Test func `scrolls, and keeps what scrolled off`() {
    let drawn = screen("1\r\n2\r\n3\r\n4\r\n5\r\n6")
    #expect(drawn.lines == ["3", "4", "5", "6"])
    #expect(drawn.scrolledOff == ["1", "2"])
    #expect(drawn.history == ["1", "2", "3", "4", "5", "6"])
  }

  @Test(
    arguments: [
      ("abcdef\u{1B}[3D\u{1B}[K", "abc"), ("abcdef\u{1B}[3D\u{1B}[1K", "    ef"),
      ("abcdef\u{1B}[2K", ""), ("abcdef\r\u{1B}[2P", "cdef"), ("abcdef\r\u{1B}[2@", "  abcdef"),
      ("abcdef\r\u{1B}[2X", "  cdef"), ("ab\u{1B}[5Gx", "ab  x"), ("ab\u{1B}[1;4Hx", "ab x"),
      ("a\tb", "a       b"), ("a\u{1B}[4hX\u{1B}[D\u{1B}[Db\u{1B}[4l", "baX"), ("x\u{1B}[3b", "xxxx"),
      ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{7}x", "x"), ("\u{1B}(Bx", "x"),
    ]
  )
  func `follows the sequences in`(_ text: String, _ line: String) {
    let drawn = screen(text)
    #expect(drawn.lines.first == line)
    #expect(drawn.unknownSequences == [])
  }

  @Test func `erases the screen below and above, and whole`() {
    let text = "aaa\r\nbbb\r\nccc\u{1B}[2;2H"
    #expect(screen(text + "\u{1B}[J").lines == ["aaa", "b"])
    #expect(screen(text + "\u{1B}[1J").lines == ["", "  b", "ccc"])
    #expect(screen(text + "\u{1B}[2J").lines == ["", ""])
  }

  @Test func `inserts and deletes rows, also inside a region`() {
    let text = "a\r\nb\r\nc\r\nd"
    #expect(screen(text + "\u{1B}[2;1H\u{1B}[L").lines == ["a", "", "b", "c"])
    #expect(screen(text + "\u{1B}[2;1H\u{1B}[M").lines == ["a", "c", "d"])
    #expect(screen(text + "\u{1B}[2;3r\u{1B}[3;1H\nX").lines == ["a", "c", "X", "d"])
    #expect(screen(text + "\u{1B}[1;1H\u{1B}M").lines == ["", "a", "b", "c"])
  }

  @Test func `blanks the other half of a wide character that is drawn over`() {
    #expect(screen("한글\rx").lines == ["x 글"])
    #expect(screen("한글\u{1B}[2Gx").lines == [" x글"])
    #expect(screen("한글\r\u{1B}[P").lines == [" 글"])
  }

  @Test func `takes a sequence or a character cut in two`() {
    var drawn = TerminalScreen(columns: 10, rows: 2)
    for byte in Array("a\u{1B}[31m한\u{1B}[K".utf8) { drawn.feed([byte]) }
    #expect(drawn.lines == ["a한"])
    drawn.feed([0xFF, 0x62])
    #expect(drawn.lines == ["a한\u{FFFD}b"])
  }

  @Test func `follows modes and answers where the cursor is`() {
    var drawn = screen("ab\u{1B}[?2004h\u{1B}[?25l\u{1B}[6n\u{7}")
    #expect(drawn.marksPastes)
    #expect(!drawn.isCursorVisible)
    #expect(drawn.bellCount == 1)
    #expect(drawn.takeReplies() == Array("\u{1B}[1;3R".utf8))
    #expect(drawn.takeReplies() == [])
    drawn.feed(Array("\u{1B}[?2004l\u{1B}[?1049h\u{1B}[Hfull".utf8))
    #expect(!drawn.marksPastes && drawn.isAlternate)
    #expect(drawn.lines == ["full"])
    drawn.feed(Array("\u{1B}[?1049l".utf8))
    #expect(drawn.lines == ["ab"])
    #expect(drawn.cursor == .init(row: 0, column: 2))
  }

  @Test func `wraps anew at another width, the cursor staying at its character`() {
    var drawn = screen("x\r\n가나다라마바\u{1B}[D\u{1B}[D")
    #expect(drawn.lines == ["x", "가나다라마", "바"])
    drawn.resize(columns: 8, rows: 4)
    #expect(drawn.lines == ["x", "가나다라", "마바"])
    #expect(drawn.cursor == .init(row: 2, column: 2))
    drawn.resize(columns: 20, rows: 4)
    #expect(drawn.lines == ["x", "가나다라마바"])
    #expect(drawn.cursor == .init(row: 1, column: 10))
    drawn.resize(columns: 5, rows: 3)
    #expect(drawn.history == ["x", "가나", "다라", "마바"])
    #expect(drawn.lines == ["가나", "다라", "마바"])
    #expect(drawn.unwrappedLines == ["가나다라마바"])
  }

  @Test func `cuts at another width where the terminal does not wrap anew`() {
    var drawn = screen("0123456789ab")
    drawn.resize(columns: 5, rows: 4, reflows: false)
    #expect(drawn.lines == ["01234", "ab"])
    drawn.resize(columns: 10, rows: 1, reflows: false)
    #expect(drawn.lines == ["ab"])
    #expect(drawn.scrolledOff == ["01234"])
  }
}
