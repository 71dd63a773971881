// The events of `etl`: made once by a seeded world, kept below `.build` and used by everybody.
//
// ```
//  .build/events-5000000/events/events.0.ndjson …     a JSON object a line, as the collector keeps it
//  .build/events-5000000/lake/raw/events/…            the same lines as Bronze objects, .json.gz
// ```
// 1. The world's phones record a day after the other, until there are enough events.
// 2. Each gets the collector's members. Where a phone's clock is days off, nobody could say which day
//    the event belongs to, and it is left out.
// 3. Of each fifty one comes again some thousand lines later, in another file and another object, as
//    it does when a phone did not hear the answer.
//
// Bronze objects lie in the hour in which their day ends.

import Codecs
import EventModel
import Foundation
import Lake
import Simulation
import Synchronization
import World

struct EventSet {
  let directory: String
  private(set) var facts = Facts()

  /// What the lines are.
  struct Facts: Codable {
    var lines = 0
    /// Lines that are in it twice.
    var copies = 0
    /// Of the NDJSON files.
    var bytes = 0
    var objects = 0
  }

  /// The columns of a line, and those of them that are numbers.
  static let columns = [
    "event_id", "event_name", "schema_version", "event_time", "user_id", "device_id", "install_id",
    "session_id", "seq", "platform", "os_version", "device_model", "app_version", "locale",
    "timezone", "network", "properties", "app_id", "sent_at", "received_at",
  ]
  static let numbers = ["schema_version", "seq"]
  /// After everything in it has arrived.
  static let now = start.adding(seconds: 400 * 86_400)
  static let fileCount = 8
  private static let firstDay = CivilDate(year: 2024, month: 1, day: 15)
  private static let start = StoryTime(firstDay, offsetSeconds: TimeZones.seoul)

  var ndjson: String { directory + "/events" }
  /// The root of a lake that has the lines in Bronze, and nothing else.
  var lake: String { directory + "/lake" }

  /// The set of so many lines; made now where it is not there. `root` is the repository's.
  static func prepared(root: String, lines: Int) throws -> EventSet {
    let directory = root + "/.build/events-\(lines)"
    if let data = FileManager.default.contents(atPath: directory + "/facts.json") {
      return EventSet(directory: directory, facts: try JSONDecoder().decode(Facts.self, from: data))
    }
    let making = directory + ".making"
    try? FileManager.default.removeItem(atPath: making)
    let facts = try make(making, root: root, lines: lines)
    try JSONEncoder().encode(facts).write(to: URL(fileURLWithPath: making + "/facts.json"))
    try? FileManager.default.removeItem(atPath: directory)
    try FileManager.default.moveItem(atPath: making, toPath: directory)
    return EventSet(directory: directory, facts: facts)
  }

  private struct Enough: Error {}

  private static func make(_ directory: String, root: String, lines: Int) throws -> Facts {
    let world = try World(
      configuration: WorldConfiguration(seed: 42, size: .m, start: start),
      specification: WorldSpecification(path: root + "/Datasets/shop/spec.json"))
    let writer = Mutex(try EventSetWriter(directory, linesMax: lines))
    var day = firstDay
    do {
      while day < firstDay.adding(days: 365) {
        let moment = StoryTime(day, offsetSeconds: TimeZones.seoul).adding(seconds: 23 * 3_600)
        let number = day.daysSinceEpoch
        // One thread, so that the same lines come in the same order everywhere.
        try world.bulk(day: day, threadCount: 1) { chunk in
          let isFull = try writer.withLock {
            try $0.write(chunk.bytes, day: number, arrived: moment)
            return $0.isFull
          }
          if isFull { throw Enough() }
        }
        day = day.adding(days: 1)
      }
      throw BenchmarkFailure("a year of the world has less than \(lines) events; ask for fewer")
    } catch is Enough {
      return try writer.withLock { try $0.finish() }
    }
  }
}

/// Writes lines into both forms.
private struct EventSetWriter {
  private let linesMax: Int
  private let lake: Lake
  private let files: [FileHandle]
  private var facts = EventSet.Facts()
  private var originals = 0
  /// Lines that come again with the next chunk.
  private var waiting: [UInt8] = []
  private var waitingCount = 0
  private var out: [UInt8] = []
  private var chunkNumber = 0
  /// The next offset of each of Bronze's partitions.
  private var offsets = [Int64](repeating: 0, count: 3)

