// What a path of SQL/JSON gives for one JSON value: a sequence of items.

import Columnar

/// A path that cannot be evaluated for one value.
struct SQLJSONPathFault: Error {
  var reason: String
}

/// Evaluates a path over one value.
struct SQLJSONPathEvaluator {
  private typealias Node = SQLJSONPath.Node

  let isLax: Bool
  let context: JSONValue
  let variables: [String: JSONValue]

  init(_ path: SQLJSONPath, context: JSONValue, variables: [String: JSONValue]) {
    isLax = path.isLax
    self.context = context
    self.variables = variables
  }

  /// The most items of a sequence that subscripts may repeat.
  private static let itemCountMax = 1_000_000

  /// What stands around a part of the path.
  private struct Surroundings {
    var item: JSONValue?
    var last: Int?
  }

  func items(of node: SQLJSONPath.Node) throws -> [JSONValue] {
    try items(of: node, Surroundings())
  }

  private func items(of node: Node, _ around: Surroundings) throws -> [JSONValue] {
    switch node {
    case .context: return [context]
    case .item:
      guard let item = around.item else { throw SQLJSONPathFault(reason: "@ outside a filter") }
      return [item]
    case .last:
      guard let last = around.last else {
        throw SQLJSONPathFault(reason: "last outside a subscript")
      }
      return [.number(String(last))]
    case .variable(let name):
      guard let value = variables[name] else {
        throw SQLJSONPathFault(reason: "no value passed for $\(name)")
      }
      return [value]
    case .literal(let value): return [value]
    case .member(let base, let name):
      return try members(of: unwrapped(items(of: base, around)), name)
    case .everyMember(let base):
      return try unwrapped(items(of: base, around)).flatMap { item -> [JSONValue] in
        guard case .object(let members) = item else {
          if isLax { return [] }
          throw wrongType(item, "object")
        }
        return members.map(\.value)
      }
    case .descendant(let base, let name):
      return try items(of: base, around).flatMap { Self.descendants(of: $0, name) }
    case .everyElement(let base):
      return try items(of: base, around).flatMap { try elements(of: $0) }
    case .elements(let base, let subscripts):
      let given = try items(of: base, around)
      guard given.count * subscripts.count <= Self.itemCountMax else {
        throw SQLJSONPathFault(reason: "more than \(Self.itemCountMax) items")
      }
      return try given.flatMap { item in
        let elements = try elements(of: item)
        var found: [JSONValue] = []
        for part in subscripts {
          found += try picked(part, from: elements, around)
          guard found.count <= Self.itemCountMax else {
            throw SQLJSONPathFault(reason: "more than \(Self.itemCountMax) items")
          }
        }
        return found
      }
    case .filter(let base, let predicate):
      return try unwrapped(items(of: base, around)).filter { item in
        test(predicate, Surroundings(item: item, last: around.last)) == true
      }
    case .method(let base, let method): return try called(method, items(of: base, around))
    case .arithmetic(let operation, let left, let right):
      let a = try number(items(of: left, around))
      let b = try number(items(of: right, around))
      return [try JSONNumber.compute(operation, a, b).value]
    case .negate(let inner):
      return try unwrapped(items(of: inner, around)).map { item in
        guard let number = JSONNumber(item) else { throw wrongType(item, "number") }
        return try JSONNumber.compute(.subtract, .whole(0), number).value
      }
    case .plus(let inner):
      return try unwrapped(items(of: inner, around)).map { item in
        guard JSONNumber(item) != nil else { throw wrongType(item, "number") }
        return item
      }
    }
  }

  private func wrongType(_ item: JSONValue, _ wanted: String) -> SQLJSONPathFault {
    SQLJSONPathFault(reason: "invalid item type. Expected: \(wanted), actual: \(item.typeName)")
  }

