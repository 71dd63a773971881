// Random tables and queries whose results Trino's rules and DuckDB's agree on.
//
// Everything is drawn from one seeded generator, so a seed names a whole run. Left out is what the
// two engines define differently: division by zero, sums past 64 bits, NULL order that is not said.

/// A small generator with a seed (SplitMix64).
struct SeededDraw {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// From 0 to `bound - 1`.
  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<Item>(_ items: [Item]) -> Item { items[below(items.count)] }
}

/// Draws tables and queries as records of an `.slt` file.
struct RandomQueries {
  private var draw: SeededDraw

  init(seed: UInt64) { draw = SeededDraw(seed: seed) }

  // MARK: Tables

  /// Columns of every table: a unique id, then skewed, extreme and NULL values of each kind.
  private static let columns =
    "id integer,i integer,b bigint,d double,p decimal:12:3,q decimal:38:10,s varchar,t date,"
    + "ts timestamp,f boolean"
  static let tableNames = ["r0", "r1", "r2"]

  mutating func tables() -> String {
    var text = ""
    for (name, size) in zip(Self.tableNames, [draw.pick([0, 1, 7]), 9 + draw.below(8), 40]) {
      text += "table memory.default.\(name) (\(Self.columns))\n"
      for id in 0..<size { text += ([String(id)] + row()).joined(separator: "|") + "\n" }
      text += "\n"
    }
    return text
  }

  private mutating func row() -> [String] {
    [
      // Skewed: every other value is 1.
      draw.chance(50) ? "1" : String(draw.below(12) - 4),
      draw.pick([
        "0", "1", "-1", "9223372036854775807", "-9223372036854775808", "4294967296", "7",
      ]),
      String(Double(draw.below(4_000) - 2_000) / 8),
      draw.pick(["0.000", "1.500", "-1.500", "999999999.999", "-999999999.999", "0.001", "2.250"]),
      draw.pick([
        "0.0000000000", "9999999999999999999999999999.9999999999",
        "-9999999999999999999999999999.9999999999", "0.0000000001", "1.5000000000",
      ]),
      draw.pick(["(empty)", "a", "A", "ab", "가나", "가", "é", "😀", "z z", "a%b", "a_b", "it's", "b"]),
      draw.pick(["1970-01-01", "0001-01-01", "9999-12-31", "2024-02-29", "2024-01-15", "1969-12-31"]),
      draw.pick([
        "1970-01-01 00:00:00", "2024-01-15 23:59:59.999999", "1969-12-31 23:59:59.5",
        "2024-02-29 12:00:00", "0001-01-01 00:00:00",
      ]),
      draw.pick(["true", "false"]),
    ].map { draw.chance(15) ? "NULL" : $0 }
  }

  // MARK: Expressions

  enum Kind: CaseIterable { case whole, decimal, double, text, date, moment, flag, long }

  private mutating func column(_ kind: Kind, _ alias: String) -> String {
    switch kind {
    case .whole: "\(alias).\(draw.pick(["i", "i", "id"]))"
    case .decimal: "\(alias).\(draw.pick(["p", "q"]))"
    case .double: "\(alias).d"
    case .text: "\(alias).s"
    case .date: "\(alias).t"
    case .moment: "\(alias).ts"
    case .flag: "\(alias).f"
    case .long: "\(alias).b"
    }
  }

  private mutating func literal(_ kind: Kind) -> String {
    switch kind {
    case .whole: String(draw.below(7) - 2)
    case .decimal: draw.pick(["1.5", "0.001", "-1.500", "2.25"])
    case .double: draw.pick(["0.5E0", "-12.125E0", "1E2"])
    case .text: draw.pick(["'a'", "'가'", "''", "'z z'", "'it''s'", "'B'"])
    case .date: draw.pick(["DATE '2024-01-15'", "DATE '1970-01-01'"])
    case .moment: draw.pick(["TIMESTAMP '2024-01-15 00:00:00'", "TIMESTAMP '1970-01-01 00:00:00'"])
    case .flag: draw.pick(["true", "false"])
    case .long: draw.pick(["BIGINT '0'", "BIGINT '9223372036854775807'", "BIGINT '-1'"])
    }
  }

