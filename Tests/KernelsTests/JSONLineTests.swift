/// Lines of JSON as typed columns: values, paths, lines kept aside, and random damage.
import Columnar
import Kernels
import TestSupport
import Testing

struct JSONLineTests {
  private func read(
    _ text: String, _ columns: [JSONColumn], misfit: JSONLineReader.Misfit = .badLine
  ) throws -> (rows: [[Scalar]], bad: [JSONBadLine]) {
    let reader = try JSONLineReader(columns, misfit: misfit)
    let result = Array(text.utf8).withUnsafeBytes { reader.read($0, isLast: true) }
    #expect(result.consumed == text.utf8.count)
    return ((0..<result.batch.rowCount).map { result.batch.row($0) }, result.badLines)
  }

  @Test func `reads values of every type, at any depth`() throws {
    let text = """
      {"id": 7, "price": 12.345, "ok": true, "at": "2024-01-15T09:10:11.123+09:00", "day": "2024-01-15", "name": "한\\u00e9\\n\\ud83d\\ude00", "p": {"q": {"r": -1.5e3}, "tags": ["a", 1]}}
      {"p": {"q": {"r": 2}}, "id": null, "name": 5, "other": {"id": 9}}

      {"id": 1, "id": 2, "p": {"q": {"r": 1}}, "p": {"q": 3}}
      """
    let (rows, bad) = try read(
      text,
      [
        JSONColumn("id", type: .bigint), JSONColumn("price", type: .decimal(precision: 9, scale: 2)),
        JSONColumn("ok", type: .boolean), JSONColumn("at", type: .timestampWithTimeZone(precision: 3)),
        JSONColumn("day", type: .date), JSONColumn("name", type: .varchar),
        JSONColumn("r", path: ["p", "q", "r"], type: .double),
        JSONColumn("tags", path: ["p", "tags"], type: .json),
      ])
    #expect(bad.isEmpty)
    #expect(
      rows == [
        [
          .integer(7), .integer(1_235), .boolean(true), .integer(1_705_277_411_123_000),
          .integer(19_737), .text("한é\n😀"), .double(-1_500), .text("[\"a\", 1]"),
        ],
        [.null, .null, .null, .null, .null, .text("5"), .double(2), .null],
        [.integer(2), .null, .null, .null, .null, .null, .null, .null],
      ])
  }

  @Test(arguments: [
    ("{\"id\": 1", "a comma or } is missing", 8), ("[1]", "the line is no JSON object", 1),
    ("{\"id\": 01}", "no JSON number", 9), ("{\"id\": 1} x", "something after the object", 11),
    ("{\"id\": \"x}", "a string is not closed", 10), ("{\"x\": \"\\q\"}", "an unknown escape", 8),
    ("{\"x\": \"\\u12\"}", "an escape without four digits", 8), ("{id: 1}", "a name in quotes is missing", 2),
    ("{\"x\": \"\\ud800a\"}", "half of a surrogate pair", 14), ("{\"x\": \"\\udc00\"}", "half of a surrogate pair", 14),
    ("{\"x\": [1,]}", "no JSON value", 10), ("{\"x\": tru}", "no JSON value", 7), ("{\"x\" 1}", "a colon is missing", 6),
    ("{\"x\": \"a\tb\"}", "a control character in a string", 9), ("{\"x\": 1.}", "a digit is missing", 9),
    ("{\"id\": 1.5}", "1.5 does not fit column id, which is bigint", 8),
    ("{\"id\": \"1\"}", "\"1\" does not fit column id, which is bigint", 8),
    ("{\"id\": 9223372036854775808}", "9223372036854775808 does not fit column id, which is bigint", 8),
  ])
  func `keeps a bad line aside with its place`(_ row: (String, String, Int)) throws {
    let (rows, bad) = try read(
      "{\"id\": 1}\n\(row.0)\n{\"id\": 3}\n", [JSONColumn("id", type: .bigint)])
    #expect(rows == [[.integer(1)], [.integer(3)]])
    #expect(
      bad == [
        JSONBadLine(
          line: 2, byteOffset: 10, byteCount: row.0.utf8.count, place: row.2, reason: row.1)
      ])
  }

  @Test func `refuses bytes that are no UTF-8, deep nesting, and paths that overlap`() throws {
    let reader = try JSONLineReader([JSONColumn("a", type: .varchar)])
    let broken = Array("{\"a\": \"x".utf8) + [0xED, 0xA0, 0x80] + Array("\"}\n{\"a\": \"y\"}".utf8)
    let result = broken.withUnsafeBytes { reader.read($0, isLast: true) }
    #expect(result.batch.rowCount == 1)
    #expect(result.badLines.map(\.reason) == ["bytes that are no UTF-8"])
    #expect(result.badLines.map(\.place) == [9])
    for depth in [512, 513] {
      let text = "{\"x\": " + String(repeating: "[", count: depth - 1)
        + String(repeating: "]", count: depth - 1) + "}"
      #expect(try read(text, [JSONColumn("a", type: .json)]).bad.count == (depth > 512 ? 1 : 0))
    }
    let deep = String(repeating: "{\"a\":", count: 100_000)
    #expect(try read(deep, [JSONColumn("a", type: .json)]).bad.count == 1)
    #expect(throws: KernelError.self) {
      try JSONLineReader([
        JSONColumn("a", type: .json), JSONColumn("b", path: ["a", "b"], type: .json),
      ])
    }
    #expect(throws: KernelError.self) { try JSONLineReader([JSONColumn("a", type: .uuid)]) }
  }

  @Test func `makes misfits NULL where that is asked for`() throws {
    let (rows, bad) = try read(
      "{\"a\": \"x\", \"b\": 300}\n{\"a\": 1e2, \"b\": 30}\n",
      [JSONColumn("a", type: .double), JSONColumn("b", type: .tinyint)], misfit: .null)
    #expect(bad.isEmpty)
    #expect(rows == [[.null, .null], [.double(100), .integer(30)]])
  }

  @Test func `gives the same rows in pieces of any size`() throws {
    let lines = (0..<200).map { row in
      row % 17 == 3
        ? "{broken \(row)" : "{\"id\": \(row), \"s\": \"\(String(repeating: "é", count: row % 9))\"}"
    }
    let bytes = Array(lines.joined(separator: "\n").utf8)
    let columns = [JSONColumn("id", type: .integer), JSONColumn("s", type: .varchar)]
    func run(_ size: Int, _ rowsMax: Int) throws -> ([[Scalar]], [JSONBadLine]) {
      let reader = try JSONLineReader(columns)
      var rows: [[Scalar]] = []
      var bad: [JSONBadLine] = []
      var place = 0
      var end = min(size, bytes.count)
      while true {
        let result = bytes[place..<end].withUnsafeBytes {
          reader.read($0, isLast: end == bytes.count, rowsMax: rowsMax)
        }
        for row in 0..<result.batch.rowCount { rows.append(result.batch.row(row)) }
        bad += result.badLines
        place += result.consumed
        if place == bytes.count { return (rows, bad) }
        if result.consumed == 0 { end = min(end + size, bytes.count) }
      }
    }
    let whole = try run(bytes.count, 4_096)
    #expect(whole.0.count == 188)
    #expect(whole.1.map(\.line).prefix(3) == [4, 21, 38])
    #expect(bytes[whole.1[1].byteOffset...].starts(with: Array("{broken 20".utf8)))
    for (size, rowsMax) in [(1, 1), (7, 3), (64, 50), (1_000, 7)] {
      let other = try run(size, rowsMax)
      #expect(other.0 == whole.0 && other.1 == whole.1)
    }
  }

  @Test func `reads random lines as a parser with a tree does`() throws {
    var run = FuzzRun("JSON lines")
    let seeds = [
      #"{"event_id":"e-1","seq":12,"ok":true,"props":{"price":12.50,"tags":["a",{"b":null}]},"t":"2024-01-15T09:10:00Z"}"#,
      #"{"event_id":"한\u00e9\ud83d\ude00","seq":-9223372036854775808,"props":{},"x":[[],{},""]}"#,
      #"{ "seq" : 1e5 , "props" : { "price" : "text" } , "ok" : false , "seq" : 3 }"#,
      #"{}"#,
    ]
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "null", "true", "1e309", "-", "0", ".", " ",
      "\"seq\":", "\"props\":{", "\u{1}", "\u{FEFF}", "é", "\\ud800", "\r",
    ]
    let columns = [
      JSONColumn("event_id", type: .varchar), JSONColumn("seq", type: .json),
      JSONColumn("price", path: ["props", "price"], type: .json),
    ]
    let reader = try JSONLineReader(columns)
    while run.goesOn() {
      let seed = Array(seeds[run.pick(seeds.count)].utf8)
      let line = (run.pick(8) == 0 ? seed : run.damaged(seed, pieces: pieces)).filter { $0 != 0x0A }
      let result = (line + [0x0A]).withUnsafeBytes { reader.read($0, isLast: false) }
      let text = String(validating: line, as: UTF8.self)
      var wanted: [[Scalar]] = []
      if let text, case .object(let members)? = JSONValue(parsing: text) {
        func member(_ name: String, _ members: [JSONValue.Member]) -> JSONValue? {
          members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
        }
        func shown(_ value: JSONValue?) -> Scalar {
          guard let value, value != .null else { return .null }
          return .text(value.text(isSorted: false))
        }
        var event = shown(member("event_id", members))
        if case .string(let text)? = member("event_id", members) { event = .text(text) }
        var price: JSONValue?
        if case .object(let inner)? = member("props", members) { price = member("price", inner) }
        wanted = [[event, shown(member("seq", members)), shown(price)]]
      } else if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) {
        #expect(result.batch.rowCount == 0 && result.badLines.isEmpty)
        continue
      }
      let rows = (0..<result.batch.rowCount).map { row in
        result.batch.row(row).enumerated().map { column, scalar -> Scalar in
          guard case .text(let text) = scalar else { return scalar }
          // Raw values are compared without their spaces and escapes.
          let isRaw = column > 0 || !(text.first.map { !"[{".contains($0) } ?? true)
          guard isRaw, let value = JSONValue(parsing: text) else { return scalar }
          return .text(value.text(isSorted: false))
        }
      }
      let expected = wanted.map { row in
        row.enumerated().map { column, scalar -> Scalar in
          guard column == 0, case .text(let text) = scalar, text.first.map({ "[{".contains($0) }) == true,
            let value = JSONValue(parsing: text)
          else { return scalar }
          return .text(value.text(isSorted: false))
        }
      }
      #expect(rows == expected, "\(String(decoding: line, as: UTF8.self)), seed \(run.seed)")
      #expect(result.badLines.count == (wanted.isEmpty ? 1 : 0))
      if rows != expected { break }
    }
    print("fuzz JSON lines: \(run.rounds) lines")
    #expect(run.rounds >= 50)
  }
}
