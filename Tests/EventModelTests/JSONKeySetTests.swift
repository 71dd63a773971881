import EventModel
import Testing

@Suite struct JSONKeySetTests {
  private func places(_ keys: [String], _ json: String) throws -> [Int] {
    let bytes = Array(json.utf8)
    return try bytes.withUnsafeBytes { raw in
      var scanner = JSONObjectScanner()
      try scanner.scan(raw, in: 0..<raw.count)
      var places: [Int] = []
      scanner.find(JSONKeySet(keys), in: raw, places: &places)
      return places
    }
  }

  @Test func `finds each key's first member whatever the order`() throws {
    #expect(try places(["a", "b", "c"], #"{"c":1,"x":2,"a":3,"c":4}"#) == [2, -1, 0])
    #expect(try places(["a"], "{}") == [-1])
  }

  @Test func `an escaped key is the key that it spells`() throws {
    #expect(try places(["event_id"], #"{"event\u005fid":1}"#) == [0])
  }

  @Test func `keys that fall on one slot are told apart by their bytes`() throws {
    // The same length, first, middle and last byte.
    let keys = ["abxcd", "aexfd", "agxhd", "", "가나"]
    #expect(try places(keys, #"{"agxhd":1,"aexfd":2,"가나":3,"":4,"abxzd":5}"#) == [-1, 1, 0, 3, 2])
  }

  @Test func `agrees with the search for one key on random objects`() throws {
    var generator = SystemRandomNumberGenerator()
    let names: [StaticString] = ["a", "ab", "ba", "abc", "acb", "cab", "seq", "app_id", "locale"]
    let keys = names.map { "\($0)" }
    for _ in 0..<500 {
      let members = (0..<Int.random(in: 0...12, using: &generator)).map { value in
        "\"\(keys.randomElement(using: &generator) ?? "a")\":\(value)"
      }
      let json = "{" + members.joined(separator: ",") + "}"
      let bytes = Array(json.utf8)
      let one = try bytes.withUnsafeBytes { raw in
        var scanner = JSONObjectScanner()
        try scanner.scan(raw, in: 0..<raw.count)
        return names.map { scanner.index(of: $0, in: raw) ?? -1 }
      }
      #expect(try places(keys, json) == one)
    }
  }
}
