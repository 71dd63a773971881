// Joins: conditions, USING and NATURAL, and right sides that read the left row.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func join(
    _ kind: JoinKind,
    _ left: RelationSyntax,
    _ right: RelationSyntax,
    _ condition: JoinConditionSyntax,
    _ start: Int
  ) throws -> RelationPlan {
    let leftPlan = try relation(left)
    if let dependent = try dependentJoin(kind, leftPlan, right, condition, start) {
      return dependent
    }
    let rightPlan = try relation(right)
    let both = Scope(fields: leftPlan.scope.fields + rightPlan.scope.fields)
    switch condition {
    case .none:
      return RelationPlan(plan: .join(Join(kind, leftPlan.plan, rightPlan.plan)), scope: both)
    case .on(let syntax):
      let predicate = try boolean(syntax, both, "JOIN ON clause")
      try forbidAggregates(predicate, "JOIN clause", syntax.start)
      return RelationPlan(
        plan: .join(Join(kind, leftPlan.plan, rightPlan.plan, residual: predicate)), scope: both)
    case .using(let columns):
      return try joinUsing(kind, leftPlan, rightPlan, columns)
    case .natural:
      let left = leftPlan.scope.fields.filter { !$0.isHidden }.compactMap(\.name)
      let names = left.filter { name in
        rightPlan.scope.fields.contains {
          !$0.isHidden && $0.name?.lowercased() == name.lowercased()
        }
      }
      guard !names.isEmpty else {
        return RelationPlan(
          plan: .join(Join(kind == .inner ? .cross : kind, leftPlan.plan, rightPlan.plan)),
          scope: both
        )
      }
      let columns = names.map { Identifier(text: $0, offset: start) }
      return try joinUsing(kind, leftPlan, rightPlan, columns)
    }
  }

  // MARK: Right sides that read the left row

  /// The join with an UNNEST or LATERAL on its right; nil for other right sides.
  private mutating func dependentJoin(
    _ kind: JoinKind,
    _ left: RelationPlan,
    _ right: RelationSyntax,
    _ condition: JoinConditionSyntax,
    _ start: Int
  ) throws -> RelationPlan? {
    var inside = right
    var alias: (name: Identifier, columns: [Identifier]?)?
    if case .aliased(let inner, let name, let columns) = right {
      inside = inner
      alias = (name, columns)
    }
    switch inside {
    case .unnest(let items, let hasOrdinality, let offset):
      let keepsEmpty = try isOuter(kind, condition, "UNNEST", start)
      guard let keepsEmpty else { return nil }
      var plan = try unnest(
        left, items, hasOrdinality, keepsEmpty: keepsEmpty, offset, alias: alias)
      if case .on(let syntax) = condition, !Self.isTrue(syntax) {
        let predicate = try boolean(syntax, plan.scope, "JOIN ON clause")
        plan.plan = .filter(predicate, plan.plan)
      }
      return plan
    case .lateral(let query, _):
      guard kind == .inner || kind == .left || kind == .cross else {
        throw error(
          .invalidColumnReference,
          "LATERAL reference not allowed in \(kind == .right ? "RIGHT" : "FULL") JOIN",
          start
        )
      }
      relationCount += 1
      var (inner, arguments) = try inner(left.scope) { try $0.query(query) }
      for index in inner.scope.fields.indices { inner.scope.fields[index].relation = [] }
      if let alias { try rename(&inner, alias.name, alias.columns) }
      let both = Scope(fields: left.scope.fields + inner.scope.fields)
      var predicate: Expression?
      switch condition {
      case .none: break
      case .on(let syntax): predicate = try boolean(syntax, both, "JOIN ON clause")
      case .using, .natural:
        throw error(.notSupported, "USING and NATURAL with LATERAL are not supported", start)
      }
      if predicate.map(FoldConstants.fold) == .yes { predicate = nil }
      return RelationPlan(
        plan: .lateral(
          LateralJoin(
            kind == .left ? .left : .inner, left.plan, Subquery(.scalar, plan: inner.plan),
            arguments: arguments, condition: predicate)),
        scope: both
      )
    default: return nil
    }
  }

  private static func isTrue(_ syntax: ExpressionSyntax) -> Bool {
    if case .boolean(true) = syntax.kind { return true }
    return false
  }

  /// Whether the join keeps left rows without elements.
  private func isOuter(
    _ kind: JoinKind,
    _ condition: JoinConditionSyntax,
    _ what: String,
    _ start: Int
  ) throws -> Bool? {
    switch (kind, condition) {
    case (.cross, _): return false
    case (.inner, .on): return false
    case (.left, .on(let syntax)) where Self.isTrue(syntax): return true
    case (.left, _):
      throw error(
        .notSupported, "LEFT JOIN involving \(what) is only supported with condition ON TRUE", start)
    case (.inner, _):
      throw error(
        .notSupported, "INNER JOIN involving \(what) is only supported with a condition ON", start)
    default:
      throw error(
        .notSupported,
        "\(kind == .right ? "RIGHT" : "FULL") JOIN involving \(what) is not supported",
        start
      )
    }
  }

  mutating func unnest(
    _ input: RelationPlan,
    _ items: [ExpressionSyntax],
    _ hasOrdinality: Bool,
    keepsEmpty: Bool,
    _ start: Int,
    alias: (name: Identifier, columns: [Identifier]?)? = nil
  ) throws -> RelationPlan {
    var made = RelationPlan(plan: input.plan, scope: Scope())
    var parts: [UnnestItem] = []
    for item in items {
      let value = try expression(item, input.scope)
      try forbidAggregates(value.expression, "UNNEST", item.start)
      guard let columns = value.type.unnested else {
        throw error(
          .typeMismatch,
          "Cannot unnest type: \(value.type)",
          item.start,
          advice: "UNNEST takes arrays and maps."
        )
      }
      parts.append(
        UnnestItem(
          expression: value.expression,
          columns: columns.map { Field($0.name ?? "", $0.type.storage) }
        )
      )
      for column in columns {
        made.scope.fields.append(ScopeField(relation: [], name: column.name, type: column.type))
      }
    }
    if hasOrdinality {
      made.scope.fields.append(ScopeField(relation: [], name: "ordinality", type: .bigint))
    }
    if let alias { try rename(&made, alias.name, alias.columns) }
    return RelationPlan(
      plan: .unnest(
        Unnest(
          parts, ordinality: hasOrdinality ? "ordinality" : nil, keepsEmpty: keepsEmpty,
          input.plan)),
      scope: Scope(fields: input.scope.fields + made.scope.fields)
    )
  }

  // MARK: USING

  /// USING: the named columns once and first, then the others of both sides.
  private func joinUsing(
    _ kind: JoinKind,
    _ left: RelationPlan,
    _ right: RelationPlan,
    _ columns: [Identifier]
  ) throws -> RelationPlan {
    let split = left.scope.fields.count
    var keys: [JoinKey] = []
    var fields: [ScopeField] = []
    var output: [NamedExpression] = []
    var usedLeft: Set<Int> = []
    var usedRight: Set<Int> = []
    for column in columns {
      func side(_ plan: RelationPlan, _ name: String) throws -> Int {
        let found = plan.scope.matches([column])
        guard let first = found.first else {
          throw error(
            .columnNotFound,
            "Column '\(column.text)' is missing from \(name) side of join",
            column.offset,
            suggestions: nearestNames(
              to: column.text,
              among: plan.scope.fields.compactMap(\.name)
            )
          )
        }
        guard found.count == 1 else {
          throw error(.ambiguousName, "Column '\(column.text)' is ambiguous", column.offset)
        }
        return first
      }
      let l = try side(left, "left")
      let r = try side(right, "right")
      usedLeft.insert(l)
      usedRight.insert(r)
      let leftType = left.scope.fields[l].type
      let rightType = right.scope.fields[r].type
      guard let type = TrinoType.common(leftType, rightType),
        let leftKey = convert(Typed(.column(l, leftType.storage), leftType), to: type),
        let rightKey = convert(Typed(.column(r, rightType.storage), rightType), to: type)
      else {
        throw error(
          .typeMismatch,
          "Column types for JOIN USING do not match: \(leftType), \(rightType)",
          column.offset
        )
      }
      keys.append(JoinKey(left: leftKey, right: rightKey))
      let shifted = rightKey.remapping { $0 + split }
      let value: Expression
      switch kind {
      case .right: value = shifted
      case .full: value = .coalesce([leftKey, shifted], type.storage)
      default: value = leftKey
      }
      output.append(NamedExpression(column.text, value))
      fields.append(ScopeField(relation: [], name: left.scope.fields[l].name, type: type))
    }
    let all = left.scope.fields + right.scope.fields
    for index in all.indices {
      if index < split ? usedLeft.contains(index) : usedRight.contains(index - split) { continue }
      output.append(
        NamedExpression(all[index].name ?? "", .column(index, all[index].type.storage))
      )
      fields.append(all[index])
    }
    return RelationPlan(
      plan: .project(output, .join(Join(kind, left.plan, right.plan, keys: keys))),
      scope: Scope(fields: fields)
    )
  }
}
