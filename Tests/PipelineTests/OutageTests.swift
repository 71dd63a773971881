import Commands
import EventSDK
import Platform
import TestSupport
import Testing

/// Phones that have failed together, and how they come back.
struct OutageTests {
  private func drill(_ change: (inout Configuration) -> Void = { _ in }) -> OutageDrill {
    var configuration = Configuration()
    configuration.flushAt = 1
    change(&configuration)
    return OutageDrill(configuration, phones: 500, seconds: 60)
  }

  @Test func `without jitter all of them come in one second, with jitter they are spread`() {
    #expect(drill { $0.backoff.jitter = .none }.peak == 500)
    let equal = drill()
    let full = drill { $0.backoff.jitter = .full }
    #expect(equal.peak < 100 && full.peak < 100, "\(equal.peak), \(full.peak)")
    // Everybody is served, once, and nobody before the server is back.
    for drill in [equal, full] {
      #expect(drill.after.reduce(0, +) == 500)
      #expect(drill.lastServed != nil)
    }
    // Half of each wait is sure: nobody has failed more than six times, so nobody waits for longer than
    // 64 seconds.
    #expect(equal.lastServed.map { $0 < 64 } == true, "\(String(describing: equal.lastServed))")
  }

  @Test func `phones that give up never get through`() {
    #expect(drill { $0.backoff.giveUpAttempts = 2 }.lastServed == nil)
  }

  @Test func `the command shows it by the rules of the pipeline, and changes nothing`() throws {
    let world = try TestWorld()
    let before = try world.texts("SELECT CAST(count(*) AS varchar) FROM system.kafka.records")
    let herd = world.run("app outage 60s --jitter none")
    // Without jitter the whole herd comes in one second.
    #expect(herd.status == .success && herd.text.contains("# "), "\(herd.text)")
    #expect(world.run("app outage --jitter none", json: true).text.contains("\"peak\":500"))
    let spread = world.run("app outage --phones 200", json: true).text
    #expect(spread.contains("\"phones\":200"))
    #expect(world.run("app outage --jitter some").text.contains("none, equal, full"))
    for bad in ["app outage soon", "app outage 2h", "app outage --phones 0", "app outage --jitter some"] {
      #expect(world.run(bad).status != .success, "\(bad)")
    }
    #expect(try world.texts("SELECT CAST(count(*) AS varchar) FROM system.kafka.records") == before)
  }
}
