/// What the footer says of one column in one row group, nested parts and columns that are not read too.
public struct ParquetColumnChunk: Hashable, Sendable {
  /// Names from the root to the column, with dots.
  public var path: String
  /// The column's position in the file's `schema`; nil for a part of a nested column, and for one that
  /// is not read.
  public var column: Int?
  /// As the format names it, such as `ZSTD`.
  public var codec: String
  /// As the format names them, such as `RLE_DICTIONARY`.
  public var encodings: [String]
  /// Values with NULLs.
  public var valueCount: Int
  /// With page headers.
  public var compressedByteCount: Int
  public var uncompressedByteCount: Int
  /// True where the bounds of single pages are stored, too.
  public var hasPageIndex: Bool
}

extension ParquetFile {
  /// The column chunks of a row group, in the file's order. Nothing is read.
  public func columnChunks(rowGroup: Int) -> [ParquetColumnChunk] {
    var columns: [Int: Int] = [:]
    for (index, column) in fileSchema.columns.enumerated() {
      if let leaf = column.scalar { columns[leaf.leaf] = index }
    }
    return zip(metadata.rowGroups[rowGroup].columns, fileSchema.leaves).enumerated().map { leaf, pair in
      let (chunk, node) = pair
      return ParquetColumnChunk(
        path: node.path.joined(separator: "."), column: columns[leaf],
        codec: PageCodec.name(chunk.codec), encodings: chunk.encodings.map(Encoding.name),
        valueCount: chunk.valueCount, compressedByteCount: chunk.compressedByteCount,
        uncompressedByteCount: chunk.uncompressedByteCount,
        hasPageIndex: chunk.columnIndex != nil)
    }
  }
}

extension Encoding {
  /// The name of any encoding that the format knows.
  static func name(_ raw: Int64) -> String {
    switch Int32(exactly: raw).flatMap(Encoding.init) {
    case .plain: "PLAIN"
    case .plainDictionary: "PLAIN_DICTIONARY"
    case .rle: "RLE"
    case .bitPacked: "BIT_PACKED"
    case .deltaBinaryPacked: "DELTA_BINARY_PACKED"
    case .deltaLengthByteArray: "DELTA_LENGTH_BYTE_ARRAY"
    case .deltaByteArray: "DELTA_BYTE_ARRAY"
    case .rleDictionary: "RLE_DICTIONARY"
    case .byteStreamSplit: "BYTE_STREAM_SPLIT"
    case nil: "encoding \(raw)"
    }
  }
}
