internal import Parquet

/// The codec of the files that Hive-style tables are written in: `SET SESSION lake.compression_codec`.
package enum HiveCompression: String, Hashable, Sendable, CaseIterable {
  case none = "NONE"
  case snappy = "SNAPPY"
  case gzip = "GZIP"
  case zstd = "ZSTD"

  /// What names of files end with, as other writers name theirs.
  var fileSuffix: String {
    switch self {
    case .none: ".parquet"
    case .snappy: ".snappy.parquet"
    case .gzip: ".gz.parquet"
    case .zstd: ".zstd.parquet"
    }
  }

  /// The codec in the format.
  var parquet: ParquetCompression {
    switch self {
    case .none: .uncompressed
    case .snappy: .snappy
    case .gzip: .gzip
    case .zstd: .zstd
    }
  }
}
