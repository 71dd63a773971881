// One vector of the rows of several, in order.

extension ColumnVector {
  /// All rows of `vectors`, in order, as a column of `type`.
  ///
  /// The vectors have the layout of `type`, or are of type `unknown` and give NULLs. Long text is
  /// copied into buffers of its own, so that no view pins the batch it came from. One shared
  /// dictionary keeps its encoding, and so does one shared constant.
  public static func concatenate(_ vectors: [ColumnVector], type: DataType) -> ColumnVector {
    let parts = vectors.compactMap { part -> ColumnVector? in
      if part.count == 0 { return nil }
      if part.type == .unknown, type != .unknown {
        return ColumnVector(constant: .null, type: type, count: part.count)
      }
      return part
    }
    if parts.count == 1 { return parts[0].retyped(type) }
    guard let first = parts.first else { return ColumnBuilder(type: type).finish() }
    let count = parts.reduce(0) { $0 + $1.count }
    let validity = joinedValidity(parts, count)
    if let shared = sharedDictionary(parts), shared.values.type == type {
      let codes = Buffer(uninitializedByteCount: count * 4) { memory in
        guard var target = memory.baseAddress else { return }
        for part in parts {
          guard case .dictionary(let codes, _) = part.encoding else { continue }
          target.copyMemory(from: codes.address, byteCount: part.count * 4)
          target += part.count * 4
        }
      }
      return ColumnVector(dictionary: shared, codes: codes, count: count, validity: validity)
    }
    if type.layout != .row, parts.allSatisfy({ $0.isConstant && $0.values === first.values }) {
      return ColumnVector(
        type: type, count: count, encoding: .constant, values: first.values,
        textData: first.textData, children: first.children, validity: validity)
    }
    return joinFlat(parts.map { $0.flattened() }, type, count, validity)
  }

  /// The same rows, flat, with long text copied: holds on to nothing of the batch it came from.
  public func compacted() -> ColumnVector {
    let flat = flattened()
    if textData.isEmpty, children.isEmpty { return flat }
    return ColumnVector.joinFlat([flat], type, count, validity)
  }

  private static func joinFlat(
    _ parts: [ColumnVector], _ type: DataType, _ count: Int, _ validity: ValidityBitmap?
  ) -> ColumnVector {
    switch type.layout {
    case .text: return joinText(parts, type, count, validity)
    case .fixed(let width):
      let values = Buffer(uninitializedByteCount: count * width) { memory in
        guard var target = memory.baseAddress else { return }
        for part in parts {
          target.copyMemory(from: part.values.address, byteCount: part.count * width)
          target += part.count * width
        }
      }
      return ColumnVector(type: type, count: count, values: values, validity: validity)
    case .row:
      let fields = type.childTypes.enumerated().map { index, child in
        concatenate(parts.map { $0.children[index] }, type: child)
      }
      return ColumnVector(row: fields, type: type, count: count, validity: validity)
    case .list, .map:
      let offsets = Buffer(uninitializedByteCount: (count + 1) * 4) { memory in
        let target = memory.bindMemory(to: Int32.self)
        target[0] = 0
        var row = 0
        for part in parts {
          let source = part.values.values(as: Int32.self)
          let shift = target[row] - source[0]
          for index in 0..<part.count { target[row + index + 1] = source[index + 1] + shift }
          row += part.count
        }
      }
      let children = type.childTypes.enumerated().map { index, child in
        concatenate(
          parts.map { part in
            let source = part.values.values(as: Int32.self)
            return part.children[index].slice(Int(source[0])..<Int(source[part.count]))
          }, type: child)
      }
      return ColumnVector(
        type: type, count: count, values: offsets, children: children, validity: validity)
    }
  }

  /// Data buffers stay below this size, far from the 32 bits of a view's offset.
  static var textBufferBytesMax: Int { 1 << 30 }

  private static func joinText(
    _ parts: [ColumnVector], _ type: DataType, _ count: Int, _ validity: ValidityBitmap?
  ) -> ColumnVector {
    var arena = TextArena()
    let views = Buffer(uninitializedByteCount: count * 16) { memory in
      let target = memory.bindMemory(to: TextView.self)
      var row = 0
      for part in parts {
        let source = part.values.values(as: TextView.self)
        let data = part.textData.map(\.address)
        for index in 0..<part.count {
          let view = source[index]
          if view.isInline {
            target[row] = view
          } else if part.isNull(index) {
            target[row] = .empty
          } else {
            target[row] = arena.store(
              UnsafeRawBufferPointer(
                start: data[view.bufferIndex] + view.byteOffset, count: view.count))
          }
          row += 1
        }
      }
    }
    return ColumnVector(
      type: type, count: count, values: views, textData: arena.finish(), validity: validity)
  }

  private static func joinedValidity(_ parts: [ColumnVector], _ count: Int) -> ValidityBitmap? {
    guard parts.contains(where: { $0.validity != nil }) else { return nil }
    var flags = [UInt8](repeating: 1, count: count)
    var start = 0
    for part in parts {
      if let validity = part.validity {
        for row in 0..<part.count where !validity.isValid(row) { flags[start + row] = 0 }
      }
      start += part.count
    }
    return flags.withUnsafeBufferPointer { bytes in
      ValidityBitmap.make(count: count) { bytes[$0] != 0 }
    }
  }

  private static func sharedDictionary(_ parts: [ColumnVector]) -> VectorDictionary? {
    guard let first = parts.first, case .dictionary(_, let shared) = first.encoding else {
      return nil
    }
    for part in parts {
      guard case .dictionary(_, let other) = part.encoding, other === shared else { return nil }
    }
    return shared
  }
}
