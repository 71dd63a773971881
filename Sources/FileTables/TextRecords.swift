// The records of one text file, by name of field; reads the file piece by piece.

import Foundation

/// The formats of text tables.
enum TextFormat: Sendable {
  /// One JSON object a line.
  case json
  /// Comma-separated, names in the first record (RFC 4180).
  case csv
}

/// Reads records from the beginning to the end, on one thread.
final class TextRecords {
  private let path: String
  private let format: TextFormat
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var place = 0
  private var isAtEnd = false
  private var header: [String] = []
  /// The line where the last record began, from 1.
  private(set) var line = 0
  private var nextLine = 1
  private static let pieceBytes = 1 << 20

  init(path: String, format: TextFormat) throws {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw FileTablesError(.notFound, path: path, "the file cannot be opened")
    }
    self.path = path
    self.format = format
    self.handle = handle
    if format == .csv {
      header = try record().map { try csv($0).map { $0?.text ?? "" } } ?? []
    }
  }

  deinit { try? handle.close() }

  /// CSV's header; none in JSON, whose records name their fields.
  func columnNames() throws -> [String] { header }

  /// The fields of the next record, NULL as nil; nil at the end. Empty lines are passed over.
  func next() throws -> [(name: String, value: TextValue?)]? {
    while let bytes = try record() {
      if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
      switch format {
      case .json: return try json(bytes)
      case .csv:
        let values = try csv(bytes)
        guard values.count == header.count else {
          throw bad("the record has \(values.count) fields, the header \(header.count)")
        }
        return zip(header, values).map { ($0, $1) }
      }
    }
    return nil
  }

  private func bad(_ text: String) -> FileTablesError {
    FileTablesError(.badRecord, path: path, line: line, text)
  }

  /// The bytes of the next record, without its line's end.
  private func record() throws -> [UInt8]? {
    var end = place
    var isQuoted = false
    var lines = 0
    while true {
      while end < buffer.count {
        let byte = buffer[end]
        if byte == UInt8(ascii: "\""), format == .csv { isQuoted.toggle() }
        if byte == 0x0A {
          lines += 1
          if !isQuoted {
            defer { place = end + 1 }
            line = nextLine
            nextLine += lines
            return Array(buffer[place..<end])
          }
        }
        end += 1
      }
      if isAtEnd {
        guard place < buffer.count else { return nil }
        defer { place = buffer.count }
        line = nextLine
        if isQuoted { throw bad("a quote is not closed") }
        return Array(buffer[place...])
      }
      try fill()
      end -= removedByFill
    }
  }

  private var removedByFill = 0

  private func fill() throws {
    buffer.removeFirst(place)
    removedByFill = place
    place = 0
    do {
      let piece = try handle.read(upToCount: Self.pieceBytes) ?? Data()
      if piece.isEmpty { isAtEnd = true }
      buffer.append(contentsOf: piece)
    } catch {
      throw FileTablesError(.unreadable, path: path, error.localizedDescription)
    }
  }

  /// Fields of a CSV record; an empty field without quotes is NULL.
  private func csv(_ bytes: [UInt8]) throws -> [TextValue?] {
    var values: [TextValue?] = []
    var current: [UInt8] = []
    var isQuoted = false
    var hadQuotes = false
    var index = 0
    func finish() {
      if current.isEmpty, !hadQuotes {
        values.append(nil)
      } else {
        values.append(
          TextValue(text: String(decoding: current, as: UTF8.self), isQuoted: hadQuotes))
      }
      current.removeAll(keepingCapacity: true)
      hadQuotes = false
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") {
        if isQuoted, index + 1 < bytes.count, bytes[index + 1] == byte {
          current.append(byte)
          index += 1
        } else {
          isQuoted.toggle()
          hadQuotes = true
        }
      } else if byte == UInt8(ascii: ","), !isQuoted {
        finish()
      } else if byte == 0x0D, !isQuoted, index == bytes.count - 1 {
        break
      } else {
        current.append(byte)
      }
      index += 1
    }
    finish()
    return values
  }

  /// Fields of a JSON object; nested values keep their text.
  private func json(_ bytes: [UInt8]) throws -> [(name: String, value: TextValue?)] {
    var scanner = ObjectScanner(bytes)
    guard let fields = scanner.fields() else { throw bad("the line is no JSON object") }
    return fields
  }
}
