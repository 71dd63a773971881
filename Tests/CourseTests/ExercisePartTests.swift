import Course
import CourseAuthoring
import Foundation
import Grading
import Testing

/// Exercises with parts: choices in two tiers, orders, and answers that checks judge.
@Suite struct ExercisePartTests {
  static let manifest = """
    id: t-3
    version: 2
    status: local
    kind: choice
    title: {ko: 제목, en: Title}
    minutes: 5
    unlocks: [trace]
    parts:
      - id: address
        title: {ko: 주소, en: Address}
        answer: {form: {ko: 수, en: number}, fields: [{name: n, type: integer}]}
      - id: lag
        choice: {pool: [lag-a, lag-b, lag-c]}
      - id: order
        order:
          items:
            - {id: phone, ko: 휴대폰, en: Phone}
            - {id: queue, ko: 메시지 큐, en: Message queue}
            - {id: lake, ko: 데이터 레이크, en: Data lake}
            - {id: warehouse, ko: 웨어하우스, en: Warehouse}
          correct: [phone, queue, lake, warehouse]
          mistakes: [{first: warehouse, then: lake, feedback: warehouse-first}]
    """

  static func item(_ id: String) -> String {
    """
    id: \(id)
    question: {ko: "\(id) 질문?", en: "\(id) question?"}
    options:
      - {id: scalability, ko: 확장성, en: Scalability, correct: true}
      - {id: timeliness, ko: 적시성, en: Timeliness, correct: true}
      - {id: reliability, ko: 신뢰성, en: Reliability, feedback: lag-is-not-loss}
      - {id: cost, ko: 비용 효율성, en: Cost}
    reasons:
      - {id: growth, ko: 양이 늘어서, en: It grew, correct: true, with: [scalability]}
      - {id: late, ko: 늦게 와서, en: It is late, correct: true, with: [timeliness]}
      - {id: lost, ko: 없어져서, en: It is lost, feedback: nothing-lost}
    """
  }

  static let feedback = """
    ## passed
    다 맞았습니다.
    ## passed-address
    주소는 {answer.n}입니다.
    ## wrong
    아니요
    ## lag-is-not-loss
    아직입니다. {answer.option}은 아닙니다.
    ## nothing-lost
    아직입니다. 이유가 다릅니다.
    ## warehouse-first
    아직입니다. 웨어하우스는 레이크에서 적재합니다.
    """

  private func folder(_ changes: [String: String] = [:], manifest: String = manifest) throws
    -> ScratchFolder
  {
    let folder = try ScratchFolder()
    var files = [
      "exercise.yaml": manifest, "task.ko.md": "하세요\n", "feedback.ko.md": Self.feedback,
      "checks/address/10-n.yaml": """
      goal: {ko: 목표, en: Goal}
      feedback: wrong
      sql: SELECT 1 AS found WHERE {{answer.n}} <> 7
      """,
    ]
    for id in ["lag-a", "lag-b", "lag-c"] { files["items/\(id).yaml"] = Self.item(id) }
    for (name, text) in changes { files[name] = text }
    for (name, text) in files where !text.isEmpty { try folder.write(name, text) }
    return folder
  }

  private func session(
    _ folder: ScratchFolder, seed: UInt64 = 7, store: ProgressStore? = nil
  ) throws -> ExerciseSession {
    ExerciseSession(
      exercise: try Exercise.load(folder: folder.path), host: try FakeHost(), progress: store,
      seed: seed)
  }

  private func check(_ session: ExerciseSession, _ answer: String) throws -> CheckResult {
    session.check(answer: String(try session.replacingChoices(in: "answer " + answer).dropFirst(7)))
  }

  @Test func `passes part after part and says how many are left`() throws {
    let folder = try folder()
    let session = try session(folder)
    #expect(session.exercise.unlocks == ["trace"])
    #expect(session.partView?.text == "1/3  주소\n입력: answer 수")
    let wrong = session.check(answer: "8")
    #expect(wrong.verdict.name == "not-yet")
    #expect(wrong.part == "address")
    let first = session.check(answer: "7")
    #expect(first.verdict.name == "partly")
    #expect(first.verdict.feedbackID == nil)
    #expect(first.text == "일부 통과(1/3)\n주소는 7입니다.")
    #expect(session.partView?.id == "lag")
    #expect(try check(session, "{{correct}}").text == "일부 통과(2/3)")
    #expect(session.parts.map(\.isPassed) == [true, true, false])
    let last = try check(session, "{{correct}}")
    #expect(last.verdict == .passed)
    #expect(last.text == "다 맞았습니다.")
    #expect(last.isFirstPass)
    #expect(session.partView == nil)
    #expect(session.check(answer: nil).verdict == .passed)
    // Answering again begins another round and takes nothing away.
    #expect(session.check(answer: "7").verdict.name == "partly")
    #expect(session.isPassed)
  }

