// Functions that compare elements: membership, sets, order, smallest and greatest.
//
// Elements get numbers by a `GroupTable`, so that equal ones are equal integers whatever their type;
// NULL is one value of its own, as Trino's array functions have it.

public import Columnar

/// Equal elements have equal numbers; those of columns numbered together can be compared.
struct ElementNumbers {
  let numbers: [[Int32]]
  /// The number of NULL; -2 where there is none.
  let null: Int32

  init(_ columns: [ColumnVector], type: DataType) {
    let table = GroupTable(types: [type])
    var found: [[Int32]] = []
    var null: Int32 = -2
    for column in columns {
      var numbers = [Int32](repeating: 0, count: column.count)
      numbers.withUnsafeMutableBufferPointer { out in
        if let start = out.baseAddress { table.assign([column], rowCount: column.count, into: start) }
      }
      if null == -2, column.nullCount > 0,
        let row = (0..<column.count).first(where: { column.isNull($0) })
      {
        null = numbers[row]
      }
      found.append(numbers)
    }
    self.numbers = found
    self.null = null
  }
}

/// True where the array has the value; NULL where it has not, but has a NULL.
public func arrayContains(_ arrays: ColumnVector, _ values: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  let numbers = ElementNumbers([lists.elements, values], type: lists.elements.type)
  let builder = ColumnBuilder(type: .boolean, capacity: lists.count)
  for row in 0..<lists.count {
    guard !lists.vector.isNull(row), !values.isNull(row) else {
      builder.appendNull()
      continue
    }
    let wanted = numbers.numbers[1][row]
    let range = lists.range(row)
    if range.contains(where: { numbers.numbers[0][$0] == wanted }) {
      builder.append(true)
    } else if range.contains(where: { numbers.numbers[0][$0] == numbers.null }) {
      builder.appendNull()
    } else {
      builder.append(false)
    }
  }
  return builder.finish()
}

/// The position of the value's first occurrence, from 1; 0 where there is none.
public func arrayPosition(_ arrays: ColumnVector, _ values: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  let numbers = ElementNumbers([lists.elements, values], type: lists.elements.type)
  let validity = mergedValidity(lists.vector.validity, values.validity, count: lists.count)
  return makeFixed(.bigint, lists.count, validity, as: Int64.self) { out in
    for row in 0..<lists.count where validity?.isValid(row) ?? true {
      let range = lists.range(row)
      let place = range.first { numbers.numbers[0][$0] == numbers.numbers[1][row] }
      out[row] = place.map { Int64($0 - range.lowerBound + 1) } ?? 0
    }
  }
}

/// Without the elements equal to the value.
public func arrayRemove(_ arrays: ColumnVector, _ values: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  let numbers = ElementNumbers([lists.elements, values], type: lists.elements.type)
  let validity = mergedValidity(lists.vector.validity, values.validity, count: lists.count)
  return rebuilt(lists, validity) { row, range in
    range.filter { numbers.numbers[0][$0] != numbers.numbers[1][row] }
  }
}

/// Each element once, at its first place.
public func arrayDistinct(_ arrays: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  let numbers = ElementNumbers([lists.elements], type: lists.elements.type).numbers[0]
  return rebuilt(lists, lists.vector.validity) { _, range in
    var seen: Set<Int32> = []
    return range.filter { seen.insert(numbers[$0]).inserted }
  }
}

/// Which elements of two arrays a set function keeps.
public enum ArraySetOperation: Sendable { case union, intersect, except }

/// The set function of two arrays, each element once.
public func arraySet(
  _ operation: ArraySetOperation, _ left: ColumnVector, _ right: ColumnVector
) -> ColumnVector {
  let a = ListView(left)
  if operation == .union {
    return arrayDistinct(concatenateArrays([left, right], type: left.type))
  }
  let b = ListView(right)
  let numbers = ElementNumbers([a.elements, b.elements], type: a.elements.type).numbers
  let validity = mergedValidity(a.vector.validity, b.vector.validity, count: a.count)
  return rebuilt(a, validity) { row, range in
    let other = Set(b.range(row).map { numbers[1][$0] })
    var seen: Set<Int32> = []
    return range.filter {
      other.contains(numbers[0][$0]) == (operation == .intersect)
        && seen.insert(numbers[0][$0]).inserted
    }
  }
}

