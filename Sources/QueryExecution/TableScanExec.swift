public import Columnar
import Connector
import Kernels
public import QueryPlanning

/// Reads a table's splits one after the other, in the order the source gives them.
///
/// Predicates and limit are wishes to the source: more rows than those may come. Counts what it
/// reads in the context's statistics. Throws what the source throws.
public final class TableScanExec: SourceExec {
  public let schema: Schema
  private let request: ScanRequest
  private let source: any TableSource
  private var splits: ArraySlice<any Split>?
  private var reader: (any BatchReader)?
  private let context: ExecutionContext

  public init(_ scan: TableScan, _ context: ExecutionContext) {
    schema = scan.source.schema.selecting(scan.columns)
    source = scan.source
    request = ScanRequest(columns: scan.columns, predicates: scan.predicates, limit: scan.limit)
    self.context = context
  }

  public func next() throws -> ColumnarBatch? {
    if splits == nil {
      let all = try source.splits(for: request)
      context.statistics.splitsTotal += all.count
      splits = all[...]
    }
    while true {
      try context.check()
      if let reader {
        if let batch = try reader.next() {
          context.statistics.rowsScanned += batch.rowCount
          for column in batch.columns {
            context.statistics.bytesScanned += byteCount(of: column)
          }
          if batch.rowCount == 0 { continue }
          return batch
        }
        self.reader = nil
      }
      guard let split = splits?.popFirst() else { return nil }
      context.statistics.splitsScanned += 1
      reader = try split.open()
    }
  }
}
