/// Moments as signatures write them: `20130524T000000Z`, in UTC.
///
/// Moments are milliseconds since the Unix epoch, by the machine's clock and not the story's.
enum SigningTime {
  /// The moment to the second; before the year 0 and after 9999 it is the nearest moment within.
  static func text(_ milliseconds: Int64) -> String {
    let seconds = min(max(floored(milliseconds, 1_000), -62_167_219_200), 253_402_300_799)
    let days = floored(seconds, 86_400)
    let time = seconds - days * 86_400
    let date = civilDate(days)
    return padded(date.year, 4) + padded(date.month, 2) + padded(date.day, 2) + "T"
      + padded(time / 3_600, 2) + padded(time / 60 % 60, 2) + padded(time % 60, 2) + "Z"
  }

  /// Reads `20130524T000000Z`; nil for anything else.
  static func milliseconds(_ text: String) -> Int64? {
    let characters = Array(text.utf8)
    guard characters.count == 16, characters[8] == UInt8(ascii: "T"),
      characters[15] == UInt8(ascii: "Z"),
      let year = number(characters[0..<4]), let month = number(characters[4..<6]),
      let day = number(characters[6..<8]), let hour = number(characters[9..<11]),
      let minute = number(characters[11..<13]), let second = number(characters[13..<15])
    else { return nil }
    return moment(year, month, day, hour, minute, second)
  }

  /// Reads what the header `date` may be: the same, or `Fri, 24 May 2013 00:00:00 GMT`.
  static func httpMilliseconds(_ text: String) -> Int64? {
    if let moment = milliseconds(text) { return moment }
    let words = text.split(separator: " ")
    guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
      let month = months.firstIndex(of: words[2]),
      let day = number(Array(words[1].utf8)[...]), let year = number(Array(words[3].utf8)[...])
    else { return nil }
    let clock = words[4].split(separator: ":").map { number(Array($0.utf8)[...]) }
    guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2] else {
      return nil
    }
    return moment(year, Int64(month) + 1, day, hour, minute, second)
  }

  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func moment(
    _ year: Int64,
    _ month: Int64,
    _ day: Int64,
    _ hour: Int64,
    _ minute: Int64,
    _ second: Int64
  ) -> Int64? {
    guard (0...9_999).contains(year), (1...12).contains(month), (1...31).contains(day),
      hour < 24, minute < 60, second <= 60
    else { return nil }
    let days = dayNumber(year, month, day)
    let date = civilDate(days)
    guard date.month == month, date.day == day else { return nil }
    return (days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000
  }

  /// Up to four digits as a number.
  private static func number(_ characters: ArraySlice<UInt8>) -> Int64? {
    guard (1...4).contains(characters.count) else { return nil }
    var value: Int64 = 0
    for character in characters {
      guard (0x30...0x39).contains(character) else { return nil }
      value = value * 10 + Int64(character - 0x30)
    }
    return value
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  private static func floored(_ value: Int64, _ by: Int64) -> Int64 {
    value / by - (value % by < 0 ? 1 : 0)
  }

  /// Years begin in March here, so that a leap day is a year's last; 400 years are 146,097 days.
  private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let marchYear = month <= 2 ? year - 1 : year
    let era = floored(marchYear, 400)
    let yearOfEra = marchYear - era * 400
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civilDate(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floored(shifted, 146_097)
    let day = shifted - era * 146_097
    let yearOfEra = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365
    let dayOfYear = day - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
  }
}
