// Casts between JSON texts and SQL values: leaves as Trino reads and writes them, arrays, maps and
// rows member by member.

import Columnar

/// `CAST(json AS type)`; JSON's null is NULL. Throws `invalidCast` where a value has no such form.
func cast(json source: ColumnVector, to type: DataType, isLenient: Bool) throws -> ColumnVector {
  let texts = source.plain
  let builder = ColumnBuilder(type: type, capacity: texts.count)
  for row in 0..<texts.count {
    guard case .text(let text) = texts.scalar(row) else {
      builder.appendNull()
      continue
    }
    do {
      guard let value = JSONValue(parsing: text) else {
        throw KernelError.invalidCast(value: text, from: .json, to: type)
      }
      builder.append(try scalar(of: value, as: type))
    } catch let failure as KernelError {
      guard isLenient else { throw failure }
      builder.appendNull()
    }
  }
  return builder.finish()
}

/// `CAST(value AS json)`; NULL stays NULL, and is null inside arrays, maps and rows.
func castToJSON(_ source: ColumnVector) throws -> ColumnVector {
  let values = source.plain
  let builder = ColumnBuilder(type: .json, capacity: values.count)
  for row in 0..<values.count {
    let scalar = values.scalar(row)
    if scalar.isNull {
      builder.appendNull()
    } else {
      builder.append(try json(of: scalar, source.type).text(isSorted: false))
    }
  }
  return builder.finish()
}

// MARK: From JSON

private func scalar(of value: JSONValue, as type: DataType) throws -> Scalar {
  func refused() -> KernelError {
    .invalidCast(value: value.text(isSorted: false), from: .json, to: type)
  }
  if type == .json { return .text(value.text(isSorted: true)) }
  switch (type, value) {
  case (_, .null): return .null
  case (.array(let element), .array(let items)):
    return .list(try items.map { try scalar(of: $0, as: element) })
  case (.map(let key, let inner), .object(let members)):
    return .map(
      keys: try members.map { try leaf($0.name, .varchar, as: key) },
      values: try members.map { try scalar(of: $0.value, as: inner) })
  case (.row(let fields), .array(let items)):
    guard items.count == fields.count else { throw refused() }
    return .row(try zip(items, fields).map { try scalar(of: $0, as: $1.type) })
  case (.row(let fields), .object(let members)):
    return .row(
      try fields.map { field in
        let name = field.name.lowercased()
        let member = members.last { $0.name.lowercased() == name }
        return try member.map { try scalar(of: $0.value, as: field.type) } ?? .null
      })
  case (.array, _), (.map, _), (.row, _): throw refused()
  case (.varchar, .string(let text)): return .text(text)
  case (.varchar, .boolean), (.varchar, .number): return .text(value.text(isSorted: false))
  case (.boolean, .boolean(let flag)): return .boolean(flag)
  case (.boolean, .number(let text)):
    guard let number = Double(text) else { throw refused() }
    return .boolean(number != 0)
  case (_, .string(let text)):
    do {
      return try leaf(text, .varchar, as: type)
    } catch is KernelError { throw refused() }
  case (_, .boolean(let flag)):
    guard type.isNumeric else { throw refused() }
    return try leaf(flag ? "1" : "0", .varchar, as: type)
  case (_, .number(let text)):
    guard type.isNumeric else { throw refused() }
    if type.isWholeNumber, text.contains(where: { ".eE".contains($0) }) {
      // A fraction is rounded, as a double's cast does.
      guard let number = Double(text) else { throw refused() }
      return try convert(.double(number), .double, to: type)
    }
    return try leaf(text, .varchar, as: type)
  default: throw refused()
  }
}

private func leaf(_ text: String, _ from: DataType, as type: DataType) throws -> Scalar {
  if case .varchar = type { return .text(text) }
  return try convert(.text(text), from, to: type)
}

private func convert(_ scalar: Scalar, _ from: DataType, to type: DataType) throws -> Scalar {
  try cast(ColumnVector(constant: scalar, type: from, count: 1), to: type).scalar(0)
}

// MARK: To JSON

private func json(of scalar: Scalar, _ type: DataType) throws -> JSONValue {
  if scalar.isNull { return .null }
  switch (type, scalar) {
  case (.json, .text(let text)): return JSONValue(parsing: text) ?? .string(text)
  case (.boolean, .boolean(let flag)): return .boolean(flag)
  case (.array(let element), .list(let items)):
    return .array(try items.map { try json(of: $0, element) })
  case (.map(let key, let inner), .map(let keys, let values)):
    let members = try zip(keys, values).map { name, value in
      JSONValue.Member(name: scalarText(name, key), value: try json(of: value, inner))
    }
    return .object(members.sorted { $0.name < $1.name })
  case (.row(let fields), .row(let values)):
    return .object(
      try zip(fields, values).map { field, value in
        JSONValue.Member(name: field.name, value: try json(of: value, field.type))
      })
  case (.double, .double(let number)), (.real, .double(let number)):
    return number.isFinite ? .number(scalarText(scalar, type)) : .string(scalarText(scalar, type))
  case (.varbinary, _), (.intervalDayToSecond, _), (.intervalYearToMonth, _), (.uuid, _):
    throw KernelError.notSupported("a cast from \(type) to json")
  default:
    return type.isNumeric ? .number(scalarText(scalar, type)) : .string(scalarText(scalar, type))
  }
}
