// Functions that take functions: transform, filter, reduce and their kind.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  static let lambdaFunctions: Set<String> = [
    "transform", "filter", "any_match", "all_match", "none_match", "reduce", "zip_with",
    "map_filter", "transform_keys", "transform_values", "map_zip_with",
  ]

  /// Functions that take a lambda as a choice.
  static let functionsWithLambdaForms: Set<String> = ["regexp_replace", "array_sort"]

  /// The call of a function with lambdas; nil for other functions.
  mutating func lambdaCall(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed? {
    let name = call.name.key
    let firstLambda = call.arguments.firstIndex { if case .lambda = $0.kind { true } else { false } }
    guard
      Self.lambdaFunctions.contains(name)
        || (firstLambda != nil && Self.functionsWithLambdaForms.contains(name))
    else { return nil }
    guard let firstLambda, call.arguments.count >= 2 else {
      throw error(
        .functionNotFound,
        "Unexpected parameters for function \(name): it takes a lambda such as x -> x + 1",
        syntax.start
      )
    }
    var arguments: [Typed] = []
    for argument in call.arguments.prefix(firstLambda) {
      arguments.append(try expression(argument, scope))
    }
    let lambdas = Array(call.arguments.dropFirst(firstLambda))
    func wrong() -> TrinoSQLError { wrongArguments(call.name, arguments, ["array(T), function"]) }
    switch (name, arguments.count, lambdas.count) {
    case ("transform", 1, 1), ("filter", 1, 1), ("any_match", 1, 1), ("all_match", 1, 1),
      ("none_match", 1, 1):
      guard case .array(let element) = arguments[0].type else { throw wrong() }
      return try overArray(name, arguments[0], element, lambdas[0], scope)
    case ("reduce", 2, 2):
      guard case .array(let element) = arguments[0].type else { throw wrong() }
      return try reduce(arguments, element, lambdas, scope, syntax.start)
    case ("zip_with", 2, 1):
      guard case .array(let left) = arguments[0].type, case .array(let right) = arguments[1].type
      else { throw wrong() }
      return try zipWith(arguments, left, right, lambdas[0], scope)
    case ("regexp_replace", 2, 1):
      return try regexpReplace(arguments, lambdas[0], scope, syntax.start)
    case ("array_sort", 1, 1):
      guard case .array(let element) = arguments[0].type else { throw wrong() }
      return try arraySort(arguments[0], element, lambdas[0], scope)
    case ("map_zip_with", 2, 1):
      guard case .map(let key, let left) = arguments[0].type,
        case .map(let otherKey, let right) = arguments[1].type,
        let common = TrinoType.common(key, otherKey)
      else { throw wrong() }
      return try mapZipWith(arguments, common, left, right, lambdas[0], scope, syntax.start)
    case ("map_filter", 1, 1), ("transform_keys", 1, 1), ("transform_values", 1, 1):
      guard case .map(let key, let value) = arguments[0].type else { throw wrong() }
      return try overMap(name, arguments[0], key, value, lambdas[0], scope)
    default: throw wrong()
    }
  }

  /// A lambda over parameters of known types; its result's type with it.
  mutating func lambda(
    _ syntax: ExpressionSyntax,
    _ types: [TrinoType],
    _ scope: Scope,
    to wanted: TrinoType? = nil
  ) throws -> (Lambda, TrinoType) {
    guard case .lambda(let names, let body) = syntax.kind, names.count == types.count else {
      throw error(
        .invalidArguments,
        "Expected a lambda with \(types.count) argument(s), such as \(types.count == 1 ? "x" : "(x, y)") -> …",
        syntax.start
      )
    }
    let inside = LambdaScope(
      parameters: zip(names, types).map { ($0.key, $1) }, around: scope)
    var value = try expression(body, Scope(lambda: inside))
    try forbidAggregates(value.expression, "Lambda expression", body.start)
    if value.expression.containsSubquery {
      throw error(
        .notSupported, "Lambda expression cannot contain subqueries", body.start)
    }
    if let wanted {
      guard TrinoType.coercionCost(value.type, wanted) != nil else {
        throw error(
          .typeMismatch, "Lambda gives \(value.type), expected \(wanted)", body.start)
      }
      value = Typed(try coerce(value, to: wanted, body.start), wanted)
    }
    let lambda = Lambda(
      parameters: types.map(\.storage), captures: inside.captures, body: value.expression)
    return (lambda, value.type)
  }

  private mutating func overArray(
    _ name: String,
    _ array: Typed,
    _ element: TrinoType,
    _ syntax: ExpressionSyntax,
    _ scope: Scope
  ) throws -> Typed {
    let (lambda, type) = try lambda(
      syntax, [element], scope, to: name == "transform" ? nil : .boolean)
    let result: TrinoType
    switch name {
    case "transform": result = .array(type)
    case "filter": result = array.type
    default: result = .boolean
    }
    let storage = result.storage
    let function = LambdaFunction(name: name, variant: "\(array.type)", result: storage) {
      columns,
      count,
      bodies in
      let lists = ListView(columns[0])
      let (places, parents) = lists.flatten()
      let values = try bodies[0]([gathered(lists.elements, places)], parents)
      switch name {
      case "transform": return HigherOrder.rebuilt(lists, [values], storage)
      case "filter": return HigherOrder.filtered(lists, values, places)
      default: return HigherOrder.matched(name, lists, values, count)
      }
    }
    return Typed(.lambdaCall(function, [array.expression], [lambda]), result)
  }

  private mutating func overMap(
    _ name: String,
    _ map: Typed,
    _ key: TrinoType,
    _ value: TrinoType,
    _ syntax: ExpressionSyntax,
    _ scope: Scope
  ) throws -> Typed {
    let (lambda, type) = try lambda(
      syntax, [key, value], scope, to: name == "map_filter" ? .boolean : nil)
    let result: TrinoType
    switch name {
    case "transform_keys": result = .map(key: type, value: value)
    case "transform_values": result = .map(key: key, value: type)
    default: result = map.type
    }
    let storage = result.storage
    let function = LambdaFunction(name: name, variant: "\(map.type)", result: storage) {
      columns,
      _,
      bodies in
      let lists = ListView(columns[0])
      let (places, parents) = lists.flatten()
      let inputs = lists.vector.children.map { gathered($0, places) }
      let values = try bodies[0](inputs, parents)
      switch name {
      case "transform_keys":
        let entries = HigherOrder.rebuilt(lists, [values, inputs[1]], storage)
        return try makeMap(mapChild(entries, 0), mapChild(entries, 1))
      case "transform_values": return HigherOrder.rebuilt(lists, [inputs[0], values], storage)
      default: return HigherOrder.filtered(lists, values, places)
      }
    }
    return Typed(.lambdaCall(function, [map.expression], [lambda]), result)
  }

  private mutating func zipWith(
    _ arguments: [Typed],
    _ left: TrinoType,
    _ right: TrinoType,
    _ syntax: ExpressionSyntax,
    _ scope: Scope
  ) throws -> Typed {
    let (lambda, type) = try lambda(syntax, [left, right], scope)
    let result = TrinoType.array(type)
    let storage = result.storage
    let function = LambdaFunction(name: "zip_with", result: storage) { columns, count, bodies in
      let pairs = ListView(zipArrays(columns, count: count))
      let (places, parents) = pairs.flatten()
      let rows = gathered(pairs.elements, places).flattened()
      let values = try bodies[0](rows.children, parents)
      return HigherOrder.rebuilt(pairs, [values], storage)
    }
    return Typed(.lambdaCall(function, arguments.map(\.expression), [lambda]), result)
  }

  /// `reduce(array, start, (state, x) -> state, state -> result)`: one step of all rows at a time.
  private mutating func reduce(
    _ arguments: [Typed],
    _ element: TrinoType,
    _ lambdas: [ExpressionSyntax],
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    var state = arguments[1].type
    // The step may widen the state: `reduce(a, 0, (s, x) -> s + x, …)` over bigints.
    let (_, widened) = try lambda(lambdas[0], [state, element], scope)
    guard let common = TrinoType.common(state, widened) else {
      throw error(
        .typeMismatch, "The state of reduce is \(state), but the lambda gives \(widened)", offset)
    }
    state = common
    let (step, _) = try lambda(lambdas[0], [state, element], scope, to: state)
    let (finish, result) = try lambda(lambdas[1], [state], scope)
    let function = LambdaFunction(
      name: "reduce", variant: "\(state)", result: result.storage
    ) { columns, count, bodies in
      let lists = ListView(columns[0])
      var current = columns[1].flattened()
      var round = 0
      while true {
        var rows: [Int32] = []
        var places: [Int32] = []
        for row in 0..<count where lists.range(row).count > round {
          rows.append(Int32(truncatingIfNeeded: row))
          places.append(Int32(truncatingIfNeeded: lists.range(row).lowerBound + round))
        }
        if rows.isEmpty { break }
        let next = try bodies[0]([gathered(current, rows), gathered(lists.elements, places)], rows)
        current = HigherOrder.replaced(current, rows, next)
        round += 1
      }
      let all = (0..<count).map { Int32(truncatingIfNeeded: $0) }
      let output = try bodies[1]([current], all).flattened()
      return output.withValidity(
        mergedValidity(output.validity, lists.vector.validity, count: count))
    }
    return Typed(
      .lambdaCall(
        function,
        [arguments[0].expression, try coerce(arguments[1], to: state, offset)],
        [step, finish]
      ),
      result
    )
  }
}

