// Bytes to records, without trust: lengths are checked before they are used, and the CRC first.

internal import Codecs

extension RecordBatch {
  /// The fewest bytes a record can have: its length and six fields of one byte.
  private static let recordSizeMin = 7

  /// Calls `body` with each record of the batch at the beginning of `bytes`, nothing copied.
  ///
  /// The CRC is checked before the first call. A batch that turns out to be corrupt later throws
  /// after some records were handed out.
  /// - Returns: the batch's header; its `totalSize` says where the next batch begins.
  @discardableResult
  public static func forEachRecord(
    in bytes: UnsafeRawBufferPointer,
    unpackedBytesMax: Int = 64 << 20,
    _ body: (RecordView) throws -> Void
  ) throws -> RecordBatchHeader {
    let header = try RecordBatchHeader(parsing: bytes)
    try header.checkCRC(bytes)
    let packed = UnsafeRawBufferPointer(
      rebasing: bytes[RecordBatchHeader.size..<header.totalSize]
    )
    switch header.compression {
    case .none?:
      try walk(packed, header, at: RecordBatchHeader.size, body)
    case let codec?:
      let plain = try unpack(packed, codec, bytesMax: unpackedBytesMax)
      try plain.withUnsafeBytes { try walk($0, header, at: 0, body) }
    case nil:
      throw KafkaProtocolError(
        .unsupportedCompression,
        byteOffset: 21,
        "codec \(header.attributes & 7) is not one of Kafka's, 0 to 4"
      )
    }
    return header
  }

  /// Walks plain records; `origin` is where they begin in the caller's bytes, for error places.
  private static func walk(
    _ bytes: UnsafeRawBufferPointer,
    _ header: RecordBatchHeader,
    at origin: Int,
    _ body: (RecordView) throws -> Void
  ) throws {
    guard Int(header.recordCount) <= bytes.count / recordSizeMin else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: 57,
        "\(header.recordCount) records cannot lie in \(bytes.count) bytes"
      )
    }
    var position = 0
    var deltaMin = 0
    for _ in 0..<header.recordCount {
      let view: RecordView
      do {
        view = try record(bytes, &position, header, &deltaMin)
      } catch var error as KafkaProtocolError {
        error.byteOffset += origin
        throw error
      }
      try body(view)
    }
    guard position == bytes.count else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: origin + position,
        "\(bytes.count - position) bytes follow the last record"
      )
    }
  }

  private static func record(
    _ bytes: UnsafeRawBufferPointer,
    _ position: inout Int,
    _ header: RecordBatchHeader,
    _ deltaMin: inout Int
  ) throws -> RecordView {
    let start = position
    var cursor = ByteCursor(bytes)
    cursor.position = position
    let size = try cursor.varint("record length")
    guard size >= 0, size <= cursor.remaining else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: start,
        "a record of \(size) bytes does not fit its batch"
      )
    }
    let end = cursor.position + size
    // The record's fields must end where its length says, so read them from exactly those bytes.
    cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<end]))
    cursor.position = end - size
    _ = try cursor.byte("record attributes")
    let timestampDelta = try cursor.varlong("timestamp delta")
    let offsetDelta = try cursor.varint("offset delta")
    guard offsetDelta >= deltaMin, offsetDelta <= Int(header.lastOffsetDelta) else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: start,
        "the offset delta \(offsetDelta) is not in \(deltaMin)...\(header.lastOffsetDelta)"
      )
    }
    deltaMin = offsetDelta + 1
    let key = try cursor.field("key")
    let value = try cursor.field("value")
    let headerCount = try cursor.varint("header count")
    guard headerCount >= 0, headerCount <= cursor.remaining / 2 else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: cursor.position,
        "\(headerCount) headers cannot lie in the record"
      )
    }
    let headersStart = cursor.position
    for _ in 0..<headerCount {
      guard try cursor.field("header name") != nil else {
        throw KafkaProtocolError(
          .corrupt,
          byteOffset: cursor.position,
          "a header has no name"
        )
      }
      _ = try cursor.field("header value")
    }
    guard cursor.position == end else {
      throw KafkaProtocolError(
        .corrupt,
        byteOffset: cursor.position,
        "the record is longer than its fields"
      )
    }
    position = end
    let (timestamp, overflow) = header.baseTimestamp.addingReportingOverflow(timestampDelta)
    guard !overflow else {
      throw KafkaProtocolError(.corrupt, byteOffset: start, "the timestamp delta overflows")
    }
    return RecordView(
      offset: header.baseOffset + Int64(offsetDelta),
      timestamp: header.isLogAppendTime ? header.maxTimestamp : timestamp,
      key: key,
      value: value,
      headerCount: headerCount,
      headerBytes: UnsafeRawBufferPointer(rebasing: bytes[headersStart..<end])
    )
  }
}
