// Aggregates that need all values of a group: `array_agg`, `map_agg`, `histogram`, `listagg`,
// `approx_percentile`, unions of arrays and maps.
//
// Values are kept column by column as they come, with the group of each row; `result` orders the rows
// by group once and builds all lists from that.

import Columnar

final class CollectAccumulator: Accumulator {
  private let kind: AggregateKind
  private let types: [DataType]
  private let type: DataType
  private var columns: [[ColumnVector]]
  private var groups: [Int32] = []
  private var keptBytes = 0
  private let distinct: DistinctFilter?
  private var separator: String?
  private var percentages: (values: [Double], isList: Bool)?
  private var finished: Finished?

  private struct Finished {
    var columns: [ColumnVector]
    /// Row numbers, those of one group together and in the order they came.
    var order: [Int32]
    /// The first place in `order` of each group, and the end.
    var starts: [Int]
  }

  init(_ kind: AggregateKind, arguments: [DataType], result: DataType) {
    self.kind = kind
    type = result
    switch (kind, arguments.first) {
    case (.setUnion, .array(let element)): types = [element]
    case (.mapUnion, .map(let key, let value)): types = [key, value]
    // The weights of a percentile are kept beside its values.
    case (.approximatePercentile, _): types = Array(arguments.dropLast())
    case (.listAggregate, _), (.histogram, _), (.arrayAggregate, _):
      types = Array(arguments.prefix(1))
    default: types = arguments
    }
    columns = types.map { _ in [] }
    switch kind {
    case .mapAggregate, .mapUnion, .setUnion: distinct = DistinctFilter(types: [types[0]])
    default: distinct = nil
    }
  }

  func reserve(groupCount: Int) {}
  var byteCount: Int { keptBytes + groups.count * 4 + (distinct?.byteCount ?? 0) }

  func update(
    _ arguments: [ColumnVector], rowCount: Int, groups numbers: UnsafePointer<Int32>?
  ) throws {
    guard rowCount > 0 else { return }
    try readParameters(arguments)
    switch kind {
    case .setUnion, .mapUnion:
      let lists = arguments[0].flattened()
      guard lists.type != .unknown else { return }
      var rows: [Int32] = []
      var expanded: [Int32] = []
      for row in 0..<rowCount where !lists.isNull(row) {
        for element in lists.elementRange(at: row) {
          rows.append(Int32(truncatingIfNeeded: element))
          expanded.append(numbers?[row] ?? 0)
        }
      }
      let elements = rows.withUnsafeBufferPointer { rows in lists.children.map { $0.gather(rows) } }
      expanded.withUnsafeBufferPointer { take(elements, rows.count, $0.baseAddress) }
    case .approximatePercentile where types.count > 1:
      // A NULL weight leaves its row out, as a NULL value does.
      let weights = arguments[1].plain
      for row in 0..<rowCount {
        guard case .double(let weight) = weights.scalar(row), !(weight >= 1) else { continue }
        throw KernelError.invalidArgument(
          "weight must be greater or equal to 1, was \(scalarText(.double(weight), .double))")
      }
      let validity = mergedValidity(arguments[0].validity, weights.validity, count: rowCount)
      take([arguments[0].plain.withValidity(validity), weights], rowCount, numbers)
    default: take(Array(arguments.prefix(types.count)), rowCount, numbers)
    }
  }

