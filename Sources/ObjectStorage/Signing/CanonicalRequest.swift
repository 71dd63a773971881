internal import Crypto

/// What of a request is signed, as one text that both sides arrive at.
struct CanonicalRequest {
  let text: String

  /// Builds the text from path and query as they are sent.
  ///
  /// `signedHeaders` are lower-case names; one without a header has an empty value. `leavingOut` is
  /// the parameter of the query that holds the signature itself.
  init(
    method: String,
    rawPath: String,
    rawQuery: String,
    headers: HeaderTable,
    signedHeaders: [String],
    payloadHash: String,
    leavingOut: String? = nil
  ) {
    var text = method + "\n" + PercentEncoding.canonicalPath(rawPath) + "\n"
    text += PercentEncoding.canonicalQuery(rawQuery, leavingOut: leavingOut) + "\n"
    for name in signedHeaders {
      text += name + ":" + (headers[name] ?? "") + "\n"
    }
    text += "\n" + signedHeaders.joined(separator: ";") + "\n" + payloadHash
    self.text = text
  }

  /// What the signing key is applied to.
  func stringToSign(timestamp: String, scope: String) -> String {
    let hash = SHA256.hash(data: Array(text.utf8))
    return "AWS4-HMAC-SHA256\n\(timestamp)\n\(scope)\n\(Hexadecimal.text(hash))"
  }
}

/// The headers of a request by lower-case name, values joined and folded as they are signed.
struct HeaderTable {
  private var values: [String: String] = [:]
  private(set) var counts: [String: Int] = [:]

  init(_ headers: [(name: String, value: String)]) {
    for header in headers {
      let name = header.name.lowercased()
      let value = Self.folded(header.value)
      if let former = values[name] {
        values[name] = former + "," + value
      } else {
        values[name] = value
      }
      counts[name, default: 0] += 1
    }
  }

  subscript(name: String) -> String? { values[name] }

  var names: some Collection<String> { values.keys }

  /// Blanks at both ends away, several within made one space.
  static func folded(_ value: String) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(value.utf8.count)
    var owesSpace = false
    for byte in value.utf8 {
      if byte == 0x20 || (0x09...0x0D).contains(byte) {
        owesSpace = !result.isEmpty
      } else {
        if owesSpace { result.append(0x20) }
        owesSpace = false
        result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
