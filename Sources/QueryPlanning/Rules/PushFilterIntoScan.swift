import Columnar
import Connector
import Kernels

/// Tells the source what a filter right over its scan asks for, as `ColumnPredicate`s.
///
/// The filter stays, because a source may skip as much or as little as it likes.
public struct PushFilterIntoScan: OptimizerRule {
  public init() {}

  public func rewrite(_ plan: LogicalPlan) -> LogicalPlan? {
    guard case .filter(let predicate, .scan(var scan)) = plan else { return nil }
    let wishes = predicate.conjuncts.compactMap { Self.wish($0, scan.columns) }
    let fresh = wishes.filter { !scan.predicates.contains($0) }
    guard !fresh.isEmpty else { return nil }
    scan.predicates += fresh
    return .filter(predicate, .scan(scan))
  }

  /// The predicate that `part` makes of a table's column; nil where it has not that form.
  static func wish(_ part: Expression, _ columns: [Int]) -> ColumnPredicate? {
    switch part {
    case .column(let index, .boolean):
      return ColumnPredicate(column: columns[index], .equal(.boolean(true)))
    case .call(let function, let arguments):
      switch function.kind {
      case .comparison(let operation) where arguments.count == 2:
        if let column = column(arguments[0]), case .constant(let value, _) = arguments[1],
          !value.isNull
        {
          return ColumnPredicate(column: columns[column], comparison(operation, value))
        }
        if let column = column(arguments[1]), case .constant(let value, _) = arguments[0],
          !value.isNull
        {
          return ColumnPredicate(column: columns[column], comparison(operation.flipped, value))
        }
        return nil
      case .isNull:
        return column(arguments[0]).map { ColumnPredicate(column: columns[$0], .isNull) }
      case .isNotNull:
        return column(arguments[0]).map { ColumnPredicate(column: columns[$0], .isNotNull) }
      case .isIn(let values):
        return column(arguments[0]).map {
          ColumnPredicate(column: columns[$0], .isIn(values.filter { !$0.isNull }))
        }
      case .not:
        if case .column(let index, .boolean)? = arguments.first {
          return ColumnPredicate(column: columns[index], .equal(.boolean(false)))
        }
        return nil
      default: return nil
      }
    default: return nil
    }
  }

  /// A column, or a conversion of one that keeps values and order.
  private static func column(_ expression: Expression) -> Int? {
    switch expression {
    case .column(let index, _): index
    case .call(let function, let arguments) where function.kind == .losslessCast:
      column(arguments[0])
    default: nil
    }
  }

  private static func comparison(
    _ operation: ComparisonOperation,
    _ value: Scalar
  ) -> ColumnPredicate.Comparison {
    switch operation {
    case .equal: .equal(value)
    case .notEqual: .notEqual(value)
    case .less: .less(value)
    case .lessOrEqual: .lessOrEqual(value)
    case .greater: .greater(value)
    case .greaterOrEqual: .greaterOrEqual(value)
    }
  }
}
