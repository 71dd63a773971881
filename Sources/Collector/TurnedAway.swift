// The seconds in which requests were turned away or met nobody, and what else came in them: whether
// clients come again in waves is seen in nothing coarser.

internal import Columnar
internal import Connector
internal import Foundation
internal import Synchronization

/// Counts by second and status of the story's bad seconds. Safe to share.
package final class TurnedAway: Sendable {
  /// One second's requests of one status.
  package struct Line: Sendable, Hashable, Codable {
    /// Milliseconds since the epoch, a whole second.
    package var second: Int64
    /// 0 where nobody answered.
    package var status: Int
    package var requests: Int
  }

  private struct State {
    /// By status, of the second that is being counted.
    var current: [Int: Int] = [:]
    var second = Int64.min
    var lines: [Line] = []
    var isSaved = true
  }

  private let path: String?
  private let state: Mutex<State>
  static let linesMax = 20_000

  /// Reads what was saved at `path`; what cannot be read is forgotten. Without a path nothing is kept.
  package init(path: String? = nil) {
    self.path = path
    var state = State()
    if let data = path.flatMap({ FileManager.default.contents(atPath: $0) }),
      let lines = try? JSONDecoder().decode([Line].self, from: data)
    {
      state.lines = lines
    }
    self.state = Mutex(state)
  }

  package func note(status: Int, at time: Int64) {
    let second = time - time % 1_000
    state.withLock { state in
      if second != state.second { Self.close(&state, second) }
      state.current[status, default: 0] += 1
    }
  }

  private static func isBad(_ status: Int) -> Bool { status == 0 || status == 429 || status == 503 }

  private static func close(_ state: inout State, _ second: Int64) {
    state.lines += lines(of: state)
    if state.lines.count > linesMax { state.lines.removeFirst(state.lines.count - linesMax) }
    if state.current.keys.contains(where: isBad) { state.isSaved = false }
    state.current = [:]
    state.second = second
  }

  private static func lines(of state: State) -> [Line] {
    guard state.current.keys.contains(where: isBad) else { return [] }
    return state.current.sorted { $0.key < $1.key }.map {
      Line(second: state.second, status: $0.key, requests: $0.value)
    }
  }

  /// In order of time; of a second without a bad answer there is nothing.
  package var lines: [Line] { state.withLock { $0.lines + Self.lines(of: $0) } }

  /// Writes down what is known, where it has changed.
  ///
  /// - Throws: what the disk refuses.
  package func save() throws {
    guard let path else { return }
    let lines = state.withLock { state -> [Line]? in
      Self.close(&state, .min)
      defer { state.isSaved = true }
      return state.isSaved ? nil : state.lines
    }
    guard let lines else { return }
    try JSONEncoder().encode(lines).write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  var table: any TableSource {
    let schema = Schema([
      Field("second", .timestampWithTimeZone, isNullable: false),
      Field("status", .integer, isNullable: false), Field("requests", .bigint, isNullable: false),
    ])
    let lines = lines
    return ComputedTable(label: "system.collector.turned_away", schema: schema) { _ in
      let rows: [[Scalar]] = lines.map {
        [.integer($0.second &* 1_000), .integer(Int64($0.status)), .integer(Int64($0.requests))]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
