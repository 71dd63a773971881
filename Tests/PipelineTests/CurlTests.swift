import Commands
import Foundation
import Testing

/// curl against the collector's port, as a learner types it in another terminal.
@Suite(
  .enabled(
    if: FileManager.default.isExecutableFile(atPath: "/usr/bin/curl"), "needs /usr/bin/curl"))
struct CurlTests {
  private struct Answer {
    var status: Int
    var head: String
    var body: String
  }

  /// Runs curl in `directory`.
  private func curl(_ arguments: [String], in directory: String) throws -> Answer {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.arguments = ["-s", "-i", "--max-time", "20"] + arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    let end = try #require(text.range(of: "\r\n\r\n"), "\(text)")
    let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return Answer(
      status: status ?? 0, head: text[..<end.lowerBound].lowercased(),
      body: String(text[end.upperBound...]))
  }

  private func event(_ id: String, _ more: String = "") -> String {
    #"{"event_id":"\#(id)","event_name":"screen_view","event_time":"2024-01-16T00:10:00Z","#
      + #""device_id":"curl","properties":{"screen":"home"\#(more)}}"#
  }

  @Test(.timeLimit(.minutes(2)))
  func `curl sends plain, gzip, lines and keys, and is told what is wrong`() throws {
    let world = try TestWorld()
    let home = world.path + "-curl"
    world.shell.close()
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    func write(_ name: String, _ text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: home + "/" + name))
    }
    try write("batch.json", "[" + event("curl-2") + "," + event("curl-3") + "]")
    try write("lines.ndjson", event("curl-4") + "\n" + event("curl-5") + "\n{}\n")
    let zip = Process()
    zip.executableURL = URL(fileURLWithPath: "/bin/sh")
    zip.arguments = ["-c", "gzip -c < '\(home)/batch.json' > '\(home)/batch.json.gz'"]
    try zip.run()
    zip.waitUntilExit()
    try #require(zip.terminationStatus == 0)

    let (process, port) = try KillTests.serve(home: home)
    let url = "http://localhost:\(port)/v1/events"
    // As `serve` shows it: no key, no type.
    let plain = try curl(["-XPOST", url, "-d", event("curl-1")], in: home)
    #expect(plain.status == 200 && plain.body == #"{"accepted":1,"refused":[]}"#, "\(plain)")
    let zipped = try curl(
      [
        "-u", "shop:", "-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip",
        "--data-binary", "@batch.json.gz", url,
      ], in: home)
    #expect(zipped.status == 200 && zipped.body.contains("\"accepted\":2"), "\(zipped)")
    let lines = try curl(
      [
        "-H", "X-Write-Key: shop", "-H", "Content-Type: application/x-ndjson", "--data-binary",
        "@lines.ndjson", url,
      ], in: home)
    #expect(lines.status == 200 && lines.body.contains("missing_event_id"), "\(lines)")
    let stranger = try curl(["-u", "nobody:", "-d", event("curl-6"), url], in: home)
    #expect(stranger.status == 401 && stranger.head.contains("www-authenticate:"), "\(stranger)")
    #expect(stranger.body.contains("unknown_write_key"), "\(stranger)")
    let broken = try curl(["-d", "{", url], in: home)
    #expect(broken.status == 400 && broken.body.contains("broken_json"), "\(broken)")
    let health = try curl(["http://localhost:\(port)/health"], in: home)
    #expect(health.body.contains(#""accepted":5,"refused":1"#), "\(health)")
    process.terminate()
    process.waitUntilExit()

    let found = try Binary.run([
      "--home", home, "--json", "-c",
      "SELECT DISTINCT event_id FROM system.kafka.records WHERE event_id LIKE 'curl-%' ORDER BY 1;",
    ])
    let ids = found.output.matches(of: /curl-\d/).map { String($0.0) }
    #expect(Set(ids) == ["curl-1", "curl-2", "curl-3", "curl-4", "curl-5"], "\(found.output)")
    let letters = try Binary.run(["--home", home, "--json", "-c", "dlq list"])
    #expect(letters.output.contains("missing_event_id"))
    #expect(letters.output.contains("broken_json"))
  }
}
