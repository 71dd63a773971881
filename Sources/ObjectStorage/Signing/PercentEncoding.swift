// The percent-encoding of paths and queries as S3 signs it.
//
// 1. Every byte but A-Z a-z 0-9 - . _ ~ is written as % and two upper-case digits; `/` stays in paths.
// 2. A path is decoded once and encoded once. `+` in it is a plus; `.` and `..` and `//` stay.
// 3. A query is decoded and encoded by name and value. botocore, the AWS SDKs for C++ and Java (which
//    s3a uses) and object_store write a plus as %2B and a space as %20, so a bare `+` comes from an
//    encoder of HTML forms, to which it is a space. So it is here, for the signature and the value.

/// Percent-encoding by S3's rules.
public enum PercentEncoding {
  /// One parameter of a query; `value` is empty for `uploads` as for `uploads=`.
  public struct QueryItem: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Encodes a text; with `keepingSlashes` as a path.
  public static func encode(_ text: String, keepingSlashes: Bool = false) -> String {
    var text = text
    return text.withUTF8 { encode($0, keepingSlashes: keepingSlashes) }
  }

  /// Encodes every byte but those that `isPlain` says of, for names that others than S3 read.
  public static func encode(_ text: String, keeping isPlain: (UInt8) -> Bool) -> String {
    guard !text.utf8.allSatisfy(isPlain) else { return text }
    var result: [UInt8] = []
    for byte in text.utf8 {
      if isPlain(byte) { result.append(byte) } else { append(byte, to: &result) }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// Decodes a path or a part of it; `+` stays, as does a `%` without two digits behind it.
  ///
  /// The key of a verified request is its raw path decoded by this, its parameters are
  /// `queryItems`: the signature covers what they return.
  public static func decode(_ text: some StringProtocol) -> String {
    String(decoding: decodedBytes(Array(text.utf8), plusIsSpace: false), as: UTF8.self)
  }

  /// The parameters of a query as it was sent, decoded, in their order; `+` is a space.
  public static func queryItems(_ rawQuery: String) -> [QueryItem] {
    queryParts(rawQuery).map {
      QueryItem(String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
    }
  }

  /// The query of these parameters in their order, ready to be sent.
  public static func query(_ items: [QueryItem]) -> String {
    items.map { "\(encode($0.name))=\(encode($0.value))" }.joined(separator: "&")
  }

  /// A path as it was sent, in the form in which it is signed.
  static func canonicalPath(_ rawPath: String) -> String {
    if rawPath.isEmpty { return "/" }
    return decodedBytes(Array(rawPath.utf8), plusIsSpace: false).withUnsafeBufferPointer {
      encode($0, keepingSlashes: true)
    }
  }

  /// A query as it was sent, in the form in which it is signed: encoded anew and sorted, `leftOut` away.
  static func canonicalQuery(_ rawQuery: String, leavingOut leftOut: String? = nil) -> String {
    var pairs: [(name: String, value: String)] = []
    for part in queryParts(rawQuery) {
      let name = part.name.withUnsafeBufferPointer { encode($0, keepingSlashes: false) }
      if name == leftOut { continue }
      pairs.append((name, part.value.withUnsafeBufferPointer { encode($0, keepingSlashes: false) }))
    }
    pairs.sort { ($0.name, $0.value) < ($1.name, $1.value) }
    return pairs.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
  }

  /// Names and values as bytes: what was sent need not be UTF-8, and is signed as it is.
  private static func queryParts(_ rawQuery: String) -> [(name: [UInt8], value: [UInt8])] {
    Array(rawQuery.utf8).split(separator: UInt8(ascii: "&")).map { part in
      let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      return (
        decodedBytes(part[..<equals], plusIsSpace: true),
        decodedBytes(part[equals...].dropFirst(), plusIsSpace: true)
      )
    }
  }

  private static func encode(_ bytes: UnsafeBufferPointer<UInt8>, keepingSlashes: Bool) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count + bytes.count / 2)
    for byte in bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
      case 0x2F where keepingSlashes: result.append(byte)
      default: append(byte, to: &result)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
    result.append(0x25)
    result.append(digits[Int(byte >> 4)])
    result.append(digits[Int(byte & 15)])
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  private static func decodedBytes(
    _ bytes: some RandomAccessCollection<UInt8>,
    plusIsSpace: Bool
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var rest = bytes[...]
    while let byte = rest.popFirst() {
      if byte == 0x25, rest.count >= 2,
        let high = rest.first.flatMap(Hexadecimal.value),
        let low = rest.dropFirst().first.flatMap(Hexadecimal.value)
      {
        result.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        result.append(plusIsSpace && byte == 0x2B ? 0x20 : byte)
      }
    }
    return result
  }
}
