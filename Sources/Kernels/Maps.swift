// Maps: how they are made, looked into and taken apart.

public import Columnar

/// A map a row of two arrays: keys and values. Throws where they differ in length, a key is NULL or
/// comes twice.
public func makeMap(_ keys: ColumnVector, _ values: ColumnVector) throws -> ColumnVector {
  let left = ListView(keys)
  let right = ListView(values)
  let type = DataType.map(key: left.elements.type, value: right.elements.type)
  let validity = mergedValidity(left.vector.validity, right.vector.validity, count: left.count)
  var keyPlaces: [Int32] = []
  var valuePlaces: [Int32] = []
  var counts: [Int32] = []
  for row in 0..<left.count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    let a = left.range(row)
    let b = right.range(row)
    guard a.count == b.count else {
      throw KernelError.invalidArgument("Key and value arrays must be the same length")
    }
    keyPlaces += a.map { Int32(truncatingIfNeeded: $0) }
    valuePlaces += b.map { Int32(truncatingIfNeeded: $0) }
    counts.append(Int32(truncatingIfNeeded: a.count))
  }
  let map = makeList(
    type, counts: counts,
    children: [gathered(left.elements, keyPlaces), gathered(right.elements, valuePlaces)],
    validity: validity)
  try checkKeys(map)
  return map
}

/// Throws where a key is NULL, or comes twice in a map.
func checkKeys(_ map: ColumnVector) throws {
  let lists = ListView(map)
  let numbers = ElementNumbers([lists.elements], type: lists.elements.type)
  for row in 0..<lists.count {
    var seen: Set<Int32> = []
    for place in lists.range(row) {
      let number = numbers.numbers[0][place]
      if number == numbers.null { throw KernelError.invalidArgument("map key cannot be null") }
      guard seen.insert(number).inserted else {
        let shown = scalarText(lists.elements.scalar(place), lists.elements.type)
        throw KernelError.invalidArgument("Duplicate map keys (\(shown)) are not allowed")
      }
    }
  }
}

/// `map[key]`, or `element_at` where `isLenient`: then a key that is not there gives NULL.
public func mapElement(
  _ maps: ColumnVector, _ keys: ColumnVector, isLenient: Bool
) throws -> ColumnVector {
  let lists = ListView(maps)
  let numbers = ElementNumbers([lists.elements, keys], type: lists.elements.type).numbers
  var places = [Int32](repeating: -1, count: lists.count)
  for row in 0..<lists.count where !lists.vector.isNull(row) && !keys.isNull(row) {
    if let place = lists.range(row).first(where: { numbers[0][$0] == numbers[1][row] }) {
      places[row] = Int32(truncatingIfNeeded: place)
    } else if !isLenient {
      throw KernelError.invalidArgument(
        "Key not present in map: \(scalarText(keys.scalar(row), keys.type))")
    }
  }
  return places.withUnsafeBufferPointer { gatherOrNull(lists.vector.children[1], $0) }
}

/// The keys (child 0) or the values (child 1) as arrays, in the map's order.
public func mapChild(_ maps: ColumnVector, _ child: Int) -> ColumnVector {
  let flat = maps.flattened()
  let element = flat.children[child]
  return ColumnVector(
    type: .array(element.type), count: flat.count, values: flat.values, children: [element],
    validity: flat.validity)
}

/// The entries as arrays of rows of key and value.
public func mapEntries(_ maps: ColumnVector) -> ColumnVector {
  let flat = maps.flattened()
  let type = DataType.row([Field("", flat.children[0].type), Field("", flat.children[1].type)])
  let rows = ColumnVector(
    row: flat.children.map { $0.flattened() }, type: type, count: flat.children[0].count,
    validity: nil)
  return ColumnVector(
    type: .array(type), count: flat.count, values: flat.values, children: [rows],
    validity: flat.validity)
}

/// Maps of arrays of rows of key and value.
public func mapFromEntries(_ arrays: ColumnVector) throws -> ColumnVector {
  let lists = ListView(arrays)
  let (places, parents) = lists.flatten()
  let rows = gathered(lists.elements, places).flattened()
  if rows.nullCount > 0 { throw KernelError.invalidArgument("map entry cannot be null") }
  var counts = [Int32](repeating: 0, count: lists.count)
  for parent in parents { counts[Int(parent)] += 1 }
  let map = makeList(
    .map(key: rows.children[0].type, value: rows.children[1].type), counts: counts,
    children: rows.children, validity: lists.vector.validity)
  try checkKeys(map)
  return map
}

/// The entries of all maps of a row; where a key comes twice, the last map's value.
public func mapConcat(_ maps: [ColumnVector]) -> ColumnVector {
  let lists = maps.map { ListView($0) }
  let count = lists.first?.count ?? 0
  guard let type = maps.first?.type, case .map(let keyType, let valueType) = type else {
    return nullColumn(.unknown, count: count)
  }
  let keys = ColumnVector.concatenate(lists.map(\.elements), type: keyType)
  let values = ColumnVector.concatenate(lists.map { $0.vector.children[1] }, type: valueType)
  let numbers = ElementNumbers([keys], type: keyType).numbers[0]
  var starts: [Int] = [0]
  for list in lists { starts.append(starts[starts.count - 1] + list.elements.count) }
  let validity = mergedValidity(lists.map(\.vector), count: count)
  var places: [Int32] = []
  var counts: [Int32] = []
  for row in 0..<count {
    var order: [Int32] = []
    var last: [Int32: Int32] = [:]
    if validity?.isValid(row) ?? true {
      for (index, list) in lists.enumerated() {
        for place in list.range(row) {
          let at = starts[index] + place
          if last.updateValue(Int32(truncatingIfNeeded: at), forKey: numbers[at]) == nil {
            order.append(numbers[at])
          }
        }
      }
    }
    places += order.compactMap { last[$0] }
    counts.append(Int32(truncatingIfNeeded: order.count))
  }
  return makeList(
    type, counts: counts, children: [gathered(keys, places), gathered(values, places)],
    validity: validity)
}

/// `zip(a, b)`: arrays of rows of the elements at one place; the shorter one is filled with NULL.
public func zipArrays(_ arrays: [ColumnVector], count: Int) -> ColumnVector {
  let lists = arrays.map { ListView($0) }
  let type = DataType.row(lists.map { Field("", $0.elements.type) })
  let validity = mergedValidity(lists.map(\.vector), count: count)
  var places = [[Int32]](repeating: [], count: lists.count)
  var counts: [Int32] = []
  for row in 0..<count {
    guard validity?.isValid(row) ?? true else {
      counts.append(0)
      continue
    }
    let longest = lists.map { $0.range(row).count }.max() ?? 0
    for (index, list) in lists.enumerated() {
      let range = list.range(row)
      for offset in 0..<longest {
        places[index].append(
          offset < range.count ? Int32(truncatingIfNeeded: range.lowerBound + offset) : -1)
      }
    }
    counts.append(Int32(truncatingIfNeeded: longest))
  }
  let fields = zip(lists, places).map { list, places in
    places.withUnsafeBufferPointer { gatherOrNull(list.elements, $0) }.flattened()
  }
  let rows = ColumnVector(
    row: fields, type: type, count: places.first?.count ?? 0, validity: nil)
  return makeList(.array(type), counts: counts, children: [rows], validity: validity)
}
