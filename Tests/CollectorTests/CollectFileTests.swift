// Files as people have them: missing, broken off, of the wrong kind, with one endless line.

import Codecs
import Collector
import Foundation
import KafkaProtocol
import Testing

struct CollectFileTests {
  private let folder = FileManager.default.temporaryDirectory.appending(
    path: "collect-\(UUID().uuidString)"
  )

  private func file(_ bytes: [UInt8], name: String = "events.json") throws -> String {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appending(path: name)
    try Data(bytes).write(to: url)
    return url.path
  }

  private func failure(_ path: String, _ bench: Bench, source: String? = nil) -> CollectorError? {
    do {
      _ = try CollectFile.run(path: path, collector: bench.collector, source: source)
      return nil
    } catch {
      return error as? CollectorError
    }
  }

  private func lines(_ count: Int) -> [UInt8] {
    Array(
      (0..<count).map { event(["event_id": "\"e\($0)\"", "x": "\"\($0 * 7_919 % 1_000)\""]) }
        .joined(separator: "\n").utf8
    )
  }

  @Test func `says what is wrong with a path`() throws {
    let bench = try Bench()
    #expect(failure("/nowhere/at/all", bench)?.code == "collector.file_not_found")
    #expect(failure("/tmp", bench)?.code == "collector.file_is_directory")
    #expect(failure("/tmp", bench, source: "x")?.code == "collector.file_is_directory")
    #expect(failure(try file(lines(1)), bench, source: "x")?.code == "collector.unknown_source")
    try? FileManager.default.removeItem(at: folder)
  }

  @Test(
    arguments: [
      ([0xFF, 0xFE, 0x7B, 0x00], "UTF-16"), ([0x7B, 0x00, 0x22], "zero bytes"),
      ([0x50, 0x4B, 3, 4, 9], "zip"), ([0x28, 0xB5, 0x2F, 0xFD, 1], "zstd"),
      (Array("PAR1x".utf8), "Parquet"),
    ] as [([UInt8], String)]
  ) func `recognises what is no text`(bytes: [UInt8], word: String) throws {
    let bench = try Bench()
    for content in [bytes, try Gzip.compress(bytes)] {
      guard content.count == bytes.count || word.contains("16") || word.contains("zero") else {
        continue
      }
      let error = failure(try file(content), bench)
      #expect(error?.code == "collector.file_not_text")
      #expect(error?.message.contains(word) == true)
    }
    try? FileManager.default.removeItem(at: folder)
  }

  @Test func `an empty file, blank lines and a missing last newline are fine`() throws {
    let bench = try Bench()
    let empty = try CollectFile.run(path: try file([]), collector: bench.collector, source: nil)
    #expect(empty == CollectSummary())
    let blank = try CollectFile.run(
      path: try file(Array("\n\r\n\n".utf8)),
      collector: bench.collector,
      source: nil
    )
    #expect(blank.lines == 3)
    let text = "\u{FEFF}" + event() + "\r\n\r\n" + event() + "\n{}\n" + event()
    let summary = try CollectFile.run(
      path: try file(Array(text.utf8)),
      collector: bench.collector,
      source: nil
    )
    #expect(summary.lines == 5)
    #expect(summary.accepted == 3)
    #expect(summary.firstRefusals.map { $0.line } == [4])
    try? FileManager.default.removeItem(at: folder)
  }

  @Test func `the lines before the end of a broken-off gzip file are taken`() throws {
    let bench = try Bench()
    let whole = lines(2_000)
    let zipped = try Gzip.compress(whole)
    let error = failure(try file(Array(zipped.prefix(zipped.count / 2))), bench)
    #expect(error?.code == "collector.file_truncated")
    let line = try #require(Int(error?.fields["line"] ?? ""))
    #expect(bench.log.events.count == line - 1)
    #expect(line > 500 && line < 1_900)
    #expect(bench.log.events.count == bench.collector.counts.accepted)
    #expect(bench.log.deadLetters.isEmpty)
    #expect(error?.place?.hasSuffix(", line \(line)") == true)
    // Without its last byte, the file still has all of its lines but the unfinished one.
    let other = try Bench()
    #expect(failure(try file(Array(zipped.dropLast())), other)?.code == "collector.file_truncated")
    #expect(other.log.events.count == 1_999)
    let damaged = try Bench()
    var bytes = zipped
    for index in (bytes.count / 2)..<(bytes.count / 2 + 40) { bytes[index] ^= 0x5A }
    #expect(failure(try file(bytes), damaged)?.code == "collector.file_corrupt")
    try? FileManager.default.removeItem(at: folder)
  }

  @Test func `a line of 50 MB is refused in bounded memory`() throws {
    let bench = try Bench()
    var bytes = Array((event() + "\n").utf8)
    bytes.append(contentsOf: [UInt8](repeating: UInt8(ascii: "z"), count: 50 << 20))
    bytes.append(contentsOf: Array(("\n" + event()).utf8))
    let path = try file(bytes)
    bytes = []
    let before = residentBytes()
    let summary = try CollectFile.run(path: path, collector: bench.collector, source: nil)
    #expect(residentBytes() - before < 32 << 20)
    #expect(summary.lines == 3)
    #expect(summary.accepted == 2)
    #expect(summary.refused == [.eventTooLarge: 1])
    #expect(bench.log.deadLetters.map { $0.header("line") } == ["2"])
    #expect(bench.log.deadLetters[0].value?.count == 32 << 10)
    try? FileManager.default.removeItem(at: folder)
  }

