internal import Columnar
package import Connector

// CALL lake.system.…, by the names and arguments of Trino's Hive connector.

extension HiveCatalog {
  /// The procedures of the schema `system`.
  package func procedures() -> [Procedure] {
    let table = [Procedure.Argument("schema_name", .varchar), .init("table_name", .varchar)]
    let partition =
      table + [
        .init("partition_columns", .array(.varchar)), .init("partition_values", .array(.varchar)),
      ]
    return [
      Procedure("create_empty_partition", partition) { values in
        let call = try Call(values)
        try self.createEmptyPartition(call.table, columns: call.columns, values: call.values)
      },
      Procedure(
        "register_partition",
        partition + [.init("location", .varchar, standard: .null, allowsNull: true)]
      ) { values in
        let call = try Call(values)
        var uri: String?
        if case .text(let text)? = values.last { uri = text }
        try self.registerPartition(
          call.table, columns: call.columns, values: call.values, uri: uri)
      },
      Procedure(
        "sync_partition_metadata",
        table + [
          .init("mode", .varchar), .init("case_sensitive", .boolean, standard: .boolean(true)),
        ]
      ) { values in
        let call = try Call(Array(values.prefix(2)))
        guard values.count == 4, case .text(let text) = values[2],
          let mode = HiveSyncMode(rawValue: text.uppercased())
        else {
          throw CatalogChangeError.invalidArgument(
            "Invalid partition metadata sync mode: \(Self.text(values.dropFirst(2).first)); "
              + "it is ADD, DROP or FULL")
        }
        try self.syncPartitions(
          call.table, mode: mode, caseSensitive: values[3] != .boolean(false))
      },
      Procedure("unregister_partition", partition) { values in
        let call = try Call(values)
        try self.unregisterPartition(call.table, columns: call.columns, values: call.values)
      },
    ]
  }

  private static func text(_ value: Scalar?) -> String {
    if case .text(let text)? = value { return text }
    return ""
  }

  /// The arguments that these procedures share.
  private struct Call {
    var table: HiveTableName
    var columns: [String] = []
    /// nil for NULL, and for the name that stands for it.
    var values: [String?] = []

    init(_ arguments: [Scalar]) throws {
      guard arguments.count >= 2, case .text(let schema) = arguments[0],
        case .text(let name) = arguments[1]
      else { throw CatalogChangeError.invalidArgument("schema_name and table_name are texts") }
      table = HiveTableName(schema, name)
      guard arguments.count > 3 else { return }
      guard case .list(let columns) = arguments[2], case .list(let values) = arguments[3] else {
        throw CatalogChangeError.invalidArgument(
          "partition_columns and partition_values are arrays of texts")
      }
      self.columns = try columns.map { column in
        guard case .text(let text) = column else {
          throw CatalogChangeError.invalidArgument("partition_columns cannot have NULL")
        }
        return text
      }
      self.values = values.map { value in
        guard case .text(let text) = value, text != HivePartitionName.null else { return nil }
        return text
      }
    }
  }
}
