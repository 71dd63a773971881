// Functions over json.

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
}
