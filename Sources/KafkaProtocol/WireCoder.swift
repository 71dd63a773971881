// Reads and writes the fields of requests and responses; one list of fields serves both ways.
//
// ```
//              before the flexible version          from the flexible version on
//  string      Int16 length, -1 for null            unsigned varint of length + 1, 0 for null
//  bytes       Int32 length, -1 for null            unsigned varint of length + 1, 0 for null
//  array       Int32 count,  -1 for null            unsigned varint of count + 1,  0 for null
//  end         nothing                              tagged fields: count, then tag, size, bytes
// ```
// Numbers are big-endian. Every length is checked against the bytes that are left before anything
// is made of it, so bad bytes end in an error, and memory stays in proportion to the bytes given.

/// Something that has a place in a request or response.
public protocol WireValue: Hashable, Sendable {
  /// With the values that stand for fields which a version does not have.
  init()
  /// Reads or writes the fields in their order on the wire, as the coder's direction says.
  mutating func code(_ wire: inout WireCoder) throws
}

extension WireValue {
  /// A value whose fields `fill` sets.
  public init(_ fill: (inout Self) throws -> Void) rethrows {
    self.init()
    try fill(&self)
  }
}

/// A place in a message of one version, in one direction.
public struct WireCoder: Sendable {
  /// Elements that all arrays of one message may have together.
  public static let elementsMax = 200_000

  public let version: Int16
  public let isFlexible: Bool
  let isReading: Bool
  /// What is read, or what was written so far.
  public private(set) var bytes: [UInt8]
  /// Where the next field is read.
  public private(set) var position: Int
  private var elementsLeft = WireCoder.elementsMax
  /// Where bytes belong that were announced and not written, in order.
  public private(set) var gaps: [Gap] = []

  /// A place in a message for bytes that its sender puts there by itself.
  public struct Gap: Sendable, Hashable {
    /// Before which of the written bytes it is.
    public var position: Int
    public var byteCount: Int
  }

  /// Reads `bytes` from `position` on.
  public init(reading bytes: [UInt8], at position: Int = 0, version: Int16, isFlexible: Bool) {
    self.bytes = bytes
    self.position = position
    self.version = version
    self.isFlexible = isFlexible
    isReading = true
  }

  /// Writes behind `bytes`.
  public init(writingAfter bytes: [UInt8] = [], version: Int16, isFlexible: Bool) {
    self.bytes = bytes
    position = 0
    self.version = version
    self.isFlexible = isFlexible
    isReading = false
  }

  /// What was written, which the coder then has no more: nobody shares it.
  mutating func takeBytes() -> [UInt8] {
    let written = bytes
    bytes = []
    return written
  }

  /// Bytes that were not read yet.
  public var remaining: Int { bytes.count - position }

  // MARK: Numbers