  @Test func `a hint speaks of the part that is open, not of a failure long mended`() throws {
    let hints = ["hints.ko.md": "## 1\n첫째\n## 2\n둘째\n## 3\n셋째\n## wrong\n다른 수\n"]
    let failed = try session(try folder(hints))
    _ = failed.check(answer: "8")
    #expect(failed.hint().name == "wrong")
    let mended = try session(try folder(hints))
    _ = mended.check(answer: "8")
    #expect(mended.check(answer: "7").verdict.name == "partly")
    #expect(mended.hint().name == "1")
  }

  @Test func `a part with hints of its own climbs them, and the others the general ones`() throws {
    let hints = [
      "hints.ko.md":
        "## 1\n첫째\n## 2\n둘째\n## 3\n셋째\n## lag.1\nlag 하나\n## lag.2\nlag 둘\n"
    ]
    let folder = try folder(hints)
    let store = ProgressStore(path: nil)
    let session = try session(folder, store: store)
    #expect(session.hint().name == "1")
    #expect(session.check(answer: "7").verdict.name == "partly")
    let first = session.hint()
    #expect(first.name == "lag.1" && first.text.hasSuffix("lag 하나") && !first.isLast)
    // Whoever comes back goes on from there; the last one is shown again.
    let again = try self.session(folder, store: store)
    let last = again.hint()
    #expect(last.name == "lag.2" && last.isLast)
    #expect(again.hint().name == "lag.2")
    #expect(try check(again, "lag {{correct}}").verdict.name == "partly")
    #expect(again.hint().name == "2")
    #expect(session.hintText("lag.2") == "\nlag 둘")
    // A gap in the ladder would never be seen.
    let gap = ["hints.ko.md": hints["hints.ko.md"]!.replacing("lag.1", with: "lag.3")]
    #expect(throws: CourseError.self) { try self.session(try self.folder(gap)) }
  }

