// `system.course`: what the learner works out on paper, as tables.
//
// 1. `Shell.courseTables` are the learner's own: without the right values.
// 2. `CourseTables.forGraders` puts tables with the right values in their place.
// 3. `lifecycle` is what the rules in force would make of the lake of `Lessons/storage.yaml`.

internal import Columnar
internal import Connector
internal import Course
internal import Grading
internal import ObjectStorage
internal import Platform
internal import Simulation

/// The worksheets and assumptions of one learner as tables.
struct CourseTables: Sendable {
  static let schemaName = "course"

  let book: WorksheetBook
  /// True where `expected` holds the right values.
  let showsExpected: Bool
  /// Asked when a table is.
  let language: @Sendable () -> CourseLanguage
  /// The lake's rules, asked when a table is.
  let rules: @Sendable () throws -> LifecycleStudy.Rules

  private static let worksheet = Schema([
    Field("sheet", .varchar, isNullable: false), Field("cell", .varchar, isNullable: false),
    Field("position", .integer, isNullable: false), Field("value", .double),
    Field("unit", .varchar, isNullable: false), Field("expected", .double),
    Field("is_right", .boolean), Field("state", .varchar, isNullable: false),
    Field("mistake", .varchar), Field("slip", .varchar), Field("typed", .varchar),
    Field("entered_at", .timestampWithTimeZone),
  ])

  private static let assumptions = Schema([
    Field("name", .varchar, isNullable: false), Field("value", .double, isNullable: false),
    Field("unit", .varchar, isNullable: false), Field("source", .varchar, isNullable: false),
    Field("as_of", .date), Field("origin", .varchar, isNullable: false),
  ])

  private static let lifecycle = Schema([
    // A load of the plan, or `lake` for all of them.
    Field("load", .varchar, isNullable: false),
    // `in_force`, what is asked of the load, or a part of its bill.
    Field("demand", .varchar, isNullable: false),
    // Days, hours or US dollars; of a bill's total what the cheapest rules found cost, for graders.
    Field("asked", .double), Field("found", .double), Field("is_kept", .boolean),
    Field("classes", .varchar), Field("prefixes", .varchar),
  ])

  var tables: [String: ComposedCatalog.Provider] {
    let this = self
    return [
      "worksheet": {
        ComputedTable(label: "system.course.worksheet", schema: Self.worksheet) { _ in
          [ColumnarBatch(schema: Self.worksheet, rows: try this.worksheetRows())]
        }
      },
      "assumptions": {
        let language = this.language()
        return ComputedTable(label: "system.course.assumptions", schema: Self.assumptions) { _ in
          [ColumnarBatch(schema: Self.assumptions, rows: try this.assumptionRows(language))]
        }
      },
      "lifecycle": {
        ComputedTable(label: "system.course.lifecycle", schema: Self.lifecycle) { _ in
          [ColumnarBatch(schema: Self.lifecycle, rows: try this.lifecycleRows())]
        }
      },
    ]
  }

  /// The catalogs of a world with the learner's tables as graders see them.
  static func forGraders(
    _ catalogs: [any CatalogProvider], _ book: WorksheetBook, language: CourseLanguage,
    rules: @escaping @Sendable () throws -> LifecycleStudy.Rules
  ) -> [any CatalogProvider] {
    let tables = CourseTables(
      book: book, showsExpected: true, language: { language }, rules: rules
    ).tables
    return catalogs.map {
      $0.name == "system" ? SystemCatalog(base: $0, course: tables) : $0
    }
  }

  private func worksheetRows() throws -> [[Scalar]] {
    var rows: [[Scalar]] = []
    for sheet in try book.worksheets() {
      for (index, row) in try book.rows(of: sheet).enumerated() {
        let expected = showsExpected ? row.expected : nil
        let time = row.entry?.storyTime
        rows.append([
          .text(sheet.id), .text(row.cell.id), .integer(Int64(index + 1)),
          Self.number(row.entry?.value), .text(row.cell.unit.name), Self.number(expected),
          row.isRight.map(Scalar.boolean) ?? .null, .text(row.state.rawValue),
          Self.text(row.mistake), Self.text(row.slip?.sizingName), Self.text(row.entry?.text),
          time.map { Scalar.integer($0 * 1_000) } ?? .null,
        ])
      }
    }
    return rows
  }