  mutating func value(_ kind: Kind, _ aliases: [String], depth: Int = 2) -> String {
    let alias = draw.pick(aliases)
    guard depth > 0, draw.chance(55) else {
      return draw.chance(85) ? column(kind, alias) : literal(kind)
    }
    if kind == .flag { return condition(aliases, depth: depth - 1) }
    let a = value(kind, aliases, depth: depth - 1)
    let b = value(kind, aliases, depth: depth - 1)
    switch draw.below(6) {
    case 0: return "coalesce(\(a), \(b))"
    case 1: return "CASE WHEN \(condition(aliases, depth: depth - 1)) THEN \(a) ELSE \(b) END"
    case 2 where kind != .decimal: return "nullif(\(a), \(b))"
    case 3: return "CASE WHEN \(condition(aliases, depth: depth - 1)) THEN \(a) END"
    default: break
    }
    switch kind {
    case .whole:
      return draw.pick([
        "(\(a) + \(literal(.whole)))", "(\(a) * 2)", "(\(a) - \(b))", "(\(a) / 3)", "abs(\(a))",
        "(\(a) % 5)", "-(\(a))",
      ])
    case .double: return draw.pick(["(\(a) * 2)", "(\(a) + \(b))", "(\(a) / 4)", "abs(\(a))"])
    case .text:
      return draw.pick([
        "(\(a) || \(b))", "lower(\(a))", "upper(\(a))", "substr(\(a), 1, 2)", "reverse(\(a))",
        "CAST(\(column(.whole, alias)) AS varchar)", "replace(\(a), 'a', '가')", "trim(\(a))",
      ])
    case .decimal: return draw.pick(["-(\(a))", "abs(\(a))", a])
    default: return a
    }
  }

  mutating func condition(_ aliases: [String], depth: Int = 2) -> String {
    if depth > 0, draw.chance(45) {
      let a = condition(aliases, depth: depth - 1)
      let b = condition(aliases, depth: depth - 1)
      return draw.pick(["(\(a) AND \(b))", "(\(a) OR \(b))", "(NOT \(a))", "((\(a)) IS NULL)"])
    }
    let kind = draw.pick(Kind.allCases)
    let a = value(kind, aliases, depth: depth - 1)
    let b = value(kind, aliases, depth: depth - 1)
    switch draw.below(8) {
    case 0: return "(\(a) IS NULL)"
    case 1: return "(\(a) IS NOT NULL)"
    case 2: return "(\(a) IN (\(literal(kind)), \(b)))"
    case 3: return "(\(a) NOT IN (\(literal(kind)), \(literal(kind))))"
    case 4: return "(\(a) BETWEEN \(literal(kind)) AND \(b))"
    case 5: return "(\(a) IS \(draw.pick(["", "NOT "]))DISTINCT FROM \(b))"
    case 6 where kind == .text:
      return "(\(a) LIKE \(draw.pick(["'a%'", "'%가%'", "'_'", "'%'", "'%b'", "''"])))"
    default: return "(\(a) \(draw.pick(["=", "<>", "<", "<=", ">", ">="])) \(b))"
    }
  }

  // MARK: Queries

  /// A query and whether its order is decided by it.
  mutating func query() -> (sql: String, isOrdered: Bool) {
    switch draw.below(8) {
    case 0: return plain()
    case 1: return (joins(), false)
    case 2, 3: return (groups(), false)
    case 4: return (windows(), false)
    case 5: return (sets(), false)
    case 6: return (subqueries(), false)
    default: return (nested(), false)
    }
  }

  private mutating func list(_ aliases: [String], _ count: Int) -> String {
    (0..<count).map { "\(value(draw.pick(Kind.allCases), aliases)) AS c\($0)" }
      .joined(separator: ", ")
  }

  private mutating func filter(_ aliases: [String]) -> String {
    draw.chance(70) ? " WHERE \(condition(aliases))" : ""
  }

  private mutating func order(_ alias: String) -> String {
    let key = column(draw.pick(Kind.allCases), alias)
    let direction = draw.pick(["ASC", "DESC"]) + " NULLS " + draw.pick(["FIRST", "LAST"])
    return "\(key) \(direction), \(alias).id"
  }

