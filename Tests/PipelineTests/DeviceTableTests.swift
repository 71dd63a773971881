import Commands
import Terminal
import TestSupport
import Testing

/// What waits on everybody's phones, by version: the command and the table say the same.
struct DeviceTableTests {
  @Test func `app queue of a version shows what the table has, and only that version`() throws {
    let world = try TestWorld()
    let waiting = try world.texts(
      """
      SELECT CAST(waiting_events AS varchar) FROM system.sdk.devices
      WHERE app_version = '3.1.3' AND platform = 'ios'
      """)
    let count = try #require(waiting.first.flatMap { Int($0) })
    #expect(waiting.count == 1 && count > 0)
    let one = world.run("app queue --version 3.1.3 --platform ios", json: true).text
    #expect(one.contains("\"waiting_events\":\(count)") && one.contains("\"oldest_event_time\":\"20"))
    #expect(!one.contains("android") && !one.contains("3.1.2"))
    let all = world.run("app devices", json: true).text
    #expect(all.contains("\"waiting_events\":\(count)") && all.contains("android"))
    // A phone that waits has more than one event on the average.
    #expect(
      try world.texts(
        """
        SELECT CAST(sum(waiting_events) > 2 * sum(waiting_phones) AS varchar)
        FROM system.sdk.devices
        """) == ["true"])
    // Whoever waits has an oldest event, and nobody else.
    #expect(
      try world.texts(
        """
        SELECT app_version FROM system.sdk.devices
        WHERE (waiting_events > 0) <> (oldest_event_time IS NOT NULL)
        """) == [])
  }

  @Test func `a version that nobody has is refused with those there are`() throws {
    let world = try TestWorld(language: .en)
    let version = world.run("app queue --version 9.9.9")
    #expect(version.status != .success && version.text.contains("3.1.3"), "\(version.text)")
    let platform = world.run("app queue --platform windows")
    #expect(platform.status != .success && platform.text.contains("android"), "\(platform.text)")
    // Without an option it is the learner's own queue.
    #expect(!world.run("app queue all").text.contains("android"))
  }
}