  private func readParameters(_ arguments: [ColumnVector]) throws {
    if kind == .listAggregate, separator == nil {
      separator = ""
      if arguments.count > 1, case .text(let text) = arguments[1].scalar(0) { separator = text }
    }
    guard kind == .approximatePercentile, percentages == nil, let last = arguments.last else {
      return
    }
    let wanted = last.scalar(0)
    var values: [Double] = []
    var isList = false
    switch wanted {
    case .double(let value): values = [value]
    case .list(let list):
      isList = true
      for case .double(let value) in list { values.append(value) }
    default: break
    }
    guard !values.isEmpty || isList, values.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
      throw KernelError.invalidArgument("percentile must be between 0 and 1")
    }
    percentages = (values, isList)
  }

  /// Keeps the rows that count: not NULL where NULL does not, and new where one of each is wanted.
  private func take(_ vectors: [ColumnVector], _ count: Int, _ numbers: UnsafePointer<Int32>?) {
    var rows: SelectionVector?
    if let distinct {
      rows = distinct.newRows(
        [vectors[0]], rowCount: count, groups: numbers, skippingNull: kind != .setUnion)
    } else if kind != .arrayAggregate, vectors[0].validity != nil || vectors[0].type == .unknown {
      rows =
        vectors[0].type == .unknown
        ? SelectionVector([]) : SelectionVector(isNull(vectors[0], negated: true))
    }
    let kept = rows.map { rows in vectors.map { $0.gather(rows) } } ?? vectors
    let keptCount = rows?.count ?? count
    guard keptCount > 0 else { return }
    for (index, vector) in kept.enumerated() {
      let typed = vector.type == .unknown ? nullColumn(types[index], count: keptCount) : vector
      let own = typed.isFlat ? typed.compacted() : typed
      columns[index].append(own)
      keptBytes += own.byteCount
    }
    if let rows {
      for row in rows.rows { groups.append(numbers?[Int(row)] ?? 0) }
    } else {
      for row in 0..<count { groups.append(numbers?[row] ?? 0) }
    }
    finished = nil
  }

  func merge(
    _ other: any Accumulator, groupCount: Int, groups map: UnsafePointer<Int32>?
  ) throws {
    guard let other = other as? CollectAccumulator else { throw mergeMistake }
    separator = separator ?? other.separator
    percentages = percentages ?? other.percentages
    let count = other.groups.count
    guard count > 0 else { return }
    let vectors = zip(other.columns, types).map { ColumnVector.concatenate($0, type: $1) }
    let mapped = other.groups.map { map?[Int($0)] ?? 0 }
    mapped.withUnsafeBufferPointer { take(vectors, count, $0.baseAddress) }
  }

  private func finish(_ groupCount: Int) -> Finished {
    if let finished, finished.starts.count > groupCount { return finished }
    let count = max(groupCount, Int(groups.max() ?? -1) + 1)
    var starts = [Int](repeating: 0, count: count + 1)
    for group in groups { starts[Int(group) + 1] += 1 }
    for group in 0..<count { starts[group + 1] += starts[group] }
    var next = starts
    var order = [Int32](repeating: 0, count: groups.count)
    for (row, group) in groups.enumerated() {
      order[next[Int(group)]] = Int32(truncatingIfNeeded: row)
      next[Int(group)] += 1
    }
    let joined = zip(columns, types).map { ColumnVector.concatenate($0, type: $1) }
    columns = joined.map { [$0] }
    let result = Finished(columns: joined, order: order, starts: starts)
    finished = result
    return result
  }

  func result(_ range: Range<Int>) throws -> ColumnVector {
    let all = finish(range.upperBound)
    let places = all.starts[range.lowerBound]..<all.starts[range.upperBound]
    let validity = ValidityBitmap.make(count: range.count) { index in
      all.starts[range.lowerBound + index + 1] > all.starts[range.lowerBound + index]
    }
    let rows = Array(all.order[places])
    let picked = rows.withUnsafeBufferPointer { rows in all.columns.map { $0.gather(rows) } }
    // Group borders within `picked`.
    let starts = range.map { all.starts[$0] - places.lowerBound } + [places.count]
    switch kind {
    case .listAggregate: return listed(picked[0], starts, validity)
    case .approximatePercentile:
      return percentile(picked[0], weights: picked.count > 1 ? picked[1] : nil, starts, validity)
    case .histogram, .multimapAggregate: return keyed(picked, starts, validity)
    default:
      return ColumnVector(
        type: type, count: range.count, values: offsets(starts), children: picked,
        validity: validity)
    }
  }

  private func offsets(_ starts: [Int]) -> Buffer {
    starts.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBytes { Buffer(copying: $0) }
  }

  private func listed(
    _ texts: ColumnVector, _ starts: [Int], _ validity: ValidityBitmap?
  ) -> ColumnVector {
    let flat = texts.plain
    let lane = TextLane(flat)
    var output = TextOutput(capacity: starts.count)
    let between = Array((separator ?? "").utf8)
    for group in 0..<(starts.count - 1) {
      for row in starts[group]..<starts[group + 1] {
        if row > starts[group] { output.row.append(contentsOf: between) }
        output.row.append(contentsOf: lane[row])
      }
      output.finishRow()
    }
    return output.column(type, validity: validity)
  }

  /// The value at each percentage: that of the digest Trino keeps, before it merges neighbours, so
  /// the same for few values and nearer to the truth for many.
  private func percentile(
    _ values: ColumnVector, weights: ColumnVector?, _ starts: [Int], _ validity: ValidityBitmap?
  ) -> ColumnVector {
    let wanted = percentages ?? ([], false)
    var numbers: [Int32] = []
    for group in 0..<(starts.count - 1) {
      for _ in starts[group]..<starts[group + 1] { numbers.append(Int32(truncatingIfNeeded: group)) }
    }
    let groupColumn = ColumnVector(
      type: .integer, count: numbers.count,
      values: numbers.withUnsafeBytes { Buffer(copying: $0) })
    let ascending = SortDirection(isAscending: true, nullsFirst: false)
    let order = sortedRows([groupColumn, values], [ascending, ascending], count: values.count)
    let chosen: ColumnVector
    if let weights {
      chosen = weighted(values, weights, order, starts, wanted.values)
    } else {
      var picked: [Int32] = []
      for group in 0..<(starts.count - 1) {
        let count = starts[group + 1] - starts[group]
        for share in wanted.values {
          let place = min(count - 1, Int(share * Double(count)))
          picked.append(count == 0 ? -1 : order.rows[starts[group] + place])
        }
      }
      chosen = picked.withUnsafeBufferPointer { gatherOrNull(values, $0) }
    }
    guard wanted.isList else { return chosen }
    let step = wanted.values.count
    return ColumnVector(
      type: type, count: starts.count - 1, values: offsets((0..<starts.count).map { $0 * step }),
      children: [chosen], validity: validity)
  }

  /// Values between two heavy neighbours are interpolated, and rounded where they are whole.
  private func weighted(
    _ values: ColumnVector, _ weights: ColumnVector, _ order: SelectionVector, _ starts: [Int],
    _ shares: [Double]
  ) -> ColumnVector {
    let builder = ColumnBuilder(type: types[0], capacity: shares.count * (starts.count - 1))
    let isWhole = types[0].isWholeNumber
    for group in 0..<(starts.count - 1) {
      var samples = WeightedSamples()
      for place in starts[group]..<starts[group + 1] {
        let row = Int(order.rows[place])
        let value: Double
        switch values.scalar(row) {
        case .double(let number): value = number
        case .integer(let number): value = Double(number)
        default: continue
        }
        guard case .double(let weight) = weights.scalar(row) else { continue }
        samples.append(value, weight)
      }
      for share in shares {
        guard let value = samples.value(at: share) else {
          builder.appendNull()
          continue
        }
        // Between two whole numbers of 64 bits there is one; only the last may be just above them.
        let whole = Int64(exactly: (value + 0.5).rounded(.down)) ?? .max
        builder.append(isWhole ? .integer(whole) : .double(value))
      }
    }
    return builder.finish()
  }

  /// A map by group of what each key has: a count, or the list of its values.
  private func keyed(
    _ columns: [ColumnVector], _ starts: [Int], _ validity: ValidityBitmap?
  ) -> ColumnVector {
    let count = columns[0].count
    var groupOfRow = [Int32](repeating: 0, count: count)
    for group in 0..<(starts.count - 1) {
      for row in starts[group]..<starts[group + 1] { groupOfRow[row] = Int32(truncatingIfNeeded: group) }
    }
    let groupColumn = ColumnVector(
      type: .integer, count: count, values: groupOfRow.withUnsafeBytes { Buffer(copying: $0) })
    let table = GroupTable(types: [.integer, types[0]])
    var pairs = [Int32](repeating: 0, count: count)
    pairs.withUnsafeMutableBufferPointer { out in
      guard let start = out.baseAddress else { return }
      table.assign([groupColumn, columns[0]], rowCount: count, into: start)
    }
    // Rows come group by group, so pairs do too.
    let keys = table.keyColumns(0..<table.groupCount)
    var pairStarts = [Int](repeating: 0, count: table.groupCount + 1)
    for pair in pairs { pairStarts[Int(pair) + 1] += 1 }
    let counts = pairStarts.dropFirst().map { Int64($0) }
    for pair in 0..<table.groupCount { pairStarts[pair + 1] += pairStarts[pair] }
    var mapStarts = [Int](repeating: 0, count: starts.count)
    let owners = Lane<Int32>(keys[0])
    for pair in 0..<table.groupCount { mapStarts[Int(owners[pair]) + 1] += 1 }
    for group in 0..<(starts.count - 1) { mapStarts[group + 1] += mapStarts[group] }
    let values: ColumnVector
    if kind == .histogram {
      values = ColumnVector(
        type: .bigint, count: counts.count, values: counts.withUnsafeBytes { Buffer(copying: $0) })
    } else {
      var next = pairStarts
      var order = [Int32](repeating: 0, count: count)
      for (row, pair) in pairs.enumerated() {
        order[next[Int(pair)]] = Int32(truncatingIfNeeded: row)
        next[Int(pair)] += 1
      }
      values = ColumnVector(
        type: .array(types[1]), count: table.groupCount, values: offsets(pairStarts),
        children: [order.withUnsafeBufferPointer { columns[1].gather($0) }])
    }
    return ColumnVector(
      type: type, count: starts.count - 1, values: offsets(mapStarts), children: [keys[1], values],
      validity: validity)
  }
}
