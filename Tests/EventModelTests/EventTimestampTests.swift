import EventModel
import Testing

/// What counts as a moment on the wire, and that every moment survives the round trip.
struct EventTimestampTests {
  @Test(
    arguments: [
      ("2024-01-16T00:10:00.000Z", 1_705_363_800_000),
      ("2024-01-16T00:10:00Z", 1_705_363_800_000),
      ("2024-01-16 09:10:00+09:00", 1_705_363_800_000),
      ("2024-01-16T09:10:00.5+09", 1_705_363_800_500),
      ("2024-01-15T19:40:00.12-04:30", 1_705_363_800_120),
      ("2024-01-16T00:10:00.123456789Z", 1_705_363_800_123),
      ("1970-01-01T00:00:00Z", 0),
      ("1969-12-31T23:59:59.999Z", -1),
      ("2024-02-29T00:00:00Z", 1_709_164_800_000),
      ("0000-01-01T00:00:00Z", -62_167_219_200_000),
      ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ] as [(String, Int64)]
  )
  func `reads a complete timestamp`(text: String, milliseconds: Int64) {
    #expect(EventTimestamp.parse(text) == milliseconds)
  }

  @Test(arguments: [
    "", "2024-01-16", "2024-01-16T00:10:00", "2024-01-16T00:10:00.000", "2024-01-16T00:10Z",
    "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2023-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-16T24:00:00Z",
    "2024-01-16T00:60:00Z", "2024-01-16T00:00:60Z", "2024-01-16T00:00:00.Z",
    "2024-01-16T00:00:00.1234567890Z", "2024-01-16T00:00:00Zx", "2024-01-16T00:00:00+9:00",
    "2024-01-16T00:00:00+09:", "2024-01-16T00:00:00+09:60", "2024-01-16T00:00:00+24:00",
    "2024-01-16T00:00:00+0900", "2024-01-16_00:00:00Z", "２024-01-16T00:00:00Z",
    "-024-01-16T00:00:00Z", "2024-01-16T00:00:00,5Z", " 2024-01-16T00:00:00Z",
  ])
  func `reads nothing else`(text: String) {
    #expect(EventTimestamp.parse(text) == nil)
  }

  @Test func `writes what it reads`() {
    var milliseconds: Int64 = -62_167_219_200_000
    while milliseconds < 253_402_300_799_999 {
      #expect(EventTimestamp.parse(EventTimestamp.format(milliseconds)) == milliseconds)
      milliseconds += 86_399_999 * 377
    }
    #expect(EventTimestamp.format(1_705_363_800_007) == "2024-01-16T00:10:00.007Z")
  }

  @Test func `writes the ends of its range without a trap`() {
    #expect(EventTimestamp.format(.max) == "292278994-08-17T07:12:55.807Z")
    #expect(EventTimestamp.format(.min) == "-292275055-05-16T16:47:04.192Z")
  }
}
