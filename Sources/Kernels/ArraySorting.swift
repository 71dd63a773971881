// Sorting arrays by a comparison that is computed by columns, and zipping maps by key.

public import Columnar

/// Each array sorted by `compare`, stably; NULL arrays stay NULL.
///
/// `compare` gets columns of left and right elements and the rows they belong to, and gives bigints:
/// negative where left comes first. Merge sort from small runs to large ones: one call of `compare`
/// takes one pair of every merge of every array that is still going on.
public func arraySorted(
  _ arrays: ColumnVector, by compare: (ColumnVector, ColumnVector, [Int32]) throws -> ColumnVector
) throws -> ColumnVector {
  let lists = ListView(arrays)
  let elements = lists.elements
  var (order, _) = lists.flatten()
  var starts: [Int] = []
  var counts: [Int32] = []
  var total = 0
  for row in 0..<lists.count {
    starts.append(total)
    counts.append(Int32(truncatingIfNeeded: lists.range(row).count))
    total += lists.range(row).count
  }
  let longest = Int(counts.max() ?? 0)
  var width = 1
  while width < longest {
    var merges: [Merge] = []
    for row in 0..<lists.count {
      let end = starts[row] + Int(counts[row])
      var from = starts[row]
      while from + width < end {
        merges.append(
          Merge(
            row: Int32(truncatingIfNeeded: row), left: from, middle: from + width,
            right: from + width, end: min(from + 2 * width, end), out: from))
        from += 2 * width
      }
    }
    var next = order
    var going = Array(merges.indices)
    while !going.isEmpty {
      let left = gathered(elements, going.map { order[merges[$0].left] })
      let right = gathered(elements, going.map { order[merges[$0].right] })
      let signs = try cast(compare(left, right, going.map { merges[$0].row }), to: .bigint).plain
      let lane = Lane<Int64>(signs)
      var still: [Int] = []
      for (index, merge) in going.enumerated() {
        guard !signs.isNull(index) else {
          throw KernelError.invalidArgument(
            "Lambda comparator must return either -1, 0, or 1, and not NULL")
        }
        if merges[merge].take(isRight: lane[index] > 0, order, &next) { still.append(merge) }
      }
      going = still
    }
    order = next
    width *= 2
  }
  return makeList(
    lists.vector.type, counts: counts, children: [gathered(elements, order)],
    validity: lists.vector.validity)
}

/// Two sorted runs of one array that become one.
private struct Merge {
  var row: Int32
  var left: Int
  var middle: Int
  var right: Int
  var end: Int
  var out: Int

  /// Moves one element over, and all that are left where one run has ended; false then.
  mutating func take(isRight: Bool, _ order: [Int32], _ next: inout [Int32]) -> Bool {
    if isRight {
      next[out] = order[right]
      right += 1
    } else {
      next[out] = order[left]
      left += 1
    }
    out += 1
    guard left == middle || right == end else { return true }
    while left < middle {
      next[out] = order[left]
      left += 1
      out += 1
    }
    while right < end {
      next[out] = order[right]
      right += 1
      out += 1
    }
    return false
  }
}

/// The keys of two maps, each once, with both values; see `zipMaps`.
public struct ZippedMaps {
  public var keys: ColumnVector
  public var left: ColumnVector
  public var right: ColumnVector
  /// The row of each key, and how many each row has.
  public var rows: [Int32]
  public var counts: [Int32]
}

/// The union of the keys of two maps of one key type: the first's in order, then those that only the
/// second has. Values are NULL where a map has no such key; a NULL map gives no keys.
public func zipMaps(_ first: ColumnVector, _ second: ColumnVector, count: Int) -> ZippedMaps {
  let a = ListView(first)
  let b = ListView(second)
  let keys = concatenate(
    [a.vector.children[0], b.vector.children[0]], type: a.vector.children[0].type)
  let shift = a.vector.children[0].count
  var places: [Int32] = []
  var left: [Int32] = []
  var right: [Int32] = []
  var rows: [Int32] = []
  var counts: [Int32] = []
  let hashes = hashRows([keys], count: keys.count)
  for row in 0..<count {
    guard !a.vector.isNull(row), !b.vector.isNull(row) else {
      counts.append(0)
      continue
    }
    let start = places.count
    var known: [UInt64: [Int]] = [:]
    for place in a.range(row) {
      known[hashes[place], default: []].append(places.count)
      places.append(Int32(truncatingIfNeeded: place))
      left.append(Int32(truncatingIfNeeded: place))
      right.append(-1)
      rows.append(Int32(truncatingIfNeeded: row))
    }
    for place in b.range(row) {
      let key = keys.scalar(place + shift)
      let twin = known[hashes[place + shift]]?.first {
        keys.scalar(Int(places[$0])).isIdentical(key)
      }
      if let twin {
        right[twin] = Int32(truncatingIfNeeded: place)
        continue
      }
      places.append(Int32(truncatingIfNeeded: place + shift))
      left.append(-1)
      right.append(Int32(truncatingIfNeeded: place))
      rows.append(Int32(truncatingIfNeeded: row))
    }
    counts.append(Int32(truncatingIfNeeded: places.count - start))
  }
  return ZippedMaps(
    keys: gathered(keys, places),
    left: left.withUnsafeBufferPointer { gatherOrNull(a.vector.children[1].flattened(), $0) },
    right: right.withUnsafeBufferPointer { gatherOrNull(b.vector.children[1].flattened(), $0) },
    rows: rows, counts: counts)
}
