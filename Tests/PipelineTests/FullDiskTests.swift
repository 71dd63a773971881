import Commands
import Foundation
import TestSupport
import Testing

/// The disk is full after N bytes: what a learner reads, what is kept, and how it goes on.
///
/// `FullDisk/full-disk.c` stands between the program and the C library, so that no mount and no root
/// is needed; only Linux loads it (`LD_PRELOAD`).
@Suite(.serialized, .enabled(if: FullDisk.library != nil, "needs Linux and a C compiler (cc)"))
struct FullDiskTests {
  /// Sizes from nothing to about what the day writes; the last is ample.
  static let sizes = [
    0, 100, 1_000, 5_000, 20_000, 60_000, 150_000, 400_000, 900_000, 1_500_000, 2_300_000,
    3_100_000, 4_000_000, 5_000_000, 6_000_000, 6_700_000, 7_400_000, 8_100_000, 8_800_000,
    1_000_000_000,
  ]
  static let purchase = "app track purchase_completed product_id=SKU123 price=29900"
  static let target = "clock 2024-01-17T09:10"
  static let questions = [
    "--json",
    "-c", "SELECT count(*), count(DISTINCT event_id), checksum(event_id) FROM lake.silver.events;",
    "-c", "SELECT * FROM lake.gold.daily_metrics ORDER BY dt, app_id;",
    "-c", "SELECT count(*), sum(amount_krw) FROM warehouse.mart.fact_purchase;",
    "-c", "status",
  ]

  /// A copy of a home with its own full disk.
  struct Disk {
    let home: String
    let bytes: Int

    var environment: [String: String] {
      [
        "LD_PRELOAD": FullDisk.library ?? "", "FULL_DISK_BYTES": String(bytes),
        "FULL_DISK_ROOT": (home as NSString).standardizingPath,
      ]
    }

    func run(_ arguments: [String]) throws -> Binary.Answer {
      try Binary.run(["--home", home] + arguments, environment: environment)
    }
  }

  /// What the day came to, as the questions after it are answered.
  ///
  /// A batch that Kafka has, but whose `200 OK` the phone could not write down, is sent again: Kafka
  /// and Bronze hold it twice, and everything after them once.
  struct Outcome {
    /// What the queries answered.
    let answers: [Substring]
    /// How many records Kafka holds, and how many lines Bronze.
    let records: Int, lines: Int
    /// The other counts of `status`, partitions apart.
    let otherCounts: Substring

