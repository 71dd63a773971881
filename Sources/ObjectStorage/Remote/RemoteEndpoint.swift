/// An endpoint's address, taken apart, and where its buckets and keys are.
struct RemoteEndpoint: Sendable {
  let scheme: String
  /// What the header `host` says of the endpoint itself; the port only where it is not the scheme's.
  let authority: String
  /// Without brackets.
  let host: String
  private let bucket: String
  private let addressing: RemoteStoreConfiguration.Addressing

  /// As in messages: `http://127.0.0.1:9000`.
  var text: String { "\(scheme)://\(authority)" }

  /// Throws `objectStorage.failed` for an address that is none, or that is not to be sent secrets to.
  init(_ configuration: RemoteStoreConfiguration) throws {
    let text = configuration.endpoint
    guard let parts = Self.parts(text) else {
      throw RemoteStoreConfiguration.refused(
        "\"\(text)\" is no endpoint.",
        advice: "Write it as https://host or http://127.0.0.1:9000, without a path."
      )
    }
    scheme = parts.scheme
    host = parts.host
    let bracketed = parts.host.contains(":") ? "[\(parts.host)]" : parts.host
    let usual = parts.scheme == "https" ? 443 : 80
    authority = parts.port.map { $0 == usual ? bracketed : "\(bracketed):\($0)" } ?? bracketed
    bucket = configuration.bucket
    addressing = configuration.addressing
    guard scheme == "https" || Self.isLoopback(host) || configuration.allowsPlainHTTP else {
      throw RemoteStoreConfiguration.refused(
        "\"\(text)\" would send data unencrypted to another machine.",
        advice: "Use https://, or allow plain HTTP for this endpoint if its network is trusted."
      )
    }
    if addressing == .virtualHost, let reason = Self.noVirtualHost(host, scheme, bucket) {
      throw RemoteStoreConfiguration.refused(
        "The bucket \"\(bucket)\" cannot be a part of the host name at \(text): \(reason).",
        advice: "Address it by path."
      )
    }
  }

  /// Where the bucket, or an object in it, is: host and path, not encoded.
  func place(of key: String?) -> (host: String, path: String) {
    switch addressing {
    case .path: (authority, "/\(bucket)" + (key.map { "/" + $0 } ?? ""))
    case .virtualHost: ("\(bucket).\(authority)", "/" + (key ?? ""))
    }
  }

  var isLoopback: Bool { Self.isLoopback(host) }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1" || isIPv4(host) && host.hasPrefix("127.")
  }

  private static func isIPv4(_ host: String) -> Bool {
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  private static func noVirtualHost(
    _ host: String,
    _ scheme: String,
    _ bucket: String
  ) -> String? {
    if host.contains(":") || isIPv4(host) { return "\(host) is a number and no name" }
    if scheme == "https", bucket.contains(".") { return "certificates do not cover its dots" }
    let isLower = bucket.utf8.allSatisfy { !(0x41...0x5A).contains($0) && $0 != 0x5F }
    return isLower ? nil : "host names know no capitals or underscores"
  }

  private static func parts(_ text: String) -> (scheme: String, host: String, port: Int?)? {
    let lower = text.lowercased()
    guard let scheme = ["https", "http"].first(where: { lower.hasPrefix($0 + "://") }) else {
      return nil
    }
    var rest = lower.dropFirst(scheme.count + 3)
    if rest.last == "/" { rest = rest.dropLast() }
    var host = rest
    var port: Substring?
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = rest[rest.index(after: rest.startIndex)..<end]
      let behind = rest[rest.index(after: end)...]
      guard behind.isEmpty || behind.first == ":" else { return nil }
      port = behind.isEmpty ? nil : behind.dropFirst()
      guard host.contains(":"),
        host.utf8.allSatisfy({ isHexadecimal($0) || ":.".utf8.contains($0) })
      else { return nil }
    } else {
      if let colon = rest.firstIndex(of: ":") {
        host = rest[..<colon]
        port = rest[rest.index(after: colon)...]
      }
      guard isHostName(host) else { return nil }
    }
    guard let port else { return (scheme, String(host), nil) }
    guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port),
      number > 0
    else { return nil }
    return (scheme, String(host), Int(number))
  }

  private static func isHostName(_ host: Substring) -> Bool {
    host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      !label.isEmpty && label.first != "-" && label.last != "-"
        && label.utf8.allSatisfy {
          (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x5F
        }
    }
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}
