// Somebody who reads a partition again and again while others write: what a change of files looks like to
// whoever reads meanwhile.
//
// 1. A thread reads the partition's rows, pauses, and reads again.
// 2. `readNow` reads once more in the caller's thread: between two statements there is always a reading.
// 3. Readings that are the same one after the other are kept once, with how often they were made.

internal import Columnar
internal import Connector
internal import Foundation
internal import Synchronization

/// A reader that polls one partition.
package final class HiveReader: Sendable {
  /// What one reading found.
  package enum Finding: Hashable, Sendable {
    case rows(HiveContent)
    /// The catalog has no such partition.
    case missing
    /// A file went away, or was no file of the table, while it was read.
    case failed(String)
  }

  /// Readings in a row that found the same.
  package struct Reading: Hashable, Sendable {
    package var finding: Finding
    /// Where the catalog said that the partition lies, as a URI; nil where it has no such partition.
    package var location: String?
    /// When the first of them ended, in milliseconds since the reader began.
    package var milliseconds: Int64
    package var count: Int
  }

  package let table: HiveTableName
  package let values: [String?]
  private let catalog: HiveCatalog
  private let begun = Date()
  private let state = Mutex(State())

  private struct State {
    var readings: [Reading] = []
    var isStopped = false
  }

  /// Readings that differ from the one before are kept up to this many.
  private static let readingsMax = 10_000
  private static let pauseSeconds = 0.005

  /// Reads once, and goes on in a thread of its own until `stop` or until nobody has the reader any more.
  package init(catalog: HiveCatalog, table: HiveTableName, values: [String?]) {
    self.catalog = catalog
    self.table = table
    self.values = values
    readNow()
    Thread.detachNewThread { [weak self] in
      while self?.readInTurn() == true { Thread.sleep(forTimeInterval: Self.pauseSeconds) }
    }
  }

  private func readInTurn() -> Bool {
    guard isReading else { return false }
    readNow()
    return true
  }

  /// Reads in the caller's thread.
  package func readNow() {
    let finding: Finding
    let location = try? catalog.entry(table)?.partition(values).map { catalog.places.uri($0.location) }
    do {
      finding = .rows(try catalog.content(table, values: values))
    } catch is CatalogChangeError {
      finding = .missing
    } catch {
      finding = .failed("\(error)")
    }
    let milliseconds = Int64(Date().timeIntervalSince(begun) * 1_000)
    state.withLock { state in
      guard !state.isStopped else { return }
      if let last = state.readings.indices.last, state.readings[last].finding == finding,
        state.readings[last].location == location
      {
        state.readings[last].count += 1
      } else if state.readings.count < Self.readingsMax {
        state.readings.append(
          Reading(finding: finding, location: location, milliseconds: milliseconds, count: 1))
      }
    }
  }

  /// What has been read, oldest first.
  package var readings: [Reading] { state.withLock { $0.readings } }

  /// False once it was stopped.
  package var isReading: Bool { state.withLock { !$0.isStopped } }

  /// Ends it; what was read stays.
  package func stop() { state.withLock { $0.isStopped = true } }
}

extension Lake {
  /// Lets a reader poll a partition, in place of the one before it.
  @discardableResult
  package func startReader(_ table: HiveTableName, values: [String?]) throws -> HiveReader {
    _ = try hive.content(table, values: values)
    let reader = HiveReader(catalog: hive, table: table, values: values)
    polling.withLock { polling in
      polling?.stop()
      polling = reader
    }
    return reader
  }

  /// The reader that polls, or has polled last.
  package var reader: HiveReader? { polling.withLock { $0 } }

  /// `system.lake.readings`: what that reader found, a row for readings in a row that are the same.
  func readingsTable() -> ComputedTable {
    let schema = Schema([
      Field("table", .varchar, isNullable: false), Field("partition", .varchar),
      Field("number", .bigint, isNullable: false), Field("after_ms", .bigint, isNullable: false),
      Field("state", .varchar, isNullable: false), Field("row_count", .bigint),
      Field("checksum", .varchar), Field("location", .varchar),
      Field("readings", .bigint, isNullable: false),
    ])
    return ComputedTable(label: "system.lake.readings", schema: schema) { _ in
      guard let reader = self.reader else { return [ColumnarBatch(schema: schema, rows: [])] }
      let partition = try self.hive.entry(reader.table)?.name(of: reader.values)
      let rows = reader.readings.enumerated().map { number, reading -> [Scalar] in
        var facts: [Scalar]
        switch reading.finding {
        case .rows(let content):
          facts = [
            .text("read"), .integer(Int64(content.rowCount)),
            .text(String(content.checksum, radix: 16)),
          ]
        case .missing: facts = [.text("missing"), .null, .null]
        case .failed: facts = [.text("failed"), .null, .null]
        }
        return [
          .text("\(reader.table)"), partition.map { .text($0) } ?? .null, .integer(Int64(number + 1)),
          .integer(reading.milliseconds),
        ] + facts + [reading.location.map { .text($0) } ?? .null, .integer(Int64(reading.count))]
      }
      return [ColumnarBatch(schema: schema, rows: rows)]
    }
  }
}
