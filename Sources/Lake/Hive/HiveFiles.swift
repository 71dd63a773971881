internal import ObjectStorage

/// The files of partitions, as a listing finds them.
struct HiveFiles {
  let store: any ObjectStore

  /// Objects that lie directly in the partition's location, in the order of their keys; directories
  /// below it do not count, nor names that begin with `_` or `.`, nor empty objects.
  func list(_ partition: HivePartition) throws -> [ObjectMetadata] {
    let prefix = partition.location + "/"
    return try store.list(prefix: prefix).filter { Self.isData($0, prefix) }
  }

  /// The same of several partitions, by their places in the list; where many lie below one directory,
  /// that one is listed once.
  func list(_ partitions: [HivePartition], below root: String) throws -> [[ObjectMetadata]] {
    let inside = partitions.filter { $0.location.hasPrefix(root + "/") }
    guard inside.count > Self.listingsMax else { return try partitions.map { try list($0) } }
    var found: [String: [ObjectMetadata]] = [:]
    for object in try store.list(prefix: root + "/") {
      guard let slash = object.key.lastIndex(of: "/") else { continue }
      let directory = String(object.key[..<slash])
      if Self.isData(object, directory + "/") { found[directory, default: []].append(object) }
    }
    return try partitions.map { partition in
      partition.location.hasPrefix(root + "/")
        ? found[partition.location] ?? [] : try list(partition)
    }
  }

  /// Above it one listing of everything costs less than one a partition.
  private static let listingsMax = 16

  /// True for an object that lies directly below `prefix` and is read.
  static func isData(_ object: ObjectMetadata, _ prefix: String) -> Bool {
    let name = object.key.utf8.dropFirst(prefix.utf8.count)
    guard let first = name.first, object.size > 0 else { return false }
    return first != UInt8(ascii: "_") && first != UInt8(ascii: ".")
      && !name.contains(UInt8(ascii: "/"))
  }
}
