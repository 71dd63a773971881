import S3Endpoint
import Testing

struct WireDateTests {
  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777_000),
    ("Sun Nov  6 08:49:37 1994", 784_111_777_000), ("Sun, 6 Nov 1994 08:49:37 GMT", 784_111_777_000),
    ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Wed, 31 Dec 1969 23:59:59 GMT", -1_000),
    ("Thu, 29 Feb 2024 12:00:00 UTC", 1_709_208_000_000),
    ("Sat, 29 Oct 2100 19:43:31 GMT", 4_128_522_211_000),
    ("Saturday, 29-Oct-33 19:43:31 GMT", 2_014_227_811_000), ("1994-11-06T08:49:37Z", 784_111_777_000),
    ("1994-11-06T17:49:37.250+09:00", 784_111_777_250), ("Sun, 06 Nov 1994 08:49:60 GMT", 784_111_800_000),
  ] as [(String, Int64)]) func `dates of headers are read in all their forms`(text: String, moment: Int64) {
    #expect(WireDate.moment(text) == moment)
  }

  @Test(arguments: [
    "", "now", "Sun, 06 Nov 1994", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST",
    "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
    "784111777", "1994-11-06", "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT GMT",
  ]) func `what is no date is none`(text: String) {
    #expect(WireDate.moment(text) == nil)
  }

  @Test func `moments are written to the second, in both forms`() {
    #expect(WireDate.http(1_705_363_800_999) == "Tue, 16 Jan 2024 00:10:00 GMT")
    #expect(WireDate.iso8601(1_705_363_800_999) == "2024-01-16T00:10:00.000Z")
    #expect(WireDate.http(-1) == "Wed, 31 Dec 1969 23:59:59 GMT")
    #expect(WireDate.iso8601(-1) == "1969-12-31T23:59:59.000Z")
    #expect(WireDate.iso8601(1_709_208_000_000) == "2024-02-29T12:00:00.000Z")
    // Nothing that a clock could say traps.
    for moment in [Int64.min, .max, -62_167_219_200_001, 253_402_300_800_000] {
      #expect(WireDate.http(moment).hasSuffix("GMT"))
      #expect(WireDate.iso8601(moment).hasSuffix("Z"))
    }
  }

  @Test func `what is written is read back`() {
    var moment: Int64 = -2_000_000_000_000
    while moment < 4_000_000_000_000 {
      #expect(WireDate.moment(WireDate.http(moment)) == moment)
      #expect(WireDate.moment(WireDate.iso8601(moment)) == moment)
      moment += 86_399_000 * 37
    }
  }
}
