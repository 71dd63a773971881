/// CALL and the properties of catalogs: what a catalog offers, as Trino's statements reach it.
import Columnar
import Connector
import Synchronization
import TestSupport
import Testing
import TrinoSQL

struct CallTests {
  /// A catalog that notes what its procedures were called with, and the property it was read under.
  private final class Office: CatalogProvider {
    let name = "office"
    private let behavior: String
    private let calls: Calls

    final class Calls: Sendable {
      let values = Mutex<[[Scalar]]>([])
    }

    init(behavior: String = "APPEND", calls: Calls) {
      self.behavior = behavior
      self.calls = calls
    }

    func schemaNames() throws -> [String] { ["files"] }
    func tableNames(schema: String) throws -> [String] { ["behavior"] }
    func table(schema: String, name: String) throws -> (any TableSource)? {
      guard schema == "files", name == "behavior" else { return nil }
      let schema = Schema([Field("behavior", .varchar)])
      let text = behavior
      return ComputedTable(label: "behavior", schema: schema) { _ in
        [ColumnarBatch(schema: schema, rows: [[.text(text)]])]
      }
    }

    func procedures(schema: String) throws -> [Procedure] {
      guard schema == "system" else { return [] }
      return [
        Procedure(
          "file_letters",
          [
            .init("shelf", .varchar), .init("numbers", .array(.bigint)),
            .init("copies", .bigint, standard: .integer(1)),
            .init("reason", .varchar, standard: .null, allowsNull: true),
          ]
        ) { [calls] values in
          if values[0] == .text("burnt") {
            throw CatalogChangeError.invalidArgument("The shelf burnt is not there")
          }
          calls.values.withLock { $0.append(values) }
        }
      ]
    }

    var sessionProperties: [CatalogProperty] {
      [
        CatalogProperty(
          "letters", choices: ["APPEND", "OVERWRITE"], standard: "APPEND",
          description: "What happens to letters")
      ]
    }

    func setting(_ properties: [String: String]) -> any CatalogProvider {
      Office(behavior: properties["letters"] ?? "APPEND", calls: calls)
    }
  }

  private let calls = Office.Calls()
  private let engine: QueryEngine

  init() {
    engine = QueryEngine(catalogs: [Office(calls: calls)])
  }

  private func run(_ sql: String, _ session: Session = Session(catalog: "office", schema: "files"))
    throws -> QueryResult
  {
    try engine.execute(sql, session: session)
  }

  private func refusal(_ sql: String) -> String {
    do {
      _ = try run(sql)
      return "none"
    } catch let error as TrinoSQLError {
      return "\(error.name.rawValue): \(error.text)"
    } catch { return "\(error)" }
  }

  @Test func `arguments go by place or by name, and those left out have their standard`() throws {
    for sql in [
      "CALL system.file_letters('top', ARRAY[1, 2])",
      "CALL office.system.file_letters(numbers => ARRAY[1, 2], shelf => 'top')",
      "call SYSTEM.File_Letters('top', ARRAY[1, 1 + 1], 1, NULL)",
    ] {
      #expect(try run(sql).updateType == "CALL")
    }
    let expected: [Scalar] = [
      .text("top"), .list([.integer(1), .integer(2)]), .integer(1), .null,
    ]
    #expect(calls.values.withLock { $0 } == [expected, expected, expected])
  }

