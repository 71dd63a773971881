// The rows of one NDJSON file, read piece by piece.

import Columnar
import Connector
import Foundation
import Kernels

/// Reads the top-level values of a file's objects into batches.
///
/// A line that is no object, or a value that does not fit its column, ends the scan with its line.
final class JSONFileReader: BatchReader {
  private let path: String
  private let handle: FileHandle
  private let lines: JSONLineReader
  private var buffer: [UInt8] = []
  private var place = 0
  private var isAtEnd = false
  private static let pieceBytes = 1 << 20

  init(path: String, schema: Schema) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileTablesError(.notFound, path: path, "the file cannot be opened")
    }
    self.path = path
    self.handle = handle
    do {
      lines = try JSONLineReader(schema.fields.map { JSONColumn($0.name, type: $0.type) })
    } catch let failure as KernelError {
      throw FileTablesError(.unreadable, path: path, failure.message)
    }
  }

  deinit { try? handle.close() }

  func next() throws -> ColumnarBatch? {
    while true {
      let result = buffer.withUnsafeBytes { bytes in
        lines.read(UnsafeRawBufferPointer(rebasing: bytes[place...]), isLast: isAtEnd)
      }
      place += result.consumed
      if let bad = result.badLines.first {
        throw FileTablesError(.badRecord, path: path, line: bad.line, bad.reason)
      }
      if result.batch.rowCount > 0 { return result.batch }
      if result.consumed == 0 {
        if isAtEnd { return nil }
        try fill()
      }
    }
  }

  private func fill() throws {
    buffer.removeFirst(place)
    place = 0
    do {
      let piece = try handle.read(upToCount: Self.pieceBytes) ?? Data()
      if piece.isEmpty { isAtEnd = true }
      buffer.append(contentsOf: piece)
    } catch {
      throw FileTablesError(.unreadable, path: path, error.localizedDescription)
    }
  }
}
