import EventModel
import EventSDK
import EventSDKApp
import Foundation
import HTTPServer
import Synchronization
import Testing

/// The library in an app: any thread, a real network, and the bytes of a simulated phone.
struct EventTrackerTests {
  private static let device = DeviceContext(
    deviceID: "d-1", installID: "i-1", platform: "ios", osVersion: "17.2",
    deviceModel: "iPhone15,2", appVersion: "3.2.1", locale: "ko_KR", timezone: "Asia/Seoul",
    network: "wifi")

  /// A collector that keeps what came and answers as it is told.
  private final class Collector: Sendable {
    struct Came: Equatable {
      var body: [UInt8]
      var encoding: String?
      var writeKey: String?
    }

    let came = Mutex<[Came]>([])
    let answers = Mutex<[HTTPResponse]>([])
    private let server = Mutex<HTTPServer?>(nil)

    init() throws {
      let made = try HTTPServer.start(port: 0) { [self] request in
        func header(_ name: String) -> String? {
          request.headers.first { $0.name.lowercased() == name }?.value
        }
        came.withLock {
          $0.append(
            Came(
              body: request.body, encoding: header("content-encoding"),
              writeKey: header("x-write-key")))
        }
        return answers.withLock { $0.isEmpty ? nil : $0.removeFirst() }
          ?? HTTPResponse(status: 200, body: Array(#"{"accepted":1,"refused":[]}"#.utf8))
      }
      server.withLock { $0 = made }
    }

    var url: URL {
      URL(string: "http://127.0.0.1:\(server.withLock { $0?.port ?? 0 })/v1/events")
        ?? URL(fileURLWithPath: "/")
    }
    var count: Int { came.withLock { $0.count } }
    func stop() { server.withLock { $0 }?.stop() }
  }

  /// A device whose time stands still until it is moved.
  private final class Time: Sendable {
    let now = Mutex<Int64>(1_705_366_200_000)
    var clock: EventTracker.Clock {
      EventTracker.Clock(
        now: { self.now.withLock { $0 } }, uptime: { self.now.withLock { $0 } })
    }
  }

  private static func ids() -> @Sendable () -> String {
    let number = Mutex(0)
    return {
      let next = number.withLock { number in
        number += 1
        return number
      }
      return String(format: "00000000-0000-4000-8000-%012d", next)
    }
  }

  private static func wait(_ condition: () -> Bool) {
    for _ in 0..<1_000 where !condition() { Thread.sleep(forTimeInterval: 0.01) }
  }

  private static let script: [(name: String, properties: [JSONMember])] = [
    ("app_open", [JSONMember("cold", .bool(true))]),
    ("search", [JSONMember("query", .string("겨울 \"코트\" \u{1F9E5}"))]),
    ("product_viewed", [JSONMember("price", .integer(29_900)), JSONMember("x", .double(0.1))]),
    ("purchase_completed", [JSONMember("amount", .integer(59_800))]),
  ]

  @Test(arguments: [false, true])
  func `sends the very bytes of a simulated phone`(usesGzip: Bool) throws {
    let collector = try Collector()
    defer { collector.stop() }
    var configuration = Configuration()
    configuration.usesGzip = usesGzip
    configuration.flushAt = 3
    configuration.priorityEvents = ["purchase_completed"]
    let time = Time()
    let tracker = EventTracker(
      store: MemoryEventQueue(nextSeq: 1),
      transport: URLSessionTransport(url: collector.url, writeKey: "shop-ios"),
      device: Self.device, configuration: configuration, jitterSeed: 7, clock: time.clock,
      makeEventID: Self.ids())
    tracker.identify("u_0000042")
    tracker.beginSession("sess_1")
    for (index, event) in Self.script.enumerated() {
      tracker.track(event.name, event.properties)
      if index >= 2 { Self.wait { collector.count == index - 1 } }
      time.now.withLock { $0 += 1_500 }
    }
    Self.wait { tracker.waitingCount == 0 }

    let simulated = Mutex<[[UInt8]]>([])
    let other = Time()
    let client = Client(
      store: MemoryEventQueue(nextSeq: 1), configuration: configuration, device: Self.device,
      jitterSeed: 7,
      transport: { request in
        simulated.withLock { $0.append(request.body) }
        return Response(status: 200)
      }, now: { other.now.withLock { $0 } }, makeEventID: Self.ids())
    client.userID = "u_0000042"
    client.sessionID = "sess_1"
    for event in Self.script {
      try client.track(event.name, event.properties)
      other.now.withLock { $0 += 1_500 }
    }
    let came = collector.came.withLock { $0 }
    #expect(came.map(\.body) == simulated.withLock { $0 })
    #expect(came.count == 2)
    #expect(came.allSatisfy { $0.encoding == (usesGzip ? "gzip" : nil) && $0.writeKey == "shop-ios" })
  }

  @Test func `waits as long as the server asks, drops what it names, and goes on`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    collector.answers.withLock {
      $0 = [
        HTTPResponse(status: 503, headers: [HTTPHeader("retry-after", "1")]),
        HTTPResponse(status: 400, body: Array(#"{"refused":[{"index":1,"code":"bad"}]}"#.utf8)),
      ]
    }
    let tracker = EventTracker(
      store: MemoryEventQueue(), transport: URLSessionTransport(url: collector.url),
      device: Self.device, jitterSeed: 1)
    for name in ["app_open", "broken", "search"] { tracker.track(name) }
    let began = DispatchTime.now().uptimeNanoseconds
    tracker.flush()
    Self.wait { tracker.waitingCount == 0 }
    #expect(DispatchTime.now().uptimeNanoseconds - began > 900_000_000)
    #expect(tracker.dropped == [.refused: 1])
    #expect(collector.count == 3)
  }

  /// A first run of the app, whose events nobody takes.
  private static func runWithoutServer(_ directory: String, _ nobody: URL) throws {
    let tracker = try EventTracker(
      directory: directory, transport: URLSessionTransport(url: nobody), device: device)
    for _ in 0..<50 { tracker.track("screen_view") }
    let isDone = Flag()
    tracker.enterBackground { isDone.value.withLock { $0 = true } }
    wait { isDone.value.withLock { $0 } }
    #expect(isDone.value.withLock { $0 })
    #expect(tracker.waitingCount == 50)
  }

  private final class Flag: Sendable {
    let value = Mutex(false)
  }

  @Test func `keeps everything where there is nobody, and delivers it after the app starts again`()
    throws
  {
    let directory = NSTemporaryDirectory() + "tracker-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let nobody = try #require(URL(string: "http://127.0.0.1:9/v1/events"))
    try Self.runWithoutServer(directory, nobody)
    let collector = try Collector()
    defer { collector.stop() }
    // The old process has let go of the queue.
    var again: EventTracker?
    var reason = ""
    Self.wait {
      do {
        again = try EventTracker(
          directory: directory, transport: URLSessionTransport(url: collector.url),
          device: Self.device)
      } catch {
        reason = "\(error)"
      }
      return again != nil
    }
    let tracker = try #require(again, "\(reason)")
    tracker.enterForeground()
    Self.wait { tracker.waitingCount == 0 }
    #expect(tracker.waitingCount == 0 && collector.count >= 1)
  }

  @Test func `may be called from many threads at once`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    var configuration = Configuration()
    configuration.usesGzip = false
    let tracker = EventTracker(
      store: MemoryEventQueue(nextSeq: 1), transport: URLSessionTransport(url: collector.url),
      device: Self.device, configuration: configuration, jitterSeed: 3)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<100 { tracker.track("screen_view") }
    }
    tracker.flush()
    Self.wait { tracker.waitingCount == 0 }
    let seqs = try collector.came.withLock { $0 }.flatMap { came in
      try came.body.withUnsafeBytes { try JSONValue(parsing: $0) }["events"]?.array?
        .compactMap { $0["seq"]?.integer } ?? []
    }
    #expect(seqs == Array(1...800).map(Int64.init))
    #expect(tracker.dropped.isEmpty)
  }
}
