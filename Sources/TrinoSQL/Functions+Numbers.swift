// Functions over numbers that need no overloads.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  private static func ofDouble(
    _ body: @escaping @Sendable (Double) -> Double
  ) -> GenericFunction {
    plain([.double], to: .double, isTotal: true) { a, _ in mapDouble(a[0], body) }
  }

  private static func ofDoubles(
    _ body: @escaping @Sendable (Double, Double) -> Double
  ) -> GenericFunction {
    plain([.double, .double], to: .double, isTotal: true) { a, _ in mapDoubles(a[0], a[1], body) }
  }

  private static func ofBigints(
    _ body: @escaping @Sendable (Int64, Int64) -> Int64
  ) -> GenericFunction {
    plain([.bigint, .bigint], to: .bigint, isTotal: true) { a, _ in mapBigints(a[0], a[1], body) }
  }

  /// Throws where `holds` is false for the values of a row without NULLs.
  private static func distribution(
    _ count: Int, _ advice: String, holds: @escaping @Sendable ([Double]) -> Bool,
    _ body: @escaping @Sendable ([Double]) -> Double
  ) -> GenericFunction {
    plain(Array(repeating: .double, count: count), to: .double) { a, rows in
      try mapDoubles(a, count: rows) { values in
        guard holds(values) else { throw KernelError.invalidArgument(advice) }
        return body(values)
      }
    }
  }

  static let numberFunctions: [String: GenericFunction] = [
    "cbrt": ofDouble { DoubleMath.cubeRoot($0) },
    "degrees": ofDouble { $0 * 180 / .pi },
    "radians": ofDouble { $0 * .pi / 180 },
    "sin": ofDouble { DoubleMath.sine($0) },
    "cos": ofDouble { DoubleMath.cosine($0) },
    "tan": ofDouble { DoubleMath.tangent($0) },
    "asin": ofDouble { DoubleMath.arcSine($0) },
    "acos": ofDouble { DoubleMath.arcCosine($0) },
    "atan": ofDouble { DoubleMath.arcTangent($0) },
    "atan2": ofDoubles { DoubleMath.arcTangent($0, $1) },
    "sinh": ofDouble { DoubleMath.hyperbolicSine($0) },
    "cosh": ofDouble { DoubleMath.hyperbolicCosine($0) },
    "tanh": ofDouble { DoubleMath.hyperbolicTangent($0) },
    "log": ofDoubles { DoubleMath.logarithm($1) / DoubleMath.logarithm($0) },
    "bitwise_and": ofBigints { $0 & $1 },
    "bitwise_or": ofBigints { $0 | $1 },
    "bitwise_xor": ofBigints { $0 ^ $1 },
    "bitwise_not": plain([.bigint], to: .bigint, isTotal: true) { a, _ in
      mapBigint(a[0]) { ~$0 }
    },
    "bitwise_left_shift": ofBigints { $1 >= 64 || $1 < 0 ? 0 : $0 << $1 },
    "bitwise_right_shift": ofBigints {
      $1 >= 64 || $1 < 0 ? 0 : Int64(bitPattern: UInt64(bitPattern: $0) >> UInt64($1))
    },
    "bitwise_right_shift_arithmetic": ofBigints { $1 < 0 ? $0 >> 63 : $0 >> min(63, $1) },
    "bit_count": plain([.bigint, .bigint], to: .bigint) { a, count in
      try mapBigints(a, count: count) { values in
        let bits = values[1]
        guard (2...64).contains(bits) else {
          throw KernelError.invalidArgument(
            "Bits specified in bit_count must be between 2 and 64, got \(bits)")
        }
        if bits < 64 {
          let limit = Int64(1) << (bits - 1)
          guard values[0] < limit, values[0] >= -limit else {
            throw KernelError.invalidArgument(
              "Number must be representable with the bits specified. \(values[0]) cannot be"
                + " represented with \(bits) bits")
          }
        }
        let mask = bits == 64 ? UInt64.max : (1 << UInt64(bits)) - 1
        return Int64((UInt64(bitPattern: values[0]) & mask).nonzeroBitCount)
      }
    },
    "truncate": GenericFunction(
      arguments: ["double", "decimal(p,s)", "bigint", "double, bigint", "decimal(p,s), bigint"],
      result: "T", resolve: truncation),
    "width_bucket": GenericFunction(
      arguments: ["double, double, double, bigint", "double, array(double)"], result: "bigint"
    ) { given in
      if given.count == 2, accepts(given[0], .double), accepts(given[1], .array(.double)) {
        return FunctionResolution(targets: [.double, .array(.double)], result: .bigint) { a, _ in
          try bucket(of: a[0], in: a[1])
        }
      }
      guard given.count == 4, given[..<3].allSatisfy({ accepts($0, .double) }),
        accepts(given[3], .bigint)
      else { return nil }
      return FunctionResolution(
        targets: [.double, .double, .double, .bigint], result: .bigint
      ) { a, count in
        let bounds = [a[0], a[1], a[2], try Kernels.cast(a[3], to: .double)]
        let places = try mapDoubles(bounds, count: count) { values in
          Double(
            try bucket(of: values[0], from: values[1], to: values[2], count: Int64(values[3])))
        }
        return try Kernels.cast(places, to: .bigint)
      }
    },
    "normal_cdf": distribution(
      3, "standardDeviation must be > 0", holds: { $0[1] > 0 }
    ) { DoubleMath.normalShare(mean: $0[0], deviation: $0[1], $0[2]) },
    "inverse_normal_cdf": distribution(
      3, "p must be in the interval (0, 1), and standardDeviation > 0",
      holds: { $0[1] > 0 && $0[2] > 0 && $0[2] < 1 }
    ) { DoubleMath.normalPlace(mean: $0[0], deviation: $0[1], $0[2]) },
    "wilson_interval_lower": wilson(isUpper: false),
    "wilson_interval_upper": wilson(isUpper: true),
  ]

  private static func wilson(isUpper: Bool) -> GenericFunction {
    distribution(
      3, "successes must lie between 0 and trials, trials be positive, and z not negative",
      holds: { $0[0] >= 0 && $0[1] > 0 && $0[0] <= $0[1] && $0[2] >= 0 }
    ) { values in
      DoubleMath.wilsonBound(
        successes: values[0], trials: values[1], z: values[2], isUpper: isUpper)
    }
  }

  @Sendable
  private static func truncation(_ given: [TrinoType]) -> FunctionResolution? {
    guard let type = given.first, given.count <= 2,
      given.count == 1 || accepts(given[1], .bigint)
    else { return nil }
    switch (type, given.count) {
    case (.tinyint, 1), (.smallint, 1), (.integer, 1), (.bigint, 1):
      return FunctionResolution(targets: given, result: type, isTotal: true) { a, _ in a[0] }
    case (.real, 1), (.double, 1):
      return FunctionResolution(targets: [.double], result: .double, isTotal: true) { a, _ in
        mapDouble(a[0]) { $0.rounded(.towardZero) }
      }
    case (.real, 2), (.double, 2):
      return FunctionResolution(targets: [.double, .bigint], result: .double, isTotal: true) {
        a, _ in truncateDouble(a[0], digits: a[1])
      }
    case (.decimal(let precision, let scale), 1):
      let result = TrinoType.decimal(precision: max(1, precision - scale), scale: 0)
      return FunctionResolution(targets: given, result: result) { a, _ in
        try roundDecimal(a[0], dropping: scale, mode: .truncate, to: result.storage)
      }
    case (.decimal(_, let scale), 2):
      return FunctionResolution(targets: [type, .bigint], result: type) { a, count in
        let shown = try Kernels.cast(a[1], to: .varchar)
        return try withConstant(shown, [a[0]], count: count, to: type.storage) { places, columns in
          let dropped = max(0, Int64(scale) - max(-40, min(40, Int64(places) ?? 0)))
          return try roundDecimal(
            columns[0], dropping: Int(dropped), mode: .truncate, to: type.storage,
            keepingScale: true)
        }
      }
    default: return nil
    }
  }
}
