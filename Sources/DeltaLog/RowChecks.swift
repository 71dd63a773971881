internal import Columnar

// What is asked of rows and partitions before they are written.

extension DeltaSnapshot {
  /// Throws where this writer cannot add data files to the table: `unsupportedWriter`.
  func checkTakesFiles() throws {
    try checkWritable()
    for column in partitionColumns {
      guard let index = schema.index(of: column), PartitionValue.isWritable(schema[index].type)
      else {
        throw DeltaLogError(
          .unsupportedWriter,
          table: table.path,
          "\(table.path) is partitioned by \"\(column)\", a type this version does not write."
        )
      }
    }
  }

  /// Throws `appendOnly` where the table forbids what `action` says, such as "overwriting".
  func checkTakesRemovals(_ action: String) throws {
    guard metadata.properties(of: table.path).isAppendOnly else { return }
    throw DeltaLogError(
      .appendOnly,
      table: table.path,
      "\(table.path) only takes appends (delta.appendOnly).",
      advice: "Append instead of \(action), or change the table's property."
    )
  }

  /// Throws `unknownPartitionColumn` unless each partition names columns the table is partitioned by.
  func checkPartitions(_ partitions: [[String: String?]]) throws {
    for name in partitions.flatMap(\.keys) where !partitionColumns.contains(name) {
      let known =
        partitionColumns.isEmpty
        ? "It is not partitioned."
        : "Its partition columns are \(partitionColumns.joined(separator: ", "))."
      throw DeltaLogError(
        .unknownPartitionColumn,
        table: table.path,
        "\(table.path) is not partitioned by \"\(name)\".",
        advice: known
      )
    }
    guard !partitions.contains(where: \.isEmpty) else {
      throw DeltaLogError(
        .unknownPartitionColumn,
        table: table.path,
        "A partition was given without values.",
        advice: "Take the whole table instead, if that is meant."
      )
    }
  }

  /// Throws `invalidPartitionValue` where the log could not hold a partition's values.
  func checkPartitionValues(_ values: [String?]) throws {
    for (column, value) in zip(partitionColumns, values) where value == "" {
      throw DeltaLogError(
        .invalidPartitionValue,
        table: table.path,
        "A row has an empty text in the partition column \"\(column)\"; Delta would read it as "
          + "NULL.",
        advice: "Write NULLIF(\(column), '') or another text."
      )
    }
    for (column, value) in zip(partitionColumns, values) {
      guard let index = schema.index(of: column),
        PartitionValue.scalar(value, type: schema[index].type) != nil
      else {
        throw DeltaLogError(
          .invalidPartitionValue,
          table: table.path,
          "\(value ?? "NULL") cannot be a value of the partition column \"\(column)\".",
          advice: "Dates of partitions lie between the years 0 and 9999."
        )
      }
    }
  }

  /// The batch under the table's own names, typed NULLs in place of bare ones.
  ///
  /// Throws `schemaMismatch` and `nullInRequiredColumn`.
  func conformed(_ batch: ColumnarBatch) throws -> ColumnarBatch {
    guard batch.columns.count == schema.count else {
      throw DeltaLogError(
        .schemaMismatch,
        table: table.path,
        "The rows have \(batch.columns.count) columns; \(table.path) has \(schema.count).",
        advice: "Its columns are \(schema.fields.map(\.name).joined(separator: ", "))."
      )
    }
    let columns = try schema.fields.indices.map { index in
      let column = batch.columns[index]
      let field = schema[index]
      if !field.isNullable, column.nullCount > 0 || column.type == .unknown {
        throw DeltaLogError(
          .nullInRequiredColumn,
          table: table.path,
          "A row has NULL in \"\(field.name)\", a column that takes no NULL.",
          advice: "Filter such rows out, or give them a value with COALESCE."
        )
      }
      if column.type == field.type { return column }
      guard column.type == .unknown else {
        throw DeltaLogError(
          .schemaMismatch,
          table: table.path,
          "Column \(index + 1) is \(column.type); \"\(field.name)\" in the table is "
            + "\(field.type).",
          advice: "Write CAST(… AS \(field.type))."
        )
      }
      return ColumnVector(constant: .null, type: field.type, count: batch.rowCount)
    }
    return ColumnarBatch(schema: schema, columns: columns, rowCount: batch.rowCount)
  }
}
