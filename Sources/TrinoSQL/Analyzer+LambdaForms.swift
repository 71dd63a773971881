// Lambdas of functions that work without one too, and of two maps: `regexp_replace(text, pattern, f)`,
// `array_sort(array, comparison)`, `map_zip_with`.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// Each match replaced by what the lambda gives for its groups, an array of varchar.
  mutating func regexpReplace(
    _ arguments: [Typed], _ syntax: ExpressionSyntax, _ scope: Scope, _ start: Int
  ) throws -> Typed {
    let texts = TrinoType.varchar(nil)
    for argument in arguments where !FunctionCatalog.accepts(argument.type, texts) {
      throw error(
        .functionNotFound, "Unexpected parameters for function regexp_replace: \(argument.type)",
        start)
    }
    let (lambda, _) = try lambda(syntax, [.array(texts)], scope, to: texts)
    let function = LambdaFunction(name: "regexp_replace", result: .varchar) { columns, _, bodies in
      let matches = try regexpMatches(columns[0], columns[1])
      return regexpReplaced(
        columns[0], matches, with: try bodies[0]([matches.groups], matches.rows))
    }
    return Typed(
      .lambdaCall(
        function, try arguments.map { try coerce($0, to: texts, start) }, [lambda]), texts)
  }

  /// Sorts by a comparison that gives -1, 0 or 1. All arrays advance together: each round of the
  /// merge compares one pair of every list that still has pairs.
  mutating func arraySort(
    _ array: Typed, _ element: TrinoType, _ syntax: ExpressionSyntax, _ scope: Scope
  ) throws -> Typed {
    let (lambda, _) = try lambda(syntax, [element, element], scope, to: .bigint)
    let function = LambdaFunction(
      name: "array_sort", variant: "\(array.type)", result: array.type.storage
    ) { columns, _, bodies in
      try arraySorted(columns[0]) { left, right, rows in
        try bodies[0]([left, right], rows)
      }
    }
    return Typed(.lambdaCall(function, [array.expression], [lambda]), array.type)
  }

  /// The union of two maps' keys, each with what the lambda gives for both values, NULL where one
  /// is missing.
  mutating func mapZipWith(
    _ arguments: [Typed], _ key: TrinoType, _ left: TrinoType, _ right: TrinoType,
    _ syntax: ExpressionSyntax, _ scope: Scope, _ start: Int
  ) throws -> Typed {
    let (lambda, type) = try lambda(syntax, [key, left, right], scope)
    let result = TrinoType.map(key: key, value: type)
    let storage = result.storage
    let function = LambdaFunction(
      name: "map_zip_with", variant: "\(result)", result: storage
    ) { columns, count, bodies in
      let pairs = zipMaps(columns[0], columns[1], count: count)
      let values = try bodies[0]([pairs.keys, pairs.left, pairs.right], pairs.rows)
      return makeList(
        storage, counts: pairs.counts, children: [pairs.keys, values],
        validity: mergedValidity(columns[0].validity, columns[1].validity, count: count))
    }
    return Typed(
      .lambdaCall(
        function,
        [
          try coerce(arguments[0], to: .map(key: key, value: left), start),
          try coerce(arguments[1], to: .map(key: key, value: right), start),
        ], [lambda]), result)
  }
}
