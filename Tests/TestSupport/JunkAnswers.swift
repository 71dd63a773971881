// Answers that no question has: empty, huge, binary, in other languages, queries that destroy. Graders
// of every kind are given them, over tables in memory and over the real program.

/// Answers that pass nowhere.
package enum JunkAnswers {
  /// A hundred of them, the fixed ones first; the others are drawn from the seed.
  package static func answers(seed: UInt64) -> [String] {
    var state = seed
    func index(below count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
    var answers = [
      "", " ", "\n\t", "\u{0}", "\u{0}\u{1}\u{2}\u{FFFD}", "?", "…", "none", "모르겠어요", "몰라",
      "ごめんなさい", "我不知道", "Я не знаю", "لا أعرف", "🤷🏽‍♀️", "null", "NULL", "NaN", "nan", "inf",
      "Infinity", "-Infinity", "0x1F", "1e999", "1/0", "--", "';--", "' OR '1'='1",
      "DROP TABLE silver.events", "drop table silver.events;", "DELETE FROM silver.events;",
      "DELETE FROM silver.events WHERE 1=1", "TRUNCATE TABLE silver.events",
      "INSERT INTO silver.events VALUES ('x', 'u', 'tap', '2024-01-15', 1)",
      "UPDATE silver.events SET price = 0", "SELECT 1; DROP TABLE silver.events",
      "SELECT 1; DELETE FROM silver.events; SELECT 2",
      "WITH x AS (SELECT 1) DELETE FROM silver.events", "CREATE TABLE t (a int)",
      "CREATE VIEW v AS SELECT * FROM truth.events", "ALTER TABLE silver.events ADD COLUMN x int",
      "MERGE INTO silver.events USING silver.events ON true WHEN MATCHED THEN DELETE",
      "SELECT * FROM truth.events", "SELECT * FROM \"truth\".\"events\"",
      "SELECT * FROM hive.truth.events", "SELECT a.* FROM silver.events a, truth.events b",
      "EXPLAIN ANALYZE DELETE FROM silver.events", "/* SELECT */ DROP TABLE silver.events",
      "-- SELECT 1\nDROP TABLE silver.events", "SELECT '", "SELECT \"", "SELECT (", "SELECT )",
      "SELECT /* 1", "SELECT", "VALUES", "TABLE silver.events", "ATTACH DATABASE 'x' AS y",
      "PRAGMA writable_schema = 1", "../../etc/passwd", "/etc/passwd", "/dev/zero", "answer.sql",
      String(repeating: "9", count: 5_000), String(repeating: "가", count: 100_000),
      String(repeating: "(", count: 60_000), String(repeating: "SELECT ", count: 20_000),
      "SELECT " + String(repeating: "(", count: 30_000) + "1"
        + String(repeating: ")", count: 30_000),
      String(repeating: "- a: &a [*a]\n", count: 50), "a: &x [1]\nb: *x", "---\n---\n", "{}", "[]",
      "\"", "key: value", "# heading\n\n## another", "<script>alert(1)</script>",
    ]
    let alphabet: [Character] = Array(
      "abcdefgh 가나다라0123456789 .,;:'\"()[]{}<>/*-+=%$#@!\n\t\u{301}\u{200B}٣१①Ⅷ"
    )
    while answers.count < 100 {
      let length = index(below: 80) + 1
      answers.append(
        String((0..<length).map { _ in alphabet[index(below: alphabet.count)] })
      )
    }
    return answers
  }

  /// A statement that does more than read, whatever it stands behind.
  package static func writes(_ sql: String) -> Bool {
    sql.uppercased().contains(
      /\b(DROP|DELETE|INSERT|UPDATE|TRUNCATE|ALTER|CREATE|MERGE|ATTACH|PRAGMA)\b/
    )
  }
}
