// EXPLAIN: the plan of a statement, without running it.

import QueryPlanning

extension QueryEngine {
  func explain(
    _ syntax: StatementSyntax,
    _ type: ExplainType,
    _ format: ExplainFormat,
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> QueryResult {
    var analyzer = analyzer
    guard case .query(let query) = syntax else { throw Self.unsupported(syntax, analyzer) }
    let relation = try analyzer.statementQuery(query)
    if type == .validate {
      return QueryResult(texts: ["Valid"], rows: [["true"]])
    }
    return explain(relation.plan, optimizer(analyzer.session))
  }

  private func explain(_ plan: LogicalPlan, _ optimizer: Optimizer) -> QueryResult {
    var lines = optimizer.optimize(plan).text.split(
      separator: "\n",
      omittingEmptySubsequences: false
    ).map(String.init)
    var subqueries: [Subquery] = []
    Self.collect(plan, &subqueries)
    for subquery in subqueries {
      lines.append("Subquery (runs first):")
      lines += optimizer.optimize(subquery.plan).text.split(separator: "\n").map { "    " + $0 }
    }
    return QueryResult(texts: ["Query Plan"], rows: lines.map { [$0] })
  }

  private static func collect(_ plan: LogicalPlan, _ found: inout [Subquery]) {
    var local: [Subquery] = []
    func visit(_ expression: Expression) {
      if case .subquery(let subquery, _, _, _) = expression { local.append(subquery) }
      for child in expression.children { visit(child) }
    }
    _ = plan.mapExpressions { expression in
      visit(expression)
      return expression
    }
    for subquery in local {
      collect(subquery.plan, &found)
      found.append(subquery)
    }
    for input in plan.inputs { collect(input, &found) }
  }
}