/// What the lambda functions do with a body's results.
enum HigherOrder {
  /// Lists of the same lengths over other children.
  static func rebuilt(
    _ lists: ListView, _ children: [ColumnVector], _ type: DataType
  ) -> ColumnVector {
    let counts = (0..<lists.count).map { Int32(truncatingIfNeeded: lists.range($0).count) }
    return makeList(
      type, counts: counts, children: children, validity: lists.vector.validity)
  }

  /// The elements for which `tests` is true; `places` are theirs in the children.
  static func filtered(
    _ lists: ListView, _ tests: ColumnVector, _ places: [Int32]
  ) -> ColumnVector {
    let hits = RowSelection(tests)
    var kept = [Bool](repeating: false, count: places.count)
    for row in hits.rows { kept[Int(row)] = true }
    var counts: [Int32] = []
    var next = 0
    for row in 0..<lists.count {
      let length = lists.range(row).count
      counts.append(Int32(truncatingIfNeeded: kept[next..<next + length].count { $0 }))
      next += length
    }
    let chosen = hits.rows.map { places[Int($0)] }
    return makeList(
      lists.vector.type, counts: counts,
      children: lists.vector.children.map { gathered($0, chosen) },
      validity: lists.vector.validity)
  }

  /// `any_match`, `all_match`, `none_match`, in three-valued logic.
  static func matched(
    _ name: String, _ lists: ListView, _ tests: ColumnVector, _ count: Int
  ) -> ColumnVector {
    let builder = ColumnBuilder(type: .boolean, capacity: count)
    var next = 0
    for row in 0..<count {
      let length = lists.range(row).count
      var hasTrue = false
      var hasFalse = false
      var hasNull = false
      for place in next..<next + length {
        switch tests.scalar(place) {
        case .boolean(true): hasTrue = true
        case .boolean: hasFalse = true
        default: hasNull = true
        }
      }
      next += length
      if lists.vector.isNull(row) {
        builder.appendNull()
        continue
      }
      let isDecided = name == "all_match" ? hasFalse : hasTrue
      switch (isDecided, hasNull) {
      case (true, _): builder.append(name == "any_match")
      case (false, true): builder.appendNull()
      case (false, false): builder.append(name != "any_match")
      }
    }
    return builder.finish()
  }

  /// `column` with `values` at `rows`.
  static func replaced(
    _ column: ColumnVector, _ rows: [Int32], _ values: ColumnVector
  ) -> ColumnVector {
    var places = (0..<column.count).map { Int32(truncatingIfNeeded: $0) }
    for (index, row) in rows.enumerated() {
      places[Int(row)] = Int32(truncatingIfNeeded: column.count + index)
    }
    return gathered(concatenate([column, values], type: column.type), places)
  }
}
