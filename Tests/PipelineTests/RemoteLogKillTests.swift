import Commands
import Foundation
import LakeIngest
import Platform
import TestSupport
import Testing

/// What an acknowledgement means where the log is a cluster: `kill -9` at any moment loses nothing, and
/// Bronze has every record once.
@Suite(
  .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .enabled(if: FileManager.default.isExecutableFile(atPath: Binary.path), "not built"),
  .timeLimit(.minutes(10)))
struct RemoteLogKillTests {
  @Test func `a program that is killed while it fills a cluster has lost nothing`() throws {
    let cluster = try RemoteLogTests.cluster()
    let world = try RemoteWorld(cluster.bootstrapServers)
    // The world's seed and size are those of the other tests.
    try world.open().close()
    let isLong = ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1"
    var kills = 0
    for _ in 0..<(isLong ? 20 : 5) {
      let process = Binary.process(["--home", world.path, "-c", "clock +3h"])
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
      try process.run()
      usleep(UInt32.random(in: 400_000...1_200_000))
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if process.terminationReason == .uncaughtSignal { kills += 1 }
    }
    #expect(kills > 0)
    let answer = try Binary.run(["--home", world.path, "-c", "clock +1h"])
    #expect(answer.status == 0, "\(answer.output)")

    let platform = try world.open()
    _ = try platform.ingest.run(at: platform.now)
    let ids = try platform.texts(
      "SELECT event_id FROM system.kafka.records WHERE topic = 'app-events'")
    let own = Set(platform.phone.events().map(\.eventID))
    #expect(try platform.bronzeLines().count == ids.count)
    #expect(
      Set(ids).subtracting(own) == Set(try RemoteLogTests.idsOfEmbedded(until: platform.now)))
    try platform.close()
  }
}
