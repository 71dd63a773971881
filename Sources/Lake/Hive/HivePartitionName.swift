// The names of partition directories as Hive writes them: `dt=2024-01-15/country=KR`.

internal import ObjectStorage

/// Between partition values and the names of their directories.
package enum HivePartitionName {
  /// What stands for NULL in a name.
  package static let null = "__HIVE_DEFAULT_PARTITION__"

  package static func text(columns: [String], values: [String?]) -> String {
    zip(columns, values).map { column, value in
      escaped(column) + "=" + (value.map(escaped) ?? null)
    }.joined(separator: "/")
  }

  /// The column and the value of one directory's name; nil where it has no `=`.
  static func parts(of segment: String) -> (column: String, value: String?)? {
    guard let sign = segment.firstIndex(of: "=") else { return nil }
    let value = PercentEncoding.decode(segment[segment.index(after: sign)...])
    return (PercentEncoding.decode(segment[..<sign]), value == null ? nil : value)
  }

  /// Hive's own list: what a path or a URL would read otherwise, and control characters.
  private static let special = Set("\"#%'*/:=?\\{[]^".utf8)

  private static func escaped(_ text: String) -> String {
    PercentEncoding.encode(text) { $0 >= 0x20 && $0 != 0x7F && !special.contains($0) }
  }
}
