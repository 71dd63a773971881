internal import Codecs
package import Columnar
package import Connector
internal import Foundation
package import ObjectStorage

/// The lines of Bronze objects as a table: the JSON as received, and what finds an event in it.
///
/// One split an object, read when it is opened. `kafka_partition` and `kafka_offset` come from the
/// object's key; they are NULL where the key is of another form, or where the object does not have
/// as many lines as its key says.
package struct BronzeTable: TableSource {
  package static let schema = Schema([
    Field("object", .varchar, isNullable: false),
    Field("line", .bigint, isNullable: false),
    Field("json", .varchar, isNullable: false),
    Field("event_id", .varchar),
    Field("event_name", .varchar),
    Field("received_at", .timestampWithTimeZone),
    Field("kafka_partition", .integer),
    Field("kafka_offset", .bigint),
  ])

  package var schema: Schema { Self.schema }
  private let store: any ObjectStore
  private let objects: [ObjectMetadata]

  /// The table over objects as they were listed; later ones do not show.
  package init(store: any ObjectStore, objects: [ObjectMetadata]) {
    self.store = store
    self.objects = objects.filter { $0.key.hasSuffix(".json.gz") || $0.key.hasSuffix(".json") }
  }

  package func splits(for request: ScanRequest) throws -> [any Split] {
    objects.compactMap { object in
      let key = BronzeKey(object.key)
      guard request.predicates.allSatisfy({ canMatch(object.key, key, $0) }) else { return nil }
      return BronzeSplit(
        store: store,
        object: object,
        key: key,
        schema: schema,
        columns: request.columns
      )
    }
  }

  /// False only where the key alone excludes all lines: other objects, partitions and offsets.
  private func canMatch(_ text: String, _ key: BronzeKey?, _ predicate: ColumnPredicate) -> Bool {
    switch (predicate.column, predicate.comparison) {
    case (0, .equal(.text(let wanted))): return text.utf8.elementsEqual(wanted.utf8)
    case (6, .equal(.integer(let wanted))):
      return key.map { Int64($0.partition) == wanted } ?? false
    case (7, .equal(.integer(let wanted))):
      return key.map { $0.startOffset <= wanted && wanted <= $0.endOffset } ?? false
    case (7, .greater(.integer(let least))): return key.map { $0.endOffset > least } ?? false
    case (7, .greaterOrEqual(.integer(let least))):
      return key.map { $0.endOffset >= least } ?? false
    default: return true
    }
  }
}

private struct BronzeSplit: Split {
  let store: any ObjectStore
  let object: ObjectMetadata
  let key: BronzeKey?
  let schema: Schema
  let columns: [Int]

  /// Larger ones are no objects of ours; a gzip bomb is not unpacked.
  private static let bytesMax = 1 << 30

  var label: String { object.key }

  func open() throws -> any BatchReader {
    var bytes = try store.get(object.key)
    if Gzip.isGzip(bytes) {
      do {
        bytes = try Gzip.decompress(bytes, bytesMax: Self.bytesMax)
      } catch let error as CodecsError {
        throw LakeError(
          .corruptObject,
          key: object.key,
          "The Bronze object \(object.key) cannot be unpacked: \(error.message).",
          advice: "Ingest its offsets again after deleting it, or restore it from a copy."
        )
      }
    }
    return BronzeReader(
      text: bytes.withUnsafeBytes { Buffer(copying: $0) },
      object: object.key,
      key: key,
      schema: schema,
      columns: columns
    )
  }
}

/// Cuts an object's text into lines and makes batches whose JSON is not copied.
private final class BronzeReader: BatchReader {
  private let text: Buffer
  private let object: String
  private let partition: Int32?
  private let startOffset: Int64?
  private let schema: Schema
  private let columns: [Int]
  private let lines: [Range<Int>]
  private var nextLine = 0
  private static let batchRowsMax = 8_192

  init(text: Buffer, object: String, key: BronzeKey?, schema: Schema, columns: [Int]) {
    self.text = text
    self.object = object
    self.columns = columns
    self.schema = schema
    let lines = Self.lines(of: text.bytes)
    self.lines = lines
    // The offsets are known only if every record is one line.
    startOffset = key.flatMap { key in
      key.endOffset - key.startOffset == Int64(lines.count) - 1 ? key.startOffset : nil
    }
    partition = key?.partition
  }

  private static func lines(of bytes: UnsafeRawBufferPointer) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    while start < bytes.count, let base = bytes.baseAddress {
      let found = memchr(base + start, 0x0A, bytes.count - start)
      let end = found.map { UnsafeRawPointer($0) - base } ?? bytes.count
      if end > start { lines.append(start..<end) }
      start = end + 1
    }
    return lines
  }

  func next() throws -> ColumnarBatch? {
    guard nextLine < lines.count else { return nil }
    let range = nextLine..<min(nextLine + Self.batchRowsMax, lines.count)
    nextLine = range.upperBound
    let envelope =
      columns.contains { (3...5).contains($0) } ? BronzeEnvelope(text, lines[range]) : nil
    let vectors = columns.map { vector($0, range, envelope) }
    return ColumnarBatch(
      schema: schema.selecting(columns),
      columns: vectors,
      rowCount: range.count
    )
  }

  private func vector(
    _ column: Int,
    _ range: Range<Int>,
    _ envelope: BronzeEnvelope?
  ) -> ColumnVector {
    let type = schema[column].type
    func constant(_ scalar: Scalar) -> ColumnVector {
      ColumnVector(constant: scalar, type: type, count: range.count)
    }
    switch column {
    case 0: return constant(.text(object))
    case 1: return numbers(range, from: 1)
    case 2: return TextRanges.vector(lines[range].map { $0 }, of: text)
    case 3: return envelope?.eventID ?? constant(.null)
    case 4: return envelope?.eventName ?? constant(.null)
    case 5: return envelope?.receivedAt ?? constant(.null)
    case 6: return constant(partition.map { .integer(Int64($0)) } ?? .null)
    default: return startOffset.map { numbers(range, from: $0) } ?? constant(.null)
    }
  }

  private func numbers(_ range: Range<Int>, from first: Int64) -> ColumnVector {
    let values = Buffer(byteCount: range.count * 8) { memory in
      let target = memory.bindMemory(to: Int64.self)
      for row in 0..<range.count { target[row] = first + Int64(range.lowerBound + row) }
    }
    return ColumnVector(type: .bigint, count: range.count, values: values)
  }
}