  private static func number(_ value: Double?) -> Scalar { value.map(Scalar.double) ?? .null }
  private static func text(_ value: String?) -> Scalar { value.map(Scalar.text) ?? .null }

  /// What the rows of the whole lake say in place of a load, and how a bill's sum is named.
  private static let wholeLake = "lake"
  private static let sum = "usd"

  private func lifecycleRows() throws -> [[Scalar]] {
    let rules = try rules()
    var missing: String?
    guard
      let study = LifecycleStudy(try book.assumptions(), today: rules.today, missing: &missing)
    else { throw CommandError(.noSuchAssumption, ["name": missing ?? ""]) }
    var rows: [[Scalar]] = [
      [
        .text(Self.wholeLake), .text("in_force"), .null, .null, .boolean(rules.areThoseOfTheFile), .null,
        .null,
      ]
    ]
    var (found, best) = (0.0, Double?.some(0))
    for load in try book.storageLoads() {
      let lives = study.lives(load, under: rules.inForce)
      let classes = Scalar.text(
        Set(lives.map { $0.stays.map(\.storageClass.rawValue).joined(separator: ",") }).sorted()
          .joined(separator: " "))
      let prefixes = Scalar.text(rules.prefixes(for: load).joined(separator: ","))
      for demand in study.demands(load, lives) {
        rows.append([
          .text(load.id), .text(demand.quantity.rawValue), .double(demand.asked),
          Self.number(demand.found), .boolean(demand.holds), classes, prefixes,
        ])
      }
      let bill = study.bill(load, under: rules.inForce)
      let least = showsExpected ? study.best(load) : nil
      found += bill.total
      let usd = least?.rule == nil ? nil : least?.usd
      best = best.flatMap { sum in usd.map { sum + $0 } }
      let parts: [(String, Double, Double?)] = [
        (Self.sum, bill.total, usd), ("usd_storage", bill.storage, nil),
        ("usd_replaced", bill.replaced, nil), ("usd_early", bill.early, nil),
        ("usd_moves", bill.moves, nil), ("usd_reads", bill.reads, nil),
      ]
      rows += parts.map { name, usd, asked in
        [
          .text(load.id), .text(name), Self.number(asked), .double(usd), .null, classes, prefixes,
        ]
      }
    }
    rows.append([
      .text(Self.wholeLake), .text(Self.sum), Self.number(best), .double(found), .null, .null, .null,
    ])
    return rows
  }

  private func assumptionRows(_ language: CourseLanguage) throws -> [[Scalar]] {
    try book.assumptions().map { known -> [Scalar] in
      let day = CivilDate(known.date)
      return [
        .text(known.assumption.id), .double(known.value), .text(known.assumption.unit.name),
        .text(known.assumption.source[language]),
        day.map { Scalar.integer(Int64($0.daysSinceEpoch)) } ?? .null,
        .text(known.origin.rawValue),
      ]
    }
  }
}

/// A system catalog whose schema `course` is another.
private struct SystemCatalog: CatalogProvider {
  let base: any CatalogProvider
  let course: [String: ComposedCatalog.Provider]

  var name: String { base.name }

  func schemaNames() throws -> [String] {
    Set(try base.schemaNames()).union([CourseTables.schemaName]).sorted()
  }

  func tableNames(schema: String) throws -> [String] {
    schema == CourseTables.schemaName ? course.keys.sorted() : try base.tableNames(schema: schema)
  }

  func table(schema: String, name: String) throws -> (any TableSource)? {
    schema == CourseTables.schemaName
      ? try course[name]?() : try base.table(schema: schema, name: name)
  }
}

extension UnitSlip {
  /// Its name in tables and JSON: `bits` where bits and bytes were mistaken, else its kind.
  var sizingName: String { isBits ? "bits" : kind.rawValue }
}

extension Shell {
  /// The learner's worksheets.
  var worksheetBook: WorksheetBook { WorksheetBook(content: content.course, progress: progress) }

  /// `system.course` as the learner sees it.
  var courseTables: [String: ComposedCatalog.Provider] {
    // Tables are asked for while a line runs, on the line's own thread.
    CourseTables(
      book: worksheetBook, showsExpected: false,
      language: { [weak self] in self?.courseLanguage ?? .korean },
      rules: { [weak self] in try self?.platform().lifecycleRules() ?? LifecycleStudy.Rules() }
    ).tables
  }
}
