// What an event of our envelope must be, reason by reason, and what its record looks like.

import Collector
import KafkaProtocol
import Testing

/// `{"event_id":"e1",…}` with some members replaced or left out (nil).
func event(_ changes: KeyValuePairs<String, String?> = [:]) -> String {
  var members: [(String, String?)] = [
    ("event_id", "\"0b54a1f2-5a3c-4f7e-9d8a-3f1c6f0f7a11\""),
    ("event_name", "\"purchase_completed\""),
    ("event_time", "\"2024-01-16T09:09:59.5+09:00\""), ("device_id", "\"d_1\""),
    ("properties", "{\"price\":29900}"),
  ]
  for (key, value) in changes {
    if let index = members.firstIndex(where: { $0.0 == key }) {
      members[index].1 = value
    } else {
      members.append((key, value))
    }
  }
  let text = members.compactMap { key, value in value.map { "\"\(key)\":\($0)" } }
  return "{" + text.joined(separator: ",") + "}"
}

struct EnvelopeCheckTests {
  @Test func `an accepted event keeps its bytes and gets the collector's fields`() throws {
    let bench = try Bench()
    let response = bench.send(" \n" + event(["seq": "7", "x": "[1, 2 ,{}]"]) + "\n ")
    #expect(response.status == 200)
    #expect(response.accepted.count == 1)
    #expect(response.accepted[0].eventID == "0b54a1f2-5a3c-4f7e-9d8a-3f1c6f0f7a11")
    #expect(
      response.accepted[0].partition
        == TopicPartition("app-events", Murmur2.partition(forKey: Array("d_1".utf8), count: 6))
    )
    let record = try #require(bench.log.events.first)
    #expect(
      record.text == String(event(["seq": "7", "x": "[1, 2 ,{}]"]).dropLast())
        + #","app_id":"moashop","received_at":"2024-01-16T00:10:00.000Z"}"#
    )
    #expect(record.key == Array("d_1".utf8))
    #expect(record.timestamp == 1_705_363_800_000)
    #expect(String(decoding: response.body, as: UTF8.self) == #"{"accepted":1,"refused":[]}"#)
  }

  @Test func `the user's id is the key where there is no device`() throws {
    let bench = try Bench()
    _ = bench.send(event(["device_id": nil, "user_id": "\"u_\\u0041\""]))
    _ = bench.send(event(["device_id": "\"\"", "user_id": "\"u_B\""]))
    #expect(Set(bench.log.events.map { $0.key }) == [Array("u_A".utf8), Array("u_B".utf8)])
  }

  @Test(
    arguments: [
      (event(["event_id": nil]), "missing_event_id", "event_id"),
      (event(["event_id": "\"\""]), "missing_event_id", "event_id"),
      (event(["event_id": "null"]), "missing_event_id", "event_id"),
      (event(["event_name": nil]), "missing_event_name", "event_name"),
      (event(["event_time": nil]), "missing_event_time", "event_time"),
      (event(["device_id": nil]), "missing_device_id", "device_id"),
      (event(["device_id": "null", "user_id": "\"\""]), "missing_device_id", "device_id"),
      ("{}", "missing_event_id", "event_id"),
      (event(["event_id": "\"two words\""]), "bad_event_id", "event_id"),
      (event(["event_id": "\"\(String(repeating: "a", count: 65))\""]), "bad_event_id", "event_id"),
      (event(["event_id": "\"a\\u0041\""]), "bad_event_id", "event_id"),
      (event(["event_name": "\"PurchaseCompleted\""]), "bad_event_name", "event_name"),
      (event(["event_name": "\"a__b\""]), "bad_event_name", "event_name"),
      (event(["event_name": "\"a_\""]), "bad_event_name", "event_name"),
      (event(["event_name": "\"1a\""]), "bad_event_name", "event_name"),
      (
        event(["event_name": "\"\(String(repeating: "a", count: 65))\""]), "bad_event_name",
        "event_name"
      ),
      (event(["event_time": "\"2024-01-16T09:09:59\""]), "bad_event_time", "event_time"),
      (event(["event_time": "\"yesterday\""]), "bad_event_time", "event_time"),
      (event(["sent_at": "\"now\""]), "bad_sent_at", "sent_at"),
      (event(["event_time": "1705363800000"]), "wrong_type", "event_time"),
      (event(["event_id": "7"]), "wrong_type", "event_id"),
      (event(["properties": "[]"]), "wrong_type", "properties"),
      (event(["properties": "\"{}\""]), "wrong_type", "properties"),
      (event(["seq": "1.5"]), "wrong_type", "seq"),
      (event(["seq": "\"1\""]), "wrong_type", "seq"),
      (event(["schema_version": "true"]), "wrong_type", "schema_version"),
      (event(["app_version": "3.1"]), "wrong_type", "app_version"),
      (event(["consent": "1"]), "wrong_type", "consent"),
      (
        event(["device_id": "\"\(String(repeating: "d", count: 257))\""]), "value_too_long",
        "device_id"
      ),
      (event(["event\\u005fid": "\"other\""]), "duplicate_field", "event_id"),
      (event(["x": "\"\(String(repeating: "x", count: 33_000))\""]), "event_too_large", nil),
      (event(["x": "tru"]), "broken_json", nil),
      (event(["x": "01"]), "broken_json", nil),
      (event(["x": "\"\\q\""]), "broken_json", nil),
      (
        event(["x": String(repeating: "[", count: 100) + String(repeating: "]", count: 100)]),
        "broken_json", nil
      ),
      ("[7]", "not_an_object", nil),
      ("[\"text\"]", "not_an_object", nil),
      ("[null]", "not_an_object", nil),
      ("[[]]", "not_an_object", nil),
    ] as [(String, String, String?)]
  )
  func `refuses`(body: String, code: String, field: String?) throws {
    let bench = try Bench()
    let response = bench.send(body)
    #expect(response.status == 200)
    #expect(response.accepted.isEmpty)
    #expect(response.refused.map { $0.code.rawValue } == [code])
    #expect(response.refused.map { $0.field } == [field])
    #expect(bench.log.events.isEmpty)
    let letter = try #require(bench.log.deadLetters.first)
    #expect(bench.log.deadLetters.count == 1)
    #expect(letter.header("reason") == code)
    #expect(letter.header("field") == field)
    #expect(letter.header("index") == "0")
    #expect(letter.header("message") == response.refused[0].message)
    if code != "event_too_large" {
      let isElement = body.hasPrefix("[")
      #expect(letter.text == (isElement ? String(body.dropFirst().dropLast()) : body))
    } else {
      #expect(letter.value?.count == 32 << 10)
      #expect(body.hasPrefix(letter.text))
    }
  }

  @Test func `refuses bytes that are no UTF-8`() throws {
    let bench = try Bench()
    let body = Array(event(["x": "\"ab\""]).utf8).map { $0 == UInt8(ascii: "p") ? 0xFF : $0 }
    let response = bench.send(bytes: body)
    #expect(response.refused.map { $0.code } == [.notUTF8])
    #expect(bench.log.deadLetters[0].value == body)
  }

  @Test func `a client cannot set what belongs to the collector`() throws {
    let bench = try Bench()
    let spoofed = event([
      "received_at": "\"1999-01-01T00:00:00Z\"", "app_id": "{\"a\":[1]}", "network": "\"wifi\"",
      "receiv\\u0065d_at": "1", "sent_at": "\"2024-01-16T00:09:58Z\"",
    ])
    let response = bench.send(spoofed)
    #expect(response.accepted.count == 1)
    #expect(
      bench.log.events[0].text
        == String(event(["network": "\"wifi\"", "sent_at": "\"2024-01-16T00:09:58Z\""]).dropLast())
        + #","app_id":"moashop","received_at":"2024-01-16T00:10:00.000Z"}"#
    )
    // Only the collector's own fields are there, and no valid event remains of the rest.
    let bare = bench.send(#"{"received_at":"x","app_id":"y"}"#)
    #expect(bare.refused.map { $0.code } == [.missingEventID])
  }

  @Test func `the batch's sent_at replaces the event's own`() throws {
    let bench = try Bench()
    let own = event(["sent_at": "\"2024-01-16T00:00:00Z\"", "seq": "1"])
    let body = #"{"sent_at":"2024-01-16T00:09:59.000Z","events":["# + own + "," + event() + "]}"
    let response = bench.send(body)
    #expect(response.accepted.map { $0.index } == [0, 1])
    let tail =
      #","app_id":"moashop","sent_at":"2024-01-16T00:09:59.000Z","#
      + #""received_at":"2024-01-16T00:10:00.000Z"}"#
    #expect(bench.log.events[0].text == event(["seq": "1"]).dropLast() + tail)
    #expect(bench.log.events[1].text == event().dropLast() + tail)
    let bad = bench.send(#"{"sent_at":5,"events":["# + event() + "]}")
    #expect(bad.refused.map { $0.code } == [.badSentAt])
  }

  @Test func `what is missing is named, with an example that is accepted`() throws {
    let bench = try Bench()
    let response = bench.send(#"{"event_name":"purchase_completed","properties":{}}"#)
    #expect(
      response.refused[0].message
        == "the event has no event_id, no event_time, no device_id (or user_id)"
    )
    let body = String(decoding: response.body, as: UTF8.self)
    #expect(body.hasSuffix(#","example":"# + CollectResponse.minimalEvent + "}"))
    #expect(bench.send(CollectResponse.minimalEvent).accepted.count == 1)
  }
}
