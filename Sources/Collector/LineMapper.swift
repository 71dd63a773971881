// Applies a mapping to lines. Lines of one source have the same keys in the same order nearly always,
// so what to do with the member at each position is worked out once and checked by its bytes.

internal import EventModel

/// Turns lines of one source into events; one per request, used by one thread.
struct LineMapper {
  private let mapping: SourceMapping
  private let pseudonymizer: Pseudonymizer
  private let mask: AddressMask
  private let stamp: CollectorStamp
  private let bytesMax: Int
  private var scanner = JSONObjectScanner()
  /// What to do with the member at each position.
  private var layout: [Step] = []

  /// What a member is for.
  private struct Step {
    /// The key as it stands in the line, escapes as written.
    var sourceKey: [UInt8]
    var name: String
    /// `"snake_key":`, masked and quoted; nil where it is no property.
    var propertyKey: [UInt8]?
    var pseudonymized: SourceMapping.Pseudonymized?
  }

  init(
    mapping: SourceMapping,
    pseudonymizer: Pseudonymizer,
    stamp: CollectorStamp,
    bytesMax: Int
  ) {
    self.mapping = mapping
    self.pseudonymizer = pseudonymizer
    self.mask = pseudonymizer.mask
    self.stamp = stamp
    self.bytesMax = bytesMax
  }

