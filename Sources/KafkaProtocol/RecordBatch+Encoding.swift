// Records to bytes: sizes first, so that the batch is allocated once and written in one pass.

internal import Codecs

extension RecordBatch {
  /// This batch as Kafka's bytes.
  ///
  /// - Throws: `kafka.tooLarge` above 2 GiB, `kafka.corrupt` for offsets below the base offset or
  ///   not ascending.
  public func encoded() throws -> [UInt8] {
    var header = RecordBatchHeader()
    header.baseOffset = baseOffset.rawValue
    header.partitionLeaderEpoch = partitionLeaderEpoch
    header.producerID = producerID
    header.producerEpoch = producerEpoch
    header.baseSequence = baseSequence
    header.attributes = (isTransactional ? 16 : 0) | (isControl ? 32 : 0)
    return try RecordBatch.encode(
      records[...],
      header: header,
      timestampType: timestampType,
      compression: compression,
      renumbering: false
    )
  }

  /// Encodes records for the end of a log: their own offsets and timestamps are ignored, offsets
  /// run on from `baseOffset`, and all have the time `appendTime` (milliseconds).
  public static func encodeAppend(
    _ records: ArraySlice<Record>,
    baseOffset: Offset,
    appendTime: Int64,
    compression: RecordCompression = .none
  ) throws -> [UInt8] {
    var header = RecordBatchHeader()
    header.baseOffset = baseOffset.rawValue
    return try encode(
      records,
      header: header,
      timestampType: .logAppendTime(appendTime),
      compression: compression,
      renumbering: true
    )
  }

  /// Bytes that a record takes in a batch at most, to decide how many go together.
  public static func encodedSizeMax(_ record: Record) -> Int {
    var size = 40 + (record.key?.count ?? 0) + (record.value?.count ?? 0)
    for header in record.headers { size += 10 + header.key.utf8.count + (header.value?.count ?? 0) }
    return size
  }

  private static func encode(
    _ records: ArraySlice<Record>,
    header template: RecordBatchHeader,
    timestampType: TimestampType,
    compression: RecordCompression,
    renumbering: Bool
  ) throws -> [UInt8] {
    var header = template
    let deltas = try Deltas(
      records,
      baseOffset: header.baseOffset,
      timestampType: timestampType,
      renumbering: renumbering
    )
    header.attributes |= Int16(compression.rawValue)
    if case .logAppendTime = timestampType { header.attributes |= 8 }
    header.lastOffsetDelta = deltas.lastOffset
    header.baseTimestamp = deltas.baseTimestamp
    header.maxTimestamp = deltas.maxTimestamp
    header.recordCount = Int32(truncatingIfNeeded: records.count)

    var plainSize = 0
    for index in records.indices {
      let size = bodySize(records[index], deltas, index - records.startIndex)
      plainSize += size + varintSize(Int64(size))
    }
    let sizeMax = Int(Int32.max) - RecordBatchHeader.size
    guard plainSize <= sizeMax, records.count <= Int(Int32.max) else {
      throw KafkaProtocolError(
        .tooLarge,
        byteOffset: 0,
        "\(plainSize) bytes of records do not fit one batch"
      )
    }
    switch compression {
    case .none:
      return seal(header, recordsSize: plainSize) { target in
        var writer = RecordWriter(target)
        writer.write(records, deltas)
      }
    case .gzip, .snappy, .lz4, .zstd:
      let plain = [UInt8](unsafeUninitializedCapacity: plainSize) { buffer, count in
        var writer = RecordWriter(UnsafeMutableRawBufferPointer(buffer))
        writer.write(records, deltas)
        count = plainSize
      }
      let packed = try pack(plain, compression)
      guard packed.count <= sizeMax else {
        throw KafkaProtocolError(.tooLarge, byteOffset: 0, "the packed records exceed one batch")
      }
      return seal(header, recordsSize: packed.count) { target in
        packed.withUnsafeBytes { target.copyMemory(from: $0) }
      }
    }
  }

  private static func pack(_ plain: [UInt8], _ compression: RecordCompression) throws -> [UInt8] {
    do {
      switch compression {
      case .none: return plain
      case .gzip: return try Gzip.compress(plain)
      case .snappy: return plain.withUnsafeBytes { Snappy.compress($0) }
      case .lz4: return plain.withUnsafeBytes { LZ4.compressFrame($0) }
      case .zstd: return try plain.withUnsafeBytes { try Zstd.compress($0) }
      }
    } catch let error as CodecsError {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: 0,
        "the records do not compress: \(error.message)"
      )
    }
  }

  /// The whole batch: header, the records that `write` fills in, and the CRC over both.
  private static func seal(
    _ template: RecordBatchHeader,
    recordsSize: Int,
    write: (UnsafeMutableRawBufferPointer) -> Void
  ) -> [UInt8] {
    var header = template
    let total = RecordBatchHeader.size + recordsSize
    header.batchLength = Int32(
      truncatingIfNeeded: total - RecordBatchHeader.lengthPrefixSize
    )
    return [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
      let target = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: total)
      write(UnsafeMutableRawBufferPointer(rebasing: target[RecordBatchHeader.size...]))
      store(header, andSeal: target)
      count = total
    }
  }

  /// Writes the header before records that stand at their place already, and the CRC over both.
  static func store(_ header: RecordBatchHeader, andSeal target: UnsafeMutableRawBufferPointer) {
    header.store(into: target)
    let covered = UnsafeRawBufferPointer(
      rebasing: UnsafeRawBufferPointer(target)[RecordBatchHeader.crcStart...]
    )
    let crc = CRC32C.checksum(covered)
    target.storeBytes(of: crc.bigEndian, toByteOffset: 17, as: UInt32.self)
  }
}

