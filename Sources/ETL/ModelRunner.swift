// A SQL model to a table: the task `model`.
//
// 1. The template says where the rows go (`database`, `schema`) and what it reads.
// 2. Of the Delta tables it reads, the days whose files changed since this model last ran are the
//    only ones computed again; the last version seen is a `txn` of the target itself. Bronze's
//    objects tell only that there are more of them: then every day is computed again, as it is by
//    any model that is `materialized='table'`. The shop's tables tell nothing, and are read as they
//    are whenever something else has changed, or nothing else is read.
// 3. `TrinoSQL` runs the rendered SELECT, and the result replaces those days in one commit.

internal import Columnar
internal import Connector
internal import DeltaLog
package import Lake
package import Simulation
package import TrinoSQL
package import Warehouse

/// Runs the models of one pipeline.
package struct ModelRunner: Sendable {
  let models: [String: ModelTemplate]
  let lake: Lake
  private let warehouse: Warehouse
  private let engine: QueryEngine
  private let variables: [String: String]

  /// `variables` are what `{{ var('…') }}` stands for, by name.
  package init(
    models: [String: ModelTemplate],
    lake: Lake,
    warehouse: Warehouse,
    engine: QueryEngine,
    variables: [String: String] = [:]
  ) {
    self.models = models
    self.lake = lake
    self.warehouse = warehouse
    self.engine = engine
    self.variables = variables
  }

  /// What one run did.
  package struct Summary: Sendable, Equatable {
    package enum Outcome: Sendable, Equatable {
      /// Wrote the table.
      case written
      /// Nothing that it reads has changed.
      case unchanged
      /// A table that it reads does not exist yet.
      case noSource(String)
    }

    package var outcome: Outcome
    package var target: String
    package var rows = 0
    package var days: [CivilDate] = []
  }

  /// Runs one model at a story time.
  ///
  /// - Parameter isFullRefresh: computes every day again and replaces the whole table, whatever has
  ///   changed: what a model needs that was edited, as its sources say nothing of that.
  package func run(
    _ name: String, at now: StoryTime, isFullRefresh: Bool = false
  ) throws -> Summary {
    guard let model = models[name] else { throw ETLError.noModel(name, among: models) }
    let target = try Target(model)
    let existing = try open(target)
    let plan = try Changes(
      model: model, target: isFullRefresh ? nil : try existing?.snapshot(), runner: self)
    switch plan.state {
    case .missing(let table):
      return Summary(outcome: .noSource(table), target: target.name.description)
    case .none:
      return Summary(outcome: .unchanged, target: target.name.description)
    case .days, .everything:
      return try write(model, to: target, existing: existing, plan, at: now)
    }
  }

  /// The table that a model's rows go to, as `catalog.schema.table`.
  ///
  /// - Throws: `etl.modelConfig` where it names a database that is none.
  package static func target(of model: ModelTemplate) throws -> String {
    try Target(model).name.description
  }

  /// The SELECT of a model as the engine gets it where every day is computed.
  ///
  /// - Throws: `etl.unknownModel`, and what `ModelTemplate.render` throws.
  package func statement(_ name: String) throws -> String {
    guard let model = models[name] else { throw ETLError.noModel(name, among: models) }
    return try statement(model, to: try Target(model), isIncremental: false, days: [])
  }

  private func statement(
    _ model: ModelTemplate, to target: Target, isIncremental: Bool, days: [CivilDate]
  ) throws -> String {
    var variables = variables
    variables["changed_days"] = days.map { "DATE '\($0)'" }.joined(separator: ", ")
    return try model.render(
      ModelTemplate.Scope(
        isIncremental: isIncremental,
        this: target.name.description,
        variables: variables,
        source: { schema, table in Self.name(ofSource: schema, table).description },
        reference: { self.name(ofModel: $0) }
      )
    )
  }

  private func write(
    _ model: ModelTemplate,
    to target: Target,
    existing: DeltaTable?,
    _ plan: Changes,
    at now: StoryTime
  ) throws -> Summary {
    let isIncremental = existing != nil && plan.days != nil
    let days = plan.days ?? []
    let sql = try statement(model, to: target, isIncremental: isIncremental, days: days)
    var session = Session()
    session.now = { now.milliseconds }
    let result = try engine.execute(sql, session: session)
    let table =
      try existing
      ?? create(target, schema: result.schema, at: now)
    let mode: WriteMode =
      isIncremental
      ? .overwritePartitions(days.map { [target.partitionColumn: .some($0.description)] })
      : .overwrite
    let before = try table.snapshot()
    // A source that has not moved since is recorded already, and is not recorded twice.
    let moved = plan.versions.filter { before.transactions[$0.key] != $0.value }
    let sink = try before.makeSink(
      mode: mode,
      options: DeltaWriteOptions(
        transactions: moved,
        operation: "WRITE",
        timestamp: now.milliseconds
      )
    )
    do {
      for batch in result.batches { try sink.write(batch) }
      let commit = try sink.commit()
      return Summary(
        outcome: .written,
        target: target.name.description,
        rows: commit.rowsAdded,
        days: days
      )
    } catch {
      sink.abort()
      throw error
    }
  }

  /// Where a model's rows go, from its `config(…)`.
  struct Target {
    var name: QualifiedName
    var partitionColumn: String

    init(_ model: ModelTemplate) throws {
      func value(_ key: String, _ fallback: String) -> String {
        model.config[key]?.first ?? fallback
      }
      let database = value("database", "lake")
      guard ["lake", "warehouse"].contains(database) else {
        throw ETLError(
          .modelConfig,
          "\(model.name).sql writes to the database \(database)",
          place: "\(model.name).sql",
          advice: "Use `lake` or `warehouse`.",
          fields: ["model": model.name, "database": database]
        )
      }
      name = QualifiedName(
        database,
        value("schema", database == "lake" ? "gold" : "mart"),
        value("alias", model.name)
      )
      partitionColumn = value("partition_by", "dt")
    }
  }

  private func name(ofModel name: String) -> String? {
    models[name].flatMap { try? Target($0).name.description }
  }

  func open(_ target: Target) throws -> DeltaTable? {
    target.name.catalog == "lake"
      ? try lake.deltaTable(target.name.schema + "." + target.name.table)
      : try warehouse.mart.table(target.name.table)
  }

  private func create(_ target: Target, schema: Schema, at now: StoryTime) throws -> DeltaTable {
    let partitions = schema.index(of: target.partitionColumn) == nil ? [] : [target.partitionColumn]
    return target.name.catalog == "lake"
      ? try lake.openTable(
        schema: target.name.schema,
        name: target.name.table,
        columns: schema,
        partitionColumns: partitions,
        createdAt: now.milliseconds
      )
      : try warehouse.mart.create(
        target.name.table,
        schema: schema,
        partitionColumns: partitions,
        timestamp: now.milliseconds
      )
  }
}
