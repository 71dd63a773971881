// One event of our envelope, from bytes to a record: checked once, byte for byte, and otherwise kept
// as the client wrote it.
//
// 1. The scanner validates the JSON and lists the members.
// 2. Each known key is checked for its type; required ones for being there and well formed.
// 3. The collector's own fields are put before the closing brace. What the client sent under those
//    names is cut out first: `received_at` is the server's word, not the phone's.

internal import EventModel
internal import KafkaProtocol

/// What every record of one request gets from the collector.
struct CollectorStamp {
  /// `"app_id":"moashop"`, without braces and commas.
  var appID: [UInt8]
  /// `"received_at":"…"`.
  var receivedAt: [UInt8]
  /// The batch's `sent_at` with its quotes; nil where the request has none.
  var sentAt: [UInt8]? { didSet { tail = madeTail() } }
  /// What ends every record of the request: a comma, the fields, the closing brace.
  private(set) var tail: [UInt8] = []

  /// What a dead letter keeps of it, so that a replay has the times of the first arrival.
  var headers: [RecordHeader] {
    var headers = [RecordHeader("app_id", app), RecordHeader("received_at", arrival)]
    if let sentAt {
      headers.append(RecordHeader("sent_at", String(decoding: sentAt, as: UTF8.self)))
    }
    return headers
  }

  private let app: String
  private let arrival: String

  init(appID: String, receivedAt: String) {
    app = appID
    arrival = receivedAt
    self.appID = Array("\"app_id\":".utf8)
    JSONText.append(appID, to: &self.appID)
    self.receivedAt = Array("\"received_at\":\"\(receivedAt)\"".utf8)
    tail = madeTail()
  }

  private func madeTail() -> [UInt8] {
    var tail: [UInt8] = [UInt8(ascii: ",")]
    tail.append(contentsOf: appID)
    if let sentAt {
      JSONText.append(literal: ",\"sent_at\":", to: &tail)
      tail.append(contentsOf: sentAt)
    }
    tail.append(UInt8(ascii: ","))
    tail.append(contentsOf: receivedAt)
    tail.append(UInt8(ascii: "}"))
    return tail
  }
}

/// An event that may be appended, its bytes by themselves.
struct ReadyEvent {
  var eventID: String
  /// Nil for a record without a key.
  var key: [UInt8]?
  var value: [UInt8]
}

/// An event that may be appended, where it stands in its body: nothing of it is copied yet.
struct EventInPlace {
  /// Where a record's key is.
  enum Key {
    /// The record has none.
    case none
    case at(Range<Int>)
    /// One that does not stand in the body as it is.
    case made([UInt8])
  }

  var eventID: Range<Int>
  var key: Key
  /// From its brace to behind its last member; nil where members must be cut out.
  var untouched: Range<Int>?
}

/// Checks events of one request; keeps its scanner's memory between them.
struct EnvelopeCheck {
  private var scanner = JSONObjectScanner()
  /// Position of each known field's member plus one; 0 where it is absent.
  private var positions = [Int](repeating: 0, count: EnvelopeField.allCases.count)
  private let bytesMax: Int
  private let keyRule: KeyRule

  /// Characters of an id of a user or a device.
  static let identifierBytesMax = 256
  static let nameBytesMax = 64

  init(bytesMax: Int, keyRule: KeyRule) {
    self.bytesMax = bytesMax
    self.keyRule = keyRule
  }

  /// The record of the event in `range`, or why it is refused.
  mutating func check(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>,
    stamp: CollectorStamp
  ) throws(Refusal) -> ReadyEvent {
    guard range.count <= bytesMax else { throw Self.tooLarge(bytesMax) }
    try Self.scan(&scanner, bytes, in: range)
    let event = try checkScanned(bytes, in: range, replacesSentAt: stamp.sentAt != nil)
    return ReadyEvent(
      eventID: String(decoding: bytes[event.eventID], as: UTF8.self),
      key: key(of: event, bytes),
      value: value(of: event, bytes, stamp: stamp))
  }

  /// The event in `range`, or why it is refused.
  mutating func scanAndCheck(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>,
    replacesSentAt: Bool
  ) throws(Refusal) -> EventInPlace {
    guard range.count <= bytesMax else { throw Self.tooLarge(bytesMax) }
    try Self.scan(&scanner, bytes, in: range)
    return try checkScanned(bytes, in: range, replacesSentAt: replacesSentAt)
  }

