// EXPLAIN in all its types, and EXPLAIN ANALYZE, in Trino's layout.

import Columnar
import Connector
import QueryExecution
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
    guard let (plan, names) = try plan(syntax, &analyzer) else {
      throw Self.unsupported(syntax, analyzer)
    }
    if type == .validate { return QueryResult(texts: ["Valid"], rows: [["true"]]) }
    if format == .graphviz {
      throw analyzer.error(
        .notSupported, "EXPLAIN with FORMAT GRAPHVIZ is not supported", start,
        advice: "Write FORMAT JSON.")
    }
    let optimizer = optimizer(analyzer.session)
    let ready = optimizer.optimize(plan)
    var subqueries: [Subquery] = []
    Self.collect(plan, &subqueries)
    func result(_ text: String) -> QueryResult {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      return QueryResult(texts: ["Query Plan"], rows: lines.map { [String($0)] })
    }
    switch (type, format) {
    case (.io, _):
      let inner = subqueries.map { optimizer.optimize($0.plan) }
      return result(Self.inputsAndOutputs(ready, inner).text())
    case (.distributed, .json):
      return result(
        ShownJSON.object(Self.fragments(ready, names).map { (String($0.id), $0.root.json) }).text())
    case (_, .json): return result(Self.output(ready, names).json.text())
    case (.logical, _):
      var lines = PlanPrinter().lines(Self.output(ready, names))
      for subquery in subqueries {
        lines.append("Subquery (runs first):")
        lines += PlanPrinter().lines(
          PlanNode(optimizer.optimize(subquery.plan)), prefix: "    ")
      }
      return result(lines.joined(separator: "\n"))
    default:
      var lines = Self.text(Self.fragments(ready, names), PlanPrinter())
      for subquery in subqueries {
        lines += ["", "Subquery (runs first):"]
        let inner = Self.fragments(optimizer.optimize(subquery.plan), nil)
        lines += Self.text(inner, PlanPrinter()).map { $0.isEmpty ? "" : "    " + $0 }
      }
      return result(lines.joined(separator: "\n"))
    }
  }

  /// Runs the statement and shows its plan with what each node did.
  func explainAnalyze(
    _ syntax: StatementSyntax,
    _ analyzer: Analyzer,
    _ context: ExecutionContext
  ) throws -> QueryResult {
    var analyzer = analyzer
    let clock = ContinuousClock()
    let start = clock.now
    guard let (plan, names) = try plan(syntax, &analyzer) else {
      throw Self.unsupported(syntax, analyzer)
    }
    let analyzed = clock.now
    let planner = PhysicalPlanner(context: context, optimizer: optimizer(analyzer.session))
    _ = try planner.run(plan)
    let executed = clock.now
    func text(_ duration: Duration) -> String {
      let parts = duration.components
      return PlanPrinter.duration(
        parts.seconds * 1_000_000_000 + parts.attoseconds / 1_000_000_000)
    }
    let statistics = context.statistics
    var lines = [
      "Queued: 0.00ns, Analysis: \(text(analyzed - start)), "
        + "Execution: \(text(executed - analyzed))",
      "Peak Memory: \(PlanPrinter.size(statistics.peakMemoryBytes)), "
        + "Splits: \(statistics.splitsScanned) of \(statistics.splitsTotal), "
        + "Input: \(statistics.rowsScanned) rows (\(PlanPrinter.size(statistics.bytesScanned)))",
    ]
    let ran = context.profile.plan ?? plan
    let printer = PlanPrinter(profile: context.profile)
    let fragments = Fragmenter.fragments(of: ran).map { fragment in
      Self.shown(fragment, Fragmenter.fragments(of: ran), names)
    }
    lines += Self.text(fragments, printer)
    return QueryResult(texts: ["Query Plan"], rows: lines.map { [$0] })
  }

  /// The plan of a statement, and its output's names where it is a query; nil where it has none.
  private func plan(
    _ syntax: StatementSyntax,
    _ analyzer: inout Analyzer
  ) throws -> (LogicalPlan, [String]?)? {
    switch syntax {
    case .query(let query):
      let relation = try analyzer.statementQuery(query)
      return (relation.plan, relation.scope.schema.fields.map(\.name))
    case .insert, .delete, .update, .merge, .truncate, .createTableAs:
      return try changePlan(syntax, &analyzer).map { ($0, nil) }
    default: return nil
    }
  }

  // MARK: Fragments

  private struct ShownFragment {
    var id: Int
    var kind: String
    var output: String
    var root: PlanNode
  }

  /// `Output[columnNames = […]]` over a query's plan.
  private static func output(_ plan: LogicalPlan, _ names: [String]?) -> PlanNode {
    output(PlanNode(plan), names)
  }

  private static func output(_ node: PlanNode, _ names: [String]?) -> PlanNode {
    guard let names else { return node }
    var root = node
    root.name = "Output"
    root.descriptor = "columnNames = [\(names.joined(separator: ", "))]"
    root.details = zip(names, node.layout).filter { $0 != $1.name }.map { "\($0) := \($1.name)" }
    root.children = [node]
    if node.name == "Project", let child = node.children.first,
      node.details.allSatisfy({ detail in
        child.layout.contains { detail.hasSuffix(" := \($0.name)") }
      })
    {
      // A projection that only names and drops columns is part of the output, as in Trino.
      root.children = [child]
      root.details = node.details
    }
    root.isScan = false
    root.sourceFragments = []
    // It costs nothing itself.
    root.estimates = node.estimates.suffix(1)
    return root
  }

  private static func fragments(_ plan: LogicalPlan, _ names: [String]?) -> [ShownFragment] {
    let all = Fragmenter.fragments(of: Fragmenter.insertingExchanges(plan))
    return all.map { shown($0, all, names) }
  }

  private static func shown(
    _ fragment: Fragment,
    _ all: [Fragment],
    _ names: [String]?
  ) -> ShownFragment {
    var inputs: [Int: [Int]] = [:]
    for other in all where other.reader == fragment.id {
      inputs[other.exchangeNodeNumber, default: []].append(other.id)
    }
    var root = PlanNode(fragment.plan, number: fragment.nodeNumber) { inputs[$0] ?? [] }
    if fragment.reader == nil { root = output(root, names) }
    let readsHash = all.contains { other in
      if other.reader == fragment.id, case .hash = other.output { return true }
      return false
    }
    let isSingle = !fragment.isSpread || fragment.reader == nil
    let kind = isSingle ? "SINGLE" : readsHash ? "HASH" : "SOURCE"
    let columns = fragment.plan.schema.fields.map(\.name)
    let output: String
    switch fragment.output {
    case .single: output = "SINGLE []"
    case .broadcast: output = "BROADCAST []"
    case .roundRobin: output = "ROUND_ROBIN []"
    case .hash(let keys):
      output = "HASH [\(keys.map { $0.text(columns) }.joined(separator: ", "))]"
    }
    return ShownFragment(id: fragment.id, kind: kind, output: output, root: root)
  }

  private static func text(_ fragments: [ShownFragment], _ printer: PlanPrinter) -> [String] {
    var lines: [String] = []
    for (index, fragment) in fragments.enumerated() {
      if index > 0 { lines.append("") }
      lines += printer.lines(
        fragment: fragment.id, fragment.kind, fragment.output, fragment.root)
    }
    return lines
  }

  // MARK: Inputs and outputs

  private static func inputsAndOutputs(
    _ plan: LogicalPlan,
    _ subqueries: [LogicalPlan]
  ) -> ShownJSON {
    var inputs: [ShownJSON] = []
    var target: QualifiedName?
    func visit(_ plan: LogicalPlan) {
      switch plan {
      case .scan(let scan): inputs.append(input(scan))
      case .write(let node): target = node.name
      case .change(let node): target = node.name
      default: break
      }
      for below in plan.inputs { visit(below) }
    }
    visit(plan)
    for subquery in subqueries { visit(subquery) }
    var members: [(String, ShownJSON)] = [("inputTableColumnInfos", .list(inputs))]
    if let target { members.append(("outputTable", table(target))) }
    members.append(("estimate", PlanEstimate(plan).json))
    return .object(members)
  }

  private static func table(_ name: QualifiedName) -> ShownJSON {
    .object([
      ("catalog", .text(name.catalog)),
      (
        "schemaTable",
        .object([("schema", .text(name.schema)), ("table", .text(name.table))])
      ),
    ])
  }

  private static func input(_ scan: TableScan) -> ShownJSON {
    var columns: [ShownJSON] = []
    for column in scan.predicates.map(\.column).reduce(
      into: [Int](), { if !$0.contains($1) { $0.append($1) } })
    {
      let field = scan.source.field(at: column)
      let predicates = scan.predicates.filter { $0.column == column }
      columns.append(
        .object([
          ("columnName", .text(field.name)),
          ("type", .text("\(TrinoType(field.type))")),
          ("domain", domain(predicates, field)),
          ("predicates", .list(predicates.map { .text($0.text(field)) })),
        ]))
    }
    return .object([
      ("table", table(scan.name)),
      ("constraint", .object([("none", .flag(false)), ("columnConstraints", .list(columns))])),
      ("estimate", PlanEstimate(.scan(scan)).json),
    ])
  }

  /// The values that all predicates leave, as ranges; unknown forms leave all.
  private static func domain(_ predicates: [ColumnPredicate], _ field: Field) -> ShownJSON {
    func value(_ scalar: Scalar) -> ShownJSON { .text(TrinoType(field.type).text(scalar)) }
    func bound(_ scalar: Scalar, _ kind: String) -> ShownJSON {
      .object([("value", value(scalar)), ("bound", .text(kind))])
    }
    var low: ShownJSON?
    var high: ShownJSON?
    var points: [Scalar] = []
    for predicate in predicates {
      switch predicate.comparison {
      case .equal(let scalar): points = [scalar]
      case .isIn(let scalars): points = scalars
      case .greater(let scalar): low = bound(scalar, "ABOVE")
      case .greaterOrEqual(let scalar): low = bound(scalar, "EXACTLY")
      case .less(let scalar): high = bound(scalar, "BELOW")
      case .lessOrEqual(let scalar): high = bound(scalar, "EXACTLY")
      case .notEqual, .isNull, .isNotNull: break
      }
    }
    let allowsNull = predicates.allSatisfy { $0.comparison == .isNull }
    var ranges = points.map { point in
      ShownJSON.object([("low", bound(point, "EXACTLY")), ("high", bound(point, "EXACTLY"))])
    }
    if ranges.isEmpty, low != nil || high != nil {
      ranges = [.object([("low", low), ("high", high)].compactMap { name, end in
        end.map { (name, $0) }
      })]
    }
    return .object([("nullsAllowed", .flag(allowsNull)), ("ranges", .list(ranges))])
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
