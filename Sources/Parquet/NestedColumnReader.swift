// A nested column of one row group: the levels and values of its leaves, put together.
//
// Every node of the column's shape has slots: one a row at the top, one an element inside a list. A
// leaf's entries tell all of them: an entry belongs to a slot of the node if it does not go on with
// a list further down (its repetition level) and if the list around the node has an element there
// (its definition level).

import Columnar

/// Reads a column of one row group, on one thread.
protocol ColumnReader: AnyObject {
  /// Passes over rows; `row` ascends and lies in the row group.
  func skip(to row: Int) throws
  /// The next `count` rows.
  func read(_ count: Int) throws -> ColumnVector
  /// Counts the pages that nobody came to.
  func countRest()
}

extension ColumnChunkReader: ColumnReader {}

/// Reads the leaves of a nested column in step.
final class NestedColumnReader: ColumnReader {
  private let shape: ColumnShape
  private let leaves: [ColumnChunkReader]
  private var runs: [LevelRun] = []
  private var vectors: [ColumnVector] = []

  init(shape: ColumnShape, leaves: [ColumnChunkReader]) {
    self.shape = shape
    self.leaves = leaves
  }

  func skip(to row: Int) throws {
    for leaf in leaves { try leaf.skip(to: row) }
  }

  func countRest() {
    for leaf in leaves { leaf.countRest() }
  }

  func read(_ count: Int) throws -> ColumnVector {
    runs = []
    vectors = []
    for leaf in leaves {
      let (run, vector) = try leaf.readNested(count)
      runs.append(run)
      vectors.append(vector)
    }
    return try assemble(shape, Slots(count: count, repetition: 0, definition: 0))
  }

  /// The slots of a node: the entries that stand for it.
  private struct Slots {
    var count: Int
    /// Entries of a higher repetition level go on with something inside the node.
    var repetition: Int
    /// Entries of a lower definition level have no slot here.
    var definition: Int
  }

  private func assemble(_ shape: ColumnShape, _ slots: Slots) throws -> ColumnVector {
    switch shape {
    case .leaf(let leaf):
      let vector = vectors[leaf]
      guard vector.count == slots.count else { throw outOfStep(leaf) }
      return vector
    case .row(let fields, let type, let definition):
      let children = try fields.map { try assemble($0, slots) }
      return ColumnVector(
        row: children,
        type: type,
        count: slots.count,
        validity: try validity(shape.firstLeaf, slots, from: definition)
      )
    case .list(let element, let type, let levels):
      let (offsets, validity, inner) = try offsets(shape.firstLeaf, slots, levels)
      return ColumnVector(
        type: type,
        count: slots.count,
        values: offsets,
        children: [try assemble(element, inner)],
        validity: validity
      )
    case .map(let key, let value, let type, let levels):
      let (offsets, validity, inner) = try offsets(shape.firstLeaf, slots, levels)
      let keys = try assemble(key, inner)
      guard keys.nullCount == 0 else {
        throw leaves[shape.firstLeaf].error(.corrupt, "a map has a NULL key")
      }
      return ColumnVector(
        type: type,
        count: slots.count,
        values: offsets,
        children: [keys, try assemble(value, inner)],
        validity: validity
      )
    }
  }

  private func outOfStep(_ leaf: Int) -> ParquetError {
    leaves[leaf].error(.corrupt, "its levels contradict those of the column's other parts")
  }

  /// Which slots are not NULL: those whose entry reaches `definition`.
  private func validity(
    _ leaf: Int,
    _ slots: Slots,
    from definition: Int
  ) throws -> ValidityBitmap? {
    guard definition > slots.definition else { return nil }
    let run = runs[leaf]
    var slot = 0
    var valid = 0
    let buffer = Buffer(byteCount: (slots.count + 7) / 8) { memory in
      for entry in 0..<run.count {
        let level = Int(run.definitions[entry])
        if level < slots.definition { continue }
        if !run.repetitions.isEmpty, Int(run.repetitions[entry]) > slots.repetition { continue }
        if level >= definition, slot < slots.count {
          memory[slot >> 3] |= 1 << UInt8(slot & 7)
          valid += 1
        }
        slot += 1
      }
    }
    guard slot == slots.count else { throw outOfStep(leaf) }
    if valid == slots.count { return nil }
    return ValidityBitmap(buffer: buffer, count: slots.count, nullCount: slots.count - valid)
  }

  /// Where the elements of each slot's list begin, which lists are NULL, and the elements' slots.
  private func offsets(
    _ leaf: Int,
    _ slots: Slots,
    _ levels: ListLevels
  ) throws -> (Buffer, ValidityBitmap?, Slots) {
    let run = runs[leaf]
    var slot = 0
    var elements = 0
    var isBroken = false
    let buffer = Buffer(byteCount: (slots.count + 1) * 4) { memory in
      let target = memory.bindMemory(to: Int32.self)
      for entry in 0..<run.count {
        let level = Int(run.definitions[entry])
        let repetition = Int(run.repetitions[entry])
        if repetition <= slots.repetition {
          if level < slots.definition { continue }
          if slot < slots.count { target[slot] = Int32(truncatingIfNeeded: elements) }
          slot += 1
          if level >= levels.elementDefinition { elements += 1 }
        } else if repetition == levels.repetition {
          // Going on with a list says that there is an element.
          if level < levels.elementDefinition || slot == 0 { isBroken = true }
          elements += 1
        }
      }
      target[slots.count] = Int32(truncatingIfNeeded: elements)
    }
    guard slot == slots.count, !isBroken else { throw outOfStep(leaf) }
    let inner = Slots(
      count: elements,
      repetition: levels.repetition,
      definition: levels.elementDefinition
    )
    return (buffer, try validity(leaf, slots, from: levels.definition), inner)
  }
}
