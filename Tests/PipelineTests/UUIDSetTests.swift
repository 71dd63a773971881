import ETL
import Testing

@Suite struct UUIDSetTests {
  @Test(arguments: [0, 1, 0x9E37_79B9_7F4A_7C15, UInt64.max])
  func `tells every id once that it is new, whatever its number`(seed: UInt64) {
    var set = UUIDSet(seed: seed)
    var known: Set<[UInt64]> = []
    var generator = SystemRandomNumberGenerator()
    var wrong = 0
    for round in 0..<60_000 {
      // Ids of one machine and moment differ in few bits; some come again.
      let high: UInt64 = round % 3 == 0 ? 0x018D_0F3A_0000_7000 : generator.next() % 512
      let low: UInt64 = round % 5 == 0 ? UInt64(round % 100) : generator.next() % 64
      if set.insert(high: high, low: low) != known.insert([high, low]).inserted { wrong += 1 }
    }
    #expect(wrong == 0)
    let zeroIsNew = [set.insert(high: 0, low: 0), set.insert(high: 0, low: 0)]
    #expect(zeroIsNew == [!known.contains([0, 0]), false])
  }
}
