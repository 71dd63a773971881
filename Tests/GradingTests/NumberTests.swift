import TestSupport
import Testing

import Grading

@Suite("A number") struct NumberTests {
  static let catchUp = """
    kind: number
    goal: {ko: 따라잡는 시간, en: The time to catch up}
    feedback: wrong-time
    form: {ko: "시간과 단위", en: "a time with its unit"}
    unit: min
    tolerance: 2%
    inputs:
      outage: {choices: [4]}
      rate: {choices: [579]}
    steps:
      - {id: backlog, goal: {ko: 밀린 이벤트}, value: outage * 3600 * rate, unit: events,
         words: [backlog, 밀린], tolerance: 1%, feedback: wrong-backlog}
    value: backlog / (3000 - 800) / 60
    mistakes:
      - {value: backlog / 3000 / 60, feedback: forgot-arrivals}
    """

  func number(_ yaml: String) throws -> NumberQuestion {
    guard case .number(let found) = try question(yaml) else { throw FakeGradingHost.Refused() }
    return found
  }

  func judge(_ yaml: String, _ answer: String, _ host: FakeGradingHost = FakeGradingHost()) throws
    -> Judgement
  {
    let found = try number(yaml)
    let inputs = found.inputs(seed: 1, exercise: "01-8")
    return NumberGrader(question: found, inputs: inputs).grade(answer, host: host)
  }

  func simple(_ unit: String, _ value: String, tolerance: String = "1%") -> String {
    """
    kind: number
    goal: {ko: 수}
    feedback: wrong
    form: {ko: 수}
    unit: "\(unit)"
    tolerance: \(tolerance)
    value: \(value)
    """
  }

  @Test(
    "is read as people write it",
    arguments: [
      ("events", "8337600", "8,337,600"), ("events", "8337600", "8.3376M"),
      ("events", "8337600", "833만 7,600"), ("events", "8337600", "833만7600건입니다"),
      ("events", "8337600", "약 8337600 events"), ("events", "120000000", "1억 2천만"),
      ("events", "8337600", "8.3376e6"), ("events", "3000", "3천 건"), ("events", "5000", "5k"),
      ("events/s", "579", "579/s"), ("events/s", "579", "초당 579건"), ("events/s", "579", "579"),
      ("events/s", "579", "579 events per second"), ("events/s", "579", "50,025,600/day"),
      ("events/s", "579", "하루 50,025,600건"), ("events/s", "579", "579 eps"),
      ("bytes", "51", "51 B/event"), ("bytes", "51", "51B/건"), ("bytes", "51", "51 bytes per event"),
      ("bytes", "51", "건당 51바이트"), ("KB", "0.051", "이벤트당 51B"),
      ("MB", "54", "54 MB"), ("MB", "54", "54"), ("MB", "54", "54M"), ("MB", "54", "0.054 GB"),
      ("MB", "54", "54메가바이트"), ("MB", "54", "51.5 MiB"), ("GB/day", "27", "27 GB/day"),
      ("GB/day", "27", "하루 27 GB"), ("GB/day", "27", "27 GB per day"),
      ("min", "63", "1시간 3분"), ("min", "63", "63분"), ("min", "63", "1h 3m"),
      ("min", "63", "1 hour 3 minutes"), ("min", "63", "3780 s"), ("min", "63", "1.05 시간"),
      ("%", "12.5", "12.5%"), ("%", "12.5", "12.5 퍼센트"), ("%", "12.5", "12.5"),
      ("원", "29900", "29,900원"), ("원", "29900", "2만 9,900원"), ("원", "29900", "₩29,900"),
      ("tasks", "960", "９６０"), ("tasks", "960", "960개 파티션"), ("ratio", "0.25", ".25"),
      ("events", "-5", "-5"), ("events", "8337600", "= 8,337,600"),
    ]
  )
  func reads(_ unit: String, _ value: String, _ answer: String) throws {
    #expect(try judge(simple(unit, value), answer).verdict == .passed)
  }

