import Columnar
import Connector
import Lake
import ObjectStorage
import Testing

/// JSON, CSV and text files as Trino's Hive connector reads them, silent NULLs and all.
struct HiveTextReadingTests {
  private let lake: HiveLake

  init() throws {
    lake = try HiveLake()
  }

  private func make(_ name: String, _ columns: String, _ properties: String) throws {
    try lake.sql(
      "CREATE TABLE \(name) (\(columns)) "
        + "WITH (external_location = 's3://lake/in/\(name)', \(properties))")
  }

  // MARK: JSON

  @Test func `JSON lines are rows, by the names of members in any case`() throws {
    try make("events", "event_id varchar, amount bigint, props varchar", "format = 'JSON'")
    try lake.put(
      "in/events/a.json",
      text: """
        {"event_id":"e-1","amount":5,"props":{"Price":1,"x":[1,2]}}

        {"Event_Id":"e-2","AMOUNT":6,"other":{"amount":9}}
        {"amount":7,"event_id":"\\u0065-3","amount":8}
        """)
    try lake.put("in/events/b.json.gz", gzip: #"{"event_id":"e-4","amount":null}"# + "\n")
    #expect(
      try lake.sql("SELECT * FROM events ORDER BY event_id")
        == [
          #"e-1|5|{"Price":1,"x":[1,2]}"#, "e-2|6|NULL", "e-3|8|NULL", "e-4|NULL|NULL",
        ])
    #expect(
      try lake.sql("SELECT json_extract_scalar(props, '$.Price') FROM events WHERE amount = 5")
        == ["1"])
    #expect(try lake.sql("SELECT count(*) FROM events") == ["4"])
  }

  @Test(arguments: ["JSON", "OPENX_JSON"])
  func `nested columns of JSON are typed`(format: String) throws {
    try make(
      "nested", "id bigint, p row(price bigint, name varchar), tags array(varchar), m map(varchar, bigint)",
      "format = '\(format)'")
    try lake.put(
      "in/nested/a",
      text: #"{"id":1,"p":{"name":"컵","Price":3},"tags":["a","b"],"m":{"k":1}}"# + "\n"
        + #"{"id":2}"#)
    #expect(
      try lake.sql("SELECT id, p.price, p.name, tags, m['k'] FROM nested ORDER BY id")
        == ["1|3|컵|[a, b]|1", "2|NULL|NULL|NULL|NULL"])
  }

  @Test func `a value that does not fit ends a query over JSON with file and line`() throws {
    try make("strict", "amount bigint", "format = 'JSON'")
    try lake.put("in/strict/a", text: "{\"amount\":1}\n{\"amount\":\"2990\"}\n")
    let error = #expect(throws: HiveError.self) { try lake.sql("SELECT amount FROM strict") }
    #expect(error?.kind == .badData && error?.file == "in/strict/a" && error?.line == 2)
    #expect(try lake.sql("SELECT count(*) FROM strict") == ["2"])
  }

  @Test func `over OPENX_JSON it is NULL, and only the count of NULLs tells`() throws {
    try make(
      "open", "amount bigint, at timestamp(3), ok boolean, day date", "format = 'OPENX_JSON'")
    try lake.put(
      "in/open/a",
      text: """
        {"amount":1,"at":"2024-01-15T00:00:00Z","ok":true,"day":"2024-01-15"}
        {"amount":"2990","at":"2024-01-15T09:00:00+09:00","ok":"TRUE","day":"15 Jan"}
        {"amount":"2,990","at":1705276800000,"ok":"yes","day":null}
        {"amount":99999999999999999999,"at":1705276800,"ok":0}
        {"amount":{"krw":5},"at":"yesterday"}
        """)
    #expect(
      try lake.sql("SELECT * FROM open")
        == [
          "1|2024-01-15 00:00:00.000|true|2024-01-15", "2990|2024-01-15 00:00:00.000|true|NULL",
          "NULL|2024-01-15 00:00:00.000|false|NULL", "NULL|2024-01-15 00:00:00.000|false|NULL",
          "NULL|NULL|NULL|NULL",
        ])
    #expect(try lake.sql("SELECT count(*) - count(amount) FROM open") == ["3"])
  }

  @Test(arguments: ["JSON", "OPENX_JSON"])
  func `a line that is no object ends the query`(format: String) throws {
    try make("torn", "a bigint", "format = '\(format)'")
    try lake.put("in/torn/a", text: "{\"a\":1}\n{\"a\":2\n")
    let error = #expect(throws: HiveError.self) { try lake.sql("SELECT a FROM torn") }
    #expect(error?.kind == .badData && error?.line == 2)
  }

  @Test func `lines longer and shorter than a piece are put together`() throws {
    try make("long", "n bigint, filler varchar", "format = 'JSON'")
    let filler = String(repeating: "x", count: 700_000)
    let lines = (0..<5).map { "{\"N\":\($0),\"filler\":\"\(filler)\"}" }
    try lake.put("in/long/a", text: lines.joined(separator: "\n"))
    #expect(
      try lake.sql("SELECT n, length(filler) FROM long ORDER BY n")
        == (0..<5).map { "\($0)|700000" })
  }

  @Test func `Bronze itself can be a table of partitions`() throws {
    try lake.put(
      "raw/events/year=2024/month=01/day=15/hour=03/a.json.gz",
      gzip: #"{"event_name":"app_open","seq":1}"# + "\n")
    try lake.put(
      "raw/events/year=2024/month=01/day=16/hour=00/a.json.gz",
      gzip: #"{"event_name":"app_open","seq":2}"# + "\n")
    try lake.sql(
      """
      CREATE TABLE bronze.hours (
        event_name varchar, seq bigint, year integer, month integer, day integer, hour integer)
      WITH (format = 'JSON', external_location = 's3://lake/raw/events',
        partitioned_by = ARRAY['year', 'month', 'day', 'hour'])
      """)
    #expect(try lake.sql("SELECT count(*) FROM bronze.hours") == ["0"])
    try lake.sql("CALL system.sync_partition_metadata('bronze', 'hours', 'ADD')")
    #expect(
      try lake.sql("SELECT seq, day, hour FROM bronze.hours WHERE month = 1 ORDER BY seq")
        == ["1|15|3", "2|16|0"])
    #expect(
      try lake.sql("SELECT * FROM bronze.\"hours$partitions\" WHERE day = 15") == ["2024|1|15|3"])
    // The table that is there without a catalog is another one, and stays.
    #expect(try lake.sql("SELECT count(*) FROM bronze.events") == ["2"])
    #expect(lake.refusal("CREATE TABLE bronze.events (a bigint)").hasPrefix("TABLE_ALREADY_EXISTS"))
  }

  // MARK: CSV and text

  @Test func `CSV is text by place: header, order and missing fields are the reader's business`() throws {
    try make("csv", "id varchar, name varchar, price varchar", "format = 'CSV'")
    try lake.put(
      "in/csv/a.csv", text: "id,name,price\r\n1,\"Kim, \"\"K\"\"\",10\n2,\\\"Lee\\\",\n3\n\n4,a,b,c")
    #expect(
      try lake.sql("SELECT * FROM csv")
        == [
          "id|name|price", #"1|Kim, "K"|10"#, #"2|"Lee"|"#, "3|NULL|NULL", "NULL|NULL|NULL",
          "4|a|b",
        ])
    #expect(try lake.sql("SELECT price FROM csv WHERE id = '1'") == ["10"])
    #expect(try lake.sql("SELECT sum(TRY_CAST(price AS bigint)) FROM csv") == ["10"])
    try make(
      "without", "id varchar, name varchar",
      "format = 'CSV', skip_header_line_count = 1, csv_separator = ';'")
    try lake.put("in/without/a.csv", text: "id;name\n1;x\n")
    #expect(try lake.sql("SELECT * FROM without") == ["1|x"])
  }

  @Test func `text files are typed, and what does not fit is NULL`() throws {
    try make(
      "text", "id bigint, ok boolean, at timestamp(3), name varchar",
      "format = 'TEXTFILE', textfile_field_separator = '|'")
    try lake.put(
      "in/text/a",
      text: """
        1|true|2024-01-15 09:10:11.5|x
        2|TRUE|2024-01-15T09:10:11Z|
        three|1|\\N|\\N
        4
        """)
    #expect(
      try lake.sql("SELECT * FROM text")
        == [
          "1|true|2024-01-15 09:10:11.500|x", "2|true|NULL|", "NULL|NULL|NULL|NULL",
          "4|NULL|NULL|NULL",
        ])
    try make("plain", "a varchar, b bigint", "format = 'TEXTFILE'")
    try lake.put("in/plain/a", text: "x\u{1}5\n")
    #expect(try lake.sql("SELECT * FROM plain") == ["x|5"])
  }

  @Test func `a broken gzip file is named`() throws {
    try make("zipped", "a varchar", "format = 'CSV'")
    try lake.store.put("in/zipped/a.gz", [0x1F, 0x8B, 8, 0, 1, 2, 3])
    let error = #expect(throws: HiveError.self) { try lake.sql("SELECT a FROM zipped") }
    #expect(error?.kind == .badData && error?.file == "in/zipped/a.gz")
  }

  @Test(arguments: ["JSON", "CSV", "TEXTFILE"])
  func `tables of text are not written`(format: String) throws {
    try lake.sql("CREATE TABLE text (a varchar) WITH (format = '\(format)')")
    #expect(lake.refusal("INSERT INTO text VALUES ('x')").hasPrefix("NOT_SUPPORTED"))
    #expect(
      lake.refusal("CREATE TABLE more WITH (format = '\(format)') AS SELECT 'x' AS a")
        .hasPrefix("NOT_SUPPORTED"))
  }
}
