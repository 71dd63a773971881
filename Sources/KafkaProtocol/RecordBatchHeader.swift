// The fixed part of a record batch: enough to walk a segment without touching the records.

internal import Codecs

/// How the records of a batch are packed; the lowest three bits of its attributes.
public enum RecordCompression: UInt8, Sendable, CaseIterable {
  case none = 0
  case gzip = 1
  case snappy = 2
  case lz4 = 3
  case zstd = 4
}

/// The first 61 bytes of a record batch v2, big-endian.
///
/// ```
///  0           8        12       16    17    21      23          27         35
///  ┌───────────┬────────┬────────┬─────┬─────┬───────┬───────────┬──────────┬─────
///  │base offset│ length │ leader │magic│ CRC │ attri-│last offset│   base   │ max
///  │           │ of rest│ epoch  │ = 2 │ 32C │ butes │   delta   │ timestamp│ time…
///  └───────────┴────────┴────────┴─────┴─────┴───────┴───────────┴──────────┴─────
///  35         43            51         53         57       61
///  ──────────┬─────────────┬──────────┬──────────┬────────┬─────────────────
///  …stamp    │ producer id │ producer │ base     │ record │ records, perhaps
///            │             │ epoch    │ sequence │ count  │ compressed
///  ──────────┴─────────────┴──────────┴──────────┴────────┴─────────────────
/// ```
/// The CRC covers everything from `attributes` on, so a broker can stamp the base offset and the
/// leader epoch without computing it again.
public struct RecordBatchHeader: Hashable, Sendable {
  /// Bytes before the records.
  public static let size = 61
  /// Bytes before the part that `batchLength` counts.
  public static let lengthPrefixSize = 12
  /// Where the CRC begins to cover.
  static let crcStart = 21

  public var baseOffset: Int64 = 0
  /// Bytes after this field.
  public var batchLength: Int32 = 0
  public var partitionLeaderEpoch: Int32 = 0
  public var crc: UInt32 = 0
  public var attributes: Int16 = 0
  public var lastOffsetDelta: Int32 = 0
  /// Milliseconds since the Unix epoch.
  public var baseTimestamp: Int64 = 0
  public var maxTimestamp: Int64 = 0
  /// -1 where the producer is not idempotent; so are the next two.
  public var producerID: Int64 = -1
  public var producerEpoch: Int16 = -1
  public var baseSequence: Int32 = -1
  public var recordCount: Int32 = 0

  public init() {}

  /// Reads and checks the header at the beginning of `bytes`; the records may lie beyond their end.
  ///
  /// - Throws: `kafka.truncated`, `kafka.unsupportedMagic`, `kafka.corrupt`.
  public init(parsing bytes: UnsafeRawBufferPointer) throws {
    guard bytes.count >= RecordBatchHeader.size else {
      throw KafkaProtocolError(
        .truncated,
        byteOffset: bytes.count,
        "a batch header needs \(RecordBatchHeader.size) bytes, \(bytes.count) are there"
      )
    }
    let magic = bytes[16]
    guard magic == 2 else {
      throw KafkaProtocolError(
        .unsupportedMagic,
        byteOffset: 16,
        "record batch format \(magic) is not 2"
      )
    }
    func load<Value: FixedWidthInteger & BitwiseCopyable>(_ at: Int, _ type: Value.Type) -> Value {
      Value(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: type))
    }
    baseOffset = load(0, Int64.self)
    batchLength = load(8, Int32.self)
    partitionLeaderEpoch = load(12, Int32.self)
    crc = load(17, UInt32.self)
    attributes = load(21, Int16.self)
    lastOffsetDelta = load(23, Int32.self)
    baseTimestamp = load(27, Int64.self)
    maxTimestamp = load(35, Int64.self)
    producerID = load(43, Int64.self)
    producerEpoch = load(51, Int16.self)
    baseSequence = load(53, Int32.self)
    recordCount = load(57, Int32.self)
    try check()
  }

  private func check() throws {
    guard Int(batchLength) >= RecordBatchHeader.size - RecordBatchHeader.lengthPrefixSize else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: 8,
        "the batch length \(batchLength) is shorter than its header"
      )
    }
    guard lastOffsetDelta >= 0, recordCount >= 0 else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: 23,
        "the batch has \(recordCount) records and the last offset delta \(lastOffsetDelta)"
      )
    }
    guard baseOffset >= 0, baseOffset <= Int64.max - Int64(lastOffsetDelta) - 1 else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: 0,
        "the base offset \(baseOffset) is out of range"
      )
    }
  }

  /// Bytes of the whole batch, from base offset to the last record.
  public var totalSize: Int { Int(batchLength) + RecordBatchHeader.lengthPrefixSize }
  public var lastOffset: Int64 { baseOffset + Int64(lastOffsetDelta) }
  /// Nil for a codec number that Kafka does not define.
  public var compression: RecordCompression? {
    RecordCompression(rawValue: UInt8(truncatingIfNeeded: attributes & 7))
  }
  /// True where every record's time is `maxTimestamp`, the log's own.
  public var isLogAppendTime: Bool { attributes & 8 != 0 }
  public var isTransactional: Bool { attributes & 16 != 0 }
  /// True where the records are transaction markers, not messages.
  public var isControl: Bool { attributes & 32 != 0 }

  /// Checks the CRC of a whole batch that begins at the beginning of `bytes`.
  ///
  /// - Throws: `kafka.truncated` where the batch is not all there, `kafka.crcMismatch`.
  public func checkCRC(_ bytes: UnsafeRawBufferPointer) throws {
    guard totalSize <= bytes.count else {
      throw KafkaProtocolError(
        .truncated,
        byteOffset: bytes.count,
        "the batch has \(totalSize) bytes, \(bytes.count) are there"
      )
    }
    let covered = bytes[RecordBatchHeader.crcStart..<totalSize]
    let actual = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: covered))
    guard actual == crc else {
      throw KafkaProtocolError(
        .crcMismatch,
        byteOffset: 17,
        "the batch says CRC-32C \(hexadecimal(crc)), its bytes have \(hexadecimal(actual))"
      )
    }
  }

  /// Writes the 61 bytes; `target` has room for them.
  func store(into target: UnsafeMutableRawBufferPointer) {
    func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, _ at: Int) {
      target.storeBytes(of: value.bigEndian, toByteOffset: at, as: Value.self)
    }
    put(baseOffset, 0)
    put(batchLength, 8)
    put(partitionLeaderEpoch, 12)
    put(UInt8(2), 16)
    put(crc, 17)
    put(attributes, 21)
    put(lastOffsetDelta, 23)
    put(baseTimestamp, 27)
    put(maxTimestamp, 35)
    put(producerID, 43)
    put(producerEpoch, 51)
    put(baseSequence, 53)
    put(recordCount, 57)
  }
}

private func hexadecimal(_ value: UInt32) -> String {
  let digits = String(value, radix: 16)
  return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
