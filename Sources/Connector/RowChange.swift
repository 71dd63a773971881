// Row-level change: UPDATE, DELETE and MERGE over a store that can name its rows.
//
// 1. The engine scans with one column more, position `schema.count`: the identities of the rows.
// 2. It decides, row by row, what is deleted, and what new rows look like; an update is both.
// 3. A `RowChangeSink` over the same table version takes both and commits them in one step.

public import Columnar

/// Takes deletions and insertions and commits them together, or not at all.
///
/// Exactly one of `commit()` and `abort()` ends it. Not thread-safe.
public protocol RowChangeSink: AnyObject {
  /// Rows to delete, by the identities that the scan gave; the engine names none twice.
  func delete(_ identities: ColumnVector) throws
  /// Rows to add, in the table's schema.
  func insert(_ batch: ColumnarBatch) throws
  /// Makes the change visible in one step; `rowsAdded` counts insertions alone. Throws
  /// `CatalogChangeError.conflict` where another writer has changed the same rows since the scan.
  func commit() throws -> CommitSummary
  /// Leaves the table as it was.
  func abort()
}
