internal import Codecs
internal import ObjectStorage

// Where a deletion vector's bytes are, and how they are checked:
//
// ```
//  i   in the log itself, as Z85
//  u   <prefix>/deletion_vector_<uuid>.bin below the table; prefix and uuid as Z85 in the log
//  p   a file anywhere: refused, as shallow clones are
//
//  file   version 1 │ size, 4 bytes, big-endian │ bitmap │ CRC-32, big-endian │ size …
// ```

extension DeletionVectorDescriptor {
  /// Characters of a uuid.
  private static let uuidCount = 20

  /// Its file's key below the table; nil where it has none there.
  var path: String? {
    guard storageType == "u", pathOrInline.utf8.count >= Self.uuidCount,
      let bytes = Z85.decode(pathOrInline.utf8.suffix(Self.uuidCount))
    else { return nil }
    let prefix = String(decoding: pathOrInline.utf8.dropLast(Self.uuidCount), as: UTF8.self)
    let digits = bytes.map { byte in
      let text = String(byte, radix: 16)
      return text.count == 1 ? "0" + text : text
    }
    let uuid = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }
      .joined(separator: "-")
    let path = (prefix.isEmpty ? "" : prefix + "/") + "deletion_vector_" + uuid + ".bin"
    return ObjectKey.isPlain(path) ? path : nil
  }

  /// The rows of `file`, which has `rowCount`, that count no longer: as many as the log says.
  ///
  /// Throws `corruptDeletionVector`, and `missingDataFile` where the vector's file is gone.
  func rows(of file: AddFile, rowCount: Int, scan: DeltaScan) throws -> RowSet {
    func corrupt(_ reason: String, _ key: String? = nil) -> DeltaLogError {
      DeltaLogError(
        .corruptDeletionVector,
        table: scan.table.path,
        "The deletion vector of \(file.path) cannot be read: \(reason).",
        version: scan.version,
        file: key ?? scan.table.path + "/" + file.path,
        advice: "Restore it from a copy; without it, deleted rows would come back."
      )
    }
    let key = path.map { scan.table.path + "/" + $0 }
    let bytes: [UInt8]
    switch storageType {
    case "i":
      guard let decoded = Z85.decode(pathOrInline.utf8) else {
        throw corrupt("its text is no Z85")
      }
      guard sizeInBytes >= 0, sizeInBytes <= decoded.count else {
        throw corrupt("it has \(decoded.count) bytes instead of \(sizeInBytes)")
      }
      // The text stands for whole words, so up to three bytes at its end are none of the vector's.
      bytes = Array(decoded.prefix(Int(sizeInBytes)))
    case "u":
      guard let key else { throw corrupt("its name is no uuid") }
      bytes = try stored(key, file, scan) { corrupt($0, key) }
    default:
      throw corrupt("it lies in a file outside the table, as shallow clones have it")
    }
    do {
      let rows = try bytes.withUnsafeBytes {
        try RoaringBitmap.rows(portable: $0, rowCount: rowCount)
      }
      guard Int64(rows.count) == cardinality else {
        throw corrupt("it has \(rows.count) rows instead of \(cardinality)", key)
      }
      return rows
    } catch let fault as RoaringBitmap.Fault {
      throw corrupt(fault.reason, key)
    }
  }

  /// The vector's bytes in its file, checked.
  private func stored(
    _ key: String,
    _ file: AddFile,
    _ scan: DeltaScan,
    _ corrupt: (String) -> DeltaLogError
  ) throws -> [UInt8] {
    let start = offset ?? 0
    guard start >= 0, start < 1 << 40, sizeInBytes >= 0, sizeInBytes <= 1 << 31 else {
      throw corrupt("its place in the file is none")
    }
    do {
      let reader = try scan.table.store.open(key)
      guard reader.byteCount > 0, try reader.read(0..<1) == [1] else {
        throw corrupt("its file is not of version 1")
      }
      let (first, size) = (Int(start), Int(sizeInBytes))
      guard first + size + 8 <= reader.byteCount else { throw corrupt("its file ends too early") }
      let bytes = try reader.read(first..<(first + size + 8))
      func word(_ at: Int) -> UInt32 {
        bytes[at..<(at + 4)].reduce(0) { $0 << 8 | UInt32($1) }
      }
      guard word(0) == UInt32(size) else { throw corrupt("its size is \(word(0)), not \(size)") }
      let bitmap = Array(bytes[4..<(4 + size)])
      let checksum = bitmap.withUnsafeBytes { CRC32.checksum($0) }
      guard word(4 + size) == checksum else { throw corrupt("its checksum is wrong") }
      return bitmap
    } catch let error as ObjectStorageError where error.kind == .notFound {
      throw DeltaLogError(
        .missingDataFile,
        table: scan.table.path,
        "The deletion vector of \(file.path), version \(scan.version) of \(scan.table.path), is "
          + "missing.",
        version: scan.version,
        file: key,
        advice: "Restore it from a copy, or read an older version of the table."
      )
    } catch let error as ObjectStorageError where error.kind == .invalidKey {
      throw corrupt("it names no file")
    }
  }
}

/// Base 85 as ZeroMQ writes it: five characters for four bytes.
enum Z85 {
  private static let letters = "abcdefghijklmnopqrstuvwxyz"
  private static let alphabet =
    "0123456789" + letters + letters.uppercased() + ".-:+=^!/*?&<>()[]{}@%$#"

  private static let digits: [UInt8: UInt64] = {
    var digits: [UInt8: UInt64] = [:]
    for (value, character) in alphabet.utf8.enumerated() { digits[character] = UInt64(value) }
    return digits
  }()

  /// Nil where the text is none of this kind.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 5 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 5 * 4)
    var word: UInt64 = 0
    var count = 0
    for character in text {
      guard let digit = digits[character] else { return nil }
      word = word * 85 + digit
      count += 1
      if count == 5 {
        guard word <= UInt64(UInt32.max) else { return nil }
        for shift in [24, 16, 8, 0] as [UInt64] {
          bytes.append(UInt8(truncatingIfNeeded: word >> shift))
        }
        word = 0
        count = 0
      }
    }
    return bytes
  }
}
