import Commands
import Foundation
import ObjectStorage
import Platform
import Simulation
import Terminal
import TestSupport
import Testing

/// `cost`: recorded quantities at assumed prices, and months to come as the rules make them.
struct CostTests {
  private func record(_ world: TestWorld, _ line: String) throws -> [String: Any] {
    let text = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(object?["data"] as? [String: Any], "\(text)")
  }

  private func number(_ record: [String: Any], _ name: String) throws -> Double {
    try #require(record[name] as? Double, "\(name)")
  }

  private func isClose(_ left: Double, _ right: Double) -> Bool {
    abs(left - right) <= 1e-9 * max(abs(left), abs(right), 1e-12)
  }

  private func rules(_ world: TestWorld, _ text: String) throws {
    try Data(text.utf8).write(
      to: URL(fileURLWithPath: world.worldPath + "/pipeline/lifecycle.yaml"))
    let reply = world.run("s3 lifecycle set", width: 400)
    #expect(reply.status == .success, "\(reply.text)")
  }

  @Test func `storage and requests are sums of what the tables say, at the assumed prices`() throws {
    let world = try TestWorld()
    world.run("assume set region_factor 1")
    world.run("assume set s3_standard 2")
    world.run("assume set s3_put 3")
    world.run("assume set s3_get 4")
    let cost = try record(world, "cost")
    let bytes = try world.count("SELECT sum(bytes) FROM system.s3.storage")
    #expect(isClose(try number(cost, "storage_usd_per_month"), Double(bytes) / 1e9 * 2))
    let tiers = try world.texts(
      """
      SELECT tier || ' ' || CAST(sum(requests) AS varchar) FROM system.s3.requests
      WHERE tier IN ('first', 'second') GROUP BY tier ORDER BY tier
      """)
    let counts = tiers.compactMap { Double($0.split(separator: " ").last ?? "") }
    #expect(counts.count == 2)
    #expect(isClose(try number(cost, "requests_usd"), (counts[0] * 3 + counts[1] * 4) / 1_000))
  }

  @Test func `the prices of today have a source and a date, and can be changed`() throws {
    let world = try TestWorld()
    let list = world.run("assume list", width: 400).text
    #expect(list.contains("s3_deep_archive") && list.contains("0.00099"), "\(list)")
    #expect(list.contains("2024-07-01") && list.contains("AWS price list"))
    #expect(world.run("cost", width: 400).text.contains("2024-07-01"))
    let before = try number(try record(world, "cost"), "storage_usd_per_month")
    world.run("assume set region_factor 2.3")
    #expect(isClose(try number(try record(world, "cost"), "storage_usd_per_month"), before * 2))
  }

  @Test func `without rules what rests grows each month by what each day brings`() throws {
    let world = try TestWorld()
    let cost = try record(world, "cost --months 3")
    let daily = try #require(cost["daily_bytes"] as? Int)
    let months = try #require(cost["months"] as? [[String: Any]])
    #expect(months.count == 3 && daily > 0)
    let bytes = months.compactMap { $0["bytes"] as? Int }
    #expect(bytes[1] - bytes[0] == daily * 30 && bytes[2] - bytes[1] == daily * 30)
    #expect(isClose(try number(cost, "usd"), try number(cost, "usd_without_rules")))
    #expect(world.run("cost --months 0").status == .usage)
    #expect(world.run("cost --months 1000").status == .usage)
    #expect(world.run("cost now").status == .usage)
  }

  @Test func `rules that move early and delete early are charged for it`() throws {
    let world = try TestWorld()
    try rules(
      world,
      """
      Rules:
        - ID: raw
          Status: Enabled
          Filter: {Prefix: raw/, ObjectSizeGreaterThan: 0}
          Transitions: [{Days: 1, StorageClass: DEEP_ARCHIVE}]
          Expiration: {Days: 10}
      """)
    let months = try #require(try record(world, "cost --months 2")["months"] as? [[String: Any]])
    for month in months {
      #expect(try number(month, "early_delete_usd") > 0 && number(month, "moves_usd") > 0)
    }
    world.run("s3 lifecycle clear")
    let plain = try #require(try record(world, "cost --months 2")["months"] as? [[String: Any]])
    for month in plain {
      #expect(try number(month, "early_delete_usd") == 0 && number(month, "moves_usd") == 0)
    }
  }

  // MARK: The forecast alone

