import Commands
import Foundation
import TestSupport
import Testing

/// `system.s3` and `system.lake`: what is kept of requests and bytes, and for how long.
struct BucketTableTests {
  private func requests(_ world: TestWorld, _ operation: String) throws -> Int64 {
    try world.count(
      """
      SELECT coalesce(sum(requests), 0) FROM system.s3.requests
      WHERE bucket = 'lake' AND operation = '\(operation)'
      """)
  }

  @Test func `requests are counted by the hour in which the story asked them`() throws {
    let world = try TestWorld()
    world.run("clock +3h")
    #expect(
      try world.count(
        """
        SELECT count(DISTINCT started_at) FROM system.s3.requests
        WHERE bucket = 'lake' AND operation = 'PutObject' AND hours = 1
        """) >= 3)
    #expect(
      try world.count(
        "SELECT count(*) FROM system.s3.requests WHERE minute(started_at) <> 0 OR requests < 0")
        == 0)
    #expect(
      try world.count(
        "SELECT sum(bytes_in) FROM system.s3.requests WHERE operation = 'PutObject'") > 0)
  }

  @Test func `hours become days after a week, and none of their requests is lost`() throws {
    let world = try TestWorld()
    world.run("clock +1h")
    let before = try requests(world, "PutObject")
    world.run("clock +10d")
    #expect(try world.count("SELECT count(*) FROM system.s3.requests WHERE hours = 24") > 0)
    #expect(try requests(world, "PutObject") > before)
    #expect(
      try world.count("SELECT count(*) FROM system.s3.requests WHERE hours NOT IN (1, 24)") == 0)
    // At most eight days of hours.
    #expect(
      try world.count(
        "SELECT count(DISTINCT started_at) FROM system.s3.requests WHERE hours = 1") <= 8 * 24)
  }

  @Test func `the ledger survives a restart, and a damaged one begins anew`() throws {
    let world = try TestWorld()
    world.run("clock +1h")
    let before = try requests(world, "PutObject")
    #expect(before > 0)
    try world.restart()
    #expect(try requests(world, "PutObject") >= before)
    let file = world.worldPath + "/s3/given/lake/requests.json"
    try world.restart { try Data("{\"periods\":[{".utf8).write(to: URL(fileURLWithPath: file)) }
    #expect(try requests(world, "PutObject") < before)
    #expect(world.run("clock +1h").status == .success)
    let after = try requests(world, "PutObject")
    try world.restart()
    #expect(try requests(world, "PutObject") >= after && after > 0)
  }

  @Test func `stored bytes agree with the objects, and looking at them is no request`() throws {
    let world = try TestWorld()
    let listed = try requests(world, "ListObjectsV2")
    let stored = try world.count(
      "SELECT sum(bytes) FROM system.s3.storage WHERE bucket = 'lake' AND kind = 'current'")
    #expect(try requests(world, "ListObjectsV2") == listed)
    #expect(stored == (try world.count("SELECT sum(size) FROM system.lake.objects")))
    #expect(
      try world.texts(
        "SELECT DISTINCT layer FROM system.s3.storage WHERE bucket = 'lake' ORDER BY layer")
        == world.texts("SELECT DISTINCT layer FROM system.lake.objects ORDER BY layer"))
    #expect(
      try world.texts("SELECT DISTINCT storage_class FROM system.s3.storage") == ["STANDARD"])
  }

  @Test func `the lake's own tables tell of Delta versions and of partitions`() throws {
    let world = try TestWorld()
    #expect(try world.count("SELECT count(*) FROM system.lake.snapshots") > 0)
    world.run("CREATE TABLE lake.silver.mine (n bigint, dt varchar) WITH (partitioned_by = ARRAY['dt']);")
    world.run("INSERT INTO lake.silver.mine VALUES (1, '2024-01-15'), (2, '2024-01-16');")
    #expect(
      try world.texts("SELECT partition FROM system.lake.hive_partitions ORDER BY 1")
        == ["dt=2024-01-15", "dt=2024-01-16"])
    #expect(
      try world.count(
        "SELECT count(*) FROM system.lake.hive_versions WHERE \"table\" = 'silver.mine'") == 2)
  }
}
