/// All keys of a local store in order, wherever they lie: plain paths and escaped ones.
///
/// A key that is in both places is the plain file's, as for a reader.
struct KeyListing {
  private var walks: [KeyWalk]
  /// The next key of each walk; nil where it was not asked yet.
  private var heads: [WalkedKey??]

  init(_ walks: [KeyWalk]) {
    self.walks = walks
    heads = walks.map { _ in nil }
  }

  /// Passes over what the bound does not admit.
  mutating func skip(to bound: KeyBound) {
    for index in walks.indices {
      walks[index].skip(to: bound)
      guard let head = heads[index], let walked = head else { continue }
      if !bound.admits(walked.key) { heads[index] = nil }
    }
  }

  /// The next key; nil behind the last.
  mutating func next() throws -> WalkedKey? {
    var least: (index: Int, walked: WalkedKey)?
    for index in walks.indices {
      if heads[index] == nil { heads[index] = .some(try walks[index].next()) }
      guard let head = heads[index], let walked = head else { continue }
      if let known = least, !walked.key.precedesInUTF8(known.walked.key) {
        // The earlier walk has the key as well.
        if !known.walked.key.precedesInUTF8(walked.key) { heads[index] = nil }
        continue
      }
      least = (index, walked)
    }
    guard let least else { return nil }
    heads[least.index] = nil
    return least.walked
  }

  /// The next file of a listing that collapses nothing; nil behind the last.
  mutating func nextFile() throws -> ListedFile? {
    while let walked = try next() {
      if case .file(let file) = walked { return file }
    }
    return nil
  }
}

/// One page of a listing.
struct KeyPage {
  var files: [ListedFile] = []
  /// Beginnings of keys up to and with the delimiter, each once, in order.
  var commonPrefixes: [String] = []
  var isTruncated = false
  /// The last key or common prefix of the page, where another page follows.
  var nextAfter: String?
}

extension KeyListing {
  /// The next page: keys, and in the place of those that have `delimiter` behind `prefix` their
  /// common prefix, which counts as one. No more is read than the page and one key behind it.
  mutating func page(prefix: String, delimiter: String?, limit: Int) throws -> KeyPage {
    var page = KeyPage()
    guard limit > 0 else { return page }
    let delimiter = delimiter.map { Array($0.utf8) } ?? []
    let start = prefix.utf8.count
    var last: String?
    while let walked = try next() {
      if page.files.count + page.commonPrefixes.count == limit {
        page.isTruncated = true
        page.nextAfter = last
        return page
      }
      if let common = CommonPrefix(of: walked.key, delimiter: delimiter, from: start) {
        page.commonPrefixes.append(common.text)
        last = common.text
        skip(to: KeyBound(bytes: common.bytes, coversPrefix: true))
      } else if case .file(let file) = walked {
        page.files.append(file)
        last = file.key
      }
    }
    return page
  }
}

/// The beginning that a key shares with others in a listing by delimiter.
struct CommonPrefix {
  let bytes: [UInt8]

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Nil where `delimiter` is empty or does not come at or behind byte `start` of the key.
  init?(of key: String, delimiter: [UInt8], from start: Int) {
    guard !delimiter.isEmpty else { return nil }
    let key = Array(key.utf8)
    guard let index = KeyBytes.index(of: delimiter, in: key, from: start) else { return nil }
    bytes = Array(key[..<(index + delimiter.count)])
  }

  /// Where a page goes on behind `startAfter`: behind the whole common prefix that it lies in.
  static func bound(behind startAfter: String, prefix: String, delimiter: String?) -> KeyBound {
    let delimiter = delimiter.map { Array($0.utf8) } ?? []
    if startAfter.hasUTF8Prefix(prefix),
      let common = CommonPrefix(of: startAfter, delimiter: delimiter, from: prefix.utf8.count)
    {
      return KeyBound(bytes: common.bytes, coversPrefix: true)
    }
    return KeyBound(bytes: Array(startAfter.utf8))
  }
}
