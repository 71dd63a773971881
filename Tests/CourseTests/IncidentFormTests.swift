import Course
import Foundation
import Grading
import Testing

/// A line of a form has one meaning or none; what is refused fills nothing in.
@Suite struct IncidentFormTests {
  private static func option(
    _ id: String, _ ko: String, _ en: String, _ words: [String] = []
  ) -> IncidentForm.Option {
    IncidentForm.Option(id: id, text: LocalizedText(ko: ko, en: en), words: words, feedback: nil)
  }

  private static func field(
    _ id: String, _ title: String, _ words: [String], _ options: [IncidentForm.Option]
  ) -> IncidentForm.Field {
    IncidentForm.Field(
      id: id, title: LocalizedText(ko: title, en: id), words: words,
      kind: .choice(options, right: ["": [options[0].id]]))
  }

  private let form = IncidentForm(fields: [
    field(
      "kind", "무엇이 문제입니까", ["종류"],
      [
        option("fine", "데이터는 정상", "the data are fine", ["정상", "ok"]),
        option("late", "늦게 옴", "it comes late", ["늦음", "지연"]),
        option("partly", "일부만 없음", "part is missing", ["일부"]),
      ]),
    field(
      "stage", "단계", [],
      [option("etl", "ETL(Silver)", "ETL (silver)"), option("queue", "Kafka", "Kafka", ["큐"])]),
    field(
      "last_good", "마지막 정상 단계", ["마지막"],
      [option("etl", "ETL", "ETL"), option("lake", "레이크", "the lake")]),
    IncidentForm.Field(
      id: "orders", title: LocalizedText(ko: "잃은 주문", en: "orders"), words: ["주문"],
      kind: .number(sql: "SELECT 1", tolerance: 0, feedback: "no")),
  ])

  // MARK: Refused

  @Test(arguments: [
    "외계인", "kind=unicorn", "fine unicorn", "-1", "99", "kind=2.5", "늦음직", "lately", "정상회담",
    "0", "kind=4", "orders=fine", "orders=1.5", "주문 9999999999999999999",
    "🦄", "SELECT * FROM t;", "\u{0}",
  ])
  func `what means nothing is refused and named`(line: String) {
    guard case .unknown(let word) = form.read(line) else {
      Issue.record("\(line) was read as \(form.read(line))")
      return
    }
    #expect(!word.isEmpty || line == "\u{0}")
  }

  @Test func `a word of two fields needs the name of one`() {
    #expect(form.read("etl") == .ambiguous("etl", fields: ["stage", "last_good"]))
    #expect(form.read("stage=etl") == .values(["stage": "etl"]))
    #expect(form.read("마지막 정상 단계: ETL") == .values(["last_good": "etl"]))
    #expect(form.read("stage=queue etl") == .values(["stage": "queue", "last_good": "etl"]))
  }

  @Test func `two values for one field are a conflict, one value twice is not`() {
    #expect(form.read("fine late") == .conflict("kind"))
    #expect(form.read("1 2") == .conflict("kind"))
    #expect(form.read("fine 정상 1") == .values(["kind": "fine"]))
  }

  @Test func `a name without a value is told`() {
    #expect(form.read("kind=") == .noValue("kind"))
    #expect(form.read("kind= stage=queue") == .noValue("kind"))
  }

  @Test func `a line of a book is not searched for words`() {
    guard case .unknown = form.read(String(repeating: "fine ", count: 200)) else {
      Issue.record("read")
      return
    }
  }

  // MARK: Read

  @Test(arguments: [
    "kind=fine stage=queue", "1 5", "1, 5", "fine, queue", "데이터는 정상, 단계는 큐", "정상입니다. Kafka",
    "the data are fine, Kafka", "stage: 5 kind: 1", "KIND=FINE STAGE=KAFKA", "종류=정상 단계=큐",
    "stage=kafka; kind=ok", "무엇이 문제입니까: 데이터는 정상, 단계: Kafka", "１ ５",
  ])
  func `one meaning has many spellings`(line: String) {
    #expect(form.read(line) == .values(["kind": "fine", "stage": "queue"]))
    let decomposed = line.decomposedStringWithCanonicalMapping
    #expect(form.read(decomposed) == .values(["kind": "fine", "stage": "queue"]))
  }

  @Test(arguments: [
    ("orders=0", "0"), ("주문 0건", "0"), ("잃은 주문: 1,246,300", "1246300"), ("orders = 120만", "1200000"),
    ("orders=-3", "-3"), ("주문은 38입니다", "38"),
  ])
  func `a number belongs to the field that was named`(line: String, value: String) {
    #expect(form.read(line) == .values(["orders": value]))
  }

  @Test func `an empty line holds no values`() {
    #expect(form.read("") == .values([:]))
    #expect(form.read("  , ") == .values([:]))
  }

  @Test func `the numbers of options go on over the whole form`() {
    #expect(form.numbered.map(\.number) == Array(1...7))
    #expect(form.read("6") == .values(["last_good": "etl"]))
  }
}

/// A reading holds what was shown; nothing is taken from how the line was spelled.
@Suite struct IncidentReadingTests {
  @Test func `numbers are compared by their value, words without case`() {
    let reading = IncidentReading(
      line: "x", sources: [], values: ["1,246,300", "38.0", "Lake-Sink", "app-events 2:8871"],
      rowCount: 1)
    for cell in ["1246300", "38", "lake-sink", "2", "8871", "app-events"] {
      #expect(reading.cells.contains(cell), "\(cell) is not in \(reading.cells.sorted())")
    }
    #expect(!reading.cells.contains("x"))
    #expect(IncidentReading.cell("38.50") == "38.5")
    #expect(IncidentReading.cell("2024-01-15") == "2024-01-15")
  }
}
