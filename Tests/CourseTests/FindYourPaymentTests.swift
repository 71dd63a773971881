import Course
import CourseAuthoring
import Foundation
import Grading
import Testing

/// The content of exercise 00-1: every declared answer, the overlaps between them, both languages.
@Suite struct FindYourPaymentTests {
  private func exercise() throws -> Exercise {
    try CourseContent(root: contentRoot).exercise(id: "00-1")
  }

  private func check(_ answer: String, _ host: FakeHost) throws -> CheckResult {
    ExerciseSession(exercise: try exercise(), host: host).check(answer: answer)
  }

  @Test(arguments: CourseLanguage.allCases)
  func `gives every declared answer its verdict`(language: CourseLanguage) throws {
    let cases = try AnswerCase.load(exercise: exercise())
    #expect(cases.count == 15)
    for answerCase in cases {
      for firstOffset in [8_000, 40] {
        let host = try FakeHost(language: language, firstOffset: firstOffset)
        let outcome = AnswerCaseRunner.run(answerCase, host: host)
        #expect(outcome.problems == [], "\(answerCase.name)")
      }
    }
  }

  @Test func `every feedback id that a beginner can get has a declared answer`() throws {
    let cases = try AnswerCase.load(exercise: exercise())
    let declared = Set(cases.compactMap(\.expectedFeedback))
    let known = Set(try exercise().checks.map(\.feedback))
    // `not-in-kafka` needs a refusal or a passed retention, which no prompt line of 00-1 makes.
    #expect(known.subtracting(declared) == ["not-in-kafka"])
  }