  @Test(
    "with no reading, or with two, costs nothing",
    arguments: [
      "많이", "12 13", "8,33,7600", "1/3", "2024-01-15", "63 apples", "1:03", "..", "12 MB 13 s",
      "1e999", "NaN", "--5", "5 per", "5 / /s",
    ]
  )
  func refuses(_ answer: String) throws {
    let verdict = try judge(simple("min", "63"), answer).verdict
    #expect(verdict.name == "could-not-read", "\(verdict)")
  }

  @Test(
    "of another unit names the slip",
    arguments: [
      ("GB", "27", "25.146", UnitSlip.Kind.binaryBytes),  // said to be GB, counted in GiB
      ("MB", "54", "54 GB", .bytesPrefix), ("MB", "54", "54000", .bytesPrefix),
      ("events/s", "579", "579/day", .perTime), ("events/s", "579", "50025600", .perTime),
      ("s", "3", "3000", .timeUnit), ("ms", "300", "300 s", .timeUnit),
      ("min", "63", "3780", .timeUnit), ("events", "100000", "50,000,000", .worldScale),
      ("events", "50000000", "100000", .worldScale), ("ratio", "0.125", "12.5", .percent),
      ("%", "12.5", "0.125", .percent), ("원", "29900", "2.99", .money),
      ("min", "63", "63 MB", .otherKind), ("events", "579", "579/s", .otherKind),
    ]
  )
  func namesSlips(_ unit: String, _ value: String, _ answer: String, _ kind: UnitSlip.Kind) throws {
    let judgement = try judge(simple(unit, value, tolerance: "0.5%"), answer)
    #expect(judgement.verdict.feedbackID == NumberQuestion.slipFeedbackID)
    #expect(judgement.evidence.slip?.kind == kind)
    let host = FakeGradingHost()
    for language in CourseLanguage.allCases {
      host.language = language
      let lines = EvidenceText(evidence: judgement.evidence, host: host).lines
      #expect(lines.count == 1 && !lines[0].contains("course."), "\(lines)")
    }
  }

  @Test("whose slip the tolerance covers passes, and is told all the same")
  func coveredSlip() throws {
    let judgement = try judge(simple("GB", "27", tolerance: "10%"), "25.146")
    #expect(judgement.verdict == .passed)
    #expect(judgement.evidence.slip?.kind == .binaryBytes)
    #expect(try judge(simple("GB", "27", tolerance: "10%"), "27.1").evidence.slip == nil)
  }

  @Test("that is simply wrong gets the check's own feedback")
  func simplyWrong() throws {
    let judgement = try judge(Self.catchUp, "90 min")
    #expect(judgement.verdict.feedbackID == "wrong-time")
    #expect(judgement.evidence.slip == nil)
  }

  @Test("passes within its tolerance and not beyond it")
  func tolerance() throws {
    // 4 h × 579/s = 8,337,600; ÷ 2,200/s = 3,790 s = 63.16 min.
    #expect(try judge(Self.catchUp, "63분").verdict == .passed)
    #expect(try judge(Self.catchUp, "64.4 min").verdict == .passed)
    #expect(try judge(Self.catchUp, "64.6 min").verdict.name == "not-yet")
    let exact = simple("events", "8337600", tolerance: "0")
    #expect(try judge(exact, "8337600").verdict == .passed)
    #expect(try judge(exact, "8337601").verdict.name == "not-yet")
    #expect(try judge(simple("min", "63", tolerance: "{absolute: 2}"), "65").verdict == .passed)
  }

  @Test("of a known misconception is recognised")
  func mistakes() throws {
    #expect(try judge(Self.catchUp, "46 min").verdict.feedbackID == "forgot-arrivals")
  }

