// A SQL model to a table: the task `model`.
//
// 1. The template says where the rows go (`database`, `schema`) and what it reads.
// 2. Each table it reads has a Delta log. The days whose files changed since this model last ran
//    are the only ones computed again; the last version seen is a `txn` of the target itself.
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
  private let models: [String: ModelTemplate]
  private let lake: Lake
  private let warehouse: Warehouse
  private let engine: QueryEngine

  package init(
    models: [String: ModelTemplate],
    lake: Lake,
    warehouse: Warehouse,
    engine: QueryEngine
  ) {
    self.models = models
    self.lake = lake
    self.warehouse = warehouse
    self.engine = engine
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
    guard let model = models[name] else {
      throw ETLError(
        .unknownModel,
        "there is no model \(name)",
        place: "models/",
        advice: "Models: \(models.keys.sorted().joined(separator: ", ")).",
        fields: ["model": name]
      )
    }
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

  private func write(
    _ model: ModelTemplate,
    to target: Target,
    existing: DeltaTable?,
    _ plan: Changes,
    at now: StoryTime
  ) throws -> Summary {
    let isIncremental = existing != nil && plan.days != nil
    let days = plan.days ?? []
    let sql = try model.render(
      ModelTemplate.Scope(
        isIncremental: isIncremental,
        this: target.name.description,
        variables: ["changed_days": days.map { "DATE '\($0)'" }.joined(separator: ", ")],
        source: { schema, table in "lake.\(schema).\(table)" },
        reference: { self.name(ofModel: $0) }
      )
    )
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

  /// The tables that a model reads: its sources, and the targets of its references.
  func upstream(of model: ModelTemplate) throws -> [(name: QualifiedName, table: DeltaTable?)] {
    var tables: [(QualifiedName, DeltaTable?)] = []
    for (schema, table) in model.sources {
      tables.append(
        (QualifiedName("lake", schema, table), try lake.deltaTable(schema + "." + table))
      )
    }
    for reference in model.references {
      guard let referenced = models[reference] else { continue }
      let target = try Target(referenced)
      tables.append((target.name, try open(target)))
    }
    return tables
  }
}

/// Which days a model has to compute again, and the versions that this decision is based on.
struct Changes {
  enum State: Equatable {
    case none
    case missing(String)
    case days([CivilDate])
    /// The target is new, its history no longer tells what changed, or all was asked for.
    case everything
  }

  private(set) var state: State = .none
  /// By qualified name: what the target's `txn` will say.
  private(set) var versions: [String: Int64] = [:]

  var days: [CivilDate]? {
    if case .days(let days) = state { return days }
    return nil
  }

  init(model: ModelTemplate, target: DeltaSnapshot?, runner: ModelRunner) throws {
    var changed: Set<CivilDate> = []
    var isComplete = target != nil
    for (name, table) in try runner.upstream(of: model) {
      guard let table else {
        state = .missing(name.description)
        return
      }
      let current = try table.snapshot().version
      versions[name.description] = current
      guard let seen = target?.transactions[name.description], seen <= current else {
        isComplete = false
        continue
      }
      guard let commits = try Self.commits(of: table, since: seen, until: current) else {
        isComplete = false
        continue
      }
      for commit in commits {
        // What only moves rows between files, as OPTIMIZE does, changes no day.
        let touched =
          commit.adds.filter(\.dataChange).map(\.partitionValues)
          + commit.removes.filter(\.dataChange).map(\.partitionValues)
        for values in touched {
          if let text = values?["dt"] ?? nil, let day = CivilDate(text) {
            changed.insert(day)
          } else {
            isComplete = false
          }
        }
      }
    }
    if !isComplete {
      state = .everything
    } else if !changed.isEmpty {
      state = .days(changed.sorted())
    }
  }

  /// The commits that the last run has not seen; nil where the log that had them has been cleaned up.
  private static func commits(
    of table: DeltaTable, since seen: Int64, until current: Int64
  ) throws -> [DeltaCommit]? {
    guard seen < current else { return [] }
    do {
      return try table.changes(since: seen)
    } catch let error as DeltaLogError where error.kind == .historyExpired {
      return nil
    }
  }
}
