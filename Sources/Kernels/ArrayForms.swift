// Arrays of arrays and measures of arrays: combinations, n-grams, runs inside others, vectors of numbers.

public import Columnar

/// Without the last `count` (`bigint`) elements. Throws `invalidArgument` for a count below 0 or above
/// the array's length.
public func trimArray(_ arrays: ColumnVector, _ count: ColumnVector) throws -> ColumnVector {
  let lists = ListView(arrays)
  let counts = count.plain
  let lane = Lane<Int64>(counts)
  let validity = mergedValidity(lists.vector.validity, counts.validity, count: lists.count)
  return try rebuilt(lists, validity) { row, range in
    guard lane[row] >= 0 else {
      throw KernelError.invalidArgument("size must not be negative: \(lane[row])")
    }
    guard lane[row] <= Int64(range.count) else {
      throw KernelError.invalidArgument(
        "size must not exceed array cardinality \(range.count): \(lane[row])")
    }
    return Array(range.dropLast(Int(lane[row])))
  }
}

/// True where all elements of the second array stand in the first one after the other.
public func arrayContainsSequence(_ arrays: ColumnVector, _ wanted: ColumnVector) -> ColumnVector {
  let a = ListView(arrays)
  let b = ListView(wanted)
  let numbers = ElementNumbers([a.elements, b.elements], type: a.elements.type).numbers
  let validity = mergedValidity(a.vector.validity, b.vector.validity, count: a.count)
  return makeFixed(.boolean, a.count, validity, as: UInt8.self) { out in
    for row in 0..<a.count where validity?.isValid(row) ?? true {
      let text = a.range(row)
      let part = b.range(row)
      guard part.count <= text.count else { continue }
      let hit = (text.lowerBound...(text.upperBound - part.count)).contains { start in
        part.indices.allSatisfy {
          numbers[0][start + $0 - part.lowerBound] == numbers[1][$0]
        }
      }
      out[row] = hit ? 1 : 0
    }
  }
}

/// The inner arrays of a column of arrays of arrays, while it is built.
private struct NestedPlaces {
  var places: [Int32] = []
  var innerCounts: [Int32] = []
  var outerCounts: [Int32] = []

  mutating func add(_ inner: some Collection<Int>) {
    for place in inner { places.append(Int32(truncatingIfNeeded: place)) }
    innerCounts.append(Int32(truncatingIfNeeded: inner.count))
  }

  mutating func closeRow(_ before: Int) {
    outerCounts.append(Int32(truncatingIfNeeded: innerCounts.count - before))
  }

  func column(_ lists: ListView, _ validity: ValidityBitmap?) -> ColumnVector {
    let inner = makeList(
      lists.vector.type, counts: innerCounts, children: [gathered(lists.elements, places)],
      validity: nil)
    return makeList(
      .array(lists.vector.type), counts: outerCounts, children: [inner], validity: validity)
  }
}

/// `ngrams(array, n)`: each run of `n` neighbours; the array itself where it is shorter.
///
/// Throws `invalidArgument` for an `n` below 1, and for results of more than 100,000 elements.
public func arrayNGrams(_ arrays: ColumnVector, _ size: ColumnVector) throws -> ColumnVector {
  let lists = ListView(arrays)
  let sizes = size.plain
  let lane = Lane<Int64>(sizes)
  let validity = mergedValidity(lists.vector.validity, sizes.validity, count: lists.count)
  var result = NestedPlaces()
  for row in 0..<lists.count {
    let before = result.innerCounts.count
    if validity?.isValid(row) ?? true {
      let range = lists.range(row)
      guard lane[row] > 0 else { throw KernelError.invalidArgument("N must be positive") }
      let n = Int(min(lane[row], Int64(max(1, range.count))))
      let runs = max(1, range.count - n + 1)
      guard runs * n <= 100_000 else {
        throw KernelError.invalidArgument("max size of all n-grams exceeded")
      }
      for start in 0..<runs {
        result.add((range.lowerBound + start)..<min(range.lowerBound + start + n, range.upperBound))
      }
    }
    result.closeRow(before)
  }
  return result.column(lists, validity)
}

/// `combinations(array, n)`: every choice of `n` elements, in the array's order, the last element
/// moving slowest.
///
/// Throws `invalidArgument` for an `n` outside of 0 to 5, and for more than 100,000 combinations.
public func arrayCombinations(_ arrays: ColumnVector, _ size: ColumnVector) throws -> ColumnVector {
  let lists = ListView(arrays)
  let sizes = size.plain
  let lane = Lane<Int64>(sizes)
  let validity = mergedValidity(lists.vector.validity, sizes.validity, count: lists.count)
  var result = NestedPlaces()
  for row in 0..<lists.count {
    let before = result.innerCounts.count
    if validity?.isValid(row) ?? true {
      let range = lists.range(row)
      guard lane[row] >= 0 else {
        throw KernelError.invalidArgument("combination size must not be negative: \(lane[row])")
      }
      guard lane[row] <= 5 else {
        throw KernelError.invalidArgument("combination size must not exceed 5: \(lane[row])")
      }
      let n = Int(lane[row])
      var chosen = Array(0..<n)
      while n <= range.count {
        result.add(chosen.map { range.lowerBound + $0 })
        guard result.innerCounts.count - before <= 100_000 else {
          throw KernelError.invalidArgument("combinations exceed max size")
        }
        // The first place that can move on without meeting the next one.
        guard
          let place = (0..<n).first(where: {
            chosen[$0] + 1 < ($0 + 1 < n ? chosen[$0 + 1] : range.count)
          })
        else { break }
        chosen[place] += 1
        for index in 0..<place { chosen[index] = index }
      }
    }
    result.closeRow(before)
  }
  return result.column(lists, validity)
}

