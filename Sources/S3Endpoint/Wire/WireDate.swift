// Moments as HTTP headers and S3's bodies write them, by integer arithmetic: the system's formatters
// would speak the user's language.

internal import Simulation

/// Texts of moments, which are milliseconds since the Unix epoch.
package enum WireDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
  private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

  /// `Tue, 16 Jan 2024 00:10:00 GMT`, cut to the second: the header `Last-Modified`.
  package static func http(_ moment: Int64) -> String {
    let (date, milliseconds) = split(moment)
    let parts = date.parts
    var bytes = Array("\(days[date.weekday % 7]), ".utf8)
    append(parts.day, digits: 2, to: &bytes)
    bytes += " \(months[(parts.month - 1) % 12]) ".utf8
    append(parts.year, digits: 4, to: &bytes)
    bytes.append(UInt8(ascii: " "))
    append(clock: milliseconds, to: &bytes)
    return String(decoding: bytes, as: UTF8.self) + " GMT"
  }

  /// `2024-01-16T00:10:00.000Z`, cut to the second as well, so that a list and a HEAD say the same.
  package static func iso8601(_ moment: Int64) -> String {
    var bytes: [UInt8] = []
    append(iso8601: moment, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends the form of `iso8601(_:)` without a string in between.
  static func append(iso8601 moment: Int64, to bytes: inout [UInt8]) {
    let (date, milliseconds) = split(moment)
    let parts = date.parts
    append(parts.year, digits: 4, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(parts.month, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "-"))
    append(parts.day, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: "T"))
    append(clock: milliseconds, to: &bytes)
    bytes.append(contentsOf: ".000Z".utf8)
  }

  /// The moment of a header such as `If-Modified-Since`; nil for what is no date.
  ///
  /// Reads RFC 1123 (`Sun, 06 Nov 1994 08:49:37 GMT`), RFC 850 (`Sunday, 06-Nov-94 08:49:37 GMT`), C's
  /// asctime (`Sun Nov  6 08:49:37 1994`), and ISO 8601, which SDKs send for S3's own headers. The day of
  /// the week is not checked. Years of two digits are 1970 to 2069.
  package static func moment(_ text: String) -> Int64? {
    let fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
    switch fields.count {
    case 1: return StoryTime.microseconds(iso8601: String(fields[0])).map { $0 / 1_000 }
    case 4:
      let date = fields[1].split(separator: "-", omittingEmptySubsequences: false)
      guard date.count == 3, isZone(fields[3]), let year = number(date[2], digits: 2...2) else {
        return nil
      }
      return moment(date[0], date[1], year: year < 70 ? 2_000 + year : 1_900 + year, fields[2])
    case 5:
      guard let year = number(fields[4], digits: 4...4) else { return nil }
      return moment(fields[2], fields[1], year: year, fields[3])
    case 6:
      guard isZone(fields[5]), let year = number(fields[3], digits: 4...4) else { return nil }
      return moment(fields[1], fields[2], year: year, fields[4])
    default: return nil
    }
  }

  private static func moment(
    _ day: Substring,
    _ month: Substring,
    year: Int,
    _ clock: Substring
  ) -> Int64? {
    let clock = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard clock.count == 3, let day = number(day, digits: 1...2),
      let month = months.firstIndex(where: { $0 == month }),
      let date = CivilDate(validYear: year, month: month + 1, day: day),
      let hour = number(clock[0], digits: 2...2), let minute = number(clock[1], digits: 2...2),
      let second = number(clock[2], digits: 2...2), hour < 24, minute < 60, second <= 60
    else { return nil }
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
    return Int64(seconds) * 1_000
  }

  private static func isZone(_ text: Substring) -> Bool {
    ["GMT", "UTC", "+0000", "-0000"].contains(text)
  }

  private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
    let utf8 = text.utf8
    guard digits.contains(utf8.count), utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else {
      return nil
    }
    return Int(text)
  }

  private static func split(_ moment: Int64) -> (date: CivilDate, milliseconds: Int) {
    var (day, rest) = moment.quotientAndRemainder(dividingBy: 86_400_000)
    if rest < 0 {
      day -= 1
      rest += 86_400_000
    }
    return (CivilDate(daysSinceEpoch: Int(day)), Int(rest))
  }

  private static func append(clock milliseconds: Int, to bytes: inout [UInt8]) {
    let seconds = milliseconds / 1_000
    append(seconds / 3_600, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(seconds / 60 % 60, digits: 2, to: &bytes)
    bytes.append(UInt8(ascii: ":"))
    append(seconds % 60, digits: 2, to: &bytes)
  }

  /// Appends a number with leading zeros; one that is longer or negative as it is.
  private static func append(_ number: Int, digits: Int, to bytes: inout [UInt8]) {
    var divisor = 1
    for _ in 1..<digits { divisor *= 10 }
    guard number >= 0, number / divisor < 10 else {
      bytes.append(contentsOf: String(number).utf8)
      return
    }
    while divisor > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
