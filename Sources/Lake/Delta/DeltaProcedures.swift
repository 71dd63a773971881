internal import Columnar
internal import Connector
internal import DeltaLog

// CALL lake.system.…, by the names and arguments of Trino's Delta Lake connector; what it has under
// ALTER TABLE … EXECUTE is a procedure too.

extension DeltaStatements {
  /// The procedures of the schema `system`.
  func procedures() -> [Procedure] {
    let table = [Procedure.Argument("schema_name", .varchar), .init("table_name", .varchar)]
    return [
      Procedure(
        "optimize",
        table + [.init("file_size_threshold", .varchar, standard: .null, allowsNull: true)],
        isOfTable: true
      ) { values in
        let size = try Self.text(values.dropFirst(2).first).map(Self.bytes)
        try self.run(values) { table in
          _ = try table.optimize(
            DeltaOptimizeOptions(timestamp: lake.hive.now(), targetFileSize: size))
        }
      },
      Procedure("rollback_to_version", table + [.init("version", .bigint)]) { values in
        guard case .integer(let version)? = values.last else {
          throw CatalogChangeError.invalidArgument("version is a number")
        }
        try self.run(values) { table in
          _ = try table.restore(to: version, timestamp: lake.hive.now())
        }
      },
      Procedure("vacuum", table + [.init("retention", .varchar)]) { values in
        let retention = try Self.milliseconds(Self.text(values.last) ?? "")
        try self.run(values) { table in
          _ = try table.vacuum(
            DeltaVacuumOptions(now: lake.hive.now(), retentionMilliseconds: retention))
        }
      },
    ]
  }

  private static func text(_ value: Scalar?) -> String? {
    if case .text(let text)? = value { return text }
    return nil
  }

  /// Runs something over the table that the first two arguments name.
  private func run(_ values: [Scalar], _ body: (DeltaTable) throws -> Void) throws {
    guard let schema = Self.text(values.first)?.lowercased(),
      let name = Self.text(values.dropFirst().first)?.lowercased()
    else { throw CatalogChangeError.invalidArgument("schema_name and table_name are texts") }
    guard let directory = lake.directory(schema), let table = try directory.table(name) else {
      guard try lake.table(schema: schema, name: name) != nil else {
        throw CatalogChangeError.tableMissing(schema: schema, name: name)
      }
      throw CatalogChangeError.invalidArgument("\(schema).\(name) is not a Delta table")
    }
    try DeltaRefusal.translated(schema, name) { try body(table) }
  }

  /// `7d`, `12.5h`, `90s`, in milliseconds.
  static func milliseconds(_ text: String) throws -> Int64 {
    let units: [String: Double] = [
      "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
    ]
    guard let value = amount(text, units) else {
      throw CatalogChangeError.invalidArgument(
        "'\(text)' is no duration; write a number and d, h, m, s or ms, as in '7d'")
    }
    return value
  }

  /// `128MB`, `64kB`, in bytes.
  static func bytes(_ text: String) throws -> Int64 {
    let units: [String: Double] = [
      "B": 1, "kB": 1_024, "MB": 1_048_576, "GB": 1_073_741_824, "TB": 1_099_511_627_776,
    ]
    guard let value = amount(text, units), value > 0 else {
      throw CatalogChangeError.invalidArgument(
        "'\(text)' is no size; write a number and B, kB, MB, GB or TB, as in '128MB'")
    }
    return value
  }

  /// A decimal number and its unit; nil for anything else and for what no clock or disk reaches.
  private static func amount(_ text: String, _ units: [String: Double]) -> Int64? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text.dropFirst(number.count).drop { $0 == " " }
    guard let count = Double(number), let size = units[String(unit)] else { return nil }
    let product = (count * size).rounded()
    return product.isFinite && product < 1e15 ? Int64(product) : nil
  }
}
