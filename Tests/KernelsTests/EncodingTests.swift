/// Every type in every encoding: what goes in comes out, however the rows are picked and joined.
import Columnar
import Kernels
import Testing

struct EncodingTests {
  @Test(arguments: RandomVectors.allTypes)
  func `keeps values through builders, gathers, slices and concatenations`(_ type: DataType) {
    var random = TestRandom(seed: 7)
    for count in [1, 9, 1_024] {
      let scalars = (0..<count).map { _ in RandomVectors.scalar(type, &random) }
      for vector in [
        RandomVectors.vector(type, scalars), RandomVectors.dictionary(type, scalars),
      ] {
        #expect(RandomVectors.isSame(vector, scalars))
        #expect(RandomVectors.isSame(vector.flattened(), scalars))
        #expect(RandomVectors.isSame(vector.compacted(), scalars))
        let rows = (0..<count * 2).map { _ in Int32.random(in: 0..<Int32(count), using: &random) }
        let picked = rows.map { scalars[Int($0)] }
        let gathered = vector.gather(SelectionVector(rows))
        #expect(RandomVectors.isSame(gathered, picked))
        let half = count / 2..<count
        let slice = vector.slice(half)
        #expect(RandomVectors.isSame(slice, Array(scalars[half])))
        // A slice of lists has offsets that begin above 0.
        #expect(RandomVectors.isSame(slice.gather(SelectionVector(0..<slice.count)), Array(scalars[half])))
        let joined = ColumnVector.concatenate(
          [vector, slice, ColumnVector(constant: .null, type: .unknown, count: 2), gathered],
          type: type)
        #expect(RandomVectors.isSame(joined, scalars + scalars[half] + [.null, .null] + picked))
      }
    }
  }

  @Test(arguments: RandomVectors.allTypes)
  func `repeats a constant and a NULL`(_ type: DataType) {
    var random = TestRandom(seed: 8)
    let value = RandomVectors.scalar(type, nulls: false, &random)
    for scalar in [value, .null] {
      let vector = ColumnVector(constant: scalar, type: type, count: 5)
      #expect(RandomVectors.isSame(vector, Array(repeating: scalar, count: 5)))
      #expect(RandomVectors.isSame(vector.flattened(), Array(repeating: scalar, count: 5)))
      #expect(RandomVectors.isSame(vector.slice(1..<3), [scalar, scalar]))
      let twice = ColumnVector.concatenate([vector, vector], type: type)
      #expect(RandomVectors.isSame(twice, Array(repeating: scalar, count: 10)))
    }
  }

  @Test func `charges buffers to their reservation and to those above, and gives them back`() throws {
    let root = MemoryReservation("process", limitBytes: 1 << 20)
    let query = MemoryReservation("query", limitBytes: 60 * 1_024, parent: root)
    do {
      let vector = query.withBuffersCharged {
        ColumnVector(constant: .integer(1), type: .bigint, count: 4_096).flattened()
      }
      #expect(query.usedBytes >= 32_768)
      #expect(root.usedBytes == query.usedBytes)
      try query.check()
      let more = query.withBuffersCharged { vector.gather(SelectionVector(0..<4_096)) }
      #expect(throws: ColumnarError.self) { try query.check() }
      withExtendedLifetime((vector, more)) {}
    }
    #expect(query.usedBytes == 0)
    #expect(root.usedBytes == 0)
    #expect(root.peakBytes >= 65_536)
  }

  @Test func `refuses a claim past a limit and keeps the old one`() throws {
    let root = MemoryReservation("process", limitBytes: 1_000)
    let query = MemoryReservation("query", parent: root)
    let claim = MemoryClaim(query)
    try claim.set(900)
    #expect(throws: ColumnarError.self) { try claim.set(1_100) }
    #expect(root.usedBytes == 900)
    try claim.set(10)
    #expect(root.usedBytes == 10)
  }
}
