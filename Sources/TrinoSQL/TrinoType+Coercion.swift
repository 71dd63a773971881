// Which types convert to which without being asked, and how far that goes.

extension TrinoType {
  /// Whole numbers, then fractions: each converts to those after it.
  private static let ladder: [TrinoType] = [
    .tinyint, .smallint, .integer, .bigint, .real, .double,
  ]

  private var rung: Int? { Self.ladder.firstIndex(of: self) }

  /// The type both convert to without loss of meaning; nil where there is none.
  ///
  /// Zones must agree where both have one; the first is taken otherwise, which is right for
  /// comparisons only.
  static func common(_ a: TrinoType, _ b: TrinoType) -> TrinoType? {
    if a == b { return a }
    if let x = a.rung, let y = b.rung { return ladder[max(x, y)] }
    switch (a, b) {
    case (.unknown, _): return b
    case (_, .unknown): return a
    case (.varchar(let x), .varchar(let y)):
      guard let x, let y else { return .varchar(nil) }
      return .varchar(max(x, y))
    case (.char(let x), .char(let y)): return .char(max(x, y))
    case (.char(let x), .varchar(let y)), (.varchar(let y), .char(let x)):
      return .varchar(y.map { max(x, $0) })
    case (.double, .decimal), (.decimal, .double): return .double
    case (.real, .decimal), (.decimal, .real): return .real
    case (.date, .timestamp), (.date, .timestampWithTimeZone): return b
    case (.timestamp, .date), (.timestampWithTimeZone, .date): return a
    case (.timestamp(let x), .timestamp(let y)): return .timestamp(precision: max(x, y))
    case (.time(let x), .time(let y)): return .time(precision: max(x, y))
    case (.timestamp(let x), .timestampWithTimeZone(let y, let zone)),
      (.timestampWithTimeZone(let x, let zone), .timestamp(let y)),
      (.timestampWithTimeZone(let x, let zone), .timestampWithTimeZone(let y, _)):
      return .timestampWithTimeZone(precision: max(x, y), zone)
    case (.array(let x), .array(let y)): return common(x, y).map { .array($0) }
    case (.map(let k, let v), .map(let l, let w)):
      guard let key = common(k, l), let value = common(v, w) else { return nil }
      return .map(key: key, value: value)
    case (.row(let x), .row(let y)):
      guard x.count == y.count else { return nil }
      var fields: [RowField] = []
      for (left, right) in zip(x, y) {
        guard let type = common(left.type, right.type) else { return nil }
        fields.append(RowField(left.name == right.name ? left.name : nil, type))
      }
      return .row(fields)
    default:
      guard let x = a.asDecimal, let y = b.asDecimal else { return nil }
      let scale = max(x.scale, y.scale)
      let whole = max(x.precision - x.scale, y.precision - y.scale)
      return .decimal(precision: min(38, whole + scale), scale: scale)
    }
  }

  /// How far an implicit conversion goes, for overloads: 0 none; nil not possible.
  static func coercionCost(_ from: TrinoType, _ to: TrinoType) -> Int? {
    if from == to { return 0 }
    if let x = from.rung, let y = to.rung { return y >= x ? y - x : nil }
    switch (from, to) {
    case (.unknown, _): return 1
    case (.varchar, .varchar), (.char, .char), (.timestamp, .timestamp), (.time, .time),
      (.timestampWithTimeZone, .timestampWithTimeZone):
      return 0
    case (.char, .varchar): return 1
    case (.decimal, .double): return 3
    case (.decimal, .real): return 4
    case (.decimal, .decimal): return 0
    case (.tinyint, .decimal), (.smallint, .decimal), (.integer, .decimal), (.bigint, .decimal):
      return 2
    case (.date, .timestamp): return 1
    case (.date, .timestampWithTimeZone), (.timestamp, .timestampWithTimeZone): return 2
    case (.array(let x), .array(let y)): return coercionCost(x, y)
    case (.map(let k, let v), .map(let l, let w)):
      guard let key = coercionCost(k, l), let value = coercionCost(v, w) else { return nil }
      return key + value
    case (.row(let x), .row(let y)):
      guard x.count == y.count else { return nil }
      var total = 0
      for (left, right) in zip(x, y) {
        guard let cost = coercionCost(left.type, right.type) else { return nil }
        total += cost
      }
      return total
    default: return nil
    }
  }
}
