import Course
import Foundation
import Grading
import Testing

@Suite struct AnswerFormTests {
  private func form() throws -> AnswerForm {
    try #require(CourseContent(root: contentRoot).exercise(id: "00-1").answer)
  }

  @Test(arguments: [
    "2:8871", " 2:8871 ", "2 8871", "2/8871", "2,8871", "2, 8871", "2-8871", "2 : 8871",
    "(2, 8871)", "2:8,871", "2 8,871", "2:8_871", "02:008871", "2:8871.", "2@8871",
    "app-events 2 8871", "app-events-2:8871", "app-events:2:8871", "app-events/2/8871",
    "app-events-2@8871", "app-events[2]@8871", "topic app-events partition 2 offset 8871",
    "토픽 app-events 파티션 2 오프셋 8871", "파티션 2 오프셋 8871", "파티션2 오프셋8871",
    "2번 파티션 8871번 오프셋", "2번 파티션의 8871번 오프셋", "2번 파티션의 8871번 오프셋입니다.",
    "2번 파티션 8871번", "2번 파티션, 오프셋 8871", "파티션 2번, 오프셋 8871번", "파티션은 2, 오프셋은 8871입니다",
    "파티션 2번 8871", "partition=2 offset=8871", "partition: 2, offset: 8871", "PARTITION=2,OFFSET=8871",
    "P2 O8871", "p2o8871", "P:2 O:8871", "offset 8871 partition 2", "offset=8871 partition=2",
    "8871번 오프셋 2번 파티션", "partition 2 and offset 8871", "PARTITION OFFSET 2 8871",
    "파티션:오프셋 2:8871", "offset partition 8871 2", "-t app-events -p 2 -o 8871", "--partition 2 --offset 8871",
    "{\"partition\": 2, \"offset\": 8871}", "２：８８７１", "２　８８７１", "\u{200B}2:8871", "2:８,８７１",
    "2\t8871", "2 8871 offset",
  ])
  func `reads every spelling that has one meaning`(text: String) throws {
    let values = try #require(try form().read(text))
    #expect(values == AnswerValues(["partition": .integer(2), "offset": .integer(8871)]))
    let decomposed = text.decomposedStringWithCanonicalMapping
    #expect(try form().read(decomposed) == values)
  }

  @Test(arguments: [
    "", "   ", "2", "8871", "8,871", "2,887", "2:8871:3", "2 8 871", "2:-8871", "-2:8871", "2 -8871",
    "two:8871", "2:8871a", "a2:8871", "2.0:8871", "2:8.871", "2:0x22a7", "app-events-dlq 2:8871",
    "app-events", "offset 2 offset 8871", "partition 2", "2 파티션 8871", "2 partition offset", "모르겠어요",
    "7f3a19c2", "2 8871 purchase_completed", "2:99999999999999999999", "2:8871'; DROP TABLE x",
    "2 OR 1=1", "2:8871 ?", "partition 2 offset 8871 seq 3", "2;8871;9", "2__8:8871", "myapp-events 2 8871",
    "2 + 8871", "½ 8871",
  ])
  func `refuses what has no meaning or more than one`(text: String) throws {
    #expect(try form().read(text) == nil)
  }

  private func clock() -> AnswerForm {
    AnswerForm(
      form: LocalizedText(ko: "시:분", en: "hour:minute"),
      fields: [
        AnswerForm.Field(name: "hour", type: .integer, words: ["hour", "시"], isHour: true),
        AnswerForm.Field(name: "minute", type: .integer, words: ["minute", "분"]),
      ], fillers: ["입니다"])
  }

  @Test(arguments: [
    "15:05", "오후 3:05", "오후 3시 5분입니다", "3:05 PM", "3:05pm", "3:05 p.m.", "오후 15:05", "PM 3:05", "３：０５ ＰＭ",
    "오후 3:05 PM",
  ])
  func `reads an hour of 12 with its half of the day`(text: String) {
    #expect(clock().read(text) == AnswerValues(["hour": .integer(15), "minute": .integer(5)]))
  }

  @Test func `reads noon, midnight and an hour without a half`() {
    #expect(clock().read("오전 12:05")?["hour"] == .integer(0))
    #expect(clock().read("12:05 am")?["hour"] == .integer(0))
    #expect(clock().read("오후 12:05")?["hour"] == .integer(12))
    #expect(clock().read("새벽 3:05")?["hour"] == .integer(3))
    #expect(clock().read("3:05")?["hour"] == .integer(3))
  }

  @Test(arguments: ["오전 15:05", "오후 0:05", "오전 3:05 PM", "오후", "3:05 spam", "오후 24:05"])
  func `refuses an hour that its half of the day has not`(text: String) {
    #expect(clock().read(text) == nil)
  }

  @Test func `takes no half of a day where no hour is asked for`() throws {
    #expect(try form().read("오후 2:8871") == nil)
  }

  @Test func `refuses a very long text quickly`() throws {
    #expect(try form().read(String(repeating: "2 ", count: 5_000)) == nil)
    #expect(try form().read(String(repeating: "번", count: 190)) == nil)
  }

  @Test func `keeps the extremes of 64 bits`() throws {
    let values = try #require(try form().read("0:9223372036854775807"))
    #expect(values["offset"] == .integer(.max))
    #expect(try form().read("0:9223372036854775808") == nil)
  }

  @Test(arguments: [
    "processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet",
    "s3://lake/processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet",
    "file = 'processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet'",
    "file=s3://lake/processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet",
    "파일은 processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet입니다.",
  ])
  func `reads the path of a file as it was written`(text: String) throws {
    let form = AnswerForm(
      form: LocalizedText(ko: "파일", en: "the file"),
      fields: [AnswerForm.Field(name: "file", type: .path, words: ["file", "파일은"])],
      fillers: ["입니다"])
    #expect(
      form.read(text)
        == AnswerValues([
          "file": .text("processed/events/dt=2024-01-16/part-00000-aB.c000.zstd.parquet")
        ]))
    for none in ["", "file", "파일은", "a.parquet b.parquet", "part", "어디에 있는지 모름"] {
      #expect(form.read(none) == nil, "\(none)")
    }
  }

  @Test func `reads a word beside a number`() throws {
    let form = AnswerForm(
      form: LocalizedText(ko: "토픽 파티션", en: "topic partition"),
      fields: [
        AnswerForm.Field(name: "topic", type: .word, words: ["topic"]),
        AnswerForm.Field(name: "partition", type: .integer, words: ["partition"]),
      ])
    #expect(
      form.read("app-events 2")
        == AnswerValues(["topic": .text("app-events"), "partition": .integer(2)]))
    #expect(
      form.read("partition 2 topic orders")
        == AnswerValues(["topic": .text("orders"), "partition": .integer(2)]))
    #expect(form.read("2 app-events") == nil)
  }
}
