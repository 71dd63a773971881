// What counts as an address, and what must not; and that nothing of one gets past a mapping or rests
// in the dead letters.

import Collector
import Foundation
import KafkaProtocol
import Testing

private let mapping = """
  source: edits
  app_id: wikipedia
  event_name: page_edited
  event_time: {field: time}
  user_id: {field: user}
  pseudonymize:
    - field: user
      when: isAnonymous
    - phone
  mask: ip
  """

struct AddressMaskTests {
  private func bench() throws -> Bench {
    let mapping = try SourceMapping(yaml: mapping)
    return try Bench { $0.mappings = [mapping.source: mapping] }
  }

  private func line(_ members: [String: Any]) throws -> String {
    let base: [String: Any] = ["time": "2015-09-12T00:47:05.474Z", "user": "Ann"]
    let object = base.merging(members) { $1 }
    return String(
      decoding: try JSONSerialization.data(withJSONObject: object, options: .sortedKeys),
      as: UTF8.self
    )
  }

  private func masked(_ text: String) throws -> String {
    let bench = try bench()
    let response = bench.send(try line(["comment": text]), source: "edits")
    #expect(response.accepted.count == 1)
    let record = try JSONSerialization.jsonObject(with: Data(bench.log.events[0].value ?? []))
    let properties = (record as? [String: Any])?["properties"] as? [String: Any]
    return (properties?["comment"] as? String ?? "").replacing(/anon_[0-9a-f]{16}/, with: "#")
  }

  @Test(arguments: [
    ("1.2.3.4", "#"), ("1.2.3.4:80", "#:80"), ("at 1.2.3.4.", "at #."),
    ("v1.2.3.4-beta", "v#-beta"),
    ("(1.2.3.4)", "(#)"), ("1.2.3.4.5", "#.5"), ("999.999.999.999", "#"),
    ("001.002.003.004/24", "#/24"),
    ("https://1.2.3.4/a?b=5.6.7.8", "https://#/a?b=#"), ("1.2.3.4,5.6.7.8", "#,#"),
    ("::ffff:1.2.3.4", "#"), ("::FFFF:1.2.3.4", "#"), ("64:ff9b::1.2.3.4", "#"),
    ("0:0:0:0:0:ffff:1.2.3.4", "#"),
    ("2001:db8:0:0:0:0:2:1", "#"), ("2001:DB8::2:1", "#"), ("[2001:db8::1]:443", "[#]:443"),
    ("2001:db8::", "#"), ("::1", "#"), ("fe80::1%eth0", "#%eth0"), ("User:2001:db8::1", "User:#"),
    (
      "[[Special:Contributions/2A02:C7D:48B1:9E00:1:2:3:4|2A02:C7D:48B1:9E00:1:2:3:4]] ([[User talk:2A02:C7D:48B1:9E00:1:2:3:4|talk]])",
      "[[Special:Contributions/#|#]] ([[User talk:#|talk]])"
    ),
    ("Diskussione:2001:db8:1:2:3:4:5:6", "Diskussione:#"), ("사용자토론:2001:db8::1 님", "사용자토론:# 님"),
    ("2001:db8:1:2:3:4:5:6:443", "#:443"), ("2001:db8:aaaa:1:", "#:"), ("2001:db8:11:a2:5", "#"),
    ("http%3A//2001%3Adb8%3A%3A1/", "http://#/"), ("1%2E2%2e3%2E4", "#"),
    ("[[C/20.30.40.50|20.30.40.", "[[C/#|#"), ("[[C/20.30.40.50|20.30.4", "[[C/#|#"),
    ("2A02:C7D:48B1:9E00:1:2:3:4|2a02:c7d:4...", "#|#..."),
    ("aa:bb:cc:dd:ee:ff", "#"),
  ]) func `masks`(text: String, expected: String) throws {
    #expect(try masked(text) == expected)
  }

  @Test(arguments: [
    "version 1.2.3", "(3.1.18)", "12:30:45", "2015-09-12 12:30:45.123", "2015:09:12 10:30:22",
    "12:30:45:123",
    "std::add", "std::vector", "[[:c:Category:A]]", "[[c::e]]", "::", "a::b", "1.5 1.6 1.7 1.8",
    "...", "1..2.3.4",
    "http://example.org:80/a:b:c", "10:1", "3:2:1", "9999-99-99", "1.2.3.", ":::::",
  ]) func `leaves alone`(text: String) throws {
    #expect(try masked(text) == text)
  }

