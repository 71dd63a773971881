internal import GRDB

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Removes what was left of writers that were cut off: files that no row of the index knows.
///
/// For whoever opens an index alone, before anything is written to it.
struct BucketSweep {
  /// How many completed uploads are remembered, so that a client may ask again.
  private static let completedMax = 1_000

  let db: Database
  let directory: String

  func run() throws {
    try sweepVersions()
    try sweepUploads()
  }

  private func sweepVersions() throws {
    let versions = directory + "/" + BucketSide.versions
    let files = try DirectoryNames.files(in: versions)
    if files.isEmpty { return }
    let known = try Set(
      String.fetchAll(db, sql: "SELECT file FROM versions WHERE file IS NOT NULL"))
    for file in files where !known.contains(file) { unlink(versions + "/" + file) }
  }

  private func sweepUploads() throws {
    try db.execute(
      sql: """
        DELETE FROM uploads WHERE result IS NOT NULL AND sequence NOT IN (
          SELECT sequence FROM uploads WHERE result IS NOT NULL ORDER BY sequence DESC LIMIT ?)
        """, arguments: [Self.completedMax])
    try db.execute(
      sql: """
        DELETE FROM parts WHERE upload NOT IN (SELECT sequence FROM uploads WHERE result IS NULL)
        """)
    let uploads = directory + "/" + BucketSide.uploads
    let directories = try DirectoryNames.directories(in: uploads)
    if directories.isEmpty { return }
    var open: [String: Int64] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT id, sequence FROM uploads WHERE result IS NULL") {
      if let id = row.text("id") { open[id] = row.number("sequence") }
    }
    for id in directories {
      let path = uploads + "/" + id
      var known: Set<String> = []
      if let upload = open[id] {
        known = try Set(
          String.fetchAll(db, sql: "SELECT file FROM parts WHERE upload = ?", arguments: [upload]))
      }
      for file in try DirectoryNames.files(in: path) where !known.contains(file) {
        unlink(path + "/" + file)
      }
      if open[id] == nil { rmdir(path) }
    }
  }
}

/// A bucket's directory beside its objects.
enum BucketSide {
  static let versions = "versions"
  static let uploads = "uploads"
}
