import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// An answer typed without `answer` is known for one, and nothing else is.
struct AnswerWithoutItsWordTests {
  @Test(arguments: ["1:200", "partition 2 offset 100"])
  func `an answer without its word is told how to be typed`(_ line: String) throws {
    let world = try TestWorld()
    world.run("exercise 00-1")
    let told = world.run(line)
    #expect(told.text.contains("answer \(line)"), "\(told.text)")
    #expect(told.status == .usage)
  }

  @Test func `a word that is no command stays one, and so does an answer to nothing`() throws {
    let world = try TestWorld()
    #expect(!world.run("1:200").text.contains("answer 1:200"))
    world.run("exercise 00-1")
    #expect(!world.run("frobnicate").text.contains("answer frobnicate"))
  }

  /// What a Korean speaker types for what the screen says, and how it is typed.
  @Test(arguments: [
    ("힌트", "hint"), ("답 1:200", "answer 1:200"), ("답은 1:200입니다", "answer 1:200"),
    ("정답은 1:200 이에요", "answer 1:200"), ("다음", "next"), ("힌트 좀 주세요", "hint"),
    ("대시보드를", "dash show"), ("답은 좀 1:200", "answer 좀 1:200"),
    ("시간 좀 알려줘", "clock"), ("용어 좀 kafka", "glossary kafka"),
  ])
  func `a command's Korean name is told how to be typed`(_ line: String, _ typed: String) throws {
    let world = try TestWorld(language: .ko)
    world.run("exercise 00-1")
    for form in [line, line.decomposedStringWithCanonicalMapping] {
      let told = world.run(form)
      #expect(told.text.contains(typed), "\(told.text)")
      #expect(told.status == .usage)
    }
    let unknown = world.run("답답하네 1")
    #expect(unknown.text.contains("모르는 명령입니다: 답답하네"), "\(unknown.text)")
  }

  /// `시간` is a name of the clock, and a word that an answer may have.
  @Test func `what the exercise can read is an answer before it is a command's name`() throws {
    let scratch = try ScratchDirectory("pack")
    let files = [
      "exercise.yaml": """
      id: team-7
      version: 1
      status: draft
      kind: state
      title: {ko: 밀린 시간}
      minutes: 1
      answer:
        form: {ko: 분}
        fields: [{name: minutes, type: integer}]
        fillers: [시간, 분]
      """, "task.ko.md": "몇 분입니까?\n",
      "feedback.ko.md": "## passed\n맞았습니다.\n\n## wrong\n아직입니다.\n",
      "checks/10.yaml":
        "goal: {ko: 목표}\nfeedback: wrong\nsql: SELECT 1 WHERE {{answer.minutes}} <> 45\n",
    ]
    for (name, text) in files { try scratch.write("team/01/" + name, text) }
    let world = try TestWorld(language: .ko, courses: scratch.path)
    #expect(world.run("시간 45").text.contains(": clock 45"))
    world.run("exercise team-7")
    let told = world.run("시간 45").text
    #expect(told.contains(": answer 시간 45"), "\(told)")
  }

  @Test func `an exercise that was passed waits for nothing`() throws {
    let world = try TestWorld()
    world.run("exercise 00-1")
    world.run("app track purchase_completed product_id=SKU123 price=29900")
    world.run("app background")
    let address = try #require(
      try world.texts(
        """
        SELECT concat(CAST(r.partition AS varchar), ':', CAST(r."offset" AS varchar))
        FROM system.kafka.records r
        JOIN system.sdk.events e ON e.event_id = r.event_id
        WHERE r.topic = 'app-events' AND e.event_name = 'purchase_completed'
        """
      ).first)
    #expect(world.run("answer \(address)").status == .success)
    #expect(!world.run(address).text.contains("answer \(address)"))
  }
}
