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
  /// An argument is an item, or none for a NULL of JSON.
  let variables: [String: [SQLJSONItem]]

  init(_ path: SQLJSONPath, context: JSONValue, variables: [String: [SQLJSONItem]]) {
    isLax = path.isLax
    self.context = context
    self.variables = variables
  }

  /// The most items of a sequence that subscripts may repeat.
  private static let itemCountMax = 1_000_000

  /// What stands around a part of the path.
  struct Surroundings {
    var item: SQLJSONItem?
    var last: Int?
  }

  func items(of node: SQLJSONPath.Node) throws -> [SQLJSONItem] {
    try items(of: node, Surroundings())
  }

  func items(of node: SQLJSONPath.Node, _ around: Surroundings) throws -> [SQLJSONItem] {
    switch node {
    case .context: return [.json(context)]
    case .item:
      guard let item = around.item else { throw SQLJSONPathFault(reason: "@ outside a filter") }
      return [item]
    case .last:
      guard let last = around.last else {
        throw SQLJSONPathFault(reason: "last outside a subscript")
      }
      return [.whole(last)]
    case .variable(let name):
      guard let value = variables[name] else {
        throw SQLJSONPathFault(reason: "no value passed for $\(name)")
      }
      return value
    case .literal(let value): return [value]
    case .member(let base, let name):
      return try members(of: unwrapped(items(of: base, around)), name)
    case .everyMember(let base):
      return try unwrapped(items(of: base, around)).flatMap { item -> [SQLJSONItem] in
        guard let members = item.members else {
          if isLax { return [] }
          throw Self.wrongType(item, "OBJECT")
        }
        return members.map { .json($0.value) }
      }
    case .descendant(let base, let name):
      return try items(of: base, around).flatMap { item -> [SQLJSONItem] in
        guard case .json(let value) = item else { return [] }
        return Self.descendants(of: value, name).map { .json($0) }
      }
    case .everyElement(let base):
      return try items(of: base, around).flatMap { try elements(of: $0) }
    case .elements(let base, let subscripts):
      return try picked(subscripts, from: items(of: base, around), around)
    case .filter(let base, let predicate):
      return try unwrapped(items(of: base, around)).filter { item in
        test(predicate, Surroundings(item: item, last: around.last)) == true
      }
    case .method(let base, let method): return try called(method, items(of: base, around))
    case .arithmetic(let operation, let left, let right):
      let a = try unwrapped(items(of: left, around))
      let b = try unwrapped(items(of: right, around))
      guard a.count == 1, b.count == 1 else {
        throw SQLJSONPathFault(reason: "arithmetic binary expression requires singleton operands")
      }
      return [try SQLJSONNumber.compute(operation, number(a[0]), number(b[0])).item]
    case .negate(let inner):
      return try unwrapped(items(of: inner, around)).map { try number($0).negated().item }
    case .plus(let inner):
      return try unwrapped(items(of: inner, around)).map { try number($0).item }
    }
  }

  static func wrongType(_ item: SQLJSONItem, _ wanted: String) -> SQLJSONPathFault {
    SQLJSONPathFault(
      reason: "invalid item type. Expected: \(wanted), actual: \(item.typeName.uppercased())")
  }

  /// In lax mode the elements of arrays in place of these.
  func unwrapped(_ items: [SQLJSONItem]) -> [SQLJSONItem] {
    guard isLax, items.contains(where: { $0.elements != nil }) else { return items }
    return items.flatMap { item in item.elements.map { $0.map { .json($0) } } ?? [item] }
  }

  private func number(_ item: SQLJSONItem) throws -> SQLJSONNumber {
    guard let number = try SQLJSONNumber(item) else { throw Self.wrongType(item, "NUMBER") }
    return number
  }

  // MARK: Accessors

  private func members(of items: [SQLJSONItem], _ name: String) throws -> [SQLJSONItem] {
    var found: [SQLJSONItem] = []
    for item in items {
      guard let members = item.members else {
        if isLax { continue }
        throw Self.wrongType(item, "OBJECT")
      }
      // Of a name that comes twice, the last counts.
      if let member = members.last(where: { $0.name == name }) {
        found.append(.json(member.value))
      } else if !isLax {
        throw SQLJSONPathFault(reason: "structural error: missing member '\(name)' in JSON object")
      }
    }
    return found
  }

  private static func descendants(of value: JSONValue, _ name: String) -> [JSONValue] {
    switch value {
    case .object(let members):
      (members.last { $0.name == name }.map { [$0.value] } ?? [])
        + members.flatMap { descendants(of: $0.value, name) }
    case .array(let elements): elements.flatMap { descendants(of: $0, name) }
    default: []
    }
  }

  private func elements(of item: SQLJSONItem) throws -> [SQLJSONItem] {
    if let elements = item.elements { return elements.map { .json($0) } }
    if isLax { return [item] }
    throw Self.wrongType(item, "ARRAY")
  }

  private func picked(
    _ subscripts: [SQLJSONPath.Subscript], from items: [SQLJSONItem], _ around: Surroundings
  ) throws -> [SQLJSONItem] {
    var found: [SQLJSONItem] = []
    for item in items {
      let elements = try elements(of: item)
      guard !elements.isEmpty else {
        if isLax { continue }
        throw SQLJSONPathFault(reason: "structural error: invalid array subscript for empty array")
      }
      let inside = Surroundings(item: around.item, last: elements.count - 1)
      for part in subscripts {
        let from = try position(self.items(of: part.from, inside), "from")
        let end = try part.end.map { try position(self.items(of: $0, inside), "to") } ?? from
        guard isLax || (from >= 0 && from <= end && end < elements.count) else {
          let range = "[\(from), \(end)] for array of size \(elements.count)"
          throw SQLJSONPathFault(reason: "structural error: invalid array subscript: \(range)")
        }
        let first = max(from, 0)
        let last = min(end, elements.count - 1)
        if first <= last { found += elements[first...last] }
        guard found.count <= Self.itemCountMax else {
          throw SQLJSONPathFault(reason: "more than \(Self.itemCountMax) items")
        }
      }
    }
    return found
  }

  private func position(_ items: [SQLJSONItem], _ name: String) throws -> Int {
    guard items.count == 1 else {
      throw SQLJSONPathFault(reason: "array subscript '\(name)' value must be singleton numeric")
    }
    return try number(items[0]).position()
  }

  // MARK: Methods

  private func called(
    _ method: SQLJSONPath.Method, _ items: [SQLJSONItem]
  ) throws -> [SQLJSONItem] {
    switch method {
    case .type: return items.map { .text($0.typeName) }
    case .size:
      return try items.map { item in
        guard item.elements != nil || isLax else { throw Self.wrongType(item, "ARRAY") }
        return .whole(item.elements?.count ?? 1)
      }
    case .ceiling: return try unwrapped(items).map { try number($0).rounded(.up).item }
    case .floor: return try unwrapped(items).map { try number($0).rounded(.down).item }
    case .abs: return try unwrapped(items).map { try number($0).magnitude().item }
    case .double:
      return try unwrapped(items).map { item in
        if let number = try SQLJSONNumber(item) { return try number.double().item }
        guard let text = item.text else { throw Self.wrongType(item, "NUMBER or TEXT") }
        do {
          let column = ColumnVector(constant: .text(text), type: .varchar, count: 1)
          return .value(try cast(column, to: .double).scalar(0), .double)
        } catch let error as KernelError {
          throw SQLJSONPathFault(reason: error.message)
        }
      }
    case .keyvalue:
      return try unwrapped(items).enumerated().flatMap { id, item -> [SQLJSONItem] in
        guard let members = item.members else { throw Self.wrongType(item, "OBJECT") }
        return members.map { member in
          .json(
            .object([
              JSONValue.Member(name: "name", value: .string(member.name)),
              JSONValue.Member(name: "value", value: member.value),
              JSONValue.Member(name: "id", value: .number(String(id))),
            ]))
        }
      }
    }
  }
}