  @Test func `a declared number is calculated from what each learner has drawn`() throws {
    let folder = try ScratchFolder()
    let files = [
      "exercise.yaml": """
      id: x-1
      version: 1
      status: draft
      kind: number
      title: {ko: 수}
      minutes: 1
      """, "task.ko.md": "초당 {rate}건씩 {hours}시간 동안 들어옵니다.\n",
      "feedback.ko.md": "## passed\n맞았습니다.\n\n## wrong\n아직입니다.\n",
      "checks/10-n.yaml": """
      kind: number
      goal: {ko: 목표}
      feedback: wrong
      form: {ko: 건수}
      unit: events
      inputs: {rate: {choices: [7, 11, 13, 17]}, hours: {choices: [2, 3, 5]}}
      value: rate * 3600 * hours
      """,
    ]
    for (name, text) in files { try folder.write(name, text) }
    var typed: Set<String> = []
    for seed in 1...8 as ClosedRange<UInt64> {
      let session = try session(folder, seed: seed)
      let right = try session.replacingChoices(in: "answer {{number: rate * hours * 3600}} events")
      typed.insert(right)
      #expect(session.check(answer: String(right.dropFirst(7))).verdict == .passed, "\(right)")
    }
    #expect(typed.count > 2, "\(typed)")
    let session = try session(folder)
    #expect(try session.replacingChoices(in: "answer {{number: 10 / 4}}") == "answer 2.5")
    for wrong in ["rate *", "price * 2", "rate / 0"] {
      #expect(throws: CourseError.self, "\(wrong)") {
        try session.replacingChoices(in: "answer {{number: \(wrong)}}")
      }
    }
  }

  @Test func `a part can be named, in any order`() throws {
    let folder = try folder()
    let session = try session(folder)
    #expect(try check(session, "order {{correct}}").verdict.name == "partly")
    #expect(session.partView?.id == "address")
    #expect(try check(session, "LAG {{option: reliability}}").part == "lag")
    #expect(try check(session, "lag {{option: reliability}}").verdict.feedbackID == "lag-is-not-loss")
    #expect(session.check(answer: "lag").verdict == .notAttempted)
  }

  @Test func `both tiers must be right and belong together`() throws {
    let folder = try folder()
    for seed in UInt64(0)..<20 {
      let session = try session(folder, seed: seed)
      func feedback(_ placeholder: String) throws -> String? {
        try check(session, "lag {{\(placeholder)}}").verdict.feedbackID
      }
      #expect(try feedback("option: reliability, reason: growth") == "lag-is-not-loss")
      #expect(try feedback("option: cost") == "cost")
      #expect(try feedback("option: scalability, reason: lost") == "nothing-lost")
      #expect(try feedback("option: scalability, reason: late") == ChoiceItem.otherReasonFeedback)
      #expect(try check(session, "lag {{option: timeliness, reason: late}}").verdict.name == "partly")
    }
  }

  @Test func `a wrong answer draws another item, an unreadable one changes nothing`() throws {
    let folder = try folder()
    let session = try session(folder)
    _ = session.check(answer: "7")
    var questions: [String] = []
    for _ in 0..<3 {
      let view = try #require(session.partView)
      for text in ["9 1", "1", "1 9", "확장성", "0 0", "1 2 3", "몰라요", "1 -1"] {
        let result = session.check(answer: text)
        #expect(result.verdict == .couldNotRead(form: "답번호 이유번호"), "\(text)")
      }
      #expect(session.partView == view)
      questions.append(view.question)
      _ = try check(session, "{{option: reliability}}")
    }
    #expect(Set(questions).count == 3)
    #expect(session.attemptCount == 4)
    // The pool begins again, in another order of the options.
    #expect(session.partView?.question == questions[0])
  }

  @Test func `options are shuffled by learner and attempt, and the same after a restart`() throws {
    let folder = try folder()
    let path = folder.path + "/p.sqlite"
    var orders: Set<[String]> = []
    for seed in UInt64(0)..<30 {
      let session = try session(folder, seed: seed)
      _ = session.check(answer: "7")
      orders.insert(try #require(session.partView).options)
    }
    #expect(orders.count > 8)
    let store = ProgressStore(path: path)
    let first = try session(folder, seed: 3, store: store)
    _ = first.check(answer: "7")
    _ = try check(first, "{{option: cost}}")
    let second = try session(folder, seed: 3, store: ProgressStore(path: path))
    #expect(second.partView == first.partView)
    #expect(second.parts.map(\.isPassed) == [true, false, false])
    #expect(try store.attempts(exercise: "t-3").map(\.part) == ["address", "lag"])
    #expect(try store.passedPartCounts() == ["t-3": 1])
    // The learner's own seed is made once.
    #expect(try store.learnerSeed() == ProgressStore(path: path).learnerSeed())
  }

  @Test func `parts of an older version of the exercise are asked again`() throws {
    let folder = try folder()
    let path = folder.path + "/p.sqlite"
    _ = try session(folder, store: ProgressStore(path: path)).check(answer: "7")
    try folder.write(
      "exercise.yaml", Self.manifest.replacingOccurrences(of: "version: 2", with: "version: 3"))
    let next = try session(folder, store: ProgressStore(path: path))
    #expect(next.partView?.id == "address")
  }

  @Test func `reads a choice in words, numbers and ids`() throws {
    let folder = try folder()
    for seed in UInt64(0)..<6 {
      for language in [0, 1] {
        let session = try session(folder, seed: seed)
        _ = session.check(answer: "7")
        let view = try #require(session.partView)
        let option = try #require(view.options.firstIndex(of: "확장성")) + 1
        let reason = try #require(view.reasons.firstIndex(of: "양이 늘어서")) + 1
        let spellings = [
          [
            "\(option) \(reason)", "\(option),\(reason)", "답 \(option) 이유 \(reason)",
            "이유 \(reason) 답 \(option)", "\(option)번 \(reason)번", "확장성, 양이 늘어서",
            "확장성 \(reason)", "\(option) 양이 늘어서",
          ],
          [
            "option \(option) reason \(reason)", "scalability growth", "Scalability / It grew",
            "SCALABILITY: it grew", "scalab, grew",
          ],
        ][language]
        for text in spellings {
          let again = try self.session(folder, seed: seed)
          _ = again.check(answer: "7")
          #expect(again.check(answer: text).verdict.name == "partly", "\(text) of \(view)")
        }
        // One label between two numbers may belong to either.
        let unclear = "\(option)번은 이유 \(reason)번입니다"
        if option != reason {
          #expect(session.check(answer: unclear).verdict.name == "could-not-read", "\(unclear)")
          let mixed = "\(option)번 reason \(reason)"
          #expect(session.check(answer: mixed).verdict.name == "could-not-read", "\(mixed)")
        }
      }
    }
  }

  @Test func `reads an order in numbers and names`() throws {
    let folder = try folder()
    for seed in UInt64(0)..<12 {
      let session = try session(folder, seed: seed)
      let numbers = try session.replacingChoices(in: "answer order {{correct}}")
        .dropFirst("answer order ".count)
      #expect(numbers != "1 2 3 4")
      let digits = numbers.filter { $0 != " " }
      for text in [
        String(numbers), digits, numbers.replacingOccurrences(of: " ", with: "->"),
        numbers.replacingOccurrences(of: " ", with: ", "), numbers.replacingOccurrences(of: " ", with: "번 ") + "번",
        "휴대폰 → 메시지 큐 → 데이터 레이크 → 웨어하우스", "phone queue lake warehouse",
        "Phone, message queue, then data lake, then Warehouse", "휴대폰 메시지 큐 lake 웨어하우스",
      ] {
        #expect(session.check(answer: "order " + text).verdict.name == "partly", "\(text)")
      }
      for text in [
        "1 2 3", "1 2 3 3", "5 1 2 3", "phone queue lake", "phone queue lake warehouse dashboard", "12345",
        "휴대폰",
      ] {
        let result = session.check(answer: "order " + text)
        #expect(result.verdict.name == "could-not-read", "\(text)")
      }
      #expect(
        session.check(answer: "order phone queue warehouse lake").verdict.feedbackID
          == "warehouse-first")
      let other = session.check(answer: "order phone lake queue warehouse")
      #expect(other.verdict.feedbackID == "wrong-order")
      #expect(other.text == "아직입니다. 앞에서부터 1개까지는 순서가 맞습니다.")
    }
  }

  @Test func `declared answers name options`() throws {
    let folder = try folder([
      "answers/wrong/loss/a.tap": "answer 7\nanswer {{option: reliability}}",
      "answers/wrong/loss/expect.yaml": "verdict: not-yet\nfeedback: lag-is-not-loss",
      "answers/wrong/part/a.tap": "answer 7\nanswer {{correct}}",
      "answers/wrong/part/expect.yaml": "verdict: partly",
      "answers/wrong/order/a.tap": "answer order {{order: phone queue warehouse lake}}",
      "answers/wrong/order/expect.yaml": "verdict: not-yet\nfeedback: warehouse-first",
      "answers/accepted/all.tap": "answer 7\nanswer {{option: reliability}}\nanswer {{correct}}\nanswer {{correct}}",
      "answers/wrong/unknown/a.tap": "answer lag {{option: speed}}",
      "answers/wrong/unknown/expect.yaml": "verdict: not-yet\nfeedback: cost",
      "answers/wrong/number/a.tap": "answer address {{correct}}",
      "answers/wrong/number/expect.yaml": "verdict: not-yet\nfeedback: wrong",
    ])
    let cases = try AnswerCase.load(exercise: Exercise.load(folder: folder.path))
    for seed in UInt64(1)...9 {
      let outcomes = try cases.map { AnswerCaseRunner.run($0, host: try FakeHost(), seed: seed) }
      let failed = outcomes.filter { !$0.isAsExpected }
      #expect(failed.map(\.caseName) == ["wrong/number/a", "wrong/unknown/a"], "\(outcomes.map(\.problems))")
      #expect(failed[1].problems[0].contains("has no option `speed`"))
    }
  }

  // MARK: Mistakes

  /// A file, what to replace in it, and the error's code, place and advice.
  @Test(arguments: [
    ("exercise.yaml", "    choice: {pool: [lag-a, lag-b, lag-c]}", "    title: {ko: 가}", "course.bad-value", "parts[1]", "exactly one of"),
    ("exercise.yaml", "    title: {ko: 주소, en: Address}", "    order: {items: []}", "course.bad-value", "parts[0]", "exactly one of"),
    ("exercise.yaml", "- id: lag", "- id: Lag", "course.bad-value", "parts[1].id", "lower-case"),
    ("exercise.yaml", "- id: lag", "- id: order", "course.duplicate-id", "parts[2]", "its own id"),
    ("exercise.yaml", "lag-a, lag-b", "lag-a, lag-a", "course.small-pool", "parts[1].choice.pool", "items/ID.yaml"),
    ("exercise.yaml", "lag-a, lag-b", "lag-b", "course.unknown-file", "items/lag-a.yaml", "lag-b"),
    ("exercise.yaml", "pool: [lag-a", "pool: [lag-d", "course.missing-file", "items/lag-d.yaml", "question"),
    ("exercise.yaml", "status: local", "status: local\nanswer: {form: {ko: 수}, fields: [{name: n, type: integer}]}", "course.bad-value", "parts", "one of the parts"),
    ("exercise.yaml", "correct: [phone, queue", "correct: [queue", "course.bad-value", "order.correct", "List all of"),
    ("exercise.yaml", "first: warehouse, then: lake", "first: lake, then: warehouse", "course.bad-value", "mistakes[0]", "other way round"),
    ("items/lag-a.yaml", "id: lag-a", "id: lag-b", "course.bad-value", "items/lag-a.yaml:1 id", "`id: lag-a`"),
    ("items/lag-a.yaml", ", correct: true}", "}", "course.bad-value", "options", "correct: true"),
    ("items/lag-a.yaml", "with: [timeliness]", "with: [scalability]", "course.bad-value", "reasons", "timeliness"),
    ("items/lag-a.yaml", "with: [timeliness]", "with: [cost]", "course.bad-value", "with", "correct: true"),
    ("items/lag-a.yaml", "feedback: lag-is-not-loss", "feedbak: x", "course.unknown-key", "feedbak", "Did you mean `feedback`?"),
    ("items/lag-a.yaml", "feedback: lag-is-not-loss", "feedback: lost", "course.missing-section", "feedback.ko.md", "## lost"),
    ("items/lag-a.yaml", "id: cost,", "id: reliability,", "course.duplicate-id", "options[3]", "its own id"),
    ("feedback.ko.md", "## passed-address", "## passed-adress", "course.unknown-section", "feedback.ko.md", "passed-address"),
    ("checks/address/10-n.yaml", "feedback: wrong", "feedback: wrog", "course.unknown-section", "feedback.ko.md", "Did you mean `wrog`"),
  ])
  func `names the place of a mistake in the parts`(
    file: String, old: String, new: String, code: String, place: String, advice: String
  ) throws {
    let sound = try folder()
    let text = try String(contentsOfFile: sound.path + "/" + file, encoding: .utf8)
    let changed = text.replacingOccurrences(of: old, with: new)
    #expect(changed != text)
    let folder = try folder([file: changed])
    do {
      _ = try Exercise.load(folder: folder.path)
      Issue.record("loaded")
    } catch let error as CourseError {
      #expect(error.code == code, "\(error)")
      #expect(error.place?.contains(place) == true, "\(error)")
      #expect(error.advice?.contains(advice) == true, "\(error)")
    }
  }

  @Test func `a core exercise needs three items and a feedback for every wrong option`() throws {
    var files = ["task.en.md": "Do it\n", "feedback.en.md": Self.feedback]
    let core = Self.manifest.replacingOccurrences(of: "local", with: "core")
    func code(_ manifest: String) throws -> String? {
      let folder = try folder(files, manifest: manifest)
      do {
        _ = try Exercise.load(folder: folder.path)
        return nil
      } catch { return (error as? CourseError)?.code }
    }
    #expect(try code(core.replacingOccurrences(of: "[lag-a, lag-b, lag-c]", with: "[lag-a, lag-b]")) == "course.small-pool")
    #expect(try code(core) == "course.missing-key")
    for id in ["lag-a", "lag-b", "lag-c"] {
      files["items/\(id).yaml"] = Self.item(id)
        .replacingOccurrences(of: "en: Cost}", with: "en: Cost, feedback: wrong}")
    }
    #expect(try code(core) == "course.missing-file")
    let hints = "## 1\n가\n## 2\n나\n## 3\n다\n## wrong\n라\n"
    files["hints.ko.md"] = hints
    files["hints.en.md"] = hints
    #expect(try code(core) == nil)
  }
}
