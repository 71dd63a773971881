// Where generated values go: one builder, with the few forms of values that TPC-H has.

import Columnar

/// Collects the values of one column.
struct TPCHOutput {
  private let builder: ColumnBuilder
  private let isDouble: Bool
  private var text: [UInt8] = []

  init(type: DataType, capacity: Int) {
    builder = ColumnBuilder(type: type, capacity: capacity)
    isDouble = type == .double
  }

  func integer(_ value: Int64) { builder.append(value) }

  /// An amount in hundredths.
  func money(_ cents: Int64) {
    if isDouble {
      builder.append(Double(cents) / 100)
    } else {
      builder.append(cents)
    }
  }

  func bytes(_ bytes: [UInt8]) { bytes.withUnsafeBytes { builder.append(bytes: $0) } }

  /// `prefix` and `number`, padded with zeros to `width` digits.
  mutating func numbered(_ prefix: StaticString, _ number: Int64, width: Int) {
    text.removeAll(keepingCapacity: true)
    text.append(
      contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
    digits(number, width)
    bytes(text)
  }

  private mutating func digits(_ number: Int64, _ width: Int) {
    var left = number
    var count = 0
    let start = text.count
    while left > 0 || count < width {
      text.append(UInt8(ascii: "0") + UInt8(left % 10))
      left /= 10
      count += 1
    }
    text[start...].reverse()
  }

  /// A telephone number; the country's code follows from the nation.
  mutating func phone(_ nation: Int64, _ random: inout RowRandom) {
    text.removeAll(keepingCapacity: true)
    digits(10 + nation % 90, 2)
    for (lower, upper, width) in [(100, 999, 3), (100, 999, 3), (1_000, 9_999, 4)] {
      text.append(UInt8(ascii: "-"))
      digits(Int64(random.next(Int32(lower), Int32(upper))), width)
    }
    bytes(text)
  }

  private static let alphabet = Array(
    "0123456789abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ,".utf8)

  /// An address: letters and digits, `average` long on the whole.
  mutating func address(average: Int, _ random: inout RowRandom) {
    text.removeAll(keepingCapacity: true)
    let bounds = TPCHOutput.lengths(average)
    let length = random.next(bounds.lower, bounds.upper)
    var bits: Int64 = 0
    for index in 0..<length {
      if index % 5 == 0 { bits = Int64(random.next(0, .max)) }
      text.append(Self.alphabet[Int(bits & 0x3F)])
      bits >>= 6
    }
    bytes(text)
  }

  /// A piece of the pool, `average` long on the whole; kept in `piece` too.
  mutating func comment(
    average: Int, _ random: inout RowRandom, _ pool: TextPool, change: (inout [UInt8]) -> Void = { _ in }
  ) {
    text.removeAll(keepingCapacity: true)
    let bounds = TPCHOutput.lengths(average)
    let offset = random.next(0, Int32(TextPool.byteCount) - bounds.upper)
    let length = random.next(bounds.lower, bounds.upper)
    pool.append(Int(offset), Int(length), to: &text)
    change(&text)
    bytes(text)
  }

  private static func lengths(_ average: Int) -> (lower: Int32, upper: Int32) {
    (Int32(Double(average) * 0.4), Int32(Double(average) * 1.6))
  }

  func finish() -> ColumnVector { builder.finish() }
}
