public import Columnar
public import Kernels
public import QueryPlanning

/// Computes an expression over a batch, a whole column at a time.
///
/// Gives one column of `count` rows. Operands of CASE, COALESCE, AND and OR that can fail are
/// computed only for the rows that reach them. A total function of one dictionary column is
/// computed once a dictionary value where there are no more of those than rows. Throws what the
/// functions throw, such as `KernelError`.
public struct ExpressionEvaluator {
  let columns: [ColumnVector]
  let count: Int

  /// `columns` are what the expression's column positions mean; all have `count` rows.
  public init(columns: [ColumnVector], count: Int) {
    self.columns = columns
    self.count = count
  }

  public init(_ batch: ColumnarBatch) {
    self.init(columns: batch.columns, count: batch.rowCount)
  }

  public func evaluate(_ expression: Expression) throws -> ColumnVector {
    switch expression {
    case .column(let index, _): return columns[index]
    case .constant(let scalar, let type):
      return ColumnVector(constant: scalar, type: type, count: count)
    case .call(let function, let arguments): return try call(function, arguments)
    case .conjunction(let parts): return try logic(parts, dominant: false)
    case .disjunction(let parts): return try logic(parts, dominant: true)
    case .conditional(let branches, let otherwise, let type):
      return try conditional(branches, otherwise, type)
    case .coalesce(let parts, let type): return try coalesce(parts, type)
    case .attempt(let inner): return try attempt(inner)
    case .lambdaCall(let function, let arguments, let lambdas):
      return try lambdaCall(function, arguments, lambdas)
    case .aggregate, .window, .subquery, .parameter:
      preconditionFailure("aggregates, windows and subqueries are replaced before execution")
    }
  }

  /// The rows where `predicate` is true.
  ///
  /// Conditions that cannot fail are tested one after another on a mask of the rows, comparisons with
  /// a constant first.
  public func select(_ predicate: Expression) throws -> RowSelection {
    guard RowMask.isAvailable, predicate.isTotal else {
      return RowSelection(try evaluate(predicate))
    }
    var mask = RowMask(count: count)
    var others: [Expression] = []
    for part in predicate.conjuncts where !(try narrow(&mask, part)) { others.append(part) }
    for part in others {
      if mask.isEmpty { break }
      mask.narrow(try evaluate(part))
    }
    return mask.selection()
  }

  /// Tests a comparison with a constant; false, with nothing done, for other conditions.
  private func narrow(_ mask: inout RowMask, _ part: Expression) throws -> Bool {
    guard case .call(let function, let sides) = part, sides.count == 2,
      case .comparison(let operation) = function.kind
    else { return false }
    switch (sides[0], sides[1]) {
    case (let value, .constant(let scalar, let type)):
      return mask.narrow(
        operation, try evaluate(value), ColumnVector(constant: scalar, type: type, count: 1))
    case (.constant(let scalar, let type), let value):
      return mask.narrow(
        operation.flipped, try evaluate(value), ColumnVector(constant: scalar, type: type, count: 1)
      )
    default: return false
    }
  }

  private func call(_ function: ScalarFunction, _ arguments: [Expression]) throws -> ColumnVector {
    if function.isTotal, let lifted = try callOnDictionary(function, arguments) { return lifted }
    return try function.evaluate(try arguments.map { try evaluate($0) }, count)
  }

  /// The call over a dictionary's values, spread over the codes; nil where it does not pay.
  private func callOnDictionary(
    _ function: ScalarFunction,
    _ arguments: [Expression]
  ) throws -> ColumnVector? {
    var place: Int?
    for (index, argument) in arguments.enumerated() {
      switch argument {
      case .constant: continue
      case .column where place == nil: place = index
      default: return nil
      }
    }
    guard let place, case .column(let column, _) = arguments[place],
      case .dictionary(let codes, let dictionary) = columns[column].encoding,
      dictionary.values.count <= count
    else { return nil }
    switch function.kind {
    case .isNull, .isNotNull: return nil
    default: break
    }
    let vector = columns[column]
    let size = dictionary.values.count
    var inputs: [ColumnVector] = []
    for argument in arguments {
      if case .constant(let scalar, let type) = argument {
        // A function may be NULL-tolerant; then a NULL row is not a NULL result.
        if scalar.isNull { return nil }
        inputs.append(ColumnVector(constant: scalar, type: type, count: size))
      } else {
        inputs.append(dictionary.values)
      }
    }
    guard vector.validity == nil || !function.variant.contains("null-tolerant") else { return nil }
    let byValue = try function.evaluate(inputs, size).plain
    guard size > 0 else { return nullColumn(function.result, count: count) }
    let spread = byValue.gather(
      UnsafeBufferPointer(rebasing: codes.values(as: Int32.self)[0..<count])
    )
    return spread.withValidity(mergedValidity(spread.validity, vector.validity, count: count))
  }

