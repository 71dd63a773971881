// Every attempt of the crowd's phones to reach the collector, as a table: for graders' engines only.
//
// `system.collector.requests` keeps the last requests that arrived. What a fault swallows never arrives,
// and how often phones tried is the phones' to know: a grader's copy of a world writes it down from the
// moment the copy is opened. No other world does; one that is kept after something was done in it has the
// attempts until then in a file beside it.

internal import Columnar
package import Connector
internal import Foundation
internal import Simulation
internal import Synchronization
package import World

/// The attempts of one copy of a world; it outlives the copy's being closed and opened again.
package final class AttemptLedger: Sendable {
  private let attempts: Mutex<[PhoneAttempt]>

  package init() {
    attempts = Mutex([])
  }

  private init(_ attempts: [PhoneAttempt]) {
    self.attempts = Mutex(attempts)
  }

  /// A ledger that begins with what was written to a file; an empty one where there is none.
  ///
  /// - Throws: what the file says that no ledger has written.
  package convenience init(reading path: String) throws {
    let data = FileManager.default.contents(atPath: path) ?? Data("[]".utf8)
    self.init(try JSONDecoder().decode([PhoneAttempt].self, from: data))
  }

  /// Writes the attempts so far to a file.
  package func write(to path: String) throws {
    try Home.write(Array(try JSONEncoder().encode(all)), to: path)
  }

  /// A ledger that begins with what another holds by now, for a copy of a copy.
  package init(copying other: AttemptLedger) {
    attempts = Mutex(other.all)
  }

  /// The attempts so far, in order of time.
  package var all: [PhoneAttempt] { attempts.withLock { $0 } }

  func append(_ attempt: PhoneAttempt) { attempts.withLock { $0.append(attempt) } }

  static let schema = Schema([
    Field("phone", .bigint), Field("app_version", .varchar), Field("platform", .varchar),
    Field("attempted_at", .timestampWithTimeZone(precision: 3)), Field("first_seq", .bigint),
    Field("events", .bigint), Field("bytes", .bigint), Field("status", .integer),
    Field("outcome", .varchar), Field("refused", .bigint),
    Field("retry_after_seconds", .bigint),
  ])

  private static func row(_ attempt: PhoneAttempt) -> [Scalar] {
    [
      .integer(Int64(attempt.phone)), .text(attempt.appVersion), .text(attempt.platform),
      .integer(attempt.time.milliseconds * 1_000), .integer(attempt.firstSeq),
      .integer(Int64(attempt.eventCount)), .integer(Int64(attempt.byteCount)),
      attempt.status.map { .integer(Int64($0)) } ?? .null, .text(attempt.outcome.rawValue),
      .integer(Int64(attempt.refusedCount)),
      attempt.retryAfterSeconds.map { .integer(Int64($0)) } ?? .null,
    ]
  }

  /// `truth.attempts`. Only graders' engines may hold it.
  package func table() -> any TableSource {
    ComputedTable(label: "truth.attempts", schema: Self.schema) { [self] _ in
      [ColumnarBatch(schema: Self.schema, rows: all.map(Self.row))]
    }
  }
}
