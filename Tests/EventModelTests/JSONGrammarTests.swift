import EventModel
import Testing

/// What is JSON and what is not, by a table in the manner of JSONTestSuite; both readers must agree.
struct JSONGrammarTests {
  static let valid: [String] = [
    "{}", " { } ", "\t\r\n{}\n", #"{"a":1}"#, #"{ "a" : [ 1 , 2 ] , "b" : { } }"#, #"{"":0}"#,
    #"{"a":null,"b":true,"c":false}"#, #"{"a":-0,"b":0.5,"c":1E5,"d":1e+5,"e":1.25e-7}"#,
    #"{"a":[],"b":[[]],"c":[{}],"d":{"e":{}}}"#, #"{"a":1,"a":2}"#, #"{"\u0061":1}"#,
    #"{"a":"\"\\\/\b\f\n\r\t\u00e9\uAC00"}"#, #"{"a":"\uD83D\uDE00"}"#, #"{"a":"\u0000"}"#,
    #"{"모아샵":"겨울 코트 🧥"}"#, #"{"a":"é한🧥 and eight more plain bytes"}"#,
    #"{"a":123456789012345678901234567890}"#, "{\"a\":\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\"}",
    "{\"a\":\"\u{10000}\u{10FFFF}\"}", #"{"a":-9223372036854775808}"#,
  ]

  static let invalid: [String] = [
    "", " ", "{", "}", "{}{}", "{} x", "{},", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#,
    #"{"a":1 "b":2}"#, #"{"a":1;"b":2}"#, #"{"a" 1}"#, #"{a:1}"#, #"{'a':1}"#, #"{1:1}"#,
    #"{"a":[1,]}"#, #"{"a":[,1]}"#, #"{"a":[1 2]}"#, #"{"a":[1}"#, #"{"a":{]}"#, #"{"a":[}]}"#,
    #"{"a":NaN}"#, #"{"a":Infinity}"#, #"{"a":-Infinity}"#, #"{"a":nul}"#, #"{"a":True}"#,
    #"{"a":tru}"#, #"{"a":falsy}"#, #"{"a":nullx}"#, #"{"a":01}"#, #"{"a":-}"#, #"{"a":+1}"#,
    #"{"a":.5}"#, #"{"a":1.}"#, #"{"a":1.e3}"#, #"{"a":1e}"#, #"{"a":1e+}"#, #"{"a":0x10}"#,
    #"{"a":-01}"#, #"{"a":1_000}"#, #"{"a":1a}"#, #"{"a":--1}"#, #"{"a":"\x"}"#, #"{"a":"\u12"}"#,
    #"{"a":"\u12G4"}"#, #"{"a":"\uD800"}"#, #"{"a":"\uDC00"}"#, #"{"a":"\uD800\uD800"}"#,
    #"{"a":"\uD800\u0041"}"#, #"{"a":"\uD800x"}"#, #"{"a":"\uDC00\uD800"}"#, #"{"a":"\U0041"}"#,
    #"{"a":"\"}"#, #"{"a":"b}"#, #"{"a":"b\"#, "{\"a\":\"line\nbreak\"}", "{\"a\":\"tab\there\"}",
    "{\"a\":\"\u{0}\"}", "{\"a\":\"eight plain bytes then \u{1}\"}", "\u{FEFF}{}", "{\u{A0}}",
    "{\u{0B}}", "/* c */{}", "{}//", "{\"a\":1}\u{0}", "\"text\"", "[]", "12", "null", "{\"a\"::1}",
    #"{"a":"b""c"}"#, #"{"a":1,"b"}"#, #"{"a":1,,"b":2}"#, #"{null:1}"#,
  ]

