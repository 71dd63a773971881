// A plan as Trino shows it: names, descriptors, layouts and details, without its algorithms.

import Columnar
import Connector
import Kernels
import QueryExecution
import QueryPlanning

/// One node of a shown plan. Filters and projections over a scan are one node with it, as in Trino.
struct PlanNode {
  /// `ScanFilterProject`
  var name: String
  /// `table = tpch:tiny:nation, filterPredicate = (n_regionkey = 1)`
  var descriptor: String
  var layout: [Field]
  /// Of the nodes it stands for, the lowest first, as Trino lists them.
  var estimates: [PlanEstimate]
  var details: [String] = []
  var children: [PlanNode] = []
  /// Numbers of the plan's nodes it stands for, the uppermost first.
  var numbers: [Int]
  /// Fragments that a RemoteSource reads.
  var sourceFragments: [Int] = []
  var isScan = false

  /// Numbers count a node before its inputs; `fragments` gives the fragments that an exchange with a
  /// number reads, where the plan is cut there.
  init(_ plan: LogicalPlan, number: Int = 0, fragments: (Int) -> [Int] = { _ in [] }) {
    numbers = [number]
    layout = plan.schema.fields
    estimates = [PlanEstimate(plan)]
    (name, descriptor) = Self.split(plan.headline)
    let read = fragments(number)
    if case .exchange = plan, !read.isEmpty {
      name = "RemoteSource"
      descriptor = "sourceFragmentIds = [\(read.map(String.init).joined(separator: ", "))]"
      sourceFragments = read
      return
    }
    var next = number + 1
    for input in plan.inputs {
      children.append(PlanNode(input, number: next, fragments: fragments))
      next += Self.size(input)
    }
    describe(plan)
  }

  private static func size(_ plan: LogicalPlan) -> Int {
    plan.inputs.reduce(1) { $0 + size($1) }
  }

  /// `Sort[orderBy = […]]` as name and descriptor.
  private static func split(_ headline: String) -> (String, String) {
    guard let open = headline.firstIndex(of: "["), headline.hasSuffix("]") else {
      return (headline, "")
    }
    return (
      String(headline[..<open]), String(headline[headline.index(after: open)...].dropLast())
    )
  }

  private mutating func describe(_ plan: LogicalPlan) {
    let names = plan.inputs.first?.schema.fields.map(\.name) ?? []
    switch plan {
    case .scan(let scan): describe(scan)
    case .filter(let predicate, _):
      if var child = children.first, child.name == "TableScan" {
        if case .filter(_, .scan(var scan)) = plan {
          // What the scan was asked for is this very condition: the scan stands for all rows.
          scan.predicates = []
          child.estimates = [PlanEstimate(.scan(scan))]
        }
        join(child, "ScanFilter", "filterPredicate = \(predicate.text(names))")
      }
    case .project(let expressions, _):
      descriptor = ""
      let assignments = expressions.compactMap { item -> String? in
        let text = item.expression.text(names)
        return text == item.name ? nil : "\(item.name) := \(text)"
      }
      if let child = children.first, ["TableScan", "ScanFilter", "Filter"].contains(child.name) {
        let joined = [
          "TableScan": "ScanProject", "ScanFilter": "ScanFilterProject", "Filter": "FilterProject",
        ]
        join(child, joined[child.name] ?? child.name, nil)
        details = assignments + child.details
      } else {
        details = assignments
      }
    case .aggregate(let node):
      let keys = node.groups.map { $0.expression.text(names) }.joined(separator: ", ")
      let sets = node.groupingSets.map { sets in
        let shown = sets.map { set in
          "[" + set.map { node.groups[$0].expression.text(names) }.joined(separator: ", ") + "]"
        }
        return "groupingSets = [\(shown.joined(separator: ", "))]"
      }
      let parts = [node.groups.isEmpty ? nil : "keys = [\(keys)]", sets].compactMap { $0 }
      descriptor = parts.joined(separator: ", ")
      details = zip(layout.dropFirst(node.groups.count), node.aggregates).map {
        "\($0.name) := \(Expression.aggregate($1).text(names))"
      }
    case .window(let node):
      let keys = node.specification.partition.map { $0.text(names) }.joined(separator: ", ")
      descriptor = "partitionBy = [\(keys)]" + Self.order(node.specification.order, names)
      details = node.calls.map {
        "\($0.name) := \(Expression.window($0.call, node.specification).text(names))"
      }
    case .join(let node):
      if let distribution = node.distribution {
        details.append("Distribution: \(distribution.rawValue)")
      }
      if let id = node.dynamicFilterID {
        let right = node.right.schema.fields.map(\.name)
        let shown = node.keys.enumerated().map { index, key in
          "\(key.right.text(right)) -> #df_\(id)_\(index)"
        }
        details.append("dynamicFilterAssignments = {\(shown.joined(separator: ", "))}")
      }
    case .values(_, let rows):
      descriptor = ""
      details = rows.prefix(20).map { row in
        "(" + row.map { $0.text([]) }.joined(separator: ", ") + ")"
      }
      if rows.count > 20 { details.append("… \(rows.count) rows") }
    case .exchange(let node):
      name = node.isLocal ? "LocalExchange" : "RemoteExchange"
      descriptor = "type = " + Self.exchangeType(node.partitioning)
    case .write(let node): descriptor = "table = \(Self.shown(node.name))"
    case .change(let node): descriptor = "table = \(Self.shown(node.name))"
    default: break
    }
  }

