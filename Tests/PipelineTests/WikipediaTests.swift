import Codecs
import CollectorEndpoint
import Commands
import Foundation
import Platform
import TestSupport
import Testing

/// A day of real events that nobody here wrote, through every station.
struct WikipediaTests {
  static let file = TestWorld.content
    + "/Datasets/wikipedia-edits/wikipedia-edits-2015-09-12.json.gz"

  /// What the file itself says, counted straight from its lines.
  struct Truth {
    var lines: [[String: Any]]

    init() throws {
      let packed = try Data(contentsOf: URL(fileURLWithPath: WikipediaTests.file))
      let bytes = try Gzip.decompress([UInt8](packed), bytesMax: 1 << 28)
      lines = try Data(bytes).split(separator: 0x0A).map {
        try JSONSerialization.jsonObject(with: Data($0)) as? [String: Any] ?? [:]
      }
    }

    /// Edits by Korean day.
    func byDay() -> [String: Int] {
      var days: [String: Int] = [:]
      for line in lines {
        // 2015-09-12T00:46:58.771Z: 15:00 UTC is midnight in Seoul.
        let time = line["time"] as? String ?? ""
        let hour = Int(time.dropFirst(11).prefix(2)) ?? 0
        days[hour >= 15 ? "2015-09-13" : "2015-09-12", default: 0] += 1
      }
      return days
    }
  }

  @Test func `the day's numbers agree at every station with those of the file`() throws {
    let truth = try Truth()
    #expect(truth.lines.count == 39_244)
    let world = try TestWorld()
    let before = try world.stations()
    let answer = world.run("collect \(Self.file)", json: true)
    #expect(answer.text.contains("\"accepted\":39244"), "\(answer.text)")
    #expect(
      try world.stations()["kafka_records"] == (before["kafka_records"] ?? 0) + 39_244)
    world.run("clock +1d")
    let edits = "event_name = 'page_edited'"
    #expect(
      try world.count("SELECT count(*) FROM lake.bronze.events WHERE \(edits)") == 39_244)
    #expect(
      try world.count("SELECT count(*) FROM lake.silver.events WHERE \(edits)") == 39_244)
    for (day, expected) in truth.byDay() {
      let filter = "dt = DATE '\(day)' AND app_id = 'wikipedia'"
      #expect(
        try world.count("SELECT sum(events) FROM lake.gold.daily_metrics WHERE \(filter)")
          == Int64(expected))
      #expect(
        try world.count("SELECT sum(events) FROM warehouse.mart.daily_activity WHERE \(filter)")
          == Int64(expected))
      let shown = day == "2015-09-12" ? "2015-09-13" : "2015-09-14"
      #expect(
        try world.tile("activity", "--day \(shown) --app wikipedia")["events"] == expected)
    }
    let robots = truth.lines.filter { $0["isRobot"] as? Bool == true }.count
    #expect(
      try world.count(
        """
        SELECT count(*) FROM lake.silver.events
        WHERE \(edits) AND json_extract_scalar(properties, '$.is_robot') = 'true'
        """) == Int64(robots))
    let users = Set(truth.lines.compactMap { $0["user"] as? String }).count
    #expect(
      try world.count(
        "SELECT count(DISTINCT user_id) FROM lake.silver.events WHERE \(edits)") == Int64(users))
  }

  @Test func `no address of an anonymous user is anywhere in the home`() throws {
    let truth = try Truth()
    // Some addresses of version 6 are not marked as anonymous in the data.
    let addresses = Set(
      truth.lines.compactMap { line -> String? in
        guard let user = line["user"] as? String else { return nil }
        let isSix = user.filter { $0 == ":" }.count >= 5 && !user.contains(" ")
        return line["isAnonymous"] as? Bool == true || isSix ? user : nil
      })
    #expect(addresses.count > 3_000)
    let world = try TestWorld()
    let broken = world.path + "/broken.ndjson"
    try FileManager.default.createDirectory(atPath: world.path, withIntermediateDirectories: true)
    var lines = "{\"time\":\"2015-09-12T01:00:00Z\",\"user\":\"60.225.66.142\",\"page\":"
    lines += "\n{\"time\":\"yesterday\",\"user\":\"2003:51:4774:C270:217:F2FF:FECF:6667\","
    lines += "\"isAnonymous\":true,\"page\":\"x\"}\n"
    let outside = NSTemporaryDirectory() + "/broken-\(UUID().uuidString).ndjson"
    defer { try? FileManager.default.removeItem(atPath: outside) }
    try lines.write(toFile: outside, atomically: true, encoding: .utf8)
    #expect(world.run("collect \(outside) --source wikipedia-edits").status == .success)
    world.run("collect \(Self.file)")
    world.run("clock +1d")
    world.run("dlq list")
    world.shell.close()
    let found = try HomeScan(path: world.path).addresses()
    let leaked = addresses.union(["60.225.66.142"]).intersection(found)
    #expect(leaked.isEmpty, "\(leaked.count) addresses, such as \(leaked.first ?? "")")
    #expect(!FileManager.default.fileExists(atPath: broken))
  }

  @Test func `the same lines by HTTP give the same bytes in Bronze`() throws {
    let packed = try Data(contentsOf: URL(fileURLWithPath: Self.file))
    let lines = Data(try Gzip.decompress([UInt8](packed), bytesMax: 1 << 28))
      .split(separator: 0x0A).prefix(1_700).map { Data($0) }
    let path = NSTemporaryDirectory() + "/some-\(UUID().uuidString).ndjson"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: path))
    let byFile = try TestWorld()
    #expect(byFile.run("collect \(path) --source wikipedia-edits").status == .success)
    byFile.run("dag run ingest")

    let byWire = try TestWorld()
    let endpoint = try byWire.shell.withPlatform { try $0.openCollector(port: 0) }
    let client = try #require(LoopbackClient(port: Int(endpoint.port), timeoutSeconds: 120))
    for start in stride(from: 0, to: lines.count, by: 300) {
      let body = [UInt8](Data(lines[start..<min(start + 300, lines.count)].joined(separator: [0x0A])))
      let answer = try #require(
        client.post(
          "/v1/events?source=wikipedia-edits", body,
          headers: ["Content-Type": "application/x-ndjson"]))
      #expect(answer.status == 200)
      #expect(String(decoding: answer.body, as: UTF8.self).contains("\"refused\":[]"))
    }
    endpoint.stop()
    byWire.run("dag run ingest")
    let one = try bronze(of: byFile)
    #expect(one == (try bronze(of: byWire)))
    #expect(one.values.joined().filter { $0 == 0x0A }.count > 1_700)
  }

  /// Every Bronze object, unpacked, by key.
  private func bronze(of world: TestWorld) throws -> [String: [UInt8]] {
    let root = world.worldPath + "/lake/raw"
    var objects: [String: [UInt8]] = [:]
    for name in FileManager.default.subpaths(atPath: root) ?? [] where name.hasSuffix(".gz") {
      let data = try #require(FileManager.default.contents(atPath: root + "/" + name))
      objects[name] = try Gzip.decompress([UInt8](data), bytesMax: 1 << 28)
    }
    return objects
  }

  @Test func `refused lines are dead letters with a reason, and the rest arrives`() throws {
    let world = try TestWorld()
    let packed = try Data(contentsOf: URL(fileURLWithPath: Self.file))
    var lines = Data(try Gzip.decompress([UInt8](packed), bytesMax: 1 << 28))
      .split(separator: 0x0A).map { Data($0) }
    let damaged = [7, 1_000, 2_345, 39_000]
    for index in damaged { lines[index] = Data(lines[index].dropLast(9)) }
    lines[500] = Data(#"{"time":"not a time","user":"A","page":"B"}"#.utf8)
    let path = NSTemporaryDirectory() + "/damaged-\(UUID().uuidString).ndjson"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(lines.joined(separator: [0x0A])).write(to: URL(fileURLWithPath: path))
    let before = try world.stations()
    let answer = world.run("collect \(path) --source wikipedia-edits", json: true).text
    #expect(answer.contains("\"accepted\":39239"), "\(answer)")
    let stations = try world.stations()
    #expect(stations["kafka_records"] == (before["kafka_records"] ?? 0) + 39_244 - 5)
    // One of the day before is there already.
    #expect(stations["dead_letters"] == (before["dead_letters"] ?? 0) + 5)
    #expect(
      try world.texts(
        "SELECT CAST(line AS varchar) FROM system.collector.dead_letters WHERE line IS NOT NULL ORDER BY line")
        == ["8", "501", "1001", "2346", "39001"])
    #expect(
      try world.count(
        "SELECT count(*) FROM system.collector.dead_letters WHERE reason IS NULL") == 0)
    world.run("clock +1d")
    #expect(
      try world.count(
        "SELECT count(*) FROM lake.silver.events WHERE app_id = 'wikipedia'") == 39_239)
  }
}

