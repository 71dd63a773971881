// Our side of `lake`, a process a run.
//
//     Benchmarks lake-work append|snapshot|scan|change ROOT NUMBER FIRST LAST THREADS

import Columnar
import Connector
import DeltaLog
import EngineBenchmarks
import Lake
import QueryExecution
import TrinoSQL

enum LakeWork {
  static let argument = "lake-work"

  static func run(_ arguments: [String]) -> Never {
    ContestProcess.answer {
      guard arguments.count == 6, let number = Int(arguments[2]), let first = Int(arguments[3]),
        let last = Int(arguments[4]), let threads = Int(arguments[5]), first <= last
      else { throw BenchmarkFailure("\(argument) WORK ROOT NUMBER FIRST LAST THREADS") }
      let root = arguments[1]
      switch arguments[0] {
      case "append": return try append(number, root)
      case "snapshot": return try Timing.once { try state(root) }
      case "scan": return try Timing.once { try totals(root, first..<last, threads: threads) }
      case "change": return try change(first..<last, root, threads: threads)
      default: throw BenchmarkFailure("\(arguments[0]) is no work of `lake`")
      }
    }
  }

  /// Version and files, of a table that is opened for it.
  private static func state(_ root: String) throws -> AnswerRows {
    let snapshot = try LakeTables.table(in: root).snapshot()
    return [["\(snapshot.version)", "\(snapshot.files.count)"]]
  }

  private static func append(_ commits: Int, _ root: String) throws -> Timing {
    var timing = try Timing.once {
      let table = try LakeTables.create(in: root, properties: LakeTables.properties)
      for number in 0..<commits {
        let first = number * LakeTables.rowsPerCommit
        let sink = try table.snapshot().makeSink(
          mode: .append,
          options: DeltaWriteOptions(timestamp: LakeTables.moment + Int64(number)))
        try sink.write(LakeTables.batch(first..<first + LakeTables.rowsPerCommit))
        _ = try sink.commit()
      }
      return []
    }
    timing.rows = try state(root)
    return timing
  }

  /// How many rows have ids in a range, and the sum of their values.
  private static func totals(
    _ root: String, _ ids: Range<Int>?, threads: Int
  ) throws -> AnswerRows {
    let engine = QueryEngine(catalogs: [try Lake.open(root: root)])
    let filter = ids.map { " WHERE id >= \($0.lowerBound) AND id < \($0.upperBound)" } ?? ""
    let result = try engine.execute(
      "SELECT count(*), sum(v) FROM lake.silver.\(LakeTables.name)\(filter)",
      session: Session(catalog: "lake", schema: "silver"),
      options: ExecutionOptions(workerCount: threads))
    return result.rows().map { row in
      row.enumerated().map { $1.isNull ? nil : result.text($1, column: $0) }
    }
  }

  /// Gives each tenth row of a range another value, which a look-up by id has.
  private static func change(
    _ ids: Range<Int>, _ root: String, threads: Int
  ) throws -> Timing {
    let source = Dictionary(
      uniqueKeysWithValues: stride(from: ids.lowerBound, to: ids.upperBound, by: 10)
        .map { (Int64($0), -Int64($0)) })
    var timing = try Timing.once {
      let table = try LakeTables.table(in: root)
      let summary = try table.rewrite(
        where: [
          ColumnPredicate(column: 0, .greaterOrEqual(.integer(Int64(ids.lowerBound)))),
          ColumnPredicate(column: 0, .less(.integer(Int64(ids.upperBound)))),
        ],
        options: DeltaWriteOptions(operation: "MERGE", timestamp: LakeTables.moment)
      ) { changed($0, source) }
      guard summary.rowsAdded == source.count else {
        throw BenchmarkFailure("\(summary.rowsAdded) rows changed, of \(source.count)")
      }
      return []
    }
    timing.rows = try totals(root, nil, threads: threads)
    return timing
  }

  private static func changed(
    _ batch: ColumnarBatch, _ source: [Int64: Int64]
  ) -> DeltaRowRewrite {
    let ids = batch.columns[0]
    let values = ids.values.values(as: Int64.self)
    var rows: [Int32] = []
    let fresh = ColumnBuilder(type: .bigint)
    for row in 0..<batch.rowCount where !ids.isNull(row) {
      guard let value = source[values[ids.valueIndex(row)]] else { continue }
      rows.append(Int32(row))
      fresh.append(value)
    }
    guard !rows.isEmpty else { return DeltaRowRewrite() }
    let old = rows.withUnsafeBufferPointer { batch.gather($0) }
    let columns = [old.columns[0], fresh.finish(), old.columns[2]]
    return DeltaRowRewrite(
      deleted: rows,
      inserted: [ColumnarBatch(schema: batch.schema, columns: columns, rowCount: rows.count)])
  }
}
