// Functions over json, binary, text and numbers that need no overloads.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  /// json, or a text that holds some.
  private static func isJSON(_ type: TrinoType) -> Bool { type == .json || type.isText }

  private static func ofJSON(
    _ rest: [TrinoType] = [],
    to result: TrinoType,
    isTotal: Bool = true,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    let shown = (["json"] + rest.map(\.description)).joined(separator: ", ")
    return GenericFunction(arguments: [shown], result: result.description) { given in
      guard given.count == rest.count + 1, isJSON(given[0]),
        zip(given.dropFirst(), rest).allSatisfy({ accepts($0, $1) })
      else { return nil }
      return FunctionResolution(
        targets: [given[0]] + rest, result: result, isTotal: isTotal, body: body)
    }
  }

  /// A path that differs by row is read once a batch where it is one value.
  private static func withPath(
    _ columns: [ColumnVector], _ count: Int, _ result: DataType,
    _ body: (ColumnVector, JSONPath) -> ColumnVector
  ) throws -> ColumnVector {
    guard count > 0 else { return ColumnBuilder(type: result).finish() }
    if columns[1].isConstant || count == 1 {
      guard case .text(let path) = columns[1].scalar(0) else {
        return nullColumn(result, count: count)
      }
      return body(columns[0], try JSONPath(path))
    }
    var pieces: [ColumnVector] = []
    for row in 0..<count {
      guard case .text(let path) = columns[1].scalar(row) else {
        pieces.append(nullColumn(result, count: 1))
        continue
      }
      pieces.append(body(slice(columns[0], row..<row + 1), try JSONPath(path)))
    }
    return concatenate(pieces, type: result)
  }

  static let jsonFunctions: [String: GenericFunction] = [
    "json_parse": plain([.varchar(nil)], to: .json) { a, _ in try parseJSON(a[0]) },
    "json_format": plain([.json], to: .varchar(nil), isTotal: true) { a, _ in
      a[0].retyped(.varchar)
    },
    "json_extract": ofJSON([.varchar(nil)], to: .json, isTotal: false) { a, count in
      try withPath(a, count, .json) { extractJSON($0, $1) }
    },
    "json_extract_scalar": ofJSON([.varchar(nil)], to: .varchar(nil), isTotal: false) { a, count in
      try withPath(a, count, .varchar) { extractScalar($0.retyped(.varchar), $1) }
    },
    "json_size": ofJSON([.varchar(nil)], to: .bigint, isTotal: false) { a, count in
      try withPath(a, count, .bigint) { sizeOfJSON($0, $1) }
    },
    "json_array_length": ofJSON(to: .bigint) { a, _ in arrayLengthOfJSON(a[0]) },
    "json_array_get": ofJSON([.bigint], to: .json) { a, _ in arrayElementOfJSON(a[0], a[1]) },
    "is_json_scalar": ofJSON(to: .boolean) { a, _ in isJSONScalar(a[0]) },
    "json_array_contains": GenericFunction(
      arguments: ["json, boolean", "json, bigint", "json, double", "json, varchar"],
      result: "boolean"
    ) { given in
      guard given.count == 2, isJSON(given[0]) else { return nil }
      let wanted: TrinoType
      switch given[1] {
      case .boolean: wanted = .boolean
      case .varchar, .char: wanted = .varchar(nil)
      case .tinyint, .smallint, .integer, .bigint: wanted = .bigint
      case .real, .double, .decimal: wanted = .double
      default: return nil
      }
      return FunctionResolution(targets: [given[0], wanted], result: .boolean, isTotal: true) {
        a, _ in
        arrayOfJSONContains(a[0], a[1]) { scalar in
          switch scalar {
          case .boolean(let value): .boolean(value)
          case .text(let value): .string(value)
          case .integer(let value): .number(String(value))
          case .double(let value): .number(String(value))
          default: nil
          }
        }
      }
    },
  ]

  // MARK: Bytes

  static let binaryFunctions: [String: GenericFunction] = [
    "to_utf8": plain([.varchar(nil)], to: .varbinary, isTotal: true) { a, _ in
      a[0].retyped(.varbinary)
    },
    "from_utf8": plain([.varbinary], to: .varchar(nil), isTotal: true) { a, _ in
      mapBytes(a[0], to: .varchar) { Array(String(decoding: $0, as: UTF8.self).utf8) }
    },
    "to_hex": plain([.varbinary], to: .varchar(nil), isTotal: true) { a, _ in
      mapBytes(a[0], to: .varchar, hexadecimal)
    },
    "from_hex": plain([.varchar(nil)], to: .varbinary) { a, _ in
      try mapBytes(a[0], to: .varbinary) { text in
        guard let bytes = fromHexadecimal(text) else {
          throw KernelError.invalidArgument(
            "Invalid hex text: \(String(decoding: text, as: UTF8.self))")
        }
        return bytes
      }
    },
    "to_base64": plain([.varbinary], to: .varchar(nil), isTotal: true) { a, _ in
      mapBytes(a[0], to: .varchar, base64)
    },
    "from_base64": plain([.varchar(nil)], to: .varbinary) { a, _ in
      try mapBytes(a[0], to: .varbinary) { text in
        guard let bytes = fromBase64(text) else {
          throw KernelError.invalidArgument("Illegal base64 text")
        }
        return bytes
      }
    },
    "md5": plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in
      mapBytes(a[0], to: .varbinary, md5)
    },
    "sha1": plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in
      mapBytes(a[0], to: .varbinary, sha1)
    },
    "sha256": plain([.varbinary], to: .varbinary, isTotal: true) { a, _ in
      mapBytes(a[0], to: .varbinary, sha256)
    },
    "length": plain([.varbinary], to: .bigint, isTotal: true) { a, _ in
      let counts = mapBytes(a[0], to: .varchar) { Array(String($0.count).utf8) }
      return try Kernels.cast(counts, to: .bigint)
    },
    "crc32": plain([.varbinary], to: .bigint, isTotal: true) { a, _ in
      let digests = mapBytes(a[0], to: .varchar) { Array(String(crc32($0)).utf8) }
      return try Kernels.cast(digests, to: .bigint)
    },
  ]

  // MARK: Text

  private static let text = TrinoType.varchar(nil)

  private static func ofURL(
    _ body: @escaping @Sendable (URLParts) -> String?
  ) -> GenericFunction {
    plain([text], to: text, isTotal: true) { a, count in
      mapText(a, count: count) { URLParts($0[0]).flatMap(body) }
    }
  }

  static let textFunctions: [String: GenericFunction] = [
    "split": plain([text, text, .bigint], required: 2, to: .array(text)) { a, count in
      let limit = a.count > 2 ? a[2] : nil
      guard let limit else {
        return try mapTextToArray(a, count: count) { try splitText($0[0], $0[1], limit: nil) }
      }
      let shown = try Kernels.cast(limit, to: .varchar)
      return try mapTextToArray([a[0], a[1], shown], count: count) {
        try splitText($0[0], $0[1], limit: Int($0[2]))
      }
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
    "url_extract_protocol": ofURL { $0.scheme },
    "url_extract_host": ofURL { $0.host },
    "url_extract_path": ofURL { $0.path },
    "url_extract_query": ofURL { $0.query },
    "url_extract_fragment": ofURL { $0.fragment },
    "url_extract_port": plain([text], to: .bigint, isTotal: true) { a, count in
      mapTextToBigint(a, count: count) { URLParts($0[0])?.port }
    },
    "url_extract_parameter": plain([text, text], to: text, isTotal: true) { a, count in
      mapText(a, count: count) { URLParts($0[0])?.parameter($0[1]) }
    },
    "url_encode": plain([text], to: text, isTotal: true) { a, count in
      mapText(a, count: count) { encodedURL($0[0]) }
    },
    "url_decode": plain([text], to: text) { a, count in
      try mapText(a, count: count) { values in
        guard let decoded = decodedURL(values[0]) else {
          throw KernelError.invalidArgument("URLDecoder: Illegal hex characters in escape (%) pattern")
        }
        return decoded
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
  ]

  // MARK: Numbers

  private static func ofDoubles(
    _ count: Int, _ body: @escaping @Sendable ([Double]) -> Double
  ) -> GenericFunction {
    plain(Array(repeating: .double, count: count), to: .double, isTotal: true) { a, rows in
      mapDoubles(a, count: rows, body)
    }
  }

  private static func ofBigints(
    _ count: Int, _ body: @escaping @Sendable ([Int64]) -> Int64
  ) -> GenericFunction {
    plain(Array(repeating: .bigint, count: count), to: .bigint, isTotal: true) { a, rows in
      mapBigints(a, count: rows, body)
    }
  }

  static let numberFunctions: [String: GenericFunction] = [
    "cbrt": ofDoubles(1) { DoubleMath.cubeRoot($0[0]) },
    "degrees": ofDoubles(1) { $0[0] * 180 / .pi },
    "radians": ofDoubles(1) { $0[0] * .pi / 180 },
    "sin": ofDoubles(1) { DoubleMath.sine($0[0]) },
    "cos": ofDoubles(1) { DoubleMath.cosine($0[0]) },
    "tan": ofDoubles(1) { DoubleMath.tangent($0[0]) },
    "asin": ofDoubles(1) { DoubleMath.arcSine($0[0]) },
    "acos": ofDoubles(1) { DoubleMath.arcCosine($0[0]) },
    "atan": ofDoubles(1) { DoubleMath.arcTangent($0[0]) },
    "atan2": ofDoubles(2) { DoubleMath.arcTangent($0[0], $0[1]) },
    "sinh": ofDoubles(1) { DoubleMath.hyperbolicSine($0[0]) },
    "cosh": ofDoubles(1) { DoubleMath.hyperbolicCosine($0[0]) },
    "tanh": ofDoubles(1) { DoubleMath.hyperbolicTangent($0[0]) },
    "log": ofDoubles(2) { DoubleMath.logarithm($0[1]) / DoubleMath.logarithm($0[0]) },
    "bitwise_and": ofBigints(2) { $0[0] & $0[1] },
    "bitwise_or": ofBigints(2) { $0[0] | $0[1] },
    "bitwise_xor": ofBigints(2) { $0[0] ^ $0[1] },
    "bitwise_not": ofBigints(1) { ~$0[0] },
    "bitwise_left_shift": ofBigints(2) { $0[1] >= 64 ? 0 : $0[0] << $0[1] },
    "bitwise_right_shift": ofBigints(2) {
      $0[1] >= 64 ? 0 : Int64(bitPattern: UInt64(bitPattern: $0[0]) >> UInt64($0[1] & 63))
    },
    "bitwise_right_shift_arithmetic": ofBigints(2) { $0[0] >> min(63, $0[1]) },
    "bit_count": plain([.bigint, .bigint], to: .bigint) { a, count in
      try mapBigints(a, count: count) { values in
        let bits = values[1]
        guard (2...64).contains(bits) else {
          throw KernelError.invalidArgument(
            "Bits specified in bit_count must be between 2 and 64, got \(bits)")
        }
        let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
        return Int64((UInt64(bitPattern: values[0]) & mask).nonzeroBitCount)
      }
    },
    "truncate": GenericFunction(
      arguments: ["double", "decimal(p,s)", "bigint"], result: "T"
    ) { given in
      guard given.count == 1 else { return nil }
      switch given[0] {
      case .tinyint, .smallint, .integer, .bigint:
        return FunctionResolution(targets: given, result: given[0], isTotal: true) { a, _ in a[0] }
      case .real, .double:
        return FunctionResolution(targets: [.double], result: .double, isTotal: true) { a, count in
          mapDoubles(a, count: count) { $0[0].rounded(.towardZero) }
        }
      case .decimal(let precision, let scale):
        let result = TrinoType.decimal(precision: max(1, precision - scale), scale: 0)
        return FunctionResolution(targets: given, result: result) { a, _ in
          let signs = sign(a[0], to: .decimal(precision: 1, scale: 0))
          let floors = try roundDecimal(
            absolute(a[0]), dropping: scale, mode: .floor, to: result.storage)
          let whole = try Kernels.cast(signs, to: .bigint)
          return try decimalArithmetic(
            .multiply, floors, scale: 0, try Kernels.cast(whole, to: .decimal(precision: 19, scale: 0)),
            scale: 0, to: result.storage, scale: 0)
        }
      default: return nil
      }
    },
    "width_bucket": plain([.double, .double, .double, .bigint], to: .bigint) { a, count in
      let bounds = [a[0], a[1], a[2], try Kernels.cast(a[3], to: .double)]
      let places = try mapDoubles(bounds, count: count) { values in
        Double(
          try bucket(of: values[0], from: values[1], to: values[2], count: Int64(values[3])))
      }
      return try Kernels.cast(places, to: .bigint)
    },
  ]
}
