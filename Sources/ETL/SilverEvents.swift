internal import Columnar
internal import EventModel
internal import Simulation

/// The columns of `lake.silver.events`, and how one event's JSON becomes a row of them.
///
/// A field of the wrong type becomes NULL; `properties` keeps the client's text, so nothing that
/// was sent is lost by a column that does not fit it.
struct SilverEvents {
  static let schema = Schema([
    Field("event_id", .varchar, isNullable: false),
    Field("event_name", .varchar, isNullable: false),
    Field("schema_version", .integer),
    Field("app_id", .varchar),
    Field("event_time", .timestampWithTimeZone, isNullable: false),
    Field("device_time", .timestampWithTimeZone, isNullable: false),
    Field("sent_at", .timestampWithTimeZone),
    Field("received_at", .timestampWithTimeZone),
    Field("user_id", .varchar),
    Field("device_id", .varchar),
    Field("install_id", .varchar),
    Field("session_id", .varchar),
    Field("seq", .bigint),
    Field("platform", .varchar),
    Field("os_version", .varchar),
    Field("device_model", .varchar),
    Field("app_version", .varchar),
    Field("locale", .varchar),
    Field("timezone", .varchar),
    Field("network", .varchar),
    Field("order_id", .varchar),
    Field("product_id", .varchar),
    Field("price", .bigint),
    Field("quantity", .bigint),
    Field("amount", .bigint),
    Field("currency", .varchar),
    Field("payment_method", .varchar),
    Field("properties", .varchar),
    Field("kafka_partition", .integer, isNullable: false),
    Field("kafka_offset", .bigint, isNullable: false),
    Field("loaded_at", .timestampWithTimeZone, isNullable: false),
    Field("dt", .date, isNullable: false),
  ])

  static let eventIDColumn = 0
  static let dayColumn = 31

  /// The Korean days of the rows so far.
  private(set) var days: Set<Int> = []
  private(set) var rowCount = 0

  private let columns = SilverEvents.schema.fields.map { ColumnBuilder(type: $0.type) }
  private let loadedAt: Int64
  private var envelope = JSONObjectScanner()
  private var properties = JSONObjectScanner()

  init(loadedAt: StoryTime) {
    self.loadedAt = loadedAt.milliseconds * 1_000
  }

  /// What the first look at a line finds; `day` is the Korean day of the corrected event time.
  struct Identity {
    var eventID: String
    var day: Int
    fileprivate var eventTime: Int64
    fileprivate var deviceTime: Int64
    fileprivate var sentAt: Int64?
    fileprivate var receivedAt: Int64?
  }

