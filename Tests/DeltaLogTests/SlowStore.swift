import ObjectStorage

/// A store in which another writer comes first: something happens right before a commit is put.
///
/// `@unchecked Sendable`: a test uses it on one thread.
final class SlowStore: ObjectStore, @unchecked Sendable {
  private let store: LocalObjectStore
  private var action: (() throws -> Void)?

  init(store: LocalObjectStore) {
    self.store = store
  }

  /// Runs `action` once, before the next commit file gets its name.
  func beforeCommit(_ action: @escaping () throws -> Void) {
    self.action = action
  }

  func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    if objects.contains(where: { $0.key.contains("/_delta_log/") }) {
      let action = action
      self.action = nil
      try action?()
    }
    return try store.publish(objects, ifAbsent: ifAbsent)
  }

  func makeWriter() throws -> any ObjectWriter { try store.makeWriter() }
  func get(_ key: String) throws -> [UInt8] { try store.get(key) }
  func get(_ key: String, range: Range<Int>) throws -> [UInt8] { try store.get(key, range: range) }
  func open(_ key: String) throws -> any ObjectReader { try store.open(key) }
  func head(_ key: String) throws -> ObjectMetadata? { try store.head(key) }
  func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    try store.list(prefix: prefix, startAfter: startAfter)
  }
  func directories(below directory: String) throws -> [String] {
    try store.directories(below: directory)
  }
  func delete(_ key: String) throws { try store.delete(key) }
}
