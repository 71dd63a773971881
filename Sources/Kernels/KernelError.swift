public import Columnar
public import Diagnostics

/// Why a kernel could not compute a value of a valid row.
///
/// Kernels know no dialect: they say what happened, and the door words it (Trino's error name and
/// message, Spark's error class).
public enum KernelError: DiagnosableError, Equatable {
  case divisionByZero
  /// An integer or decimal result that does not fit its type; operands as text.
  case overflow(operation: String, type: DataType, left: String, right: String)
  /// A number that does not fit the type it should become.
  case outOfRange(value: String, type: DataType)
  /// A text or number that has no meaning in the target type.
  case invalidCast(value: String, from: DataType, to: DataType)
  case invalidArgument(String)
  case notSupported(String)
  /// What a function of SQL/JSON was told to fail with.
  case json(SQLJSONFault, String)

  public var code: String {
    switch self {
    case .divisionByZero: "kernels.division_by_zero"
    case .overflow: "kernels.overflow"
    case .outOfRange: "kernels.out_of_range"
    case .invalidCast: "kernels.invalid_cast"
    case .invalidArgument: "kernels.invalid_argument"
    case .notSupported: "kernels.not_supported"
    case .json(let fault, _): "kernels.json_\(fault.rawValue)"
    }
  }

  public var message: String {
    switch self {
    case .divisionByZero: "Division by zero"
    case .overflow(_, .decimal, _, _): "Decimal overflow"
    case .overflow(let operation, let type, let left, let right):
      "\(type) \(operation) overflow: \(left), \(right)"
    case .outOfRange(let value, let type): "\(value) is out of range for \(type)"
    case .invalidCast(let value, _, let type): "Cannot cast '\(value)' to \(type)"
    case .invalidArgument(let text), .notSupported(let text), .json(_, let text): text
    }
  }
}