  private static func load(
    _ key: String, _ size: Int, created: Int? = 0
  ) -> LifecycleForecast.Load {
    LifecycleForecast.Load(
      key: key, size: size, storageClass: .standard, created: created, count: 1,
      bytes: Double(size))
  }

  private static let cold = LifecycleConfiguration([
    LifecycleRule(
      id: "cold", filter: LifecycleRule.Filter(prefix: "tmp/"),
      expiration: .at(.days(20)),
      transitions: [LifecycleRule.Transition(.days(5), to: .glacier)])
  ])

  @Test func `a class that is left before its minimum days is charged to their end`() throws {
    let month = try #require(
      LifecycleForecast(
        [Self.load("tmp/a", 200_000)], rules: Self.cold, isVersioned: false, today: 19_738, months: 1
      ).months.first)
    // Standard on days 1 to 5, Glacier from 6 to 20, gone at 21: 15 of 90 days.
    #expect(month.byteDays == [.standard: 200_000 * 5, .glacier: 200_000 * 15])
    #expect(month.earlyByteDays == [.glacier: 200_000 * 75])
    #expect(month.moves == [.glacier: 1] && month.bytesAtEnd == 0)
  }

  @Test func `small objects stay, other prefixes are not meant, and versions outlive their end`() throws {
    func month(_ load: LifecycleForecast.Load, isVersioned: Bool) throws -> LifecycleForecast.Month {
      try #require(
        LifecycleForecast(
          [load], rules: Self.cold, isVersioned: isVersioned, today: 19_738, months: 1
        ).months.first)
    }
    let small = try month(Self.load("tmp/a", 1_000), isVersioned: false)
    #expect(small.byteDays == [.standard: 1_000 * 20] && small.moves.isEmpty)
    let other = try month(Self.load("raw/a", 200_000), isVersioned: false)
    #expect(other.byteDays == [.standard: 200_000 * 30] && other.bytesAtEnd == 200_000)
    let kept = try month(Self.load("tmp/a", 200_000), isVersioned: true)
    #expect(kept.byteDays == [.standard: 200_000 * 5, .glacier: 200_000 * 25])
    #expect(kept.earlyByteDays.isEmpty)
  }

  @Test func `the forecast is what the bucket itself does, day by day`() throws {
    let world = try TestWorld()
    let folder = world.path + "/mine"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, size) in [("large", 200_000), ("small", 1_000), ("kept", 150_000)] {
      try Data(repeating: 7, count: size).write(to: URL(fileURLWithPath: folder + "/" + name))
    }
    #expect(world.run("s3 cp \(folder) s3://lake/tmp --recursive").status == .success)
    try rules(
      world,
      """
      Rules:
        - {ID: move, Status: Enabled, Filter: {Prefix: tmp/}, Transitions: [{Days: 3, StorageClass: GLACIER}]}
        - {ID: small, Status: Enabled, Filter: {Prefix: tmp/small}, Expiration: {Days: 7}}
        - {ID: large, Status: Enabled, Filter: {Prefix: tmp/large}, Expiration: {Days: 12}}
        - {ID: unused, Status: Disabled, Filter: {Prefix: tmp/}, Expiration: {Days: 1}}
      """)
    let expected = try world.shell.withPlatform { platform in
      let bucket = try platform.buckets.bucket("lake")
      let loads = try platform.loads(of: bucket).filter { $0.key.hasPrefix("tmp/") && $0.created == 0 }
      #expect(loads.reduce(0) { $0 + $1.count } == 3)
      return LifecycleForecast(
        loads, rules: try bucket.lifecycle(), isVersioned: false, today: platform.utcDay, months: 1
      ).months[0]
    }
    var byteDays: [StorageClass: Double] = [:]
    for _ in 1...30 {
      world.run("clock +1d")
      try world.shell.withPlatform { platform in
        for object in try platform.buckets.bucket("lake").list(prefix: "tmp/", delimiter: nil).objects {
          byteDays[object.attributes.storageClass, default: 0] += Double(object.size)
        }
      }
    }
    #expect(byteDays == expected.byteDays)
  }

  @Test(arguments: [Language.ko, .en])
  func `everything fits the screen in both languages`(language: Language) throws {
    let world = try TestWorld(language: language)
    for line in ["cost", "cost --months 36", "help cost"] {
      let text = world.run(line).text
      #expect(!text.contains("[[") && !text.contains("{"), "\(line): \(text)")
      for one in text.split(separator: "\n") {
        #expect(TextWidth.columns(String(one)) <= 80, "\(one)")
        #expect(!one.contains("…"), "\(one)")
      }
    }
  }
}
