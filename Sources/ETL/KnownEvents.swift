internal import Columnar
internal import Connector
internal import DeltaLog

/// Which event a row is: its `event_id`, compact where that is a UUID as the SDK writes it.
///
/// Two ids are one event exactly where their texts are equal: a UUID in capitals is another text.
enum EventKey: Hashable, Sendable {
  case uuid(high: UInt64, low: UInt64)
  case text(String)

  /// The key of an id's text.
  init(_ text: String) {
    var text = text
    self = text.withUTF8 { EventKey(UnsafeRawBufferPointer($0)) }
  }

  /// The key of an id's UTF-8 bytes.
  init(_ bytes: UnsafeRawBufferPointer) {
    if let (high, low) = Self.lowercaseUUID(bytes) {
      self = .uuid(high: high, low: low)
    } else {
      self = .text(String(decoding: bytes, as: UTF8.self))
    }
  }

  /// The 128 bits of `8-4-4-4-12` lowercase hexadecimal digits; nil for any other text.
  private static func lowercaseUUID(_ bytes: UnsafeRawBufferPointer) -> (UInt64, UInt64)? {
    guard bytes.count == 36 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for index in 0..<36 {
      let byte = bytes[index]
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == 0x2D else { return nil }
        continue
      }
      let digit: UInt8
      if byte &- 0x30 < 10 {
        digit = byte &- 0x30
      } else if byte &- 0x61 < 6 {
        digit = byte &- 0x57
      } else {
        return nil
      }
      high = high << 4 | low >> 60
      low = low << 4 | UInt64(digit)
    }
    return (high, low)
  }
}

/// The ids that Silver has, of the days that a run has met so far.
///
/// A retry may correct to the other side of midnight, so a day brings its neighbours along where
/// Silver has them.
struct KnownEvents {
  private let snapshot: DeltaSnapshot
  private var uuids = UUIDSet()
  private var texts: Set<String> = []
  private var days: Set<Int> = []
  private var dayLast: Int?

  init(_ snapshot: DeltaSnapshot) {
    self.snapshot = snapshot
  }

  /// True where the id is new.
  mutating func insert(_ id: EventKey, day: Int) throws -> Bool {
    if day != dayLast, !days.contains(day) {
      try load([day - 1, day, day + 1].filter { !days.contains($0) })
    }
    dayLast = day
    return remember(id)
  }

  private mutating func remember(_ id: EventKey) -> Bool {
    switch id {
    case .uuid(let high, let low): uuids.insert(high: high, low: low)
    case .text(let text): texts.insert(text).inserted
    }
  }

  private mutating func load(_ wanted: [Int]) throws {
    let request = ScanRequest(
      columns: [SilverEvents.eventIDColumn, SilverEvents.dayColumn],
      predicates: [
        ColumnPredicate(
          column: SilverEvents.dayColumn,
          .isIn(wanted.map { .integer(Int64($0)) })
        )
      ]
    )
    for split in try snapshot.splits(for: request) {
      let reader = try split.open()
      while let batch = try reader.next() {
        let column = batch.columns[0]
        for row in 0..<batch.rowCount where !column.isNull(row) {
          _ = remember(column.withTextValue(at: column.valueIndex(row)) { EventKey($0) })
        }
      }
    }
    days.formUnion(wanted)
  }
}
