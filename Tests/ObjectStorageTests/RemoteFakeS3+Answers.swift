import ObjectStorage

/// What the fake makes of a request that it has let through.
extension FakeS3 {
  func put(_ state: inout State, _ key: String, _ request: RemoteRequest) -> RemoteAnswer {
    if request.header("if-none-match") == "*", state.objects[key] != nil {
      return Self.error(412, "PreconditionFailed")
    }
    let bytes = request.body.withBytes { Array($0) }
    var hasher = ObjectHasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    return store(&state, key, bytes, request.headers, tag: hasher.finalize().entityTag)
  }

  func store(
    _ state: inout State,
    _ key: String,
    _ bytes: [UInt8],
    _ headers: [(name: String, value: String)],
    tag: String
  ) -> RemoteAnswer {
    var kept: [String: String] = [:]
    for header in headers {
      let isMark = header.name.hasPrefix("x-amz-meta-")
      let isSum = ChecksumAlgorithm(headerName: header.name) != nil
      if keepsMarks ? isMark || isSum : false { kept[header.name] = header.value }
    }
    kept["etag"] = entityTag(tag).map { "\"\($0)\"" }
    kept["last-modified"] = "Tue, 16 Jan 2024 00:10:00 GMT"
    state.made += 1
    if keepsVersions {
      kept["x-amz-version-id"] = "v\(state.made)"
      if let former = state.objects[key] { state.replaced[key, default: []].append(former) }
    }
    state.objects[key] = Stored(bytes: bytes, headers: kept, version: state.made)
    return RemoteAnswer(status: 200, headers: kept.filter { $0.key == "etag" })
  }

  func read(
    _ state: inout State,
    _ key: String,
    _ request: RemoteRequest,
    _ items: [String: String]
  ) -> RemoteAnswer {
    var stored = state.objects[key]
    if let version = items["versionId"] {
      stored = ((state.replaced[key] ?? []) + (stored.map { [$0] } ?? []))
        .first { $0.headers["x-amz-version-id"] == version }
    }
    let isHead = request.method == "HEAD"
    guard let stored else {
      return isHead ? RemoteAnswer(status: 404) : Self.error(404, "NoSuchKey")
    }
    if let tag = request.header("if-match"), tag != stored.headers["etag"] {
      return Self.error(412, "PreconditionFailed")
    }
    var headers = stored.headers
    if request.header("x-amz-checksum-mode") != "ENABLED" {
      headers = headers.filter { ChecksumAlgorithm(headerName: $0.key) == nil }
    }
    guard let range = request.header("range") else {
      headers["content-length"] = String(stored.bytes.count)
      return RemoteAnswer(status: 200, headers: headers, body: isHead ? [] : stored.bytes)
    }
    let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
    guard ends.count == 2, ends[0] < stored.bytes.count else {
      return Self.error(
        416,
        "InvalidRange",
        "<ActualObjectSize>\(stored.bytes.count)</ActualObjectSize>"
      )
    }
    let last = min(ends[1], stored.bytes.count - 1)
    headers["content-range"] = "bytes \(ends[0])-\(last)/\(stored.bytes.count)"
    headers["content-length"] = String(last + 1 - ends[0])
    return RemoteAnswer(status: 206, headers: headers, body: Array(stored.bytes[ends[0]...last]))
  }

  func delete(
    _ state: inout State,
    _ key: String,
    _ items: [String: String]
  ) -> RemoteAnswer {
    if let upload = items["uploadId"] {
      let isKnown = state.uploads.removeValue(forKey: upload) != nil
      return isKnown ? RemoteAnswer(status: 204) : Self.error(404, "NoSuchUpload")
    }
    if let stored = state.objects.removeValue(forKey: key), keepsVersions {
      state.replaced[key, default: []].append(stored)
    }
    return RemoteAnswer(status: 204)
  }