  /// Byte sequences that are not UTF-8, each put into a string.
  static let notUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0xAF],
    [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xEF, 0xBF], [0xEF, 0xBF, 0x41],
    [0xF0, 0x80, 0x80, 0xAF], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
    [0xF5, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xFE], [0xFF], [0xEA, 0xB0, 0x80, 0x80],
  ]

  @Test(arguments: valid)
  func `accepts every valid object`(text: String) throws {
    #expect(throws: Never.self) { try scan(Array(text.utf8)) }
    #expect(throws: Never.self) { try JSONValue(parsing: text) }
  }

  @Test(arguments: invalid)
  func `refuses everything else`(text: String) {
    #expect(throws: JSONSyntaxError.self) { try scan(Array(text.utf8)) }
    // Other values than objects are JSON too, but no event.
    if !["\"text\"", "[]", "12", "null"].contains(text) {
      #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: text) }
    }
  }

  @Test(arguments: notUTF8)
  func `refuses bytes that are not UTF-8, wherever they stand`(sequence: [UInt8]) {
    for padding in 0...9 {
      let plain = [UInt8](repeating: 0x61, count: padding)
      let inValue = Array("{\"k\":\"".utf8) + plain + sequence + plain + Array("\"}".utf8)
      let inKey = Array("{\"".utf8) + plain + sequence + Array("\":0}".utf8)
      #expect(throws: JSONSyntaxError.self) { try scan(inValue) }
      #expect(throws: JSONSyntaxError.self) { try scan(inKey) }
      #expect(throws: JSONSyntaxError.self) { try parse(inValue) }
    }
  }

  @Test func `refuses a text cut off at any byte`() throws {
    let whole = Array(
      #"{"a":"x\u00e9\uD83D\uDE00한글","n":-12.5e+3,"b":[true,false,null,{"c":{}}],"z":0}"#.utf8
    )
    try scan(whole)
    for count in 0..<whole.count {
      #expect(throws: JSONSyntaxError.self) { try scan(Array(whole[0..<count])) }
      #expect(throws: JSONSyntaxError.self) { try parse(Array(whole[0..<count])) }
    }
  }

  @Test func `never traps on a changed byte`() throws {
    let whole = Array(#"{"a":"x\u00e9\uD83D\uDE00한","n":-12.5e+3,"b":[true,{"c":{}}]}"#.utf8)
    for position in whole.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = whole
        changed[position] = byte
        let scanned = (try? scan(changed)) != nil
        let parsed = (try? parse(changed)) != nil
        if position > 0 && position < whole.count - 1 { #expect(scanned == parsed) }
      }
    }
  }

  @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
  func `stops at 64 open containers instead of the end of the stack`(opening: String) {
    let closing = ["[": "]", "{\"a\":": "}", "[{\"a\":": "}]"][opening] ?? ""
    let perLevel = opening == "[{\"a\":" ? 2 : 1
    func nested(_ count: Int) -> [UInt8] {
      let inner = opening.hasSuffix(":") ? "1" : ""
      let text =
        String(repeating: opening, count: count) + inner + String(repeating: closing, count: count)
      return Array("{\"x\":\(text)}".utf8)
    }
    let most = 62 / perLevel
    #expect(throws: Never.self) { try scan(nested(most)) }
    #expect(throws: Never.self) { try parse(nested(most)) }
    for count in [64 / perLevel + 1, 100_000] {
      #expect(throws: JSONSyntaxError.self) { try scan(nested(count)) }
      #expect(throws: JSONSyntaxError.self) { try parse(nested(count)) }
    }
    let unclosed = Array(("{\"x\":" + String(repeating: opening, count: 100_000)).utf8)
    #expect(throws: JSONSyntaxError.self) { try scan(unclosed) }
    #expect(throws: JSONSyntaxError.self) { try parse(unclosed) }
  }

  @Test func `allows exactly 64 levels in both readers`() {
    func object(_ arrays: Int) -> [UInt8] {
      Array(
        ("{\"x\":" + String(repeating: "[", count: arrays) + String(repeating: "]", count: arrays)
          + "}").utf8
      )
    }
    #expect(throws: Never.self) { try scan(object(63)) }
    #expect(throws: Never.self) { try parse(object(63)) }
    #expect(throws: JSONSyntaxError.self) { try scan(object(64)) }
    #expect(throws: JSONSyntaxError.self) { try parse(object(64)) }
  }

  @Test func `names the place and the reason`() {
    do {
      try scan(Array(#"{"a":1,}"#.utf8))
      Issue.record("a trailing comma was accepted")
    } catch {
      #expect(error.byteOffset == 7)
      #expect(error.reason == "expected a key in quotes")
    }
    do {
      try scan(Array(#"{"a":1"#.utf8))
      Issue.record("an open object was accepted")
    } catch {
      #expect(error.byteOffset == 6)
      #expect(error.reason == "the text ends too early: expected a comma or a closing brace")
    }
  }
}

private func scan(_ bytes: [UInt8]) throws(JSONSyntaxError) {
  var scanner = JSONObjectScanner()
  let outcome: Result<Void, any Error> = bytes.withUnsafeBytes { pointer in
    Result { try scanner.scan(pointer, in: 0..<pointer.count) }
  }
  if case .failure(let error) = outcome {
    throw error as? JSONSyntaxError ?? JSONSyntaxError(byteOffset: -1, reason: "another error")
  }
}

private func parse(_ bytes: [UInt8]) throws {
  _ = try bytes.withUnsafeBytes { try JSONValue(parsing: $0) }
}
