// What a kernel found, in Trino's words.

import Columnar
import Kernels

extension KernelError {
  /// The error name Trino gives to what a kernel found.
  var trinoName: TrinoErrorName {
    switch self {
    case .divisionByZero: .divisionByZero
    case .overflow, .outOfRange: .numericValueOutOfRange
    case .invalidCast: .invalidCastArgument
    case .invalidArgument: .invalidFunctionArgument
    case .notSupported: .notSupported
    case .json(.input, _): .jsonInputConversionError
    case .json(.path, _): .pathEvaluationError
    case .json(.output, _): .jsonOutputConversionError
    case .json(.value, _): .jsonValueResultError
    }
  }

  /// Trino's wording.
  var trinoMessage: String {
    switch self {
    case .overflow(let operation, let type, let left, let right):
      let symbol = [
        "addition": "+", "subtraction": "-", "multiplication": "*", "division": "/",
        "modulus": "%",
      ][operation]
      guard let symbol else { return "\(type) \(operation) overflow: \(left)" }
      return "\(type) \(operation) overflow: \(left) \(symbol) \(right)"
    case .outOfRange(let value, let type): return "Out of range for \(type): \(value)"
    case .invalidCast(let value, let from, let to):
      if from == .varchar {
        let name = to == .integer ? "INT" : to.description.uppercased()
        switch to {
        case .date, .timestamp, .timestampWithTimeZone:
          return "Value cannot be cast to \(to.description.split(separator: "(")[0]): \(value)"
        default: return "Cannot cast '\(value)' to \(name)"
        }
      }
      return "Cannot cast \(from) '\(value)' to \(to)"
    default: return message
    }
  }
}
