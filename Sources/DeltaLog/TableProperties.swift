internal import Columnar

/// The properties of a table that its writers go by.
struct TableProperties {
  let configuration: [String: String]
  /// The table's path, for errors.
  let table: String

  private static let day: Int64 = 86_400_000

  /// A checkpoint follows every commit whose version this divides; at least 1.
  var checkpointInterval: Int64 {
    configuration["delta.checkpointInterval"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
      ?? 10
  }

  /// True where rows are only ever added.
  var isAppendOnly: Bool { configuration["delta.appendOnly"]?.lowercased() == "true" }

  /// True where writers may remove log files that are no longer needed.
  var cleansLog: Bool {
    configuration["delta.enableExpiredLogCleanup"]?.lowercased() != "false"
  }

  /// How long the log tells of older versions, in milliseconds.
  func logRetention() throws -> Int64 {
    try interval("delta.logRetentionDuration", standard: 30 * Self.day)
  }

  /// How long the bytes of removed files stay, in milliseconds.
  func deletedFileRetention() throws -> Int64 {
    try interval("delta.deletedFileRetentionDuration", standard: 7 * Self.day)
  }

  /// Bytes that data files are put together to; nil where the table does not say.
  func targetFileSize() throws -> Int64? {
    let name = "delta.targetFileSize"
    guard let text = configuration[name] else { return nil }
    guard let size = Self.bytes(text), size > 0 else {
      throw DeltaLogError(
        .invalidProperty,
        table: table,
        "The property \(name) of \(table) is \"\(text)\", which is no size.",
        advice: "Write a number of bytes, or as in \"128mb\"."
      )
    }
    return size
  }

  /// `134217728`, `134217728b`, `128mb`, `128m`; nil for anything else.
  static func bytes(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let units: [String: Int64] = [
      "": 1, "b": 1, "k": 1 << 10, "kb": 1 << 10, "m": 1 << 20, "mb": 1 << 20, "g": 1 << 30,
      "gb": 1 << 30,
    ]
    let unit = text.dropFirst(digits.count).lowercased().filter { $0 != " " }
    guard let count = Int64(digits), let size = units[unit] else { return nil }
    let (product, isBeyond) = count.multipliedReportingOverflow(by: size)
    return isBeyond || product >= 1 << 50 ? nil : product
  }

  private func interval(_ name: String, standard: Int64) throws -> Int64 {
    guard let text = configuration[name] else { return standard }
    guard let value = Self.milliseconds(text) else {
      throw DeltaLogError(
        .invalidProperty,
        table: table,
        "The property \(name) of \(table) is \"\(text)\", which is no interval.",
        advice: "Write it as in \"interval 7 days\": weeks, days, hours, minutes or seconds."
      )
    }
    return value
  }

  /// `interval 1 week 2 days`, with or without its first word; nil for anything else.
  static func milliseconds(_ text: String) -> Int64? {
    var words = text.lowercased().split(separator: " ")[...]
    if words.first == "interval" { words = words.dropFirst() }
    guard !words.isEmpty, words.count % 2 == 0 else { return nil }
    var total: Int64 = 0
    while let number = words.popFirst(), let unit = words.popFirst() {
      let name = unit.hasSuffix("s") ? unit.dropLast() : unit
      let units: [Substring: Int64] = [
        "week": 7 * day, "day": day, "hour": 3_600_000, "minute": 60_000, "second": 1_000,
        "millisecond": 1,
      ]
      guard let count = Int64(number), count >= 0, let size = units[name] else { return nil }
      let (product, isBeyond) = count.multipliedReportingOverflow(by: size)
      let (sum, isSumBeyond) = total.addingReportingOverflow(product)
      // Longer than any clock runs.
      guard !isBeyond, !isSumBeyond, sum < 1 << 50 else { return nil }
      total = sum
    }
    return total
  }
}

extension TableMetadata {
  func properties(of table: String) -> TableProperties {
    TableProperties(configuration: configuration, table: table)
  }
}
