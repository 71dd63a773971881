/// What a reader touched and what it could leave: for EXPLAIN ANALYZE and for tests.
///
/// Belongs to the thread of its reader.
public final class ParquetScanCounters {
  public internal(set) var rowGroupsRead = 0
  /// Left out by the statistics of the footer, or because every page is.
  public internal(set) var rowGroupsSkipped = 0
  /// Data and dictionary pages that were unpacked.
  public internal(set) var pagesRead = 0
  /// Data pages of wanted columns, in row groups that were read, that were not unpacked.
  public internal(set) var pagesSkipped = 0
  /// Bytes that were asked of the file, the footer aside.
  public internal(set) var bytesRead = 0
  /// Compressed bytes of wanted columns that were not unpacked, read or not.
  public internal(set) var bytesSkipped = 0
  /// Rows of the row groups read that the page index left out.
  public internal(set) var rowsSkipped = 0

  public init() {}
}
