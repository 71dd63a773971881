// Which rows of a row group the page index leaves over.

import Columnar
import Connector

extension ParquetFile {
  /// The rows of a row group that the pages' bounds do not exclude, as sorted ranges.
  ///
  /// Where a chunk has no index, all its rows are left over.
  func pageSelection(
    rowGroup: Int,
    _ predicates: [ColumnPredicate],
    _ counters: ParquetScanCounters
  ) throws -> [Range<Int>] {
    let rowCount = metadata.rowGroups[rowGroup].rowCount
    var selection = rowCount > 0 ? [0..<rowCount] : []
    let orders = metadata.columnOrders
    for predicate in predicates where fileSchema.columns.indices.contains(predicate.column) {
      guard let column = fileSchema.columns[predicate.column].scalar else { continue }
      // A page's bounds have no older form: without a stated order they mean nothing.
      let hasOrder =
        orders.map { $0.indices.contains(column.leaf) && $0[column.leaf] } ?? false
      guard !selection.isEmpty, hasOrder,
        let pages = try offsetIndex(rowGroup: rowGroup, leaf: column.leaf, counters),
        let bounds = try columnIndex(rowGroup: rowGroup, leaf: column.leaf, counters),
        bounds.isNullPage.count == pages.pages.count
      else { continue }
      var rest: [Range<Int>] = []
      for page in pages.pages.indices {
        let rows = pages.rows(of: page)
        let statistics = bounds.statistics(page: page, column: column, rowCount: rows.count)
        if !statistics.excludes(predicate.comparison, rowCount: rows.count) {
          RowRanges.append(rows, to: &rest)
        }
      }
      selection = RowRanges.intersection(selection, rest)
    }
    return selection
  }

  /// The places of a chunk's pages; nil where the file tells nothing useful.
  func offsetIndex(
    rowGroup: Int,
    leaf: Int,
    _ counters: ParquetScanCounters
  ) throws -> OffsetIndex? {
    let group = metadata.rowGroups[rowGroup]
    let chunk = group.columns[leaf]
    guard let range = chunk.offsetIndex, let chunkRange = chunk.byteRange,
      range.upperBound <= bytes.byteCount
    else { return nil }
    let read = try bytes.read(range)
    counters.bytesRead += read.count
    let place = FilePlace(fileName: name, base: range.lowerBound)
    return read.withUnsafeBytes {
      OffsetIndex(parsing: $0, chunk: chunkRange, rowCount: group.rowCount, place: place)
    }
  }

  private func columnIndex(
    rowGroup: Int,
    leaf: Int,
    _ counters: ParquetScanCounters
  ) throws -> ColumnIndex? {
    let chunk = metadata.rowGroups[rowGroup].columns[leaf]
    guard let range = chunk.columnIndex, range.upperBound <= bytes.byteCount else { return nil }
    let read = try bytes.read(range)
    counters.bytesRead += read.count
    let place = FilePlace(fileName: name, base: range.lowerBound)
    return read.withUnsafeBytes { ColumnIndex(parsing: $0, place: place) }
  }
}
