import Commands
import Testing

/// How the rows of a query are written.
struct ResultFormatTests {
  private let awkward = """
    SELECT * FROM (VALUES (1, 'plain', 1.50), (2, 'a,b "c"', NULL), (NULL, '', 0.25)) AS t(id, text, price) \
    ORDER BY price;
    """

  @Test func `CSV has a header, quotes what needs it, and tells an empty text from NULL`() throws {
    let world = try TestWorld()
    #expect(world.run("output csv").text == "")
    let lines = ["id,text,price", ",\"\",0.25", "1,plain,1.50", #"2,"a,b ""c""","#]
    #expect(world.run(awkward).text == lines.map { $0 + "\n" }.joined())
  }

  @Test func `Markdown keeps bars inside their cell`() throws {
    let world = try TestWorld()
    world.run("output markdown")
    #expect(
      world.run("SELECT 1 AS n, 'a|b' AS t;").text == """
        | n | t |
        | ---: | --- |
        | 1 | a\\|b |

        """)
  }

  @Test func `a statement that asks for records is shown a column a line, that one only`() throws {
    let world = try TestWorld()
    let record = world.run(#"SELECT 7 AS seven, 'x' AS letter\G"#)
    #expect(record.status == .success)
    let lines = record.text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(lines.contains { $0.first == "seven" && $0.last == "7" })
    #expect(lines.contains { $0.first == "letter" && $0.last == "x" })
    #expect(world.run("SELECT 7 AS seven;").text.contains("seven\n"))
    #expect(!StatementShape.isOpen(#"SELECT 1\G"#) && StatementShape.isOpen("SELECT 1"))
  }

  @Test func `CSV writes every row, a table the first 200`() throws {
    let world = try TestWorld()
    let query = "SELECT x FROM UNNEST(sequence(1, 500)) AS t(x);"
    #expect(world.run(query).text.contains("200 of 500 rows"))
    world.run("output csv")
    #expect(world.run(query).text.split(separator: "\n").count == 501)
  }

  @Test func `a format that is not there is refused with those that are`() throws {
    let world = try TestWorld()
    let refused = world.run("output cvs")
    #expect(refused.status == .usage && refused.text.contains("csv"))
  }

  @Test func `one row is a row`() throws {
    let world = try TestWorld()
    #expect(world.run("SELECT 1 AS n;").text.contains("1 row ("))
    #expect(world.run("SELECT 1 AS n WHERE false;").text.contains("0 rows ("))
  }

  @Test func `help explains SQL by its first word`() throws {
    let world = try TestWorld()
    for name in ["SELECT", "sql", "show"] {
      #expect(world.run("help \(name)").text.contains("SHOW CATALOGS;"), "\(name)")
    }
  }
}
