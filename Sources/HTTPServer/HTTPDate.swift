// The `Date` header, written by hand: the system's formatter would speak the user's language.

internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Wall time in the form `Tue, 16 Jan 2024 00:10:00 GMT`.
enum HTTPDate {
  private static let last = Mutex((second: -1, text: ""))

  /// The text of this second, made once in it.
  static func now() -> String {
    let second = Int(time(nil))
    return last.withLock { last in
      if last.second != second { last = (second, text(secondsSinceEpoch: second)) }
      return last.text
    }
  }

  static func text(secondsSinceEpoch seconds: Int) -> String {
    var moment = time_t(seconds)
    var parts = tm()
    gmtime_r(&moment, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = [
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let day = days[Int(parts.tm_wday) % 7]
    let month = months[Int(parts.tm_mon) % 12]
    let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    return "\(day), \(two(parts.tm_mday)) \(month) \(Int(parts.tm_year) + 1_900) \(clock) GMT"
  }
}
