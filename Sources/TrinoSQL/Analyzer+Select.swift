// SELECT: its items, ORDER BY, and the projection that gives them.

import Columnar
import Connector
import Kernels
import QueryPlanning

extension Analyzer {
  struct SelectItem {
    var name: String?
    var value: Typed
    var syntax: ExpressionSyntax?
    var relation: [String] = []
    var origin: QualifiedName?
    var isAliased = false
  }

  struct OrderItem {
    var value: Typed
    /// The select item it is, where it is one.
    var item: Int?
    var syntax: ExpressionSyntax
    var direction: SortDirection
  }

  /// A SELECT's plan may have columns after those of its scope that only `keys` read.
  struct Selected {
    var plan: LogicalPlan
    var scope: Scope
    var keys: [SortKey]
  }

  mutating func select(_ select: SelectSyntax, orderBy: [SortSyntax]) throws -> Selected {
    var input = RelationPlan(plan: .values(Schema([]), rows: [[]]), scope: Scope())
    if let from = select.from { input = try relation(from) }
    let scope = input.scope
    if let predicate = select.predicate {
      let condition = try boolean(predicate, scope, "WHERE clause")
      try forbidAggregates(
        condition,
        "WHERE clause",
        predicate.start,
        advice: condition.containsWindow
          ? "Compute it in a subquery and filter that." : "Use HAVING."
      )
      input.plan = .filter(condition, input.plan)
    }
    windowNames.append(try windowNames(select))
    defer { windowNames.removeLast() }
    var items = try self.items(select, scope)
    var order = try self.order(orderBy, items, scope)
    var having: Expression?
    if let syntax = select.having {
      let condition = try boolean(syntax, scope, "HAVING clause")
      if condition.containsWindow {
        throw error(
          .nestedWindow, "HAVING clause cannot contain window functions", syntax.start)
      }
      having = condition
    }
    let isAggregate =
      select.hasGroupBy || having != nil
      || items.contains { $0.value.expression.containsAggregate }
      || order.contains { $0.value.expression.containsAggregate }
    if isAggregate {
      input.plan = try grouped(select, scope, input.plan, &items, &order, having)
    }
    input.plan = windowed(input.plan, &items, &order)
    return try projected(select, input.plan, items, order)
  }

  private mutating func items(_ select: SelectSyntax, _ scope: Scope) throws -> [SelectItem] {
    var items: [SelectItem] = []
    func addAll(_ indices: [Int]) {
      for index in indices {
        let field = scope.fields[index]
        items.append(
          SelectItem(
            name: field.name,
            value: Typed(.column(index, field.type.storage), field.type),
            relation: field.relation,
            origin: field.origin
          )
        )
      }
    }
    for item in select.items {
      switch item {
      case .all(let start):
        guard select.from != nil else {
          throw error(.columnNotFound, "SELECT * not allowed in queries without FROM clause", start)
        }
        addAll(scope.shown)
      case .allOf(let parts, let start):
        let prefix = parts.map(\.key)
        let found = scope.shown.filter { scope.fields[$0].isOf(prefix) }
        guard !found.isEmpty else {
          throw error(
            .tableNotFound,
            "Unable to resolve reference \(parts.map(\.text).joined(separator: "."))",
            start,
            suggestions: nearestNames(
              to: prefix.last ?? "",
              among: scope.fields.compactMap(\.relation.last)
            )
          )
        }
        addAll(found)
      case .allFields(let syntax, let aliases):
        let value = try expression(syntax, scope)
        guard case .row(let fields) = value.type else {
          throw error(
            .typeMismatch, "expected expression of type Row, actual \(value.type)", syntax.start)
        }
        guard aliases.map({ $0.count == fields.count }) ?? true else {
          throw error(
            .mismatchedColumnAliases,
            "Column alias list has \(aliases?.count ?? 0) entries but relation has \(fields.count) columns",
            syntax.start
          )
        }
        for (index, field) in fields.enumerated() {
          items.append(
            SelectItem(
              name: aliases?[index].text ?? field.name,
              value: Self.rowField(value, index, field.type), syntax: syntax))
        }
      case .expression(let syntax, let alias):
        var name = alias?.text
        if name == nil {
          switch syntax.kind {
          case .name(let parts): name = parts.last?.text
          case .field(_, let field): name = field.text
          default: break
          }
        }
        var made = SelectItem(name: name, value: try expression(syntax, scope), syntax: syntax)
        if case .name(let parts) = syntax.kind, let field = scope.matches(parts).first {
          made.origin = scope.fields[field].origin
        }
        made.isAliased = alias != nil
        items.append(made)
      }
    }
    return items
  }

