import Columnar
import Connector
import DeltaLog
import Foundation
import Lake
import Testing

/// INSERT, DELETE, UPDATE and MERGE over Delta tables: what they leave, and what they leave alone.
struct DeltaSQLChangeTests {
  private let lake: DeltaSQLLake

  init() throws {
    lake = try DeltaSQLLake()
  }

  /// Ten orders in five files, two each.
  private func makeFiveFiles(partitioned: Bool = false) throws {
    try lake.makeOrders(partitioned: partitioned)
    for index in 0..<5 { try lake.insertPair(index * 2 + 1, day: 15 + index) }
  }

  // MARK: INSERT

  @Test func `INSERT appends, whatever the session says of partitions of Hive tables`() throws {
    try lake.makeOrders()
    for (number, behavior) in ["APPEND", "OVERWRITE", "ERROR"].enumerated() {
      try lake.sql("SET SESSION lake.insert_existing_partitions_behavior = '\(behavior)'")
      #expect(
        try lake.sql("INSERT INTO orders VALUES (\(number), \(number), DATE '2024-01-15')") == ["1"])
    }
    #expect(try lake.orders == ["0|0|2024-01-15", "1|1|2024-01-15", "2|2|2024-01-15"])
    #expect(try lake.version() == 3)
    #expect(try lake.lastCommit().isBlindAppend)
  }

  @Test func `INSERT without rows makes no version, and one that fails leaves nothing`() throws {
    try lake.makeOrders()
    #expect(try lake.sql("INSERT INTO orders SELECT id, amount, dt FROM orders") == ["0"])
    #expect(
      lake.refusal(
        "INSERT INTO orders SELECT 1, 1 / a, DATE '2024-01-15' FROM (VALUES 1, 0) AS t (a)"
      ).hasPrefix("DIVISION_BY_ZERO"))
    #expect(try lake.version() == 0)
    #expect(try lake.files().isEmpty)
  }

  @Test func `a column that takes no NULL gets none, by whatever statement`() throws {
    try lake.sql("CREATE TABLE strict (id bigint NOT NULL, n bigint) WITH (type = 'DELTA')")
    try lake.sql("INSERT INTO strict VALUES (1, NULL)")
    for statement in [
      "INSERT INTO strict (n) VALUES 5", "UPDATE strict SET id = NULL",
      "MERGE INTO strict USING (VALUES 99) AS s (a) ON strict.id = s.a WHEN NOT MATCHED THEN INSERT (n) VALUES (a)",
    ] {
      let refusal = lake.refusal(statement)
      #expect(
        refusal.hasPrefix(#"CONSTRAINT_VIOLATION: A row has NULL in "id""#), "\(statement): \(refusal)")
    }
    #expect(try lake.sql("SELECT * FROM strict") == ["1|NULL"])
    #expect(try lake.version("strict") == 1)
  }

  @Test func `an empty text is no value of a partition`() throws {
    try lake.sql(
      "CREATE TABLE places (id bigint, city varchar) "
        + "WITH (type = 'DELTA', partitioned_by = ARRAY['city'])")
    #expect(lake.refusal("INSERT INTO places VALUES (1, '')").hasPrefix("CONSTRAINT_VIOLATION"))
    #expect(try lake.sql("INSERT INTO places VALUES (1, NULL), (2, 'a/b=c')") == ["2"])
    #expect(try lake.sql("SELECT id FROM places WHERE city IS NULL") == ["1"])
  }

  // MARK: DELETE and UPDATE

  @Test func `DELETE writes the touched files anew, and the others stay`() throws {
    try makeFiveFiles()
    let before = try lake.files()
    let touched = try lake.paths("id IN (3, 5)")
    #expect(touched.count == 2)
    #expect(try lake.sql("DELETE FROM orders WHERE id IN (3, 5)") == ["2"])
    let commit = try lake.lastCommit()
    #expect(Set(commit.removes.map(\.path)) == touched)
    #expect(commit.adds.compactMap(\.numRecords) == [2])
    #expect(commit.operation == "DELETE")
    #expect(commit.operationMetrics["numCopiedRows"] == "2")
    #expect(Set(before).isSubset(of: try lake.files()))
    #expect(
      try lake.sql("SELECT id FROM orders ORDER BY id") == ["1", "2", "4", "6", "7", "8", "9", "10"])
    #expect(try lake.sql("SELECT count(*) FROM orders FOR VERSION AS OF 5") == ["10"])
  }

  @Test func `a file all of whose rows go is removed and not written anew`() throws {
    try makeFiveFiles()
    #expect(try lake.sql("DELETE FROM orders WHERE id <= 4") == ["4"])
    #expect(try lake.lastCommit().removes.count == 2)
    #expect(try lake.lastCommit().adds.isEmpty)
    #expect(try lake.sql("TRUNCATE TABLE orders") == ["6"])
    #expect(try lake.sql("SELECT count(*) FROM orders") == ["0"])
    #expect(try lake.sql("SELECT count(*) FROM orders FOR VERSION AS OF 5") == ["10"])
  }

  @Test func `a DELETE without rows makes no version`() throws {
    try makeFiveFiles()
    for condition in ["id = 99", "id = NULL", "amount > 1000", "false"] {
      #expect(try lake.sql("DELETE FROM orders WHERE \(condition)") == ["0"], "\(condition)")
    }
    #expect(try lake.version() == 5)
  }

  @Test func `a condition that is unknown deletes nothing`() throws {
    try lake.makeOrders()
    try lake.sql(
      "INSERT INTO orders VALUES (1, NULL, DATE '2024-01-15'), (NULL, 20, NULL), (3, 30, NULL)")
    #expect(try lake.sql("DELETE FROM orders WHERE NOT (amount > 25)") == ["1"])
    #expect(try lake.orders == ["1|NULL|2024-01-15", "3|30|NULL"])
    #expect(try lake.sql("DELETE FROM orders WHERE id NOT IN (1, NULL)") == ["0"])
    #expect(try lake.sql("DELETE FROM orders WHERE dt IS NULL") == ["1"])
    #expect(try lake.orders == ["1|NULL|2024-01-15"])
  }

  @Test func `an UPDATE moves rows to other partitions, NULL among them`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    try lake.insertPair(3, day: 16)
    #expect(try lake.sql("UPDATE orders SET dt = DATE '2024-01-17' WHERE id = 2") == ["1"])
    #expect(try lake.sql("UPDATE orders SET dt = NULL, amount = amount + 1 WHERE id = 3") == ["1"])
    #expect(
      try lake.orders == ["1|10|2024-01-15", "2|20|2024-01-17", "3|31|NULL", "4|40|2024-01-16"])
    #expect(try lake.paths("id = 2").allSatisfy { $0.hasPrefix("dt=2024-01-17/") })
    #expect(try lake.paths("id = 1").allSatisfy { $0.hasPrefix("dt=2024-01-15/") })
    #expect(try lake.sql("SELECT id FROM orders WHERE dt IS NULL") == ["3"])
    #expect(try lake.lastCommit().operation == "MERGE")
    #expect(
      try lake.sql("SELECT id FROM orders FOR VERSION AS OF 3 WHERE dt IS NULL") == [])
  }

  @Test func `an UPDATE reads the old values, and a failing one changes nothing`() throws {
    try lake.makeOrders()
    try lake.insertPair(1)
    #expect(try lake.sql("UPDATE orders SET id = amount, amount = id") == ["2"])
    #expect(try lake.orders == ["10|1|2024-01-15", "20|2|2024-01-15"])
    let files = try lake.files()
    #expect(
      lake.refusal("UPDATE orders SET amount = 1 / (amount - 2)").hasPrefix("DIVISION_BY_ZERO"))
    #expect(try lake.files() == files)
    #expect(try lake.version() == 2)
    #expect(
      lake.refusal("UPDATE orders SET amount = 'x'").hasPrefix("TYPE_MISMATCH"))
  }

  @Test func `a subquery may say which rows go, over the same table too`() throws {
    try makeFiveFiles()
    #expect(
      try lake.sql("DELETE FROM orders WHERE amount < (SELECT avg(amount) FROM orders)") == ["5"])
    #expect(
      try lake.sql("DELETE FROM orders WHERE id IN (SELECT id + 1 FROM orders WHERE id = 8)")
        == ["1"])
    #expect(try lake.sql("SELECT id FROM orders ORDER BY id") == ["6", "7", "8", "10"])
  }

  // MARK: MERGE

  @Test func `MERGE writes only the files anew that hold matched rows`() throws {
    try makeFiveFiles()
    let touched = try lake.paths("id IN (4, 9)")
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t USING (VALUES (4, 400), (9, 900), (11, 1100)) AS s (id, amount)
        ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET amount = s.amount
        WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.amount, DATE '2024-01-20')
        """) == ["3"])
    let commit = try lake.lastCommit()
    #expect(touched.count == 2)
    #expect(Set(commit.removes.map(\.path)) == touched)
    #expect(commit.operationMetrics["numCopiedRows"] == "2")
    #expect(commit.operationMetrics["numDeletedRows"] == "2")
    #expect(
      try lake.sql("SELECT id, amount FROM orders WHERE amount > 100 OR id IN (3, 10) ORDER BY id")
        == ["3|30", "4|400", "9|900", "10|100", "11|1100"])
    #expect(try lake.sql("SELECT sum(amount) FROM orders FOR VERSION AS OF 5") == ["550"])
  }

  @Test func `MERGE that matches and does nothing leaves the table as it was`() throws {
    try makeFiveFiles()
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t USING (VALUES 1, 2) AS s (id) ON t.id = s.id
        WHEN MATCHED AND t.amount > 1000 THEN DELETE
        """) == ["0"])
    #expect(try lake.version() == 5)
  }

  @Test func `two source rows for one target row fail, and nothing is half done`() throws {
    try makeFiveFiles()
    let files = try lake.files()
    func merge(_ action: String) -> String {
      """
      MERGE INTO orders t USING (VALUES (3, 1), (3, 2), (7, 5)) AS s (id, amount) ON t.id = s.id
      \(action)
      """
    }
    for action in ["WHEN MATCHED THEN UPDATE SET amount = s.amount", "WHEN MATCHED THEN DELETE"] {
      #expect(
        lake.refusal(merge(action))
          == "MERGE_TARGET_ROW_MULTIPLE_MATCHES: One MERGE target table row matched more than one "
          + "source row")
    }
    #expect(try lake.files() == files)
    #expect(try lake.version() == 5)
    // Where a condition leaves one of them, there is nothing to choose.
    #expect(
      try lake.sql(merge("WHEN MATCHED AND s.amount > 1 THEN UPDATE SET amount = s.amount")) == ["2"])
    #expect(try lake.sql("SELECT id, amount FROM orders WHERE amount < 10 ORDER BY id") == ["3|2", "7|5"])
  }

  @Test func `NULL keys meet nobody, and are inserted`() throws {
    try lake.makeOrders()
    try lake.sql("INSERT INTO orders VALUES (NULL, 1, DATE '2024-01-15'), (2, 2, DATE '2024-01-15')")
    let merge =
      """
      MERGE INTO orders t USING (VALUES (CAST(NULL AS bigint), 10), (2, 20)) AS s (id, amount)
      ON t.id = s.id
      WHEN MATCHED THEN UPDATE SET amount = s.amount
      WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (s.id, s.amount)
      """
    #expect(try lake.sql(merge) == ["2"])
    #expect(
      try lake.sql("SELECT id, amount, dt FROM orders ORDER BY amount")
        == ["NULL|1|2024-01-15", "NULL|10|NULL", "2|20|2024-01-15"])
    // A condition that takes NULL for a value finds the row.
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t USING (VALUES (CAST(NULL AS bigint), 10)) AS s (id, amount)
        ON t.id IS NOT DISTINCT FROM s.id AND t.amount = s.amount
        WHEN MATCHED THEN DELETE
        """) == ["1"])
    #expect(try lake.sql("SELECT count(*) FROM orders") == ["2"])
  }

  @Test func `a case whose condition is unknown is passed over, and the next one is tried`() throws {
    try lake.makeOrders()
    try lake.sql(
      "INSERT INTO orders VALUES (1, NULL, DATE '2024-01-15'), (2, 20, DATE '2024-01-15')")
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t
        USING (VALUES (1, NULL), (2, true), (3, NULL), (4, true)) AS s (id, flag) ON t.id = s.id
        WHEN MATCHED AND t.amount > 10 THEN DELETE
        WHEN MATCHED THEN UPDATE SET amount = 100
        WHEN NOT MATCHED AND s.flag THEN INSERT (id) VALUES (s.id)
        """) == ["3"])
    #expect(try lake.orders == ["1|100|2024-01-15", "4|NULL|NULL"])
  }

  @Test func `a join condition that is unknown is no match`() throws {
    try lake.makeOrders()
    try lake.sql("INSERT INTO orders VALUES (1, NULL, DATE '2024-01-15')")
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t USING (VALUES 1) AS s (id) ON t.id = s.id AND t.amount > 0
        WHEN MATCHED THEN DELETE
        WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (s.id, 7)
        """) == ["1"])
    #expect(try lake.sql("SELECT id, amount FROM orders ORDER BY amount") == ["1|7", "1|NULL"])
  }

  @Test func `MERGE deletes, moves and adds across partitions in one version`() throws {
    try makeFiveFiles(partitioned: true)
    #expect(
      try lake.sql(
        """
        MERGE INTO orders t
        USING (VALUES (1, 'gone'), (4, 'moved'), (12, 'new')) AS s (id, what) ON t.id = s.id
        WHEN MATCHED AND s.what = 'gone' THEN DELETE
        WHEN MATCHED THEN UPDATE SET dt = DATE '2024-02-01'
        WHEN NOT MATCHED THEN INSERT VALUES (s.id, 0, DATE '2024-02-02')
        """) == ["3"])
    #expect(try lake.version() == 6)
    #expect(
      try lake.sql("SELECT id FROM orders WHERE dt >= DATE '2024-02-01' ORDER BY id") == ["4", "12"])
    #expect(try lake.sql("SELECT id FROM orders WHERE dt <= DATE '2024-01-16' ORDER BY id") == ["2", "3"])
    #expect(try lake.lastCommit().removes.count == 2)
  }

  @Test func `EXPLAIN of a change says which files its scan reads`() throws {
    try makeFiveFiles(partitioned: true)
    let plan = try lake.sql(
      "EXPLAIN UPDATE orders SET amount = 0 WHERE dt >= DATE '2024-01-17' AND id > 8")
    let remarks = plan.flatMap { $0.split(separator: "\n") }
      .map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { $0.hasPrefix("partitions: ") || $0.hasPrefix("files: ") }
    #expect(remarks == ["partitions: 3 of 5", "files: 1 of 5, 2 ruled out by statistics"])
  }
}
