/// A bucket as everything else sees it: a store of objects, which behaves as S3 does and counts what
/// each call would be there.
extension Bucket: ObjectStore {
  public func makeWriter() throws -> any ObjectWriter {
    try checkOpen()
    return try store.makeWriter()
  }

  /// One PUT an object.
  public func publish(_ objects: [StagedObject], ifAbsent: Bool) throws -> [Bool] {
    for object in objects { try ObjectKey.check(object.key) }
    ledger.count(
      .putObject, objects.count, bytesIn: objects.reduce(0) { $0 + $1.writer.byteCount })
    let pending = objects.map { object in
      Pending(
        key: object.key, writer: store.writer(of: object),
        condition: ifAbsent ? .ifAbsent : .none)
    }
    return try write(pending).map { $0 != nil }
  }

  public func get(_ key: String) throws -> [UInt8] {
    ledger.count(.getObject)
    let bytes = try store.get(key)
    ledger.count(.getObject, 0, bytesOut: bytes.count)
    return bytes
  }

  public func get(_ key: String, range: Range<Int>) throws -> [UInt8] {
    ledger.count(.getObject)
    let bytes = try store.get(key, range: range)
    ledger.count(.getObject, 0, bytesOut: bytes.count)
    return bytes
  }

  /// One HEAD, and one GET for each read.
  public func open(_ key: String) throws -> any ObjectReader {
    ledger.count(.headObject)
    return CountedReader(reader: try store.open(key), ledger: ledger)
  }

  public func head(_ key: String) throws -> ObjectMetadata? {
    ledger.count(.headObject)
    return try store.head(key)
  }

  /// One LIST for each 1,000 keys.
  public func list(prefix: String, startAfter: String?) throws -> [ObjectMetadata] {
    try counted { try store.list(prefix: prefix, startAfter: startAfter) }
  }

  public func list(
    prefix: String, startAfter: String?, limit: Int
  ) throws -> [ObjectMetadata] {
    try counted { try store.list(prefix: prefix, startAfter: startAfter, limit: limit) }
  }

  public func directories(below directory: String) throws -> [String] {
    try counted { try store.directories(below: directory) }
  }

  private func counted<Element>(_ body: () throws -> [Element]) throws -> [Element] {
    do {
      let found = try body()
      ledger.count(.listObjects, RequestLedger.listRequests(found.count))
      return found
    } catch {
      ledger.count(.listObjects)
      throw error
    }
  }

  public func delete(_ key: String) throws {
    try ObjectKey.check(key)
    ledger.count(.deleteObject)
    try remove(key)
  }
}

/// A reader of a bucket's object, of which each read is a request.
private final class CountedReader: ObjectReader {
  private let reader: any ObjectReader
  private let ledger: RequestLedger

  init(reader: any ObjectReader, ledger: RequestLedger) {
    self.reader = reader
    self.ledger = ledger
  }

  var byteCount: Int { reader.byteCount }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    ledger.count(.getObject)
    let bytes = try reader.read(range)
    ledger.count(.getObject, 0, bytesOut: bytes.count)
    return bytes
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    ledger.count(.getObject)
    try reader.read(range, into: buffer)
    ledger.count(.getObject, 0, bytesOut: range.count)
  }
}
