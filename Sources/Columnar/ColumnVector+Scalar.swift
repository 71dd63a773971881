extension ColumnVector {
  /// One cell, for printing and for statistics; allocates, so never in a row loop.
  public func scalar(_ row: Int) -> Scalar {
    if isNull(row) { return .null }
    let index = valueIndex(row)
    switch type {
    case .boolean: return .boolean(values.values(as: UInt8.self)[index] != 0)
    case .unknown: return .null
    case .varbinary: return .binary(withTextValue(at: index) { Array($0) })
    case .varchar, .char, .json:
      return .text(withTextValue(at: index) { String(decoding: $0, as: UTF8.self) })
    case .array:
      return .list(elementRange(at: index).map { children[0].scalar($0) })
    case .map:
      let range = elementRange(at: index)
      return .map(
        keys: range.map { children[0].scalar($0) }, values: range.map { children[1].scalar($0) })
    case .row: return .row(children.map { $0.scalar(index) })
    default: break
    }
    switch type.numberForm {
    case .int8: return .integer(Int64(values.values(as: Int8.self)[index]))
    case .int16: return .integer(Int64(values.values(as: Int16.self)[index]))
    case .int32: return .integer(Int64(values.values(as: Int32.self)[index]))
    case .int64: return .integer(values.values(as: Int64.self)[index])
    case .int128, .uint128: return .exact(values.values(as: Int128.self)[index])
    case .float: return .double(Double(values.values(as: Float.self)[index]))
    case .double: return .double(values.values(as: Double.self)[index])
    case .uint8, nil: return .null
    }
  }
}
