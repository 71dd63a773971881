// Leaves below lists, maps and structs: levels tell where a value is, and how much around it.
//
// A leaf's entries are its values and the gaps where an ancestor is NULL or empty. Each entry has a
// repetition level (0: a new row) and a definition level (how far down something is there). This
// file reads the entries of some rows and the leaf's own values; `NestedAssembly` builds the lists
// and structs around them.

import Codecs
import Columnar

/// The levels of one leaf for some rows.
struct LevelRun {
  /// By entry.
  var definitions: [UInt8] = []
  /// By entry; empty where the leaf is not repeated, and every entry begins a row.
  var repetitions: [UInt8] = []

  var count: Int { definitions.count }

  mutating func removeAll() {
    definitions.removeAll(keepingCapacity: true)
    repetitions.removeAll(keepingCapacity: true)
  }
}

/// Levels of a page that have been decoded and not been taken; a row may end among them.
struct LevelAhead {
  var definitions: [UInt8] = []
  var repetitions: [UInt8] = []
  var next = 0

  var isEmpty: Bool { next == definitions.count }
}

extension ColumnChunkReader {
  /// More elements in one batch than any sensible one: levels let a small page stand for endless
  /// NULLs.
  private static let entryCountMax = 1 << 26

  /// The next `rows` rows: their levels, and a vector with a slot for every entry whose innermost
  /// list has an element there, or for every row where there is no list.
  func readNested(_ rows: Int) throws -> (LevelRun, ColumnVector) {
    var run = LevelRun()
    let values = DenseValues(column.conversion)
    try placing {
      try readEntries(rows, into: &run) { present in try values.append(present, from: self) }
    }
    row += rows
    return (run, try spread(run, values))
  }

  /// Passes over rows of a nested column that lie within pages.
  func skipNestedRows(_ rows: Int) throws {
    var run = LevelRun()
    try readEntries(rows, into: &run) { present in try skipValues(present) }
    row += rows
  }

  /// Reads the levels of `rows` rows in pieces that do not leave a page, and hands the number of
  /// values of each piece to `take`.
  private func readEntries(
    _ rows: Int,
    into run: inout LevelRun,
    take: (Int) throws -> Void
  ) throws {
    var left = rows
    var isInRow = false
    while true {
      if ahead.isEmpty {
        if (page?.entriesLeft ?? 0) == 0 {
          // Rows end with their pages wherever the format says so; elsewhere one may go on.
          if left == 0, rowsEndWithPages || !hasMorePages { return }
          try ensurePage()
        }
        try loadAhead()
      }
      let piece = takeAhead(&left, &isInRow, into: &run)
      if piece.entries > 0 {
        guard run.count <= Self.entryCountMax else {
          throw error(.unsupported, "\(rows) rows with more than \(Self.entryCountMax) elements")
        }
        try take(piece.present)
      }
      if piece.isEnd { return }
    }
  }

  /// Moves entries from the levels ahead to `run`, up to the end of the last wanted row.
  ///
  /// `isEnd` where the next row begins ahead.
  private func takeAhead(
    _ left: inout Int,
    _ isInRow: inout Bool,
    into run: inout LevelRun
  ) -> (entries: Int, present: Int, isEnd: Bool) {
    let start = ahead.next
    let count = ahead.definitions.count
    var end = start
    var isEnd = false
    if column.isRepeated {
      while end < count {
        if ahead.repetitions[end] == 0 {
          if left == 0 {
            isEnd = true
            break
          }
          left -= 1
        }
        end += 1
      }
      run.repetitions += ahead.repetitions[start..<end]
    } else {
      end = start + min(count - start, left)
      left -= end - start
      isEnd = left == 0
    }
    let maximum = UInt8(truncatingIfNeeded: column.maxDefinition)
    var present = 0
    for index in start..<end where ahead.definitions[index] == maximum { present += 1 }
    run.definitions += ahead.definitions[start..<end]
    ahead.next = end
    return (end - start, present, isEnd)
  }

  /// Decodes some levels of the page, which has some.
  private func loadAhead() throws {
    let count = min(page?.entriesLeft ?? 0, scratchCount)
    ahead = LevelAhead()
    if column.isRepeated {
      try page?.repetitions?.decode(into: codes, count: count)
      ahead.repetitions = try levels(count, maximum: column.maxRepetition)
      if page?.isFresh == true, row == 0 || rowsEndWithPages, ahead.repetitions.first != 0 {
        throw error(.corrupt, "the page does not begin with a row")
      }
    }
    if column.maxDefinition > 0 {
      try page?.definitions?.decode(into: codes, count: count)
      ahead.definitions = try levels(count, maximum: column.maxDefinition)
    } else {
      ahead.definitions = [UInt8](repeating: 0, count: count)
    }
    page?.entriesLeft -= count
    page?.isFresh = false
  }