  @Test("is not called a misconception where that leads to the right number, too")
  func harmlessMistake() throws {
    // 3,790 s of catching up are 63.2 min; without arrivals 46.3 min, or 63 by a made-up rule.
    let yaml = Self.catchUp.replacing(
      "mistakes:\n",
      with: "mistakes:\n  - {value: backlog / 2200 / 60, feedback: by-luck}\n"
    )
    try #require(yaml.contains("by-luck"))
    // Beyond the tolerance of the right number, within that of the rule with its value.
    let judgement = try judge(yaml, "64.43 min")
    #expect(judgement.verdict == .passed || judgement.verdict.feedbackID != "by-luck")
    let exact = simple("events", "100", tolerance: "1%") + "\nmistakes:\n"
      + "  - {value: 100.9, feedback: by-luck}\n"
    #expect(try judge(exact, "101.5").verdict.feedbackID == "wrong")
  }

  @Test("whose steps cannot be worked out is the checker's failure, whatever was given")
  func brokenStep() throws {
    let yaml = """
      kind: number
      goal: {ko: 수}
      feedback: wrong
      form: {ko: 수}
      unit: 건
      value: 3
      steps:
        - {id: half, goal: {ko: 반}, unit: 건, words: [half], feedback: wrong-half,
           value: SELECT count(*) FROM nowhere.at_all}
      """
    #expect(try judge(yaml, "3").verdict.name == "checker-failed")
    #expect(try judge(yaml, "half=1, 4").verdict.name == "checker-failed")
  }

  @Test("given with its steps names the step that is wrong")
  func steps() throws {
    let wrongStep = try judge(Self.catchUp, "backlog=2,316 answer=63 min")
    #expect(wrongStep.verdict.feedbackID == "wrong-backlog")
    #expect(wrongStep.evidence.step == "backlog")
    let right = try judge(Self.catchUp, "밀린 이벤트 833만 7600, 1시간 3분")
    #expect(right.verdict == .passed)
    let wrongEnd = try judge(Self.catchUp, "backlog: 8,337,600 events; 46분")
    #expect(wrongEnd.verdict.feedbackID == "forgot-arrivals")
  }

  @Test("whose steps are asked is not read without them")
  func askedSteps() throws {
    let asked = Self.catchUp.replacing(
      "feedback: wrong-backlog",
      with: "asked: true, feedback: wrong-backlog"
    )
    #expect(try judge(asked, "63분").verdict.name == "could-not-read")
    #expect(try judge(asked, "8337600, 63분").verdict == .passed)
    #expect(try judge(asked, "8000000, 63분").evidence.step == "backlog")
  }

  @Test("comes from the learner's world, and so do the numbers of misconceptions")
  func queries() throws {
    let yaml = """
      kind: number
      goal: {ko: 결제 건수}
      feedback: wrong
      form: {ko: 건수}
      unit: 건
      value: SELECT count(*) FROM silver.events WHERE dt = '2024-01-15'
      mistakes:
        - {value: SELECT count(*) FROM silver.events WHERE utc = '2024-01-15', feedback: utc-day}
      """
    let host = FakeGradingHost([
      GradingTable(
        name: "silver.events",
        columns: [.init("dt", "date"), .init("utc", "date")],
        rows: [
          [.text("2024-01-15"), .text("2024-01-14")], [.text("2024-01-15"), .text("2024-01-15")],
          [.text("2024-01-15"), .text("2024-01-14")],
        ]
      )
    ])
    #expect(try judge(yaml, "3건", host).verdict == .passed)
    #expect(try judge(yaml, "1", host).verdict.feedbackID == "utc-day")
    #expect(try judge(yaml, "2", host).verdict.feedbackID == "wrong")
    host.failsAfter = 0
    #expect(try judge(yaml, "3", host).verdict.name == "checker-failed")
  }

