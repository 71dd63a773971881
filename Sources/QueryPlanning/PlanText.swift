// A plan as indented text, for EXPLAIN and for golden tests.

public import Columnar
public import Connector
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
    case .window(let call, _): return call.text(names)
    case .parameter(let index, _): return "$\(index)"
    case .attempt(let inner): return "try(\(inner.text(names)))"
    case .lambdaCall(let function, let arguments, let lambdas):
      let bodies = lambdas.map { lambda in
        let inside = lambda.parameters.indices.map { "x\($0 + 1)" }
        let outside = lambda.captures.map { $0.text(names) }
        let shown = inside.count == 1 ? inside[0] : "(\(inside.joined(separator: ", ")))"
        return "\(shown) -> \(lambda.body.text(inside + outside))"
      }
      let parts = arguments.map { $0.text(names) } + bodies
      return "\(function.name)(\(parts.joined(separator: ", ")))"
    case .subquery(let subquery, let operands, _, _):
      switch subquery.kind {
      case .scalar: return "(subquery)"
      case .exists: return "EXISTS (subquery)"
      case .membership:
        let shown = operands.map { $0.text(names) }.joined(separator: ", ")
        return "\(operands.count == 1 ? shown : "(\(shown))") IN (subquery)"
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
    let ordered = orderBy.isEmpty ? "" : " ORDER BY " + LogicalPlan.text(orderBy, names)
    return "\(name)(\(isDistinct ? "DISTINCT " : "")\(inside)\(ordered))\(filtered)"
  }
}

extension WindowCall {
  func text(_ names: [String]) -> String {
    let isCountAll = arguments.isEmpty && function == .aggregate(.count)
    let inside = isCountAll ? "*" : arguments.map { $0.text(names) }.joined(separator: ", ")
    let filtered = filter.map { " FILTER (WHERE \($0.text(names)))" } ?? ""
    let nulls = ignoresNulls ? " IGNORE NULLS" : ""
    return "\(name)(\(isDistinct ? "DISTINCT " : "")\(inside))\(nulls)\(filtered)"
  }
}

extension WindowFrame {
  func text(_ names: [String]) -> String {
    func text(_ bound: Bound) -> String {
      switch bound {
      case .unboundedPreceding: "UNBOUNDED PRECEDING"
      case .preceding(let value): "\(value.text(names)) PRECEDING"
      case .currentRow: "CURRENT ROW"
      case .following(let value): "\(value.text(names)) FOLLOWING"
      case .unboundedFollowing: "UNBOUNDED FOLLOWING"
      }
    }
    return "\(unit.rawValue) BETWEEN \(text(start)) AND \(text(end))"
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

  static func text(_ keys: [SortKey], _ names: [String]) -> String {
    keys.map { key in
      key.expression.text(names) + (key.direction.isAscending ? " ASC" : " DESC")
        + (key.direction.nullsFirst ? " NULLS FIRST" : " NULLS LAST")
    }.joined(separator: ", ")
  }

  /// The node's name and what it does, without its inputs: `Filter[filterPredicate = (a > 1)]`.
  public var headline: String {
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
    case .aggregate(let node):
      let keys = node.groups.map { $0.expression.text(names) }
      let calls = node.aggregates.map { $0.text(names) }.joined(separator: ", ")
      let sets = node.groupingSets.map { sets in
        let shown = sets.map { set in "(" + set.map { keys[$0] }.joined(separator: ", ") + ")" }
        return ", groupingSets = [\(shown.joined(separator: ", "))]"
      }
      return "Aggregate[keys = [\(keys.joined(separator: ", "))]" + (sets ?? "")
        + (calls.isEmpty ? "]" : ", aggregates = [\(calls)]]")
    case .window(let node):
      let keys = node.specification.partition.map { $0.text(names) }.joined(separator: ", ")
      let calls = node.calls.map { "\($0.call.text(names)) \($0.call.frame.text(names))" }
      return "Window[partitionBy = [\(keys)], orderBy = ["
        + Self.text(node.specification.order, names)
        + "], functions = [\(calls.joined(separator: ", "))]]"
    case .sort(let keys, _): return "Sort[orderBy = [\(Self.text(keys, names))]]"
    case .topN(let node):
      let skipped = node.offset > 0 ? ", offset = \(node.offset)" : ""
      return "TopN[count = \(node.count)\(skipped)\(node.withTies ? ", withTies" : ""), "
        + "orderBy = [\(Self.text(node.keys, names))]]"
    case .limit(let count, let offset, _):
      let counted = count.map { "count = \($0)" }
      let skipped = offset > 0 ? "offset = \(offset)" : nil
      return "Limit[\([counted, skipped].compactMap { $0 }.joined(separator: ", "))]"
    case .join(let node): return Self.headline(node)
    case .union: return "Union"
    case .setOperation(let node): return node.kind.rawValue + (node.isDistinct ? "" : "All")
    case .sample(let percentage, _): return "Sample[BERNOULLI (\(percentage))]"
    case .unnest(let node):
      let items = node.items.map { $0.expression.text(names) }.joined(separator: ", ")
      return "Unnest[\(items)\(node.ordinality == nil ? "" : ", ordinality")"
        + (node.keepsEmpty ? ", outer]" : "]")
    case .lateral(let node): return "CorrelatedJoin[\(node.kind.rawValue)]"
    case .enforceSingleRow: return "EnforceSingleRow"
    case .write(let node): return "TableWriter[table = \(node.name)]"
    case .change(let node): return "MergeWriter[table = \(node.name)]"
    case .exchange(let node):
      switch node.partitioning {
      case .single: return "Exchange[SINGLE]"
      case .broadcast: return "Exchange[REPLICATE]"
      case .roundRobin: return "Exchange[ROUND_ROBIN]"
      case .hash(let keys):
        return "Exchange[HASH (\(keys.map { $0.text(names) }.joined(separator: ", ")))]"
      }
    }
  }

