/// Which versions of a key there are, newest first: what its file and its rows say together.
///
/// - A file at the key is the newest version. Its row is the one that matches it; without one it is a
///   null version that the index knows nothing of, such as another program's.
/// - A row without a file of its own counts only for the file at the key, and a delete marker only where
///   it is older than that: somebody was cut off between the row and what it says.
/// - There is one null version at most: the newest.
struct VersionTimeline {
  struct Version {
    /// Nil for a file that has none.
    var row: VersionRow?
    /// True for the file at the key.
    var isAtKey: Bool

    var versionID: String? { row?.versionID }
    var isMarker: Bool { row?.isMarker ?? false }
  }

  /// The file at the key.
  let status: FileStatus?
  /// Newest first.
  private(set) var versions: [Version] = []
  /// Rows that count for nothing.
  private(set) var dead: [VersionRow] = []

  /// `rows` are the key's, oldest first.
  init(status: FileStatus?, rows: [VersionRow]) {
    self.status = status
    let own = status.flatMap { status in rows.last { $0.matches(status) } }
    if status != nil { versions.append(Version(row: own, isAtKey: true)) }
    var hasNull = status != nil && own?.versionID == nil
    for row in rows.reversed() where row.sequence != own?.sequence {
      let isOlder = own.map { row.sequence < $0.sequence } ?? true
      let counts = row.isMarker ? isOlder : row.file != nil
      guard counts, row.versionID != nil || !hasNull else {
        dead.append(row)
        continue
      }
      if row.versionID == nil { hasNull = true }
      versions.append(Version(row: row, isAtKey: false))
    }
  }

  /// The version that a reader gets who names none; nil where there is none.
  var latest: Version? { versions.first }

  var atKey: Version? { versions.first.flatMap { $0.isAtKey ? $0 : nil } }

  /// The place in `versions` of an id, `"null"` for the null version; nil where there is none.
  func index(of version: String) -> Int? {
    let wanted = version == VersionID.null ? nil : version
    return versions.firstIndex { $0.versionID == wanted }
  }
}