  /// A big-endian number, in the versions from `from` through `through`.
  public mutating func field<Value: FixedWidthInteger & BitwiseCopyable>(
    _ value: inout Value,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    guard version >= from, version <= through else { return }
    let size = MemoryLayout<Value>.size
    if isReading {
      try need(size)
      let at = position
      value = bytes.withUnsafeBytes {
        Value(bigEndian: $0.loadUnaligned(fromByteOffset: at, as: Value.self))
      }
      position += size
    } else {
      withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
  }

  public mutating func field(
    _ value: inout Bool,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var byte: Int8 = value ? 1 : 0
    try field(&byte, from: from, through: through)
    value = byte != 0
  }

  public mutating func field(
    _ value: inout KafkaErrorCode,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var code = value.rawValue
    try field(&code, from: from, through: through)
    value = KafkaErrorCode(rawValue: code)
  }

  public mutating func field(
    _ value: inout TopicID,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    try field(&value.high, from: from, through: through)
    try field(&value.low, from: from, through: through)
  }

  // MARK: Text and bytes

  /// Text that is never null; a null that comes nevertheless is an error.
  public mutating func field(
    _ value: inout String,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var text: String? = value
    let start = position
    try field(&text, from: from, through: through)
    guard let text else { throw corrupt(start, "a text is null that cannot be") }
    value = text
  }

  public mutating func field(
    _ value: inout String?,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    guard version >= from, version <= through else { return }
    if isReading {
      let start = position
      guard let count = try length(shortForm: true) else { return value = nil }
      guard
        let text = String(validating: bytes[position..<position + count], as: UTF8.self)
      else { throw corrupt(start, "a text is not UTF-8") }
      value = text
      position += count
    } else {
      try putLength(value?.utf8.count, shortForm: true)
      if let value { bytes.append(contentsOf: value.utf8) }
    }
  }

  /// Bytes that are never null; null comes as none.
  public mutating func field(
    _ value: inout [UInt8],
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var slice: ArraySlice<UInt8>? = value[...]
    try field(&slice, from: from, through: through)
    if isReading, version >= from, version <= through { value = slice.map { Array($0) } ?? [] }
  }

  public mutating func field(
    _ value: inout [UInt8]?,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var slice = value.map { $0[...] }
    try field(&slice, from: from, through: through)
    if isReading, version >= from, version <= through { value = slice.map { Array($0) } }
  }

  /// Bytes that share the message's storage, such as the records of a batch.
  public mutating func field(
    _ value: inout ArraySlice<UInt8>?,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    guard version >= from, version <= through else { return }
    if isReading {
      guard let count = try length(shortForm: false) else { return value = nil }
      value = bytes[position..<position + count]
      position += count
    } else {
      try putLength(value?.count, shortForm: false)
      if let value { bytes.append(contentsOf: value) }
    }
  }

  /// Writes the length of bytes that the sender puts here by itself, and notes the place.
  mutating func gap(byteCount: Int) throws {
    try putLength(byteCount, shortForm: false)
    gaps.append(Gap(position: bytes.count, byteCount: byteCount))
  }

  // MARK: Arrays

  /// Elements in order; null comes as none.
  public mutating func field<Value: WireValue>(
    _ values: inout [Value],
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    var array: [Value]? = values
    if isReading { values = [] }
    try field(&array, from: from, through: through)
    if isReading { values = array ?? [] }
  }

  public mutating func field<Value: WireValue>(
    _ values: inout [Value]?,
    from: Int16 = 0,
    through: Int16 = .max
  ) throws {
    guard version >= from, version <= through else { return }
    guard isReading else {
      try putLength(values?.count, shortForm: false)
      for var value in values ?? [] { try value.code(&self) }
      return
    }
    // Every element takes a byte at least, so the count is bounded by the bytes that are left.
    let start = position
    guard let count = try length(shortForm: false) else { return values = nil }
    guard count <= elementsLeft else {
      throw KafkaProtocolError(
        .tooLarge,
        byteOffset: start,
        "a message has more than \(Self.elementsMax) elements"
      )
    }
    elementsLeft -= count
    var result: [Value] = []
    for _ in 0..<count {
      var value = Value()
      try value.code(&self)
      result.append(value)
    }
    values = result
  }

  /// The end of a message or of one of its parts: the tagged fields, of which none is known here.
  public mutating func end() throws {
    guard isFlexible else { return }
    guard isReading else { return bytes.append(0) }
    let count = try unsignedVarint()
    guard count <= remaining else { throw truncated() }
    for _ in 0..<count {
      _ = try unsignedVarint()
      let size = try unsignedVarint()
      guard size <= remaining else { throw truncated() }
      position += size
    }
  }

  // MARK: Lengths

  private mutating func length(shortForm: Bool) throws -> Int? {
    let start = position
    var count: Int
    if isFlexible {
      count = try unsignedVarint() - 1
    } else if shortForm {
      var short: Int16 = 0
      try field(&short)
      count = Int(short)
    } else {
      var long: Int32 = 0
      try field(&long)
      count = Int(long)
    }
    if count == -1 { return nil }
    guard count >= 0 else { throw corrupt(start, "the length \(count) is negative") }
    guard count <= remaining else { throw truncated() }
    return count
  }

  private mutating func putLength(_ count: Int?, shortForm: Bool) throws {
    guard count ?? 0 <= (shortForm && !isFlexible ? Int(Int16.max) : Int(Int32.max) - 1) else {
      throw KafkaProtocolError(
        .tooLarge,
        byteOffset: bytes.count,
        "\(count ?? 0) bytes are too many for one field"
      )
    }
    if isFlexible {
      putUnsignedVarint(count.map { $0 + 1 } ?? 0)
    } else if shortForm {
      var short = count.map { Int16(truncatingIfNeeded: $0) } ?? -1
      try field(&short)
    } else {
      var long = count.map { Int32(truncatingIfNeeded: $0) } ?? -1
      try field(&long)
    }
  }

  private mutating func unsignedVarint() throws -> Int {
    var value: UInt64 = 0
    let start = position
    for shift in stride(from: UInt64(0), through: 28, by: 7) {
      try need(1)
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 {
        guard value <= UInt64(UInt32.max) else { break }
        return Int(value)
      }
    }
    throw corrupt(start, "a number is longer than 32 bits")
  }

  private mutating func putUnsignedVarint(_ number: Int) {
    var rest = UInt64(number)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  private func need(_ count: Int) throws {
    guard count <= remaining else { throw truncated() }
  }

  private func truncated() -> KafkaProtocolError {
    KafkaProtocolError(.truncated, byteOffset: position, "the message ends inside a field")
  }

  private func corrupt(_ at: Int, _ reason: String) -> KafkaProtocolError {
    KafkaProtocolError(.corrupt, byteOffset: at, reason)
  }
}

extension Int32: WireValue {
  public mutating func code(_ wire: inout WireCoder) throws { try wire.field(&self) }
}

extension Int64: WireValue {
  public mutating func code(_ wire: inout WireCoder) throws { try wire.field(&self) }
}

extension String: WireValue {
  public mutating func code(_ wire: inout WireCoder) throws { try wire.field(&self) }
}
