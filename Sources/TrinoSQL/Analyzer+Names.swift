// What a name means: a lambda's parameter, a column, a field of a row, a column of an outer query.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func resolve(_ parts: [Identifier], _ scope: Scope) throws -> Typed {
    if let found = try find(parts, scope) { return found }
    let names =
      scope.fields.filter { !$0.isHidden }.compactMap(\.name)
      + (scope.lambda?.parameters.map(\.name) ?? [])
    throw error(
      .columnNotFound,
      "Column '\(parts.map(\.text).joined(separator: "."))' cannot be resolved",
      parts.first?.offset ?? 0,
      suggestions: nearestNames(to: parts.last?.text ?? "", among: names)
    )
  }

  /// The value under a name here or in the queries around; nil where there is none.
  private mutating func find(_ parts: [Identifier], _ scope: Scope) throws -> Typed? {
    if let lambda = scope.lambda { return try find(parts, lambda) }
    if let found = try local(parts, scope) { return found }
    return try outer(parts, level: outerQueries.count - 1)
  }

  private mutating func find(_ parts: [Identifier], _ lambda: LambdaScope) throws -> Typed? {
    let index = lambda.parameters.lastIndex { $0.name.lowercased() == parts.first?.key }
    if let index {
      let type = lambda.parameters[index].type
      return try fields(Typed(.column(index, type.storage), type), parts.dropFirst())
    }
    guard let around = try find(parts, lambda.around) else { return nil }
    if case .constant = around.expression { return around }
    let place =
      lambda.captures.firstIndex(of: around.expression)
      ?? {
        lambda.captures.append(around.expression)
        return lambda.captures.count - 1
      }()
    return Typed(
      .column(lambda.parameters.count + place, around.type.storage), around.type)
  }

  /// A column of the scope, or a field inside one.
  private func local(_ parts: [Identifier], _ scope: Scope) throws -> Typed? {
    for count in stride(from: parts.count, through: 1, by: -1) {
      let found = scope.matches(Array(parts.prefix(count)))
      guard let first = found.first else { continue }
      guard found.count == 1 else {
        throw error(
          .ambiguousName,
          "Column '\(parts.prefix(count).map(\.text).joined(separator: "."))' is ambiguous",
          parts.first?.offset ?? 0,
          advice: "Put the relation's name before it."
        )
      }
      let type = scope.fields[first].type
      return try fields(Typed(.column(first, type.storage), type), parts.dropFirst(count))
    }
    return nil
  }

  private func fields(_ value: Typed, _ names: ArraySlice<Identifier>) throws -> Typed {
    var value = value
    for name in names { value = try field(value, name) }
    return value
  }

  /// A column of the query at `level`, as a parameter of the query inside it.
  private mutating func outer(_ parts: [Identifier], level: Int) throws -> Typed? {
    guard level >= 0 else { return nil }
    let scope = outerQueries[level].scope
    let found: Typed?
    if let lambda = scope.lambda {
      // The lambda stands in the query at this level, whose own outer queries lie below.
      let above = Array(outerQueries[level...])
      outerQueries.removeSubrange(level...)
      found = try find(parts, lambda)
      outerQueries += above
    } else {
      found = try local(parts, scope) ?? outer(parts, level: level - 1)
    }
    guard let found else { return nil }
    if case .constant = found.expression { return found }
    let place =
      outerQueries[level].arguments.firstIndex(of: found.expression)
      ?? outerQueries[level].arguments.count
    if place == outerQueries[level].arguments.count {
      outerQueries[level].arguments.append(found.expression)
    }
    return Typed(.parameter(place, found.type.storage), found.type)
  }
}
