// Arrays and rows: how they are made, taken apart and looked into.
//
// An array column is offsets over one child, so most functions choose rows of the child and write
// new offsets. Positions count from 1, as SQL's do.

public import Columnar

/// The offsets of an array or map column, flat: rows `offsets[i] ..< offsets[i + 1]` of its children.
///
/// NULL rows are empty, whatever lies under them.
public struct ListView {
  /// Flat; its children hold the elements.
  public let vector: ColumnVector

  /// `vector` is an array or a map of any encoding.
  public init(_ vector: ColumnVector) { self.vector = vector.flattened() }

  public var count: Int { vector.count }
  public var elements: ColumnVector { vector.children[0] }

  /// The rows of the children that belong to a row.
  public func range(_ row: Int) -> Range<Int> {
    vector.isNull(row) ? 0..<0 : vector.elementRange(at: row)
  }

  /// The elements of all rows, row by row: places in the children, and the row of each.
  public func flatten() -> (places: [Int32], parents: [Int32]) {
    var places: [Int32] = []
    var parents: [Int32] = []
    for row in 0..<count {
      for place in range(row) {
        places.append(Int32(truncatingIfNeeded: place))
        parents.append(Int32(truncatingIfNeeded: row))
      }
    }
    return (places, parents)
  }
}

/// An array column over `child`: row `i` has the next `counts[i]` of its rows.
public func makeList(
  _ type: DataType,
  counts: [Int32],
  children: [ColumnVector],
  validity: ValidityBitmap? = nil
) -> ColumnVector {
  var offsets: [Int32] = [0]
  offsets.reserveCapacity(counts.count + 1)
  for count in counts { offsets.append(offsets[offsets.count - 1] + count) }
  let buffer = offsets.withUnsafeBytes { Buffer(copying: $0) }
  return ColumnVector(
    type: type, count: counts.count, values: buffer, children: children, validity: validity)
}

/// The rows of `vector` at `places`.
public func gathered(_ vector: ColumnVector, _ places: [Int32]) -> ColumnVector {
  places.withUnsafeBufferPointer { vector.gather($0) }
}

/// `ARRAY[a, b]`: one array a row of one element a column. NULLs are elements.
public func makeArray(_ columns: [ColumnVector], element: DataType, count: Int) -> ColumnVector {
  let width = columns.count
  let together = ColumnVector.concatenate(columns, type: element)
  var places: [Int32] = []
  places.reserveCapacity(width * count)
  for row in 0..<count {
    for column in 0..<width { places.append(Int32(truncatingIfNeeded: column * count + row)) }
  }
  return makeList(
    .array(element), counts: Array(repeating: Int32(width), count: count),
    children: [gathered(together, places)])
}

/// `ROW(a, b)`: one row of one field a column; never NULL.
public func makeRow(_ columns: [ColumnVector], type: DataType, count: Int) -> ColumnVector {
  ColumnVector(row: columns.map { $0.flattened() }, type: type, count: count, validity: nil)
}

/// A field of rows; NULL where the row is NULL.
public func fieldColumn(_ rows: ColumnVector, _ index: Int) -> ColumnVector {
  let flat = rows.flattened()
  let field = flat.children[index]
  guard let validity = flat.validity else { return field }
  return field.flattened().withValidity(
    mergedValidity(validity, field.flattened().validity, count: flat.count))
}

/// `array[index]`, or `element_at` where `isLenient`.
///
/// Lenient: NULL beyond the ends, negative positions count from the end. Else both are errors. A
/// position of 0 is always one.
public func arrayElement(
  _ arrays: ColumnVector,
  _ positions: ColumnVector,
  isLenient: Bool
) throws -> ColumnVector {
  let lists = ListView(arrays)
  let index = positions.plain
  let lane = Lane<Int64>(index)
  var places = [Int32](repeating: -1, count: lists.count)
  for row in 0..<lists.count where !lists.vector.isNull(row) && !index.isNull(row) {
    let range = lists.range(row)
    let position = lane[row]
    if position == 0 { throw KernelError.invalidArgument("SQL array indices start at 1") }
    if position > 0, position <= Int64(range.count) {
      places[row] = Int32(truncatingIfNeeded: range.lowerBound + Int(position) - 1)
    } else if isLenient {
      if position < 0, position.magnitude <= UInt64(range.count) {
        places[row] = Int32(truncatingIfNeeded: range.upperBound + Int(position))
      }
    } else if position < 0 {
      throw KernelError.invalidArgument("Array subscript is negative: \(position)")
    } else {
      throw KernelError.invalidArgument(
        "Array subscript must be less than or equal to array length: \(position) > \(range.count)")
    }
  }
  return places.withUnsafeBufferPointer { gatherOrNull(lists.elements, $0) }
}

/// The number of elements of arrays or of entries of maps, as `bigint`.
public func cardinality(_ vector: ColumnVector) -> ColumnVector {
  let lists = ListView(vector)
  return makeFixed(.bigint, lists.count, lists.vector.validity, as: Int64.self) { out in
    for row in 0..<lists.count { out[row] = Int64(lists.range(row).count) }
  }
}

/// The arrays of each row one after the other.
public func concatenateArrays(_ arrays: [ColumnVector], type: DataType) -> ColumnVector {
  let lists = arrays.map { ListView($0) }
  let count = lists.first?.count ?? 0
  guard case .array(let element) = type else { return nullColumn(type, count: count) }
  let together = ColumnVector.concatenate(lists.map(\.elements), type: element)
  var starts: [Int] = [0]
  for list in lists { starts.append(starts[starts.count - 1] + list.elements.count) }
  var places: [Int32] = []
  var counts: [Int32] = []
  for row in 0..<count {
    var total: Int32 = 0
    for (index, list) in lists.enumerated() {
      for place in list.range(row) {
        places.append(Int32(truncatingIfNeeded: starts[index] + place))
        total += 1
      }
    }
    counts.append(total)
  }
  return makeList(
    type, counts: counts, children: [gathered(together, places)],
    validity: mergedValidity(lists.map(\.vector), count: count))
}

