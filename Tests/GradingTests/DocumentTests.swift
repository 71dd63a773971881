import TestSupport
import Testing

import Grading

@Suite("A document") struct DocumentTests {
  static let check = """
    kind: document
    goal: {ko: 설계서}
    feedback: incomplete
    file: design.md
    fields:
      - {name: events_per_day, type: integer, min: 1, unit: events, feedback: no-count}
      - {name: bytes_per_day, type: number, min: 0, unit: GB, feedback: no-size}
      - {name: format, type: choice, choices: [parquet, json], feedback: no-format}
      - {name: reasons, type: list, items_min: 2, feedback: no-reasons}
      - {name: owner, type: text, feedback: no-owner}
    criteria:
      - id: numbers
        title: {ko: 숫자}
        feedback: numbers-disagree
        checks:
          - {value: events_per_day, equals: "SELECT count(*) * 500 FROM silver.events", tolerance: 10%}
          - {value: bytes_per_day * 1000000000 / events_per_day, equals: 540, tolerance: 20%,
             feedback: size-disagrees}
          - {value: events_per_day, answer: 01-8, part: backlog, unit: events, tolerance: 1%}
      - id: design
        title: {ko: 설계}
        feedback: no-idempotence
        checks:
          - {mentions: reasons, words: [멱등, idempotent], at_least: 1}
    pass: 8
    """

  static let right = """
    # 설계서

    - events_per_day: 1,500건
    - bytes per day: 0.00081 GB
    - format: Parquet
    - owner: 김데이터

    ## Reasons

    - 적재는 멱등이어야 합니다.
    - 컬럼을 골라 읽습니다.
    """

  func host() -> FakeGradingHost {
    FakeGradingHost([
      GradingTable(
        name: "silver.events",
        columns: [.init("id", "bigint")],
        rows: (0..<3).map { [.integer($0)] }
      )
    ])
  }

  func judge(_ text: String?, _ host: FakeGradingHost? = nil, answered: String? = "backlog 1500건")
    throws -> Judgement
  {
    guard case .document(let found) = try question(Self.check) else {
      throw FakeGradingHost.Refused()
    }
    return DocumentGrader(question: found) { exercise, part in
      exercise == "01-8" && part == "backlog" ? answered : nil
    }.grade(text, host: host ?? self.host())
  }

  @Test("is read as Markdown, with front matter, and as YAML")
  func forms() throws {
    #expect(try judge(Self.right).verdict == .passed)
    let yaml = """
      events_per_day: 1500
      bytes_per_day: 810 KB
      format: parquet
      owner: Kim
      reasons: [idempotent loads, columns]
      """
    #expect(try judge(yaml).verdict == .passed)
    #expect(try judge("---\n\(yaml)\n---\nProse: nobody reads it.").verdict == .passed)
    let judgement = try judge(Self.right)
    #expect(judgement.evidence.criteria.map(\.points) == [4, 4])
  }

  @Test("gets 4, 2 or 0 for each criterion, and says which is first")
  func points() throws {
    let size = try judge(Self.right.replacing("0.00081 GB", with: "81 GB"))
    #expect(size.evidence.criteria.map(\.points) == [2, 4])
    #expect(size.verdict.feedbackID == "size-disagrees")
    #expect(size.verdict.name == "partly")
    let count = try judge(Self.right.replacing("1,500건", with: "3건"), answered: nil)
    #expect(count.evidence.criteria.map(\.points) == [0, 4])
    #expect(count.verdict.feedbackID == "numbers-disagree")
    let idea = try judge(Self.right.replacing("멱등", with: "빨라"))
    #expect(idea.evidence.criteria.map(\.points) == [4, 0])
    #expect(idea.verdict.feedbackID == "no-idempotence")
  }

  @Test(
    "with a field that is missing, a placeholder or out of range is not passed",
    arguments: [
      ("- owner: 김데이터", "", "no-owner"), ("김데이터", "TODO", "no-owner"),
      ("김데이터", "<이름>", "no-owner"), ("- format: Parquet", "", "no-format"),
      ("1,500건", "-1", "no-count"), ("1,500건", "1.5", "no-count"),
      ("1,500건", "1500 MB", "no-count"), ("- 컬럼을 골라 읽습니다.", "", "no-reasons"),
    ]
  )
  func fields(_ old: String, _ new: String, _ feedback: String) throws {
    let verdict = try judge(Self.right.replacing(old, with: new)).verdict
    #expect(verdict.feedbackID == feedback, "\(verdict)")
    #expect(verdict != .passed)
  }

  @Test(
    "whose field says nothing of its kind could not be read, and names the field",
    arguments: [
      ("1,500건", "많음", "events_per_day", "숫자"), ("1,500건", "1,500~1,600건", "events_per_day", "숫자"),
      ("0.00081 GB", "일주일", "bytes_per_day", "숫자"), ("Parquet", "xml", "format", "parquet, json"),
    ])
  func unread(_ old: String, _ new: String, _ field: String, _ kind: String) throws {
    guard case .couldNotRead(let form) = try judge(Self.right.replacing(old, with: new)).verdict else {
      Issue.record("\(new) was read")
      return
    }
    #expect(form.contains("design.md (") && form.contains(field) && form.contains(kind), "\(form)")
  }