/// `multimap_from_entries`: a map from each key to the array of its values, in order.
///
/// Throws `invalidArgument` for a NULL entry or key.
public func multimapFromEntries(_ arrays: ColumnVector) throws -> ColumnVector {
  let lists = ListView(arrays)
  let rows = lists.elements.flattened()
  let keys = rows.children[0]
  let values = rows.children[1]
  let table = ElementNumbers([keys], type: keys.type)
  let numbers = table.numbers[0]
  var keyPlaces: [Int32] = []
  var valuePlaces: [Int32] = []
  var valueCounts: [Int32] = []
  var counts: [Int32] = []
  for row in 0..<lists.count {
    guard !lists.vector.isNull(row) else {
      counts.append(0)
      continue
    }
    var order: [Int32] = []
    var found: [Int32: [Int32]] = [:]
    for place in lists.range(row) {
      guard !rows.isNull(place) else {
        throw KernelError.invalidArgument("map entry cannot be null")
      }
      guard numbers[place] != table.null else {
        throw KernelError.invalidArgument("map key cannot be null")
      }
      if found[numbers[place]] == nil { order.append(Int32(truncatingIfNeeded: place)) }
      found[numbers[place], default: []].append(Int32(truncatingIfNeeded: place))
    }
    for place in order {
      let own = found[numbers[Int(place)]] ?? []
      keyPlaces.append(place)
      valuePlaces += own
      valueCounts.append(Int32(truncatingIfNeeded: own.count))
    }
    counts.append(Int32(truncatingIfNeeded: order.count))
  }
  let lists2 = makeList(
    .array(values.type), counts: valueCounts, children: [gathered(values, valuePlaces)],
    validity: nil)
  return makeList(
    .map(key: keys.type, value: .array(values.type)), counts: counts,
    children: [gathered(keys, keyPlaces), lists2], validity: lists.vector.validity)
}

/// A measure of two vectors of numbers.
public enum VectorMeasure: Sendable, Hashable { case cosineSimilarity, dotProduct, euclideanDistance }

/// The measure of two arrays of doubles of one length; NULL where an element is.
///
/// Throws `invalidArgument` for arrays of different lengths.
public func measure(
  _ measure: VectorMeasure, _ left: ColumnVector, _ right: ColumnVector
) throws -> ColumnVector {
  let a = ListView(left)
  let b = ListView(right)
  let aElements = a.elements.plain.flattened()
  let bElements = b.elements.plain.flattened()
  let x = Lane<Double>(aElements)
  let y = Lane<Double>(bElements)
  let builder = ColumnBuilder(type: .double, capacity: a.count)
  for row in 0..<a.count {
    guard !a.vector.isNull(row), !b.vector.isNull(row) else {
      builder.appendNull()
      continue
    }
    let first = a.range(row)
    let second = b.range(row)
    guard first.count == second.count else {
      throw KernelError.invalidArgument("The arguments must have the same length")
    }
    if first.contains(where: { aElements.isNull($0) })
      || second.contains(where: { bElements.isNull($0) })
    {
      builder.appendNull()
      continue
    }
    var dot = 0.0
    var xx = 0.0
    var yy = 0.0
    var distance = 0.0
    for (i, j) in zip(first, second) {
      dot += x[i] * y[j]
      xx += x[i] * x[i]
      yy += y[j] * y[j]
      distance += (x[i] - y[j]) * (x[i] - y[j])
    }
    switch measure {
    case .dotProduct: builder.append(dot)
    case .euclideanDistance: builder.append(distance.squareRoot())
    case .cosineSimilarity: builder.append(dot / (xx.squareRoot() * yy.squareRoot()))
    }
  }
  return builder.finish()
}

/// `width_bucket(x, bins)`: how many of a row's ascending bounds are at most `x`, as `bigint`.
///
/// Throws `invalidArgument` for no bounds, a NULL among them, and bounds that do not ascend.
public func bucket(of values: ColumnVector, in bins: ColumnVector) throws -> ColumnVector {
  let source = values.plain
  let lists = ListView(bins)
  let bounds = lists.elements.plain.flattened()
  let x = Lane<Double>(source)
  let bound = Lane<Double>(bounds)
  let validity = mergedValidity(source.validity, lists.vector.validity, count: source.count)
  return try makeFixed(.bigint, source.count, validity, as: Int64.self) { out in
    for row in 0..<source.count where validity?.isValid(row) ?? true {
      let range = lists.range(row)
      guard !range.isEmpty else {
        throw KernelError.invalidArgument("Bins cannot be an empty array")
      }
      guard !x[row].isNaN else { throw KernelError.invalidArgument("Operand cannot be NaN") }
      for place in range {
        guard !bounds.isNull(place), bound[place].isFinite,
          place == range.lowerBound || bound[place - 1] <= bound[place]
        else { throw KernelError.invalidArgument("Bin values must be finite and ascend") }
      }
      out[row] = Int64(range.count { bound[$0] <= x[row] })
    }
  }
}
