import EventModel
import Testing

/// Where members stand and what they are worth.
struct JSONObjectScannerTests {
  @Test func `finds members with their exact ranges and kinds`() throws {
    let text = #" {"id":"abc","n":-12,"f":1.50,"t":true,"z":null,"p":{"q":[1]},"l":[ ]} "#
    try withScanned(text) { bytes, scanner in
      #expect(
        scanner.members.map(\.kind) == [.string, .integer, .number, .bool, .null, .object, .array]
      )
      let tokens = scanner.members.map { String(decoding: bytes[$0.value], as: UTF8.self) }
      #expect(tokens == ["abc", "-12", "1.50", "true", "null", #"{"q":[1]}"#, "[ ]"])
      let keys = scanner.members.map { String(decoding: bytes[$0.key], as: UTF8.self) }
      #expect(keys == ["id", "n", "f", "t", "z", "p", "l"])
      #expect(scanner.index(of: "p", in: bytes) == 5)
      #expect(scanner.index(of: "missing", in: bytes) == nil)
    }
  }

  @Test func `answers the first of two equal keys and shows both`() throws {
    try withScanned(#"{"a":1,"b":2,"a":3}"#) { bytes, scanner in
      #expect(scanner.members.count == 3)
      #expect(scanner.index(of: "a", in: bytes) == 0)
    }
  }

  @Test func `finds a key that is written with escapes`() throws {
    try withScanned(#"{"event\u005fid":"x","한\n":1}"#) { bytes, scanner in
      #expect(scanner.index(of: "event_id", in: bytes) == 0)
      #expect(scanner.index(of: "한\n", in: bytes) == 1)
      #expect(scanner.members[0].keyHasEscapes)
    }
  }

  @Test func `unescapes strings, Korean and emoji included`() throws {
    try withScanned(
      #"{"a":"\"\\\/\b\f\n\r\t","b":"\uac00\uD83E\uDDE5!","c":"겨울 코트 🧥","d":"\u0000"}"#
    ) {
      bytes,
      scanner in
      let texts = scanner.members.map { JSONObjectScanner.string(bytes, $0) }
      #expect(texts == ["\"\\/\u{8}\u{C}\n\r\t", "가🧥!", "겨울 코트 🧥", "\u{0}"])
      #expect(scanner.members.map(\.hasEscapes) == [true, true, false, true])
    }
  }

  @Test func `reads integers to the last of 64 bits and no further`() throws {
    let text = """
      {"a":9223372036854775807,"b":-9223372036854775808,"c":9223372036854775808,\
      "d":-9223372036854775809,"e":123456789012345678901234567890,"f":29900.0,"g":3e2,\
      "h":1.5,"i":"7","j":-0,"k":1e400,"l":1e300}
      """
    try withScanned(text) { bytes, scanner in
      let integers = scanner.members.map { JSONObjectScanner.integer(bytes, $0) }
      #expect(
        integers == [.max, .min, nil, nil, nil, 29_900, 300, nil, nil, 0, nil, nil]
      )
      let doubles = scanner.members.map { JSONObjectScanner.double(bytes, $0) }
      #expect(doubles[4] == 1.2345678901234568e29)
      #expect(doubles[7] == 1.5)
      #expect(doubles[8] == nil)
      #expect(doubles[10] == nil)
      #expect(doubles[11] == 1e300)
    }
  }

  @Test func `reads a range of a larger buffer`() throws {
    let text = #"xx{"a":1}{"b":2}"#
    try Array(text.utf8).withUnsafeBytes { bytes in
      var scanner = JSONObjectScanner()
      try scanner.scan(bytes, in: 2..<9)
      #expect(scanner.members[0].value == 7..<8)
      try scanner.scan(bytes, in: 9..<16)
      #expect(scanner.index(of: "b", in: bytes) == 0)
      #expect(throws: JSONSyntaxError.self) { try scanner.scan(bytes, in: 2..<16) }
      #expect(scanner.members.isEmpty)
      #expect(throws: JSONSyntaxError.self) { try scanner.scan(bytes, in: 9..<17) }
      #expect(throws: JSONSyntaxError.self) { try scanner.scan(bytes, in: 5..<5) }
    }
  }

  @Test func `cuts an array into its elements`() throws {
    let text = #" [ {"a":[1,2]} , 7,"x,]" ,[ ] ] "#
    try Array(text.utf8).withUnsafeBytes { bytes in
      let elements = try JSONArrayScanner.elements(bytes, in: 0..<bytes.count)
      let texts = elements.map { String(decoding: bytes[$0], as: UTF8.self) }
      #expect(texts == [#"{"a":[1,2]}"#, "7", #""x,]""#, "[ ]"])
    }
    let none = try Array("[]".utf8).withUnsafeBytes { bytes in
      try JSONArrayScanner.elements(bytes, in: 0..<2)
    }
    #expect(none.isEmpty)
    for invalid in ["[1,]", "[", "[1", "{}", "[1] 2", "[,1]", "[1}", "[1 2]"] {
      #expect(throws: JSONSyntaxError.self) {
        try Array(invalid.utf8).withUnsafeBytes { bytes in
          try JSONArrayScanner.elements(bytes, in: 0..<bytes.count)
        }
      }
    }
  }

  private func withScanned(
    _ text: String,
    _ body: (UnsafeRawBufferPointer, JSONObjectScanner) throws -> Void
  ) throws {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var scanner = JSONObjectScanner()
      try scanner.scan(bytes, in: 0..<bytes.count)
      try body(bytes, scanner)
    }
  }
}