  func list(_ state: inout State, _ items: [String: String]) -> RemoteAnswer {
    let prefix = items["prefix"] ?? ""
    let start = items["continuation-token"].map { String($0.dropFirst(6)) } ?? items["start-after"]
    let limit = min(items["max-keys"].flatMap { Int($0) } ?? 1_000, 1_000)
    var text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
    text += "<EncodingType>url</EncodingType>"
    var count = 0
    var last: String?
    var isTruncated = false
    for key in state.objects.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
      guard key.utf8.starts(with: prefix.utf8) else { continue }
      var name = key
      var isCommon = false
      let rest = key.utf8.dropFirst(prefix.utf8.count)
      if items["delimiter"] == "/", let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
        name = String(Substring(key.utf8[...slash]))
        isCommon = true
      }
      if name == last { continue }
      if let start, !start.utf8.lexicographicallyPrecedes(name.utf8) { continue }
      if count == limit {
        isTruncated = true
        break
      }
      count += 1
      last = name
      let encoded = PercentEncoding.encode(name, keepingSlashes: true)
        .split(separator: "%20", omittingEmptySubsequences: false).joined(separator: "+")
      if !isCommon {
        text +=
          "<Contents><Key>\(encoded)</Key><LastModified>2024-01-16T00:10:00.250Z</LastModified>"
        text += "<Size>\(state.objects[key]?.bytes.count ?? 0)</Size></Contents>"
      } else {
        text += "<CommonPrefixes><Prefix>\(encoded)</Prefix></CommonPrefixes>"
      }
    }
    text += "<IsTruncated>\(isTruncated)</IsTruncated>"
    if isTruncated, let last {
      let token = "after-" + last
      text += "<NextContinuationToken><![CDATA[\(token)]]></NextContinuationToken>"
    }
    return RemoteAnswer(status: 200, body: Array((text + "</ListBucketResult>").utf8))
  }

  // MARK: Parts

  func create(
    _ state: inout State,
    _ key: String,
    _ request: RemoteRequest
  ) -> RemoteAnswer {
    state.made += 1
    let identifier = "upload/\(state.made)+="
    let kept = request.headers.filter { $0.name.hasPrefix("x-amz-meta-") }
    state.uploads[identifier] = (
      key, Dictionary(kept.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }), [:]
    )
    let text =
      "<InitiateMultipartUploadResult><Bucket>bkt</Bucket><UploadId>\(identifier)</UploadId>"
      + "</InitiateMultipartUploadResult>"
    return RemoteAnswer(
      status: 200,
      headers: ["x-amz-checksum-type": "FULL_OBJECT"],
      body: Array(text.utf8)
    )
  }

  func putPart(
    _ state: inout State,
    _ request: RemoteRequest,
    _ items: [String: String]
  ) -> RemoteAnswer {
    guard let upload = items["uploadId"], let number = items["partNumber"].flatMap({ Int($0) }),
      state.uploads[upload] != nil
    else { return Self.error(404, "NoSuchUpload") }
    let bytes = request.body.withBytes { Array($0) }
    state.uploads[upload]?.parts[number] = bytes
    return RemoteAnswer(status: 200, headers: ["etag": "\"\(Self.md5(bytes))\""])
  }

  static func md5(_ bytes: [UInt8]) -> String {
    var hasher = ObjectHasher()
    bytes.withUnsafeBytes { hasher.update($0) }
    return hasher.finalize().entityTag
  }

  func complete(
    _ state: inout State,
    _ key: String,
    _ request: RemoteRequest,
    _ items: [String: String]
  ) -> RemoteAnswer {
    guard let identifier = items["uploadId"], let upload = state.uploads[identifier] else {
      return Self.error(404, "NoSuchUpload")
    }
    if request.header("if-none-match") == "*", state.objects[key] != nil {
      return Self.error(412, "PreconditionFailed")
    }
    let text = String(decoding: request.body.withBytes { Array($0) }, as: UTF8.self)
    var bytes: [UInt8] = []
    var tags: [String] = []
    for (index, part) in text.matches(of: /<PartNumber>(\d+)<\/PartNumber><ETag>"([0-9a-f]+)"/)
      .enumerated()
    {
      guard Int(part.1) == index + 1, let stored = upload.parts[index + 1],
        Self.md5(stored) == part.2
      else { return Self.error(400, "InvalidPart") }
      if index + 1 < upload.parts.count, stored.count < 5 << 20 {
        return Self.error(400, "EntityTooSmall")
      }
      bytes += stored
      tags.append(String(part.2))
    }
    guard tags.count == upload.parts.count else { return Self.error(400, "InvalidPart") }
    var sum = RunningChecksum(.crc32)
    bytes.withUnsafeBytes { sum.update($0) }
    guard request.header("x-amz-checksum-crc32") == sum.finalize().value else {
      return Self.error(400, "BadDigest")
    }
    state.uploads[identifier] = nil
    var headers = upload.headers.map { (name: $0.key, value: $0.value) }
    headers.append(("x-amz-checksum-crc32", sum.finalize().value))
    var answer = store(
      &state,
      key,
      bytes,
      headers,
      tag: MultipartDigests.entityTag(partTags: tags) ?? ""
    )
    answer.body = Array("<CompleteMultipartUploadResult/>".utf8)
    return answer
  }
}
