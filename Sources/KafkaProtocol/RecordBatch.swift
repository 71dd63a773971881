// The unit that Kafka's producers send, its logs store and its consumers fetch.
//
// 1. A producer's `Record`s become one `RecordBatch`, `encoded()` to bytes with a CRC-32C.
// 2. A log stamps the base offset into those bytes (`stamp`), outside the CRC, and stores them.
// 3. A reader walks a segment by `RecordBatchHeader`s, and `decode`s the batches it wants; or it
//    takes `forEachRecord`, which copies nothing.
//
// It is not a message set of format 0 or 1; those are refused by name.

internal import Codecs

/// Records that travel together, in format 2.
public struct RecordBatch: Hashable, Sendable {
  /// Whose clock the records' timestamps are.
  public enum TimestampType: Hashable, Sendable {
    /// Each record carries its producer's.
    case createTime
    /// All records have the log's, in milliseconds since the Unix epoch.
    case logAppendTime(Int64)
  }

  public var baseOffset: Offset
  public var partitionLeaderEpoch: Int32
  public var compression: RecordCompression
  public var timestampType: TimestampType
  public var isTransactional: Bool
  public var isControl: Bool
  public var producerID: Int64
  public var producerEpoch: Int16
  public var baseSequence: Int32
  /// In offset order; offsets are absolute and not below `baseOffset`.
  public var records: [Record]

  public init(
    baseOffset: Offset = Offset(0),
    records: [Record],
    compression: RecordCompression = .none,
    timestampType: TimestampType = .createTime,
    partitionLeaderEpoch: Int32 = 0,
    producerID: Int64 = -1,
    producerEpoch: Int16 = -1,
    baseSequence: Int32 = -1,
    isTransactional: Bool = false,
    isControl: Bool = false
  ) {
    self.baseOffset = baseOffset
    self.partitionLeaderEpoch = partitionLeaderEpoch
    self.compression = compression
    self.timestampType = timestampType
    self.isTransactional = isTransactional
    self.isControl = isControl
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.baseSequence = baseSequence
    self.records = records
  }

  /// The batch that begins at the beginning of `bytes`, its records copied.
  ///
  /// All codecs of Kafka are read. Memory is bounded by the batch's own size and
  /// `unpackedBytesMax`, whatever the counts in the bytes say.
  /// - Throws: `KafkaProtocolError` for anything that is not a whole, valid batch.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer,
    unpackedBytesMax: Int = 64 << 20
  ) throws -> RecordBatch {
    var records: [Record] = []
    let header = try forEachRecord(in: bytes, unpackedBytesMax: unpackedBytesMax) { record in
      records.append(record.copy())
    }
    return RecordBatch(
      baseOffset: Offset(header.baseOffset),
      records: records,
      compression: header.compression ?? .none,
      timestampType: header.isLogAppendTime ? .logAppendTime(header.maxTimestamp) : .createTime,
      partitionLeaderEpoch: header.partitionLeaderEpoch,
      producerID: header.producerID,
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      isTransactional: header.isTransactional,
      isControl: header.isControl
    )
  }

  public static func decode(
    _ bytes: [UInt8],
    unpackedBytesMax: Int = 64 << 20
  ) throws -> RecordBatch {
    try bytes.withUnsafeBytes { try decode($0, unpackedBytesMax: unpackedBytesMax) }
  }

  /// Writes the base offset and leader epoch into an encoded batch that begins at `byteOffset`.
  ///
  /// Both lie outside what the CRC covers.
  public static func stamp(
    baseOffset: Offset,
    leaderEpoch: Int32 = 0,
    into bytes: inout [UInt8],
    at byteOffset: Int = 0
  ) {
    bytes.withUnsafeMutableBytes { target in
      target.storeBytes(
        of: baseOffset.rawValue.bigEndian,
        toByteOffset: byteOffset,
        as: Int64.self
      )
      target.storeBytes(of: leaderEpoch.bigEndian, toByteOffset: byteOffset + 12, as: Int32.self)
    }
  }

  /// Whether an encoded batch that begins at `byteOffset` says this base offset and leader epoch.
  public static func isStamped(
    baseOffset: Offset, leaderEpoch: Int32, _ bytes: [UInt8], at byteOffset: Int = 0
  ) -> Bool {
    bytes.withUnsafeBytes { all in
      Int64(bigEndian: all.loadUnaligned(fromByteOffset: byteOffset, as: Int64.self))
        == baseOffset.rawValue
        && Int32(bigEndian: all.loadUnaligned(fromByteOffset: byteOffset + 12, as: Int32.self))
          == leaderEpoch
    }
  }

  /// Makes `time` the timestamp of every record of an encoded batch, and its CRC anew.
  public static func stamp(appendTime time: Int64, into bytes: inout [UInt8]) throws {
    var header = try bytes.withUnsafeBytes { try RecordBatchHeader(parsing: $0) }
    header.attributes |= 8
    header.maxTimestamp = time
    bytes.withUnsafeMutableBytes { target in
      header.store(into: target)
      let covered = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[21...])
      target.storeBytes(
        of: CRC32C.checksum(covered).bigEndian, toByteOffset: 17, as: UInt32.self)
    }
  }
}
