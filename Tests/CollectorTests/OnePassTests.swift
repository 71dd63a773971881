// The short way and the long way to the same events: a batch as SDKs write it is read in one pass, and
// the same bytes behind a byte order mark are cut into events first.

import Collector
import Testing

struct OnePassTests {
  private static func event(_ id: String, _ more: String = "", properties: String = "{}") -> String {
    """
    {"event_id":"\(id)","event_name":"purchase_completed","event_time":"2024-01-16T00:10:00.000Z",\
    "device_id":"d_1","properties":\(properties)\(more)}
    """
  }

  private static let right = #"{"product_id":"SKU1","price":29900,"currency":"KRW"}"#

  private static let elements: [String] = [
    event("a-1", properties: right),
    event("a-2", properties: #"{"product_id":7,"price":"29,900"}"#),
    event("a-3", properties: "null"),
    event("a-4", #","properties":{"product_id":"SKU2"}"#, properties: "null"),
    event("a-5", #","properties":{}"#, properties: right),
    event("a-6", #","pr\u006fperties":{"price":1}"#, properties: "null"),
    event("a-7", properties: #"{"product_id":"SKU1","product_id":"SKU2","price":1,"currency":"KRW"}"#),
    event("a-8", properties: #"{"a":{"b":[1,{"c":"}]"}]},"product_id":"é\"","price":1e2,"currency":"KRW"}"#),
    event("a-9", #","sent_at":"2024-01-16T00:00:00.000Z","received_at":1"#, properties: right),
    event("", properties: right), "{}", #"{"event_id":"a-10"}"#,
    event("a-11", properties: "[1]"), "  " + event("a-12", properties: right) + " ",
  ]

  /// Bodies that are whole, and some that are not.
  private static let bodies: [String] =
    elements.map { #"{"sent_at":"2024-01-16T00:11:00.000Z","events":[\#($0)]}"# }
    + [
      #"{"sent_at":"2024-01-16T00:11:00.000Z","events":[\#(elements.joined(separator: " , "))]}"#,
      "[\(elements.joined(separator: ","))]",
      #" { "events" : [ \#(elements[0]) ] , "sent_at" : "2024-01-16T00:11:00.000Z" } "#,
      #"{"sent_at":"yesterday","events":[\#(elements[0])]}"#,
      #"{"sent_at":null,"events":[\#(elements[0])],"more":[1,2]}"#,
      #"{"events":[\#(elements[0])],"events":[\#(elements[1])]}"#,
      #"{"events":[]}"#, "[]", #"{"events":[\#(elements[0]),]}"#, #"{"events":[\#(elements[0])"#,
      #"{"events":[\#(elements[0]),17,"text",\#(elements[13])]}"#,
      #"{"events":[\#(elements[0]),{"event_id":"b-1","event_name":tru}]}"#,
      #"{"events":[\#(elements[0])]} x"#, "[\(elements[0])]\n[\(elements[13])]",
      #"{"events":{"a":1}}"#, elements[0], "\(elements[0])\n\(elements[13])",
      "[" + Array(repeating: elements[0], count: 40).joined(separator: ",") + "]",
    ]

  @Test(arguments: bodies, [CollectorConfiguration.Validation.off, .warn, .enforce])
  func `both ways come to the same`(
    body: String, validation: CollectorConfiguration.Validation
  ) throws {
    let plan = try TrackingPlanTests.plan()
    func bench() throws -> Bench {
      try Bench {
        $0.plan = plan
        $0.validation = validation
        $0.coercesWrongTypes = validation == .warn
        $0.eventsMax = 30
      }
    }
    let (short, long) = (try bench(), try bench())
    let (left, right) = (short.send(body), long.send("\u{FEFF}" + body))
    #expect(left.status == right.status)
    #expect(left.accepted == right.accepted)
    #expect(left.refused == right.refused)
    #expect(left.warned == right.warned)
    #expect(left.problem?.code == right.problem?.code)
    #expect(short.log.events.map(\.text) == long.log.events.map(\.text))
    // A body that is kept whole has its mark.
    if left.status == 200 {
      #expect(short.log.deadLetters.map(\.text) == long.log.deadLetters.map(\.text))
      #expect(
        short.log.deadLetters.map { $0.header("reason") }
          == long.log.deadLetters.map { $0.header("reason") })
    }
  }

  // MARK: Which way

  private static let batch =
    #"{"sent_at":"2024-01-16T00:11:00.000Z","events":[\#(elements[0]),\#(elements[13])]}"#

  private static let batches: [String] = [
    batch, "[\(elements[0])]", " \n\(batch)\n ",
    #"{"context":{"events":[1]},"sent_at":null,"events":[\#(elements[0])]}"#,
    // An event that is refused is read once, too.
    #"{"events":[\#(elements[0]),{},\#(elements[12])]}"#,
  ]

  private static let others: [String] = [
    "\u{FEFF}\(batch)",
    // What follows the events would be too late for them.
    #"{"events":[\#(elements[0])],"sent_at":"2024-01-16T00:11:00.000Z"}"#,
    elements[0], "\(elements[0])\n\(elements[13])", "[]", #"{"events":[]}"#, #"{"events":{"a":1}}"#,
    // What is wrong, and where, is the long way's to say.
    String(batch.dropLast()), "\(batch)x", #"{"events":[\#(elements[0]),17]}"#, "",
  ]

  @Test(arguments: batches)
  func `a batch as SDKs write it is read in one pass`(body: String) throws {
    let bench = try Bench()
    #expect(bench.send(body).status == 200)
    #expect(bench.collector.onePassCount == 1)
  }

  @Test(arguments: others)
  func `every other body is cut into events first`(body: String) throws {
    let bench = try Bench()
    _ = bench.send(body)
    #expect(bench.collector.onePassCount == 0)
  }

  @Test func `lines and batches with too many events are cut first`() throws {
    let bench = try Bench { $0.eventsMax = 1 }
    #expect(bench.send(Self.batch).status == 413)
    #expect(bench.send(Self.elements[0], format: .ndjson).status == 200)
    #expect(bench.collector.onePassCount == 0)
    #expect(bench.send("[\(Self.elements[0])]").status == 200)
    #expect(bench.collector.onePassCount == 1)
  }
}