  private static func order(_ keys: [SortKey], _ names: [String]) -> String {
    guard !keys.isEmpty else { return "" }
    let shown = keys.map { key in
      key.expression.text(names) + (key.direction.isAscending ? " ASC" : " DESC")
        + (key.direction.nullsFirst ? " NULLS FIRST" : " NULLS LAST")
    }
    return ", orderBy = [\(shown.joined(separator: ", "))]"
  }

  private static func exchangeType(_ partitioning: Exchange.Partitioning) -> String {
    switch partitioning {
    case .single: "GATHER"
    case .broadcast: "REPLICATE"
    case .hash, .roundRobin: "REPARTITION"
    }
  }

  static func shown(_ name: QualifiedName) -> String {
    "\(name.catalog):\(name.schema):\(name.table)"
  }

  private mutating func describe(_ scan: TableScan) {
    isScan = true
    var parts = ["table = \(Self.shown(scan.name))"]
    if let limit = scan.limit { parts.append("limit = \(limit)") }
    if !scan.dynamicFilters.isEmpty {
      let shown = scan.dynamicFilters.map {
        "\(scan.source.field(at: $0.column).name) = #df_\($0.id)_\($0.key)"
      }
      parts.append("dynamicFilters = {\(shown.joined(separator: ", "))}")
    }
    descriptor = parts.joined(separator: ", ")
    details = scan.source.schema(of: scan.columns).fields.map { field in
      "\(field.name) := \(field.name):\(TrinoType(field.type))"
    }
    if !scan.predicates.isEmpty {
      let shown = scan.predicates.map { $0.text(scan.source.field(at: $0.column)) }
      details.append("constraint on [\(shown.joined(separator: ", "))]")
    }
    let request = ScanRequest(columns: scan.columns, predicates: scan.predicates, limit: scan.limit)
    // A source that cannot say is explained without.
    details += (try? scan.source.remarks(on: request)) ?? []
  }

  /// Takes a node's place above its only child, which it becomes one with.
  private mutating func join(_ child: PlanNode, _ name: String, _ addition: String?) {
    self.name = name
    descriptor = [child.descriptor, addition].compactMap { $0 }.filter { !$0.isEmpty }
      .joined(separator: ", ")
    details = child.details
    children = child.children
    numbers += child.numbers
    estimates = child.estimates + estimates
    isScan = child.isScan
  }
}
