// What is written after the last row group: the page index, and the footer that says where
// everything is.

import Columnar

/// A column chunk in the file.
struct WrittenChunk {
  var leaf: LeafFormat
  var dictionaryPageOffset: Int?
  var dataPageOffset: Int
  var compressedByteCount: Int
  /// Without its bytes.
  var chunk: FinishedChunk
  var columnIndex: Range<Int>?
  var offsetIndex: Range<Int>?
}

/// Gathers the metadata of a file while it is written.
struct FooterWriter {
  private struct RowGroup {
    var rowCount: Int
    var position: Int
    var chunks: [WrittenChunk] = []
  }

  private let schema: Schema
  private let leaves: [LeafFormat]
  private let options: ParquetWriterOptions
  private var groups: [RowGroup] = []

  init(schema: Schema, leaves: [LeafFormat], options: ParquetWriterOptions) {
    self.schema = schema
    self.leaves = leaves
    self.options = options
  }

  mutating func beginRowGroup(rowCount: Int, position: Int) {
    groups.append(RowGroup(rowCount: rowCount, position: position))
  }

  mutating func append(_ chunk: WrittenChunk) {
    groups[groups.count - 1].chunks.append(chunk)
  }

  // MARK: - The page index

  /// The column indexes of all chunks, then their offset indexes; notes where each lies.
  mutating func pageIndex(at position: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for group in groups.indices {
      for index in groups[group].chunks.indices {
        guard let columnIndex = Self.columnIndex(groups[group].chunks[index]) else { continue }
        let start = position + bytes.count
        groups[group].chunks[index].columnIndex = start..<(start + columnIndex.count)
        bytes += columnIndex
      }
    }
    for group in groups.indices {
      for index in groups[group].chunks.indices {
        let offsetIndex = Self.offsetIndex(groups[group].chunks[index])
        let start = position + bytes.count
        groups[group].chunks[index].offsetIndex = start..<(start + offsetIndex.count)
        bytes += offsetIndex
      }
    }
    return bytes
  }

  /// The bounds of a chunk's pages; nil where a page has values and no bounds that can be stated.
  private static func columnIndex(_ chunk: WrittenChunk) -> [UInt8]? {
    let pages = chunk.chunk.index
    let raw = pages.map { $0.bounds.raw(leaf: chunk.leaf) }
    let isNull = pages.map { $0.bounds.nullCount == $0.valueCount }
    for (index, bounds) in raw.enumerated() where !isNull[index] {
      if bounds.min == nil || bounds.max == nil { return nil }
    }
    var writer = ThriftWriter()
    writer.structure { writer in
      writer.list(1, isNull)
      writer.list(2, zip(raw, isNull).map { $1 ? [] : $0.min ?? [] })
      writer.list(3, zip(raw, isNull).map { $1 ? [] : $0.max ?? [] })
      writer.field(4, boundaryOrder(pages.map(\.bounds), isNull, chunk.leaf))
      writer.list(5, int64: pages.map { Int64($0.bounds.nullCount) })
    }
    return writer.bytes
  }

  /// 1 where neither bound ever falls, 2 where neither rises, 0 otherwise; NULL pages do not count.
  private static func boundaryOrder(
    _ bounds: [ColumnBounds],
    _ isNull: [Bool],
    _ leaf: LeafFormat
  ) -> Int32 {
    let statistics = zip(bounds, isNull).filter { !$1 }.map { $0.0.statistics(leaf: leaf) }
    var ascends = true
    var descends = true
    for (before, after) in zip(statistics, statistics.dropFirst()) {
      guard let min = ScalarOrder.compare(before.min, after.min),
        let max = ScalarOrder.compare(before.max, after.max)
      else { return 0 }
      if min > 0 || max > 0 { ascends = false }
      if min < 0 || max < 0 { descends = false }
    }
    return ascends ? 1 : descends ? 2 : 0
  }

  private static func offsetIndex(_ chunk: WrittenChunk) -> [UInt8] {
    var writer = ThriftWriter()
    writer.structure { writer in
      writer.list(1, chunk.chunk.index) { writer, page in
        writer.field(1, int64: Int64(chunk.dataPageOffset + page.offset))
        writer.field(2, Int32(truncatingIfNeeded: page.byteCount))
        writer.field(3, int64: Int64(page.firstRow))
      }
    }
    return writer.bytes
  }

  // MARK: - The footer

  func bytes(rowCount: Int) -> [UInt8] {
    var footer = ThriftWriter()
    footer.structure { footer in
      footer.field(1, options.pageVersion == .v1 ? 1 : 2)
      writeSchema(&footer)
      footer.field(3, int64: Int64(rowCount))
      footer.list(4, Array(groups.enumerated())) { writer, group in
        write(group.element, ordinal: group.offset, to: &writer)
      }
      if !options.keyValueMetadata.isEmpty {
        footer.list(5, options.keyValueMetadata) { writer, pair in
          writer.field(1, pair.0)
          writer.field(2, pair.1)
        }
      }
      footer.field(6, "tapline version 0.1.0 (build 0)")
      footer.list(7, leaves) { order, _ in order.field(1) { _ in } }
    }
    return footer.bytes
  }