  /// The evaluator of some of the rows; columns that `expressions` do not read are left out.
  private func narrowed(_ rows: RowSelection, for expressions: [Expression]) -> ExpressionEvaluator
  {
    if rows.count == count { return self }
    var needed: Set<Int> = []
    for expression in expressions { expression.collectColumns(&needed) }
    let empty = ColumnVector(
      type: .unknown,
      count: rows.count,
      encoding: .constant,
      values: Self.emptyBuffer
    )
    return ExpressionEvaluator(
      columns: columns.enumerated().map { index, column in
        needed.contains(index) ? column.gather(rows) : empty
      },
      count: rows.count
    )
  }

  private static let emptyBuffer = Buffer(byteCount: 16) { _ in }

  /// NULL for the rows whose value cannot be computed: halves the rows until each failure is alone.
  private func attempt(_ inner: Expression) throws -> ColumnVector {
    do {
      return try evaluate(inner)
    } catch is KernelError {
      guard count > 1 else { return nullColumn(inner.type, count: count) }
      let middle = count / 2
      let pieces = try [0..<middle, middle..<count].map { range in
        try ExpressionEvaluator(columns: columns.map { slice($0, range) }, count: range.count)
          .attempt(inner)
      }
      return concatenate(pieces, type: inner.type)
    }
  }

  private func lambdaCall(
    _ function: LambdaFunction,
    _ arguments: [Expression],
    _ lambdas: [Lambda]
  ) throws -> ColumnVector {
    let inputs = try arguments.map { try evaluate($0) }
    let bodies = try lambdas.map { lambda -> LambdaFunction.Body in
      let captures = try lambda.captures.map { try evaluate($0) }
      return { parameters, rows in
        let gathered = rows.withUnsafeBufferPointer { rows in captures.map { $0.gather(rows) } }
        return try ExpressionEvaluator(columns: parameters + gathered, count: rows.count)
          .evaluate(lambda.body)
      }
    }
    return try function.evaluate(inputs, count, bodies)
  }

  private func logic(_ parts: [Expression], dominant: Bool) throws -> ColumnVector {
    guard var result = try parts.first.map({ try evaluate($0) }) else {
      return ColumnVector(constant: .boolean(!dominant), type: .boolean, count: count)
    }
    for part in parts.dropFirst() {
      let next: ColumnVector
      if part.isTotal {
        next = try evaluate(part)
      } else {
        // Decided rows keep the dominant value; the others ask the next operand.
        let open = RowSelection(result, where: !dominant, orNull: true)
        let decided = RowSelection(result, where: dominant)
        if open.count == 0 { return result }
        let values = try narrowed(open, for: [part]).evaluate(part)
        next =
          decided.count == 0
          ? values
          : merge(
            [
              (open, values),
              (
                decided,
                ColumnVector(constant: .boolean(dominant), type: .boolean, count: decided.count)
              ),
            ],
            type: .boolean,
            count: count
          )
      }
      result = dominant ? logicalOr(result, next) : logicalAnd(result, next)
    }
    return result
  }

  private func conditional(
    _ branches: [ConditionalBranch],
    _ otherwise: Expression,
    _ type: DataType
  ) throws -> ColumnVector {
    var pieces: [(rows: RowSelection, values: ColumnVector)] = []
    var left = RowSelection((0..<count).map { Int32(truncatingIfNeeded: $0) })
    for branch in branches where left.count > 0 {
      let here = narrowed(left, for: [branch.condition, branch.value])
      let condition = try here.evaluate(branch.condition)
      let hits = RowSelection(condition)
      if hits.count > 0 {
        let values = try here.narrowed(hits, for: [branch.value]).evaluate(branch.value)
        pieces.append((Self.compose(left, hits), values))
      }
      left = Self.compose(left, RowSelection(condition, where: false, orNull: true))
    }
    if left.count > 0 {
      pieces.append((left, try narrowed(left, for: [otherwise]).evaluate(otherwise)))
    }
    if pieces.isEmpty { return nullColumn(type, count: count) }
    return merge(pieces, type: type, count: count)
  }

  private func coalesce(_ parts: [Expression], _ type: DataType) throws -> ColumnVector {
    var pieces: [(rows: RowSelection, values: ColumnVector)] = []
    var left = RowSelection((0..<count).map { Int32(truncatingIfNeeded: $0) })
    for (index, part) in parts.enumerated() where left.count > 0 {
      let values = try narrowed(left, for: [part]).evaluate(part)
      let isLast = index == parts.count - 1
      if isLast || values.validity == nil {
        pieces.append((left, values))
        left = RowSelection([])
        break
      }
      let missing = isNull(values)
      let known = RowSelection(missing, where: false)
      if known.count > 0 {
        pieces.append((Self.compose(left, known), values.gather(known)))
      }
      left = Self.compose(left, RowSelection(missing))
    }
    if pieces.isEmpty { return nullColumn(type, count: count) }
    return merge(pieces, type: type, count: count)
  }

  /// The rows of `outer` at the places `inner`.
  private static func compose(_ outer: RowSelection, _ inner: RowSelection) -> RowSelection {
    outer.composed(inner)
  }
}
