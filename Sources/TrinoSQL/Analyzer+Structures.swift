// Arrays, rows and maps in expressions: constructors, subscripts and fields.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  /// `ARRAY[…]`
  mutating func arrayValue(
    _ items: [ExpressionSyntax],
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    var values: [Typed] = []
    for item in items { values.append(try expression(item, scope)) }
    let element = try commonType(values, "All ARRAY elements", offset)
    let parts = try values.map { try coerce($0, to: element, offset) }
    let type = TrinoType.array(element)
    let storage = element.storage
    let call = Expression.call(
      ScalarFunction(name: "array", variant: "\(type) null-tolerant", result: type.storage) {
        columns,
        count in makeArray(columns, element: storage, count: count)
      },
      parts
    )
    return Typed(FoldConstants.fold(call), type)
  }

  /// `ROW(…)` or `(…, …)`
  mutating func rowValue(_ items: [ExpressionSyntax], _ scope: Scope) throws -> Typed {
    var values: [Typed] = []
    for item in items { values.append(try expression(item, scope)) }
    let type = TrinoType.row(values.map { TrinoType.RowField(nil, $0.type) })
    let storage = type.storage
    let call = Expression.call(
      ScalarFunction(name: "row", variant: "\(type) null-tolerant", result: storage) {
        columns,
        count in makeRow(columns, type: storage, count: count)
      },
      values.map(\.expression)
    )
    return Typed(FoldConstants.fold(call), type)
  }

  /// `base[index]`
  func element(_ base: Typed, _ index: Typed, _ syntax: ExpressionSyntax) throws -> Typed {
    switch base.type {
    case .array(let element):
      guard TrinoType.coercionCost(index.type, .bigint) != nil else {
        throw error(
          .typeMismatch, "Cannot use \(index.type) for subscript of \(base.type)", syntax.start)
      }
      let call = Expression.call(
        ScalarFunction(
          name: "[]", variant: "\(base.type)", result: element.storage, isTotal: false
        ) { columns, _ in try arrayElement(columns[0], columns[1], isLenient: false) },
        [base.expression, try coerce(index, to: .bigint, syntax.start)]
      )
      return Typed(FoldConstants.fold(call), element)
    case .map(let key, let value):
      guard TrinoType.coercionCost(index.type, key) != nil else {
        throw error(
          .typeMismatch, "Cannot use \(index.type) for subscript of \(base.type)", syntax.start)
      }
      let call = Expression.call(
        ScalarFunction(
          name: "[]", variant: "\(base.type)", result: value.storage, isTotal: false
        ) { columns, _ in try mapElement(columns[0], columns[1], isLenient: false) },
        [base.expression, try coerce(index, to: key, syntax.start)]
      )
      return Typed(FoldConstants.fold(call), value)
    case .row(let fields):
      guard case .integer(let place)? = index.constant, place >= 1, place <= fields.count else {
        throw error(
          .invalidFunctionArgument,
          "The subscript of a row must be a constant from 1 to \(fields.count)", syntax.start)
      }
      return Self.rowField(base, Int(place) - 1, fields[Int(place) - 1].type)
    default:
      throw error(
        .typeMismatch, "Cannot apply operator: \(base.type)[\(index.type)]", syntax.start)
    }
  }

  /// `base.name`
  func field(_ base: Typed, _ name: Identifier) throws -> Typed {
    guard case .row(let fields) = base.type else {
      throw error(
        .typeMismatch, "Expression of type \(base.type) has no field '\(name.text)'", name.offset,
        advice: "Only rows have fields.")
    }
    let found = fields.indices.filter { fields[$0].name?.lowercased() == name.key }
    guard let index = found.first else {
      throw error(
        .columnNotFound,
        "Column '\(name.text)' cannot be resolved",
        name.offset,
        suggestions: nearestNames(to: name.text, among: fields.compactMap(\.name))
      )
    }
    guard found.count == 1 else {
      throw error(.ambiguousName, "Ambiguous row field reference: \(name.text)", name.offset)
    }
    return Self.rowField(base, index, fields[index].type)
  }

  static func rowField(_ base: Typed, _ index: Int, _ type: TrinoType) -> Typed {
    Typed(
      FoldConstants.fold(
        .call(
          ScalarFunction(name: "field", variant: "\(index) \(base.type)", result: type.storage) {
            columns,
            _ in fieldColumn(columns[0], index)
          },
          [base.expression]
        )
      ),
      type
    )
  }
}