  @Test("agrees with the learner's own answer to another exercise")
  func answers() throws {
    #expect(try judge(Self.right, answered: "backlog 1,500").verdict == .passed)
    #expect(try judge(Self.right, answered: "events=3; 1500건").verdict == .passed)
    #expect(try judge(Self.right, answered: "backlog 2000").verdict.name == "partly")
    #expect(try judge(Self.right, answered: nil).verdict.name == "partly")
  }

  @Test("whose numbers cannot be asked for is the checker's failure")
  func checkerFails() throws {
    let broken = host()
    broken.failsAfter = 0
    #expect(try judge(Self.right, broken).verdict.name == "checker-failed")
  }

  @Test("is never junk", arguments: [41, 42, 43] as [UInt64])
  func junk(_ seed: UInt64) throws {
    let host = host()
    for answer in JunkAnswers.answers(seed: seed) {
      let verdict = try judge(answer, host).verdict
      #expect(verdict != .passed, "seed \(seed): \(answer.prefix(60))")
      #expect(verdict.name != "checker-failed", "seed \(seed): \(answer.prefix(60))")
    }
    #expect(host.recorder.statements.filter(JunkAnswers.writes).isEmpty)
  }

  @Test(
    "whose manifest is wrong says where",
    arguments: [
      (
        "value: events_per_day, equals", "value: events_per_dya, equals",
        "Did you mean `events_per_day`?"
      ),
      ("mentions: reasons", "mentions: reason", "Did you mean `reasons`?"),
      ("type: choice, choices: [parquet, json]", "type: choice", "a choice without choices"),
      ("type: integer", "type: int", "`int` is not one of the values"),
      ("pass: 8", "pass: 9", "from 1 to 8"),
      ("items_min: 2", "words_max: 2", "Known keys"),
    ]
  )
  func manifestErrors(_ old: String, _ new: String, _ says: String) throws {
    let error = try #require(loadError(Self.check.replacing(old, with: new)))
    #expect("\(error)".contains(says), "\(error)")
    #expect(error.place?.contains("10-check.yaml:") ?? false)
  }
}

@Suite("A DataFrame program") struct DataframeTests {
  static let check =
    SQLGraderTests.check.replacing("kind: sql", with: "kind: dataframe") + """

      plan: {exchanges_max: 2, join: broadcast, partitions_read_max: 1, collect: false, skew_max: 3}
      plan_feedback: {exchanges_max: too-many-shuffles}
      """

  func dataframe(_ yaml: String = check) throws -> DataframeQuestion {
    let files = ["worlds/killer.ndjson": SQLGraderTests.killer]
    guard
      case .dataframe(let found) = try question(
        yaml,
        tables: [SQLGraderTests.events],
        files: files
      )
    else { throw FakeGradingHost.Refused() }
    return found
  }

  @Test("is neither passed nor wrong while no engine runs it")
  func noEngine() throws {
    let found = try dataframe()
    #expect(found.plan.exchangesMax == 2 && found.plan.join == .broadcast)
    #expect(found.plan.allowsCollect == false && found.plan.skewMax == 3)
    #expect(found.feedbackIDs.contains("too-many-shuffles"))
    let host = FakeGradingHost()
    for answer in JunkAnswers.answers(seed: 51) + ["df.groupBy('dt').count()"] {
      let name = found.grade(answer, host: host).verdict.name
      #expect(name == "checker-failed" || name == "not-attempted")
    }
    #expect(host.recorder.statements.isEmpty)
    guard case .checkerFailed(let reason) = found.grade("df", host: host).verdict else { return }
    #expect(reason.contains("Spark"))
  }

  @Test(
    "whose manifest is wrong says where",
    arguments: [
      ("join: broadcast", "join: brodcast", "Did you mean `broadcast`?"),
      ("skew_max: 3", "skew_mx: 3", "Did you mean `skew_max`?"),
      ("{exchanges_max: too", "{join_x: too", "is not known here"),
      ("exchanges_max: 2, ", "", "has no constraint `exchanges_max`"),
    ]
  )
  func manifestErrors(_ old: String, _ new: String, _ says: String) throws {
    let files = ["worlds/killer.ndjson": SQLGraderTests.killer]
    let error = try #require(
      loadError(Self.check.replacing(old, with: new), tables: [SQLGraderTests.events], files: files)
    )
    #expect("\(error)".contains(says), "\(error)")
  }
}

@Suite("The checks of one folder") struct CheckLoaderTests {
  @Test("make one question: rules together, any other kind alone")
  func kinds() throws {
    let number = NumberTests.catchUp
    let rows = "goal: {ko: 목표}\nfeedback: a\nsql: SELECT 1"
    let error = try #require(
      loadError(number, files: ["checks/20-rows.yaml": rows])
    )
    #expect("\(error)".contains("has other checks beside it"))
    guard
      case .state(let state) = try question(
        "invariant: unique\ngoal: {ko: 목표}\nfeedback: b\ntarget: silver.events\nkey: a",
        files: ["checks/20-rows.yaml": rows]
      )
    else {
      Issue.record("no state")
      return
    }
    #expect(state.items.map(\.name) == ["10-check", "20-rows"])
    #expect(state.feedbackIDs == ["b", "a"])
    #expect("\(try #require(loadError("kind: nubmer")))".contains("Did you mean `number`?"))
  }
}
