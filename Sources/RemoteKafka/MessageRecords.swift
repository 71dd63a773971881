// A message of librdkafka as a record: key and value where they lie, headers as a batch has them.

internal import CRDKafka
internal import KafkaProtocol

/// Makes record views of messages, with one buffer for the headers of all.
struct MessageRecords {
  private var headerBytes: [UInt8] = []

  /// What a record's time is: librdkafka's milliseconds, and whether the log set them.
  let time: @Sendable (_ milliseconds: Int64, _ isAppendTime: Bool) -> Int64

  init(time: @escaping @Sendable (Int64, Bool) -> Int64) { self.time = time }

  /// Calls `body` with the message as a record, which is valid only inside.
  mutating func withView<Result>(
    of message: UnsafeMutablePointer<rd_kafka_message_t>, _ body: (RecordView) throws -> Result
  ) rethrows -> Result {
    var kind = Int32(RD_KAFKA_TIMESTAMP_NOT_AVAILABLE)
    let timestamp = rd_kafka_message_timestamp(message, &kind)
    let headerCount = encodeHeaders(of: message)
    return try headerBytes.withUnsafeBytes { bytes in
      try body(
        RecordView(
          offset: message.pointee.offset,
          timestamp: time(timestamp, Int(kind) == RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME),
          key: Self.bytes(message.pointee.key, message.pointee.key_len),
          value: Self.bytes(message.pointee.payload, message.pointee.len),
          headerCount: headerCount,
          headerBytes: bytes
        ))
    }
  }

  private static func bytes(
    _ start: UnsafeMutableRawPointer?, _ count: Int
  ) -> UnsafeRawBufferPointer? {
    start.map { UnsafeRawBufferPointer(start: $0, count: count) }
  }

  private mutating func encodeHeaders(
    of message: UnsafeMutablePointer<rd_kafka_message_t>
  ) -> Int {
    headerBytes.removeAll(keepingCapacity: true)
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == 0, let list else { return 0 }
    var count = 0
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, count, &name, &value, &size) == 0, let key = name {
      RecordView.encodeHeader(
        name: UnsafeRawBufferPointer(start: key, count: Self.length(key)),
        value: value.map { UnsafeRawBufferPointer(start: $0, count: size) },
        into: &headerBytes)
      count += 1
    }
    return count
  }

  private static func length(_ text: UnsafePointer<CChar>) -> Int {
    var end = text
    while end.pointee != 0 { end += 1 }
    return end - text
  }
}
