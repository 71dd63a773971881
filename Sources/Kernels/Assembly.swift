// Putting columns together: concatenation, choice by a condition, and merging of branches.

public import Columnar

/// One column of all rows of `vectors`, in order; as `ColumnVector.concatenate`.
public func concatenate(_ vectors: [ColumnVector], type: DataType) -> ColumnVector {
  ColumnVector.concatenate(vectors, type: type)
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
  vector.slice(range)
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
  return picked.withValidity(validity)
}

/// The bytes a column holds in memory, about; shared buffers are counted each time.
public func byteCount(of vector: ColumnVector) -> Int { vector.byteCount }
