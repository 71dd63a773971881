public import Diagnostics

/// What can go wrong between a Parquet file and columns.
public struct ParquetError: DiagnosableError {
  /// What sort of trouble it is; the raw value ends the error's code.
  public enum Kind: String, Sendable {
    /// The file does not begin and end as Parquet does.
    case notParquet
    /// Bytes that the file speaks of are not there.
    case truncated
    /// The file contradicts itself or the format.
    case corrupt
    /// Valid Parquet of a kind that is not read here, or a value that cannot be written.
    case unsupported
    /// The operating system refused.
    case io
  }

  public var kind: Kind
  /// The name that the file was opened with.
  public var fileName: String
  /// Where in the file; nil where the whole file is meant.
  public var byteOffset: Int?
  /// The column by its path, where one is meant.
  public var column: String?
  /// The page of the column's chunk, counted from 0, its dictionary too.
  public var page: Int?
  public var message: String

  public init(
    _ kind: Kind,
    fileName: String,
    byteOffset: Int? = nil,
    column: String? = nil,
    page: Int? = nil,
    _ message: String
  ) {
    self.kind = kind
    self.fileName = fileName
    self.byteOffset = byteOffset
    self.column = column
    self.page = page
    self.message = message
  }

  public var code: String { "parquet.\(kind.rawValue)" }
  public var place: String? {
    var place = fileName
    if let byteOffset { place += ", byte \(byteOffset)" }
    if let column { place += ", column \(column)" }
    if let page { place += ", page \(page)" }
    return place
  }
  public var advice: String? {
    switch kind {
    case .notParquet: "Check that the path names a Parquet file."
    case .truncated, .corrupt: "Write the file again from its source."
    case .unsupported: "Rewrite the file with an encoding and a codec that are read here."
    case .io: "Check that the file exists and may be read."
    }
  }
  public var fields: [String: String] {
    [
      "file": fileName, "byte": byteOffset.map(String.init) ?? "", "column": column ?? "",
      "page": page.map(String.init) ?? "", "message": message,
    ]
  }
}

/// Turns positions in a piece of a file into errors with the place in the file.
struct FilePlace {
  var fileName: String
  /// Where the piece begins in the file.
  var base: Int
  var column: String?
  var page: Int?

  func error(_ kind: ParquetError.Kind, at position: Int, _ message: String) -> ParquetError {
    ParquetError(
      kind,
      fileName: fileName,
      byteOffset: base + position,
      column: column,
      page: page,
      message
    )
  }
}