  /// Reads the identity of the event in `range`; nil where it is not an event any more.
  mutating func identify(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Identity? {
    guard (try? envelope.scan(bytes, in: range)) != nil,
      let eventID = string("event_id", bytes), !eventID.isEmpty,
      string("event_name", bytes) != nil, let deviceTime = time("event_time", bytes)
    else { return nil }
    let sentAt = time("sent_at", bytes)
    let receivedAt = time("received_at", bytes)
    let corrected = ClockCorrection.corrected(
      eventTime: deviceTime,
      sentAt: sentAt,
      receivedAt: receivedAt
    )
    let day = StoryTime(milliseconds: corrected).date(offsetSeconds: TimeZones.seoul)
    return Identity(
      eventID: eventID,
      day: day.daysSinceEpoch,
      eventTime: corrected,
      deviceTime: deviceTime,
      sentAt: sentAt,
      receivedAt: receivedAt
    )
  }

  /// Adds the event that was identified last as a row.
  mutating func append(
    _ identity: Identity,
    _ bytes: UnsafeRawBufferPointer,
    partition: Int32,
    offset: Int64
  ) {
    columns[0].append(identity.eventID)
    appendText("event_name", envelope, bytes, to: 1)
    appendInteger("schema_version", envelope, bytes, to: 2)
    appendText("app_id", envelope, bytes, to: 3)
    columns[4].append(identity.eventTime &* 1_000)
    columns[5].append(identity.deviceTime &* 1_000)
    columns[6].append(identity.sentAt.map { $0 &* 1_000 })
    columns[7].append(identity.receivedAt.map { $0 &* 1_000 })
    appendText("user_id", envelope, bytes, to: 8)
    appendText("device_id", envelope, bytes, to: 9)
    appendText("install_id", envelope, bytes, to: 10)
    appendText("session_id", envelope, bytes, to: 11)
    appendInteger("seq", envelope, bytes, to: 12)
    appendText("platform", envelope, bytes, to: 13)
    appendText("os_version", envelope, bytes, to: 14)
    appendText("device_model", envelope, bytes, to: 15)
    appendText("app_version", envelope, bytes, to: 16)
    appendText("locale", envelope, bytes, to: 17)
    appendText("timezone", envelope, bytes, to: 18)
    appendText("network", envelope, bytes, to: 19)
    appendProperties(bytes)
    columns[28].append(Int64(partition))
    columns[29].append(offset)
    columns[30].append(loadedAt)
    columns[31].append(Int64(identity.day))
    days.insert(identity.day)
    rowCount += 1
  }

  private mutating func appendProperties(_ bytes: UnsafeRawBufferPointer) {
    guard let index = envelope.index(of: "properties", in: bytes),
      envelope.members[index].kind == .object,
      (try? properties.scan(bytes, in: envelope.members[index].value)) != nil
    else {
      for column in 20...27 { columns[column].appendNull() }
      return
    }
    appendText("order_id", properties, bytes, to: 20)
    appendText("product_id", properties, bytes, to: 21)
    appendInteger("price", properties, bytes, to: 22)
    appendInteger("quantity", properties, bytes, to: 23)
    appendInteger("amount", properties, bytes, to: 24)
    appendText("currency", properties, bytes, to: 25)
    appendText("payment_method", properties, bytes, to: 26)
    columns[27].append(
      bytes: UnsafeRawBufferPointer(rebasing: bytes[envelope.members[index].value])
    )
  }

  /// The rows so far as a batch; begins again empty.
  mutating func finish() -> ColumnarBatch {
    rowCount = 0
    return ColumnarBatch(schema: SilverEvents.schema, columns: columns.map { $0.finish() })
  }

  private func appendText(
    _ key: StaticString,
    _ scanner: JSONObjectScanner,
    _ bytes: UnsafeRawBufferPointer,
    to column: Int
  ) {
    guard let index = scanner.index(of: key, in: bytes), scanner.members[index].kind == .string
    else { return columns[column].appendNull() }
    let member = scanner.members[index]
    if member.hasEscapes {
      columns[column].append(JSONObjectScanner.string(bytes, member))
    } else {
      columns[column].append(bytes: UnsafeRawBufferPointer(rebasing: bytes[member.value]))
    }
  }

  private func appendInteger(
    _ key: StaticString,
    _ scanner: JSONObjectScanner,
    _ bytes: UnsafeRawBufferPointer,
    to column: Int
  ) {
    guard let index = scanner.index(of: key, in: bytes),
      let value = JSONObjectScanner.integer(bytes, scanner.members[index]),
      columns[column].type != .integer || Int32(exactly: value) != nil
    else { return columns[column].appendNull() }
    columns[column].append(value)
  }

  private func string(_ key: StaticString, _ bytes: UnsafeRawBufferPointer) -> String? {
    guard let index = envelope.index(of: key, in: bytes), envelope.members[index].kind == .string
    else { return nil }
    return JSONObjectScanner.string(bytes, envelope.members[index])
  }

  private func time(_ key: StaticString, _ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard let index = envelope.index(of: key, in: bytes), envelope.members[index].kind == .string
    else { return nil }
    return EventTimestamp.parse(
      UnsafeRawBufferPointer(rebasing: bytes[envelope.members[index].value])
    )
  }
}
