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

  private(set) var rowCount = 0

  private let columns = SilverEvents.schema.fields.map { ColumnBuilder(type: $0.type) }
  private let loadedAt: Int64
  private var envelope = JSONObjectScanner()
  private var properties = JSONObjectScanner()
  /// Where the last event's members stand, by the key's number.
  private var envelopePlaces: [Int] = []
  private var propertyPlaces: [Int] = []

  init(loadedAt: StoryTime) {
    self.loadedAt = loadedAt.milliseconds * 1_000
  }

  /// The envelope's members that become columns or decide about them.
  private enum EnvelopeKey: Int {
    case eventID, eventName, schemaVersion, appID, eventTime, sentAt, receivedAt, userID, deviceID
    case installID, sessionID, seq, platform, osVersion, deviceModel, appVersion, locale, timezone
    case network, properties

    /// In the order of the cases.
    static let keys = JSONKeySet([
      "event_id", "event_name", "schema_version", "app_id", "event_time", "sent_at", "received_at",
      "user_id", "device_id", "install_id", "session_id", "seq", "platform", "os_version",
      "device_model", "app_version", "locale", "timezone", "network", "properties",
    ])
  }

  /// The properties that have a column of their own.
  private enum PropertyKey: Int {
    case orderID, productID, price, quantity, amount, currency, paymentMethod

    /// In the order of the cases.
    static let keys = JSONKeySet([
      "order_id", "product_id", "price", "quantity", "amount", "currency", "payment_method",
    ])
  }

  /// What the first look at a line finds; `day` is the Korean day of the corrected event time.
  struct Identity {
    var id: EventKey
    var day: Int
    fileprivate var eventTime: Int64
    fileprivate var deviceTime: Int64
    fileprivate var sentAt: Int64?
    fileprivate var receivedAt: Int64?
  }

  /// Reads the identity of the event in `range`; nil where it is not an event any more.
  mutating func identify(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Identity? {
    guard (try? envelope.scan(bytes, in: range)) != nil else { return nil }
    envelope.find(EnvelopeKey.keys, in: bytes, places: &envelopePlaces)
    guard let idMember = member(.eventID, .string), !idMember.value.isEmpty,
      member(.eventName, .string) != nil, let deviceTime = time(.eventTime, bytes)
    else { return nil }
    let sentAt = time(.sentAt, bytes)
    let receivedAt = time(.receivedAt, bytes)
    let corrected = ClockCorrection.corrected(
      eventTime: deviceTime,
      sentAt: sentAt,
      receivedAt: receivedAt
    )
    let day = StoryTime(milliseconds: corrected).date(offsetSeconds: TimeZones.seoul)
    return Identity(
      id: idMember.hasEscapes
        ? EventKey(JSONObjectScanner.string(bytes, idMember))
        : EventKey(UnsafeRawBufferPointer(rebasing: bytes[idMember.value])),
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
    appendText(member(.eventID), bytes, to: 0)
    appendText(member(.eventName), bytes, to: 1)
    appendInteger(member(.schemaVersion), bytes, to: 2)
    appendText(member(.appID), bytes, to: 3)
    columns[4].append(identity.eventTime &* 1_000)
    columns[5].append(identity.deviceTime &* 1_000)
    columns[6].append(identity.sentAt.map { $0 &* 1_000 })
    columns[7].append(identity.receivedAt.map { $0 &* 1_000 })
    appendText(member(.userID), bytes, to: 8)
    appendText(member(.deviceID), bytes, to: 9)
    appendText(member(.installID), bytes, to: 10)
    appendText(member(.sessionID), bytes, to: 11)
    appendInteger(member(.seq), bytes, to: 12)
    appendText(member(.platform), bytes, to: 13)
    appendText(member(.osVersion), bytes, to: 14)
    appendText(member(.deviceModel), bytes, to: 15)
    appendText(member(.appVersion), bytes, to: 16)
    appendText(member(.locale), bytes, to: 17)
    appendText(member(.timezone), bytes, to: 18)
    appendText(member(.network), bytes, to: 19)
    appendProperties(bytes)
    columns[28].append(Int64(partition))
    columns[29].append(offset)
    columns[30].append(loadedAt)
    columns[31].append(Int64(identity.day))
    rowCount += 1
  }

  private mutating func appendProperties(_ bytes: UnsafeRawBufferPointer) {
    guard let object = member(.properties, .object),
      (try? properties.scan(bytes, in: object.value)) != nil
    else {
      for column in 20...27 { columns[column].appendNull() }
      return
    }
    properties.find(PropertyKey.keys, in: bytes, places: &propertyPlaces)
    appendText(property(.orderID), bytes, to: 20)
    appendText(property(.productID), bytes, to: 21)
    appendInteger(property(.price), bytes, to: 22)
    appendInteger(property(.quantity), bytes, to: 23)
    appendInteger(property(.amount), bytes, to: 24)
    appendText(property(.currency), bytes, to: 25)
    appendText(property(.paymentMethod), bytes, to: 26)
    columns[27].append(bytes: UnsafeRawBufferPointer(rebasing: bytes[object.value]))
  }

  /// The rows so far as a batch; begins again empty.
  mutating func finish() -> ColumnarBatch {
    rowCount = 0
    return ColumnarBatch(schema: SilverEvents.schema, columns: columns.map { $0.finish() })
  }

  private func member(_ key: EnvelopeKey) -> JSONObjectScanner.Member? {
    let place = envelopePlaces[key.rawValue]
    return place < 0 ? nil : envelope.members[place]
  }

  private func member(
    _ key: EnvelopeKey,
    _ kind: JSONObjectScanner.Kind
  ) -> JSONObjectScanner.Member? {
    guard let member = member(key), member.kind == kind else { return nil }
    return member
  }

  private func property(_ key: PropertyKey) -> JSONObjectScanner.Member? {
    let place = propertyPlaces[key.rawValue]
    return place < 0 ? nil : properties.members[place]
  }

  private func appendText(
    _ member: JSONObjectScanner.Member?,
    _ bytes: UnsafeRawBufferPointer,
    to column: Int
  ) {
    guard let member, member.kind == .string else { return columns[column].appendNull() }
    if member.hasEscapes {
      columns[column].append(JSONObjectScanner.string(bytes, member))
    } else {
      columns[column].append(bytes: UnsafeRawBufferPointer(rebasing: bytes[member.value]))
    }
  }

  private func appendInteger(
    _ member: JSONObjectScanner.Member?,
    _ bytes: UnsafeRawBufferPointer,
    to column: Int
  ) {
    guard let member, let value = JSONObjectScanner.integer(bytes, member),
      columns[column].type != .integer || Int32(exactly: value) != nil
    else { return columns[column].appendNull() }
    columns[column].append(value)
  }

  private func time(_ key: EnvelopeKey, _ bytes: UnsafeRawBufferPointer) -> Int64? {
    guard let member = member(key, .string) else { return nil }
    return EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: bytes[member.value]))
  }
}
