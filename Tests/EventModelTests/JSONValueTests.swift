import EventModel
import Testing

/// Trees and events: what is read is written back, byte for byte.
struct JSONValueTests {
  @Test(arguments: [
    "null", "true", "-1", "1.5", #""""#, "[]", "{}", #"{"b":1,"a":[null,{"c":"d"}],"b":2}"#,
    #""겨울 \"코트\"\\ 🧥\n\u0001""#, "9223372036854775807", "1e+300", #"{"a":{"b":{"c":[[[]]]}}}"#,
  ])
  func `writes what it reads`(text: String) throws {
    #expect(try JSONValue(parsing: text).text == text)
  }

  @Test func `keeps order, answers the first of equal keys, and tells numbers apart`() throws {
    let value = try JSONValue(parsing: #" {"b" : 1, "a" : 2.0, "b" : 3, "c" : 1e2} "#)
    #expect(value.object?.map(\.key) == ["b", "a", "b", "c"])
    #expect(value["b"] == .integer(1))
    #expect(value["a"] == .double(2))
    #expect(value["c"]?.double == 100)
    #expect(value["d"] == nil)
  }

  @Test func `refuses a number that no double can hold, and rounds one that is only long`() throws {
    #expect(throws: JSONSyntaxError(byteOffset: 1, reason: "the number is too large")) {
      try JSONValue(parsing: "[1e400]")
    }
    #expect(try JSONValue(parsing: "9223372036854775808") == .double(9.223372036854775808e18))
    #expect(try JSONValue(parsing: "1e-400") == .double(0))
  }

  @Test func `writes null for a double without JSON`() {
    #expect(
      JSONValue.array([.double(.nan), .double(.infinity), .double(0.1)]).text == "[null,null,0.1]"
    )
  }

  @Test func `writes an event in its fixed order`() throws {
    let event = Event(
      eventID: "0d9f…",
      eventName: "purchase_completed",
      schemaVersion: 1,
      eventTime: 1_705_363_800_000,
      userID: nil,
      deviceID: "d1",
      installID: "i1",
      sessionID: "sess_1",
      seq: 17,
      platform: "ios",
      osVersion: "17.2",
      deviceModel: "iPhone15,2",
      appVersion: "3.1.3",
      locale: "ko_KR",
      timezone: "Asia/Seoul",
      network: "wifi",
      properties: [JSONMember("price", .integer(29_900)), JSONMember("query", .string("\"코트\""))]
    )
    var bytes: [UInt8] = []
    event.appendJSON(to: &bytes)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"event_id":"0d9f…","event_name":"purchase_completed","schema_version":1,"#
        + #""event_time":"2024-01-16T00:10:00.000Z","user_id":null,"device_id":"d1","#
        + #""install_id":"i1","session_id":"sess_1","seq":17,"platform":"ios","#
        + #""os_version":"17.2","device_model":"iPhone15,2","app_version":"3.1.3","#
        + #""locale":"ko_KR","timezone":"Asia/Seoul","network":"wifi","#
        + #""properties":{"price":29900,"query":"\"코트\""}}"#
    )
    var scanner = JSONObjectScanner()
    try bytes.withUnsafeBytes { try scanner.scan($0, in: 0..<$0.count) }
    #expect(scanner.members.count == 17)
  }
}
