import Columnar
import Connector
import DeltaLog
import Dispatch
import ObjectStorage
import Synchronization
import Testing

/// The store for buckets elsewhere, against the endpoint that other clients use.
@Suite struct RemoteStoreTests {
  private let clients: S3Clients
  private let store: RemoteObjectStore

  init() throws {
    clients = try S3Clients()
    store = try Self.store(clients)
  }

  private static func store(
    _ clients: S3Clients, bucket: String = "lake", secret: String? = nil,
    _ change: (inout RemoteStoreConfiguration) -> Void = { _ in }
  ) throws -> RemoteObjectStore {
    var credentials = S3Clients.credentials
    if let secret { credentials.secretAccessKey = secret }
    var configuration = RemoteStoreConfiguration(
      endpoint: clients.url, bucket: bucket, credentials: credentials)
    configuration.retry.attemptsMax = 2
    change(&configuration)
    return try RemoteObjectStore(configuration)
  }

  /// The error's code in ours and its text.
  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch let error as ObjectStorageError {
      return "\(error.code) \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test func `what is put is there for every other client, and what others put is found`() throws {
    try store.checkReachable()
    try store.checkConditionalWrites()
    let keys = ["a/b", "a+b c", "한글/결제.json", "100%", "p", "p/q", "e//f", "~*'();:@&=$,?#[]"]
    for key in keys { try store.put(key, Array(key.utf8)) }
    let lake = try clients.buckets.bucket("lake")
    #expect(try lake.list(prefix: "").map(\.key).sorted() == keys.sorted())
    for key in keys { #expect(try lake.get(key) == Array(key.utf8)) }
    try lake.put("ours", [1, 2, 3, 4])
    #expect(try store.get("ours") == [1, 2, 3, 4])
    #expect(try store.get("ours", range: 1..<3) == [2, 3])
    #expect(try store.head("ours")?.size == 4)
    #expect(try store.head("nothing") == nil)
    #expect(try store.list(prefix: "").map(\.key) == lake.list(prefix: "").map(\.key))
    try store.delete("ours")
    #expect(try lake.head("ours") == nil)
    #expect(refusal { _ = try store.get("ours") }.hasPrefix("objectStorage.notFound"))
  }

  @Test func `a large object goes in parts, and a reader keeps to the object that it opened`() throws {
    let parts = try Self.store(clients) {
      $0.multipartThreshold = 5 << 20
      $0.partSize = 5 << 20
    }
    let bytes = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
    try parts.put("large", bytes)
    #expect(try clients.buckets.bucket("lake").record("large")?.entityTag.hasSuffix("-3") == true)
    let reader = try store.open("large")
    #expect(try reader.read(5 << 20..<(5 << 20) + 9) == Array(bytes[(5 << 20)..<(5 << 20) + 9]))
    try store.put("large", [1])
    #expect(throws: ObjectStorageError.self) { _ = try reader.read(0..<1) }
  }

  @Test func `of two who make the same object one does, whoever they are`() throws {
    let (first, other) = (store, try Self.store(clients))
    let lake = try clients.buckets.bucket("lake")
    let won = Mutex<[Int]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { writer in
      for number in 0..<40 {
        let target: any ObjectStore = [first, other, lake][writer]
        if (try? target.putIfAbsent("n/\(number)", [UInt8(writer)])) == true {
          won.withLock { $0.append(number) }
        }
      }
    }
    #expect(won.withLock { $0.sorted() } == Array(0..<40))
  }

  @Test func `two write one Delta table from both sides, and no commit is lost`() throws {
    let schema = Schema([Field("id", .bigint, isNullable: false)])
    let lake = try clients.buckets.bucket("lake")
    let ours = try DeltaTable.create(store: lake, path: "t", schema: schema, timestamp: 0)
    let theirs = DeltaTable(store: store, path: "t")
    let failures = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { writer in
      do {
        for number in 0..<25 {
          let sink = try [ours, theirs][writer].snapshot().makeSink(
            mode: .append, options: DeltaWriteOptions(timestamp: 1))
          let id = Scalar.integer(Int64(writer * 1_000 + number))
          try sink.write(ColumnarBatch(schema: schema, rows: [[id]]))
          _ = try sink.commit()
        }
      } catch { failures.withLock { $0.append("\(error)") } }
    }
    #expect(failures.withLock { $0 } == [])
    for table in [ours, theirs] {
      let snapshot = try table.snapshot()
      #expect(snapshot.version == 50)
      var ids: [Int64] = []
      for split in try snapshot.splits(for: ScanRequest(columns: [0])) {
        let reader = try split.open()
        while let batch = try reader.next() {
          for row in 0..<batch.rowCount {
            if case .integer(let id) = batch.row(row)[0] { ids.append(id) }
          }
        }
      }
      #expect(ids.sorted() == Array(0..<25) + Array(1_000..<1_025))
    }
  }

  @Test func `a list of more than a page is whole and in order`() throws {
    let lake = try clients.buckets.bucket("lake")
    for number in 0..<2_345 { try lake.put("k/\(number)", []) }
    #expect(try store.list(prefix: "k/").map(\.key) == lake.list(prefix: "k/").map(\.key))
    #expect(try store.list(prefix: "k/", startAfter: "k/9", limit: 3).count == 3)
    #expect(try store.directories(below: "") == ["k"])
  }

  @Test func `who may not is told so, and where nothing listens as well`() throws {
    let stranger = try Self.store(clients, secret: "another")
    #expect(refusal { try stranger.checkReachable() }.contains("finds the signature wrong"))
    let nowhere = try Self.store(clients, bucket: "nowhere")
    #expect(refusal { try nowhere.checkReachable() }.contains("no bucket \"nowhere\""))
  }
}
