// Functions over texts and formats that need no overloads.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  private static let text = TrinoType.varchar(nil)

  static let textFunctions: [String: GenericFunction] = [
    "split": plain([text, text, .bigint], required: 2, to: .array(text)) { a, _ in
      try splitText(a[0], a[1], limit: a.count > 2 ? a[2] : nil)
    },
    "split_to_map": plain([text, text, text], to: .map(key: text, value: text)) { a, _ in
      try splitToMap(a[0], entries: a[1], values: a[2], keepsAll: false)
    },
    "split_to_multimap": plain([text, text, text], to: .map(key: text, value: .array(text))) {
      a, _ in
      try splitToMap(a[0], entries: a[1], values: a[2], keepsAll: true)
    },
    "strpos": plain([text, text, .bigint], to: .bigint) { a, _ in
      try position(of: a[1], in: a[0], instance: a[2])
    },
    "ends_with": plain([text, text], to: .boolean, isTotal: true) { a, _ in
      test(.endsWith, a[0], a[1])
    },
    "codepoint": plain([text], to: .integer) { a, count in
      let values = try mapTextToBigint(a, count: count) { values in
        guard values[0].unicodeScalars.count == 1, let first = values[0].unicodeScalars.first else {
          throw KernelError.invalidArgument("codepoint takes a text of one character")
        }
        return Int64(first.value)
      }
      return try Kernels.cast(values, to: .integer)
    },
    "chr": plain([.bigint], to: .varchar(1)) { a, count in
      try mapText([try Kernels.cast(a[0], to: .varchar)], count: count) { values in
        guard let value = UInt32(values[0]), let scalar = Unicode.Scalar(value) else {
          throw KernelError.invalidArgument("Not a valid Unicode code point: \(values[0])")
        }
        return String(scalar)
      }
    },
    "levenshtein_distance": plain([text, text], to: .bigint, isTotal: true) { a, count in
      mapTextToBigint(a, count: count) { levenshteinDistance($0[0], $0[1]) }
    },
    "hamming_distance": plain([text, text], to: .bigint) { a, count in
      try mapTextToBigint(a, count: count) { try hammingDistance($0[0], $0[1]) }
    },
    "translate": plain([text, text, text], to: text, isTotal: true) { a, count in
      mapText(a, count: count) { translated($0[0], from: $0[1], to: $0[2]) }
    },
    "soundex": plain([text], to: text) { a, _ in try soundex(a[0]) },
    "luhn_check": plain([text], to: .boolean) { a, _ in try luhnCheck(a[0]) },
    "normalize": plain([text, text], required: 1, to: text) { a, count in
      guard a.count > 1 else { return normalized(a[0], .nfc) }
      return try withConstant(a[1], [a[0]], count: count, to: .varchar) { name, columns in
        guard let form = NormalForm(rawValue: name.lowercased()) else {
          throw KernelError.invalidArgument("Normalization form must be one of [NFD, NFC, NFKD, NFKC]")
        }
        return normalized(columns[0], form)
      }
    },
    "from_base": plain([text, .bigint], to: .bigint) { a, count in
      try mapTextToBigint([a[0], try Kernels.cast(a[1], to: .varchar)], count: count) {
        try numberInBase($0[0], Int64($0[1]) ?? 0)
      }
    },
    "to_base": plain([.bigint, .bigint], to: text) { a, count in
      let shown = try a.map { try Kernels.cast($0, to: .varchar) }
      return try mapText(shown, count: count) {
        try textInBase(Int64($0[0]) ?? 0, Int64($0[1]) ?? 0)
      }
    },
    "format": GenericFunction(arguments: ["varchar, T, ..."], result: "varchar") { given in
      guard given.count >= 2, given[0].isText else { return nil }
      let types = Array(given.dropFirst())
      return FunctionResolution(
        targets: [text] + types, result: text, isNullTolerant: true
      ) { a, count in try formatted(a, types, count: count) }
    },
    "format_number": GenericFunction(arguments: ["double"], result: "varchar") { given in
      guard given.count == 1, accepts(given[0], .double) || given[0].isNumeric else { return nil }
      return FunctionResolution(targets: [.double], result: text) { a, count in
        let shown = try Kernels.cast(a[0], to: .varchar)
        return mapText([shown], count: count) { Double($0[0]).map(shortNumber) }
      }
    },
  ]

  /// `1.23M`: three digits and the letter of the thousands.
  private static func shortNumber(_ value: Double) -> String {
    var scaled = value
    var unit = 0
    let letters = ["", "K", "M", "B", "T", "Q"]
    while scaled.magnitude >= 1_000, unit < letters.count - 1 {
      scaled /= 1_000
      unit += 1
    }
    let places = scaled.magnitude < 10 ? 2 : scaled.magnitude < 100 ? 1 : 0
    let pattern = "%.\(places)f"
    let argument = FormatArgument(.double(scaled), text: "")
    var shown = (try? JavaFormat(pattern).text([argument])) ?? ""
    if shown.contains(".") {
      while shown.hasSuffix("0") { shown.removeLast() }
      if shown.hasSuffix(".") { shown.removeLast() }
    }
    return shown + letters[unit]
  }

  /// `format(pattern, arguments…)`: a NULL pattern gives NULL, a NULL argument prints as `null`.
  private static func formatted(
    _ columns: [ColumnVector], _ types: [TrinoType], count: Int
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .varchar, capacity: count)
    var known: (pattern: String, format: JavaFormat)?
    for row in 0..<count {
      guard case .text(let pattern) = columns[0].scalar(row) else {
        builder.appendNull()
        continue
      }
      let format =
        if let known, known.pattern == pattern { known.format } else { try JavaFormat(pattern) }
      known = (pattern, format)
      let arguments = zip(columns.dropFirst(), types).map { column, type in
        argument(column.scalar(row), type)
      }
      builder.append(try format.text(arguments))
    }
    return builder.finish()
  }

  private static func argument(_ scalar: Scalar, _ type: TrinoType) -> FormatArgument {
    if scalar.isNull { return FormatArgument(.null, text: "null") }
    let shown = type.text(scalar)
    let number = scalar.wholeNumber
    switch type {
    case .tinyint, .smallint, .integer, .bigint:
      return FormatArgument(number.map { .whole($0) } ?? .text, text: shown)
    case .decimal(_, let scale):
      return FormatArgument(
        number.map { .decimal(unscaled: $0, scale: scale) } ?? .text, text: shown)
    case .real, .double:
      if case .double(let value) = scalar { return FormatArgument(.double(value), text: shown) }
    case .boolean:
      if case .boolean(let value) = scalar { return FormatArgument(.boolean(value), text: shown) }
    case .date:
      if let number {
        return FormatArgument(
          .clock(Int64(truncatingIfNeeded: number) &* microsecondsPerDay), text: shown)
      }
    case .timestamp(let precision), .timestampWithTimeZone(let precision, _):
      if let number {
        var micros = Int64(truncatingIfNeeded: precision <= 6 ? number : number / 1_000_000)
        if let zone = type.zone {
          micros += Int64(zone.offsetSeconds(atMicroseconds: micros)) * 1_000_000
        }
        return FormatArgument(.clock(micros), text: shown)
      }
    default: break
    }
    return FormatArgument(.text, text: shown)
  }
}
