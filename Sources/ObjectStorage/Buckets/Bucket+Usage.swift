internal import GRDB

/// Bytes that rest in a bucket, and are paid for, below one prefix.
public struct BucketUsage: Sendable, Hashable {
  /// What the bytes are.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case current
    /// Earlier versions.
    case noncurrent
    /// Parts of open uploads.
    case upload
  }

  /// The first segments of the keys, with the slash behind the last.
  public var prefix: String
  public var storageClass: StorageClass
  public var kind: Kind
  /// Objects, versions or parts.
  public var count: Int
  public var bytes: Int
}

extension Bucket {
  /// All bytes of the bucket by prefix, storage class and kind, sorted.
  ///
  /// `prefixDepth` is how many segments of a key make its prefix, as far as it has so many; 0 adds up
  /// the whole bucket.
  public func usage(prefixDepth: Int = 1) throws -> [BucketUsage] {
    var usage = UsageSum(depth: prefixDepth)
    var listing = try store.listing(prefix: "", bound: nil, limit: nil)
    var files: [ListedFile] = []
    func add() throws {
      for record in try records(of: files) {
        usage.add(record.key, record.attributes.storageClass, .current, record.size)
      }
      files = []
    }
    while let file = try listing.nextFile() {
      files.append(file)
      if files.count == 512 { try add() }
    }
    try add()
    var from = ""
    while let keys = try index.read({
      try VersionRow.keysWithEarlier($0, behind: from, limit: 256)
    }), let last = keys.last {
      from = last
      for key in keys {
        for version in try state(key, .all).timeline.versions where !version.isAtKey {
          guard let row = version.row, !row.isMarker else { continue }
          usage.add(key, row.attributes.storageClass, .noncurrent, row.size)
        }
      }
    }
    try index.read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT key, attributes, parts.size AS size FROM uploads
          JOIN parts ON parts.upload = uploads.sequence WHERE result IS NULL
          """)
      while let row = try rows.next() {
        let attributes = IndexJSON.value(ObjectAttributes.self, row.text("attributes"))
        usage.add(
          row.text("key") ?? "", attributes?.storageClass ?? .standard, .upload,
          row.number("size").map(Int.init) ?? 0)
      }
    }
    return usage.sorted()
  }
}

/// Adds up bytes by prefix, storage class and kind.
private struct UsageSum {
  private struct Key: Hashable {
    var prefix: ExactKey
    var storageClass: StorageClass
    var kind: BucketUsage.Kind
  }

  let depth: Int
  private var sums: [Key: (count: Int, bytes: Int)] = [:]

  init(depth: Int) {
    self.depth = depth
  }

  mutating func add(
    _ key: String, _ storageClass: StorageClass, _ kind: BucketUsage.Kind, _ bytes: Int
  ) {
    let place = Key(prefix: ExactKey(prefix(of: key)), storageClass: storageClass, kind: kind)
    sums[place, default: (0, 0)].count += 1
    sums[place, default: (0, 0)].bytes &+= bytes
  }

  private func prefix(of key: String) -> String {
    let bytes = key.utf8
    var end = bytes.startIndex
    for _ in 0..<max(0, depth) {
      guard let slash = bytes[end...].firstIndex(of: UInt8(ascii: "/")) else { break }
      end = bytes.index(after: slash)
    }
    return String(Substring(bytes[..<end]))
  }

  func sorted() -> [BucketUsage] {
    let kinds = BucketUsage.Kind.allCases
    let classes = StorageClass.allCases
    func order(_ key: Key) -> (Int, Int) {
      (kinds.firstIndex(of: key.kind) ?? 0, classes.firstIndex(of: key.storageClass) ?? 0)
    }
    return sums.sorted { left, right in
      if left.key.prefix != right.key.prefix {
        return left.key.prefix.text.precedesInUTF8(right.key.prefix.text)
      }
      return order(left.key) < order(right.key)
    }.map { key, sum in
      BucketUsage(
        prefix: key.prefix.text, storageClass: key.storageClass, kind: key.kind, count: sum.count,
        bytes: sum.bytes)
    }
  }
}
