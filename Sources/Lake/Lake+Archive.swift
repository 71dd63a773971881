internal import Codecs
package import Columnar
package import DeltaLog
package import ObjectStorage
package import Simulation
internal import Synchronization

/// A Bronze object that ingestion wrote: which offsets of which topic-partition it holds.
package struct BronzeObject: Hashable, Sendable {
  package var key: String
  /// Bytes, compressed.
  package var size: Int
  package var topic: String
  package var partition: Int32
  package var startOffset: Int64
  /// The offset after the last record.
  package var endOffset: Int64
  /// The UTC hour in which its records arrived.
  package var hourUTC: StoryTime

  fileprivate init?(_ metadata: ObjectMetadata) {
    guard let parsed = BronzeKey(metadata.key) else { return nil }
    key = metadata.key
    size = metadata.size
    topic = parsed.topic
    partition = parsed.partition
    startOffset = parsed.startOffset
    endOffset = parsed.endOffset + 1
    hourUTC = parsed.hourUTC
  }
}

extension Lake {
  /// What unpacking an object may give at most; a line more than that is not an event.
  package static let unpackedBytesMax = 1 << 30

  /// The objects of ingestion, by topic-partition and offset.
  ///
  /// Objects that somebody else put below `raw/` are not among them.
  package func archive() throws -> [BronzeObject] {
    try bronzeObjects().compactMap(BronzeObject.init).sorted {
      ($0.topic, $0.partition, $0.startOffset) < ($1.topic, $1.partition, $1.startOffset)
    }
  }

  /// The lines of a Bronze object, unpacked and still joined by line feeds.
  package func unpackedLines(_ key: String) throws -> [UInt8] {
    do {
      return try Gzip.decompress(try store.get(key), bytesMax: Lake.unpackedBytesMax)
    } catch let error as CodecsError {
      throw LakeError(
        .corruptObject,
        key: key,
        "the Bronze object \(key) cannot be unpacked: \(error.message)",
        advice: "Remove the object; its records are read again from Kafka while it keeps them."
      )
    }
  }

  /// Lines in all Bronze objects, counted in the objects themselves.
  ///
  /// An object that has not changed since the last count is not unpacked again.
  package func bronzeLineCount() throws -> Int {
    var total = 0
    for object in try bronzeObjects() {
      if let known = lineCounts.count(of: object) {
        total += known
      } else {
        let lines = try unpackedLines(object.key).reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
        lineCounts.remember(object, lines)
        total += lines
      }
    }
    return total
  }

  /// Objects of every layer whose keys begin with `prefix`, sorted by key.
  package func objects(prefix: String) throws -> [ObjectMetadata] {
    try store.list(prefix: prefix)
  }

  /// Opens a Delta table, making it where it is missing.
  package func openTable(
    schema: String,
    name: String,
    columns: Schema,
    partitionColumns: [String],
    createdAt: Int64
  ) throws -> DeltaTable {
    if let table = try deltaTable(schema + "." + name) { return table }
    return try createTable(
      schema + "." + name,
      schema: columns,
      partitionColumns: partitionColumns,
      timestamp: createdAt
    )
  }
}

/// How many lines an object had when it was last unpacked.
package final class LineCounts: Sendable {
  private let counts = Mutex<[ObjectMetadata: Int]>([:])

  func count(of object: ObjectMetadata) -> Int? { counts.withLock { $0[object] } }

  func remember(_ object: ObjectMetadata, _ lines: Int) {
    counts.withLock { $0[object] = lines }
  }
}
