import Testing

@testable import Grading

@Suite("A choice, an order and a typed address") struct ChoiceJunkTests {
  static func option(_ id: String, isCorrect: Bool = false) -> ChoiceItem.Option {
    ChoiceItem.Option(
      id: id,
      text: LocalizedText(ko: "보기 \(id)", en: "option \(id)"),
      isCorrect: isCorrect,
      feedback: isCorrect ? nil : "not-\(id)",
      fits: []
    )
  }

  static let pool = ["a", "b", "c"].map { id in
    ChoiceItem(
      id: id,
      question: LocalizedText(ko: "질문", en: "question"),
      options: [option("right", isCorrect: true), option("left"), option("up")],
      reasons: [option("because", isCorrect: true), option("despite"), option("always")]
    )
  }

  @Test("are never passed by junk", arguments: [61, 62, 63] as [UInt64])
  func junk(_ seed: UInt64) throws {
    let order = OrderQuestion(
      items: ["x", "y", "z", "w"].map {
        OrderQuestion.Item(id: $0, text: LocalizedText(ko: "항목 \($0)", en: "item \($0)"))
      },
      correct: ["x", "y", "z", "w"],
      mistakes: [],
      feedback: nil
    )
    let form = AnswerForm(
      form: LocalizedText(ko: "파티션:오프셋", en: "partition:offset"),
      fields: [
        .init(name: "partition", type: .integer, words: ["partition"]),
        .init(name: "offset", type: .integer, words: ["offset"]),
      ]
    )
    let host = FakeGradingHost([
      GradingTable(
        name: "silver.events",
        columns: [.init("p", "bigint"), .init("o", "bigint")],
        rows: [[.integer(2), .integer(8_871)]]
      )
    ])
    let check = try Check.parse(
      ManifestNode.parse(
        """
        goal: {ko: 주소}
        feedback: wrong
        fails_when: no-rows
        sql: SELECT 1 FROM silver.events WHERE p = {{answer.partition}} AND o = {{answer.offset}}
        """,
        file: "10-check.yaml"
      ),
      name: "10-check",
      names: ["answer.partition", "answer.offset"],
      needsBoth: false
    )
    let grader = Grader(form: form, checks: [check], grading: .first, values: [])
    for (attempt, answer) in Junk.answers(seed: seed).enumerated() {
      let drawn = try #require(
        ChoiceQuestion.draw(Self.pool, seed: seed, exercise: "e", part: "p", attempt: attempt)
      )
      if let read = drawn.read(answer) {
        #expect(
          drawn.judge(read, language: .korean) != .passed,
          "seed \(seed): \(answer.prefix(60))"
        )
      }
      let shown = OrderShown.draw(order, seed: seed, exercise: "e", part: "p")
      if let read = shown.read(answer) {
        #expect(shown.judge(read) != .passed, "seed \(seed): \(answer.prefix(60))")
      }
      let verdict = grader.grade(answer, host: host).0
      #expect(verdict != .passed && verdict.name != "checker-failed", "seed \(seed): \(verdict)")
    }
    #expect(host.recorder.statements.filter(Junk.writes).isEmpty)
    #expect(grader.grade("2:8871", host: host).0 == .passed)
  }

  @Test("draw another item after a wrong answer, and every item once in three")
  func redraw() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let drawn = (0..<6).compactMap {
        ChoiceQuestion.draw(Self.pool, seed: seed, exercise: "e", part: "p", attempt: $0)?.item.id
      }
      #expect(Set(drawn.prefix(3)).count == 3 && Set(drawn.suffix(3)).count == 3)
      #expect(zip(drawn, drawn.dropFirst()).allSatisfy { $0 != $1 })
    }
  }
}
