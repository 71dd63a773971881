import ObjectStorage

/// A store that hands everything on, for stores that do one thing otherwise.
class ForwardingStore: ObjectStore, @unchecked Sendable {
  let inner: any ObjectStore

  init(_ inner: any ObjectStore) { self.inner = inner }

  func makeWriter() throws -> any ObjectWriter { try inner.makeWriter() }
  func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    try inner.publish(objects, ifAbsent: ifAbsent)
  }
  func delete(_ key: String) throws { try inner.delete(key) }
  func get(_ key: String) throws -> [UInt8] { try inner.get(key) }
  func get(_ key: String, range: Range<Int>) throws -> [UInt8] { try inner.get(key, range: range) }
  func open(_ key: String) throws -> any ObjectReader { try inner.open(key) }
  func head(_ key: String) throws -> ObjectMetadata? { try inner.head(key) }
  func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    try inner.list(prefix: prefix, startAfter: startAfter)
  }
  func directories(below directory: String) throws -> [String] {
    try inner.directories(below: directory)
  }
}