  /// An element of the schema's list.
  private enum Element {
    case root
    case leaf(LeafFormat, name: String, repetition: Int32)
    case group(name: String, repetition: Int32, childCount: Int, DataType?)
  }

  private func writeSchema(_ footer: inout ThriftWriter) {
    var elements: [Element] = [.root]
    var next = leaves[...]
    for field in schema.fields { append(field, to: &elements, &next) }
    footer.list(2, elements) { writer, element in
      switch element {
      case .root:
        writer.field(4, "schema")
        writer.field(5, Int32(schema.count))
      case .leaf(let leaf, let name, let repetition):
        leaf.writeElement(&writer, name: name, repetition: repetition)
      case .group(let name, let repetition, let childCount, let type):
        writer.field(3, repetition)
        writer.field(4, name)
        writer.field(5, Int32(childCount))
        switch type {
        case .array:
          writer.field(6, 3)
          writer.field(10) { logical in logical.field(3) { _ in } }
        case .map:
          writer.field(6, 1)
          writer.field(10) { logical in logical.field(2) { _ in } }
        default: break
        }
      }
    }
  }

  private func append(
    _ field: Field,
    to elements: inout [Element],
    _ next: inout ArraySlice<LeafFormat>
  ) {
    let repetition: Int32 = field.isNullable ? 1 : 0
    switch field.type {
    case .row(let fields):
      elements.append(
        .group(name: field.name, repetition: repetition, childCount: fields.count, nil))
      for child in LeafFormat.named(fields) { append(child, to: &elements, &next) }
    case .array, .map:
      let (group, children) = LeafFormat.inside(field.type)
      elements.append(
        .group(name: field.name, repetition: repetition, childCount: 1, field.type))
      elements.append(.group(name: group, repetition: 2, childCount: children.count, nil))
      for child in children { append(child, to: &elements, &next) }
    default:
      if let leaf = next.popFirst() {
        elements.append(.leaf(leaf, name: field.name, repetition: repetition))
      }
    }
  }

  private func write(_ group: RowGroup, ordinal: Int, to writer: inout ThriftWriter) {
    writer.list(1, group.chunks) { writer, chunk in
      writer.field(2, int64: Int64(0))
      writer.field(3) { write(chunk, to: &$0) }
      if let range = chunk.offsetIndex {
        writer.field(4, int64: Int64(range.lowerBound))
        writer.field(5, Int32(truncatingIfNeeded: range.count))
      }
      if let range = chunk.columnIndex {
        writer.field(6, int64: Int64(range.lowerBound))
        writer.field(7, Int32(truncatingIfNeeded: range.count))
      }
    }
    writer.field(2, int64: Int64(group.chunks.reduce(0) { $0 + $1.chunk.uncompressedByteCount }))
    writer.field(3, int64: Int64(group.rowCount))
    writer.field(5, int64: Int64(group.position))
    writer.field(6, int64: Int64(group.chunks.reduce(0) { $0 + $1.compressedByteCount }))
    if let ordinal = Int16(exactly: ordinal) { writer.field(7, int16: ordinal) }
  }

  private func write(_ written: WrittenChunk, to writer: inout ThriftWriter) {
    let chunk = written.chunk
    let pages = chunk.pageCounts.sorted { $0.key.rawValue < $1.key.rawValue }
    var encodings: [Int32] = [Encoding.plain.rawValue, Encoding.rle.rawValue]
    for (encoding, _) in pages where encoding != .plain { encodings.append(encoding.rawValue) }
    writer.field(1, written.leaf.physical.rawValue)
    writer.list(2, encodings)
    writer.list(3, written.leaf.path)
    writer.field(4, options.compression.codec.rawValue)
    writer.field(5, int64: Int64(chunk.valueCount))
    writer.field(6, int64: Int64(chunk.uncompressedByteCount))
    writer.field(7, int64: Int64(written.compressedByteCount))
    writer.field(9, int64: Int64(written.dataPageOffset))
    if let offset = written.dictionaryPageOffset { writer.field(11, int64: Int64(offset)) }
    chunk.bounds.raw(leaf: written.leaf).write(to: &writer)
    // Page kind, encoding, number of pages: readers see from it whether all pages hold codes.
    let dataKind: Int32 = options.pageVersion == .v1 ? 0 : 3
    var stats: [(kind: Int32, encoding: Int32, count: Int32)] = []
    if written.dictionaryPageOffset != nil { stats.append((2, Encoding.plain.rawValue, 1)) }
    for (encoding, count) in pages { stats.append((dataKind, encoding.rawValue, count)) }
    writer.list(13, stats) { writer, entry in
      writer.field(1, entry.kind)
      writer.field(2, entry.encoding)
      writer.field(3, entry.count)
    }
  }
}

extension RawStatistics {
  fileprivate func write(to writer: inout ThriftWriter) {
    writer.field(12) { writer in
      if let nullCount { writer.field(3, int64: Int64(nullCount)) }
      if let max { writer.field(5, max) }
      if let min { writer.field(6, min) }
      if let isMaxExact { writer.field(7, isMaxExact) }
      if let isMinExact { writer.field(8, isMinExact) }
    }
  }
}
