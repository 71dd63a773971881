import Foundation
import Simulation
import TestSupport
import Testing
import World

/// What `queueStore` of `sdk.yaml` means for everybody's phones, seen from the lake.
struct CrowdForceQuitTests {
  /// The ids that Bronze holds at the day's end.
  private static func arrived(_ world: TestWorld) throws -> Set<String> {
    world.run("clock +16h")
    return Set(try world.texts("SELECT event_id FROM lake.bronze.events"))
  }

  @Test func `a queue in memory loses what the ledger says was at stake, and nothing else`() throws {
    let shipped = try Self.arrived(try TestWorld())
    let forgetful = try TestWorld()
    try "queueStore: memory\n".write(
      toFile: forgetful.worldPath + "/pipeline/sdk.yaml", atomically: true, encoding: .utf8)
    let lost = shipped.subtracting(try Self.arrived(forgetful))
    #expect(!lost.isEmpty)

    let today = CivilDate(year: 2024, month: 1, day: 16)
    let truth = try World(
      configuration: WorldConfiguration(
        seed: 42, size: .xs,
        start: StoryTime(today.adding(days: -1), offsetSeconds: TimeZones.seoul)),
      specification: try WorldSpecification(path: TestWorld.content + "/Datasets/shop/spec.json")
    ).truth(day: today).events
    // Of the day up to an hour before its end: what came later may still be on its way.
    let until = StoryTime(today, hour: 23, minute: 0, offsetSeconds: TimeZones.seoul)
    let known = truth.filter { $0.time < until.milliseconds && lost.contains($0.eventID) }
    #expect(!known.isEmpty)
    let atStake = truth.filter { $0.marks.contains(.forceQuit) }
    for event in known {
      // A phone without network may hold what an earlier visit recorded.
      #expect(
        atStake.contains { $0.phone == event.phone && $0.time >= event.time },
        "\(event.eventName) of phone \(event.phone)")
    }
    #expect(known.filter { $0.marks.contains(.forceQuit) }.count * 10 > known.count * 8)
  }
}
