// The line editor on a real pseudo-terminal, through the program `TerminalProbe`.

import Foundation
import Terminal
import Testing

private let probe: String = {
  let name = "/TerminalProbe"
  let beside = Bundle.main.executablePath.map { ($0 as NSString).deletingLastPathComponent + name }
  if let beside, FileManager.default.isExecutableFile(atPath: beside) { return beside }
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  return root.path + "/.build/release" + name
}()

@Suite(.serialized) struct LineEditorTests {
  private let folder: Folder

  init() throws {
    folder = try Folder()
  }

  private func start(_ environment: [String: String] = [:]) throws -> PseudoTerminal {
    let terminal = try PseudoTerminal(
      probe,
      arguments: [folder.path + "/history"],
      environment: environment
    )
    try terminal.expect("READY interactive=true")
    try terminal.waitForPrompt()
    return terminal
  }

  @Test func `reads Korean, and erases a syllable at a time on the screen too`() throws {
    let terminal = try start()
    terminal.type("결제값")
    try terminal.waitForScreen { $0.currentLine == "probe> 결제값" && $0.cursor.column == 13 }
    terminal.type("\u{7F}")
    try terminal.waitForScreen { $0.currentLine == "probe> 결제" && $0.cursor.column == 11 }
    terminal.type("\u{7F}\u{7F}안녕\n")
    try terminal.expect("LINE[안녕] c548 b155\r\n")
  }

  @Test func `moves the cursor over syllables and inserts there`() throws {
    let terminal = try start()
    terminal.type("가다\u{1B}[D")
    try terminal.waitForScreen { $0.currentLine == "probe> 가다" && $0.cursor.column == 9 }
    terminal.type("나")
    try terminal.waitForScreen { $0.currentLine == "probe> 가나다" && $0.cursor.column == 11 }
    terminal.type("\n")
    try terminal.expect("LINE[가나다] ac00 b098 b2e4\r\n")
  }

  @Test func `composes what a Mac types in letters`() throws {
    let terminal = try start()
    terminal.type("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}")
    try terminal.waitForScreen { $0.currentLine == "probe> 한글" }
    terminal.type("\n")
    try terminal.expect("LINE[한글] d55c ae00\r\n")
  }

  @Test func `composes letters that arrive apart`() throws {
    let terminal = try start()
    let bytes = Array("\u{1112}\u{1161}\u{11AB}".utf8)
    terminal.type(Array(bytes[..<4]))
    try terminal.expect("\u{1112}")
    terminal.type(Array(bytes[4...]) + [10])
    try terminal.expect("LINE[한] d55c\r\n")
  }

  @Test func `erases an emoji of several code points at once`() throws {
    let terminal = try start()
    terminal.type("a👨\u{200D}👩\u{200D}👧\u{7F}b\n")
    try terminal.expect("LINE[ab] 61 62\r\n")
  }

  @Test func `repairs bytes that are not UTF-8`() throws {
    let terminal = try start()
    terminal.type([0x61, 0xFF, 0xC3, 0x28, 0x0A])
    try terminal.expect("LINE[a\u{FFFD}\u{FFFD}(] 61 fffd fffd 28\r\n")
  }

  @Test func `clears the line at Ctrl-C and reads on`() throws {
    let terminal = try start()
    terminal.type("abc")
    try terminal.expect("abc")
    terminal.type("\u{3}")
    try terminal.expect("^C\r\n<interrupted>\r\n")
    try terminal.waitForPrompt()
    terminal.type("def\n")
    try terminal.expect("LINE[def] 64 65 66\r\n")
  }

  @Test func `stops running work at Ctrl-C and keeps the session`() throws {
    let terminal = try start()
    terminal.type("work\n")
    try terminal.expect("WORKING")
    terminal.type("\u{3}")
    try terminal.expect("STOPPED")
    try terminal.waitForPrompt()
    terminal.type("x\n")
    try terminal.expect("LINE[x] 78\r\n")
  }

  @Test func `ends with 130 at a second Ctrl-C in work that does not look`() throws {
    let terminal = try start()
    terminal.type("deaf\n")
    try terminal.expect("WORKING")
    terminal.type("\u{3}")
    try terminal.expect("^C")
    // Two signals that arrive before the child runs are one to it, hence again until it ends.
    #expect(try terminal.exitCode(typing: "\u{3}") == 130)
  }

  @Test func `completes the only candidate with a space`() throws {
    let terminal = try start()
    terminal.type("so\t")
    try terminal.waitForScreen { $0.currentLine == "probe> source" && $0.cursor.column == 14 }
    terminal.type("\n")
    try terminal.expect("LINE[source ]")
  }

