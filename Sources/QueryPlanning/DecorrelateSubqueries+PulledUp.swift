// Parameters that stand in filters only: the filters are taken out of the subquery's plan.

import Columnar
import Kernels

/// A subquery's plan without parameters, and the conditions with them that were its filters.
struct PulledUp {
  /// Its first columns are those of the subquery; further ones may follow, for the conditions.
  var plan: LogicalPlan
  /// Over the plan's columns and the subquery's parameters.
  var conditions: [Expression]

  /// nil where a parameter stands elsewhere than in a filter that can be taken out.
  init?(_ plan: LogicalPlan) {
    guard plan.readsParameters else {
      self.plan = plan
      conditions = []
      return
    }
    switch plan {
    case .filter(let predicate, let input):
      guard let below = PulledUp(input) else { return nil }
      let parts = predicate.conjuncts
      let kept = parts.filter { !$0.containsParameter }
      conditions = below.conditions + parts.filter(\.containsParameter)
      self.plan = kept.isEmpty ? below.plan : .filter(.all(kept), below.plan)
    case .project(let expressions, let input):
      guard let below = PulledUp(input),
        !expressions.contains(where: { $0.expression.containsParameter })
      else { return nil }
      // The columns that the conditions read come after the projection's own.
      let needed = below.conditions.reduce(into: Set<Int>()) { $1.collectColumns(&$0) }.sorted()
      let places = Dictionary(
        uniqueKeysWithValues: needed.enumerated().map { ($1, expressions.count + $0) })
      let fields = below.plan.schema.fields
      self.plan = .project(
        expressions
          + needed.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) },
        below.plan
      )
      conditions = below.conditions.map { $0.remapping { places[$0] ?? $0 } }
    case .sort(_, let input):
      guard let found = PulledUp(input) else { return nil }
      self = found
    case .join(let node) where node.kind == .inner || node.kind == .cross:
      guard let found = PulledUp(node) else { return nil }
      self = found
    case .join(let node) where node.kind == .left || node.kind == .semi || node.kind == .anti:
      guard let found = PulledUp(left: node) else { return nil }
      self = found
    default: return nil
    }
  }

  private init?(_ node: Join) {
    guard let left = PulledUp(node.left), let right = PulledUp(node.right),
      !node.keys.contains(where: { $0.left.containsParameter || $0.right.containsParameter })
    else { return nil }
    let leftWidth = node.left.schema.count
    let rightWidth = node.right.schema.count
    let leftAll = left.plan.schema.count
    let rightAll = right.plan.schema.count
    // Old positions count the sides' own columns; new ones those that came for the conditions too.
    func place(_ index: Int) -> Int { index < leftWidth ? index : index - leftWidth + leftAll }
    let parts = node.residual?.conjuncts ?? []
    let kept = parts.filter { !$0.containsParameter }
    var next = node
    next.left = left.plan
    next.right = right.plan
    next.residual = kept.isEmpty ? nil : .all(kept.map { $0.remapping(place) })
    let joined = LogicalPlan.join(next)
    let found =
      left.conditions + right.conditions.map { $0.remapping { $0 + leftAll } }
      + parts.filter(\.containsParameter).map { $0.remapping(place) }
    guard leftAll > leftWidth else {
      plan = joined
      conditions = found
      return
    }
    // The subquery's own columns come first.
    let order =
      Array(0..<leftWidth) + Array(leftAll..<leftAll + rightWidth)
      + Array(leftWidth..<leftAll) + Array((leftAll + rightWidth)..<(leftAll + rightAll))
    let fields = joined.schema.fields
    plan = .project(
      order.map { NamedExpression(fields[$0].name, .column($0, fields[$0].type)) }, joined)
    let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    conditions = found.map { $0.remapping { places[$0] ?? $0 } }
  }

  /// Conditions of the left side of a join that keeps it as it is.
  private init?(left node: Join) {
    guard !node.right.readsParameters, !(node.residual?.containsParameter ?? false),
      !node.keys.contains(where: { $0.left.containsParameter }),
      let left = PulledUp(node.left), left.plan.schema.count == node.left.schema.count
    else { return nil }
    var next = node
    next.left = left.plan
    plan = .join(next)
    conditions = left.conditions
  }

  /// The condition over `leftWidth` columns of the outer rows, then the plan's columns.
  func condition(_ arguments: [Expression], leftWidth: Int) -> Expression {
    .all(
      conditions.map { part in
        part.remapping { $0 + leftWidth }.binding(arguments)
      }
    )
  }

  /// The conditions as pairs of an expression of parameters and one of columns that must be equal;
  /// nil where one of them has another form.
  var equalities: [(outer: Expression, inner: Expression)]? {
    var pairs: [(outer: Expression, inner: Expression)] = []
    for condition in conditions {
      guard case .call(let function, let sides) = condition,
        function.kind == .comparison(.equal), sides.count == 2
      else { return nil }
      func isOuter(_ side: Expression) -> Bool {
        side.containsParameter && side.columns.isEmpty
      }
      func isInner(_ side: Expression) -> Bool {
        !side.containsParameter && !side.columns.isEmpty
      }
      if isOuter(sides[0]), isInner(sides[1]) {
        pairs.append((sides[0], sides[1]))
      } else if isOuter(sides[1]), isInner(sides[0]) {
        pairs.append((sides[1], sides[0]))
      } else {
        return nil
      }
    }
    return pairs
  }
}