  private mutating func order(
    _ orderBy: [SortSyntax],
    _ items: [SelectItem],
    _ scope: Scope
  ) throws -> [OrderItem] {
    var result: [OrderItem] = []
    for item in orderBy {
      let syntax = item.expression
      if let index = try ordinal(syntax, items.count, "ORDER BY") {
        result.append(
          OrderItem(
            value: items[index].value,
            item: index,
            syntax: syntax,
            direction: direction(item)
          )
        )
        continue
      }
      // Output names come first, then the columns of the input.
      if case .name(let parts) = syntax.kind, parts.count == 1, let name = parts.first {
        let found = items.indices.filter { items[$0].name?.lowercased() == name.key }
        if let first = found.first {
          let isAmbiguous = found.contains {
            items[$0].value.expression != items[first].value.expression
          }
          if isAmbiguous {
            throw error(.ambiguousName, "Column '\(name.text)' is ambiguous", name.offset)
          }
          result.append(
            OrderItem(
              value: items[first].value,
              item: first,
              syntax: syntax,
              direction: direction(item)
            )
          )
          continue
        }
      }
      let value = try orderExpression(syntax, items, scope)
      let same = items.firstIndex { $0.value.expression == value.expression }
      result.append(
        OrderItem(value: value, item: same, syntax: syntax, direction: direction(item))
      )
    }
    return result
  }

  /// An ORDER BY expression may use output names inside; they stand before the input's columns.
  private mutating func orderExpression(
    _ syntax: ExpressionSyntax,
    _ items: [SelectItem],
    _ scope: Scope
  ) throws -> Typed {
    var extended = scope
    var values: [Expression] = scope.fields.enumerated().map {
      .column($0.offset, $0.element.type.storage)
    }
    for item in items {
      guard let name = item.name?.lowercased() else { continue }
      for index in scope.fields.indices where scope.fields[index].name?.lowercased() == name {
        // Hides the input's column for a bare name, unless the item is that very column.
        if item.syntax != nil, extended.fields[index].name != nil {
          if case .column(index, _) = item.value.expression { continue }
        }
      }
      let isKnown = extended.fields.contains { $0.name?.lowercased() == name }
      if !isKnown {
        extended.fields.append(ScopeField(relation: [], name: item.name, type: item.value.type))
        values.append(item.value.expression)
      }
    }
    let typed = try expression(syntax, extended)
    return Typed(typed.expression.substituting(values), typed.type)
  }

// MARK: Output

  private func projected(
    _ select: SelectSyntax,
    _ input: LogicalPlan,
    _ items: [SelectItem],
    _ order: [OrderItem]
  ) throws -> Selected {
    var columns = items.enumerated().map {
      NamedExpression($0.element.name ?? "_col\($0.offset)", $0.element.value.expression)
    }
    var keys: [SortKey] = []
    for item in order {
      let place: Int
      if let index = item.item {
        place = index
      } else if let index = columns.firstIndex(where: { $0.expression == item.value.expression }) {
        place = index
      } else {
        if select.isDistinct {
          throw error(
            .expressionNotInDistinct,
            "For SELECT DISTINCT, ORDER BY expressions must appear in select list",
            item.syntax.start
          )
        }
        place = columns.count
        columns.append(NamedExpression("_order\(place)", item.value.expression))
      }
      try orderable(item.value.type, item.syntax.start)
      keys.append(
        SortKey(
          expression: .column(place, columns[place].expression.type),
          direction: item.direction
        )
      )
    }
    var plan = LogicalPlan.project(columns, input)
    if select.isDistinct {
      for item in items where !item.value.type.isComparable {
        throw error(
          .typeMismatch,
          "DISTINCT can only be applied to comparable types (actual: \(item.value.type))",
          item.syntax?.start ?? select.start
        )
      }
      plan = distinct(plan)
    }
    let fields = items.enumerated().map { index, item in
      ScopeField(
        relation: [], name: item.name ?? "_col\(index)", type: item.value.type,
        origin: item.origin, isAliased: item.isAliased)
    }
    return Selected(plan: plan, scope: Scope(fields: fields), keys: keys)
  }
}