/// Looks at every byte below a directory, after decompression, for things that look like addresses.
struct HomeScan {
  let path: String

  func addresses() throws -> Set<String> {
    var found: Set<String> = []
    for name in FileManager.default.subpaths(atPath: path) ?? [] {
      let file = path + "/" + name
      guard let data = FileManager.default.contents(atPath: file), !data.isEmpty else { continue }
      found.formUnion(tokens([UInt8](data)))
      if name.hasSuffix(".gz") {
        found.formUnion(tokens(try Gzip.decompress([UInt8](data), bytesMax: 1 << 28)))
      } else {
        // Compressed pages and record batches: every zstd frame and gzip member inside.
        for plain in frames([UInt8](data)) { found.formUnion(tokens(plain)) }
      }
    }
    return found
  }

  /// Runs of the characters that addresses are made of.
  private func tokens(_ bytes: [UInt8]) -> Set<String> {
    var found: Set<String> = []
    var start = 0
    func isPart(_ byte: UInt8) -> Bool {
      (0x30...0x3A).contains(byte) || byte == 0x2E || (0x41...0x46).contains(byte)
        || (0x61...0x66).contains(byte)
    }
    while start < bytes.count {
      guard isPart(bytes[start]) else {
        start += 1
        continue
      }
      var end = start
      while end < bytes.count, isPart(bytes[end]) { end += 1 }
      if end - start >= 7, end - start <= 45 {
        let text = String(decoding: bytes[start..<end], as: UTF8.self)
        if text.contains(where: { $0 == "." || $0 == ":" }) { found.insert(text) }
      }
      start = end
    }
    return found
  }

  private func frames(_ bytes: [UInt8]) -> [[UInt8]] {
    var plain: [[UInt8]] = []
    var index = 0
    while index + 4 < bytes.count {
      if bytes[index] == 0x28, bytes[index + 1] == 0xB5, bytes[index + 2] == 0x2F,
        bytes[index + 3] == 0xFD
      {
        bytes.withUnsafeBytes { raw in
          let rest = UnsafeRawBufferPointer(rebasing: raw[index...])
          if let frame = Zstd.firstFrame(rest),
            let unpacked = try? Zstd.decompress(
              UnsafeRawBufferPointer(rebasing: rest[..<frame.byteCount]), size: frame.plainByteCount)
          {
            plain.append(unpacked)
          }
        }
      }
      index += 1
    }
    return plain
  }
}