  /// The event that the line in `range` stands for.
  mutating func map(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws(Refusal) -> ReadyEvent {
    guard range.count <= bytesMax else { throw EnvelopeCheck.tooLarge(bytesMax) }
    try EnvelopeCheck.scan(&scanner, bytes, in: range)
    try matchLayout(bytes)
    let eventID = try eventID(bytes, in: range)
    let name = try eventName(bytes)
    let time = try eventTime(bytes)
    let userID = try identifier(mapping.userIDField, as: "user_id", bytes)
    let deviceID = try identifier(mapping.deviceIDField, as: "device_id", bytes)
    guard let key = deviceID ?? userID else {
      throw Refusal(
        .missingDeviceID,
        field: mapping.userIDField ?? mapping.deviceIDField,
        "the line has no value for user_id or device_id"
      )
    }
    var value: [UInt8] = []
    value.reserveCapacity(range.count + 256)
    JSONText.append(literal: "{\"event_id\":", to: &value)
    JSONText.append(eventID, to: &value)
    JSONText.append(literal: ",\"event_name\":", to: &value)
    JSONText.append(name, to: &value)
    JSONText.append(literal: ",\"schema_version\":", to: &value)
    JSONText.append(Int64(mapping.schemaVersion), to: &value)
    JSONText.append(literal: ",\"event_time\":\"", to: &value)
    EventTimestamp.append(time, to: &value)
    JSONText.append(literal: "\"", to: &value)
    if let userID {
      JSONText.append(literal: ",\"user_id\":", to: &value)
      JSONText.append(userID, to: &value)
    }
    if let deviceID {
      JSONText.append(literal: ",\"device_id\":", to: &value)
      JSONText.append(deviceID, to: &value)
    }
    appendProperties(bytes, to: &value)
    value.append(UInt8(ascii: ","))
    value.append(contentsOf: stamp.appID)
    value.append(UInt8(ascii: ","))
    value.append(contentsOf: stamp.receivedAt)
    value.append(UInt8(ascii: "}"))
    return ReadyEvent(eventID: eventID, key: Array(key.utf8), value: value)
  }

  /// The keys to replace in the dead letter of a line that was refused.
  ///
  /// All that the mapping may replace, conditions aside: whether they hold cannot be known of a
  /// line that is broken.
  var deadLetterKeys: [[UInt8]] { mapping.pseudonymize.map { Array($0.field.utf8) } }

  // MARK: - Layout

  private mutating func matchLayout(_ bytes: UnsafeRawBufferPointer) throws(Refusal) {
    let members = scanner.members
    if layout.count == members.count {
      var matches = true
      for index in members.indices where !isKey(layout[index].sourceKey, bytes, members[index]) {
        matches = false
        break
      }
      if matches { return }
    }
    layout.removeAll(keepingCapacity: true)
    var names: Set<String> = []
    var propertyKeys: Set<[UInt8]> = []
    for member in members {
      let step = step(for: member, bytes)
      let isNewProperty = step.propertyKey.map { propertyKeys.insert($0).inserted } ?? true
      guard names.insert(step.name).inserted, isNewProperty else {
        layout.removeAll()
        throw Refusal(.duplicateField, "two fields of the line have the same name")
      }
      layout.append(step)
    }
  }

  private func isKey(
    _ key: [UInt8],
    _ bytes: UnsafeRawBufferPointer,
    _ member: JSONObjectScanner.Member
  ) -> Bool {
    key.count == member.key.count
      && UnsafeRawBufferPointer(rebasing: bytes[member.key]).elementsEqual(key)
  }

  private func step(
    for member: JSONObjectScanner.Member,
    _ bytes: UnsafeRawBufferPointer
  ) -> Step {
    var keyAsValue = member
    keyAsValue.value = member.key
    keyAsValue.kind = .string
    keyAsValue.hasEscapes = member.keyHasEscapes
    let name = JSONObjectScanner.string(bytes, keyAsValue)
    var step = Step(
      sourceKey: Array(UnsafeRawBufferPointer(rebasing: bytes[member.key])),
      name: name,
      pseudonymized: mapping.pseudonymize.first { $0.field == name }
    )
    guard isProperty(name) else { return step }
    // The mask goes first: another case or another separator would hide an address from it.
    let masked = maskedText(name)
    let outputName = mapping.rename[name] ?? (mapping.usesSnakeCase ? snakeCased(masked) : masked)
    var key: [UInt8] = []
    JSONText.append(outputName, to: &key)
    key.append(UInt8(ascii: ":"))
    step.propertyKey = key
    return step
  }

  private func isProperty(_ name: String) -> Bool {
    if mapping.drop.contains(name) { return false }
    if let only = mapping.only, !only.contains(name) { return false }
    if name == mapping.eventTimeField || name == mapping.userIDField { return false }
    if name == mapping.deviceIDField || name == mapping.eventIDField { return false }
    if case .field(name) = mapping.eventName { return false }
    return true
  }

  private func position(of name: String) -> Int? {
    layout.firstIndex { $0.name == name }
  }

  // MARK: - The envelope

  private func eventID(
    _ bytes: UnsafeRawBufferPointer,
    in range: Range<Int>
  ) throws(Refusal) -> String {
    guard let field = mapping.eventIDField else {
      let line = UnsafeRawBufferPointer(rebasing: bytes[range])
      return String(
        decoding: deterministicEventID(source: mapping.source, line: line),
        as: UTF8.self
      )
    }
    guard let id = try text(of: field, bytes), !id.isEmpty else {
      throw Refusal(.missingEventID, field: field, "the line has no value for event_id")
    }
    let isWellFormed =
      id.utf8.count <= EnvelopeCheck.nameBytesMax && id.utf8.allSatisfy(isIdentifierByte)
    guard isWellFormed else {
      throw Refusal(
        .badEventID,
        field: field,
        "event_id must be a UUID or another id of at most 64 letters, digits, - and _"
      )
    }
    return id
  }

  private func eventName(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> String {
    switch mapping.eventName {
    case .constant(let name): return name
    case .field(let field):
      guard let text = try text(of: field, bytes), !text.isEmpty else {
        throw Refusal(.missingEventName, field: field, "the line has no value for event_name")
      }
      let name = mapping.usesSnakeCase ? snakeCased(text) : text
      guard Array(name.utf8).withUnsafeBytes({ isEventName($0) }) else {
        throw Refusal(
          .badEventName,
          field: field,
          "event_name must be snake_case (a-z, 0-9, _) of at most 64 characters"
        )
      }
      return name
    }
  }

  private func eventTime(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> Int64 {
    let field = mapping.eventTimeField
    guard let position = position(of: field), scanner.members[position].kind != .null else {
      throw Refusal(.missingEventTime, field: field, "the line has no value for event_time")
    }
    let member = scanner.members[position]
    guard member.kind == .string else {
      throw Refusal(.wrongType, field: field, "event_time must be a string")
    }
    guard let time = EventTimestamp.parse(UnsafeRawBufferPointer(rebasing: bytes[member.value]))
    else {
      throw Refusal(
        .badEventTime,
        field: field,
        "event_time must be ISO-8601 with a zone, such as 2024-01-16T00:10:00.000Z"
      )
    }
    return time
  }

  /// A user's or device's id: pseudonymised or masked; nil where the line has none.
  private func identifier(
    _ field: String?,
    as name: String,
    _ bytes: UnsafeRawBufferPointer
  ) throws(Refusal) -> String? {
    guard let field, let text = try text(of: field, bytes), !text.isEmpty else { return nil }
    guard text.utf8.count <= EnvelopeCheck.identifierBytesMax else {
      throw Refusal(
        .valueTooLong,
        field: field,
        "\(name) is longer than \(EnvelopeCheck.identifierBytesMax) bytes"
      )
    }
    if let position = position(of: field), isPseudonymized(layout[position], bytes) {
      return pseudonymizer.pseudonym(ofField: text)
    }
    return maskedText(text)
  }

  /// A string's text or a number's digits; nil for null and for a field that is not there.
  private func text(
    of field: String,
    _ bytes: UnsafeRawBufferPointer
  ) throws(Refusal) -> String? {
    guard let position = position(of: field) else { return nil }
    let member = scanner.members[position]
    switch member.kind {
    case .null: return nil
    case .string, .integer: return JSONObjectScanner.string(bytes, member)
    default: throw Refusal(.wrongType, field: field, "\(field) must be a string or an integer")
    }
  }

  private func isPseudonymized(_ step: Step, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let rule = step.pseudonymized else { return false }
    guard let condition = rule.when else { return true }
    guard let position = position(of: condition) else { return true }
    return JSONObjectScanner.bool(bytes, scanner.members[position]) ?? true
  }

  // MARK: - Properties

  private func appendProperties(_ bytes: UnsafeRawBufferPointer, to value: inout [UInt8]) {
    JSONText.append(literal: ",\"properties\":{", to: &value)
    var isFirst = true
    for (index, step) in layout.enumerated() {
      guard let key = step.propertyKey else { continue }
      if !isFirst { value.append(UInt8(ascii: ",")) }
      isFirst = false
      value.append(contentsOf: key)
      appendValue(scanner.members[index], step, bytes, to: &value)
    }
    value.append(UInt8(ascii: "}"))
  }

  private func appendValue(
    _ member: JSONObjectScanner.Member,
    _ step: Step,
    _ bytes: UnsafeRawBufferPointer,
    to value: inout [UInt8]
  ) {
    if step.pseudonymized != nil, member.kind != .null, isPseudonymized(step, bytes) {
      let text = JSONObjectScanner.string(bytes, member)
      return JSONText.append(pseudonymizer.pseudonym(ofField: text), to: &value)
    }
    let token =
      member.kind == .string
      ? (member.value.lowerBound - 1)..<(member.value.upperBound + 1) : member.value
    let raw = UnsafeRawBufferPointer(rebasing: bytes[token])
    switch member.kind {
    case .string:
      if mapping.masksAddresses, mayHideAddress(raw, hasEscapes: member.hasEscapes) {
        let text = JSONObjectScanner.string(bytes, member)
        if let masked = maskedIfNeeded(text) { return JSONText.append(masked, to: &value) }
      }
      value.append(contentsOf: raw)
    case .array, .object:
      if mapping.masksAddresses, mayHideAddress(raw, hasEscapes: raw.contains(0x5C)),
        let tree = try? JSONValue(parsing: raw)
      {
        return masked(tree).append(to: &value)
      }
      value.append(contentsOf: raw)
    default:
      value.append(contentsOf: raw)
    }
  }

  private func mayHideAddress(_ raw: UnsafeRawBufferPointer, hasEscapes: Bool) -> Bool {
    hasEscapes || AddressMask.mayHoldAddress(raw)
  }

  private func masked(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(maskedText(text))
    case .array(let elements): .array(elements.map(masked))
    case .object(let members):
      .object(members.map { JSONMember(maskedText($0.key), masked($0.value)) })
    default: value
    }
  }

  private func maskedText(_ text: String) -> String {
    mapping.masksAddresses ? maskedIfNeeded(text) ?? text : text
  }

  private func maskedIfNeeded(_ text: String) -> String? {
    var text = text
    let masked = text.withUTF8 { mask.masked(UnsafeRawBufferPointer($0)) }
    return masked.map { String(decoding: $0, as: UTF8.self) }
  }
}
