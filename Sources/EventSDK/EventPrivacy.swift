package import EventModel

/// What must not leave the phone: events without consent, and values that say who somebody is.
///
/// It acts before an event is recorded, so that nothing private is ever on the disk or on the wire.
package struct EventPrivacy {
  package let configuration: Configuration
  /// Categories that the person has agreed to.
  package var granted: Set<String>

  package init(_ configuration: Configuration, granted: Set<String>) {
    self.configuration = configuration
    self.granted = granted
  }

  /// True where an event may be recorded: it has no category, or one that was agreed to.
  package func allows(_ name: String) -> Bool {
    guard let category = configuration.consentCategories[name] else { return true }
    return granted.contains(category)
  }

  /// The properties as they may leave.
  package func masked(_ properties: [JSONMember]) -> [JSONMember] {
    guard !configuration.maskedProperties.isEmpty || configuration.masksPersonalData else {
      return properties
    }
    return properties.map { member in
      if configuration.maskedProperties.contains(member.key) {
        return JSONMember(member.key, .string(Self.mask))
      }
      guard configuration.masksPersonalData, case .string(let text) = member.value,
        Self.isPersonal(text)
      else { return member }
      return JSONMember(member.key, .string(Self.mask))
    }
  }

  static let mask = "[masked]"

  /// True for a text with an e-mail address, or with nine or more digits that belong together as a
  /// telephone number's do: separated by at most one blank, point or hyphen.
  static func isPersonal(_ text: String) -> Bool {
    var digits = 0
    var separators = 0
    var before = 0
    var domain: Int?
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39:
        digits += 1
        separators = 0
        if digits >= 9 { return true }
      case 0x20, 0x2D, 0x2E:
        separators += 1
        if separators > 1 { digits = 0 }
      default: digits = 0
      }
      let isWord = byte >= 0x80 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A
        || (0x30...0x39).contains(byte) || [0x2E, 0x2D, 0x5F, 0x2B].contains(byte)
      if byte == 0x40, before > 0 {
        domain = 0
      } else if let length = domain {
        if byte == 0x2E, length > 0 { return true }
        domain = isWord ? length + 1 : nil
      }
      before = isWord ? before + 1 : 0
    }
    return false
  }

  /// The `event_name` of an event's JSON as the SDK writes it; nil for anything else.
  package static func name(of json: [UInt8]) -> String? {
    guard let value = try? json.withUnsafeBytes({ try JSONValue(parsing: $0) }),
      case .string(let name)? = value["event_name"]
    else { return nil }
    return name
  }
}