  @Test func `one address has one pseudonym in every spelling and place`() throws {
    let bench = try bench()
    let spellings = [
      "2001:DB8:0:0:0:0:2:1", "2001:db8::2:1", "2001:0db8:0000:0000:0000:0000:0002:0001",
    ]
    for spelling in spellings {
      _ = bench.send(
        try line(["user": spelling, "isAnonymous": true, "c": "by \(spelling)"]),
        source: "edits"
      )
      _ = bench.send(try line(["user": spelling, "isAnonymous": false]), source: "edits")
    }
    let names = bench.log.events.flatMap {
      $0.text.matches(of: /anon_[0-9a-f]{16}/).map { String($0.0) }
    }
    #expect(names.count == 9)
    #expect(Set(names).count == 1)
    #expect(bench.log.events.allSatisfy { $0.key == Array(names[0].utf8) })
    // Another home has other names.
    let other = try Bench {
      $0.secret = Array("the secret of another home".utf8)
      $0.mappings = ["edits": try! SourceMapping(yaml: mapping)]
    }
    _ = other.send(try line(["user": spellings[0]]), source: "edits")
    #expect(!other.log.events[0].text.contains(names[0]))
  }

  @Test func `addresses hide neither in keys, nor in nested values, nor behind escapes`() throws {
    let bench = try bench()
    let body =
      #"{"time":"2015-09-12T00:47:05Z","user":"Ann","1.2.3.4":{"5.6.7.8":["9.10.11.12","a\/2001:db8::1"]},"#
      + #""x":"13\u002e14\u002E15.16","y":"\b2001:db8::2","isAnonymous":false,"\u0031.2.3.5":1}"#
    let response = bench.send(body, source: "edits")
    #expect(response.accepted.count == 1)
    let text = bench.log.events[0].text
    #expect(text.matches(of: /anon_[0-9a-f]{16}/).count == 7)
    #expect(!text.contains(/\d\.\d+\.\d+\.\d|2001|u002e/))
  }

  @Test func `a dead letter of a source has no address and no pseudonymised value`() throws {
    let bench = try bench()
    let lines = [
      #"{"user":"1.2.3.4","comment":"[[User:5.6.7.8"#,
      #"not json 2001:DB8:0:0:0:0:2:1 and 1\u002e2\u002e3\u002e4 and 1%2E2.3.4"#,
      #"{"time":"2015-09-12T00:47:05Z","user":"Secret Name","isAnonymous":true,"phone":"010-1234","x":tru}"#,
      #"{"time":"nonsense","user":"Secret Name","isAnonymous":true,"phone":821012345678}"#,
      #"{"time":"nonsense","user":"Secret Name","ph\u006fne":"010-1234"}"#,
      #"{"time":"nonsense", "phone" : {"n":["010-1234"]}, "user":"Secret \"Name"#,
      "1\u{0}.\u{0}2\u{0}.\u{0}3\u{0}.\u{0}4\u{0}",
    ]
    let response = bench.send(lines.joined(separator: "\r\n"), source: "edits")
    #expect(response.refused.map { $0.line } == Array(1...7))
    #expect(bench.log.deadLetters.count == 7)
    for (number, letter) in bench.log.deadLetters.enumerated() {
      #expect(!letter.text.contains(/\d\.\d+\.\d+\.\d|2001|u002e|Secret|010|8210/))
      #expect(letter.header("source") == "edits")
      #expect(letter.header("line") == String(number + 1))
      #expect(letter.header("masked") == "true")
      for header in letter.headers { #expect(header.value?.contains(UInt8(ascii: "@")) == false) }
    }
    #expect(
      bench.log.deadLetters[0].text.hasSuffix(
        #"[[User:anon_"# + bench.log.deadLetters[0].text.suffix(16)
      )
    )
  }

  @Test func `an address at the cut of a long dead letter does not survive in part`() throws {
    let bench = try bench()
    for shift in 0..<40 {
      let text =
        String(repeating: "x", count: 32_768 - shift)
        + " 123.124.125.126 2001:db8:11:22:33:44:55:66"
      _ = bench.send(text, source: "edits")
    }
    #expect(bench.log.deadLetters.count == 40)
    #expect(bench.log.deadLetters.allSatisfy { !$0.text.contains(/\d\d\.|2001|1\d\d/) })
    #expect(bench.log.deadLetters.allSatisfy { ($0.value?.count ?? 0) <= 32_768 })
  }

  @Test func `an event of ours that is refused is masked as well`() throws {
    let bench = try Bench()
    _ = bench.send(#"{"event_name":"login","ip":"1.2.3.4"}"#)
    #expect(!bench.log.deadLetters[0].text.contains("1.2.3.4"))
    #expect(bench.log.deadLetters[0].header("masked") == "true")
  }
}
