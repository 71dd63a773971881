import Commands
import Testing
import TestSupport

/// An answer typed without `answer` is known for one, and nothing else is.
struct AnswerWithoutItsWordTests {
  @Test(arguments: ["1:200", "partition 2 offset 100"])
  func `an answer without its word is told how to be typed`(_ line: String) throws {
    let world = try TestWorld()
    world.run("exercise 00-1")
    let told = world.run(line)
    #expect(told.text.contains("answer \(line)"), "\(told.text)")
    #expect(told.status == .usage)
  }

  @Test func `a word that is no command stays one, and so does an answer to nothing`() throws {
    let world = try TestWorld()
    #expect(!world.run("1:200").text.contains("answer 1:200"))
    world.run("exercise 00-1")
    #expect(!world.run("frobnicate").text.contains("answer frobnicate"))
  }

  @Test func `an exercise that was passed waits for nothing`() throws {
    let world = try TestWorld()
    world.run("exercise 00-1")
    world.run("app track purchase_completed product_id=SKU123 price=29900")
    world.run("app background")
    let address = try #require(
      try world.texts(
        """
        SELECT concat(CAST(r.partition AS varchar), ':', CAST(r."offset" AS varchar))
        FROM system.kafka.records r
        JOIN system.sdk.events e ON e.event_id = r.event_id
        WHERE r.topic = 'app-events' AND e.event_name = 'purchase_completed'
        """
      ).first)
    #expect(world.run("answer \(address)").status == .success)
    #expect(!world.run(address).text.contains("answer \(address)"))
  }
}
