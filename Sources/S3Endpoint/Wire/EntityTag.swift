/// An entity tag of a condition.
package struct EntityTag: Sendable, Hashable {
  /// Without quotes.
  package var value: String
  /// It was sent as `W/"…"`.
  package var isWeak: Bool

  package init(_ value: String, isWeak: Bool = false) {
    self.value = value
    self.isWeak = isWeak
  }

  /// The tag without the quotes around it; S3's clients send it with them and without.
  package static func unquoted(_ text: String) -> String {
    guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
    return String(text.dropFirst().dropLast())
  }
}

/// The value of `If-Match` or `If-None-Match`.
package enum EntityTagList: Sendable, Hashable {
  /// `*`: whatever the object is, as long as there is one.
  case any
  case tags([EntityTag])

  /// Tags between commas, in quotes or not; nil where there is none.
  package init?(_ header: String?) {
    var rest = (header ?? "")[...]
    var tags: [EntityTag] = []
    while true {
      rest = rest.drop { $0 == " " || $0 == "\t" || $0 == "," }
      guard let first = rest.first else { break }
      let isWeak = rest.hasPrefix("W/\"")
      if isWeak { rest = rest.dropFirst(2) }
      if isWeak || first == "\"" {
        let value = rest.dropFirst().prefix { $0 != "\"" }
        rest = rest.dropFirst(value.count + 2)
        tags.append(EntityTag(String(value), isWeak: isWeak))
        continue
      }
      let item = rest.prefix { $0 != "," }
      rest = rest.dropFirst(item.count)
      let value = item.trimmingSpaces()
      guard value != "*" else {
        self = .any
        return
      }
      tags.append(EntityTag(String(value)))
    }
    guard !tags.isEmpty else { return nil }
    self = .tags(tags)
  }

  /// Whether one of them is the tag of an object, byte by byte the same: weak tags never are.
  package func matchesStrongly(_ entityTag: String) -> Bool {
    switch self {
    case .any: true
    case .tags(let tags):
      tags.contains { !$0.isWeak && $0.value == EntityTag.unquoted(entityTag) }
    }
  }

  /// Whether one of them is the tag of an object, weak or not.
  package func matchesWeakly(_ entityTag: String) -> Bool {
    switch self {
    case .any: true
    case .tags(let tags): tags.contains { $0.value == EntityTag.unquoted(entityTag) }
    }
  }
}

extension Substring {
  /// Without spaces and tabs at both ends.
  func trimmingSpaces() -> Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
  }
}