/// Whether two arrays share an element; NULL where only a NULL could decide.
public func arraysOverlap(_ left: ColumnVector, _ right: ColumnVector) -> ColumnVector {
  let a = ListView(left)
  let b = ListView(right)
  let numbers = ElementNumbers([a.elements, b.elements], type: a.elements.type)
  let builder = ColumnBuilder(type: .boolean, capacity: a.count)
  for row in 0..<a.count {
    guard !a.vector.isNull(row), !b.vector.isNull(row) else {
      builder.appendNull()
      continue
    }
    let one = Set(a.range(row).map { numbers.numbers[0][$0] })
    let other = Set(b.range(row).map { numbers.numbers[1][$0] })
    let shared = one.intersection(other).subtracting([numbers.null])
    if !shared.isEmpty {
      builder.append(true)
    } else if !one.isEmpty, !other.isEmpty,
      one.contains(numbers.null) || other.contains(numbers.null)
    {
      builder.appendNull()
    } else {
      builder.append(false)
    }
  }
  return builder.finish()
}

/// The elements in ascending order, NULLs last.
public func arraySort(_ arrays: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  let (places, parents) = lists.flatten()
  let elements = gathered(lists.elements, places)
  let order = sortedElements(elements, parents)
  var counts: [Int32] = []
  for row in 0..<lists.count { counts.append(Int32(truncatingIfNeeded: lists.range(row).count)) }
  return makeList(
    lists.vector.type, counts: counts, children: [elements.gather(order)],
    validity: lists.vector.validity)
}

/// The rows of elements, by parent and then by value.
private func sortedElements(_ elements: ColumnVector, _ parents: [Int32]) -> SelectionVector {
  let parent = ColumnVector(
    type: .integer, count: parents.count,
    values: parents.withUnsafeBytes { Buffer(copying: $0) })
  let ascending = SortDirection(isAscending: true, nullsFirst: false)
  return sortedRows([parent, elements], [ascending, ascending], count: parents.count)
}

/// The smallest or the greatest element; NULL for an empty array and where an element is NULL.
public func arrayExtreme(_ arrays: ColumnVector, isGreatest: Bool) -> ColumnVector {
  let lists = ListView(arrays)
  let sorted = ListView(arraySort(arrays))
  var places = [Int32](repeating: -1, count: lists.count)
  for row in 0..<lists.count {
    let range = sorted.range(row)
    guard let last = range.last, !sorted.elements.isNull(last) else { continue }
    places[row] = Int32(truncatingIfNeeded: isGreatest ? last : range.lowerBound)
  }
  return places.withUnsafeBufferPointer { gatherOrNull(sorted.elements, $0) }
}

/// The elements' texts with `separator` between them; NULL elements are left out, or shown as
/// `null`.
public func arrayJoin(
  _ arrays: ColumnVector, separator: ColumnVector, null: ColumnVector?
) throws -> ColumnVector {
  let lists = ListView(arrays)
  let texts = try cast(lists.elements, to: .varchar).flattened()
  let validity = mergedValidity(
    [lists.vector, separator] + (null.map { [$0] } ?? []), count: lists.count)
  let builder = ColumnBuilder(type: .varchar, capacity: lists.count)
  for row in 0..<lists.count {
    guard validity?.isValid(row) ?? true else {
      builder.appendNull()
      continue
    }
    var parts: [String] = []
    for place in lists.range(row) {
      if case .text(let text) = texts.scalar(place) {
        parts.append(text)
      } else if let null, case .text(let text) = null.scalar(row) {
        parts.append(text)
      }
    }
    guard case .text(let between) = separator.scalar(row) else { continue }
    builder.append(parts.joined(separator: between))
  }
  return builder.finish()
}
