internal import ObjectStorage

// What a log directory holds, by its names:
//
// ```
//  00000000000000000010.json                                    commit 10
//  00000000000000000010.checkpoint.parquet                      a checkpoint, whole
//  00000000000000000010.checkpoint.0000000001.0000000003.parquet  one of three parts
//  00000000000000000010.checkpoint.80a083e8-….json              the newer form, JSON or Parquet;
//  _sidecars/016ae953-….parquet                                 its adds and removes
//  00000000000000000004.00000000000000000006.compacted.json     commits 4 to 6 in one, not read
//  00000000000000000010.crc                                     a checksum, not read
//  _last_checkpoint                                             where to begin: a hint
// ```

/// What the name of a file in a log directory says.
enum LogFileName: Hashable {
  case commit(Int64)
  case checkpoint(Int64, CheckpointForm)
  case compacted(from: Int64, to: Int64)
  case checksum(Int64)

  /// Nil for all other names.
  init?(_ name: some StringProtocol) {
    guard let version = Self.number(name.prefix(20), digits: 20) else { return nil }
    let rest = name.dropFirst(20)
    switch rest {
    case ".json": self = .commit(version)
    case ".crc": self = .checksum(version)
    case ".checkpoint.parquet": self = .checkpoint(version, .classic)
    default:
      let words = rest.split(separator: ".", omittingEmptySubsequences: false).dropFirst()
      guard rest.first == ".", let first = words.first, let last = words.last else { return nil }
      if first == "checkpoint", let form = CheckpointForm(Array(words.dropFirst())) {
        self = .checkpoint(version, form)
      } else if words.count == 3, last == "json", words.dropFirst().first == "compacted",
        let end = Self.number(first, digits: 20)
      {
        self = .compacted(from: version, to: end)
      } else {
        return nil
      }
    }
  }

  /// The version of the commit or checkpoint; the first one of several commits.
  var version: Int64 {
    switch self {
    case .commit(let version), .checkpoint(let version, _), .compacted(let version, _),
      .checksum(let version):
      version
    }
  }

  fileprivate static func number(_ text: some StringProtocol, digits: Int) -> Int64? {
    guard text.utf8.count == digits, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return Int64(text)
  }
}

/// How a checkpoint is named, which says how it is put together.
enum CheckpointForm: Hashable {
  case classic
  case part(Int64, of: Int64)
  /// With a name of its own, in JSON or in Parquet.
  case unique(isJSON: Bool)

  /// The words between `checkpoint.` and the name's end.
  fileprivate init?(_ words: [some StringProtocol]) {
    if words.count == 3, words[2] == "parquet",
      let part = LogFileName.number(words[0], digits: 10),
      let total = LogFileName.number(words[1], digits: 10), part >= 1, part <= total
    {
      self = .part(part, of: total)
    } else if words.count == 2, words[0].utf8.count == 36,
      words[1] == "json" || words[1] == "parquet"
    {
      self = .unique(isJSON: words[1] == "json")
    } else {
      return nil
    }
  }
}

/// A checkpoint with all the files that its name promises.
struct LogCheckpoint {
  var version: Int64
  /// The parts in order, or the one file.
  var files: [ObjectMetadata]
  var isJSON = false
}

/// The commits and checkpoints that are there.
struct LogListing {
  /// Ascending.
  private(set) var commits: [(version: Int64, metadata: ObjectMetadata)] = []
  /// Ascending; of two of one version the one to prefer is the later.
  private(set) var checkpoints: [LogCheckpoint] = []
  /// What lacks parts: the version, and the name of the first part that is missing.
  private(set) var incomplete: [(version: Int64, missing: String)] = []
  /// Everything with a version in its name.
  private(set) var files: [(name: LogFileName, metadata: ObjectMetadata)] = []
  /// True where there is a hint that leads to a checkpoint.
  private(set) var hasHint = false

  /// Sorts what was listed in `directory`, which ends with a slash.
  init(_ objects: [ObjectMetadata], directory: String) {
    struct Group: Hashable {
      var version: Int64
      var total: Int64
    }
    var parts: [Group: [Int64: ObjectMetadata]] = [:]
    for object in objects {
      let name = object.key.dropFirst(directory.count)
      if name == LogListing.hintName { hasHint = true }
      guard let file = LogFileName(name) else { continue }
      files.append((file, object))
      switch file {
      case .commit(let version): commits.append((version, object))
      case .checkpoint(let version, .classic):
        checkpoints.append(LogCheckpoint(version: version, files: [object]))
      case .checkpoint(let version, .unique(let isJSON)):
        checkpoints.append(LogCheckpoint(version: version, files: [object], isJSON: isJSON))
      case .checkpoint(let version, .part(let part, let total)):
        parts[Group(version: version, total: total), default: [:]][part] = object
      case .compacted, .checksum: continue
      }
    }
    for (group, found) in parts {
      if Int64(found.count) == group.total {
        let files = found.sorted { $0.key < $1.key }.map(\.value)
        checkpoints.append(LogCheckpoint(version: group.version, files: files))
      } else {
        let missing = (1...group.total).first { found[$0] == nil } ?? 1
        let name = Self.partName(version: group.version, part: missing, total: group.total)
        incomplete.append((group.version, name))
      }
    }
    commits.sort { $0.version < $1.version }
    checkpoints.sort { ($0.version, -$0.files.count) < ($1.version, -$1.files.count) }
    incomplete.sort { $0.version < $1.version }
  }

  static let hintName = "_last_checkpoint"

  static func padded(_ number: Int64, digits: Int = 20) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }

  private static func partName(version: Int64, part: Int64, total: Int64) -> String {
    padded(version) + ".checkpoint." + padded(part, digits: 10) + "." + padded(total, digits: 10)
      + ".parquet"
  }

  func commit(_ version: Int64) -> ObjectMetadata? {
    var low = 0
    var high = commits.count
    while low < high {
      let middle = (low + high) / 2
      if commits[middle].version < version { low = middle + 1 } else { high = middle }
    }
    return low < commits.count && commits[low].version == version ? commits[low].metadata : nil
  }

  /// The latest version that the names speak of; nil where there is none.
  var newest: Int64? {
    [commits.last?.version, checkpoints.last?.version].compactMap { $0 }.max()
  }

  /// The oldest version from which on all can be put together, up to `newest`.
  func oldest(upTo newest: Int64) -> Int64 {
    var first = newest + 1
    for commit in commits.reversed() where commit.version == first - 1 { first -= 1 }
    if first <= 0 { return 0 }
    return checkpoints.first { $0.version >= first - 1 && $0.version <= newest }?.version ?? newest
  }
}