  @Test("may ask the truth, in a copy of the world")
  func truth() throws {
    let yaml = """
      kind: number
      goal: {ko: 수}
      feedback: wrong
      form: {ko: 수}
      unit: 건
      value: SELECT count(*) FROM truth.events WHERE dt = DATE '{{ds_kst}}'
      """
    let host = FakeGradingHost([
      GradingTable(
        name: "truth.events",
        columns: [.init("dt", "date")],
        rows: [[.text("2024-01-15")], [.text("2024-01-16")]]
      )
    ])
    #expect(try judge(yaml, "1", host).verdict == .passed)
    host.opensNoWorlds = true
    #expect(try judge(yaml, "1", host).verdict.name == "checker-failed")
  }

  @Test("is drawn per learner, and the same on every machine")
  func inputs() throws {
    let yaml = Self.catchUp.replacing("{choices: [579]}", with: "{from: 500, to: 700, step: 10}")
    let found = try number(yaml)
    let drawn = (1...40).map { found.inputs(seed: $0, exercise: "01-8")["rate"] ?? 0 }
    #expect(Set(drawn).count > 8)
    #expect(
      drawn.allSatisfy { (500...700).contains($0) && $0.truncatingRemainder(dividingBy: 10) == 0 }
    )
    #expect(found.inputs(seed: 3, exercise: "01-8") == found.inputs(seed: 3, exercise: "01-8"))
    #expect(drawn[0] == 610, "a draw never changes: answers would")
  }

  @Test(
    "whose manifest is wrong says where and what to write",
    arguments: [
      ("unit: min", "unit: parsecs/fortnight", "unit", "Write a unit such as"),
      ("value: backlog /", "value: backlogg /", "value", "Did you mean `backlog`?"),
      ("tolerance: 2%", "tolerance: two", "tolerance", "Write for example `tolerance"),
      ("tolerance: 2%", "tolerence: 2%", "tolerence", "Did you mean `tolerance`?"),
      ("choices: [4]", "choices: [four]", "inputs.outage", "Write for example"),
      ("feedback: wrong-time", "feedback:", "feedback", "Write for example `feedback"),
      ("value: outage * 3600", "value: outage ** 3600", "steps[0].value", "neither a query nor"),
    ]
  )
  func manifestErrors(_ old: String, _ new: String, _ key: String, _ says: String) throws {
    let error = try #require(loadError(Self.catchUp.replacing(old, with: new)))
    #expect(error.place?.contains("10-check.yaml:") ?? false, "\(error)")
    #expect("\(error)".contains(key.split(separator: ".")[0]), "\(error)")
    #expect(
      "\(error)".contains(says)
        || (says.hasPrefix("Write for example `tolerance") && "\(error)".contains("2%")),
      "\(error)"
    )
  }

  @Test("is never passed by junk", arguments: [11, 12, 13] as [UInt64])
  func junk(_ seed: UInt64) throws {
    let host = FakeGradingHost()
    for answer in JunkAnswers.answers(seed: seed) {
      let verdict = try judge(Self.catchUp, answer, host).verdict
      #expect(verdict != .passed, "seed \(seed): \(answer.prefix(80))")
      #expect(verdict.name != "checker-failed", "seed \(seed): \(answer.prefix(80))")
    }
  }

  @Test("expression calculates, and refuses what is none")
  func expressions() throws {
    func value(_ text: String) throws -> Double? {
      try NumberExpression.parse(text).value(["a": 3, "b_2": 4])
    }
    #expect(try value("a + b_2 * 2") == 11)
    #expect(try value("-(a - b_2) ^ 2 / 2") == -0.5)
    #expect(try value("ceil(10 / a) + min(a, b_2, 1) + 1_000") == 1_005)
    #expect(try value("2 ^ 3 ^ 2") == 512)
    #expect(try value("a / 0") == nil)
    #expect(try value("missing") == nil)
    for wrong in [
      "", "a +", "a b", "(a", "sin(a)", "1..2", "a;b", String(repeating: "(", count: 99),
    ] {
      #expect(throws: ExpressionError.self) { try NumberExpression.parse(wrong) }
    }
  }
}
