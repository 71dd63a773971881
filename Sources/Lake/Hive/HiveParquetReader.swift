internal import Columnar
internal import Connector
internal import ObjectStorage
internal import Parquet

/// Reads columns of one Parquet file by name, in the table's types.
final class HiveParquetReader: BatchReader {
  private enum Source {
    /// A place among the columns that are read.
    case file(Int)
    case missing
  }

  private let columns: [Field]
  private let schema: Schema
  private var sources: [Source] = []
  private let reader: any BatchReader

  init(scan: HiveScan, file: ObjectMetadata, columns: [Field]) throws {
    self.columns = columns
    schema = Schema(columns)
    let parquet = try scan.parquet(file)
    var read: [Int] = []
    for field in columns {
      guard let index = try Self.index(of: field, in: parquet, scan, file) else {
        sources.append(.missing)
        continue
      }
      if let known = read.firstIndex(of: index) {
        sources.append(.file(known))
      } else {
        sources.append(.file(read.count))
        read.append(index)
      }
    }
    reader = try parquet.reader(columns: read, predicates: scan.wishes(for: parquet))
  }

  /// The file's column of a name; nil where the file was written without it.
  private static func index(
    of field: Field, in parquet: ParquetFile, _ scan: HiveScan, _ file: ObjectMetadata
  ) throws -> Int? {
    guard let index = parquet.schema.index(of: field.name) else {
      let name = field.name.lowercased()
      if let omitted = parquet.omittedColumns.first(where: { $0.name.lowercased() == name }) {
        throw HiveError(
          .notSupported, table: "\(scan.table)",
          "Column \"\(field.name)\" is \(omitted.reason) in this file, which is not read here.",
          file: file.key, advice: "Leave the column out of the query.")
      }
      return nil
    }
    let type = parquet.schema[index].type
    guard HiveCoercion.isPossible(from: type, to: field.type) else {
      throw HiveError(
        .badData, table: "\(scan.table)",
        "Column \"\(field.name)\" is \(type) in this file, and \(field.type) in the table.",
        file: file.key,
        advice: "Write the file again with the table's type, or give the column a type that both "
          + "can become.")
    }
    return index
  }

  func next() throws -> ColumnarBatch? {
    guard let batch = try reader.next() else { return nil }
    let vectors = try zip(columns, sources).map { field, source in
      switch source {
      case .missing: ColumnVector(constant: .null, type: field.type, count: batch.rowCount)
      case .file(let index): try HiveCoercion.converted(batch.columns[index], to: field.type)
      }
    }
    return ColumnarBatch(schema: schema, columns: vectors, rowCount: batch.rowCount)
  }
}
