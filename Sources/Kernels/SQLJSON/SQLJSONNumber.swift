// Numbers of a path, computed and compared as SQL does.

import Columnar

/// A number of a path with its type of SQL.
struct SQLJSONNumber {
  let scalar: Scalar
  let type: DataType

  /// nil for what is no number. Throws for a whole number of JSON that no `bigint` holds.
  init?(_ item: SQLJSONItem) throws {
    switch item {
    case .value(let scalar, let type):
      guard type.isNumeric else { return nil }
      self.init(scalar, type)
    case .json(.number(let text)):
      if let whole = Int64(text) {
        self.init(.integer(whole), Int32(exactly: whole) == nil ? .bigint : .integer)
      } else if text.utf8.contains(where: { $0 == 0x2E || $0 == 0x65 || $0 == 0x45 }),
        let fraction = Double(text)
      {
        self.init(.double(fraction), .double)
      } else {
        throw SQLJSONPathFault(reason: "cannot convert \(text) to Trino value (value too big)")
      }
    case .json: return nil
    }
  }

  private init(_ scalar: Scalar, _ type: DataType) {
    self.scalar = scalar
    self.type = type
  }

  var item: SQLJSONItem { .value(scalar, type) }

  private var column: ColumnVector { ColumnVector(constant: scalar, type: type, count: 1) }

  /// Digits and scale; nil for real and double.
  private var shape: DecimalShape? { DecimalShape(type) }

  /// Throws where it is no whole number of 64 bits after rounding.
  func position() throws -> Int {
    if case .integer(let value) = scalar, type.isWholeNumber { return Int(value) }
    let rounded = try Self.asFault { try cast(column, to: .bigint).scalar(0) }
    guard case .integer(let value) = rounded else {
      throw SQLJSONPathFault(reason: "array subscript must be a number")
    }
    return Int(value)
  }

  // MARK: Methods

  func rounded(_ rule: FloatingPointRoundingRule) -> SQLJSONNumber {
    switch (scalar, type) {
    case (.double(let value), _): return Self(.double(value.rounded(rule)), type)
    case (_, .decimal(let precision, let scale)):
      guard scale > 0, let unscaled = scalar.wholeNumber else { return self }
      let one = wideTen(scale)
      let (quotient, remainder) = unscaled.quotientAndRemainder(dividingBy: one)
      let step: Int128 =
        remainder == 0 ? 0 : rule == .up && remainder > 0 ? 1 : rule == .down && remainder < 0 ? -1 : 0
      return Self(.exact(quotient + step), .decimal(precision: precision - scale + 1, scale: 0))
    default: return self
    }
  }

  /// Throws where it does not fit its type.
  func magnitude() throws -> SQLJSONNumber {
    switch scalar {
    case .double(let value): return Self(.double(Swift.abs(value)), type)
    default: return (scalar.wholeNumber ?? 0) < 0 ? try negated() : self
    }
  }

  /// Throws where it does not fit its type.
  func negated() throws -> SQLJSONNumber {
    Self(try Self.asFault { try negate(column).scalar(0) }, type)
  }

  func double() throws -> SQLJSONNumber {
    Self(try Self.asFault { try cast(column, to: .double).scalar(0) }, .double)
  }

  // MARK: Arithmetic

  static func compute(
    _ operation: ArithmeticOperation, _ left: SQLJSONNumber, _ right: SQLJSONNumber
  ) throws -> SQLJSONNumber {
    try asFault {
      if left.type == .double || right.type == .double {
        return try compute(operation, left, right, as: .double)
      }
      if left.type == .real || right.type == .real {
        return try compute(operation, left, right, as: .real)
      }
      if left.type.isWholeNumber, right.type.isWholeNumber {
        return try compute(
          operation, left, right, as: left.type.rank < right.type.rank ? right.type : left.type)
      }
      guard let a = left.shape, let b = right.shape else {
        throw KernelError.notSupported("\(operation.noun) of \(left.type) and \(right.type)")
      }
      let shape = a.result(of: operation, with: b)
      guard shape.scale <= 18 else {
        throw KernelError.notSupported("a decimal of scale \(shape.scale)")
      }
      let type = DataType.decimal(precision: shape.precision, scale: shape.scale)
      let result = try decimalArithmetic(
        operation, left.column, scale: a.scale, right.column, scale: b.scale, to: type,
        scale: shape.scale)
      return Self(result.scalar(0), type)
    }
  }

  private static func compute(
    _ operation: ArithmeticOperation, _ left: SQLJSONNumber, _ right: SQLJSONNumber,
    as type: DataType
  ) throws -> SQLJSONNumber {
    let result = try arithmetic(
      operation, cast(left.column, to: type), cast(right.column, to: type))
    return Self(result.scalar(0), type)
  }

  // MARK: Comparison

  /// Negative, 0 or positive; nil where one is NaN.
  func order(_ other: SQLJSONNumber) throws -> Int? {
    func ordered<Value: Comparable>(_ a: Value, _ b: Value) -> Int { a < b ? -1 : a > b ? 1 : 0 }
    if type == .double || other.type == .double || type == .real || other.type == .real {
      let isReal = type != .double && other.type != .double
      let form: DataType = isReal ? .real : .double
      let both = try Self.asFault {
        (try cast(column, to: form).scalar(0), try cast(other.column, to: form).scalar(0))
      }
      guard case (.double(let a), .double(let b)) = both, !a.isNaN, !b.isNaN else { return nil }
      return ordered(a, b)
    }
    guard let x = scalar.wholeNumber, let y = other.scalar.wholeNumber, let a = shape,
      let b = other.shape
    else { return nil }
    let scale = max(a.scale, b.scale)
    let (left, leftIsTooLarge) = x.multipliedReportingOverflow(by: wideTen(scale - a.scale))
    let (right, rightIsTooLarge) = y.multipliedReportingOverflow(by: wideTen(scale - b.scale))
    // Only one of them is scaled up, and what overflows there is the larger in magnitude.
    if leftIsTooLarge { return x < 0 ? -1 : 1 }
    if rightIsTooLarge { return y < 0 ? 1 : -1 }
    return ordered(left, right)
  }

  /// An error of a kernel as one of the path.
  private static func asFault<Result>(_ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as KernelError {
      throw SQLJSONPathFault(reason: error.message)
    }
  }
}

extension DataType {
  /// Wider whole numbers have a higher one.
  fileprivate var rank: Int {
    switch self {
    case .tinyint: 0
    case .smallint: 1
    case .integer: 2
    default: 3
    }
  }
}
