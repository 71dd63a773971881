// Putting columns together: concatenation, choice by a condition, and merging of branches.

public import Columnar

/// One column of all rows of `vectors`, in order.
///
/// Text is copied into one buffer, so that views do not pin the batches they came from; one shared
/// dictionary keeps its encoding.
public func concatenate(_ vectors: [ColumnVector], type: DataType) -> ColumnVector {
  let parts = vectors.filter { $0.count > 0 }
  if parts.count == 1, parts[0].type == type { return parts[0] }
  let count = parts.reduce(0) { $0 + $1.count }
  let validity = concatenatedValidity(parts, count)
  if let shared = sharedDictionary(parts) {
    let codes = Buffer(byteCount: count * 4) { memory in
      guard var target = memory.baseAddress else { return }
      for part in parts {
        guard case .dictionary(let codes, _) = part.encoding else { continue }
        target.copyMemory(from: codes.address, byteCount: part.count * 4)
        target += part.count * 4
      }
    }
    return ColumnVector(dictionary: shared, codes: codes, count: count, validity: validity)
  }
  switch type.layout {
  case .text: return concatenateText(parts, type, count, validity)
  case .fixed(width: 8): return concatenateFixed(parts, type, count, validity, as: UInt64.self)
  case .fixed(width: 4): return concatenateFixed(parts, type, count, validity, as: UInt32.self)
  case .fixed: return concatenateFixed(parts, type, count, validity, as: UInt8.self)
  }
}

private func concatenatedValidity(_ parts: [ColumnVector], _ count: Int) -> ValidityBitmap? {
  guard parts.contains(where: { $0.validity != nil }) else { return nil }
  var flags = [UInt8](repeating: 1, count: count)
  var start = 0
  for part in parts {
    if let validity = part.validity {
      for row in 0..<part.count where !validity.isValid(row) { flags[start + row] = 0 }
    }
    start += part.count
  }
  return ValidityBitmap.make(count: count) { flags[$0] != 0 }
}

private func sharedDictionary(_ parts: [ColumnVector]) -> VectorDictionary? {
  guard let first = parts.first, case .dictionary(_, let shared) = first.encoding else {
    return nil
  }
  for part in parts {
    guard case .dictionary(_, let other) = part.encoding, other === shared else { return nil }
  }
  return shared
}

private func concatenateFixed<Value: BitwiseCopyable & ExpressibleByIntegerLiteral>(
  _ parts: [ColumnVector],
  _ type: DataType,
  _ count: Int,
  _ validity: ValidityBitmap?,
  as: Value.Type
) -> ColumnVector {
  makeFixed(type, count, validity, as: Value.self) { out in
    var start = 0
    for part in parts {
      // A bare NULL column is of another type, and carries no values.
      if part.type != .unknown || type == .unknown {
        let flat = part.plain
        let lane = Lane<Value>(flat)
        for row in 0..<part.count { out[start + row] = lane[row] }
      }
      start += part.count
    }
  }
}

private func concatenateText(
  _ parts: [ColumnVector],
  _ type: DataType,
  _ count: Int,
  _ validity: ValidityBitmap?
) -> ColumnVector {
  var output = TextOutput(capacity: count)
  for part in parts {
    guard part.type != .unknown else {
      for _ in 0..<part.count { output.appendEmpty() }
      continue
    }
    let flat = part.plain
    let lane = TextLane(flat)
    for row in 0..<part.count {
      if flat.isNull(row) { output.appendEmpty() } else { output.append(lane[row]) }
    }
  }
  return output.column(type, validity: validity)
}

/// `condition ? first : second` by row; NULL counts as false.
public func choose(
  _ condition: ColumnVector,
  _ first: ColumnVector,
  _ second: ColumnVector
) -> ColumnVector {
  let count = condition.count
  let both = concatenate([first, second], type: first.type == .unknown ? second.type : first.type)
  let flagsSource = condition.plain
  let flags = Lane<UInt8>(flagsSource)
  let rows = Buffer(byteCount: count * 4) { memory in
    guard let start = memory.baseAddress else { return }
    let out = start.assumingMemoryBound(to: Int32.self)
    for row in 0..<count {
      let hit = flags[row] != 0 && !flagsSource.isNull(row)
      out[row] = Int32(truncatingIfNeeded: hit ? row : count + row)
    }
  }
  return withExtendedLifetime(rows) { both.gather(rows.values(as: Int32.self)) }
}

/// Rows that were computed apart, put back in their places: `pieces[i].values` has one row for each
/// of `pieces[i].rows`, and together the rows are 0 ..< `count`, each once.
public func merge(
  _ pieces: [(rows: RowSelection, values: ColumnVector)],
  type: DataType,
  count: Int
) -> ColumnVector {
  if pieces.count == 1, pieces[0].values.type == type { return pieces[0].values }
  let all = concatenate(pieces.map(\.values), type: type)
  let places = Buffer(byteCount: count * 4) { memory in
    guard let start = memory.baseAddress else { return }
    let out = start.assumingMemoryBound(to: Int32.self)
    var next: Int32 = 0
    for piece in pieces {
      for row in piece.rows.rows {
        out[Int(row)] = next
        next += 1
      }
    }
  }
  return withExtendedLifetime(places) {
    all.gather(UnsafeBufferPointer(rebasing: places.values(as: Int32.self)[0..<count]))
  }
}

/// The rows `range`, as a column of its own.
public func slice(_ vector: ColumnVector, _ range: Range<Int>) -> ColumnVector {
  if range.lowerBound == 0, range.upperBound == vector.count { return vector }
  let rows = Buffer(byteCount: range.count * 4) { memory in
    guard let start = memory.baseAddress else { return }
    let out = start.assumingMemoryBound(to: Int32.self)
    for index in 0..<range.count {
      out[index] = Int32(truncatingIfNeeded: range.lowerBound + index)
    }
  }
  return withExtendedLifetime(rows) {
    vector.gather(UnsafeBufferPointer(rebasing: rows.values(as: Int32.self)[0..<range.count]))
  }
}

/// Rows `rows` of `vector`; -1 gives NULL.
///
/// For the missing side of outer joins.
public func gatherOrNull(_ vector: ColumnVector, _ rows: UnsafeBufferPointer<Int32>) -> ColumnVector
{
  guard vector.count > 0 else { return nullColumn(vector.type, count: rows.count) }
  guard rows.contains(where: { $0 < 0 }) else { return vector.gather(rows) }
  let safe = rows.map { max($0, 0) }
  let picked = safe.withUnsafeBufferPointer { vector.gather($0) }
  let validity = ValidityBitmap.make(count: rows.count) { rows[$0] >= 0 && !picked.isNull($0) }
  return ColumnVector(
    type: picked.type,
    count: picked.count,
    encoding: picked.encoding,
    values: picked.values,
    textData: picked.textData,
    validity: validity
  )
}

/// The bytes a column holds in memory, about; shared buffers are counted each time.
public func byteCount(of vector: ColumnVector) -> Int {
  var bytes = vector.validity?.buffer.byteCount ?? 0
  switch vector.encoding {
  case .flat:
    bytes += vector.values.byteCount
    for data in vector.textData { bytes += data.byteCount }
  case .dictionary(let codes, _): bytes += codes.byteCount
  case .constant: break
  }
  return bytes
}
