internal import ObjectStorage
internal import Synchronization

/// The identities that a scan gives to rows: the file's number and the row's place in it.
///
/// ```
///  bit 62 … 40   file     bit 39 … 0   row in the file
/// ```
/// They tell a delete which files it empties. A file has one number however often a scan is planned.
final class HiveRowNumbers: Sendable {
  /// A file that rows were named of.
  struct File {
    var partition: HivePartition
    var object: ObjectMetadata
    /// nil until it was read to its end.
    var rowCount: Int?
  }

  private struct State {
    var files: [File] = []
    var places: [String: Int] = [:]
  }

  private let state = Mutex(State())
  static let rowBits: Int64 = 40

  /// A number for a file; the one it has where it has one.
  func add(_ partition: HivePartition, _ object: ObjectMetadata) -> HiveFileNumber {
    let place = state.withLock { state in
      if let known = state.places[object.key], state.files[known].object == object { return known }
      state.places[object.key] = state.files.count
      state.files.append(File(partition: partition, object: object))
      return state.files.count - 1
    }
    return HiveFileNumber(place: place, numbers: self)
  }

  func file(_ place: Int) -> File? {
    state.withLock { $0.files.indices.contains(place) ? $0.files[place] : nil }
  }

  /// True for a file that was read, and has no row.
  func hasEmpty(_ object: ObjectMetadata) -> Bool {
    state.withLock { state in
      guard let place = state.places[object.key] else { return false }
      return state.files[place].object == object && state.files[place].rowCount == 0
    }
  }

  fileprivate func finish(_ place: Int, rowCount: Int) {
    state.withLock { $0.files[place].rowCount = rowCount }
  }
}

/// One file's number.
struct HiveFileNumber: Sendable {
  let place: Int
  fileprivate let numbers: HiveRowNumbers

  var firstIdentity: Int64 { Int64(place) << HiveRowNumbers.rowBits }

  /// Says how many rows the file turned out to have.
  func finish(rowCount: Int) { numbers.finish(place, rowCount: rowCount) }
}
