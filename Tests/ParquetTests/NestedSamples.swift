// Rows of every type and of lists, maps and rows in each other, with NULLs at each level.

import Columnar

enum NestedSamples {
  static let point = DataType.row([
    Field("x", .bigint, isNullable: false), Field("y", .varchar),
  ])
  static let deep = DataType.row([
    Field("n", .smallint), Field("tags", .array(.varchar)), Field("p", point),
    Field("m", .map(key: .varchar, value: .array(.bigint))),
  ])

  static let schema = Schema([
    Field("id", .bigint, isNullable: false),
    Field("tiny", .tinyint), Field("small", .smallint), Field("real", .real),
    Field("wide", .decimal(precision: 38, scale: 4)),
    Field("less", .decimal(precision: 21, scale: 0)), Field("clock", .time(precision: 6)),
    Field("fineclock", .time(precision: 9)), Field("wall", .timestamp(precision: 6)),
    Field("fine", .timestamp(precision: 9)), Field("moment", .timestampWithTimeZone(precision: 9)),
    Field("uid", .uuid), Field("json", .json),
    Field("list", .array(.bigint)), Field("words", .array(.varchar)),
    Field("lists", .array(.array(.varchar))), Field("map", .map(key: .varchar, value: .double)),
    Field("maps", .map(key: .bigint, value: .map(key: .varchar, value: point))),
    Field("point", point), Field("points", .array(point)), Field("deep", deep),
    Field("deeps", .array(deep)), Field("flags", .array(.boolean)),
    Field("money", .array(.decimal(precision: 30, scale: 2))), Field("reals", .array(.real)),
    Field("must", .array(.date), isNullable: false),
  ])

  static func rows(_ count: Int, seed: UInt64, schema: Schema = NestedSamples.schema) -> [[Scalar]] {
    var generator = SampleGenerator(seed: seed)
    return (0..<count).map { row in
      schema.fields.map { field in
        field.name == "id"
          ? .integer(Int64(row)) : value(field.type, isNullable: field.isNullable, &generator)
      }
    }
  }

  static func value(
    _ type: DataType, isNullable: Bool = true, _ generator: inout SampleGenerator
  ) -> Scalar {
    if isNullable, generator.next() % 5 == 0 { return .null }
    let word = generator.next()
    let signed = Int64(bitPattern: word)
    switch type {
    case .boolean: return .boolean(word & 1 == 1)
    case .tinyint: return .integer(Int64(Int8(truncatingIfNeeded: signed)))
    case .smallint: return .integer(Int64(Int16(truncatingIfNeeded: signed)))
    case .integer: return .integer(Int64(Int32(truncatingIfNeeded: signed)))
    case .date: return .integer(signed % 20_000)
    case .real: return .double(Double(Float(signed) / 1_003))
    case .double: return .double(Double(signed) / 1_000_003)
    case .decimal(let precision, _):
      var most: Int128 = 1
      for _ in 0..<precision { most *= 10 }
      return .exact((Int128(signed) * Int128(Int64(bitPattern: generator.next()))) % most)
    case .time(let precision):
      let unit: Int64 = precision > 6 ? 1_000 : 1_000_000
      return .integer(Int64(word % UInt64(86_400_000_000_000_000 / unit)) * unit)
    case .timestamp(let precision), .timestampWithTimeZone(let precision):
      return precision > 6 ? .exact(Int128(signed / 2) * 1_000) : .integer(signed % (1 << 52))
    case .uuid: return .exact(Int128(signed) << 64 | Int128(generator.next()))
    case .json: return .text("{\"n\": \(signed)}")
    case .varchar:
      return .text(
        word % 3 == 0
          ? "a text of its own \(signed)" : ["KR", "US", "a longer name of a country"][Int(word % 3)])
    case .array(let element):
      return .list((0..<length(word)).map { _ in value(element, &generator) })
    case .map(let key, let inner):
      var keys: [Scalar] = []
      for _ in 0..<length(word) {
        let key = value(key, isNullable: false, &generator)
        if !keys.contains(key) { keys.append(key) }
      }
      return .map(keys: keys, values: keys.map { _ in value(inner, &generator) })
    case .row(let fields):
      return .row(fields.map { value($0.type, isNullable: $0.isNullable, &generator) })
    default: return .integer(signed)
    }
  }

  /// Often none, sometimes many.
  private static func length(_ word: UInt64) -> Int {
    let choice = (word >> 20) % 16
    return choice < 5 ? 0 : choice < 15 ? Int(choice % 4) : Int((word >> 30) % 40)
  }
}
