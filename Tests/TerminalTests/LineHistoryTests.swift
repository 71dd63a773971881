// The history on disk: what is kept, what is dropped, and what a broken file does.

import Foundation
import Terminal
import Testing

@Suite struct LineHistoryTests {
  @Test func `keeps entries of several lines, and backslashes, across sessions`() throws {
    let folder = try Folder()
    var history = LineHistory(path: folder.path + "/sub/history")
    history.add("select 1,\n  'a\\nb'\nfrom t;  ")
    history.add("결제")
    expectNotices(&history, [])
    #expect(folder.read("sub/history") == "select 1,\\n  'a\\\\nb'\\nfrom t;\n결제\n")
    let again = LineHistory(path: folder.path + "/sub/history")
    #expect(again.entries == ["select 1,\n  'a\\nb'\nfrom t;", "결제"])
  }

  @Test func `drops consecutive duplicates and empty entries`() {
    var history = LineHistory(path: nil)
    history.add("a")
    history.add("a ")
    history.add(" \n ")
    history.add("b")
    history.add("a")
    #expect(history.entries == ["a", "b", "a"])
  }

  @Test func `keeps the newest five thousand`() throws {
    let folder = try Folder([
      "history": (0..<6_000).map { "entry \($0)\n" }.joined()
    ])
    var history = LineHistory(path: folder.path + "/history")
    #expect(history.entries.count == 5_000)
    #expect(history.entries.first == "entry 1000")
    history.add("newest")
    let again = LineHistory(path: folder.path + "/history")
    #expect(again.entries.count == 5_000)
    #expect(again.entries.first == "entry 1001")
    #expect(again.entries.last == "newest")
  }

  @Test(arguments: [Data([0x61, 0x00, 0x0A]), Data([0xFF, 0xFE, 0x0A]), Data("ab\u{0}".utf8)])
  func `puts a file aside that is no history`(_ data: Data) throws {
    let folder = try Folder()
    try folder.write("history", data)
    let path = folder.path + "/history"
    var history = LineHistory(path: path)
    #expect(history.entries == [])
    expectNotices(&history, [.putAside(path: path + ".broken")])
    history.add("new")
    #expect(folder.read("history") == "new\n")
    #expect(FileManager.default.contents(atPath: path + ".broken") == data)
  }

  @Test func `keeps the lines of two sessions at once`() throws {
    let folder = try Folder(["history": "earlier\n"])
    let path = folder.path + "/history"
    var first = LineHistory(path: path)
    var second = LineHistory(path: path)
    for number in 0..<50 {
      first.add("하나 \(number)")
      second.add("둘 \(number)\n😀")
    }
    let all = LineHistory(path: path).entries
    #expect(all.count == 101)
    #expect(all.filter { $0.hasPrefix("하나") } == (0..<50).map { "하나 \($0)" })
    #expect(all.filter { $0.hasPrefix("둘") } == (0..<50).map { "둘 \($0)\n😀" })
  }

  @Test func `loses no line while the file is written anew by another session`() async throws {
    let folder = try Folder(["history": (0..<6_500).map { "entry \($0)\n" }.joined()])
    let path = folder.path + "/history"
    await withTaskGroup(of: Void.self) { group in
      for session in 0..<4 {
        group.addTask {
          for number in 0..<40 {
            // Each start may write the file anew, because it is too long.
            var history = LineHistory(path: path)
            history.add("session \(session) line \(number)")
          }
        }
      }
    }
    let all = LineHistory(path: path).entries
    for session in 0..<4 {
      #expect(all.filter { $0.hasPrefix("session \(session) ") }.count == 40)
    }
  }

  @Test func `leaves out a torn line, and goes on after it`() throws {
    let folder = try Folder()
    try folder.write("history", Data("결제\n이벤트\n".utf8) + Data([0xEC, 0x9D]))
    var history = LineHistory(path: folder.path + "/history")
    #expect(history.entries == ["결제", "이벤트"])
    expectNotices(&history, [])
    history.add("다음")
    #expect(folder.read("history") == "결제\n이벤트\n다음\n")
    try folder.write("history", Data("a\nb".utf8))
    var open = LineHistory(path: folder.path + "/history")
    open.add("c")
    #expect(folder.read("history") == "a\nb\nc\n")
  }

  @Test func `keeps a huge entry for the session only`() throws {
    let folder = try Folder()
    var history = LineHistory(path: folder.path + "/history")
    let huge = String(repeating: "가", count: 30_000)
    history.add(huge)
    history.add("뒤")
    #expect(history.entries == [huge, "뒤"])
    #expect(LineHistory(path: folder.path + "/history").entries == ["뒤"])
  }

  @Test func `goes on without a file that cannot be used`() throws {
    let folder = try Folder()
    try FileManager.default.createDirectory(
      atPath: folder.path + "/history",
      withIntermediateDirectories: true
    )
    var history = LineHistory(path: folder.path + "/history")
    expectNotices(&history, [.notKept(path: folder.path + "/history")])
    history.add("kept for the session")
    #expect(history.entries == ["kept for the session"])
    expectNotices(&history, [])
  }
}

private func expectNotices(
  _ history: inout LineHistory,
  _ expected: [HistoryNotice],
  at place: SourceLocation = #_sourceLocation
) {
  let notices = history.takeNotices()
  #expect(notices == expected, sourceLocation: place)
}
