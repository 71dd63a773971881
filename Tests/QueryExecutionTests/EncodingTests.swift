import Columnar
import Connector
import QueryExecution
import Testing
import TrinoSQL

/// The same rows as flat columns, as dictionaries and as constants: no statement may tell them
/// apart, on whichever side of a join they stand.
struct EncodingTests {
  private static let names: [Scalar] = [
    .text("purchase_completed"), .text("ios"), .null, .text(""), .text("안녕 세상, 긴 글자"), .text("ios"),
    .text("a name that is longer than sixteen bytes"), .text("purchase_completed"),
  ]

  private static let schema = Schema([
    Field("id", .bigint), Field("name", .varchar), Field("app", .varchar),
  ])

  private static func vector(_ values: [Scalar], _ type: DataType) -> ColumnVector {
    ColumnarBatch(schema: Schema([Field("v", type)]), rows: values.map { [$0] }).columns[0]
  }

  /// `flat`, and `coded`, whose dictionary also holds a value that no row has.
  private static let engine: QueryEngine = {
    let count = names.count
    let ids = vector((0..<count).map { .integer(Int64($0)) }, .bigint)
    let flat = vector(names, .varchar)
    let distinct: [Scalar] = [
      .text("ios"), .text("never"), .text("purchase_completed"), .text(""),
      .text("안녕 세상, 긴 글자"), .text("a name that is longer than sixteen bytes"),
    ]
    let codes = names.map { name in Int32(distinct.firstIndex(of: name) ?? 0) }
    let validity = ValidityBitmap.make(count: count) { names[$0] != .null }
    let coded = ColumnVector(
      dictionary: VectorDictionary(vector(distinct, .varchar)),
      codes: codes.withUnsafeBytes { Buffer(copying: $0) }, count: count, validity: validity)
    let app = ColumnVector(constant: .text("moashop"), type: .varchar, count: count)
    let flatApp = vector(names.map { _ in .text("moashop") }, .varchar)
    func table(_ columns: [ColumnVector]) -> ComposedCatalog.Provider {
      let batch = ColumnarBatch(schema: schema, columns: columns, rowCount: count)
      return { ComputedTable(label: "t", schema: schema) { _ in [batch] } }
    }
    return QueryEngine(catalogs: [
      ComposedCatalog(
        name: "c",
        tables: ["s": ["flat": table([ids, flat, flatApp]), "coded": table([ids, coded, app])]])
    ])
  }()

  private func rows(_ sql: String, _ left: String, _ right: String) throws -> [String] {
    let statement = sql.replacing("{l}", with: left).replacing("{r}", with: right)
    let result = try Self.engine.execute(statement, session: Session(catalog: "c", schema: "s"))
    return result.rows().map { "\($0)" }.sorted()
  }

  @Test(
    arguments: [
      "SELECT l.id, r.id FROM {l} l JOIN {r} r ON l.name = r.name",
      "SELECT l.id, r.id FROM {l} l LEFT JOIN {r} r ON l.name = r.name AND r.id > 3",
      "SELECT l.id, r.id FROM {l} l FULL JOIN {r} r ON l.name = r.name AND l.app = r.app",
      "SELECT l.id, r.id FROM {l} l JOIN {r} r ON l.app = r.app AND l.id = r.id",
      "SELECT l.id, r.id FROM {l} l JOIN {r} r ON l.name IS NOT DISTINCT FROM r.name",
      "SELECT id FROM {l} WHERE name IN (SELECT name FROM {r} WHERE id > 4)",
      "SELECT id FROM {l} WHERE name NOT IN (SELECT name FROM {r} WHERE id = 1)",
      "SELECT id, ROW(name), name IN (SELECT name FROM {r} WHERE id > 99) FROM {l}",
      "SELECT id, (name, app) IN (SELECT name, app FROM {r} WHERE id < 4) FROM {l}",
      "SELECT id FROM {l} l WHERE (name, app) NOT IN (SELECT name, app FROM {r} r WHERE r.id > l.id)",
      "SELECT id FROM {l} l WHERE EXISTS (SELECT 1 FROM {r} r WHERE r.name = l.name AND r.id > 5)",
      "SELECT name, app, count(*) FROM (SELECT * FROM {l} UNION ALL SELECT * FROM {r}) u GROUP BY 1, 2",
      "SELECT name FROM {l} INTERSECT SELECT name FROM {r}",
      "SELECT name FROM {l} EXCEPT SELECT name FROM {r} WHERE id < 3",
      "SELECT DISTINCT l.name FROM {l} l JOIN (SELECT DISTINCT name FROM {r}) r ON l.name = r.name",
      "SELECT l.id FROM {l} l JOIN (VALUES ('ios'), ('')) v(x) ON l.name = v.x",
      "SELECT id, name FROM {l} WHERE name = 'ios' OR name LIKE 'a%' OR name IS NULL",
      "SELECT count(DISTINCT name), min(name), max(name) FROM {l} WHERE app = 'moashop'",
      "SELECT id, row_number() OVER (PARTITION BY name ORDER BY id) FROM {l}",
    ])
  func `flat, dictionary and constant give the same rows`(sql: String) throws {
    let expected = try rows(sql, "flat", "flat")
    #expect(!expected.isEmpty)
    for (left, right) in [("coded", "flat"), ("flat", "coded"), ("coded", "coded")] {
      #expect(try rows(sql, left, right) == expected, "\(left), \(right)")
    }
  }
}
