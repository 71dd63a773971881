import TestSupport
import Testing

import Grading

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
    for (attempt, answer) in JunkAnswers.answers(seed: seed).enumerated() {
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
    #expect(host.recorder.statements.filter(JunkAnswers.writes).isEmpty)
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

  @Test("pass where both tiers are right and belong together, and nowhere else")
  func tiers() throws {
    var pool = [Self.pool[0]]
    pool[0].reasons.append(Self.option("elsewhere", isCorrect: true))
    pool[0].reasons[3].fits = ["left"]
    let drawn = try #require(
      ChoiceQuestion.draw(pool, seed: 3, exercise: "e", part: "p", attempt: 0)
    )
    func verdict(_ option: String, _ reason: String) throws -> Verdict {
      let numbers = try drawn.numbers(option: option, reason: reason)
      let answer = try #require(drawn.read(numbers))
      return drawn.judge(answer, language: .korean)
    }
    #expect(try verdict("right", "because") == .passed)
    #expect(try verdict("left", "because").feedbackID == "not-left")
    #expect(try verdict("right", "despite").feedbackID == "not-despite")
    #expect(try verdict("right", "elsewhere").feedbackID == ChoiceItem.otherReasonFeedback)
  }

  @Test("show their options in an order that says nothing")
  func shuffled() throws {
    var first: Set<String> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      let drawn = try #require(
        ChoiceQuestion.draw(Self.pool, seed: seed, exercise: "e", part: "p", attempt: 0)
      )
      first.insert(drawn.options[0].id)
    }
    #expect(first == ["right", "left", "up"])
  }

  @Test("pass an order that is right, name a mistake, and never show it in its order")
  func orders() throws {
    let ids = ["x", "y", "z"]
    let question = OrderQuestion(
      items: ids.map {
        OrderQuestion.Item(id: $0, text: LocalizedText(ko: "항목 \($0)", en: "item \($0)"))
      },
      correct: ids,
      mistakes: [OrderQuestion.Mistake(first: "z", then: "x", feedback: "z-first")],
      feedback: nil
    )
    for seed in 1...60 as ClosedRange<UInt64> {
      let shown = OrderShown.draw(question, seed: seed, exercise: "e", part: "p")
      #expect(shown.items.map(\.id) != ids)
      func verdict(_ order: [String]) throws -> Verdict {
        let numbers = try #require(shown.numbers(of: order))
        return shown.judge(try #require(shown.read(numbers)))
      }
      #expect(try verdict(ids) == .passed)
      #expect(try verdict(["z", "x", "y"]).feedbackID == "z-first")
      #expect(try verdict(["x", "z", "y"]).feedbackID == question.feedbackID)
    }
  }
}

@Suite("Rules over an answer or the state") struct RowCheckTests {
  static func host(_ ids: [Int64]) -> FakeGradingHost {
    FakeGradingHost([
      GradingTable(
        name: "silver.events", columns: [.init("id", "bigint")], rows: ids.map { [.integer($0)] }
      )
    ])
  }

  static func check(_ name: String, _ sql: String) throws -> Check {
    try Check.parse(
      ManifestNode.parse(
        "goal: {ko: 목표}\nfeedback: \(name)\nsql: \(sql)", file: "\(name).yaml"
      ),
      name: name,
      names: ["answer.id"],
      needsBoth: false
    )
  }

  @Test("are broken by the rows that their queries return, and by nothing else")
  func rows() throws {
    let checks = [
      try Self.check("negative", "SELECT id FROM silver.events WHERE id < 0"),
      try Self.check("large", "SELECT id FROM silver.events WHERE id > 9"),
    ]
    func verdict(_ ids: [Int64], _ grading: Check.Combination) -> Verdict {
      Grader(form: nil, checks: checks, grading: grading, values: [])
        .grade(nil, host: Self.host(ids)).0
    }
    #expect(verdict([1, 2], .first) == .passed)
    #expect(verdict([1, 10], .first).feedbackID == "large")
    #expect(verdict([-1, 10], .first).feedbackID == "negative")
    #expect(verdict([1, 10], .parts).name == "partly")
    #expect(verdict([-1, 10], .parts).name == "not-yet")
    let gone = FakeGradingHost()
    let grader = Grader(form: nil, checks: checks, grading: .first, values: [])
    #expect(grader.grade(nil, host: gone).0.name == "checker-failed")
  }
}