  private static let timeKey = Array("\"event_time\":\"".utf8)

  init(_ directory: String, linesMax: Int) throws {
    self.linesMax = linesMax
    try FileManager.default.createDirectory(
      atPath: directory + "/events", withIntermediateDirectories: true)
    lake = try Lake.open(root: directory + "/lake")
    files = try (0..<EventSet.fileCount).map { number in
      let path = directory + "/events/events.\(number).ndjson"
      guard FileManager.default.createFile(atPath: path, contents: nil),
        let file = FileHandle(forWritingAtPath: path)
      else { throw BenchmarkFailure("\(path) cannot be written") }
      return file
    }
  }

  var isFull: Bool { facts.lines >= linesMax }

  /// Takes the lines of phones that came in a day's visits.
  mutating func write(_ bytes: [UInt8], day: Int, arrived: StoryTime) throws {
    let again = (waiting, waitingCount)
    (waiting, waitingCount) = ([], 0)
    out.removeAll(keepingCapacity: true)
    var count = 0
    bytes.withUnsafeBytes { raw in
      var start = 0
      while start < raw.count, facts.lines + count + again.1 < linesMax {
        let end = raw[start...].firstIndex(of: 0x0A) ?? raw.count
        let line = UnsafeRawBufferPointer(rebasing: raw[start..<end])
        start = end + 1
        guard let time = Self.time(of: line), Self.isNear(time, day) else { continue }
        originals += 1
        let delay = 1_000 + Int64(originals &* 7_919 % 29_000)
        Self.append(line, receivedAt: time + delay, to: &out)
        count += 1
        if originals % 50 == 0 {
          Self.append(line, receivedAt: time + delay + 60_000, to: &waiting)
          waitingCount += 1
        }
      }
    }
    if facts.lines + count + again.1 <= linesMax {
      out += again.0
      count += again.1
      facts.copies += again.1
    }
    guard count > 0 else { return }
    try files[chunkNumber % files.count].write(contentsOf: Data(out))
    let partition = chunkNumber % offsets.count
    let key = Lake.bronzeKey(
      topic: "app-events", partition: Int32(partition), startOffset: offsets[partition],
      endOffset: offsets[partition] + Int64(count) - 1, hourUTC: arrived)
    guard try lake.putBronze(key, Gzip.compress(out)) else {
      throw BenchmarkFailure("\(key) is there already")
    }
    offsets[partition] += Int64(count)
    chunkNumber += 1
    facts.lines += count
    facts.bytes += out.count
    facts.objects += 1
  }

  mutating func finish() throws -> EventSet.Facts {
    for file in files { try file.close() }
    return facts
  }

  /// When the phone says that it happened, in milliseconds since the epoch.
  private static func time(of line: UnsafeRawBufferPointer) -> Int64? {
    var place = 0
    // The key stands in the first members; a value is 24 bytes long.
    let last = min(line.count - timeKey.count - 24, 512)
    while place <= last {
      if line[place] == 0x22, line[place..<place + timeKey.count].elementsEqual(timeKey) {
        let value = place + timeKey.count
        return EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: line[value..<value + 24]))
      }
      place += 1
    }
    return nil
  }

  /// True on the day in Seoul, the one before and the one after.
  private static func isNear(_ time: Int64, _ day: Int) -> Bool {
    let days = StoryTime(milliseconds: time).date(offsetSeconds: TimeZones.seoul).daysSinceEpoch
    return abs(days - day) <= 1
  }

  /// The line with the collector's members in place of its closing brace.
  private static func append(
    _ line: UnsafeRawBufferPointer, receivedAt: Int64, to bytes: inout [UInt8]
  ) {
    bytes.append(contentsOf: line.dropLast())
    bytes.append(contentsOf: ",\"app_id\":\"moashop\",\"sent_at\":\"".utf8)
    EventTimestamp.append(receivedAt, to: &bytes)
    bytes.append(contentsOf: "\",\"received_at\":\"".utf8)
    EventTimestamp.append(receivedAt, to: &bytes)
    bytes.append(contentsOf: "\"}\n".utf8)
  }
}
