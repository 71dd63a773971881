// The tests in a path's filters, which never fail: what cannot be tested is unknown.

import Columnar

extension SQLJSONPathEvaluator {
  /// nil: unknown.
  func test(_ predicate: SQLJSONPath.Predicate, _ around: Surroundings) -> Bool? {
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
      guard let texts = try? items(of: left, around), let starts = try? items(of: right, around)
      else { return nil }
      let prefixes = unwrapped(starts)
      guard prefixes.count == 1, let prefix = prefixes[0].text else { return nil }
      return any(unwrapped(texts)) { item in
        item.text.map { $0.utf8.starts(with: prefix.utf8) }
      }
    case .compare(let operation, let left, let right):
      guard let a = try? items(of: left, around), let b = try? items(of: right, around) else {
        return nil
      }
      return compare(operation, unwrapped(a), unwrapped(b))
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

  /// What comparing needs to know of a sequence before it looks at pairs.
  private struct Contents {
    var hasNull = false
    var hasStructure = false
    var scalars: [SQLJSONItem] = []

    init(_ items: [SQLJSONItem]) {
      for item in items {
        switch item {
        case .json(.null): hasNull = true
        case .json(.array), .json(.object): hasStructure = true
        default: scalars.append(item)
        }
      }
    }

    var hasValue: Bool { hasStructure || !scalars.isEmpty }
  }

  private func compare(
    _ operation: ComparisonOperation, _ left: [SQLJSONItem], _ right: [SQLJSONItem]
  ) -> Bool? {
    if left.isEmpty || right.isEmpty { return false }
    let a = Contents(left)
    let b = Contents(right)
    // Arrays and objects compare with JSON's null only.
    if (a.hasStructure && b.hasValue) || (b.hasStructure && a.hasValue) { return nil }
    // JSON's null is equal to itself and to nothing else, and has no order.
    var isFound = false
    switch operation {
    case .equal: isFound = a.hasNull && b.hasNull
    case .notEqual: isFound = (a.hasNull && b.hasValue) || (b.hasNull && a.hasValue)
    default: break
    }
    if isFound, isLax { return true }
    let pairs = a.scalars.lazy.flatMap { x in b.scalars.lazy.map { (x, $0) } }
    switch any(pairs, { Self.compare(operation, $0, $1) }) {
    case nil: return nil
    case let some?: return isFound || some
    }
  }

  /// nil: the two cannot be compared.
  private static func compare(
    _ operation: ComparisonOperation, _ left: SQLJSONItem, _ right: SQLJSONItem
  ) -> Bool? {
    func decided(_ order: Int?) -> Bool {
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
    do {
      if let a = try SQLJSONNumber(left), let b = try SQLJSONNumber(right) {
        return decided(try a.order(b))
      }
    } catch {
      return nil
    }
    guard let a = try? left.sqlValue(), let b = try? right.sqlValue() else { return nil }
    switch (a.1, b.1) {
    case (.boolean, .boolean): return decided(a.0.totalOrder(b.0, .boolean))
    case (.date, .date): return decided(a.0.totalOrder(b.0, .date))
    case (.time, .time): return decided(a.0.totalOrder(b.0, a.1))
    case (.date, .timestamp), (.timestamp, .date), (.timestamp, .timestamp):
      let moments = try? [a, b].map { scalar, type in
        try cast(
          ColumnVector(constant: scalar, type: type, count: 1), to: .timestamp(precision: 12)
        ).scalar(0)
      }
      guard let moments else { return nil }
      return decided(moments[0].totalOrder(moments[1], .timestamp(precision: 12)))
    default:
      guard var x = left.text, var y = right.text else { return nil }
      // A char is compared as if it ended in any number of spaces.
      if a.1.isPadded || b.1.isPadded {
        while x.utf8.last == 0x20 { x.unicodeScalars.removeLast() }
        while y.utf8.last == 0x20 { y.unicodeScalars.removeLast() }
      }
      return decided(Scalar.text(x).totalOrder(.text(y), .varchar))
    }
  }
}

extension DataType {
  fileprivate var isPadded: Bool {
    if case .char = self { return true }
    return false
  }
}