  /// In lax mode the elements of arrays in place of these.
  private func unwrapped(_ items: [JSONValue]) -> [JSONValue] {
    guard isLax, items.contains(where: \.isArray) else { return items }
    return items.flatMap { item -> [JSONValue] in
      if case .array(let elements) = item { return elements }
      return [item]
    }
  }

  private func members(of items: [JSONValue], _ name: String) throws -> [JSONValue] {
    var found: [JSONValue] = []
    for item in items {
      guard case .object(let members) = item else {
        if isLax { continue }
        throw wrongType(item, "object")
      }
      if let member = members.first(where: { $0.name == name }) {
        found.append(member.value)
      } else if !isLax {
        throw SQLJSONPathFault(reason: "structural error: missing member '\(name)' in JSON object")
      }
    }
    return found
  }

  private static func descendants(of item: JSONValue, _ name: String) -> [JSONValue] {
    switch item {
    case .object(let members):
      members.filter { $0.name == name }.map(\.value)
        + members.flatMap { descendants(of: $0.value, name) }
    case .array(let elements): elements.flatMap { descendants(of: $0, name) }
    default: []
    }
  }

  private func elements(of item: JSONValue) throws -> [JSONValue] {
    if case .array(let elements) = item { return elements }
    if isLax { return [item] }
    throw wrongType(item, "array")
  }

  private func picked(
    _ part: SQLJSONPath.Subscript, from elements: [JSONValue], _ around: Surroundings
  ) throws -> [JSONValue] {
    let inside = Surroundings(item: around.item, last: elements.count - 1)
    let from = try position(items(of: part.from, inside))
    let end = try part.end.map { try position(items(of: $0, inside)) } ?? from
    guard isLax || (from >= 0 && from <= end && end < elements.count) else {
      throw SQLJSONPathFault(
        reason: "structural error: invalid array subscript: [\(from)\(end == from ? "" : ", \(end)")] for array of size \(elements.count)")
    }
    let first = max(from, 0)
    let last = min(end, elements.count - 1)
    return first <= last ? Array(elements[first...last]) : []
  }

  /// A single whole number.
  private func position(_ items: [JSONValue]) throws -> Int {
    let number = try number(items)
    switch number {
    case .whole(let value): return Int(value)
    case .fraction(let value):
      guard let whole = Int(exactly: value) else {
        throw SQLJSONPathFault(reason: "array subscript must be a whole number: \(value)")
      }
      return whole
    }
  }

  private func number(_ items: [JSONValue]) throws -> JSONNumber {
    let plain = unwrapped(items)
    guard plain.count == 1 else {
      throw SQLJSONPathFault(reason: "a single number expected, not \(plain.count) items")
    }
    guard let number = JSONNumber(plain[0]) else { throw wrongType(plain[0], "number") }
    return number
  }

  // MARK: Methods

  private func called(_ method: SQLJSONPath.Method, _ items: [JSONValue]) throws -> [JSONValue] {
    func numbers(_ body: (JSONNumber) -> JSONNumber?) throws -> [JSONValue] {
      try unwrapped(items).map { item in
        guard let number = JSONNumber(item) else { throw wrongType(item, "number") }
        guard let made = body(number) else {
          throw SQLJSONPathFault(reason: "number out of range: \(number.value.text(isSorted: false))")
        }
        return try made.checked().value
      }
    }
    switch method {
    case .type: return items.map { .string($0.typeName) }
    case .size:
      return try items.map { item in
        if case .array(let elements) = item { return .number(String(elements.count)) }
        if isLax { return .number("1") }
        throw wrongType(item, "array")
      }
    case .ceiling: return try numbers { $0.rounded(.up) }
    case .floor: return try numbers { $0.rounded(.down) }
    case .abs: return try numbers { $0.magnitude }
    case .double:
      return try unwrapped(items).map { item in
        if let number = JSONNumber(item) { return try JSONNumber.fraction(number.double).checked().value }
        guard case .string(let text) = item else { throw wrongType(item, "number or text") }
        guard let number = Double(text), number.isFinite else {
          throw SQLJSONPathFault(reason: "cannot convert '\(text)' to double")
        }
        return JSONNumber.fraction(number).value
      }
    case .keyvalue:
      return try unwrapped(items).enumerated().flatMap { id, item -> [JSONValue] in
        guard case .object(let members) = item else { throw wrongType(item, "object") }
        return members.map { member in
          .object([
            JSONValue.Member(name: "name", value: .string(member.name)),
            JSONValue.Member(name: "value", value: member.value),
            JSONValue.Member(name: "id", value: .number(String(id))),
          ])
        }
      }
    }
  }

