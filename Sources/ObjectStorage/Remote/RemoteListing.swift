// Listings: ListObjectsV2, page by page.

/// One page of a listing, with whole keys of the bucket.
struct RemoteListPage {
  var objects: [ObjectMetadata] = []
  var commonPrefixes: [String] = []
  /// What asks for the next page; nil behind the last.
  var nextToken: String?

  /// Keys of a page; S3 gives no more whatever is asked.
  static let keysMax = 1_000
  /// A page of the longest keys, each byte of them encoded, with all that stands around them.
  static let bytesMax = 16 << 20

  /// Reads S3's answer; the error says what is wrong with it.
  static func parse(_ bytes: [UInt8]) throws(Unreadable) -> RemoteListPage {
    let root: RemoteXML
    do {
      root = try RemoteXML.parse(bytes)
    } catch {
      throw Unreadable(reason: "\(error.reason), at byte \(error.byteOffset)")
    }
    guard root.name == "ListBucketResult" else {
      throw Unreadable(reason: "it is a \(root.name) and no ListBucketResult")
    }
    let isEncoded = root.value("EncodingType") == "url"
    var page = RemoteListPage()
    for child in root.children {
      switch child.name {
      case "Contents":
        guard let key = child.value("Key"), let size = child.value("Size").flatMap({ Int($0) }),
          size >= 0, let text = child.value("LastModified"), let time = milliseconds(text)
        else { throw Unreadable(reason: "an object of the list has no key, size or time") }
        page.objects.append(
          ObjectMetadata(
            key: isEncoded ? decoded(key) : key,
            size: size,
            modifiedMilliseconds: time
          )
        )
      case "CommonPrefixes":
        guard let prefix = child.value("Prefix") else {
          throw Unreadable(reason: "a common prefix of the list is empty")
        }
        page.commonPrefixes.append(isEncoded ? decoded(prefix) : prefix)
      default: break
      }
    }
    if root.value("IsTruncated") == "true" {
      guard let token = root.value("NextContinuationToken"), !token.isEmpty else {
        throw Unreadable(reason: "the list goes on and does not say where")
      }
      page.nextToken = token
    }
    return page
  }

  struct Unreadable: Error {
    var reason: String
  }

  /// AWS encodes keys as HTML forms do: a plus is a space.
  private static func decoded(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "+")) else { return PercentEncoding.decode(text) }
    let parts = text.split(separator: "+", omittingEmptySubsequences: false)
    return PercentEncoding.decode(parts.joined(separator: "%20"))
  }

  /// Reads `2024-01-16T00:10:00.250Z`; nil for anything else.
  static func milliseconds(_ text: String) -> Int64? {
    let characters = Array(text.utf8)
    guard characters.count >= 20, characters.last == UInt8(ascii: "Z"),
      [4, 7].allSatisfy({ characters[$0] == UInt8(ascii: "-") }),
      [13, 16].allSatisfy({ characters[$0] == UInt8(ascii: ":") })
    else { return nil }
    let compact = characters[..<19].filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }
    guard let whole = SigningTime.milliseconds(String(decoding: compact, as: UTF8.self) + "Z")
    else {
      return nil
    }
    let fraction = characters[19...].dropLast()
    if fraction.isEmpty { return whole }
    guard fraction.first == UInt8(ascii: "."), fraction.count >= 2,
      fraction.dropFirst().allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    var part: Int64 = 0
    for index in 1...3 {
      let digit = index < fraction.count ? fraction[fraction.startIndex + index] - 0x30 : 0
      part = part * 10 + Int64(digit)
    }
    return whole + part
  }
}

extension RemoteObjectStore {
  public func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    try list(prefix: prefix, startAfter: startAfter, limit: .max)
  }

  public func list(
    prefix: String,
    startAfter: String?,
    limit: Int
  ) throws -> [ObjectMetadata] {
    var result: [ObjectMetadata] = []
    guard limit > 0 else { return result }
    try pages(prefix: prefix, delimiter: nil, startAfter: startAfter, limit: limit) { page in
      for var object in page.objects {
        object.key = try ownKey(object.key)
        // A marker that other programs put where the store's own keys begin.
        if object.key.isEmpty { continue }
        let last = result.last?.key ?? startAfter
        if let last, !last.precedesInUTF8(object.key) { throw disorder(object.key, behind: last) }
        result.append(object)
        if result.count == limit { return false }
      }
      return true
    }
    return result
  }

  public func directories(below directory: String) throws -> [String] {
    var names: [String] = []
    var last: String?
    try pages(prefix: directory, delimiter: "/", startAfter: nil, limit: .max) { page in
      for common in page.commonPrefixes {
        let own = try ownKey(common)
        guard own.hasUTF8Prefix(directory), own.utf8.last == UInt8(ascii: "/") else {
          throw client.unreadable("\"\(own)\" is not below \"\(directory)\"", key: directory)
        }
        if let last, !last.precedesInUTF8(own) { throw disorder(own, behind: last) }
        last = own
        let name = own.utf8.dropFirst(directory.utf8.count).dropLast()
        if !name.isEmpty { names.append(String(Substring(name))) }
      }
      return true
    }
    return names
  }

  /// Asks for page after page until there is none, or `body` answers false.
  private func pages(
    prefix: String,
    delimiter: String?,
    startAfter: String?,
    limit: Int,
    _ body: (RemoteListPage) throws -> Bool
  ) throws {
    var token: String?
    var left = limit
    while true {
      var query: [PercentEncoding.QueryItem] = [
        .init("list-type", "2"), .init("encoding-type", "url"),
        .init("prefix", configuration.keyPrefix + prefix),
      ]
      if let delimiter { query.append(.init("delimiter", delimiter)) }
      if left < RemoteListPage.keysMax { query.append(.init("max-keys", String(left))) }
      if let token {
        query.append(.init("continuation-token", token))
      } else if let startAfter {
        query.append(.init("start-after", configuration.keyPrefix + startAfter))
      }
      let page = try page(query, prefix: prefix)
      guard try body(page), let next = page.nextToken else { return }
      guard next != token else {
        throw client.unreadable("the list does not go on", key: prefix)
      }
      token = next
      left = max(1, left - page.objects.count)
    }
  }

  private func page(
    _ query: [PercentEncoding.QueryItem],
    prefix: String
  ) throws -> RemoteListPage {
    let call = RemoteCall(
      method: "GET",
      key: nil,
      query: query,
      answerBytesMax: RemoteListPage.bytesMax
    )
    let outcome = client.perform(call)
    guard let answer = outcome.answer, answer.isSuccess else {
      throw client.error(outcome, "listed", key: "")
    }
    do {
      return try RemoteListPage.parse(answer.body)
    } catch {
      throw client.unreadable(error.reason, key: prefix)
    }
  }

  /// A key of the bucket as a key of the store.
  private func ownKey(_ key: String) throws -> String {
    let prefix = configuration.keyPrefix
    guard key.hasUTF8Prefix(prefix) else {
      throw client.unreadable("it lists \"\(key)\", which is not below \"\(prefix)\"", key: "")
    }
    return String(Substring(key.utf8.dropFirst(prefix.utf8.count)))
  }

  private func disorder(_ key: String, behind last: String) -> ObjectStorageError {
    ObjectStorageError(
      .failed,
      key: key,
      "\(client.endpoint.text) lists \"\(key)\" behind \"\(last)\", against the order of their bytes.",
      advice: "Use an S3 API that lists in order; a directory bucket of S3 Express does not."
    )
  }
}