  static func headline(_ node: Join) -> String {
    let leftNames = node.left.schema.fields.map(\.name)
    let rightNames = node.right.schema.fields.map(\.name)
    func text(_ key: JoinKey, _ symbol: String) -> String {
      "\(key.left.text(leftNames)) \(symbol) \(key.right.text(rightNames))"
    }
    var parts: [String] = []
    if !node.keys.isEmpty {
      let pairs = node.keys.map { text($0, $0.matchesNulls ? "IS NOT DISTINCT FROM" : "=") }
      parts.append("criteria = (\(pairs.joined(separator: " AND ")))")
    }
    if !node.membership.isEmpty {
      let pairs = node.membership.map { text($0, "IN") }
      parts.append("membership = \(pairs.joined(separator: " AND "))")
    }
    if let residual = node.residual {
      parts.append("filter = \(residual.text(leftNames + rightNames))")
    }
    if let distribution = node.distribution {
      parts.append("distribution = \(distribution.rawValue)")
    }
    return node.kind.rawValue + (parts.isEmpty ? "" : "[\(parts.joined(separator: ", "))]")
  }

  private var details: [String] {
    guard case .scan(let scan) = self else { return [] }
    let shown = scan.source.schema(of: scan.columns).fields.map(\.name)
    var lines = ["columns = [\(shown.joined(separator: ", "))]"]
    if !scan.predicates.isEmpty {
      let shown = scan.predicates.map { $0.text(scan.source.field(at: $0.column)) }
      lines.append("pushed down = [\(shown.joined(separator: ", "))]")
    }
    if let limit = scan.limit { lines.append("limit = \(limit)") }
    if !scan.dynamicFilters.isEmpty {
      let shown = scan.dynamicFilters.map {
        "\(scan.source.field(at: $0.column).name) = #df_\($0.id)_\($0.key)"
      }
      lines.append("dynamicFilters = {\(shown.joined(separator: ", "))}")
    }
    return lines
  }
}

extension ColumnPredicate {
  /// `dt = date '2024-01-15'`
  public func text(_ field: Field) -> String {
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
