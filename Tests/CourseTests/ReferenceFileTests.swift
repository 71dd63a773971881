import Course
import Foundation
import Grading
import Testing

/// Cards, stations, references, terms and the checklist: what they hold and what they refuse.
@Suite struct ReferenceFileTests {
  private static let files: [String: String] = [
    "cards.yaml": """
    cards:
      - id: kafka
        name: Kafka
        layer: ingestion
        role: {ko: 로그, en: A log}
        when: {ko: 많을 때, en: Many readers}
        alternatives: [kinesis]
        here: {ko: 토픽, en: A topic}
      - id: kinesis
        name: Amazon Kinesis
        layer: ingestion
        role: {ko: 가, en: a}
        when: {ko: 나, en: b}
        simulated: false
    """,
    "stations.yaml": """
    stations:
      - {id: tap, name: {ko: 탭, en: tap}, layer: sources, adds: {ko: 가, en: a}, loses: {ko: 나, en: b}, look: app log}
    """,
    "refs.yaml": """
    books: [{title: DDIA, by: Martin Kleppmann, lessons: ["00"]}]
    blogs: [{title: Blog, url: "https://example.com/", lessons: []}]
    docs: [{title: Docs, note: {ko: 가, en: a}}]
    """,
    "terms.yaml": """
    terms:
      - id: offset
        ko: 오프셋
        en: offset
        not: [옵셋, 옵션값]
        definition: {ko: 순번, en: A number}
        lesson: "00"
        seed: true
        see: [partition-kafka]
        quiz:
          question: {ko: "오프셋?", en: "Offset?"}
          options: [{ko: 맞음, en: right, correct: true}, {ko: 틀림, en: wrong}]
      - {id: partition-kafka, ko: Kafka 파티션, en: Kafka partition, definition: {ko: 가, en: a}, lesson: "00"}
      - {id: partition-table, ko: 테이블 파티션, en: table partition, definition: {ko: 나, en: b}, lesson: "03"}
      - {id: data-warehouse, ko: 데이터 웨어하우스, en: data warehouse, not: [데이터 웨어 하우스], definition: {ko: 다, en: c}, lesson: "06"}
    """,
    "checklist.yaml": """
    items:
      - {id: journey, group: basic, text: {ko: 설명한다, en: explain}, lessons: ["00"], proofs: [t-1, t-2], deeper: [CAP-1]}
      - {id: words, group: practice, text: {ko: 말한다, en: speak}, proofs: [glossary-quiz, 99-9]}
    """,
  ]

