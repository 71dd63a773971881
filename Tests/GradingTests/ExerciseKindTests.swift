import Course
import Foundation
import TestSupport
import Testing

import Grading

@Suite("An exercise of one of the new kinds") struct ExerciseKindTests {
  static let manifest = """
    id: 99-1
    version: 1
    status: local
    kind: KIND
    title: {ko: 실습}
    minutes: 5

    """

  /// The exercise of those files; the texts that every exercise needs stand beside them.
  func exercise(_ manifest: String, _ files: [String: String]) throws -> (Exercise, ScratchFolder) {
    var files = files
    files["exercise.yaml"] = manifest
    files["task.ko.md"] = files["task.ko.md"] ?? "과제입니다."
    let scratch = try ScratchFolder(files)
    return (try Exercise.load(folder: scratch.path), scratch)
  }

  static let numberFiles = [
    "checks/10-time.yaml": NumberTests.catchUp,
    "task.ko.md": "초당 {rate}건이 {outage}시간 동안 밀렸습니다. {other}는 그대로 둡니다.",
    "feedback.ko.md": """
    ## passed

    맞았습니다. {answer.value}분.

    ## wrong-time

    아직입니다. 초당 {rate}건을 다시 계산합니다.

    ## wrong-backlog

    아직입니다. 밀린 이벤트부터 다시 셉니다.

    ## forgot-arrivals

    아직입니다. 따라잡는 동안에도 이벤트는 옵니다.
    """,
    "hints.ko.md": """
    ## 1

    초당 {rate}건부터 시작합니다.

    ## 2

    곱합니다.

    ## 3

    나눕니다.
    """,
  ]

  @Test("asks a number with the learner's own inputs in the task and in the feedback")
  func number() throws {
    let (exercise, _) = try exercise(
      Self.manifest.replacing("KIND", with: "number"),
      Self.numberFiles
    )
    let session = ExerciseSession(exercise: exercise, host: FakeGradingHost(), seed: 1)
    #expect(session.task == "초당 579건이 4시간 동안 밀렸습니다. {other}는 그대로 둡니다.")
    #expect(session.answerForm.contains("시간과 단위"))
    #expect(session.check(answer: nil).verdict == .notAttempted)
    let wrong = session.check(answer: "90분")
    #expect(wrong.text.contains("초당 579건") && wrong.unknownPlaceholders.isEmpty)
    let slip = session.check(answer: "3790")
    #expect(slip.verdict.feedbackID == NumberQuestion.slipFeedbackID)
    #expect(slip.text.contains("물은 단위: min"), "\(slip.text)")
    let right = session.check(answer: "1시간 3분")
    #expect(right.verdict == .passed && right.unknownPlaceholders.isEmpty)
    #expect(right.text.contains("1.05분") || right.text.contains("63"), "\(right.text)")
    #expect(session.hint().text.contains("초당 579건"))
    #expect(right.isFirstPass && right.attemptCount == 3)
  }

  static let sqlFiles = [
    "checks/10-dau.yaml": SQLGraderTests.check, "worlds/killer.ndjson": SQLGraderTests.killer,
    "feedback.ko.md": """
    ## passed

    맞았습니다.

    ## wrong-dau

    아직입니다. {column} 칸이 다릅니다.

    ## utc-day

    아직입니다. UTC 날짜로 셌습니다.

    ## events-not-users

    아직입니다. 이벤트 수를 셌습니다.

    ## null-platform

    아직입니다. 플랫폼을 모르는 행이 들어갔습니다.
    """,
  ]

  static let sqlManifest =
    manifest.replacing("KIND", with: "sql") + """
      tables:
        - name: silver.events
          columns: {event_id: varchar, user_id: varchar, platform: varchar, dt: date,
            utc_dt: date, price: bigint}

      """

