// Why files could not be read as a table.

import Diagnostics

/// Why files could not be read as a table; the place is the file, and the line where there is one.
package struct FileTablesError: DiagnosableError {
  /// The kinds of it.
  package enum Kind: String, Sendable {
    /// No file matches the path.
    case notFound = "not_found"
    /// The name ends in none of the endings that are read.
    case unknownFormat = "unknown_format"
    /// Files of one table differ in their columns.
    case schemasDiffer = "schemas_differ"
    case unreadable
    /// A line that is no record of the format, or a value that does not fit its column.
    case badRecord = "bad_record"
  }

  package var kind: Kind
  package var path: String
  /// From 1.
  package var line: Int?
  package var message: String

  package init(_ kind: Kind, path: String, line: Int? = nil, _ message: String) {
    self.kind = kind
    self.path = path
    self.line = line
    self.message = message
  }

  package var code: String { "filetables.\(kind.rawValue)" }
  package var place: String? { line.map { "\(path), line \($0)" } ?? path }
  package var advice: String? {
    switch kind {
    case .notFound: "Check the path; * stands for any part of a file's name."
    case .unknownFormat: "Name files that end in .parquet, .ndjson, .jsonl, .json or .csv."
    case .schemasDiffer: "Read the files apart, or name files of one kind."
    case .badRecord: "Mend the line, or read the column as text."
    case .unreadable: nil
    }
  }
}
