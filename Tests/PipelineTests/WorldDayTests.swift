import Commands
import Foundation
import Platform
import Simulation
import Terminal
import TestSupport
import Testing
import TrinoSQL
import World

/// Worlds whose "yesterday" is another day than the course's: the pipeline has no favourite date.
struct WorldDayTests {
  /// The last of a month, of a year, and a leap day as yesterday and as today.
  static let days = ["2024-04-30", "2023-12-31", "2024-02-29", "2024-02-28"]

  @Test(arguments: days)
  func `the nightly run closes a day that ends a month, a year or February`(text: String) throws {
    let scratch = try ScratchDirectory("day")
    let day = try #require(CivilDate(text))
    let next = day.adding(days: 1)
    let platform = try Self.open(scratch.path + "/home", day: day)
    try platform.prepare { _ in }
    #expect(platform.now.iso8601 == "\(next)T00:10:00.000Z")
    #expect(platform.today == next && platform.world.yesterday == day)
    let silver = try Self.rows(
      platform, "SELECT CAST(dt AS varchar), count(*) FROM lake.silver.events GROUP BY 1 ORDER BY 1")
    #expect(silver.map { $0.first ?? "" } == ["\(day)", "\(next)"])
    // Phones without network are late by days; then both days are worth what was meant.
    try platform.advance(
      to: StoryTime(next.adding(days: 10), hour: 9, offsetSeconds: TimeZones.seoul))
    for day in [day, next] {
      let truth = try Self.truth(platform, day)
      #expect(truth.purchases > 3)
      let numbers = try Self.rows(
        platform,
        "SELECT purchases, revenue_krw FROM warehouse.mart.daily_activity WHERE dt = DATE '\(day)'")
      #expect(numbers == [["\(truth.purchases)", "\(truth.revenue)"]], "\(day)")
    }
    #expect(
      try Self.rows(
        platform,
        """
        SELECT count(DISTINCT scheduled_at), count_if(state = 'failed')
        FROM system.etl.task_instances WHERE dag_id = 'nightly'
        """) == [["12", "0"]])
    try platform.close()
  }

  @Test func `the tiles of a world on another day show its own yesterday`() throws {
    let scratch = try ScratchDirectory("day")
    let shell = try Self.shell(scratch.path + "/home", day: try #require(CivilDate("2024-02-29")))
    let output = CapturedOutput()
    #expect(shell.run(Shell.Request(line: "dash show", isJSON: true), output: output) == .success)
    #expect(output.text.contains("\"day\":\"2024-03-01\""), "\(output.text)")
    #expect(output.text.contains("\"has_data\":true"))
    #expect(!output.text.contains("\"has_data\":false"))
    shell.close()
  }

  @Test func `a world on another day is reopened as the world it was`() throws {
    let scratch = try ScratchDirectory("day")
    let day = try #require(CivilDate("2023-12-31"))
    let faults = [
      WorldFault(name: "unreachable", parameters: ["version": "3.1.2", "from": "10:00"]),
      WorldFault(name: "price-as-text"),
    ]
    let first = try Self.open(
      scratch.path + "/home", day: day, versionShift: 3, faults: faults)
    try first.prepare { _ in }
    try first.close()
    let world = first.world
    // What the second opening asks for is not looked at: the world's own file says what it is.
    let again = try Platform(
      home: try Home(path: scratch.path + "/copy/home"),
      options: Platform.Options(size: .xs, contentRoot: TestWorld.content))
    #expect(again.world.yesterday == WorldFile.courseYesterday)
    let known = try #require(
      try WorldFile.read(scratch.path + "/home/worlds/sandbox/world.yaml"))
    #expect(known == world)
    #expect(known.faults == faults && known.versionShift == 3 && known.yesterday == day)
    #expect(
      try Self.rows(first, "SELECT DISTINCT app_version FROM lake.silver.events WHERE app_version LIKE '6.%' ORDER BY 1")
        == [["6.0.8"], ["6.1.2"], ["6.1.3"]])
  }

  @Test func `a world file of the program before this one is still read`() throws {
    let scratch = try ScratchDirectory("day")
    let path = scratch.path + "/world.yaml"
    try """
      seed: 42
      size: xs
      start: "2024-01-14T15:00:00.000Z"
      now: "2024-01-16T00:10:00.000Z"

      """.write(toFile: path, atomically: true, encoding: .utf8)
    let world = try #require(try WorldFile.read(path))
    #expect(world.storyStart == .courseStart && world.faults.isEmpty && world.versionShift == 0)
    // And what differs in nothing is written as it was.
    try world.write(path)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(!text.contains("faults") && !text.contains("versionShift"))
  }

  static func open(
    _ path: String, day: CivilDate, versionShift: Int = 0, faults: [WorldFault] = []
  ) throws -> Platform {
    try Platform(
      home: try Home(path: path),
      options: Platform.Options(
        seed: 42, size: .xs, yesterday: day, versionShift: versionShift, faults: faults,
        contentRoot: TestWorld.content))
  }

  static func shell(_ path: String, day: CivilDate) throws -> Shell {
    try Shell(
      home: try Home(path: path),
      content: try ContentRoot.find(
        environment: ["TAPLINE_CONTENT": TestWorld.content], executable: "tapline"),
      options: Platform.Options(
        seed: 42, size: .xs, yesterday: day, contentRoot: TestWorld.content), language: .en,
      output: CapturedOutput())
  }

  static func rows(_ platform: Platform, _ sql: String) throws -> [[String]] {
    let result = try platform.engine.execute(sql, session: platform.session())
    return result.rows().map { row in row.indices.map { result.text(row[$0], column: $0) } }
  }

  private static func truth(
    _ platform: Platform, _ day: CivilDate
  ) throws -> (purchases: Int, revenue: Int64) {
    let world = try World(
      configuration: WorldConfiguration(
        seed: platform.world.seed, size: platform.world.size, start: platform.world.start),
      specification: try WorldSpecification(
        path: TestWorld.content + "/Datasets/shop/spec.json"))
    let truth = world.truth(day: day)
    return (truth.purchases.count, truth.revenue)
  }
}
