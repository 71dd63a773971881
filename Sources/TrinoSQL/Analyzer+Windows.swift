// OVER: window specifications, frames, window functions, and the plan's window nodes.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// The windows a SELECT names.
  func windowNames(_ select: SelectSyntax) throws -> [String: WindowSyntax] {
    var names: [String: WindowSyntax] = [:]
    for (name, window) in select.windows {
      guard names.updateValue(window, forKey: name.key) == nil else {
        throw error(
          .duplicateWindowName, "WINDOW name '\(name.text)' specified more than once", name.offset)
      }
    }
    return names
  }

  /// The window with what it takes over from the window it names.
  private func expanded(_ window: WindowSyntax, depth: Int = 0) throws -> WindowSyntax {
    guard let base = window.base else { return window }
    guard depth < 100, let named = windowNames.last?[base.key] else {
      throw error(
        .invalidWindowReference,
        "Cannot resolve WINDOW name \(base.text)",
        base.offset,
        suggestions: nearestNames(to: base.text, among: Array(windowNames.last?.keys ?? [:].keys))
      )
    }
    let inherited = try expanded(named, depth: depth + 1)
    var result = window
    result.base = nil
    if window.partition.isEmpty {
      result.partition = inherited.partition
    } else {
      throw error(
        .invalidPartitionBy,
        "WINDOW specification with named WINDOW reference cannot specify PARTITION BY",
        window.offset
      )
    }
    if !inherited.order.isEmpty {
      guard window.order.isEmpty else {
        throw error(
          .invalidOrderBy,
          "Cannot specify ORDER BY if referenced named WINDOW specifies ORDER BY",
          window.offset
        )
      }
      result.order = inherited.order
    }
    if result.frame == nil { result.frame = inherited.frame }
    return result
  }

  private static let rankings: [String: WindowFunction] = [
    "row_number": .rowNumber, "rank": .rank, "dense_rank": .denseRank,
    "percent_rank": .percentRank, "cume_dist": .cumulativeDistribution,
  ]

  /// Functions that need OVER.
  static let windowFunctions: Set<String> = Set(rankings.keys).union([
    "ntile", "lag", "lead", "first_value", "last_value", "nth_value",
  ])

  /// `function(…) OVER (…)`, as a placeholder.
  mutating func windowCall(
    _ call: CallSyntax,
    _ window: WindowSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed {
    let window = try expanded(window)
    var partition: [Expression] = []
    for item in window.partition {
      let value = try expression(item, scope)
      try forbidNesting(value.expression, item.start)
      guard value.type.isComparable else {
        throw error(
          .typeMismatch,
          "\(value.type) is not comparable, and therefore cannot be used in window function PARTITION BY",
          item.start
        )
      }
      partition.append(value.expression)
    }
    var keys: [(key: SortKey, type: TrinoType)] = []
    for item in window.order {
      let value = try expression(item.expression, scope)
      try forbidNesting(value.expression, item.expression.start)
      try orderable(value.type, item.expression.start)
      keys.append((SortKey(expression: value.expression, direction: direction(item)), value.type))
    }
    let specification = WindowSpecification(partition: partition, order: keys.map(\.key))
    let frame = try frame(window.frame, keys, scope)
    var plain = call
    plain.over = nil
    let (function, type) = try windowFunction(plain, frame, keys.isEmpty, scope, syntax)
    for part in function.expressions { try forbidNesting(part, syntax.start) }
    return Typed(.window(function, specification), type)
  }

  private func forbidNesting(_ expression: Expression, _ offset: Int) throws {
    guard !expression.containsWindow else {
      throw error(
        .nestedWindow,
        "Cannot nest window functions inside window functions",
        offset,
        advice: "Compute the inner one in a subquery."
      )
    }
  }

  private mutating func windowFunction(
    _ call: CallSyntax,
    _ frame: WindowFrame,
    _ isUnordered: Bool,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> (WindowCall, TrinoType) {
    let name = call.name.key
    guard Self.windowFunctions.contains(name) else {
      guard FunctionCatalog.aggregates.contains(name) else {
        guard FunctionCatalog.isKnown(name) else { throw unknownFunction(call.name) }
        throw error(
          .functionNotWindow, "Not a window function: \(name)", syntax.start,
          advice: "Leave OVER away: \(name) looks at one row.")
      }
      guard call.orderBy.isEmpty else {
        throw error(
          .notSupported, "Window function with ORDER BY is not supported", syntax.start,
          advice: "Write the order in OVER (ORDER BY …).")
      }
      let value = try aggregate(call, scope, syntax, isWindow: true)
      guard case .aggregate(let inner) = value.expression else {
        throw error(.notSupported, "\(name) as a window function is not supported", syntax.start)
      }
      let window = WindowCall(
        .aggregate(inner.kind), name: name, arguments: inner.arguments, frame: frame,
        isDistinct: inner.isDistinct, filter: inner.filter, result: inner.result)
      return (window, value.type)
    }
    if call.filter != nil || call.isDistinct || call.isStar {
      throw error(
        .functionNotAggregate,
        "\(call.isDistinct ? "DISTINCT" : call.isStar ? "*" : "Filter") is only valid for aggregation functions",
        syntax.start
      )
    }
    var arguments: [Typed] = []
    for argument in call.arguments { arguments.append(try expression(argument, scope)) }
    func make(
      _ function: WindowFunction, _ arguments: [Expression], _ type: TrinoType
    ) -> (WindowCall, TrinoType) {
      let call = WindowCall(
        function, name: name, arguments: arguments, frame: frame,
        ignoresNulls: call.ignoresNulls, result: type.storage)
      return (call, type)
    }
    func whole(_ index: Int) throws -> Expression {
      let value = arguments[index]
      guard TrinoType.coercionCost(value.type, .bigint) != nil else {
        throw wrongArguments(call.name, arguments, Self.expectedWindow[name] ?? [])
      }
      return try coerce(value, to: .bigint, call.arguments[index].start)
    }
    if let ranking = Self.rankings[name] {
      guard arguments.isEmpty else { throw wrongArguments(call.name, arguments, [""]) }
      let isFraction = ranking == .percentRank || ranking == .cumulativeDistribution
      return make(ranking, [], isFraction ? .double : .bigint)
    }
    switch (name, arguments.count) {
    case ("ntile", 1): return make(.ntile, [try whole(0)], .bigint)
    case ("first_value", 1), ("last_value", 1):
      return make(
        name == "first_value" ? .firstValue : .lastValue, [arguments[0].expression],
        arguments[0].type)
    case ("nth_value", 2):
      return make(.nthValue, [arguments[0].expression, try whole(1)], arguments[0].type)
    case ("lag", 1...3), ("lead", 1...3):
      var inputs = [arguments[0].expression]
      var type = arguments[0].type
      if arguments.count > 1 { inputs.append(try whole(1)) }
      if arguments.count > 2 {
        type = try commonType([arguments[0], arguments[2]], "All arguments", syntax.start)
        inputs[0] = try coerce(arguments[0], to: type, syntax.start)
        inputs.append(try coerce(arguments[2], to: type, syntax.start))
      }
      return make(name == "lag" ? .lag : .lead, inputs, type)
    default: throw wrongArguments(call.name, arguments, Self.expectedWindow[name] ?? [""])
    }
  }

  private static let expectedWindow: [String: [String]] = [
    "ntile": ["bigint"], "first_value": ["T"], "last_value": ["T"], "nth_value": ["T, bigint"],
    "lag": ["T", "T, bigint", "T, bigint, T"], "lead": ["T", "T, bigint", "T, bigint, T"],
  ]

  // MARK: Frames

  private mutating func frame(
    _ frame: WindowSyntax.Frame?,
    _ keys: [(key: SortKey, type: TrinoType)],
    _ scope: Scope
  ) throws -> WindowFrame {
    guard let frame else { return .standard }
    func invalid(_ text: String) -> TrinoSQLError {
      error(.invalidWindowFrame, text, frame.offset)
    }
    switch (frame.start, frame.end) {
    case (.unboundedFollowing, _): throw invalid("Window frame start cannot be UNBOUNDED FOLLOWING")
    case (_, .unboundedPreceding): throw invalid("Window frame end cannot be UNBOUNDED PRECEDING")
    case (.currentRow, .preceding), (.following, .preceding), (.following, .currentRow):
      throw invalid(
        "Window frame starting from \(Self.text(frame.start)) cannot end with \(Self.text(frame.end))")
    default: break
    }
    if frame.unit == .groups, keys.isEmpty {
      throw error(
        .missingOrderBy, "Window frame of type GROUPS requires ORDER BY", frame.offset)
    }
    let start = try bound(frame.start, frame, keys, scope)
    let end = try bound(frame.end, frame, keys, scope)
    return WindowFrame(frame.unit, start, end)
  }

  private static func text(_ bound: WindowSyntax.Bound) -> String {
    switch bound {
    case .unboundedPreceding: "UNBOUNDED PRECEDING"
    case .preceding: "PRECEDING"
    case .currentRow: "CURRENT ROW"
    case .following: "FOLLOWING"
    case .unboundedFollowing: "UNBOUNDED FOLLOWING"
    }
  }

  private mutating func bound(
    _ bound: WindowSyntax.Bound,
    _ frame: WindowSyntax.Frame,
    _ keys: [(key: SortKey, type: TrinoType)],
    _ scope: Scope
  ) throws -> WindowFrame.Bound {
    let syntax: ExpressionSyntax
    let isPreceding: Bool
    switch bound {
    case .unboundedPreceding: return .unboundedPreceding
    case .currentRow: return .currentRow
    case .unboundedFollowing: return .unboundedFollowing
    case .preceding(let distance):
      syntax = distance
      isPreceding = true
    case .following(let distance):
      syntax = distance
      isPreceding = false
    }
    let distance = try expression(syntax, scope)
    let value: Expression
    if frame.unit == .range {
      guard keys.count == 1, let key = keys.first else {
        throw error(
          keys.isEmpty ? .missingOrderBy : .invalidOrderBy,
          "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY (actual: \(keys.count))",
          syntax.start
        )
      }
      let isBack = isPreceding == key.key.direction.isAscending
      let moved = try arithmetic(
        isBack ? .subtract : .add, Typed(key.key.expression, key.type), distance, syntax.start)
      value = try checkedDistance(
        distance, try coerce(moved, to: key.type, syntax.start), syntax.start)
    } else {
      guard distance.type == .integer || distance.type == .bigint else {
        throw error(
          .typeMismatch,
          "Window frame \(frame.unit.rawValue) value type must be exact numeric type with scale 0 (actual \(distance.type))",
          syntax.start
        )
      }
      value = try coerce(distance, to: .bigint, syntax.start)
    }
    return isPreceding ? .preceding(value) : .following(value)
  }

  /// A constant distance must be known and not negative.
  private func checkedDistance(
    _ distance: Typed,
    _ bound: Expression,
    _ offset: Int
  ) throws -> Expression {
    let isWrong: Bool
    switch distance.constant {
    case .null?: isWrong = true
    case .integer(let value)?: isWrong = value < 0
    case .double(let value)?: isWrong = !(value >= 0)
    default: isWrong = false
    }
    guard !isWrong else {
      throw error(
        .invalidWindowFrame, "Window frame offset value must not be negative or null", offset)
    }
    return bound
  }

  // MARK: Plan

  /// Window nodes under a SELECT's items, one for each specification in order of appearance.
  func windowed(
    _ input: LogicalPlan,
    _ items: inout [SelectItem],
    _ order: inout [OrderItem]
  ) -> LogicalPlan {
    var found: [(specification: WindowSpecification, calls: [WindowCall])] = []
    func collect(_ expression: Expression) {
      if case .window(let call, let specification) = expression {
        if let index = found.firstIndex(where: { $0.specification == specification }) {
          if !found[index].calls.contains(call) { found[index].calls.append(call) }
        } else {
          found.append((specification, [call]))
        }
        return
      }
      for child in expression.children { collect(child) }
    }
    for item in items { collect(item.value.expression) }
    for item in order { collect(item.value.expression) }
    guard !found.isEmpty else { return input }
    var plan = input
    var places: [(WindowSpecification, WindowCall, Int)] = []
    for (specification, calls) in found {
      let first = plan.schema.count
      for (index, call) in calls.enumerated() { places.append((specification, call, first + index)) }
      plan = .window(
        Window(specification, calls.map { NamedWindowCall($0.name, $0) }, plan))
    }
    func replace(_ expression: Expression) -> Expression {
      if case .window(let call, let specification) = expression,
        let place = places.first(where: { $0.0 == specification && $0.1 == call })
      {
        return .column(place.2, call.result)
      }
      return expression.mapChildren { replace($0) }
    }
    for index in items.indices {
      items[index].value.expression = replace(items[index].value.expression)
    }
    for index in order.indices {
      order[index].value.expression = replace(order[index].value.expression)
    }
    return plan
  }
}