  private mutating func plain() -> (String, Bool) {
    let table = draw.pick(Self.tableNames)
    let base = "SELECT a.id, \(list(["a"], 1 + draw.below(3))) FROM \(table) a\(filter(["a"]))"
    guard draw.chance(60) else { return (base, false) }
    var sql = base + " ORDER BY \(order("a"))"
    if draw.chance(30) { sql += " OFFSET \(draw.below(4))" }
    if draw.chance(60) { sql += " LIMIT \(draw.below(9))" }
    return (sql, true)
  }

  private mutating func from() -> (text: String, aliases: [String]) {
    var text = "\(draw.pick(Self.tableNames)) a"
    var aliases = ["a"]
    for alias in ["b", "c"].prefix(1 + draw.below(2)) {
      let kind = draw.pick(["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "JOIN"])
      let kindOfKey = draw.pick([Kind.whole, .text, .date, .long, .decimal, .flag])
      var on = "\(column(kindOfKey, draw.pick(aliases))) = \(column(kindOfKey, alias))"
      // DuckDB has no FULL JOIN on other conditions.
      if kind != "FULL JOIN", draw.chance(40) {
        on += " AND \(condition([draw.pick(aliases), alias], depth: 1))"
      }
      text += " \(kind) \(draw.pick(["r0", "r1"])) \(alias) ON \(on)"
      aliases.append(alias)
    }
    return (text, aliases)
  }

  private mutating func joins() -> String {
    let (text, aliases) = from()
    return "SELECT \(list(aliases, 1 + draw.below(4))) FROM \(text)\(filter(aliases))"
  }

  private mutating func aggregate(_ aliases: [String]) -> String {
    let any = value(draw.pick(Kind.allCases.filter { $0 != .flag }), aliases, depth: 1)
    let distinct = draw.chance(25) ? "DISTINCT " : ""
    let filter = draw.chance(25) ? " FILTER (WHERE \(condition(aliases, depth: 1)))" : ""
    let call: String
    switch draw.below(8) {
    case 0: return "count(*)\(filter)"
    case 1: call = "count(\(distinct)\(any))"
    case 2: call = "sum(\(distinct)\(column(.whole, draw.pick(aliases))))"
    case 3: call = "min(\(any))"
    case 4: call = "max(\(any))"
    case 5: call = "sum(\(draw.pick(aliases)).p)"
    case 6: call = "avg(\(column(.double, draw.pick(aliases))))"
    default: call = draw.pick(["bool_and", "bool_or"]) + "(\(draw.pick(aliases)).f)"
    }
    return call + filter
  }

  private mutating func groups() -> String {
    let (text, aliases) = draw.chance(40) ? from() : ("\(draw.pick(Self.tableNames)) a", ["a"])
    let count = draw.below(3)
    let kinds: [Kind] = [.whole, .text, .date, .flag, .decimal, .long, .moment]
    let keys = (0..<count).map { _ in column(draw.pick(kinds), draw.pick(aliases)) }
    let calls = (0...draw.below(3)).map { "\(aggregate(aliases)) AS x\($0)" }
    var sql = "SELECT \((keys + calls).joined(separator: ", ")) FROM \(text)\(filter(aliases))"
    if !keys.isEmpty {
      let shown = keys.joined(separator: ", ")
      let forms = [
        shown, shown, "ROLLUP (\(shown))", "CUBE (\(shown))", "GROUPING SETS ((\(shown)), ())",
      ]
      sql += " GROUP BY " + draw.pick(forms)
    }
    if draw.chance(25) { sql += " HAVING count(*) > \(draw.below(3))" }
    return sql
  }

  private mutating func windows() -> String {
    let keys = draw.chance(70) ? "PARTITION BY \(column(draw.pick([.whole, .text, .flag]), "a")) " : ""
    let order = "ORDER BY \(order("a"))"
    let bounds = [
      "", "", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW",
      " ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING",
      " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
      " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
      " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
    ]
    func over(_ frame: String) -> String { "OVER (\(keys)\(order)\(frame))" }
    let any = value(draw.pick([.whole, .text, .date, .double]), ["a"], depth: 1)
    let calls = [
      "row_number() " + over(""), "rank() " + over(""), "dense_rank() " + over(""),
      "ntile(3) " + over(""), "lag(\(any)) " + over(""), "lead(\(any), 2) " + over(""),
      "sum(a.i) " + over(draw.pick(bounds)), "count(\(any)) " + over(draw.pick(bounds)),
      "min(\(any)) " + over(draw.pick(bounds)), "max(\(any)) " + over(draw.pick(bounds)),
      "first_value(\(any)) " + over(draw.pick(bounds)), "last_value(\(any)) " + over(draw.pick(bounds)),
      "percent_rank() " + over(""), "cume_dist() " + over(""),
      "count(*) OVER (\(keys)ORDER BY a.i NULLS LAST RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING)",
      "sum(a.p) OVER (\(keys)ORDER BY a.i DESC NULLS FIRST)",
    ]
    let shown = (0...draw.below(2)).map { _ in draw.pick(calls) }.joined(separator: ", ")
    return "SELECT a.id, \(shown) FROM \(draw.pick(Self.tableNames)) a\(filter(["a"]))"
  }

  private mutating func sets() -> String {
    let kinds = (0...draw.below(2)).map { _ in draw.pick(Kind.allCases.filter { $0 != .decimal }) }
    func operation(_ draw: inout SeededDraw) -> String {
      draw.pick(["UNION", "UNION ALL", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL"])
    }
    var sql = ""
    for part in 0...(1 + draw.below(2)) {
      if part > 0 { sql += " \(operation(&draw)) " }
      let items = kinds.map { value($0, ["a"], depth: 1) }.joined(separator: ", ")
      sql += "SELECT \(items) FROM \(draw.pick(Self.tableNames)) a\(filter(["a"]))"
    }
    return sql
  }

  private mutating func subqueries() -> String {
    let inner = draw.pick(Self.tableNames)
    let kind = draw.pick([Kind.whole, .text, .date, .long])
    let linked = draw.chance(60)
    let link = linked ? " AND \(column(.whole, "a")) = \(column(.whole, "b"))" : ""
    let found = "SELECT \(column(kind, "b")) FROM \(inner) b WHERE \(condition(["b"], depth: 1))\(link)"
    let left = column(kind, "a")
    let predicates = [
      "\(left) IN (\(found))", "\(left) NOT IN (\(found))", "EXISTS (\(found))",
      "NOT EXISTS (\(found))", "\(left) = ANY (\(found))", "\(left) > ALL (\(found))",
      "\(left) < ANY (\(found))",
    ]
    let scalar =
      "(SELECT \(draw.pick(["count(*)", "max(b.i)", "min(b.s)", "sum(b.i)"])) FROM \(inner) b "
      + "WHERE \(condition(["b"], depth: 1))\(link))"
    let base = "SELECT a.id, \(draw.chance(50) ? scalar : left) FROM \(draw.pick(Self.tableNames)) a"
    if draw.chance(30) { return base + " WHERE " + condition(["a"]) }
    return base + " WHERE " + draw.pick(predicates) + (draw.chance(30) ? " OR a.f" : "")
  }

  private mutating func nested() -> String {
    let inside = plain().0
    let grouped =
      "SELECT a.i AS k, count(*) AS n, max(a.s) AS m FROM \(draw.pick(Self.tableNames)) a "
      + "GROUP BY a.i"
    return draw.pick([
      "SELECT count(*), min(x.id), max(x.id) FROM (\(inside)) x",
      "WITH x AS (\(grouped)) SELECT x.k, x.n, y.m FROM x LEFT JOIN x y ON x.k = y.n",
      "SELECT x.k, x.m FROM (\(grouped)) x WHERE x.n > 1 OR x.k IS NULL",
      "SELECT DISTINCT x.m FROM (\(grouped)) x",
      "WITH x AS (\(grouped)) SELECT a.id, x.n FROM \(draw.pick(Self.tableNames)) a "
        + "LEFT JOIN x ON a.i = x.k AND \(condition(["a"], depth: 1))",
      "SELECT a.id, l.n FROM r1 a CROSS JOIN LATERAL (SELECT count(*) AS n FROM r2 b "
        + "WHERE b.i = a.i AND \(condition(["b"], depth: 1))) l",
    ])
  }
}
