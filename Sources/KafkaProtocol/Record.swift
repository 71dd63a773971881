// One message as producers and consumers see it, and the same message as a view into batch bytes.

internal import Codecs

/// A key and a value with its place and time in the log.
public struct Record: Hashable, Sendable {
  /// Decides the partition; nil for none.
  public var key: [UInt8]?
  /// The message; nil is a tombstone.
  public var value: [UInt8]?
  public var headers: [RecordHeader]
  /// Milliseconds since the Unix epoch: the producer's, or the append time where the log sets it.
  public var timestamp: Int64
  public var offset: Offset

  public init(
    key: [UInt8]?,
    value: [UInt8]?,
    headers: [RecordHeader] = [],
    timestamp: Int64 = 0,
    offset: Offset = Offset(0)
  ) {
    self.key = key
    self.value = value
    self.headers = headers
    self.timestamp = timestamp
    self.offset = offset
  }
}

/// A named note beside a record's value, such as a dead letter's reason. Names may repeat.
public struct RecordHeader: Hashable, Sendable {
  public var key: String
  public var value: [UInt8]?

  public init(key: String, value: [UInt8]?) {
    self.key = key
    self.value = value
  }

  /// A header whose value is UTF-8 text.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = Array(value.utf8)
  }
}

/// A record inside a batch's bytes, nothing copied; valid only while those bytes are.
public struct RecordView {
  public let offset: Int64
  /// Milliseconds since the Unix epoch.
  public let timestamp: Int64
  public let key: UnsafeRawBufferPointer?
  public let value: UnsafeRawBufferPointer?
  public let headerCount: Int
  /// The encoded headers, checked already.
  let headerBytes: UnsafeRawBufferPointer

  /// A view of a record that another library has unpacked.
  ///
  /// - Parameter headerBytes: what `encodeHeader` made of the headers, one after another.
  public init(
    offset: Int64,
    timestamp: Int64,
    key: UnsafeRawBufferPointer?,
    value: UnsafeRawBufferPointer?,
    headerCount: Int,
    headerBytes: UnsafeRawBufferPointer
  ) {
    self.offset = offset
    self.timestamp = timestamp
    self.key = key
    self.value = value
    self.headerCount = headerCount
    self.headerBytes = headerBytes
  }

  /// Adds a header as it stands in a batch: both parts behind their lengths, null as -1.
  public static func encodeHeader(
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?, into bytes: inout [UInt8]
  ) {
    Varint.appendZigzag(Int64(name.count), to: &bytes)
    bytes.append(contentsOf: name)
    Varint.appendZigzag(value.map { Int64($0.count) } ?? -1, to: &bytes)
    if let value { bytes.append(contentsOf: value) }
  }

  /// Calls `body` with each header's name (UTF-8 as sent) and value, in order.
  public func forEachHeader(
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws -> Void
  ) rethrows {
    var cursor = ByteCursor(headerBytes)
    for _ in 0..<headerCount {
      // The decoder has walked these bytes once: every name is there, and no read can fail.
      guard let key = try? cursor.field("header name") else { return }
      try body(key, (try? cursor.field("header value")) ?? nil)
    }
  }

  /// The same record with its bytes copied.
  public func copy() -> Record {
    var headers: [RecordHeader] = []
    if headerCount > 0 {
      headers.reserveCapacity(headerCount)
      forEachHeader { key, value in
        headers.append(
          RecordHeader(key: String(decoding: key, as: UTF8.self), value: value.map { Array($0) })
        )
      }
    }
    return Record(
      key: key.map { Array($0) },
      value: value.map { Array($0) },
      headers: headers,
      timestamp: timestamp,
      offset: Offset(offset)
    )
  }
}
