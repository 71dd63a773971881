// Arrays, rows, subscripts and lambdas; needs the nested types of the columns below.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func arrayValue(
    _ items: [ExpressionSyntax],
    _ scope: Scope,
    _ offset: Int
  ) throws -> Typed {
    throw error(.notSupported, "ARRAY is not supported", offset)
  }

  mutating func rowValue(_ items: [ExpressionSyntax], _ scope: Scope) throws -> Typed {
    throw error(.notSupported, "a row value is not supported", items.first?.start ?? 0)
  }

  func element(_ base: Typed, _ index: Typed, _ syntax: ExpressionSyntax) throws -> Typed {
    throw error(.notSupported, "a subscript is not supported", syntax.start)
  }

  func field(_ base: Typed, _ name: Identifier) throws -> Typed {
    throw error(
      .typeMismatch, "Expression \(name.text) is not of type ROW", name.offset)
  }

  mutating func lambdaCall(
    _ call: CallSyntax,
    _ scope: Scope,
    _ syntax: ExpressionSyntax
  ) throws -> Typed? {
    nil
  }
}
