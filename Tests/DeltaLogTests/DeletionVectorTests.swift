import Columnar
import Connector
import DeltaLog
import Foundation
import ObjectStorage
import TestSupport
import Testing

@Suite struct DeletionVectorTests {
  private func table(_ count: Int, rowsAtOnce: Int = 50_000) throws -> TestTable {
    let test = try TestTable(partitionColumns: [])
    let sink = try test.table.snapshot().makeSink(
      mode: .append, options: DeltaWriteOptions(timestamp: 0))
    for start in stride(from: 0, to: count, by: rowsAtOnce) {
      let end = min(count, start + rowsAtOnce)
      try sink.write(TestTable.batch((start..<end).map { (Int64($0), $0 % 3 == 0 ? nil : "n", nil) }))
    }
    _ = try sink.commit()
    return test
  }

  private func ids(_ test: TestTable, _ predicates: [ColumnPredicate] = []) throws -> [Int64] {
    try TestTable.integers(test.another().snapshot(), column: 0, predicates).sorted()
  }

  @Test func `reads a vector of other engines, and finds a file as the protocol's example has it`()
    throws
  {
    let test = try table(40)
    try DeletionVectorFixture.commit(
      test,
      [
        "storageType": "i",
        "pathOrInlineDv": "^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L",
        "sizeInBytes": 44, "cardinality": 6,
      ])
    #expect(try ids(test) == (0..<40).filter { ![3, 4, 7, 11, 18, 29].contains($0) })
    let snapshot = try test.another().snapshot()
    #expect(snapshot.rowCount == 34)
    #expect(snapshot.files[0].numRecords == 34)
    #expect(try test.another().history().last?.rowCount == 34)
    try DeletionVectorFixture.commit(
      test,
      [
        "storageType": "u", "pathOrInlineDv": "ab^-aqEH.-t@S}K{vb[*k^", "offset": 4,
        "sizeInBytes": 40, "cardinality": 6,
      ])
    let error = test.error { _ = try ids(test) }
    #expect(error?.kind == .missingDataFile)
    #expect(
      error?.file
        == "processed/events/ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin")
  }

  @Test func `takes rows out by lists, bits and runs, in the log and in files`() throws {
    let test = try table(200_000)
    let even = stride(from: 0, to: 20_000, by: 2).map { UInt16($0) }
    let vectors: [DeletionVectorFixture] = [
      .init(blocks: [(0, .listed([0, 9, 65_535])), (3, .listed([3_391]))]),
      .init(blocks: [(0, .bits(even)), (1, .listed([1]))]),
      .init(blocks: [(0, .runs([(10, 20), (30, 30)])), (2, .listed([5]))]),
      .init(
        blocks: [
          (0, .runs([(0, 65_535)])), (1, .bits(even)), (2, .runs([(7, 9)])), (3, .listed([0])),
        ]),
    ]
    for vector in vectors {
      var gone: Set<Int64> = []
      for (key, block) in vector.blocks {
        let base = Int64(key) << 16
        switch block {
        case .listed(let rows), .bits(let rows): for row in rows { gone.insert(base + Int64(row)) }
        case .runs(let runs):
          for (first, last) in runs { for row in first...last { gone.insert(base + Int64(row)) } }
        }
      }
      let wanted = (0..<200_000).map { Int64($0) }.filter { !gone.contains($0) }
      for descriptor in [
        vector.inline(), try vector.write(test), try vector.write(test, prefix: "a/b"),
        try vector.write(test, prefix: "c", before: [1, 2, 3, 4, 5]),
      ] {
        try DeletionVectorFixture.commit(test, descriptor)
        #expect(try ids(test) == wanted)
        #expect(try test.another().snapshot().rowCount == wanted.count)
      }
    }
    // Taken back, all rows are there again.
    try DeletionVectorFixture.commit(test, nil)
    #expect(try ids(test).count == 200_000)
  }

  @Test func `goes together with predicates, identities, counts and hidden columns`() throws {
    let test = try table(200_000)
    let vector = DeletionVectorFixture(blocks: [(2, .listed([18_928, 18_929, 18_930]))])
    try DeletionVectorFixture.commit(test, vector.inline())
    let snapshot = try test.another().snapshot()
    // Pages before these rows are passed over; the places of rows hold all the same.
    let around = [
      ColumnPredicate(column: 0, .greaterOrEqual(.integer(149_999))),
      ColumnPredicate(column: 0, .lessOrEqual(.integer(150_004))),
    ]
    let found = try ids(test, around).filter { (149_999...150_004).contains($0) }
    #expect(found == [149_999, 150_003, 150_004])
    let identities = Set(try TestTable.integers(snapshot, column: snapshot.schema.count))
    #expect(identities.count == 199_997)
    #expect(!identities.contains(150_000))
    #expect(identities.contains(150_003))
    // The file's size, a hidden column, and no column at all.
    #expect(try TestTable.integers(snapshot, column: snapshot.schema.count + 3).count == 199_997)
    var count = 0
    for split in try snapshot.splits(for: ScanRequest(columns: [])) {
      let reader = try split.open()
      while let batch = try reader.next() { count += batch.rowCount }
    }
    #expect(count == 199_997)
  }

  @Test func `statistics beside a vector are bounds, and its NULLs are counted only as none or all`()
    throws
  {
    let test = try table(9)
    try DeletionVectorFixture.commit(
      test, DeletionVectorFixture(blocks: [(0, .listed([0, 8]))]).inline())
    let statistics = try test.another().snapshot().statistics()
    #expect(statistics.rowCount == 7)
    #expect(
      statistics.columns[0]
        == ColumnStatistics(minimum: .integer(0), maximum: .integer(8), nullCount: 0))
    #expect(statistics.columns[1]?.nullCount == nil)
    #expect(statistics.columns[2]?.nullCount == 7)
    #expect(try ids(test, [ColumnPredicate(column: 0, .equal(.integer(8)))]).contains(8) == false)
    #expect(try ids(test, [ColumnPredicate(column: 0, .greater(.integer(8)))]) == [])
  }

  @Test func `a damaged vector is named, and no row comes back by it`() throws {
    let test = try table(100)
    let vector = DeletionVectorFixture(blocks: [(0, .listed([1, 2]))])
    let key = test.table.path + "/" + DeletionVectorFixture.fileName()
    let descriptor = try vector.write(test)
    let whole = try test.store.get(key)
    try DeletionVectorFixture.commit(test, descriptor)
    #expect(try ids(test).count == 98)
    for index in whole.indices {
      var bytes = whole
      bytes[index] ^= 0x10
      try test.store.put(key, bytes)
      let error = test.error { _ = try ids(test) }
      #expect(error?.kind == .corruptDeletionVector, "byte \(index)")
      #expect(error?.file == key)
    }
    for count in 0..<whole.count {
      try test.store.put(key, Array(whole[..<count]))
      #expect(test.error { _ = try ids(test) }?.kind == .corruptDeletionVector, "\(count) bytes")
    }
    try test.store.delete(key)
    #expect(test.error { _ = try ids(test) }?.kind == .missingDataFile)
  }

  @Test func `descriptors that cannot be are refused`() throws {
    let test = try table(100)
    let good = DeletionVectorFixture(blocks: [(0, .listed([1, 2]))]).inline()
    let changes: [(String, Any)] = [
      ("cardinality", 3), ("cardinality", -1), ("sizeInBytes", 1_000), ("sizeInBytes", -1),
      ("sizeInBytes", 8), ("pathOrInlineDv", "not z85 !"), ("pathOrInlineDv", ""),
      ("pathOrInlineDv", "#####"), ("storageType", "p"), ("storageType", "x"),
    ]
    for (name, value) in changes {
      var descriptor = good
      descriptor[name] = value
      try DeletionVectorFixture.commit(test, descriptor)
      #expect(test.error { _ = try ids(test) }?.kind == .corruptDeletionVector, "\(name) \(value)")
    }
    // A name that is none of a uuid, or of no file at all.
    for name in ["short", "a//b" + DeletionVectorFixture.z85(DeletionVectorFixture.uuid)] {
      var descriptor = good
      descriptor["storageType"] = "u"
      descriptor["pathOrInlineDv"] = name
      try DeletionVectorFixture.commit(test, descriptor)
      #expect(test.error { _ = try ids(test) }?.kind == .corruptDeletionVector, "\(name)")
    }
    for vector in [
      // Rows that the file has not, however few bytes ask for them.
      DeletionVectorFixture(blocks: [(0, .listed([100]))]),
      DeletionVectorFixture(blocks: [(65_535, .runs([(0, 65_535)]))]),
    ] {
      try DeletionVectorFixture.commit(test, vector.inline())
      #expect(test.error { _ = try ids(test) }?.kind == .corruptDeletionVector)
    }
    try DeletionVectorFixture.commit(test, good)
    #expect(try ids(test).count == 98)
  }

  @Test func `no byte of a bitmap brings the reader down`() throws {
    let test = try table(70_000)
    let vector = DeletionVectorFixture(
      blocks: [(0, .runs([(1, 3), (9, 9)])), (1, .listed([4, 5, 4_000]))])
    let bytes = vector.bytes
    try DeletionVectorFixture.commit(test, vector.inline())
    for index in bytes.indices {
      for change in [0xFF, 0x01, 0x80] as [UInt8] {
        var changed = bytes
        changed[index] ^= change
        try DeletionVectorFixture.commit(
          test,
          [
            "storageType": "i", "pathOrInlineDv": DeletionVectorFixture.z85(changed),
            "sizeInBytes": changed.count, "cardinality": vector.rowCount,
          ], again: true)
        let snapshot = try test.another().snapshot()
        do {
          let reader = try snapshot.splits(for: ScanRequest(columns: []))[0].open()
          while try reader.next() != nil {}
        } catch {
          #expect((error as? DeltaLogError)?.kind == .corruptDeletionVector, "\(error)")
        }
      }
    }
  }

  @Test func `tables with vectors are read and not written`() throws {
    let test = try table(10)
    try DeletionVectorFixture.commit(
      test, DeletionVectorFixture(blocks: [(0, .listed([1]))]).inline())
    let snapshot = try test.another().snapshot()
    #expect(
      test.error { try test.write([(1, nil, nil)], on: snapshot) }?.kind == .unsupportedWriter)
    #expect(
      test.error { _ = try test.another().optimize(DeltaOptimizeOptions(timestamp: 0)) }?.kind
        == .unsupportedWriter)
    // Nor one that has a vector against its own rules: compacting it would bring rows back.
    let fixture = CheckpointFixture(test: test)
    let text = String(decoding: try test.store.get(fixture.commitKey(2)), as: UTF8.self)
    let lines = text.split(separator: "\n").filter { !$0.contains("\"protocol\"") }
    try test.store.put(fixture.commitKey(2), Array(lines.joined(separator: "\n").utf8))
    #expect(try ids(test).count == 9)
    #expect(
      test.error { _ = try test.another().optimize(DeltaOptimizeOptions(timestamp: 0)) }?.kind
        == .unsupportedWriter)
  }
}