  private func levels(_ count: Int, maximum: Int) throws -> [UInt8] {
    var largest: UInt32 = 0
    let levels = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      for index in 0..<count {
        let level = UInt32(bitPattern: codes[index])
        largest = max(largest, level)
        target[index] = UInt8(truncatingIfNeeded: level)
      }
      initialized = count
    }
    guard largest <= UInt32(maximum) else {
      throw error(.corrupt, "a level of \(largest) where \(maximum) is the highest")
    }
    return levels
  }

  // MARK: - Values

  /// Moves the values to their slots.
  private func spread(_ run: LevelRun, _ dense: DenseValues) throws -> ColumnVector {
    let maximum = UInt8(truncatingIfNeeded: column.maxDefinition)
    let least = UInt8(truncatingIfNeeded: column.slotDefinition)
    var slots = 0
    for definition in run.definitions where definition >= least { slots += 1 }
    let nulls = slots - dense.count
    var validity: ValidityBitmap?
    if nulls > 0 {
      let buffer = Buffer(byteCount: (slots + 7) / 8) { memory in
        var slot = 0
        for definition in run.definitions where definition >= least {
          if definition == maximum { memory[slot >> 3] |= 1 << UInt8(slot & 7) }
          slot += 1
        }
      }
      validity = ValidityBitmap(buffer: buffer, count: slots, nullCount: nulls)
    }
    func placed<Value: BitwiseCopyable>(_ type: Value.Type) -> Buffer {
      if nulls == 0 { return Buffer(copying: dense.bytes.bytes) }
      let size = MemoryLayout<Value>.stride
      return Buffer(byteCount: slots * size) { memory in
        guard let target = memory.baseAddress?.assumingMemoryBound(to: type) else { return }
        let source = dense.bytes.address.assumingMemoryBound(to: type)
        var slot = 0
        var next = 0
        for definition in run.definitions where definition >= least {
          if definition == maximum {
            target[slot] = source[next]
            next += 1
          }
          slot += 1
        }
      }
    }
    if dense.areCodes, let dictionary {
      return ColumnVector(
        dictionary: dictionary,
        codes: placed(Int32.self),
        count: slots,
        validity: validity
      )
    }
    let values: Buffer =
      switch dense.width {
      case 1: placed(UInt8.self)
      case 2: placed(UInt16.self)
      case 4: placed(UInt32.self)
      case 8: placed(UInt64.self)
      default: placed(TextView.self)
      }
    return ColumnVector(
      type: column.type,
      count: slots,
      values: values,
      textData: dense.textData,
      validity: validity
    )
  }
}

/// The values of some rows of a leaf one after the other, without gaps.
private final class DenseValues {
  let bytes = ByteBuilder()
  private(set) var count = 0
  /// Text as codes, as long as all pages hold codes.
  private(set) var areCodes: Bool
  private(set) var textData: [Buffer] = []
  private let isText: Bool
  /// Bytes of a value that is no code.
  let width: Int

  init(_ conversion: ValueConversion) {
    isText = conversion.isText
    areCodes = isText
    width = conversion.targetWidth
  }

  /// Decodes the next `present` values of the reader's page.
  func append(_ present: Int, from reader: ColumnChunkReader) throws {
    guard present > 0 else { return }
    count += present
    guard isText else {
      try reader.decodeFixed(present, into: bytes.grow(by: present * width))
      return
    }
    if case .dictionary(var decoder) = reader.page?.values {
      try reader.readCodes(&decoder, into: reader.codes, count: present)
      reader.page?.values = .dictionary(decoder)
      if areCodes {
        bytes.grow(by: present * 4).copyMemory(from: reader.codes, byteCount: present * 4)
      } else {
        appendViews(reader.codes, present, reader)
      }
      return
    }
    if areCodes { becomeViews(reader) }
    try reader.decodeViews(present, into: reader.views, &textData)
    bytes.grow(by: present * 16).copyMemory(from: reader.views, byteCount: present * 16)
  }

  /// Views into the dictionary have its buffer as number 0.
  private func becomeViews(_ reader: ColumnChunkReader) {
    areCodes = false
    textData = reader.dictionary?.values.textData ?? []
    let number = bytes.count / 4
    let codes = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, number))
    defer { codes.deallocate() }
    UnsafeMutableRawPointer(codes).copyMemory(from: bytes.address, byteCount: number * 4)
    bytes.removeAll()
    appendViews(codes, number, reader)
  }

  private func appendViews(
    _ codes: UnsafeMutablePointer<Int32>,
    _ number: Int,
    _ reader: ColumnChunkReader
  ) {
    guard let values = reader.dictionaryValues else { return }
    let source = values.address.assumingMemoryBound(to: TextView.self)
    let target = bytes.grow(by: number * 16)
    for index in 0..<number {
      target.storeBytes(of: source[Int(codes[index])], toByteOffset: index * 16, as: TextView.self)
    }
  }
}
