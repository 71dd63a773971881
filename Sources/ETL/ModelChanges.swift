internal import Connector
internal import DeltaLog
internal import Lake
internal import ObjectStorage
internal import Simulation

/// What a model reads, and what that says of its changes.
enum Upstream {
  /// A table with a log: each version says which days it touched.
  case delta(DeltaTable)
  /// Objects of Bronze, by the bytes of all of them: any that comes or goes is another number.
  case objects(size: Int64)
  /// A table of the shop's database, which is as it is now.
  case unversioned
  /// Not there yet.
  case missing
}

extension ModelRunner {
  /// The schema of the sources that are tables of the shop's database.
  private static let shop = "shop"

  /// The full name of a source: a table of the lake, or of the shop's database.
  static func name(ofSource schema: String, _ table: String) -> QualifiedName {
    schema == shop ? QualifiedName(shop, "public", table) : QualifiedName("lake", schema, table)
  }

  /// The tables that a model reads: its sources, and the targets of its references.
  func upstream(of model: ModelTemplate) throws -> [(name: QualifiedName, table: Upstream)] {
    var tables: [(QualifiedName, Upstream)] = []
    for (schema, table) in model.sources {
      tables.append((Self.name(ofSource: schema, table), try source(schema, table)))
    }
    for reference in model.references {
      guard let referenced = models[reference] else { continue }
      let target = try Target(referenced)
      tables.append((target.name, try open(target).map(Upstream.delta) ?? .missing))
    }
    return tables
  }

  private func source(_ schema: String, _ table: String) throws -> Upstream {
    switch schema {
    case Self.shop: return .unversioned
    case "bronze":
      let objects = try lake.bronzeObjects("raw/\(table)/")
      return objects.isEmpty ? .missing : .objects(size: objects.reduce(0) { $0 + Int64($1.size) })
    default: return try lake.deltaTable(schema + "." + table).map(Upstream.delta) ?? .missing
    }
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
    let upstream = try runner.upstream(of: model)
    if let (name, _) = upstream.first(where: { if case .missing = $0.table { true } else { false } }) {
      state = .missing(name.description)
      return
    }
    var changed: Set<CivilDate> = []
    var isComplete = target != nil
    for (name, table) in upstream {
      let seen = target?.transactions[name.description]
      switch table {
      case .delta(let table):
        let current = try table.snapshot().version
        versions[name.description] = current
        guard let seen, seen <= current else {
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
      case .objects(let size):
        versions[name.description] = size
        if seen != size { isComplete = false }
      case .unversioned, .missing: break
      }
    }
    // What reads nothing but tables without versions cannot know that it is up to date.
    if !upstream.isEmpty, versions.isEmpty { isComplete = false }
    if !isComplete {
      state = .everything
    } else if !changed.isEmpty {
      state = model.isWhole ? .everything : .days(changed.sorted())
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