  @Test func `a pipe is read as a file is`() throws {
    let bench = try Bench()
    let pipe = Pipe()
    let content = lines(1_234)
    let writer = Thread {
      pipe.fileHandleForWriting.write(Data(content)); try? pipe.fileHandleForWriting.close()
    }
    writer.start()
    let summary = try CollectFile.run(
      descriptor: pipe.fileHandleForReading.fileDescriptor,
      name: "pipe",
      collector: bench.collector,
      source: nil
    )
    #expect(summary.lines == 1_234)
    #expect(summary.accepted == 1_234)
    #expect(bench.log.events.count == 1_234)
  }

  @Test func `a log that fails stops the collection and says where`() throws {
    let bench = try Bench()
    bench.log.fail(append: true)
    let error = failure(try file(lines(3)), bench)
    #expect(error?.code == "collector.refused_request")
    #expect(error?.fields["line"] == "1")
    try? FileManager.default.removeItem(at: folder)
  }
}

struct SourceMappingTests {
  private let whole = """
    source: s
    app_id: a
    event_name: {field: kind}
    event_id: {field: id}
    event_time: {field: at}
    user_id: {field: who}
    device_id: {field: phone}
    schema_version: 3
    properties: {names: as_is, rename: {aB: c}, drop: [secret], only: [aB, secret, n]}
    """

  @Test func `a mapping can take everything from fields`() throws {
    let bench = try Bench { $0.mappings = ["s": try! SourceMapping(yaml: whole)] }
    let response = bench.send(
      #"{"kind":"itemBought","id":"i1","at":"2024-01-01 00:00:00+09:00","who":12,"phone":null,"aB":1.50,"secret":2,"n":{"k":[1]},"m":0}"#
        .replacing("itemBought", with: "item_bought"),
      source: "s"
    )
    #expect(response.accepted.map { $0.eventID } == ["i1"])
    #expect(
      bench.log.events[0].text
        == #"{"event_id":"i1","event_name":"item_bought","schema_version":3,"event_time":"2023-12-31T15:00:00.000Z","user_id":"12","properties":{"c":1.50,"n":{"k":[1]}},"app_id":"a","received_at":"2024-01-16T00:10:00.000Z"}"#
    )
    let refused = bench.send(
      [
        #"{"kind":"x","at":"2024-01-01T00:00:00Z","who":"u"}"#,
        #"{"id":"1","at":"2024-01-01T00:00:00Z","who":"u"}"#,
        #"{"kind":"x","id":"1","who":"u"}"#, #"{"kind":"x","id":"1","at":"2024-01-01T00:00:00Z"}"#,
        #"{"kind":"X y","id":"1","at":"2024-01-01T00:00:00Z","who":"u"}"#,
        #"{"kind":"x","id":"1","at":"1 May","who":"u"}"#,
        #"{"kind":"x","id":"1","at":"2024-01-01T00:00:00Z","who":{}}"#,
        #"{"kind":"x","id":"1","at":"2024-01-01T00:00:00Z","who":"u","aB":1,"c":2,"c":3}"#,
      ].joined(separator: "\n"),
      source: "s"
    )
    #expect(
      refused.refused.map { $0.code } == [
        .missingEventID, .missingEventName, .missingEventTime, .missingDeviceID, .badEventName,
        .badEventTime,
        .wrongType, .duplicateField,
      ]
    )
  }

  @Test(arguments: [
    ("source: s", "colour: red\nsource: s", "colour"), ("app_id: a", "", "app_id"),
    ("{field: at}", "now", "event_time"),
    ("{field: kind}", "Bad Name", "event_name"), ("as_is", "camel", "properties.names"),
    ("3", "three", "schema_version"),
    ("user_id: {field: who}\ndevice_id: {field: phone}\n", "", "user_id"),
    ("source: s", "mask: all\nsource: s", "mask"),
    ("source: s", "pseudonymize: x\nsource: s", "pseudonymize"),
    ("{field: id}", "random", "event_id"),
  ]) func `a mapping says which key is wrong`(text: String, replacement: String, key: String) throws
  {
    do {
      _ = try SourceMapping(yaml: whole.replacing(text, with: replacement), place: "mapping.yaml")
      Issue.record("the mapping was read")
    } catch let error as CollectorError {
      #expect(error.code == "collector.bad_mapping")
      #expect(error.fields["key"] == key)
    }
  }

  @Test func `text that is no mapping is refused`() {
    for text in ["", "- a", "a: [", "7"] {
      #expect(throws: CollectorError.self) { try SourceMapping(yaml: text) }
    }
    #expect(throws: CollectorError.self) { try SourceMapping(path: "/nowhere.yaml") }
  }
}
