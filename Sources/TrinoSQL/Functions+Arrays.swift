// Functions over arrays and maps.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  /// A function of one array.
  private static func ofArray(
    _ result: String,
    isTotal: Bool = true,
    _ type: @escaping @Sendable (TrinoType) -> TrinoType?,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    GenericFunction(arguments: ["array(T)"], result: result) { given in
      guard given.count == 1, case .array(let element) = given[0], let result = type(element) else {
        return nil
      }
      return FunctionResolution(targets: given, result: result, isTotal: isTotal, body: body)
    }
  }

  /// A function of an array and one of its elements.
  private static func ofArrayAndElement(
    _ result: @escaping @Sendable (TrinoType) -> TrinoType,
    _ shown: String,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    GenericFunction(arguments: ["array(T), T"], result: shown) { given in
      guard given.count == 2, case .array(let element) = given[0],
        let common = TrinoType.common(element, given[1]), common.isComparable
      else { return nil }
      return FunctionResolution(
        targets: [.array(common), common], result: result(common), isTotal: true, body: body)
    }
  }

  /// A function of an array and a whole number.
  private static func ofArrayAndNumber(
    _ shown: String,
    _ result: @escaping @Sendable (TrinoType) -> TrinoType,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    GenericFunction(arguments: ["array(T), bigint"], result: shown) { given in
      guard given.count == 2, case .array(let element) = given[0], accepts(given[1], .bigint) else {
        return nil
      }
      return FunctionResolution(
        targets: [given[0], .bigint], result: result(element), body: body)
    }
  }

  private static func ofVectors(_ kind: VectorMeasure) -> GenericFunction {
    plain([.array(.double), .array(.double)], to: .double) { a, _ in try measure(kind, a[0], a[1]) }
  }

  /// A function of two arrays of one type.
  private static func ofArrays(
    _ result: @escaping @Sendable (TrinoType) -> TrinoType,
    _ shown: String,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    GenericFunction(arguments: ["array(T), array(T)"], result: shown) { given in
      guard given.count == 2, let common = TrinoType.common(given[0], given[1]),
        case .array(let element) = common, element.isComparable
      else { return nil }
      return FunctionResolution(
        targets: [common, common], result: result(element), isTotal: true, body: body)
    }
  }

  static let arrayFunctions: [String: GenericFunction] = [
    "cardinality": GenericFunction(
      arguments: ["array(T)", "map(K, V)", "HyperLogLog"], result: "bigint"
    ) { given in
      guard given.count == 1 else { return nil }
      switch given[0] {
      case .hyperLogLog:
        return FunctionResolution(targets: given, result: .bigint) { a, _ in
          try sketchCardinality(a[0])
        }
      case .array, .map: break
      default: return nil
      }
      return FunctionResolution(targets: given, result: .bigint, isTotal: true) { a, _ in
        cardinality(a[0])
      }
    },
    "element_at": GenericFunction(
      arguments: ["array(T), bigint", "map(K, V), K"], result: "T"
    ) { given in
      guard given.count == 2 else { return nil }
      switch given[0] {
      case .array(let element) where accepts(given[1], .bigint):
        return FunctionResolution(targets: [given[0], .bigint], result: element) { a, _ in
          try arrayElement(a[0], a[1], isLenient: true)
        }
      case .map(let key, let value) where accepts(given[1], key):
        return FunctionResolution(targets: [given[0], key], result: value, isTotal: true) { a, _ in
          try mapElement(a[0], a[1], isLenient: true)
        }
      default: return nil
      }
    },
    "contains": ofArrayAndElement({ _ in .boolean }, "boolean") { a, _ in
      arrayContains(a[0], a[1])
    },
    "array_position": ofArrayAndElement({ _ in .bigint }, "bigint") { a, _ in
      arrayPosition(a[0], a[1])
    },
    "array_remove": ofArrayAndElement({ .array($0) }, "array(T)") { a, _ in
      arrayRemove(a[0], a[1])
    },
    "array_distinct": ofArray("array(T)", { $0.isComparable ? .array($0) : nil }) { a, _ in
      arrayDistinct(a[0])
    },
    "array_sort": ofArray("array(T)", { $0.isOrderable ? .array($0) : nil }) { a, _ in
      arraySort(a[0])
    },
    "array_min": ofArray("T", { $0.isOrderable ? $0 : nil }) { a, _ in
      arrayExtreme(a[0], isGreatest: false)
    },
    "array_max": ofArray("T", { $0.isOrderable ? $0 : nil }) { a, _ in
      arrayExtreme(a[0], isGreatest: true)
    },
    "array_union": ofArrays({ .array($0) }, "array(T)") { a, _ in arraySet(.union, a[0], a[1]) },
    "array_intersect": ofArrays({ .array($0) }, "array(T)") { a, _ in
      arraySet(.intersect, a[0], a[1])
    },
    "array_except": ofArrays({ .array($0) }, "array(T)") { a, _ in arraySet(.except, a[0], a[1]) },
    "arrays_overlap": ofArrays({ _ in .boolean }, "boolean") { a, _ in arraysOverlap(a[0], a[1]) },
    "array_join": GenericFunction(
      arguments: ["array(T), varchar", "array(T), varchar, varchar"], result: "varchar"
    ) { given in
      guard given.count == 2 || given.count == 3, case .array(let element) = given[0],
        Conversions.isPossible(element, .varchar(nil)),
        given.dropFirst().allSatisfy({ accepts($0, .varchar(nil)) })
      else { return nil }
      let targets = [given[0]] + given.dropFirst().map { _ in TrinoType.varchar(nil) }
      return FunctionResolution(targets: targets, result: .varchar(nil)) { a, _ in
        try arrayJoin(a[0], separator: a[1], null: a.count > 2 ? a[2] : nil)
      }
    },
    "slice": GenericFunction(arguments: ["array(T), bigint, bigint"], result: "array(T)") { given in
      guard given.count == 3, case .array = given[0], accepts(given[1], .bigint),
        accepts(given[2], .bigint)
      else { return nil }
      return FunctionResolution(targets: [given[0], .bigint, .bigint], result: given[0]) { a, _ in
        try sliceArray(a[0], start: a[1], length: a[2])
      }
    },
    "trim_array": ofArrayAndNumber("array(T)", { .array($0) }) { a, _ in try trimArray(a[0], a[1]) },
    "ngrams": ofArrayAndNumber("array(array(T))", { .array(.array($0)) }) { a, _ in
      try arrayNGrams(a[0], a[1])
    },
    "combinations": ofArrayAndNumber("array(array(T))", { .array(.array($0)) }) { a, _ in
      try arrayCombinations(a[0], a[1])
    },
    "contains_sequence": ofArrays({ _ in .boolean }, "boolean") { a, _ in
      arrayContainsSequence(a[0], a[1])
    },
    "cosine_similarity": ofVectors(.cosineSimilarity), "dot_product": ofVectors(.dotProduct),
    "euclidean_distance": ofVectors(.euclideanDistance),
    "flatten": GenericFunction(arguments: ["array(array(T))"], result: "array(T)") { given in
      guard given.count == 1, case .array(.array(let element)) = given[0] else { return nil }
      return FunctionResolution(targets: given, result: .array(element), isTotal: true) { a, _ in
        flattenArrays(a[0])
      }
    },
    "repeat": GenericFunction(arguments: ["T, bigint"], result: "array(T)") { given in
      guard given.count == 2, accepts(given[1], .bigint) else { return nil }
      return FunctionResolution(
        targets: [given[0], .bigint], result: .array(given[0]), isNullTolerant: true
      ) { a, count in try repeatElement(a[0], a[1], rows: count) }
    },
    "sequence": GenericFunction(
      arguments: ["bigint, bigint", "bigint, bigint, bigint", "date, date, interval"],
      result: "array(T)", resolve: sequence),
    "zip": GenericFunction(arguments: ["array(T), array(U), ..."], result: "array(row)") { given in
      guard given.count >= 2 else { return nil }
      var fields: [TrinoType.RowField] = []
      for type in given {
        guard case .array(let element) = type else { return nil }
        fields.append(TrinoType.RowField(nil, element))
      }
      return FunctionResolution(targets: given, result: .array(.row(fields)), isTotal: true) {
        a, count in zipArrays(a, count: count)
      }
    },
  ]

  @Sendable
  private static func sequence(_ given: [TrinoType]) -> FunctionResolution? {
    guard given.count == 2 || given.count == 3 else { return nil }
    let hasStep = given.count == 3
    @Sendable
    func step(_ columns: [ColumnVector], _ count: Int, standard: Int64) -> ColumnVector {
      hasStep
        ? columns[2]
        : ColumnVector(constant: .integer(standard), type: .bigint, count: count)
    }
    if accepts(given[0], .bigint), accepts(given[1], .bigint),
      !hasStep || accepts(given[2], .bigint)
    {
      return FunctionResolution(
        targets: given.map { _ in .bigint }, result: .array(.bigint)
      ) { a, count in
        var by = step(a, count, standard: 1)
        if !hasStep {
          // Downwards where the stop is before the start.
          by = mapBigints(a[0], a[1]) { $1 >= $0 ? 1 : -1 }
        }
        return try sequences(a[0], a[1], by, count: count, element: .bigint) { start, step, index in
          let (distance, isTooFar) = step.multipliedReportingOverflow(by: index)
          let (value, isBeyond) = start.addingReportingOverflow(distance)
          return isTooFar || isBeyond ? nil : value
        }
      }
    }
    let common = TrinoType.common(given[0], given[1])
    let isMonths = hasStep && given[2] == .intervalYearToMonth
    guard !hasStep || given[2].isInterval, let common else { return nil }
    switch common {
    case .date:
      guard hasStep || given.count == 2 else { return nil }
      return FunctionResolution(
        targets: [.date, .date] + (hasStep ? [given[2]] : []), result: .array(.date)
      ) { a, count in
        let days = isMonths || !hasStep ? step(a, count, standard: 1) : try perDay(a[2])
        return try sequences(a[0], a[1], days, count: count, element: .date) { start, by, index in
          isMonths ? addMonths(toDay: start, by &* index) : start &+ by &* index
        }
      }
    case .timestamp(let precision) where hasStep && precision <= 6:
      return FunctionResolution(
        targets: [common, common, given[2]], result: .array(common)
      ) { a, count in
        try sequences(a[0], a[1], a[2], count: count, element: common.storage) { start, by, index in
          guard isMonths else { return start &+ by &* 1_000 &* index }
          let day = floorQuotient(start, microsecondsPerDay)
          return addMonths(toDay: day, by &* index) &* microsecondsPerDay
            &+ floorRemainder(start, microsecondsPerDay)
        }
      }
    default: return nil
    }
  }

  /// Milliseconds as whole days.
  private static func perDay(_ milliseconds: ColumnVector) throws -> ColumnVector {
    try mapBigints([milliseconds], count: milliseconds.count) { values in
      guard values[0] % 86_400_000 == 0 else {
        throw KernelError.invalidArgument("sequence step must be a day interval if start and end values are dates")
      }
      return values[0] / 86_400_000
    }
  }

  private static func addMonths(toDay day: Int64, _ months: Int64) -> Int64 {
    let date = civil(fromDays: day)
    let total = date.year * 12 + date.month - 1 + months
    let year = floorQuotient(total, 12)
    let month = floorRemainder(total, 12) + 1
    return days(year: year, month: month, day: min(date.day, daysInMonth(year: year, month: month)))
  }

  // MARK: Maps

  private static func ofMap(
    _ result: String,
    _ type: @escaping @Sendable (TrinoType, TrinoType) -> TrinoType,
    _ body: @escaping FunctionOverload.Body
  ) -> GenericFunction {
    GenericFunction(arguments: ["map(K, V)"], result: result) { given in
      guard given.count == 1, case .map(let key, let value) = given[0] else { return nil }
      return FunctionResolution(
        targets: given, result: type(key, value), isTotal: true, body: body)
    }
  }

  static let mapFunctions: [String: GenericFunction] = [
    "map": GenericFunction(arguments: ["", "array(K), array(V)"], result: "map(K, V)") { given in
      if given.isEmpty {
        let type = TrinoType.map(key: .unknown, value: .unknown)
        return FunctionResolution(targets: [], result: type, isTotal: true) { _, count in
          ColumnVector(constant: .map(keys: [], values: []), type: type.storage, count: count)
        }
      }
      guard given.count == 2, case .array(let key) = given[0], case .array(let value) = given[1],
        key.isComparable
      else { return nil }
      return FunctionResolution(targets: given, result: .map(key: key, value: value)) { a, _ in
        try makeMap(a[0], a[1])
      }
    },
    "map_keys": ofMap("array(K)", { key, _ in .array(key) }) { a, _ in mapChild(a[0], 0) },
    "map_values": ofMap("array(V)", { _, value in .array(value) }) { a, _ in mapChild(a[0], 1) },
    "map_entries": ofMap(
      "array(row(K, V))",
      { .array(.row([TrinoType.RowField(nil, $0), TrinoType.RowField(nil, $1)])) }
    ) { a, _ in mapEntries(a[0]) },
    "map_from_entries": GenericFunction(
      arguments: ["array(row(K, V))"], result: "map(K, V)"
    ) { given in
      guard given.count == 1, case .array(.row(let fields)) = given[0], fields.count == 2 else {
        return nil
      }
      return FunctionResolution(
        targets: given, result: .map(key: fields[0].type, value: fields[1].type)
      ) { a, _ in try mapFromEntries(a[0]) }
    },
    "multimap_from_entries": GenericFunction(
      arguments: ["array(row(K, V))"], result: "map(K, array(V))"
    ) { given in
      guard given.count == 1, case .array(.row(let fields)) = given[0], fields.count == 2 else {
        return nil
      }
      return FunctionResolution(
        targets: given, result: .map(key: fields[0].type, value: .array(fields[1].type))
      ) { a, _ in try multimapFromEntries(a[0]) }
    },
    "map_concat": GenericFunction(arguments: ["map(K, V), ..."], result: "map(K, V)") { given in
      guard var type = given.first, given.count >= 2, case .map = type else { return nil }
      for other in given.dropFirst() {
        guard let common = TrinoType.common(type, other) else { return nil }
        type = common
      }
      return FunctionResolution(
        targets: given.map { _ in type }, result: type, isTotal: true
      ) { a, _ in mapConcat(a) }
    },
  ]
}