  @Test func `a prepared call takes its values at EXECUTE`() throws {
    var session = Session(catalog: "office", schema: "files")
    for change in try run("PREPARE p FROM CALL system.file_letters(?, ARRAY[7], ?)").sessionChanges {
      session.apply(change)
    }
    _ = try run("EXECUTE p USING 'low', 3", session)
    #expect(
      calls.values.withLock { $0 } == [[.text("low"), .list([.integer(7)]), .integer(3), .null]])
  }

  @Test func `what cannot be called is said as Trino says it`() {
    #expect(
      refusal("CALL system.file_leters('a', ARRAY[1])")
        == "PROCEDURE_NOT_FOUND: Procedure not registered: system.file_leters")
    #expect(
      refusal("CALL files.file_letters('a')")
        == "PROCEDURE_NOT_FOUND: Procedure not registered: files.file_letters")
    #expect(refusal("CALL nowhere.system.f()").hasPrefix("CATALOG_NOT_FOUND"))
    #expect(
      refusal("CALL system.file_letters('a')")
        == "INVALID_ARGUMENTS: Required procedure argument 'numbers' is missing")
    #expect(
      refusal("CALL system.file_letters('a', ARRAY[1], 1, 'b', 2)")
        == "INVALID_ARGUMENTS: Too many arguments for procedure")
    #expect(
      refusal("CALL system.file_letters('a', numbers => ARRAY[1])")
        == "INVALID_ARGUMENTS: Named and positional arguments cannot be mixed")
    #expect(
      refusal("CALL system.file_letters(shelf => 'a', shelf => 'b')")
        == "INVALID_ARGUMENTS: Duplicate procedure argument: shelf")
    #expect(
      refusal("CALL system.file_letters(shelve => 'a', numbers => ARRAY[1])")
        == "INVALID_ARGUMENTS: Unknown argument name: shelve")
    #expect(
      refusal("CALL system.file_letters(1, ARRAY[1])")
        == "TYPE_MISMATCH: Cannot cast type integer to varchar")
    #expect(
      refusal("CALL system.file_letters(NULL, ARRAY[1])")
        == "INVALID_PROCEDURE_ARGUMENT: shelf cannot be null")
    #expect(refusal("CALL system.file_letters(shelf, ARRAY[1])").hasPrefix("COLUMN_NOT_FOUND"))
    #expect(
      refusal("CALL system.file_letters('burnt', ARRAY[1])")
        == "INVALID_PROCEDURE_ARGUMENT: The shelf burnt is not there")
    #expect(refusal("CALL system.file_letters('a' ARRAY[1])").hasPrefix("SYNTAX_ERROR"))
    #expect(refusal("EXPLAIN CALL system.file_letters('a', ARRAY[1])").hasPrefix("NOT_SUPPORTED"))
    #expect(calls.values.withLock { $0 }.isEmpty)
  }

  @Test func `a call changes data, so a transaction refuses it`() throws {
    var session = Session(catalog: "office", schema: "files")
    session.isInTransaction = true
    #expect(StatementEffect.changesData("CALL system.file_letters('a', ARRAY[1])"))
    #expect(throws: TrinoSQLError.self) {
      try run("CALL system.file_letters('a', ARRAY[1])", session)
    }
    #expect(calls.values.withLock { $0 }.isEmpty)
  }

  @Test func `a session sets properties of a catalog, and statements see them`() throws {
    var session = Session(catalog: "office", schema: "files")
    func behavior() throws -> [[Scalar]] { try run("SELECT behavior FROM behavior", session).rows() }
    #expect(try behavior() == [[.text("APPEND")]])
    for change in try run("SET SESSION office.letters = 'overwrite'", session).sessionChanges {
      session.apply(change)
    }
    #expect(try behavior() == [[.text("OVERWRITE")]])
    let shown = try run("SHOW SESSION LIKE 'office.%'", session).rows()
    #expect(
      shown == [
        [
          .text("office.letters"), .text("OVERWRITE"), .text("APPEND"), .text("varchar"),
          .text("What happens to letters"),
        ]
      ])
    for change in try run("RESET SESSION office.letters", session).sessionChanges {
      session.apply(change)
    }
    #expect(try behavior() == [[.text("APPEND")]])
    #expect(
      refusal("SET SESSION office.letters = 'BURN'")
        == "INVALID_SESSION_PROPERTY: Unable to set session property 'office.letters' to 'BURN'")
    #expect(
      refusal("SET SESSION office.letter = 'APPEND'")
        == "INVALID_SESSION_PROPERTY: Session property 'office.letter' does not exist")
  }

  @Test func `EXPLAIN shows what a source says of its scan`() throws {
    struct Remarking: TableSource {
      let schema = Schema([Field("a", .bigint)])
      func splits(for request: ScanRequest) throws -> [any Split] { [] }
      func remarks(on request: ScanRequest) throws -> [String] {
        ["files: \(request.predicates.count) of 9"]
      }
    }
    let catalog = ComposedCatalog(name: "c", tables: ["s": ["t": { Remarking() }]])
    let engine = QueryEngine(catalogs: [catalog])
    let session = Session(catalog: "c", schema: "s")
    for form in ["", "(TYPE LOGICAL) ", "ANALYZE "] {
      let plan = try engine.execute("EXPLAIN \(form)SELECT a FROM t WHERE a > 1", session: session)
      let lines = plan.rows().map { row in if case .text(let text) = row[0] { text } else { "" } }
      #expect(lines.contains { $0.hasSuffix("files: 1 of 9") }, "\(lines)")
    }
  }
}