  @Test func `completes what candidates share, then lists them below`() throws {
    let terminal = try start()
    terminal.type("kaf\t")
    try terminal.waitForScreen { $0.currentLine == "probe> kafka" }
    terminal.type("\t")
    let screen = try terminal.waitForScreen {
      $0.lines.count > 3 && $0.currentLine == "probe> kafka"
    }
    #expect(
      screen.lines.suffix(3) == ["probe> kafka", "kafka         kafka-topics", "probe> kafka"]
    )
    terminal.type("-\t\n")
    try terminal.expect("LINE[kafka-topics ]")
  }

  @Test func `completes Korean`() throws {
    let terminal = try start()
    terminal.type("수집 수집\t\n")
    try terminal.expect("LINE[수집 수집 ]")
    terminal.type("수\t\t")
    try terminal.expect("수집  수정")
    terminal.type("정\t\n")
    try terminal.expect("LINE[수정 ]")
  }

  @Test func `takes a Tab in a paste as text, and each line in turn`() throws {
    let terminal = try start()
    terminal.type("\u{1B}[200~select 1,\r\n\tso\u{1}x\r\n\u{1B}[201~")
    try terminal.expect("LINE[select 1,]")
    try terminal.expect("LINE[ sox]")
  }

  @Test func `recalls lines, also those of an earlier session and of several lines`() throws {
    var terminal = try start()
    terminal.type("결제\n")
    try terminal.expect("LINE[결제]")
    try terminal.waitForPrompt()
    terminal.type("two\n")
    try terminal.expect("LINE[two]")
    try terminal.waitForPrompt()
    terminal.type("\u{4}")
    try terminal.expect("<end>")
    #expect(folder.read("history") == "결제\nfirst\\nsecond\ntwo\n")
    terminal = try start()
    terminal.type("\u{1B}[A\u{1B}[A")
    try terminal.waitForScreen { $0.lines.suffix(2) == ["probe> first", "second"] }
    terminal.type("\n")
    try terminal.expect("LINE[first\\nsecond]")
    try terminal.waitForPrompt()
    terminal.type("\u{1B}[A\u{1B}[A\u{1B}[A\u{1B}[A\n")
    try terminal.expect("LINE[결제]")
  }

  @Test func `ends at Ctrl-D on an empty line only, and leaves the terminal as it was`() throws {
    let terminal = try start()
    #expect(!terminal.isCooked)
    terminal.type("ab\u{4}c\n")
    try terminal.expect("LINE[abc]")
    try terminal.waitForPrompt()
    terminal.type("\u{4}")
    try terminal.expect("<end>")
    #expect(try terminal.exitCode() == 0)
  }

  @Test(arguments: [SIGTERM, SIGHUP])
  func `restores the terminal when it is ended by`(_ signal: Int32) throws {
    let terminal = try start()
    #expect(!terminal.isCooked)
    terminal.signal(signal)
    try terminal.expect("\u{1B}[?2004l")
    #expect(terminal.isCooked)
    #expect(try terminal.exitCode() == 128 + signal)
  }

  @Test func `draws the line anew after the screen changed`() throws {
    let terminal = try start()
    terminal.type("가나다")
    try terminal.expect("가나다")
    terminal.resize(columns: 60)
    try terminal.expect("\u{1B}[J")
    try terminal.expect("가나다")
    terminal.type("\n")
    try terminal.expect("LINE[가나다]")
  }

  @Test func `honours .editrc with vi keys, and keeps Tab`() throws {
    try folder.write(".editrc", Data("bind -v\n".utf8))
    let terminal = try start(["HOME": folder.path])
    terminal.type("so\t")
    try terminal.waitForScreen { $0.currentLine == "probe> source" }
    terminal.type("\u{1B}0x\n")
    try terminal.expect("LINE[ource ]")
  }

  @Test func `reads lines on a dumb terminal, erasing whole syllables`() throws {
    let terminal = try PseudoTerminal(
      probe,
      arguments: [folder.path + "/history"],
      environment: ["TERM": "dumb"]
    )
    try terminal.expect("editing=false")
    try terminal.waitForPrompt()
    terminal.type("한글\u{7F}\n")
    try terminal.expect("LINE[한] d55c")
    terminal.type("abc\u{3}")
    try terminal.expect("<interrupted>")
    terminal.type("x\n")
    try terminal.expect("LINE[x]")
    terminal.type("\u{4}")
    #expect(try terminal.exitCode() == 0)
  }

  @Test func `tells that a broken history was put aside`() throws {
    try folder.write("history", Data([0, 1, 2]))
    let terminal = try PseudoTerminal(probe, arguments: [folder.path + "/history"])
    try terminal.expect("NOTICE putAside(path: \"\(folder.path)/history.broken\")")
  }
}

extension PseudoTerminal {
  fileprivate func waitForPrompt() throws {
    try expect("probe>")
    try expect(" ")
  }
}
