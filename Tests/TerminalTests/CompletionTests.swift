// Which names are offered, and how a long list is shown.

import Terminal
import Testing

@Suite struct CompletionTests {
  private let names = [
    "kafka", "kafka-topics", "Kinesis", "select", "수집", "수정", "순서", "event_id", "é",
  ]

  @Test(
    arguments: [
      ("kaf", ["kafka", "kafka-topics"]), ("K", ["kafka", "kafka-topics", "Kinesis"]),
      ("KIN", ["Kinesis"]), ("수", ["수집", "수정"]), ("\u{1109}\u{116E}", ["수집", "수정"]),
      ("수지", ["수집"]), ("순", ["순서"]), ("ㅅㅈ", ["수집", "수정"]), ("ㅅㅅ", ["순서"]), ("ㅅ", ["수집", "수정", "순서"]),
      ("ㅏㅁㄹ", ["kafka", "kafka-topics"]), ("ㄷㅍ두ㅅ_", ["event_id"]), ("x", []), ("e", ["event_id"]),
      ("e\u{301}", ["é"]), ("없음", []),
    ] as [(String, [String])]
  )
  func `finds by`(_ typed: String, _ expected: [String]) {
    #expect(Completion.matches(typed, in: names) == expected)
  }

  @Test func `offers everything for nothing`() {
    #expect(Completion.matches("", in: names) == names)
  }

  @Test func `takes names in either normal form`() {
    let decomposed = "\u{1109}\u{116E}\u{110C}\u{1175}\u{11B8}"
    #expect(Completion.matches("수", in: [decomposed]) == [decomposed])
    #expect(Completion.matches("e", in: ["e\u{301}a"]) == [])
  }

  @Test func `shares what all candidates begin with`() {
    #expect(Completion.commonPrefix(of: ["kafka", "kafka-topics", "kafkacat"]) == "kafka")
    #expect(Completion.commonPrefix(of: ["Kafka", "kafka-topics"]) == "Kafka")
    #expect(Completion.commonPrefix(of: ["수집", "수정"]) == "수")
    #expect(Completion.commonPrefix(of: ["a", "b"]) == "")
    #expect(Completion.commonPrefix(of: []) == "")
  }

  @Test func `is quick with ten thousand names`() {
    let many = (0..<10_000).map { "table_\($0 % 100)_column_\($0)_결제" }
    let clock = ContinuousClock()
    for typed in ["tab", "TABLE_7", "결", "ㄱㅈ", "ㅅㅁㅠㅣㄷ"] {
      let time = clock.measure {
        let found = Completion.matches(typed, in: many)
        _ = Completion.commonPrefix(of: found)
        _ = CandidateList.lines(found, width: 80, rowsMax: 20, page: 3)
      }
      // 30 ms is the promise; unoptimised code under load gets more.
      #expect(time < .milliseconds(600), "\(typed): \(time)")
    }
  }
}

@Suite struct CandidateListTests {
  private let many = (0..<1_000).map { "name-\($0)" }

  @Test func `lists everything where it fits`() {
    let lines = CandidateList.lines(["수집", "수정", "순서"], width: 14, rowsMax: 10)
    #expect(lines == ["수집  순서", "수정"])
  }

  @Test func `lists a page that fits, and counts the rest`() {
    let lines = CandidateList.lines(many, width: 80, rowsMax: 10)
    #expect(lines.count == 9 || lines.count == 10)
    #expect(lines[0].hasPrefix("name-0 "))
    let listed = lines.dropLast().joined(separator: " ").split(separator: " ").count
    #expect(lines.last == "... +\(1_000 - listed)")
    #expect(lines.allSatisfy { TextWidth.columns($0) < 80 })
  }

  @Test func `shows every candidate on some page, and begins again after the last`() {
    var seen: Set<String> = []
    var page = 0
    while page < 100 {
      let lines = CandidateList.lines(many, width: 40, rowsMax: 12, page: page)
      let names = lines.dropLast().flatMap { $0.split(separator: " ").map(String.init) }
      if page > 0, names.contains("name-0") { break }
      #expect(lines.count <= 12)
      seen.formUnion(names)
      page += 1
    }
    #expect(page > 1 && page < 100)
    #expect(seen == Set(many))
  }
}