    init(_ output: String) throws {
      let said = output.split(separator: "\n")
      let counts = try #require(
        said.last?.firstMatch(
          of: /"kafka_records":(\d+),"kafka_partitions":\[[\d,]+\],(.+)"bronze_lines":(\d+),(.+)/),
        "\(output)")
      answers = said.dropLast()
      records = try #require(Int(counts.1))
      lines = try #require(Int(counts.3))
      otherCounts = counts.2 + counts.4
    }
  }

  /// What a reader of either language must find in the answer to a full disk.
  static func expectAdvice(_ text: String, _ language: String, _ bytes: Int) {
    let flat = text.replacing("\n", with: " ").replacing(/\ +/, with: " ")
    let words = language == "ko" ? ["디스크가 가득", "공간을 비"] : ["disk is full", "Free some"]
    for word in words {
      #expect(flat.contains(word), "after \(bytes) bytes, no “\(word)” in: \(text)")
    }
    #expect(!flat.contains("No space left"), "after \(bytes) bytes: \(text)")
  }

  @Test(.timeLimit(.minutes(5)))
  func `a day on a disk that fills up stops with advice, and goes on to the same numbers`() throws {
    let world = try TestWorld()
    world.shell.close()
    func copy(_ name: String) throws -> String {
      try FileManager.default.copyItem(atPath: world.path, toPath: world.path + "-" + name)
      return world.path + "-" + name
    }
    let calm = try copy("calm")
    defer { try? FileManager.default.removeItem(atPath: calm) }
    let day = ["-c", Self.purchase, "-c", "app background", "-c", Self.target]
    let calmDay = try Binary.run(["--home", calm, "--json"] + day)
    #expect(calmDay.status == 0)
    let batch = try #require(calmDay.output.firstMatch(of: /"events":(\d+)/)?.1)
    let expected = try Outcome(Binary.run(["--home", calm] + Self.questions).output)
    var stopped = 0
    for (number, bytes) in Self.sizes.enumerated() {
      let home = try copy("full-\(bytes)")
      defer { try? FileManager.default.removeItem(atPath: home) }
      let language = number.isMultiple(of: 2) ? "ko" : "en"
      let answer = try Disk(home: home, bytes: bytes).run(["--lang", language] + day)
      if answer.status != 0 {
        stopped += 1
        #expect(answer.status == 3, "after \(bytes) bytes: \(answer.output)")
        Self.expectAdvice(answer.output, language, bytes)
        for store in ["lake", "warehouse"] {
          let staging = home + "/worlds/sandbox/\(store)/.tapline-staging"
          let left = (try? FileManager.default.contentsOfDirectory(atPath: staging)) ?? []
          #expect(left.isEmpty, "after \(bytes) bytes, \(store) keeps \(left)")
        }
      }
      // With space again. What was acknowledged is there; what was not is done again.
      let isTracked = answer.output.contains("event_id")
      let isSent = answer.output.contains("200 OK")
      var rest: [String] = []
      if !isTracked { rest += ["-c", Self.purchase] }
      if !isSent { rest += ["-c", "app background"] }
      if answer.status != 0 { rest += ["-c", Self.target] }
      if !rest.isEmpty {
        let resumed = try Binary.run(["--home", home] + rest)
        #expect(resumed.status == 0, "after \(bytes) bytes: \(resumed.output)")
      }
      let found = try Outcome(Binary.run(["--home", home] + Self.questions).output)
      let said = "after \(bytes) bytes, which said: \(answer.output.suffix(400))"
      #expect(found.answers == expected.answers, "\(said)")
      // A request is in all of its partitions or in none. One that Kafka has, but whose answer the
      // phone or the crowd could not write down, is sent again, whole; the day stops there, so it is
      // one of each.
      let again = found.records - expected.records
      let requestEventsMax = 100
      let own = isSent ? 0 : Int(batch) ?? 0
      #expect((0...own + requestEventsMax).contains(again), "\(again) records again, \(said)")
      #expect(found.lines - expected.lines == again, "\(said)")
      #expect(found.otherCounts == expected.otherCounts, "\(said)")
    }
    #expect(stopped >= 12, "the sizes no longer end inside the day: \(stopped) of them stopped it")
  }

  @Test(.timeLimit(.minutes(5)))
  func `the next start says that a clock step was cut short`() throws {
    let world = try TestWorld()
    world.shell.close()
    let home = world.path + "-full"
    defer { try? FileManager.default.removeItem(atPath: home) }
    var cut = 0
    // Where the last few bytes sufficed to say how far the clock came, nothing is cut short.
    for bytes in [700_000, 1_000_000, 1_300_000, 1_500_000] {
      try? FileManager.default.removeItem(atPath: home)
      try FileManager.default.copyItem(atPath: world.path, toPath: home)
      let answer = try Disk(home: home, bytes: bytes).run(["--lang", "en", "-c", Self.target])
      #expect(answer.status == 3)
      let next = try Binary.run(["--home", home, "--lang", "ko", "-c", "clock"])
      #expect(next.status == 0)
      let said = next.output.replacing("\n", with: " ").contains("중간에 끊겼습니다")
      #expect(said == next.output.contains(" 09:10"), "\(next.output)")
      cut += said ? 1 : 0
      _ = try Binary.run(["--home", home, "-c", Self.target])
      let later = try Binary.run(["--home", home, "--lang", "ko", "-c", "clock"])
      #expect(!later.output.contains("끊겼습니다"), "\(later.output)")
    }
    #expect(cut > 0, "no size cuts a step short any more")
  }

  @Test(.timeLimit(.minutes(5)), arguments: [0, 3_000, 50_000, 700_000, 4_000_000])
  func `a first start on a full disk says so, and the next one goes on`(_ bytes: Int) throws {
    let scratch = try ScratchDirectory("full-disk")
    let home = scratch.path + "/home"
    let first = ["--seed", "42", "--size", "xs", "-c", "dash show"]
    let answer = try Disk(home: home, bytes: bytes).run(["--lang", "en"] + first)
    #expect(answer.status == 3, "\(answer.output)")
    Self.expectAdvice(answer.output, "en", bytes)
    let next = try Binary.run(["--home", home, "--json"] + first)
    #expect(next.status == 0, "\(next.output)")
    let calm = try Binary.run(["--home", scratch.path + "/calm", "--json"] + first)
    #expect(try Self.data(next.output) == Self.data(calm.output))
  }

  /// What the last line answered, as JSON with sorted keys.
  static func data(_ output: String) throws -> String {
    let line = output.split(separator: "\n").last ?? ""
    let value = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    let data = try #require(value?["data"], "\(output)")
    let bytes = try JSONSerialization.data(withJSONObject: data, options: .sortedKeys)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(.timeLimit(.minutes(5)), arguments: [0, 2_000, 10_000, 100_000])
  func `a 200 from a disk that fills up is kept`(_ bytes: Int) throws {
    let world = try TestWorld()
    world.shell.close()
    let home = world.path + "-served"
    try FileManager.default.copyItem(atPath: world.path, toPath: home)
    defer { try? FileManager.default.removeItem(atPath: home) }
    let (process, port) = try KillTests.serve(
      home: home, environment: Disk(home: home, bytes: bytes).environment)
    var acknowledged: Set<String> = []
    var refusal: Int?
    let client = LoopbackClient(port: port)
    for number in 0..<2_000 {
      let id = "00000000-0000-4000-8000-" + String(format: "%012d", number)
      let status = client?.post("/v1/events", Array(KillTests.event(id).utf8))?.status
      guard status == 200 else {
        refusal = status
        break
      }
      acknowledged.insert(id)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(refusal == 503, "a client is told to come again, not lost: \(refusal ?? 0)")
    let answer = try Binary.run([
      "--home", home, "--json", "-c",
      "SELECT event_id FROM system.kafka.records WHERE event_id LIKE '00000000-0000-4000-8000-%';",
    ])
    let ids = answer.output.matches(of: /00000000-0000-4000-8000-\d{12}/).map { String($0.0) }
    #expect(Set(ids).isSuperset(of: acknowledged))
    #expect(Set(ids).count == ids.count, "none is there twice")
    #expect(bytes < 10_000 || acknowledged.count > 5)
  }
}

/// The library that fills the disk, built once with the machine's own compiler.
enum FullDisk {
  static let library: String? = {
    #if os(Linux)
    let directory = NSTemporaryDirectory() + "/tapline-full-disk-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    atexit { removeFullDiskLibrary() }
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-shared", "-fPIC", "-O1", "-o", directory + "/full-disk.so",
      RepositoryFiles.root + "/Tests/PipelineTests/FullDisk/full-disk.c", "-ldl",
    ]
    compiler.standardError = FileHandle.nullDevice
    guard (try? compiler.run()) != nil else { return nil }
    compiler.waitUntilExit()
    return compiler.terminationStatus == 0 ? directory + "/full-disk.so" : nil
    #else
    return nil
    #endif
  }()
}

private func removeFullDiskLibrary() {
  guard let library = FullDisk.library else { return }
  try? FileManager.default.removeItem(atPath: (library as NSString).deletingLastPathComponent)
}
