// Functions whose types depend on each other: over arrays, maps, json, binary and texts.
//
// `Functions` lists overloads with fixed parameters; here each function resolves its own arguments:
// what they are converted to, what the result is, and which kernel computes it.

import Columnar
import Kernels
import QueryPlanning

/// A call whose argument types are known.
struct FunctionResolution {
  /// What each argument is converted to.
  var targets: [TrinoType]
  var result: TrinoType
  /// Never throws.
  var isTotal = false
  /// NULL arguments are the kernel's own business.
  var isNullTolerant = false
  var body: FunctionOverload.Body
}

struct GenericFunction: Sendable {
  /// For SHOW FUNCTIONS and error messages.
  var arguments: [String]
  var result: String
  /// nil where the function does not take such arguments.
  var resolve: @Sendable ([TrinoType]) -> FunctionResolution?
}

extension FunctionCatalog {
  /// Functions by name, all kinds of this file's neighbours.
  static let generic: [String: GenericFunction] = arrayFunctions
    .merging(mapFunctions) { first, _ in first }
    .merging(jsonFunctions) { first, _ in first }
    .merging(binaryFunctions) { first, _ in first }
    .merging(textFunctions) { first, _ in first }
    .merging(urlFunctions) { first, _ in first }
    .merging(sketchFunctions) { first, _ in first }
    .merging(numberFunctions) { first, _ in first }
    .merging(patternFunctions) { first, _ in first }

  /// One result type, and whether an argument's type converts to another unasked.
  static func accepts(_ given: TrinoType, _ wanted: TrinoType) -> Bool {
    TrinoType.coercionCost(given, wanted) != nil
  }

  /// A function with fixed parameters, of which those from `required` on may be left out.
  static func plain(
    _ parameters: [TrinoType],
    required: Int? = nil,
    to result: TrinoType,
    isTotal: Bool = false,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    let least = required ?? parameters.count
    let shown = (least...parameters.count).map {
      parameters.prefix($0).map(\.description).joined(separator: ", ")
    }
    return GenericFunction(arguments: shown, result: result.description) { given in
      guard given.count >= least, given.count <= parameters.count,
        zip(given, parameters).allSatisfy({ accepts($0, $1) })
      else { return nil }
      return FunctionResolution(
        targets: Array(parameters.prefix(given.count)), result: result, isTotal: isTotal,
        body: body)
    }
  }
}

extension Analyzer {
  /// A call of a generic function; nil for other names.
  func genericCall(
    _ key: String,
    _ arguments: [Typed],
    _ name: Identifier,
    _ start: Int
  ) throws -> Typed? {
    guard let function = FunctionCatalog.generic[key] else { return nil }
    guard let resolution = function.resolve(arguments.map(\.type)) else {
      throw wrongArguments(name, arguments, function.arguments)
    }
    let converted = try zip(arguments, resolution.targets).map { try coerce($0, to: $1, start) }
    let body = resolution.body
    let shown = resolution.targets.map(\.description).joined(separator: ", ")
    let call = Expression.call(
      ScalarFunction(
        name: key,
        variant: resolution.isNullTolerant ? "null-tolerant" : shown,
        result: resolution.result.storage,
        isTotal: resolution.isTotal
      ) { columns, count in try body(columns, count) },
      converted
    )
    return Typed(FoldConstants.fold(call), resolution.result)
  }
}
