// A batch that grows record by record: each value is copied once, from where it stands to where the
// segment will have it.

internal import Codecs

/// An uncompressed batch for the end of a log: the log gives its records their offsets and their time.
public struct RecordBatchBuilder: Sendable {
  public private(set) var recordCount = 0
  /// Bytes of the largest record, framing included.
  public private(set) var largestRecord = 0
  /// The header's room, then the records.
  private var bytes: [UInt8] = []
  private let room: Int

  /// - Parameter room: bytes of records that it will probably hold; it grows beyond them.
  public init(room: Int = 0) {
    self.room = room
  }

  /// Bytes of the whole batch, header included.
  public var size: Int { max(bytes.count, RecordBatchHeader.size) }

  /// Adds a record without headers; its value is `value` and `tail`, one behind the other.
  ///
  /// - Parameter key: nil for none. It is copied, as all is.
  public mutating func append(
    key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, tail: [UInt8] = []
  ) {
    if bytes.isEmpty {
      bytes.reserveCapacity(RecordBatchHeader.size + room)
      bytes.append(contentsOf: repeatElement(0, count: RecordBatchHeader.size))
    }
    let valueSize = value.count + tail.count
    let keySize = key.map { varintSize(Int64($0.count)) + $0.count } ?? 1
    // Attributes, time (that of the append), offset, key, value, no headers.
    let size =
      3 + varintSize(Int64(recordCount)) + keySize
      + varintSize(Int64(valueSize)) + valueSize
    let before = bytes.count
    Varint.appendZigzag(Int64(size), to: &bytes)
    bytes.append(0)
    bytes.append(0)
    Varint.appendZigzag(Int64(recordCount), to: &bytes)
    Varint.appendZigzag(key.map { Int64($0.count) } ?? -1, to: &bytes)
    if let key { bytes.append(contentsOf: key) }
    Varint.appendZigzag(Int64(valueSize), to: &bytes)
    bytes.append(contentsOf: value)
    bytes.append(contentsOf: tail)
    bytes.append(0)
    recordCount += 1
    largestRecord = max(largestRecord, bytes.count - before)
  }

  /// The whole batch with the base offset 0; all records have the time `appendTime` (milliseconds).
  ///
  /// - Throws: `kafka.tooLarge` above 2 GiB.
  public func sealed(appendTime: Int64) throws -> [UInt8] {
    var header = RecordBatchHeader()
    header.attributes = 8
    header.lastOffsetDelta = Int32(truncatingIfNeeded: max(0, recordCount - 1))
    header.baseTimestamp = appendTime
    header.maxTimestamp = appendTime
    header.recordCount = Int32(truncatingIfNeeded: recordCount)
    guard size <= Int(Int32.max) else {
      throw KafkaProtocolError(
        .tooLarge, byteOffset: 0, "\(size) bytes of records do not fit one batch")
    }
    header.batchLength = Int32(truncatingIfNeeded: size - RecordBatchHeader.lengthPrefixSize)
    var whole =
      bytes.isEmpty ? [UInt8](repeating: 0, count: RecordBatchHeader.size) : bytes
    whole.withUnsafeMutableBytes { RecordBatch.store(header, andSeal: $0) }
    return whole
  }

  /// The records by themselves, in order; their offsets count from 0 and their time is 0.
  public func records() throws -> [Record] {
    recordCount == 0 ? [] : try RecordBatch.decode(try sealed(appendTime: 0)).records
  }
}
