// Functions that draw: `random`, `uuid`, `shuffle`. Each call has a source of its own.

import Columnar
import Kernels
import QueryPlanning
import Synchronization

extension Analyzer {
  static let randomFunctions: [String: Signature] = [
    "random": Signature("T", "", "bigint", "bigint, bigint"),
    "rand": Signature("T", "", "bigint", "bigint, bigint"),
    "uuid": Signature("uuid", ""),
    "shuffle": Signature("array(T)", "array(T)"),
  ]

  /// Tells calls of one process apart: a fresh process that runs the same statements draws the same.
  private static let calls = Atomic<UInt64>(0)

  /// A call of one of `randomFunctions`.
  func randomCall(
    _ key: String, _ arguments: [Typed], _ name: Identifier, _ start: Int
  ) throws -> Typed {
    let number = Self.calls.wrappingAdd(1, ordering: .relaxed).newValue
    let source = RandomSource(seed: UInt64(bitPattern: now) &+ number &* 0xD1B5_4A32_D192_ED03)
    func call(
      _ arguments: [Expression], _ type: TrinoType, _ body: @escaping FunctionOverload.Body
    ) -> Typed {
      // The number keeps two calls apart where equal expressions are computed once.
      Typed(
        .call(
          ScalarFunction(
            name: key, variant: "\(number)", kind: .random, result: type.storage,
            isTotal: arguments.isEmpty, evaluate: body), arguments), type)
    }
    switch (key, arguments.count) {
    case ("random", 0), ("rand", 0):
      return call([], .double) { _, count in randomDoubles(source, count: count) }
    case ("random", 1...2), ("rand", 1...2):
      guard let type = arguments.dropFirst().reduce(arguments.first?.type, { type, next in
        type.flatMap { TrinoType.common($0, next.type) }
      }), type.isWholeNumber || type == .unknown
      else { throw wrongArguments(name, arguments, Self.randomFunctions[key]?.arguments ?? []) }
      let result = type == .unknown ? .bigint : type
      let storage = result.storage
      return call(try arguments.map { try coerce($0, to: result, start) }, result) { a, count in
        let zero = ColumnVector(constant: .integer(0), type: storage, count: count)
        let drawn = try randomIntegers(
          source, from: a.count > 1 ? a[0] : zero, to: a[a.count - 1], count: count)
        return try Kernels.cast(drawn, to: storage)
      }
    case ("uuid", 0):
      return call([], .uuid) { _, count in randomIdentifiers(source, count: count) }
    case ("shuffle", 1):
      guard case .array = arguments[0].type else { fallthrough }
      return call([arguments[0].expression], arguments[0].type) { a, _ in shuffled(a[0], source) }
    default:
      throw wrongArguments(name, arguments, Self.randomFunctions[key]?.arguments ?? [])
    }
  }
}