  /// Reads the event that begins at the lower bound, its properties as well, and answers where it ends.
  ///
  /// `checkScanned` is next. Throws where it is no JSON object.
  mutating func scanEvent(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws(JSONSyntaxError) -> Int {
    try scanner.scanObject(bytes, in: range, opening: "properties")
  }

  /// The event that was scanned last, or why it is refused.
  mutating func checkScanned(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>,
    replacesSentAt: Bool
  ) throws(Refusal) -> EventInPlace {
    guard range.count <= bytesMax else { throw Self.tooLarge(bytesMax) }
    let removesMembers = try placeMembers(bytes, replacesSentAt: replacesSentAt)
    try checkPresence()
    let eventID = try identifier(bytes)
    try checkName(bytes)
    try checkTimes(bytes)
    let key = try recordKey(bytes)
    return EventInPlace(
      eventID: eventID, key: key, untouched: removesMembers ? nil : untouched(bytes, in: range))
  }

  /// Where the event that was checked last has its name, without quotes; nil without one.
  var nameRange: Range<Int>? { member(.eventName)?.value }

  /// Where the event that was checked last has its properties, braces included; nil without any.
  var propertiesRange: Range<Int>? {
    guard let member = member(.properties), member.kind == .object else { return nil }
    return member.value
  }

  /// The members of these properties where they were read with the event; nil where they were not.
  var propertiesMembers: [JSONObjectScanner.Member]? {
    guard let index = scanner.innerIndex, positions[EnvelopeField.properties.rawValue] == index + 1
    else { return nil }
    return scanner.inner
  }

  static func tooLarge(_ bytesMax: Int) -> Refusal {
    Refusal(.eventTooLarge, "the event is larger than \(bytesMax) bytes")
  }

  /// Scans an object; syntax errors become refusals whose position counts from the event's start.
  static func scan(
    _ scanner: inout JSONObjectScanner,
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws(Refusal) {
    do {
      try scanner.scan(bytes, in: range)
    } catch {
      let event = UnsafeRawBufferPointer(rebasing: bytes[range])
      if String(validating: event, as: UTF8.self) == nil {
        throw Refusal(.notUTF8, "the event is not valid UTF-8")
      }
      let first = event.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }
      if first != 0x7B {
        throw Refusal(.notAnObject, "an event is a JSON object, and this is something else")
      }
      guard let syntax = error as? JSONSyntaxError else {
        throw Refusal(.brokenJSON, "the event is not valid JSON")
      }
      let position = max(0, syntax.byteOffset - range.lowerBound)
      throw Refusal(
        .brokenJSON,
        "the event is not valid JSON: \(syntax.reason) at byte \(position)"
      )
    }
  }

  /// Finds the known fields and checks their types; true where members must be cut out.
  private mutating func placeMembers(
    _ bytes: UnsafeRawBufferPointer,
    replacesSentAt: Bool
  ) throws(Refusal) -> Bool {
    for index in positions.indices { positions[index] = 0 }
    var removesMembers = false
    for index in scanner.members.indices {
      let member = scanner.members[index]
      guard let field = field(of: member, bytes) else { continue }
      if field == .receivedAt || field == .appID || (field == .sentAt && replacesSentAt) {
        removesMembers = true
        continue
      }
      if positions[field.rawValue] != 0 {
        throw Refusal(
          .duplicateField,
          field: field.key,
          "\(field.key) stands more than once in the event"
        )
      }
      if member.kind == .null { continue }
      guard field.allows(member.kind) else {
        throw Refusal(.wrongType, field: field.key, "\(field.key) must be \(field.expected)")
      }
      positions[field.rawValue] = index + 1
    }
    return removesMembers
  }

  private func field(
    of member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> EnvelopeField? {
    if !member.keyHasEscapes {
      return EnvelopeField.named(UnsafeRawBufferPointer(rebasing: bytes[member.key]))
    }
    var keyAsValue = member
    keyAsValue.value = member.key
    keyAsValue.kind = .string
    keyAsValue.hasEscapes = true
    return Array(JSONObjectScanner.string(bytes, keyAsValue).utf8).withUnsafeBytes {
      EnvelopeField.named($0)
    }
  }

  private func member(_ field: EnvelopeField) -> JSONObjectScanner.Member? {
    let position = positions[field.rawValue]
    return position == 0 ? nil : scanner.members[position - 1]
  }

  /// Refuses an event that lacks required fields; names all of them.
  private func checkPresence() throws(Refusal) {
    var missing: [(code: RefusalCode, field: String)] = []
    if isMissing(.eventID) { missing.append((.missingEventID, "event_id")) }
    if isMissing(.eventName) { missing.append((.missingEventName, "event_name")) }
    if isMissing(.eventTime) { missing.append((.missingEventTime, "event_time")) }
    if isMissing(.deviceID), isMissing(.userID) { missing.append((.missingDeviceID, "device_id")) }
    guard let first = missing.first else { return }
    let names = missing.map { $0.field == "device_id" ? "device_id (or user_id)" : $0.field }
    throw Refusal(
      first.code,
      field: first.field,
      "the event has no \(names.joined(separator: ", no "))"
    )
  }

  private func isMissing(_ field: EnvelopeField) -> Bool {
    member(field)?.value.isEmpty ?? true
  }

  private func identifier(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Range<Int> {
    guard let member = member(.eventID) else { return 0..<0 }
    let isWellFormed =
      member.value.count <= Self.nameBytesMax
      && member.value.allSatisfy { isIdentifierByte(bytes[$0]) }
    guard isWellFormed else {
      throw Refusal(
        .badEventID,
        field: "event_id",
        "event_id must be a UUID or another id of at most 64 letters, digits, - and _"
      )
    }
    return member.value
  }

  private func checkName(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    guard let member = member(.eventName) else { return }
    guard isEventName(UnsafeRawBufferPointer(rebasing: bytes[member.value])) else {
      throw Refusal(
        .badEventName,
        field: "event_name",
        "event_name must be snake_case (a-z, 0-9, _) of at most 64 characters"
      )
    }
  }

  private func checkTimes(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    if let member = member(.eventTime), !isTime(bytes, member) {
      throw Refusal(
        .badEventTime,
        field: "event_time",
        "event_time must be ISO-8601 with a zone, such as 2024-01-16T00:10:00.000Z"
      )
    }
    if let member = member(.sentAt), !isTime(bytes, member) {
      throw Self.badSentAt
    }
  }

  static let badSentAt = Refusal(
    .badSentAt,
    field: "sent_at",
    "sent_at must be ISO-8601 with a zone, such as 2024-01-16T00:10:00.000Z"
  )

  private func isTime(
    _ bytes: UnsafeRawBufferPointer,
    _ member: JSONObjectScanner.Member
  ) -> Bool {
    EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: bytes[member.value])) != nil
  }

  /// The first of the key's fields that the event has: what keeps, say, one device's events in order.
  private func recordKey(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> EventInPlace.Key {
    try checkLength(.deviceID)
    try checkLength(.userID)
    guard let field = keyRule.fields.first(where: { !isMissing($0) }), let member = member(field)
    else { return keyRule.keyOfNone.map { .made($0) } ?? .none }
    if member.hasEscapes { return .made(Array(JSONObjectScanner.string(bytes, member).utf8)) }
    return .at(member.value)
  }

  private func checkLength(_ field: EnvelopeField) throws(Refusal) {
    guard let member = member(field), member.value.count > Self.identifierBytesMax else { return }
    throw Refusal(
      .valueTooLong,
      field: field.key,
      "\(field.key) is longer than \(Self.identifierBytesMax) bytes"
    )
  }

  // MARK: - The record's bytes

  /// The client's bytes from the opening brace to behind the last member.
  private func untouched(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) -> Range<Int> {
    var start = range.lowerBound
    while start < range.upperBound, isSpace(bytes[start]) { start += 1 }
    return start..<(scanner.members.last.map(endOfToken) ?? start)
  }

  private func key(of event: EventInPlace, _ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    switch event.key {
    case .none: nil
    case .at(let range): Array(bytes[range])
    case .made(let key): key
    }
  }

  /// The value of the record of the event that was checked last: the client's members, then the
  /// collector's.
  func value(
    of event: EventInPlace, _ bytes: UnsafeRawBufferPointer, stamp: CollectorStamp
  ) -> [UInt8] {
    guard let untouched = event.untouched else { return rebuilt(bytes, stamp: stamp) }
    return Array(bytes[untouched]) + stamp.tail
  }

  /// The members that stay, each as the client wrote it, then the collector's fields.
  private func rebuilt(_ bytes: UnsafeRawBufferPointer, stamp: CollectorStamp) -> [UInt8] {
    var value: [UInt8] = [UInt8(ascii: "{")]
    for member in scanner.members {
      let field = field(of: member, bytes)
      if field == .receivedAt || field == .appID { continue }
      if field == .sentAt, stamp.sentAt != nil { continue }
      if value.count > 1 { value.append(UInt8(ascii: ",")) }
      let start = member.key.lowerBound - 1
      value.append(
        contentsOf: UnsafeRawBufferPointer(rebasing: bytes[start..<endOfToken(member)])
      )
    }
    value.append(contentsOf: stamp.tail)
    return value
  }

  private func endOfToken(_ member: JSONObjectScanner.Member) -> Int {
    member.kind == .string ? member.value.upperBound + 1 : member.value.upperBound
  }
}

@inline(__always)
func isSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

@inline(__always)
func isIdentifierByte(_ byte: UInt8) -> Bool {
  isDigit(byte) || (byte | 0x20) &- 0x61 < 26 || byte == 0x2D || byte == 0x5F
}

/// True for snake_case of at most 64 bytes: words of a-z and 0-9 joined by single underscores.
func isEventName(_ name: UnsafeRawBufferPointer) -> Bool {
  guard let first = name.first, first &- 0x61 < 26, name.count <= EnvelopeCheck.nameBytesMax,
    name.last != 0x5F
  else { return false }
  var previous: UInt8 = 0
  for byte in name {
    guard byte &- 0x61 < 26 || isDigit(byte) || (byte == 0x5F && previous != 0x5F) else {
      return false
    }
    previous = byte
  }
  return true
}
