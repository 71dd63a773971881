import Commands
import Foundation
import TestSupport
import Testing

/// What a 200 means: the event is there, whatever happens to the process afterwards.
@Suite(.serialized)
struct KillTests {
  /// Starts `serve` on a free port and answers the process and the port.
  static func serve(
    home: String, environment: [String: String] = [:]
  ) throws -> (process: Process, port: Int) {
    let process = Binary.process(
      ["--home", home, "--json", "serve", "--port", "0"], environment: environment)
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    var text = Data()
    while !text.contains(0x0A) {
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { throw TestFailure("serve ended: \(String(decoding: text, as: UTF8.self))") }
      text.append(more)
    }
    let value = try JSONSerialization.jsonObject(with: text.prefix { $0 != 0x0A }) as? [String: Any]
    guard let data = value?["data"] as? [String: Any], let port = data["collector"] as? Int else {
      throw TestFailure("serve answered \(String(decoding: text, as: UTF8.self))")
    }
    return (process, port)
  }

  /// Kills a process after a while, on a thread of its own.
  static func end(_ process: Process, afterMilliseconds delay: Int) {
    let identifier = process.processIdentifier
    Thread.detachNewThread {
      usleep(UInt32(delay) * 1_000)
      Foundation.kill(identifier, SIGKILL)
    }
  }

  static func event(_ id: String) -> String {
    """
    {"event_id":"\(id)","event_name":"purchase_completed","event_time":"2024-01-16T00:10:00Z",\
    "device_id":"device-\(id.suffix(2))","properties":{"price":100}}
    """
  }

  @Test(.timeLimit(.minutes(5)))
  func `nothing that was acknowledged is lost over a hundred kills`() throws {
    let world = try TestWorld()
    let home = world.path + "-killed"
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    var generator = SystemRandomNumberGenerator()
    var acknowledged: Set<String> = []
    for round in 0..<100 {
      let (process, port) = try Self.serve(home: home)
      Self.end(process, afterMilliseconds: Int.random(in: 5...60, using: &generator))
      var number = 0
      let client = LoopbackClient(port: port)
      while number < 500 {
        let ids = (0..<3).map { "00000000-0000-4000-8000-\(String(format: "%04d%04d%04d", round, number, $0))" }
        let body = "[" + ids.map(Self.event).joined(separator: ",") + "]"
        guard client?.post("/v1/events", Array(body.utf8))?.status == 200 else { break }
        acknowledged.formUnion(ids)
        number += 1
      }
      process.waitUntilExit()
    }
    #expect(acknowledged.count > 300)
    let answer = try Binary.run(
      [
        "--home", home, "--json", "-c",
        "SELECT event_id FROM system.kafka.records WHERE event_id LIKE '00000000-0000-4000-8000-%';",
      ])
    let found = Set(answer.output.matches(of: /00000000-0000-4000-8000-\d{12}/).map { String($0.0) })
    let lost = acknowledged.subtracting(found)
    #expect(lost.isEmpty, "\(lost.count) of \(acknowledged.count) lost, such as \(lost.first ?? "")")
    // And each of them once in Silver after the night.
    let night = try Binary.run(
      [
        "--home", home, "--json", "-c", "clock +1d", "-c",
        "SELECT count(*), count(DISTINCT event_id) FROM lake.silver.events WHERE event_id LIKE '00000000-0000-4000-8000-%';",
      ])
    let pattern = "[[\(found.count),\(found.count)]]"
    #expect(night.output.contains(pattern), "\(night.output.suffix(600))")
  }

  @Test(.timeLimit(.minutes(5)))
  func `a clock step that is killed goes on to the same result`() throws {
    let world = try TestWorld()
    world.shell.close()
    let calm = world.path + "-calm"
    let killed = world.path + "-rough"
    for path in [calm, killed] { try FileManager.default.copyItem(atPath: world.path, toPath: path) }
    defer { for path in [calm, killed] { try? FileManager.default.removeItem(atPath: path) } }
    let target = "clock 2024-01-18T09:10"
    #expect(try Binary.run(["--home", calm, "-c", target]).status == 0)
    for round in 0..<12 {
      let process = Binary.process(["--home", killed, "-c", target])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      process.standardInput = FileHandle.nullDevice
      try process.run()
      usleep(UInt32(40_000 + round * 23_000))
      Foundation.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }
    let finished = try Binary.run(["--home", killed, "-c", target])
    #expect(finished.status == 0 || finished.output.contains("cannot go back"), "\(finished.output)")
    let questions = [
      "-c", "SELECT count(*), count(DISTINCT event_id) FROM lake.silver.events;", "-c",
      "SELECT * FROM lake.gold.daily_metrics ORDER BY dt, app_id;", "-c",
      "SELECT count(*), sum(amount_krw) FROM warehouse.mart.fact_purchase;",
    ]
    let one = try Binary.run(["--home", calm, "--json"] + questions)
    let other = try Binary.run(["--home", killed, "--json"] + questions)
    #expect(one.output == other.output)
  }
}
