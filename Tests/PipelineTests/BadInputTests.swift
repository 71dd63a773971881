import Commands
import Foundation
import Terminal
import Testing

/// Whatever is typed or broken: a clear message, no crash, and nothing acknowledged lost.
struct BadInputTests {
  @Test(arguments: [
    "kafka", "kafka read --last x", "kafka read --last", "kafka read -p 99", "app track",
    "app track a b", "s3", "clock +1y", "clock +99999999999999999999d", "clock 2023-01-01",
    "dag run nothing", "dash show nothing", "exercise 99-9", "trace event zzzz", "collect",
    "collect /nowhere/at/all", "collect / --source nothing", "serve --port banana",
    "app track x \"unclosed", "kafka read --where nothing", "lang klingon", "\u{0}\u{1}\u{7F}",
    "SELECT", "SELECT 1", "SELECT * FROM;", "SELECT 1/0;", "🙂", "“quoted” line",
  ])
  func `a line that cannot be carried out says so and changes nothing`(_ line: String) throws {
    let world = try TestWorld()
    let before = try world.stations()
    let answer = world.run(line)
    #expect(answer.status >= .usage, "\(line) -> \(answer.text)")
    #expect(answer.text.count > 10, "\(line) -> \(answer.text)")
    #expect(try world.stations() == before)
  }

  @Test func `an error is one object of JSON when JSON is asked for`() throws {
    let world = try TestWorld()
    let text = world.run("kafka read nowhere", json: true).text
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    let error = value?["error"] as? [String: Any]
    #expect(value?["ok"] as? Bool == false)
    #expect(error?["code"] as? String == "command.noSuchTopic")
    let advice = try #require(error?["advice"] as? String)
    #expect(advice.contains("app-events"))
  }

  @Test func `a torn Delta commit is named and nothing is shown in its place`() throws {
    let world = try TestWorld()
    let log = world.worldPath + "/lake/processed/events/_delta_log"
    try world.restart {
      let last = try #require(
        try FileManager.default.contentsOfDirectory(atPath: log)
          .filter { $0.hasSuffix(".json") }.sorted().last)
      let data = try #require(FileManager.default.contents(atPath: log + "/" + last))
      try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: log + "/" + last))
    }
    let korean = world.shell.run(
      Shell.Request(line: "SELECT count(*) FROM lake.silver.events;", language: .ko),
      output: CapturedOutput())
    #expect(korean >= .usage)
    let spoken = CapturedOutput()
    _ = world.shell.run(Shell.Request(line: "status", language: .ko), output: spoken)
    #expect(spoken.text.contains("Delta 로그"), "\(spoken.text)")
    let answer = world.run("SELECT count(*) FROM lake.silver.events;")
    #expect(answer.status >= .usage)
    #expect(answer.text.contains("processed/events") || answer.text.contains("00000"))
    #expect(world.run("kafka topics").status == .success, "the other stations go on")
  }

  @Test func `a Parquet file that is gone is named`() throws {
    let world = try TestWorld()
    try world.restart {
      let day = world.worldPath + "/lake/processed/events/dt=2024-01-15"
      for name in try FileManager.default.contentsOfDirectory(atPath: day) {
        try FileManager.default.removeItem(atPath: day + "/" + name)
      }
    }
    let answer = world.run("SELECT count(DISTINCT user_id) FROM lake.silver.events;")
    #expect(answer.status >= .usage)
    #expect(answer.text.contains("dt=2024-01-15"), "\(answer.text)")
  }

  @Test func `a damaged progress file costs no start, and the pass is asked for again openly`() throws {
    let world = try TestWorld()
    world.run("answer 9:9")
    world.run("progress")
    try world.restart {
      let path = world.path + "/progress.sqlite"
      try Data("this is no database, and never was one".utf8).write(to: URL(fileURLWithPath: path))
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
    let answer = world.run("progress")
    #expect(answer.status == .success)
    #expect(answer.text.contains("progress.sqlite"), "\(answer.text)")
  }

  @Test func `a home that is a file is refused with advice`() throws {
    let world = try TestWorld()
    let answer = try Binary.run(["--home", world.path + "/config-or-lock", "--lang", "en", "-c", "help"])
    #expect(answer.status == 0, "a new home may be made: \(answer.output)")
    let file = world.path + "/a-file"
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    let refused = try Binary.run(["--home", file, "--lang", "ko", "-c", "dash show"])
    #expect(refused.status == 3)
    #expect(refused.output.replacing("\n", with: " ").contains("쓸 수 없습니다"), "\(refused.output)")
  }
}
