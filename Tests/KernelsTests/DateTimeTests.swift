/// Zones and formats, against values that Java, MySQL and the tz database document.
import Columnar
import Kernels
import Testing

struct DateTimeTests {
  private func micros(_ text: String) throws -> Int64 {
    try Array(text.utf8).withUnsafeBytes { try #require(parseTimestamp($0)).microseconds }
  }

  @Test(arguments: [
    ("Asia/Seoul", "2024-01-15 00:00:00", 32_400), ("Asia/Seoul", "1988-07-01 00:00:00", 36_000),
    ("America/New_York", "2024-01-15 00:00:00", -18_000),
    ("America/New_York", "2024-07-15 00:00:00", -14_400),
    ("America/New_York", "2060-07-15 00:00:00", -14_400),
    ("America/New_York", "2060-12-15 00:00:00", -18_000),
    ("Europe/London", "2024-03-31 00:59:59", 0), ("Europe/London", "2024-03-31 01:00:00", 3_600),
    ("Europe/London", "2050-03-27 01:00:00", 3_600), ("Australia/Sydney", "2055-01-15 00:00:00", 39_600),
    ("Australia/Sydney", "2055-07-15 00:00:00", 36_000), ("Asia/Kolkata", "2024-01-15 00:00:00", 19_800),
    ("+05:30", "2024-01-15 00:00:00", 19_800), ("UTC", "2024-01-15 00:00:00", 0),
  ])
  func `knows a zone's offset at a moment`(_ row: (String, String, Int)) throws {
    let zone = try #require(TimeZoneRules.named(row.0))
    #expect(zone.offset(at: try micros(row.1) / 1_000_000) == row.2)
  }

  @Test func `moves a wall clock in a gap forward, and takes the earlier of two`() throws {
    let zone = try #require(TimeZoneRules.named("America/New_York"))
    func moment(_ text: String) throws -> String {
      timestampText(zone.moment(ofWallClock: try micros(text) / 1_000_000) * 1_000_000, precision: 0)
    }
    #expect(try moment("2024-03-10 01:59:59") == "2024-03-10 06:59:59")
    #expect(try moment("2024-03-10 02:30:00") == "2024-03-10 07:30:00")
    #expect(try moment("2024-03-10 03:00:00") == "2024-03-10 07:00:00")
    #expect(try moment("2024-11-03 01:30:00") == "2024-11-03 05:30:00")
    #expect(try moment("2024-11-03 02:00:00") == "2024-11-03 07:00:00")
    #expect(TimeZoneRules.named("Mars/Olympus") == nil)
    #expect(TimeZoneRules.named("../etc/passwd") == nil)
    #expect(TimeZoneRules.named("") == nil)
  }

  private func format(_ pattern: DateTimeFormat, _ text: String) throws -> Scalar {
    let vector = ColumnVector(constant: .integer(try micros(text)), type: .timestamp, count: 1)
    return try formatDateTime(vector, pattern).scalar(0)
  }

  @Test func `writes MySQL's and Joda's forms`() throws {
    let moment = "2024-01-05 15:04:09.078"
    #expect(
      try format(DateTimeFormat(mysql: "%Y-%m-%d %H:%i:%s|%a %b %c %e|%f|%h %I %k %l|%j|%M|%p|%r|%T|%v %x|%W|%y|%%"), moment)
        == .text("2024-01-05 15:04:09|Fri Jan 1 5|078000|03 03 15 3|005|January|PM|03:04:09 PM|15:04:09|01 2024|Friday|24|%"))
    #expect(
      try format(DateTimeFormat(joda: "yyyy-MM-dd'T'HH:mm:ss.SSS E EEEE MMM MMMM h a K k D w x e yy ''"), moment)
        == .text("2024-01-05T15:04:09.078 Fri Friday Jan January 3 PM 3 15 5 1 2024 5 24 '"))
    #expect(throws: KernelError.self) { try DateTimeFormat(mysql: "%D") }
    #expect(throws: KernelError.self) { try DateTimeFormat(joda: "yyyy-bb") }
  }

  @Test(arguments: [
    ("%Y-%m-%d %H:%i:%s", "2024-02-29 23:59:58", "2024-02-29 23:59:58.000000"),
    ("%Y%m%d", "20240115", "2024-01-15 00:00:00.000000"),
    ("%d/%b/%Y:%H", "15/Jan/2024:07", "2024-01-15 07:00:00.000000"),
    ("%h:%i %p", "12:05 AM", "1970-01-01 00:05:00.000000"),
    ("%h:%i %p", "12:05 PM", "1970-01-01 12:05:00.000000"),
    ("%Y-%j", "2024-060", "2024-02-29 00:00:00.000000"),
    ("%x-%v", "2020-53", "2020-12-28 00:00:00.000000"),
    ("%s.%f", "07.25", "1970-01-01 00:00:07.250000"),
  ])
  func `reads MySQL's forms`(_ row: (String, String, String)) throws {
    let texts = ColumnVector(constant: .text(row.1), type: .varchar, count: 1)
    let read = try parseDateTime(texts, DateTimeFormat(mysql: row.0), to: .timestamp)
    #expect(scalarText(read.scalar(0), .timestamp) == row.2)
  }

  @Test func `refuses texts of another form, and dates that do not exist`() throws {
    for (pattern, text) in [
      ("%Y-%m-%d", "2024-02-30"), ("%Y-%m-%d", "2024-02-03 "), ("%Y-%m-%d", "24"), ("%H", "24"),
      ("%M", "Janember"),
    ] {
      let texts = ColumnVector(constant: .text(text), type: .varchar, count: 1)
      #expect(throws: KernelError.self) {
        try parseDateTime(texts, DateTimeFormat(mysql: pattern), to: .timestamp)
      }
    }
  }

  @Test func `reads and writes moments with their zones`() throws {
    let seoul = try #require(TimeZoneRules.named("Asia/Seoul"))
    let texts = RandomVectors.vector(
      .varchar, [.text("2024-01-15 09:10:00 +0900"), .text("2024-01-15 09:10:00 -05:30"), .null])
    let form = try DateTimeFormat(joda: "yyyy-MM-dd HH:mm:ss Z")
    let read = try parseMoments(
      texts, form, MomentReading(zone: seoul, isStrict: false), to: .timestampWithTimeZone)
    #expect(throws: KernelError.self) {
      try parseMoments(
        texts, form, MomentReading(zone: seoul, isStrict: true), to: .timestampWithTimeZone)
    }
    #expect(scalarText(read.scalar(0), .timestampWithTimeZone) == "2024-01-15 00:10:00.000000 UTC")
    #expect(scalarText(read.scalar(1), .timestampWithTimeZone) == "2024-01-15 14:40:00.000000 UTC")
    let written = try formatDateTime(
      read, DateTimeFormat(joda: "HH:mm ZZ ZZZ"), zone: seoul)
    #expect(written.scalar(0) == .text("09:10 +09:00 Asia/Seoul"))
    #expect(scalarText(wallClock(read, in: seoul).scalar(0), .timestamp) == "2024-01-15 09:10:00.000000")
    #expect(moment(wallClock(read, in: seoul), in: seoul).scalar(1) == read.scalar(1))
    let cast = try cast(
      ColumnVector(constant: .text("2024-07-15 09:10:00 America/New_York"), type: .varchar, count: 1),
      to: .timestampWithTimeZone)
    #expect(scalarText(cast.scalar(0), .timestampWithTimeZone) == "2024-07-15 13:10:00.000000 UTC")
  }
}