  @Test func `compares the other purchase with the learner's`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "7f3a19c2", seq: 3, state: "delivered")
    try host.append(
      partition: 2, offset: 8_871, eventID: "7f3a19c2", name: "purchase_completed", price: 29_900)
    let result = try check("1:8001", host)
    #expect(
      result.text == """
        아직입니다. 1:8001도 결제 이벤트지만 다른 사람의 결제입니다.
          찾는 이벤트   event_id 7f3a19c2   29,900원
          1:8001        event_id other-1-   31,001원
        이름이 같은 이벤트는 많지만 event_id는 하나뿐입니다.
        찾아보기:
          kafka read app-events --where event_id=7f3a19c2
        """)
    let right = try check("2 8,871", host)
    #expect(right.verdict == .passed)
    #expect(
      right.text == """
        맞았습니다. 토픽, 파티션, 오프셋이 Kafka에서 이 이벤트의 주소입니다.
        현업에서는: kcat -C -b localhost:9092 -t app-events -p 2 -o 8871 -c 1 -e
        """)
  }

  // MARK: Overlaps

  @Test func `an address that equals the seq passes where it holds the learner's purchase`() throws {
    let host = try FakeHost(seesOthers: false)
    try host.track("purchase_completed", id: "mine", seq: 3, state: "delivered")
    try host.append(partition: 2, offset: 3, eventID: "mine", name: "purchase_completed", price: 1)
    #expect(try check("2:3", host).verdict == .passed)
    #expect(try check("0:3", host).verdict.feedbackID == "wrong-partition")
  }

  @Test func `the seq wins over whatever lives at the address`() throws {
    let host = try FakeHost(firstOffset: 0)
    try host.track("purchase_completed", id: "mine", seq: 1, state: "delivered")
    try host.append(
      partition: 2, offset: 77, eventID: "mine", name: "purchase_completed", price: 29_900)
    let occupied = try check("1:1", host)
    #expect(occupied.verdict.feedbackID == "seq-as-offset")
    #expect(occupied.text.contains("purchase_completed   event_id other-1-"))
    let empty = try check("7:1", host)
    #expect(empty.verdict.feedbackID == "seq-as-offset")
    #expect(!empty.text.contains("7:1 "))
    #expect(try check("1:2", host).verdict.feedbackID == "not-a-purchase")
  }

  @Test func `an occupied address is never called the wrong way round`() throws {
    let host = try FakeHost(firstOffset: 0)
    try host.track("purchase_completed", id: "mine", seq: 9, state: "delivered")
    try host.append(partition: 1, offset: 7, eventID: "mine", name: "purchase_completed", price: 1)
    #expect(try check("7:1", host).verdict.feedbackID == "swapped")
    try host.append(partition: 7, offset: 1, eventID: "x", name: "purchase_completed", price: 1)
    #expect(try check("7:1", host).verdict.feedbackID == "other-purchase")
  }

  @Test func `any delivered purchase of the learner passes`() throws {
    let host = try FakeHost()
    for (seq, offset) in [(3, 9_001), (4, 9_002), (5, 9_003)] {
      try host.track("purchase_completed", id: "mine-\(seq)", seq: seq, state: "delivered")
      try host.append(
        partition: 0, offset: offset, eventID: "mine-\(seq)", name: "purchase_completed", price: 1)
    }
    try host.track("purchase_completed", id: "mine-6", seq: 6)
    for offset in 9_001...9_003 { #expect(try check("0:\(offset)", host).verdict == .passed) }
    let wrong = try check("0:8001", host)
    #expect(wrong.text.contains("event_id mine-5 "))
  }

  @Test func `the learner's own event of another kind is no purchase`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "mine", seq: 3, state: "delivered")
    try host.append(
      partition: 0, offset: 9_000, eventID: "mine", name: "purchase_completed", price: 1)
    try host.track("screen_view", id: "view", seq: 2, state: "delivered", price: nil)
    try host.append(partition: 0, offset: 9_001, eventID: "view", name: "screen_view", price: nil)
    #expect(try check("0:9001", host).verdict.feedbackID == "not-a-purchase")
  }

  @Test func `a right address passes while the acknowledgement is still on its way`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "mine", seq: 3, state: "queued")
    try host.append(
      partition: 0, offset: 9_000, eventID: "mine", name: "purchase_completed", price: 1)
    #expect(try check("0:9000", host).verdict == .passed)
    #expect(try check("0:8001", host).verdict.feedbackID == "still-on-phone")
  }

  @Test func `a purchase that was sent and is not in Kafka is said to be missing there`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "mine", seq: 3, state: "delivered")
    try host.append(
      topic: "app-events-dlq", partition: 0, offset: 0, eventID: "mine",
      name: "purchase_completed", price: 1)
    let result = try check("0:0", host)
    #expect(result.verdict.feedbackID == "not-in-kafka")
    #expect(result.text.contains("seq 3"))
  }

  @Test func `says how far the partitions reach`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "mine", seq: 3, state: "delivered")
    try host.append(
      partition: 0, offset: 9_000, eventID: "mine", name: "purchase_completed", price: 1)
    let beyond = try check("0:9001", host)
    #expect(beyond.text.contains("0번 파티션의 오프셋: 8000번부터 9000번까지"))
    let noPartition = try check("5:1", host)
    #expect(noPartition.text.contains("지금 있는 파티션: 0번부터 2번까지"))
    #expect(!noPartition.text.contains("5번 파티션의 오프셋:"))
  }

  @Test func `a purchase without a price still shows its event_id`() throws {
    let host = try FakeHost()
    try host.track("purchase_completed", id: "mine", seq: 3, state: "delivered", price: nil)
    try host.append(
      partition: 0, offset: 9_000, eventID: "mine", name: "purchase_completed", price: nil)
    let result = try check("0:8001", host)
    #expect(result.text.contains("  찾는 이벤트   event_id mine       -\n"))
  }

  // MARK: Texts

  @Test func `all texts are there in both languages`() throws {
    let exercise = try exercise()
    var texts = [exercise.title, exercise.task] + exercise.checks.map(\.goal)
    texts += exercise.feedback.values.map { $0 } + exercise.hintRungs
    texts += exercise.misconceptionHints.values.map { $0 }
    texts.append(try #require(exercise.answer).form)
    for text in texts { #expect(text.missingLanguages == []) }
    for (name, text) in exercise.feedback {
      let korean = try #require(text.texts[.korean]), english = try #require(text.texts[.english])
      #expect(placeholderSet(korean) == placeholderSet(english), "\(name)")
      let isPass = name == "passed"
      #expect(korean.hasPrefix(isPass ? "맞았습니다." : "아직입니다."), "\(name)")
      #expect(english.hasPrefix(isPass ? "Correct." : "Not yet."), "\(name)")
      #expect(!english.unicodeScalars.contains { $0.value > 0x2000 }, "\(name)")
    }
  }

  private func placeholderSet(_ text: String) -> Set<String> {
    Set(text.matches(of: /\{[a-z_.:]+\}/).map { String($0.output) })
  }

  @Test func `hints and feedback never hold the answer`() throws {
    let exercise = try exercise()
    for language in CourseLanguage.allCases {
      let host = try FakeHost(language: language, firstOffset: 8_123)
      host.ownPartition = 1
      _ = try host.run("app track purchase_completed")
      _ = try host.run("app background")
      let answer = try #require(exercise.answer?.read("1:8127"))
      let session = ExerciseSession(exercise: exercise, host: host)
      var texts: [String] = []
      for wrong in ["1:8124", "0:8127", "1:3", "0:8123", "0:1", "8127:1"] {
        texts.append(session.check(answer: wrong).text.replacingOccurrences(of: wrong, with: ""))
        texts.append(session.hint().text)
      }
      for _ in 0..<4 { texts.append(session.hint().text) }
      for text in texts {
        for line in text.split(separator: "\n") {
          #expect(exercise.answer?.read(String(line)) != answer)
        }
        #expect(!text.contains("1:8127"), "\(text)")
      }
      #expect(session.check(answer: "1:8127").verdict == .passed)
    }
  }

  @Test func `fits 80 columns with a full event_id`() throws {
    for language in CourseLanguage.allCases {
      let host = try FakeHost(language: language)
      let id = "7f3a19c2-1b2c-4d5e-8f90-123456789abc"
      try host.track("purchase_completed", id: id, seq: 3, state: "delivered")
      try host.append(partition: 2, offset: 8_871, eventID: id, name: "purchase_completed", price: 1)
      for answer in ["1:8001", "0:8871", "2:3", "0:8000", "0:1", "8871:2", "2:8871"] {
        for line in try check(answer, host).text.split(separator: "\n") {
          let width = line.reduce(0) { $0 + ($1.isASCII ? 1 : 2) }
          // Two columns are left for the indent that the prompt adds; commands stand alone.
          #expect(width <= 78 || line.contains("--where event_id="), "\(line)")
        }
      }
    }
  }
}
