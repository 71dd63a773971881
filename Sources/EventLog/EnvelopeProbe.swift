// Pulls two well-known fields out of a record's JSON, for people who look into the log.
//
// It is not a JSON parser: it walks one object's top level, skips what it does not want, and gives up
// at the first surprise. The ingest reads records with the event model's scanner.

/// Where `event_id` and `event_name` stand in a JSON object.
struct EnvelopeProbe {
  private(set) var eventID: Range<Int>?
  private(set) var eventName: Range<Int>?

  /// Scans until both are found; cost is linear in the bytes before the second one.
  init(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    EnvelopeProbe.skipSpace(bytes, &position)
    guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else { return }
    position += 1
    while eventID == nil || eventName == nil {
      EnvelopeProbe.skipSpace(bytes, &position)
      guard let key = EnvelopeProbe.string(bytes, &position) else { return }
      EnvelopeProbe.skipSpace(bytes, &position)
      guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else { return }
      position += 1
      EnvelopeProbe.skipSpace(bytes, &position)
      guard position < bytes.count else { return }
      if bytes[position] == UInt8(ascii: "\"") {
        guard let value = EnvelopeProbe.string(bytes, &position) else { return }
        if eventID == nil, EnvelopeProbe.matches(bytes, key, "event_id") { eventID = value }
        if eventName == nil, EnvelopeProbe.matches(bytes, key, "event_name") { eventName = value }
      } else {
        guard EnvelopeProbe.skipValue(bytes, &position) else { return }
      }
      EnvelopeProbe.skipSpace(bytes, &position)
      guard position < bytes.count, bytes[position] == UInt8(ascii: ",") else { return }
      position += 1
    }
  }

  private static func matches(
    _ bytes: UnsafeRawBufferPointer,
    _ range: Range<Int>,
    _ name: StaticString
  ) -> Bool {
    guard range.count == name.utf8CodeUnitCount else { return false }
    for index in 0..<range.count where bytes[range.lowerBound + index] != name.utf8Start[index] {
      return false
    }
    return true
  }

  private static func skipSpace(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// The bytes between the quotes; nil where no whole string stands here.
  private static func string(
    _ bytes: UnsafeRawBufferPointer,
    _ position: inout Int
  ) -> Range<Int>? {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
    let start = position + 1
    var index = start
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        position = index + 1
        return start..<index
      case UInt8(ascii: "\\"): index += 2
      default: index += 1
      }
    }
    return nil
  }

  /// Moves past a value that is not a string: to the comma or brace that ends it.
  private static func skipValue(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Bool {
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\""):
        guard string(bytes, &position) != nil else { return false }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        if depth == 0 { return true }
        depth -= 1
      case UInt8(ascii: ",") where depth == 0: return true
      default: break
      }
      position += 1
    }
    return false
  }
}
