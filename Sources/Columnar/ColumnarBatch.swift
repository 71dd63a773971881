/// Some rows of a table: one `ColumnVector` per field, all of the same length.
///
/// The unit that flows between operators, sources and sinks, about 1 to 64 k rows at a time.
public struct ColumnarBatch: Sendable {
  public let schema: Schema
  public let columns: [ColumnVector]
  public let rowCount: Int

  /// A batch of columns that match `schema` in number and type; `rowCount` is needed where there is
  /// no column at all (`SELECT count(*)`).
  public init(schema: Schema, columns: [ColumnVector], rowCount: Int? = nil) {
    precondition(schema.count == columns.count, "a batch needs one column per field")
    self.schema = schema
    self.columns = columns
    self.rowCount = rowCount ?? columns.first?.count ?? 0
    precondition(columns.allSatisfy { $0.count == self.rowCount }, "columns differ in length")
  }

  /// A batch from rows of scalars: for system tables and tests.
  public init(schema: Schema, rows: [[Scalar]]) {
    let builders = schema.fields.map { ColumnBuilder(type: $0.type, capacity: rows.count) }
    for row in rows {
      for (builder, scalar) in zip(builders, row) { builder.append(scalar) }
    }
    self.init(schema: schema, columns: builders.map { $0.finish() }, rowCount: rows.count)
  }

  /// The columns at `indices`, shared.
  public func selecting(_ indices: [Int]) -> ColumnarBatch {
    ColumnarBatch(
      schema: schema.selecting(indices),
      columns: indices.map { columns[$0] },
      rowCount: rowCount
    )
  }

  /// The rows at `rows`, in that order.
  public func gather(_ rows: UnsafeBufferPointer<Int32>) -> ColumnarBatch {
    ColumnarBatch(schema: schema, columns: columns.map { $0.gather(rows) }, rowCount: rows.count)
  }

  /// The rows of a selection, in its order.
  public func gather(_ selection: SelectionVector) -> ColumnarBatch {
    ColumnarBatch(
      schema: schema, columns: columns.map { $0.gather(selection) }, rowCount: selection.count)
  }

  /// The rows `range`.
  public func slice(_ range: Range<Int>) -> ColumnarBatch {
    ColumnarBatch(
      schema: schema, columns: columns.map { $0.slice(range) }, rowCount: range.count)
  }

  /// All rows of `batches`, in order; each has the columns of `schema`.
  public static func concatenate(_ batches: [ColumnarBatch], schema: Schema) -> ColumnarBatch {
    ColumnarBatch(
      schema: schema,
      columns: schema.fields.indices.map { index in
        ColumnVector.concatenate(batches.map { $0.columns[index] }, type: schema[index].type)
      },
      rowCount: batches.reduce(0) { $0 + $1.rowCount }
    )
  }

  /// The bytes held in memory, about.
  public var byteCount: Int { columns.reduce(0) { $0 + $1.byteCount } }

  /// One row as scalars, for printing.
  public func row(_ index: Int) -> [Scalar] {
    columns.map { $0.scalar(index) }
  }
}