/// `slice(array, start, length)`: a negative start counts from the end.
public func sliceArray(
  _ arrays: ColumnVector, start: ColumnVector, length: ColumnVector
) throws -> ColumnVector {
  let lists = ListView(arrays)
  let starts = Lane<Int64>(start.plain)
  let lengths = Lane<Int64>(length.plain)
  let validity = mergedValidity([lists.vector, start.plain, length.plain], count: lists.count)
  return try rebuilt(lists, validity) { row, range in
    let first = starts[row]
    let wanted = lengths[row]
    if first == 0 { throw KernelError.invalidArgument("SQL array indices start at 1") }
    if wanted < 0 {
      throw KernelError.invalidArgument("length must be greater than or equal to 0")
    }
    let offset = first > 0 ? first - 1 : Int64(range.count) + first
    guard offset >= 0, offset < Int64(range.count) else { return [] }
    let lower = range.lowerBound + Int(offset)
    let taken = min(wanted, Int64(range.upperBound - lower))
    return Array(lower..<lower + Int(taken))
  }
}

/// The elements from the last to the first.
public func reverseArray(_ arrays: ColumnVector) -> ColumnVector {
  let lists = ListView(arrays)
  return rebuilt(lists, lists.vector.validity) { _, range in range.reversed() }
}

/// An array of arrays as one array; NULL arrays inside are left out.
public func flattenArrays(_ arrays: ColumnVector) -> ColumnVector {
  let outer = ListView(arrays)
  let inner = ListView(outer.elements)
  var places: [Int32] = []
  var counts: [Int32] = []
  for row in 0..<outer.count {
    let before = places.count
    for place in outer.range(row) {
      places += inner.range(place).map { Int32(truncatingIfNeeded: $0) }
    }
    counts.append(Int32(truncatingIfNeeded: places.count - before))
  }
  guard case .array(let type) = outer.vector.type else { return arrays }
  return makeList(
    type, counts: counts, children: [gathered(inner.elements, places)],
    validity: outer.vector.validity)
}

/// Arrays of the chosen elements: `choose` gives places in the children for each valid row.
func rebuilt(
  _ lists: ListView,
  _ validity: ValidityBitmap?,
  _ choose: (Int, Range<Int>) throws -> [Int]
) rethrows -> ColumnVector {
  var places: [Int32] = []
  var counts: [Int32] = []
  counts.reserveCapacity(lists.count)
  for row in 0..<lists.count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    let chosen = try choose(row, lists.range(row))
    for place in chosen { places.append(Int32(truncatingIfNeeded: place)) }
    counts.append(Int32(truncatingIfNeeded: chosen.count))
  }
  return makeList(
    lists.vector.type, counts: counts,
    children: lists.vector.children.map { gathered($0, places) }, validity: validity)
}

/// `repeat(value, count)` as an array; a negative count gives an empty one.
public func repeatElement(
  _ values: ColumnVector, _ counts: ColumnVector, rows: Int
) throws -> ColumnVector {
  let number = counts.plain
  let lane = Lane<Int64>(number)
  var places: [Int32] = []
  var sizes: [Int32] = []
  for row in 0..<rows {
    let wanted = number.isNull(row) ? 0 : max(0, lane[row])
    guard wanted <= 10_000 else {
      throw KernelError.invalidArgument("count argument of repeat function must be less than or equal to 10000")
    }
    for _ in 0..<wanted { places.append(Int32(truncatingIfNeeded: row)) }
    sizes.append(Int32(truncatingIfNeeded: wanted))
  }
  return makeList(
    .array(values.type), counts: sizes, children: [gathered(values, places)],
    validity: number.validity)
}

/// `sequence(start, stop, step)` of whole numbers, days or microseconds: at most 10,000 elements.
///
/// `next` gives the element at an index from the start and the step; nil beyond the type's range,
/// where the sequence ends.
public func sequences(
  _ start: ColumnVector, _ stop: ColumnVector, _ step: ColumnVector, count: Int, element: DataType,
  next: (_ start: Int64, _ step: Int64, _ index: Int64) throws -> Int64?
) throws -> ColumnVector {
  let first = start.plain
  let last = stop.plain
  let steps = step.plain
  let validity = mergedValidity([first, last, steps], count: count)
  let builder = ColumnBuilder(type: element)
  var counts: [Int32] = []
  for row in 0..<count {
    guard validity?.isValid(row) ?? true, let from = whole(first, row), let to = whole(last, row),
      let by = whole(steps, row)
    else {
      counts.append(0)
      continue
    }
    if by == 0 { throw KernelError.invalidArgument("step must not be zero") }
    guard (by > 0) == (to >= from) || from == to else {
      throw KernelError.invalidArgument(
        "sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start"
      )
    }
    var made: Int64 = 0
    var value = from
    while by > 0 ? value <= to : value >= to {
      guard made < 10_000 else {
        throw KernelError.invalidArgument("result of sequence function must not have more than 10000 entries")
      }
      builder.append(value)
      made += 1
      guard let following = try next(from, by, made) else { break }
      value = following
    }
    counts.append(Int32(truncatingIfNeeded: made))
  }
  return makeList(.array(element), counts: counts, children: [builder.finish()], validity: validity)
}

private func whole(_ vector: ColumnVector, _ row: Int) -> Int64? {
  if case .integer(let value) = vector.scalar(row) { return value }
  return nil
}