  private func content(_ file: String = "", _ old: String = "", _ new: String = "") throws
    -> (CourseContent, ScratchFolder)
  {
    let folder = try ScratchFolder()
    for (name, text) in Self.files {
      let changed = name == file ? text.replacingOccurrences(of: old, with: new) : text
      if name == file { #expect(changed != text, "\(old)") }
      try folder.write("Lessons/\(name)", changed)
    }
    return (CourseContent(root: folder.path), folder)
  }

  @Test func `cards are found by id and name, and say what is not simulated`() throws {
    let (content, folder) = try content()
    #expect(try content.cards().map(\.isSimulated) == [true, false])
    #expect(try content.card("amazon kinesis").id == "kinesis")
    do {
      _ = try content.card("kafak")
      Issue.record("found")
    } catch let error as CourseError {
      #expect(error.advice == "Did you mean `kafka`? Known: kafka, kinesis.")
    }
    #expect(try content.stations().map(\.look) == ["app log"])
    #expect(try content.references().map(\.group) == [.books, .blogs, .docs])
    _ = folder
  }

  @Test(arguments: [
    "오프셋", "offset", "OFFSET", "옵셋", " 오프셋 ", "오프셋".decomposedStringWithCanonicalMapping,
    "옵셋".decomposedStringWithCompatibilityMapping, "ｏｆｆｓｅｔ",
  ])
  func `a term is found in both languages and in variant spellings`(text: String) throws {
    let (content, folder) = try content()
    guard case .found(let term) = try content.glossary().lookup(text) else {
      Issue.record("\(text)")
      return
    }
    #expect(term.id == "offset")
    _ = folder
  }

  @Test func `a word with several meanings names them, and a slip gets the nearest`() throws {
    let (content, folder) = try content()
    let glossary = try content.glossary()
    guard case .several(let terms) = glossary.lookup("파티션") else {
      Issue.record("not several")
      return
    }
    #expect(terms.map(\.id) == ["partition-kafka", "partition-table"])
    for text in ["데이터웨어하우스", "Data-Warehouse", "data_warehouse", "웨어하우스", "데이터 웨어 하우스"] {
      guard case .found(let term) = glossary.lookup(text) else {
        Issue.record("\(text)")
        continue
      }
      #expect(term.id == "data-warehouse")
    }
    #expect(glossary.lookup("오프샛") == .unknown(near: [try #require(glossary.term(id: "offset"))]))
    #expect(glossary.lookup("ofset") == .unknown(near: [try #require(glossary.term(id: "offset"))]))
    #expect(glossary.lookup("카프카 커넥트") == .unknown(near: []))
    #expect(glossary.lookup("") == .unknown(near: []))
    _ = folder
  }

  @Test(arguments: [
    ("cards.yaml", "here: {ko: 토픽, en: A topic}", "simulated: true", "course.bad-value", "cards[0]"),
    ("cards.yaml", "simulated: false", "", "course.bad-value", "cards[1]"),
    ("cards.yaml", "id: kinesis", "id: kafka", "course.duplicate-id", "cards[1]"),
    ("cards.yaml", "layer: ingestion", "layer: ingest", "course.bad-value", "cards[0].layer"),
    ("cards.yaml", "role: {ko: 로그, en: A log}", "role: {ko: 로그}", "course.missing-language", "cards[0].role"),
    ("stations.yaml", ", look: app log", "", "course.missing-key", "stations[0]"),
    ("refs.yaml", "https://example.com/", "example.com", "course.bad-value", "blogs[0].url"),
    ("refs.yaml", "docs:", "doc:", "course.unknown-key", "doc"),
    ("terms.yaml", "see: [partition-kafka]", "see: [partition-kafk]", "course.bad-value", "terms[0].see"),
    ("terms.yaml", "not: [옵셋,", "not: [오프셋,", "course.bad-value", "terms[0].not"),
    ("terms.yaml", ", correct: true", "", "course.bad-value", "terms[0].quiz.options"),
    ("terms.yaml", "seed: true", "seed: yes", "course.wrong-type", "terms[0].seed"),
    ("checklist.yaml", "proofs: [t-1, t-2]", "proofs: []", "course.bad-value", "items[0].proofs"),
    ("checklist.yaml", "group: basic", "group: bsic", "course.bad-value", "items[0].group"),
  ])
  func `names the place of a mistake`(
    file: String, old: String, new: String, code: String, place: String
  ) throws {
    let (content, folder) = try content(file, old, new)
    do {
      _ = try (
        content.cards(), content.stations(), content.references(), content.glossary(),
        content.checklist()
      )
      Issue.record("loaded")
    } catch let error as CourseError {
      #expect(error.code == code, "\(error)")
      #expect(error.place?.hasPrefix("Lessons/\(file):") == true, "\(error)")
      #expect(error.place?.contains(" \(place)") == true, "\(error)")
    }
    _ = folder
  }

  // MARK: Checklist

  private func summary(_ id: String, version: Int) throws -> ExerciseSummary {
    let folder = try ScratchFolder()
    try folder.write(
      "Exercises/a/b/exercise.yaml",
      "id: \(id)\nversion: \(version)\ntitle: {ko: 가, en: a}\nminutes: 5\n")
    let found = try CourseContent(root: folder.path).exerciseSummaries()
    return try #require(found.summaries[id])
  }

  @Test func `an item is ticked by all its proofs, and never taken back`() throws {
    let (content, folder) = try content()
    var checklist = try content.checklist()
    let store = ProgressStore(path: folder.path + "/p.sqlite")
    let exercises = ["t-1": try summary("t-1", version: 1), "t-2": try summary("t-2", version: 1)]
    func pass(_ id: String, version: Int = 1) throws {
      try store.record(
        ProgressStore.Attempt(exercise: id, version: version, answer: "", verdict: "passed"))
    }
    try pass("t-1")
    var state = try store.checklistState(checklist, exercises: exercises)
    #expect(state.map(\.isTicked) == [false, false])
    #expect(state[0].proofs.map(\.state) == [.passed, .open])
    #expect(state[0].deeper.map(\.state) == [.notThereYet])
    #expect(state[1].proofs.map(\.state) == [.open, .notThereYet])
    try pass("t-2")
    state = try store.checklistState(checklist, exercises: exercises)
    #expect(state[0].isTicked)
    #expect(!state[0].wantsReview)
    #expect(!state[0].hasBadge)
    // The exercise changes: the tick stays, a review is offered.
    let changed = ["t-1": try summary("t-1", version: 2), "t-2": try summary("t-2", version: 1)]
    state = try store.checklistState(checklist, exercises: changed)
    #expect(state[0].isTicked && state[0].wantsReview)
    #expect(state[0].proofs.map(\.state) == [.passedBefore, .passed])
    // A proof is added to the list: the tick stays all the same.
    checklist.items[0].proofs.append("t-3")
    state = try store.checklistState(checklist, exercises: exercises)
    #expect(state[0].isTicked && state[0].wantsReview)
    // The review: the new version was passed.
    checklist.items[0].proofs.removeLast()
    try pass("t-1", version: 2)
    try pass("CAP-1")
    state = try store.checklistState(checklist, exercises: changed)
    #expect(!state[0].wantsReview)
    #expect(state[0].hasBadge)
  }

  @Test func `a tick that has aged asks for a review`() throws {
    let (content, folder) = try content()
    let day: Int64 = 86_400_000
    for (age, wants) in [(Int64(89), false), (91, true)] {
      let store = ProgressStore(
        path: folder.path + "/p\(age).sqlite", wallTime: { 1_700_000_000_000 })
      for id in ["t-1", "t-2"] {
        try store.record(
          ProgressStore.Attempt(exercise: id, version: 1, answer: "", verdict: "passed"))
      }
      let state = try content.checklist().state(
        passes: try store.passes(), ticked: [], exercises: ["t-1": summary("t-1", version: 1)],
        now: 1_700_000_000_000 + age * day)
      #expect(state[0].wantsReview == wants)
    }
  }

  // MARK: Glossary quiz

  private func glossary(_ count: Int) -> Glossary {
    Glossary(
      terms: (0..<count).map { index in
        Glossary.Term(
          id: "t\(index)", korean: "용어\(index)", english: "term \(index)", forbidden: [],
          definition: LocalizedText(ko: "뜻", en: "meaning"), lesson: "00", isSeed: false, see: [],
          quiz: Glossary.Quiz(
            question: LocalizedText(ko: "\(index)?", en: "\(index)?"),
            options: (0..<3).map { option in
              Glossary.Quiz.Option(
                text: LocalizedText(ko: "답\(option)", en: "answer \(option)"),
                isCorrect: option == index % 3)
            }))
      })
  }

  /// Answers the present question rightly or not.
  private func answer(_ quiz: GlossaryQuiz, _ isRight: Bool) throws -> GlossaryQuiz.Reply {
    let question = try #require(quiz.question)
    let index = try #require(Int(question.termID.dropFirst()))
    let right = try #require(question.options.firstIndex(of: "answer \(index % 3)"))
    return quiz.answer(String((isRight ? right : (right + 1) % 3) + 1))
  }

  @Test(arguments: [(0, true), (1, true), (2, false)])
  func `nine of ten pass`(wrong: Int, passes: Bool) throws {
    let folder = try ScratchFolder()
    let store = ProgressStore(path: folder.path + "/p.sqlite")
    let quiz = GlossaryQuiz(
      glossary: glossary(24), met: [], progress: store, language: { .english },
      say: { FakeHost.say(.english, $0, $1) })
    for number in 0..<10 {
      #expect(quiz.question?.number == number + 1)
      for text in ["", "0", "4", "maybe"] {
        guard case .unreadable = quiz.answer(text) else {
          Issue.record("\(text)")
          continue
        }
      }
      let reply = try answer(quiz, number >= wrong)
      if number < 9 {
        guard case .judged(let isRight, _) = reply else {
          Issue.record("\(reply)")
          continue
        }
        #expect(isRight == (number >= wrong))
      } else {
        guard case .finished(_, let right, 10, let isPassed, _) = reply else {
          Issue.record("\(reply)")
          continue
        }
        #expect(right == 10 - wrong)
        #expect(isPassed == passes)
      }
    }
    #expect(try store.isPassed(exercise: GlossaryQuiz.proofID) == passes)
    #expect(try store.attemptCount(exercise: GlossaryQuiz.proofID) == 1)
  }

  @Test func `a retry asks other terms, and a kill goes on at the same question`() throws {
    let folder = try ScratchFolder()
    let path = folder.path + "/p.sqlite"
    func quiz() -> GlossaryQuiz {
      GlossaryQuiz(
        glossary: glossary(24), met: [], progress: ProgressStore(path: path), language: { .english },
      say: { FakeHost.say(.english, $0, $1) })
    }
    var asked: [[String]] = []
    for _ in 0..<2 {
      var round: [String] = []
      for _ in 0..<10 {
        let before = quiz()
        #expect(before.question == quiz().question)
        round.append(try #require(before.question).termID)
        _ = try answer(before, false)
      }
      asked.append(round)
    }
    #expect(Set(asked[0]).count == 10)
    #expect(Set(asked[0]).isDisjoint(with: asked[1]))
  }

  @Test func `asks about what was met where that is enough`() throws {
    let folder = try ScratchFolder()
    let met = Set((0..<12).map { "t\($0)" })
    let quiz = GlossaryQuiz(
      glossary: glossary(40), met: met, progress: ProgressStore(path: folder.path + "/p.sqlite"),
      language: { .english },
      say: { FakeHost.say(.english, $0, $1) })
    for _ in 0..<10 {
      #expect(met.contains(try #require(quiz.question).termID))
      _ = try answer(quiz, true)
    }
    let none = GlossaryQuiz(
      glossary: Glossary(terms: []), met: [], progress: ProgressStore(path: nil),
      language: { .english },
      say: { FakeHost.say(.english, $0, $1) })
    #expect(none.question == nil)
    #expect(none.answer("1") == .unreadable("There is no term to ask about."))
  }
}
