internal import ObjectStorage
internal import Parquet

/// A stored object as Parquet wants its bytes.
struct StoredBytes: RandomAccessBytes {
  let reader: any ObjectReader

  var byteCount: Int { reader.byteCount }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    try reader.read(range)
  }
}
