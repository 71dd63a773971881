internal import Codecs
internal import ObjectStorage

/// The bytes of a text file piece by piece, unpacked where they are gzip.
struct HiveTextPieces {
  private let reader: any ObjectReader
  private let scan: HiveScan
  private let file: ObjectMetadata
  private var place = 0

  private static let pieceByteCount = 1 << 20

  init(scan: HiveScan, file: ObjectMetadata) throws {
    self.scan = scan
    self.file = file
    reader = try scan.open(file)
  }

  /// The next bytes; nil at the end.
  mutating func next() throws -> [UInt8]? {
    guard place < reader.byteCount else { return nil }
    let isFirst = place == 0
    let end = min(reader.byteCount, place + Self.pieceByteCount)
    let piece = try reader.read(place..<end)
    place = end
    guard isFirst, Gzip.isGzip(piece) else { return piece }
    place = reader.byteCount
    do {
      return try Gzip.decompress(
        try reader.read(0..<reader.byteCount), bytesMax: Lake.unpackedBytesMax)
    } catch let error as CodecsError {
      throw HiveError(
        .badData, table: "\(scan.table)", "The file cannot be unpacked: \(error.message).",
        file: file.key, advice: "Write the file again, or take it out of the partition's directory.")
    }
  }
}
