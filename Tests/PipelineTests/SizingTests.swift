import Commands
import Course
import Foundation
import Grading
import Terminal
import TestSupport
import Testing

/// `size` and `assume` at the prompt, in `system.course`, and for graders.
struct SizingTests {
  private func cells(_ world: TestWorld) throws -> [[String: Any]] {
    let answer = world.run("size ingest", json: true).text
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
    let data = try #require(object["data"] as? [String: Any])
    return try #require(data["cells"] as? [[String: Any]])
  }

  /// The right value of each cell, as graders see it.
  private func expected(_ world: TestWorld, _ cell: String) throws -> String {
    let table = try world.shell.lessonHost().query(
      "SELECT expected FROM system.course.worksheet WHERE sheet = 'ingest' AND cell = '\(cell)'")
    guard case .double(let value) = try #require(table.rows.first?.first) else {
      Issue.record("no expected value for \(cell)")
      return ""
    }
    return "\(value)"
  }

  @Test func `an empty sheet says where to begin, and its exercise what to type`() throws {
    for (language, begin, type) in [
      (Language.en, "Begin with cell 1", "Type check when you are done"),
      (.ko, "1번부터 차례로", "다 했으면 check"),
    ] {
      let world = try TestWorld(language: language)
      let sheet = world.run("size ingest").text
      #expect(sheet.contains(begin) && !sheet.contains("0칸") && !sheet.contains("0 of"), "\(sheet)")
      let task = world.run("exercise 01-9").text
      #expect(task.contains(type), "\(task)")
    }
  }

  @Test func `a learner fills the whole sheet, the size of an event measured by hand`() throws {
    let world = try TestWorld()
    for cell in try cells(world) {
      let id = try #require(cell["cell"] as? String)
      var value = ""
      if id == "bytes_per_event" {
        value = try #require(
          try world.texts(
            "SELECT avg(length(value)) FROM system.kafka.records WHERE topic = 'app-events'"
          ).first)
      } else {
        value = try expected(world, id)
      }
      let reply = world.run("size ingest \(id) \(value)")
      #expect(reply.status == .success && reply.text.contains(": right."), "\(reply.text)")
    }
    #expect(try cells(world).allSatisfy { $0["state"] as? String == "right" })
    #expect(world.run("size ingest").text.contains("All cells are right."))
  }

  @Test func `learners never see the right values, and graders do`() throws {
    let world = try TestWorld()
    world.run("assume set dau 1000000")
    world.run("assume set events_per_user 50")
    world.run("size ingest 1 50M")
    let sql = "SELECT count(expected) FROM system.course.worksheet WHERE sheet = 'ingest'"
    #expect(try world.texts(sql) == ["0"])
    #expect(try world.shell.lessonHost().query(sql).rows == [[.integer(4)]])
    let grading = try world.shell.gradingHost().open(WorldRequest(origin: .learner(fork: nil)))
    defer { grading.close() }
    #expect(
      try grading.query(
        "SELECT expected FROM system.course.worksheet WHERE cell = 'average_per_s'"
      ).rows == [[.double(50_000_000 / 86_400)]])
    #expect(
      try world.texts(
        "SELECT cell || ' ' || state FROM system.course.worksheet WHERE value IS NOT NULL"
      ) == ["events_per_day right"])
    #expect(
      try world.texts("SELECT origin FROM system.course.assumptions WHERE name = 'dau'") == ["own"])
    let shown = world.run("size ingest").text + world.run("size ingest 2").text
    #expect(!shown.contains("578"))
  }

  @Test func `a wrong answer is named in both languages and in SQL`() throws {
    let world = try TestWorld()
    world.run("assume set dau 1000000")
    world.run("assume set events_per_user 50")
    world.run("size ingest 1 50M")
    let reply = world.run("size ingest average 1157/s")
    #expect(reply.status == .success)
    #expect(reply.text.contains("not yet") && reply.text.contains("12 hours"), "\(reply.text)")
    world.run("lang ko")
    #expect(world.run("size ingest").text.contains("12시간으로"))
    #expect(
      try world.texts("SELECT mistake FROM system.course.worksheet WHERE NOT is_right")
        == ["half-day"])
    world.run("size ingest 평균 초당 579건")
    #expect(
      try world.texts("SELECT count(*) FROM system.course.worksheet WHERE NOT is_right") == ["0"])
  }

  @Test(arguments: [
    ("size ingest", 80), ("assume list ingest", 80), ("size", 80), ("size ingest 6", 80),
    ("size ingest 6 1.65 Mb/s", 80),
  ])
  func `everything fits the screen in both languages`(line: String, width: Int) throws {
    let world = try TestWorld()
    for language in ["ko", "en"] {
      world.run("lang \(language)")
      for value in ["1 72,000,000", "2 833.3", "3 1,460", "4 4,380", "5 640", "12 967.7"] {
        world.run("size ingest \(value)")
      }
      let text = world.run(line, width: width).text
      for one in text.split(separator: "\n") {
        #expect(TextWidth.columns(String(one)) <= width, "\(one)")
        #expect(!one.contains("…"), "\(one)")
      }
    }
  }

  @Test(arguments: [
    ("size nowhere", "noSuchWorksheet"), ("size ingest 14 3", "noSuchCell"),
    ("size ingest peek_per_s 3", "noSuchCell"), ("size ingest shards_by 4", "ambiguousCell"),
    ("size ingest 3 many", "unreadableNumber"), ("size ingest 3 1014 MB", "otherUnit"),
    ("size ingest 3 0", "impossibleSize"), ("size ingest 3 -5", "impossibleSize"),
    ("assume set dua 5", "noSuchAssumption"), ("assume set dau", "missingArgument"),
    ("assume set dau lots", "unreadableNumber"), ("assume set dau 5 GB", "otherUnit"),
    ("assume clear", "missingArgument"), ("assume drop dau", "unknownSubcommand"),
    ("size ingest clear 99", "noSuchCell"), ("assume list game", "noSuchWorksheet"),
  ])
  func `bad input is refused with advice and changes nothing`(line: String, code: String) throws {
    let world = try TestWorld()
    let answer = world.run(line, json: true)
    #expect(answer.status == .usage)
    let object = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
    let error = object?["error"] as? [String: Any]
    #expect(error?["code"] as? String == "command." + code, "\(answer.text)")
    #expect((error?["advice"] as? String)?.isEmpty == false)
    #expect(
      try world.texts("SELECT count(value) FROM system.course.worksheet") == ["0"])
    #expect(
      try world.texts("SELECT count(*) FROM system.course.assumptions WHERE origin = 'own'") == ["0"])
  }

  @Test(arguments: [
    "size ingest 3 1014/s", "size ingest 3번 1014", "size ingest 3: 1,014", "size ingest 3=1014/s",
    "size ingest peak_per_s=1014", "size ingest PEAK-PER-S 1014", "size ingest 피크 시간 1014건",
    "size 수집 3 초당 1014건", "size ingest ３ １０１４", "size ingest busiest hour 1014/s",
    "SIZE INGEST 3 1.014k",
  ])
  func `one cell has many spellings`(line: String) throws {
    let world = try TestWorld()
    #expect(world.run(line).status == .success)
    #expect(
      try world.texts("SELECT cell FROM system.course.worksheet WHERE value = 1014")
        == ["peak_per_s"])
  }

  @Test func `what was entered survives a restart and travels in an export`() throws {
    let world = try TestWorld()
    world.run("size ingest 1 50M")
    world.run("assume set push_factor 4")
    try world.restart()
    let sql = "SELECT value FROM system.course.worksheet WHERE value IS NOT NULL"
    #expect(try world.texts(sql) == ["5.0E7"])
    let file = world.path + "/out.sqlite"
    world.run("progress export \(file)")
    let other = try TestWorld()
    #expect(other.run("progress import \(file)").status == .success)
    #expect(try other.texts(sql) == ["5.0E7"])
    #expect(
      try other.texts("SELECT origin FROM system.course.assumptions WHERE name = 'push_factor'")
        == ["own"])
    let drawn = "SELECT value FROM system.course.assumptions WHERE origin = 'drawn' ORDER BY name"
    #expect(try other.texts(drawn) == world.texts(drawn))
    #expect(world.run("size ingest clear").text.contains("1 cells"))
    #expect(try world.texts(sql) == [])
  }

  @Test func `Tab offers sheets, cells and assumptions`() throws {
    let world = try TestWorld()
    func offered(_ line: String) -> [String] {
      world.shell.completions(line: line, cursor: line.count).candidates
    }
    #expect(offered("size ") == ["ingest", "lake"])
    #expect(offered("size ingest ret") == ["retention_raw_gb", "retention_zstd_gb"])
    #expect(offered("assume ") == ["clear", "list", "set"])
    #expect(offered("assume set da") == ["dau"])
    #expect(offered("assume list ") == ["ingest", "lake"])
  }
}
