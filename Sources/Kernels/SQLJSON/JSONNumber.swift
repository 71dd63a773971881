// Numbers of a path: whole ones are computed exactly, others as doubles.

import Columnar

/// A JSON number that is computed with.
enum JSONNumber {
  case whole(Int64)
  case fraction(Double)

  /// nil for what is no number.
  init?(_ value: JSONValue) {
    guard case .number(let text) = value else { return nil }
    if let whole = Int64(text) {
      self = .whole(whole)
    } else if let fraction = Double(text) {
      self = .fraction(fraction)
    } else {
      return nil
    }
  }

  var double: Double {
    switch self {
    case .whole(let value): Double(value)
    case .fraction(let value): value
    }
  }

  var value: JSONValue {
    switch self {
    case .whole(let value): .number(String(value))
    case .fraction(let value): .number(scalarText(.double(value), .double))
    }
  }

  /// JSON has neither NaN nor infinity.
  func checked() throws -> JSONNumber {
    guard double.isFinite else {
      throw SQLJSONPathFault(reason: "\(scalarText(.double(double), .double)) is no JSON number")
    }
    return self
  }

  /// Negative, 0 or positive; nil where one is NaN.
  func order(_ other: JSONNumber) -> Int? {
    if case .whole(let a) = self, case .whole(let b) = other { return a < b ? -1 : a > b ? 1 : 0 }
    let a = double
    let b = other.double
    return a.isNaN || b.isNaN ? nil : a < b ? -1 : a > b ? 1 : 0
  }

  func rounded(_ rule: FloatingPointRoundingRule) -> JSONNumber {
    switch self {
    case .whole: self
    case .fraction(let value): .fraction(value.rounded(rule))
    }
  }

  /// nil where it does not fit.
  var magnitude: JSONNumber? {
    switch self {
    case .whole(let value): value == .min ? nil : .whole(Swift.abs(value))
    case .fraction(let value): .fraction(Swift.abs(value))
    }
  }

  static func compute(
    _ operation: SQLJSONPath.Operation, _ left: JSONNumber, _ right: JSONNumber
  ) throws -> JSONNumber {
    guard case .whole(let a) = left, case .whole(let b) = right else {
      return try fraction(compute(operation, left.double, right.double)).checked()
    }
    if b == 0, operation == .divide || operation == .modulo {
      throw SQLJSONPathFault(reason: "Division by zero")
    }
    let (result, isTooLarge) =
      switch operation {
      case .add: a.addingReportingOverflow(b)
      case .subtract: a.subtractingReportingOverflow(b)
      case .multiply: a.multipliedReportingOverflow(by: b)
      case .divide: a.dividedReportingOverflow(by: b)
      case .modulo: b == -1 ? (0, false) : a.remainderReportingOverflow(dividingBy: b)
      }
    if isTooLarge {
      throw SQLJSONPathFault(reason: "bigint overflow: \(a) \(operation.rawValue) \(b)")
    }
    return .whole(result)
  }

  private static func compute(
    _ operation: SQLJSONPath.Operation, _ left: Double, _ right: Double
  ) -> Double {
    switch operation {
    case .add: left + right
    case .subtract: left - right
    case .multiply: left * right
    case .divide: left / right
    case .modulo: left.truncatingRemainder(dividingBy: right)
    }
  }
}
