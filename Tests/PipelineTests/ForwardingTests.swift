import Commands
import Foundation
import TestSupport
import Testing

/// Two processes, one home.
@Suite(.serialized)
struct ForwardingTests {
  @Test func `a second process speaks through the one that serves`() throws {
    let world = try TestWorld()
    let home = world.path + "-shared"
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    let (process, port) = try KillTests.serve(home: home)
    defer {
      process.terminate()
      process.waitUntilExit()
    }
    let id = "11111111-2222-4333-8444-555555555555"
    let answer = LoopbackClient(port: port)?.post("/v1/events", Array(KillTests.event(id).utf8))
    #expect(answer?.status == 200)
    let english = try Binary.run(
      ["--home", home, "--lang", "en", "-c", "kafka read app-events --where event_id=\(id)"])
    #expect(english.status == 0, "\(english.output)")
    #expect(english.output.contains("purchase_completed"))
    let korean = try Binary.run(["--home", home, "--lang", "ko", "-c", "kafka read nowhere"])
    #expect(korean.status == 2)
    #expect(korean.output.contains("토픽이 없습니다"), "\(korean.output)")
    let json = try Binary.run(["--home", home, "--json", "-c", "collector status"])
    #expect(json.output.contains("\"port\":\(port)"), "\(json.output)")
  }

  @Test func `standard input, a file and -c give the same answers and exit statuses`() throws {
    let world = try TestWorld()
    let home = world.path + "-script"
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    let script = "-- counts\nSELECT count(*) AS n\n  FROM lake.gold.daily_metrics;\nkafka topics\n"
    let file = home + "/script.tap"
    try Data(script.utf8).write(to: URL(fileURLWithPath: file))
    let fromFile = try Binary.run(["--home", home, "--json", "-f", file])
    let fromInput = try Binary.run(["--home", home, "--json"], input: script)
    #expect(fromFile.status == 0, "\(fromFile.output)")
    // A file's answers are one JSON document; the lines of standard input are one each.
    let answers = try JSONSerialization.jsonObject(with: Data(fromFile.output.utf8)) as? [Any]
    #expect(answers?.count == 2, "\(fromFile.output)")
    let elements = fromFile.output.split(separator: "\n").dropFirst().dropLast()
    #expect(
      elements.map { $0.hasSuffix(",") ? $0.dropLast() : $0 }
        == fromInput.output.split(separator: "\n"))
    try Data("-- nothing to run\n".utf8).write(to: URL(fileURLWithPath: file))
    #expect(try Binary.run(["--home", home, "--json", "-f", file]).output == "[]\n")
    try Data("clock\nnonsense\nclock\n".utf8).write(to: URL(fileURLWithPath: file))
    let cut = try Binary.run(["--home", home, "--json", "-f", file])
    #expect(cut.status == 2)
    #expect((try JSONSerialization.jsonObject(with: Data(cut.output.utf8)) as? [Any])?.count == 2)
    // A world that has to be made first says nothing beside the JSON.
    let fresh = try Binary.run(
      ["--home", world.path + "-fresh", "--size", "xs", "--json", "-c", "dag list"])
    defer { try? FileManager.default.removeItem(atPath: world.path + "-fresh") }
    let whole = try JSONSerialization.jsonObject(with: Data(fresh.output.utf8)) as? [String: Any]
    #expect(whole?["ok"] as? Bool == true, "\(fresh.output)")
    let failing = try Binary.run(["--home", home, "-c", "nonsense", "-c", "kafka topics"])
    #expect(failing.status == 2)
    #expect(!failing.output.contains("app-events-dlq"), "it stops at the line that failed")
    #expect(try Binary.run(["--home", home, "-c", "answer 2:99999999"]).status == 1)
    let posix = try Binary.run(
      ["--home", home, "--lang", "ko", "-c", "dash show"],
      environment: ["LC_ALL": "POSIX", "LANG": "POSIX"])
    #expect(posix.output.contains("오늘 결제"), "\(posix.output)")
  }
}
