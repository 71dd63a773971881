// The last station: numbers that a PM reads.
//
// A tile is a query over the warehouse or the live view. It is run when it is looked at, over the
// tables as they are then; nothing is kept between two looks.

internal import Columnar
internal import Diagnostics
package import Simulation
package import TrinoSQL
internal import Yams

/// One tile as `dashboard.yaml` describes it.
package struct TileDefinition: Sendable, Equatable {
  /// How a number is to be read.
  package enum Unit: String, Sendable, Equatable {
    case count, won, events, users, plain
  }

  package var id: String
  package var title: [String: String]
  package var sql: String
  package var freshness: String?
  package var units: [String: Unit]

  /// Reads all tiles of a `dashboard.yaml`.
  package static func parse(_ text: String, file: String) throws -> [TileDefinition] {
    let parsed: Any?
    do {
      parsed = try Yams.load(yaml: text)
    } catch {
      throw DashboardError("\(file) is not valid YAML: \(error)", place: file)
    }
    guard let root = parsed as? [String: Any], let tiles = root["tiles"] as? [[String: Any]] else {
      throw DashboardError("\(file) needs a list `tiles`", place: file)
    }
    return try tiles.enumerated().map { index, tile in
      guard let id = tile["id"] as? String, let sql = tile["sql"] as? String else {
        throw DashboardError("tile \(index + 1) in \(file) needs `id` and `sql`", place: file)
      }
      let units = (tile["columns"] as? [String: String] ?? [:]).mapValues {
        Unit(rawValue: $0) ?? .plain
      }
      return TileDefinition(
        id: id,
        title: tile["title"] as? [String: String] ?? ["ko": id, "en": id],
        sql: sql,
        freshness: tile["freshness"] as? String,
        units: units
      )
    }
  }
}

/// A tile with its numbers, as of one look.
package struct Tile: Sendable, Equatable {
  package struct Value: Sendable, Equatable {
    package var column: String
    package var unit: TileDefinition.Unit
    /// Nil where the query gave NULL.
    package var number: Int64?
  }

  package var definition: TileDefinition
  package var values: [Value]
  /// When the newest row behind the tile was loaded; nil for a live tile and an empty table.
  package var loadedAt: StoryTime?
  /// True where a table behind the tile does not exist yet.
  package var hasNoData: Bool
}

/// What can be wrong with a dashboard file or a tile's query.
package struct DashboardError: DiagnosableError {
  package var message: String
  package var place: String?

  package init(_ message: String, place: String?) {
    self.message = message
    self.place = place
  }

  package var code: String { "dashboard.badTile" }
  package var advice: String? { "Correct the tile in pipeline/dashboard.yaml." }
  package var fields: [String: String] { ["message": message, "place": place ?? ""] }
}

/// Runs tiles.
package struct TileReader: Sendable {
  private let engine: QueryEngine

  package init(engine: QueryEngine) {
    self.engine = engine
  }

  /// Reads one tile for a Korean day (the day before it counts as yesterday) and an app.
  ///
  /// - Throws: `DashboardError` where the query does not answer one row of integers.
  package func read(
    _ tile: TileDefinition,
    day: CivilDate,
    app: String,
    now: StoryTime
  ) throws -> Tile {
    var session = Session()
    session.now = { now.milliseconds }
    let sql = fill(tile.sql, day: day, app: app)
    let result: QueryResult
    do {
      result = try engine.execute(sql, session: session)
    } catch let error as TrinoSQLError
      where error.name == .tableNotFound || error.name == .schemaNotFound
    {
      return Tile(definition: tile, values: [], loadedAt: nil, hasNoData: true)
    }
    guard let row = result.rows().first, result.rowCount == 1 else {
      throw DashboardError(
        "the tile \(tile.id) gave \(result.rowCount) rows where one is due",
        place: "dashboard.yaml"
      )
    }
    let values = zip(result.schema.fields, row).map { field, scalar in
      var number: Int64?
      if case .integer(let value) = scalar { number = value }
      return Tile.Value(
        column: field.name,
        unit: tile.units[field.name] ?? .plain,
        number: number
      )
    }
    return Tile(
      definition: tile,
      values: values,
      loadedAt: try tile.freshness.flatMap { try loadedAt($0, session) },
      hasNoData: false
    )
  }

  private func loadedAt(_ sql: String, _ session: Session) throws -> StoryTime? {
    guard case .integer(let micros)? = try engine.execute(sql, session: session).rows().first?.first
    else { return nil }
    return StoryTime(milliseconds: micros / 1_000)
  }

  private func fill(_ sql: String, day: CivilDate, app: String) -> String {
    let quoted = "'" + app.replacing("'", with: "''") + "'"
    return
      sql
      .replacing("{{ day }}", with: "DATE '\(day)'")
      .replacing("{{ yesterday }}", with: "DATE '\(day.adding(days: -1))'")
      .replacing("{{ app }}", with: quoted)
  }
}
