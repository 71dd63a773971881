/// The keys that have a file or a row, in order.
struct KeyUnion {
  /// Comes behind all keys of valid length that begin with what it is appended to.
  static let behindAll = String(repeating: "\u{10FFFF}", count: ObjectKey.bytesMax / 4 + 1)
  private static let chunk = 256

  private let bucket: Bucket
  private let prefix: String
  private var files: KeyListing
  private var rows: [String] = []
  private var nextRow = 0
  private var from: String
  private var isInclusive: Bool
  private var hasMoreRows: Bool
  private var file: String??

  init(bucket: Bucket, prefix: String, bound: KeyBound?) throws {
    self.bucket = bucket
    self.prefix = prefix
    files = try bucket.store.listing(prefix: prefix, bound: bound, limit: nil)
    hasMoreRows = bucket.index.exists
    from = prefix
    isInclusive = true
    if let bound { skip(to: bound) }
  }

  /// Passes over what the bound does not admit.
  mutating func skip(to bound: KeyBound) {
    files.skip(to: bound)
    if case .some(.some(let key)) = file, !bound.admits(key) { file = nil }
    let text = String(decoding: bound.bytes, as: UTF8.self)
    let next = bound.coversPrefix ? text + Self.behindAll : text
    if !next.precedesInUTF8(from) {
      from = next
      isInclusive = bound.includesKey
    }
    while nextRow < rows.count, !bound.admits(rows[nextRow]) { nextRow += 1 }
  }

  /// The next key; nil behind the last.
  mutating func next() throws -> String? {
    if file == nil { file = .some(try files.nextFile()?.key) }
    if nextRow == rows.count, hasMoreRows { try readRows() }
    let fileKey = file ?? nil
    let rowKey = nextRow < rows.count ? rows[nextRow] : nil
    guard let fileKey else {
      if rowKey != nil { nextRow += 1 }
      return rowKey
    }
    guard let rowKey else {
      file = nil
      return fileKey
    }
    if rowKey.precedesInUTF8(fileKey) {
      nextRow += 1
      return rowKey
    }
    if !fileKey.precedesInUTF8(rowKey) { nextRow += 1 }
    file = nil
    return fileKey
  }

  private mutating func readRows() throws {
    let (from, isInclusive, last) = (from, isInclusive, prefix + Self.behindAll)
    rows = try bucket.index.read { db in
      try VersionRow.keys(
        db, from: from, isInclusive: isInclusive, to: last, limit: Self.chunk)
    } ?? []
    nextRow = 0
    hasMoreRows = rows.count == Self.chunk
    if let last = rows.last {
      self.from = last
      self.isInclusive = false
    }
  }
}