  @Test("judges the query that was run last, one that is typed, and one in a file")
  func sql() throws {
    let (exercise, scratch) = try exercise(Self.sqlManifest, Self.sqlFiles)
    let host = SQLGraderTests().host()
    let session = ExerciseSession(exercise: exercise, host: host)
    #expect(exercise.worldRequests == MadeWorld.usual.map(\.request))
    #expect(exercise.forkName == "exercise 99-1")
    #expect(session.check(answer: nil).verdict == .notAttempted)
    session.remember(query: exercise.questions.isEmpty ? "" : "SELECT 1 AS one")
    #expect(session.check(answer: nil).verdict.feedbackID == SQLQuestion.columnsFeedbackID)
    session.remember(query: SQLGraderTests.right)
    #expect(session.check(answer: nil).verdict == .passed)
    #expect(session.check(answer: SQLGraderTests.right).verdict == .passed)
    try scratch.write("my dau.sql", SQLGraderTests.right)
    #expect(session.check(answer: " \(scratch.path)/my dau.sql ").verdict == .passed)
    #expect(session.check(answer: "\(scratch.path)/none.sql").verdict.name == "could-not-read")
    #expect(session.check(answer: "DROP TABLE silver.events").verdict.name == "could-not-read")
    try Data([0xFF, 0xFE, 0x00]).write(to: URL(filePath: scratch.path + "/binary.sql"))
    #expect(session.check(answer: "\(scratch.path)/binary.sql").verdict.name == "could-not-read")
    let wrong = session.check(
      answer: SQLGraderTests.right.replacing("count(user_id)", with: "count(*) + 1")
    )
    for part in ["dau 칸이 다릅니다", "기대", "내 답", "가장 작은 입력: 1행", "silver.events"] {
      #expect(wrong.text.contains(part), "\(part): \(wrong.text)")
    }
    #expect(host.recorder.statements.filter(JunkAnswers.writes).isEmpty)
  }

  @Test("keeps case and form of a part's answer, and passes its parts one by one")
  func parts() throws {
    let manifest =
      Self.sqlManifest.replacing("kind: sql", with: "kind: state") + """
        parts:
          - {id: dau, kind: sql}
          - {id: time, kind: number}

        """
    var files = [
      "checks/dau/10-dau.yaml": SQLGraderTests.check,
      "checks/time/10-time.yaml": NumberTests.catchUp,
      "worlds/killer.ndjson": SQLGraderTests.killer,
    ]
    files["feedback.ko.md"] =
      (Self.sqlFiles["feedback.ko.md"] ?? "")
      + "\n"
      + (Self.numberFiles["feedback.ko.md"] ?? "").replacing(/^## passed\n\n.*\n\n/, with: "")
    let (exercise, _) = try exercise(manifest, files)
    let session = ExerciseSession(exercise: exercise, host: SQLGraderTests().host(), seed: 1)
    let cased = SQLGraderTests.right.replacing("platform IS NOT NULL", with: "platform <> 'IOS'")
    let first = session.check(answer: "dau \(cased)")
    #expect(
      first.verdict == .partly(passed: 1, of: 2, feedback: nil, values: [:])
        || first.verdict.name == "partly"
    )
    #expect(session.partView?.form == "시간과 단위")
    #expect(session.check(answer: "63분").verdict == .passed)
  }

  @Test("reads a document from its usual file, or from the one that is named")
  func document() throws {
    let (exercise, scratch) = try exercise(
      Self.manifest.replacing("KIND", with: "document"),
      [
        "checks/10-design.yaml": DocumentTests.check.replacing(
          "      - {value: events_per_day, answer: 01-8, part: backlog, unit: events, tolerance: 1%}\n",
          with: ""
        ),
        "feedback.ko.md": """
        ## passed

        통과했습니다.

        ## incomplete

        아직입니다.

        ## no-count

        하루 이벤트 수가 없습니다.

        ## no-size

        하루 크기가 없습니다.

        ## no-format

        형식이 없습니다.

        ## no-reasons

        이유가 없습니다.

        ## no-owner

        담당자가 없습니다.

        ## numbers-disagree

        숫자가 서로 맞지 않습니다.

        ## size-disagrees

        크기가 맞지 않습니다.

        ## no-idempotence

        멱등을 말하지 않았습니다.
        """,
      ]
    )
    let session = ExerciseSession(exercise: exercise, host: DocumentTests().host()) { name in
      (try? Data(contentsOf: URL(filePath: scratch.path + "/" + name))).map(Array.init)
    }
    #expect(session.check(answer: nil).verdict.name == "could-not-read")
    try scratch.write("design.md", DocumentTests.right)
    let result = session.check(answer: nil)
    #expect(result.verdict == .passed, "\(result.text)")
    #expect(result.text.contains("4/4"))
    try scratch.write("mine.md", DocumentTests.right.replacing("- format: Parquet", with: ""))
    #expect(session.check(answer: "mine.md").verdict.feedbackID == "no-format")
  }

  @Test("whose checks are of another kind than it announces says so")
  func wrongKind() throws {
    let error = #expect(throws: CourseError.self) {
      try exercise(Self.manifest.replacing("KIND", with: "sql"), Self.numberFiles)
    }
    #expect("\(try #require(error))".contains("announces `sql`"))
    #expect(throws: CourseError.self) {
      try exercise(Self.manifest.replacing("KIND", with: "number"), ["task.ko.md": "x"])
    }
  }
}
