// Parts of URLs, and the encoding of texts inside them.

/// A URL taken apart by RFC 3986; nil parts are not there.
public struct URLParts: Sendable, Hashable {
  public var scheme: String?
  public var host: String?
  public var port: Int64?
  public var path: String
  public var query: String?
  public var fragment: String?

  /// nil for what is no URL.
  public init?(_ text: String) {
    guard !text.contains(where: { $0 == " " || $0 == "<" || $0 == ">" }) else { return nil }
    var rest = text[...]
    if let mark = rest.firstIndex(of: "#") {
      fragment = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    if let mark = rest.firstIndex(of: "?") {
      query = String(rest[rest.index(after: mark)...])
      rest = rest[..<mark]
    }
    if let colon = rest.firstIndex(of: ":"),
      let first = rest.first, first.isLetter,
      rest[..<colon].allSatisfy({ $0.isLetter || $0.isNumber || "+-.".contains($0) })
    {
      scheme = String(rest[..<colon])
      rest = rest[rest.index(after: colon)...]
    }
    if rest.hasPrefix("//") {
      rest = rest.dropFirst(2)
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      var authority = rest[..<end]
      rest = rest[end...]
      if let at = authority.lastIndex(of: "@") {
        authority = authority[authority.index(after: at)...]
      }
      if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
        port = Int64(authority[authority.index(after: colon)...])
        authority = authority[..<colon]
      }
      host = String(authority)
    }
    path = String(rest)
  }

  /// The value of a parameter of the query; nil where there is none.
  public func parameter(_ name: String) -> String? {
    for pair in (query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts[0] == name else { continue }
      return decodedURL(parts.count > 1 ? String(parts[1]) : "")
    }
    return nil
  }
}

/// Form encoding: a space is `+`, everything but letters, digits and `.-*_` is `%XX`.
public func encodedURL(_ text: String) -> String {
  var result: [UInt8] = []
  for byte in text.utf8 {
    let isPlain =
      (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || [0x2E, 0x2D, 0x2A, 0x5F].contains(byte)
    if isPlain {
      result.append(byte)
    } else if byte == 0x20 {
      result.append(0x2B)
    } else {
      result.append(0x25)
      result += hexadecimal([byte])
    }
  }
  return String(decoding: result, as: UTF8.self)
}

/// The text of form encoding; nil where a `%` has no two digits.
public func decodedURL(_ text: String) -> String? {
  var result: [UInt8] = []
  let bytes = Array(text.utf8)
  var index = 0
  while index < bytes.count {
    if bytes[index] == 0x25 {
      guard index + 2 < bytes.count,
        let value = fromHexadecimal(Array(bytes[index + 1...index + 2]))
      else { return nil }
      result += value
      index += 3
    } else {
      result.append(bytes[index] == 0x2B ? 0x20 : bytes[index])
      index += 1
    }
  }
  return String(decoding: result, as: UTF8.self)
}
