// A plan as indented text, for EXPLAIN and for golden tests.

import Columnar
import Connector
import Kernels

extension Expression {
  /// SQL-like text; `names` gives each column's name.
  public func text(_ names: [String]) -> String {
    func list(_ parts: [Expression], _ separator: String = ", ") -> String {
      parts.map { $0.text(names) }.joined(separator: separator)
    }
    switch self {
    case .column(let index, _): return index < names.count ? names[index] : "#\(index)"
    case .constant(let scalar, let type): return Self.literal(scalar, type)
    case .conjunction(let parts): return "(" + list(parts, " AND ") + ")"
    case .disjunction(let parts): return "(" + list(parts, " OR ") + ")"
    case .coalesce(let parts, _): return "coalesce(" + list(parts) + ")"
    case .conditional(let branches, let otherwise, _):
      let cases = branches.map {
        "WHEN \($0.condition.text(names)) THEN \($0.value.text(names)) "
      }
      return "CASE " + cases.joined() + "ELSE \(otherwise.text(names)) END"
    case .aggregate(let call): return call.text(names)
    case .subquery(let subquery, let operand, _):
      switch subquery.kind {
      case .scalar: return "(subquery)"
      case .exists: return "EXISTS (subquery)"
      case .membership: return "\(operand?.text(names) ?? "") IN (subquery)"
      }
    case .call(let function, let arguments):
      switch function.kind {
      case .comparison(let operation) where arguments.count == 2:
        return "(\(arguments[0].text(names)) \(operation.rawValue) \(arguments[1].text(names)))"
      case .isNull: return "(\(arguments[0].text(names)) IS NULL)"
      case .isNotNull: return "(\(arguments[0].text(names)) IS NOT NULL)"
      case .not: return "(NOT \(arguments[0].text(names)))"
      case .isIn(let values):
        let shown = values.map { Self.literal($0, arguments[0].type) }.joined(separator: ", ")
        return "(\(arguments[0].text(names)) IN (\(shown)))"
      default:
        if function.name == "cast" || function.name == "try_cast" {
          return "\(function.name)(\(arguments[0].text(names)) AS \(function.result))"
        }
        let isSymbol = function.name.utf8.allSatisfy { !(($0 | 0x20) &- 0x61 < 26) }
        if isSymbol, arguments.count == 2 {
          return "(\(arguments[0].text(names)) \(function.name) \(arguments[1].text(names)))"
        }
        return "\(function.name)(\(list(arguments)))"
      }
    }
  }

  static func literal(_ scalar: Scalar, _ type: DataType) -> String {
    let text = scalarText(scalar, type)
    switch (scalar, type) {
    case (.null, _): return "null"
    case (.text, _):
      return "'"
        + text.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: "''") + "'"
    case (_, .date), (_, .timestamp), (_, .timestampWithTimeZone): return "\(type) '\(text)'"
    default: return text
    }
  }
}

extension AggregateCall {
  func text(_ names: [String]) -> String {
    let inside = arguments.isEmpty ? "*" : arguments.map { $0.text(names) }.joined(separator: ", ")
    let filtered = filter.map { " FILTER (WHERE \($0.text(names)))" } ?? ""
    return "\(name)(\(isDistinct ? "DISTINCT " : "")\(inside))\(filtered)"
  }
}

extension LogicalPlan {
  /// One line a node, inputs indented below.
  public var text: String {
    var lines: [String] = []
    describe(depth: 0, &lines)
    return lines.joined(separator: "\n")
  }

  private func describe(depth: Int, _ lines: inout [String]) {
    let indent = String(repeating: "    ", count: depth)
    lines.append(indent + "- " + headline)
    for detail in details { lines.append(indent + "      " + detail) }
    for input in inputs { input.describe(depth: depth + 1, &lines) }
  }

  private static func text(_ keys: [SortKey], _ names: [String]) -> String {
    keys.map { key in
      key.expression.text(names) + (key.direction.isAscending ? " ASC" : " DESC")
        + (key.direction.nullsFirst ? " NULLS FIRST" : " NULLS LAST")
    }.joined(separator: ", ")
  }

  private var headline: String {
    let names = inputs.first?.schema.fields.map(\.name) ?? []
    switch self {
    case .scan(let scan): return "TableScan[table = \(scan.name)]"
    case .values(_, let rows): return "Values[rows = \(rows.count)]"
    case .filter(let predicate, _): return "Filter[filterPredicate = \(predicate.text(names))]"
    case .project(let expressions, _):
      let shown = expressions.map { item in
        let text = item.expression.text(names)
        return text == item.name ? text : "\(item.name) := \(text)"
      }
      return "Project[\(shown.joined(separator: ", "))]"
    case .aggregate(let groups, let aggregates, _):
      let keys = groups.map { $0.expression.text(names) }.joined(separator: ", ")
      let calls = aggregates.map { $0.text(names) }.joined(separator: ", ")
      return "Aggregate[keys = [\(keys)]" + (calls.isEmpty ? "]" : ", aggregates = [\(calls)]]")
    case .sort(let keys, _): return "Sort[orderBy = [\(Self.text(keys, names))]]"
    case .topN(let keys, let count, _):
      return "TopN[count = \(count), orderBy = [\(Self.text(keys, names))]]"
    case .limit(let count, let offset, _):
      let counted = count.map { "count = \($0)" }
      let skipped = offset > 0 ? "offset = \(offset)" : nil
      return "Limit[\([counted, skipped].compactMap { $0 }.joined(separator: ", "))]"
    case .join(let kind, let left, let right, let keys, let residual):
      let leftNames = left.schema.fields.map(\.name)
      let rightNames = right.schema.fields.map(\.name)
      let pairs = keys.map { "\($0.left.text(leftNames)) = \($0.right.text(rightNames))" }
      var parts: [String] = []
      if !pairs.isEmpty { parts.append("criteria = (\(pairs.joined(separator: " AND ")))") }
      if let residual { parts.append("filter = \(residual.text(leftNames + rightNames))") }
      return kind.rawValue + (parts.isEmpty ? "" : "[\(parts.joined(separator: ", "))]")
    case .union: return "Union"
    }
  }

  private var details: [String] {
    guard case .scan(let scan) = self else { return [] }
    let fields = scan.source.schema.fields
    var lines = [
      "columns = [\(scan.columns.map { fields[$0].name }.joined(separator: ", "))]"
    ]
    if !scan.predicates.isEmpty {
      let shown = scan.predicates.map { $0.text(fields[$0.column]) }
      lines.append("pushed down = [\(shown.joined(separator: ", "))]")
    }
    if let limit = scan.limit { lines.append("limit = \(limit)") }
    return lines
  }
}

extension ColumnPredicate {
  func text(_ field: Field) -> String {
    func value(_ scalar: Scalar) -> String { Expression.literal(scalar, field.type) }
    switch comparison {
    case .equal(let scalar): return "\(field.name) = \(value(scalar))"
    case .notEqual(let scalar): return "\(field.name) <> \(value(scalar))"
    case .less(let scalar): return "\(field.name) < \(value(scalar))"
    case .lessOrEqual(let scalar): return "\(field.name) <= \(value(scalar))"
    case .greater(let scalar): return "\(field.name) > \(value(scalar))"
    case .greaterOrEqual(let scalar): return "\(field.name) >= \(value(scalar))"
    case .isIn(let scalars):
      return "\(field.name) IN (\(scalars.map(value).joined(separator: ", ")))"
    case .isNull: return "\(field.name) IS NULL"
    case .isNotNull: return "\(field.name) IS NOT NULL"
    }
  }
}