/// What each record says relative to its batch.
private struct Deltas {
  let baseOffset: Int64
  let baseTimestamp: Int64
  let maxTimestamp: Int64
  let lastOffset: Int32
  let isRenumbering: Bool
  let isAppendTime: Bool

  init(
    _ records: ArraySlice<Record>,
    baseOffset: Int64,
    timestampType: RecordBatch.TimestampType,
    renumbering: Bool
  ) throws {
    self.baseOffset = baseOffset
    isRenumbering = renumbering
    switch timestampType {
    case .logAppendTime(let time):
      isAppendTime = true
      baseTimestamp = time
      maxTimestamp = time
    case .createTime:
      isAppendTime = false
      baseTimestamp = records.first?.timestamp ?? -1
      var highest = baseTimestamp
      for record in records {
        highest = max(highest, record.timestamp)
        guard !record.timestamp.subtractingReportingOverflow(baseTimestamp).overflow else {
          throw KafkaProtocolError(
            .corrupt,
            byteOffset: 0,
            "the timestamps lie further apart than 64 bits can say"
          )
        }
      }
      maxTimestamp = highest
    }
    if renumbering {
      lastOffset = Int32(truncatingIfNeeded: max(0, records.count - 1))
    } else {
      lastOffset = try Deltas.lastOffsetDelta(records, baseOffset)
    }
  }

  private static func lastOffsetDelta(
    _ records: ArraySlice<Record>,
    _ baseOffset: Int64
  ) throws -> Int32 {
    var previous: Int64 = -1
    for record in records {
      let (delta, overflow) = record.offset.rawValue.subtractingReportingOverflow(baseOffset)
      guard !overflow, delta > previous, delta <= Int64(Int32.max) else {
        throw KafkaProtocolError(
          .corrupt,
          byteOffset: 0,
          "the offset \(record.offset) does not ascend from base offset \(baseOffset)"
        )
      }
      previous = delta
    }
    return Int32(truncatingIfNeeded: max(0, previous))
  }

  func offset(_ record: borrowing Record, _ index: Int) -> Int64 {
    isRenumbering ? Int64(index) : record.offset.rawValue - baseOffset
  }

  func timestamp(_ record: borrowing Record) -> Int64 {
    isAppendTime ? 0 : record.timestamp - baseTimestamp
  }
}

/// Bytes that a signed integer takes in a record.
func varintSize(_ value: Int64) -> Int {
  let bits = 64 - (Varint.zigzag(value) | 1).leadingZeroBitCount
  return (bits + 6) / 7
}

private func fieldSize(_ count: Int?) -> Int {
  guard let count else { return 1 }
  return varintSize(Int64(count)) + count
}

private func bodySize(_ record: borrowing Record, _ deltas: Deltas, _ index: Int) -> Int {
  var size = 1 + varintSize(deltas.timestamp(record)) + varintSize(deltas.offset(record, index))
  size += fieldSize(record.key?.count) + fieldSize(record.value?.count)
  size += varintSize(Int64(record.headers.count))
  for header in record.headers {
    size += fieldSize(header.key.utf8.count) + fieldSize(header.value?.count)
  }
  return size
}

/// Writes records into memory whose size was computed before; it never writes past it.
private struct RecordWriter {
  let target: UnsafeMutableRawBufferPointer
  var position = 0

  init(_ target: UnsafeMutableRawBufferPointer) {
    self.target = target
  }

  mutating func write(_ records: ArraySlice<Record>, _ deltas: Deltas) {
    for index in records.indices {
      let relative = index - records.startIndex
      let record = records[index]
      varint(Int64(bodySize(record, deltas, relative)))
      byte(0)
      varint(deltas.timestamp(record))
      varint(deltas.offset(record, relative))
      field(record.key)
      field(record.value)
      varint(Int64(record.headers.count))
      for header in record.headers {
        var name = header.key
        name.withUTF8 { field(UnsafeRawBufferPointer($0)) }
        field(header.value)
      }
    }
  }

  private mutating func byte(_ value: UInt8) {
    target[position] = value
    position += 1
  }

  private mutating func varint(_ value: Int64) {
    var rest = Varint.zigzag(value)
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  private mutating func field(_ bytes: [UInt8]?) {
    guard let bytes else { return varint(-1) }
    bytes.withUnsafeBytes { field($0) }
  }

  private mutating func field(_ bytes: UnsafeRawBufferPointer) {
    varint(Int64(bytes.count))
    guard bytes.count > 0 else { return }
    let room = UnsafeMutableRawBufferPointer(
      rebasing: target[position..<position + bytes.count]
    )
    room.copyMemory(from: bytes)
    position += bytes.count
  }
}
