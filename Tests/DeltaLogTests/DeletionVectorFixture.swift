import DeltaLog
import Foundation
import ObjectStorage

/// Deletion vectors as other writers make them, in all forms of blocks.
struct DeletionVectorFixture {
  enum Block {
    /// Rows of the block, listed.
    case listed([UInt16])
    /// The same as 65,536 bits.
    case bits([UInt16])
    /// First row and last row.
    case runs([(UInt16, UInt16)])

    var count: Int {
      switch self {
      case .listed(let rows), .bits(let rows): rows.count
      case .runs(let runs): runs.reduce(0) { $0 + Int($1.1) - Int($1.0) + 1 }
      }
    }
  }

  /// By the middle 16 bits of the rows' numbers, ascending; all of the first 2^32 rows.
  var blocks: [(UInt16, Block)]

  var rowCount: Int { blocks.reduce(0) { $0 + $1.1.count } }

  /// The bitmap, with its magic number.
  var bytes: [UInt8] {
    var bytes = Self.little(1_681_511_377, 4) + Self.little(1, 8) + Self.little(0, 4)
    let hasRuns = blocks.contains { if case .runs = $0.1 { true } else { false } }
    if hasRuns {
      bytes += Self.little(12_347 | (blocks.count - 1) << 16, 4)
      var flags = [UInt8](repeating: 0, count: (blocks.count + 7) / 8)
      for (index, block) in blocks.enumerated() {
        if case .runs = block.1 { flags[index / 8] |= 1 << UInt8(index % 8) }
      }
      bytes += flags
    } else {
      bytes += Self.little(12_346, 4) + Self.little(blocks.count, 4)
    }
    for (key, block) in blocks { bytes += Self.little(Int(key), 2) + Self.little(block.count - 1, 2) }
    if !hasRuns || blocks.count >= 4 {
      bytes += [UInt8](repeating: 0xEE, count: 4 * blocks.count)
    }
    for (_, block) in blocks {
      switch block {
      case .listed(let rows): for row in rows { bytes += Self.little(Int(row), 2) }
      case .bits(let rows):
        var bits = [UInt8](repeating: 0, count: 8_192)
        for row in rows { bits[Int(row) / 8] |= 1 << UInt8(row % 8) }
        bytes += bits
      case .runs(let runs):
        bytes += Self.little(runs.count, 2)
        for (first, last) in runs {
          bytes += Self.little(Int(first), 2) + Self.little(Int(last - first), 2)
        }
      }
    }
    return bytes
  }

  static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  static func big(_ value: Int) -> [UInt8] { little(value, 4).reversed() }

  /// CRC-32, bit by bit.
  static func checksum(_ bytes: [UInt8]) -> Int {
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return Int(~sum)
  }

  private static let alphabet = Array(
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#")

  static func z85(_ bytes: [UInt8]) -> String {
    var text = ""
    let padded = bytes + [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
    for start in stride(from: 0, to: padded.count, by: 4) {
      var word = padded[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      var digits: [Character] = []
      for _ in 0..<5 {
        digits.append(alphabet[word % 85])
        word /= 85
      }
      text += String(digits.reversed())
    }
    return text
  }

  // MARK: In a table

  static let uuid: [UInt8] = (1...16).map { $0 * 9 }

  /// `deletion_vector_09121b24-….bin`, after `prefix/` where there is one.
  static func fileName(_ prefix: String = "") -> String {
    let hex = uuid.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
    let text = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { hex[$0].joined() }
    return (prefix.isEmpty ? "" : prefix + "/") + "deletion_vector_"
      + text.joined(separator: "-") + ".bin"
  }

  /// The descriptor of the vector inside the log.
  func inline() -> [String: Any] {
    [
      "storageType": "i", "pathOrInlineDv": Self.z85(bytes), "sizeInBytes": bytes.count,
      "cardinality": rowCount,
    ]
  }

  /// Writes the vector behind `before` in its file, and answers its descriptor.
  func write(_ test: TestTable, prefix: String = "", before: [UInt8] = []) throws -> [String: Any] {
    let bytes = bytes
    try test.store.put(
      test.table.path + "/" + Self.fileName(prefix),
      [1] + before + Self.big(bytes.count) + bytes + Self.big(Self.checksum(bytes)))
    return [
      "storageType": "u", "pathOrInlineDv": prefix + Self.z85(Self.uuid),
      "offset": 1 + before.count, "sizeInBytes": bytes.count, "cardinality": rowCount,
    ]
  }

  /// Commits the table's only file again under a vector, by the rules that vectors ask for; with
  /// `again` in place of the last such commit.
  static func commit(
    _ test: TestTable,
    _ descriptor: [String: Any]?,
    again: Bool = false
  ) throws {
    let version = Int(try test.another().snapshot().version) + (again ? 0 : 1)
    let fixture = CheckpointFixture(test: test)
    let add = try fixture.actions(upTo: version - 1).first { $0.kind == "add" }?.fields ?? [:]
    var removed: [String: Any] = ["dataChange": true, "deletionTimestamp": 0]
    removed["path"] = add["path"]
    removed["deletionVector"] = add["deletionVector"]
    var added = add
    added["deletionVector"] = descriptor
    let rules: [String: Any] = [
      "minReaderVersion": 3, "minWriterVersion": 7,
      "readerFeatures": ["deletionVectors"], "writerFeatures": ["deletionVectors"],
    ]
    try fixture.writeJSON(
      CheckpointFixture.padded(version) + ".json",
      [
        .init(kind: "protocol", fields: rules), .init(kind: "remove", fields: removed),
        .init(kind: "add", fields: added),
      ])
  }
}