  // MARK: Predicates

  /// nil: unknown.
  private func test(_ predicate: SQLJSONPath.Predicate, _ around: Surroundings) -> Bool? {
    switch predicate {
    case .and(let left, let right):
      let a = test(left, around)
      if a == false { return false }
      let b = test(right, around)
      return b == false ? false : a == nil || b == nil ? nil : true
    case .or(let left, let right):
      let a = test(left, around)
      if a == true { return true }
      let b = test(right, around)
      return b == true ? true : a == nil || b == nil ? nil : false
    case .not(let inner): return test(inner, around).map { !$0 }
    case .isUnknown(let inner): return test(inner, around) == nil
    case .exists(let node): return (try? items(of: node, around)).map { !$0.isEmpty }
    case .startsWith(let left, let right):
      guard let texts = try? items(of: left, around), let starts = try? items(of: right, around),
        starts.count == 1, case .string(let start) = starts[0]
      else { return nil }
      return any(unwrapped(texts)) { item in
        guard case .string(let text) = item else { return nil }
        return text.utf8.starts(with: start.utf8)
      }
    case .compare(let operation, let left, let right):
      guard let a = try? items(of: left, around), let b = try? items(of: right, around) else {
        return nil
      }
      let others = unwrapped(b)
      return any(unwrapped(a).lazy.flatMap { x in others.lazy.map { (x, $0) } }) { x, y in
        Self.compare(operation, x, y)
      }
    }
  }

  /// True where one of the tests is; an error makes it unknown: in lax mode where it is met first, in
  /// strict mode wherever it is.
  private func any<Items: Sequence>(_ items: Items, _ test: (Items.Element) -> Bool?) -> Bool? {
    var isFound = false
    for item in items {
      switch test(item) {
      case nil: return nil
      case true?:
        if isLax { return true }
        isFound = true
      case false?: break
      }
    }
    return isFound
  }

  /// nil: the items cannot be compared.
  private static func compare(
    _ operation: ComparisonOperation, _ left: JSONValue, _ right: JSONValue
  ) -> Bool? {
    func decided(_ order: Int?) -> Bool? {
      // NaN has no order.
      guard let order else { return operation == .notEqual }
      switch operation {
      case .equal: return order == 0
      case .notEqual: return order != 0
      case .less: return order < 0
      case .lessOrEqual: return order <= 0
      case .greater: return order > 0
      case .greaterOrEqual: return order >= 0
      }
    }
    switch (left, right) {
    // JSON's null is equal to itself, and every other comparison with it is false.
    case (.null, .null): return operation == .equal
    case (.null, _), (_, .null): return false
    case (.boolean(let a), .boolean(let b)): return decided((a ? 1 : 0) - (b ? 1 : 0))
    case (.string(let a), .string(let b)):
      return decided(Scalar.text(a).totalOrder(.text(b), .varchar))
    case (.number, .number):
      guard let a = JSONNumber(left), let b = JSONNumber(right) else { return nil }
      return decided(a.order(b))
    default: return nil
    }
  }
}

extension JSONValue {
  var isArray: Bool {
    if case .array = self { return true }
    return false
  }

  /// What `type()` gives.
  var typeName: String {
    switch self {
    case .null: "null"
    case .boolean: "boolean"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
