// FROM: tables, named queries, subqueries and joins.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func relation(_ syntax: RelationSyntax) throws -> RelationPlan {
    relationCount += 1
    guard relationCount <= Self.relationsMax else {
      throw TrinoSQLError(
        .notSupported,
        "Statements that reach more than \(Self.relationsMax) relations",
        advice: "A WITH query is planned anew at every use."
      )
    }
    switch syntax {
    case .table(let parts): return try namedRelation(parts)
    case .query(let query):
      var plan = try self.query(query)
      for index in plan.scope.fields.indices { plan.scope.fields[index].relation = [] }
      return plan
    case .aliased(let inner, let alias, let columns):
      var plan = try relation(inner)
      try rename(&plan, alias, columns)
      return plan
    case .join(let kind, let left, let right, let condition, let start):
      return try join(kind, left, right, condition, start)
    }
  }

  private func rename(
    _ plan: inout RelationPlan,
    _ alias: Identifier,
    _ columns: [Identifier]?
  ) throws {
    if let columns, columns.count != plan.scope.fields.count {
      throw error(
        .mismatchedColumnAliases,
        "Column alias list has \(columns.count) entries but '\(alias.text)' has \(plan.scope.fields.count) columns available",
        alias.offset
      )
    }
    for index in plan.scope.fields.indices {
      plan.scope.fields[index].relation = [alias.key]
      if let columns { plan.scope.fields[index].name = columns[index].text }
    }
  }

  private mutating func namedRelation(_ parts: [Identifier]) throws -> RelationPlan {
    if parts.count == 1, let name = parts.first {
      for level in namedQueries.indices.reversed() {
        guard let (named, depth) = namedQueries[level][name.key] else { continue }
        // A named query sees the names before it only, and no outer columns.
        let savedNames = namedQueries
        let savedScopes = outerScopes
        namedQueries = Array(namedQueries.prefix(level + 1))
        namedQueries[level] = namedQueries[level].filter { $0.value.level < depth }
        outerScopes = []
        defer {
          namedQueries = savedNames
          outerScopes = savedScopes
        }
        var plan = try query(named.query)
        try rename(&plan, named.name, named.columns)
        return plan
      }
    }
    let (name, table) = try table(parts)
    let fields = table.schema.fields.map {
      ScopeField(
        relation: [name.catalog, name.schema, name.table],
        name: $0.name,
        type: TrinoType($0.type)
      )
    }
    return RelationPlan(
      plan: .scan(TableScan(name: name, source: table)),
      scope: Scope(fields: fields)
    )
  }

  private mutating func join(
    _ kind: JoinKind,
    _ left: RelationSyntax,
    _ right: RelationSyntax,
    _ condition: JoinConditionSyntax,
    _ start: Int
  ) throws -> RelationPlan {
    let leftPlan = try relation(left)
    let rightPlan = try relation(right)
    let both = Scope(fields: leftPlan.scope.fields + rightPlan.scope.fields)
    switch condition {
    case .none:
      return RelationPlan(
        plan: .join(Join(kind, leftPlan.plan, rightPlan.plan)),
        scope: both
      )
    case .on(let syntax):
      let predicate = try boolean(syntax, both, "JOIN ON clause")
      if predicate.containsAggregate {
        throw error(
          .expressionNotScalar,
          "JOIN clause cannot contain aggregations",
          syntax.start
        )
      }
      return RelationPlan(
        plan: .join(Join(kind, leftPlan.plan, rightPlan.plan, residual: predicate)),
        scope: both
      )
    case .using(let columns):
      return try joinUsing(kind, leftPlan, rightPlan, columns)
    }
  }

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
        type.storage != .double,
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
