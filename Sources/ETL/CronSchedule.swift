package import Simulation

/// A five-field cron schedule in a fixed zone: minute, hour, day of month, month, day of week.
///
/// `none` names no moment: such a DAG runs when it is asked to.
///
/// Each field is `*`, a number, a list `1,15`, a range `1-5` or a step `*/10`. As in cron, where
/// both day fields are restricted either one may match; Sunday is 0 or 7.
package struct CronSchedule: Sendable, Equatable {
  package let text: String
  /// Seconds east of UTC.
  package let offsetSeconds: Int

  private let minutes: Set<Int>
  private let hours: Set<Int>
  private let days: Set<Int>
  private let months: Set<Int>
  private let weekdays: Set<Int>
  private let daysAreRestricted: Bool
  private let weekdaysAreRestricted: Bool

  /// A schedule without a moment.
  package static let none = CronSchedule()

  private init() {
    text = "none"
    offsetSeconds = 0
    (minutes, hours, days, months, weekdays) = ([], [], [], [], [])
    daysAreRestricted = true
    weekdaysAreRestricted = true
  }

  package init(_ text: String, offsetSeconds: Int) throws {
    if text.trimmedBlank() == CronSchedule.none.text {
      self = .none
      return
    }
    let spelled = CronSchedule.aliases[text.trimmedBlank()] ?? text
    let fields = spelled.split(whereSeparator: { $0 == " " || $0 == "\t" })
    guard fields.count == 5 else {
      throw ETLError(
        .badSchedule,
        "the schedule `\(text)` has \(fields.count) fields where cron has five",
        advice: "Write minute, hour, day, month and weekday, such as `0 4 * * *`, or `none`.",
        fields: ["schedule": text]
      )
    }
    self.text = text
    self.offsetSeconds = offsetSeconds
    minutes = try CronSchedule.values(fields[0], in: 0...59, of: text)
    hours = try CronSchedule.values(fields[1], in: 0...23, of: text)
    days = try CronSchedule.values(fields[2], in: 1...31, of: text)
    months = try CronSchedule.values(fields[3], in: 1...12, of: text)
    weekdays = Set(try CronSchedule.values(fields[4], in: 0...7, of: text).map { $0 % 7 })
    daysAreRestricted = fields[2] != "*"
    weekdaysAreRestricted = fields[4] != "*"
  }

  private static let aliases = ["@hourly": "0 * * * *", "@daily": "0 0 * * *"]

  /// The first moment after `moment` that matches; nil where none comes within ten years.
  package func next(after moment: StoryTime) -> StoryTime? {
    guard !minutes.isEmpty else { return nil }
    var date = moment.date(offsetSeconds: offsetSeconds)
    for _ in 0..<3_660 {
      if matches(date) {
        for hour in hours.sorted() {
          for minute in minutes.sorted() {
            let candidate = StoryTime(
              date,
              hour: hour,
              minute: minute,
              offsetSeconds: offsetSeconds
            )
            if candidate > moment { return candidate }
          }
        }
      }
      date = date.adding(days: 1)
    }
    return nil
  }

  private func matches(_ date: CivilDate) -> Bool {
    let parts = date.parts
    guard months.contains(parts.month) else { return false }
    let dayMatches = days.contains(parts.day)
    let weekdayMatches = weekdays.contains((date.weekday + 1) % 7)
    if daysAreRestricted && weekdaysAreRestricted { return dayMatches || weekdayMatches }
    return dayMatches && weekdayMatches
  }

  private static func values(
    _ field: Substring,
    in range: ClosedRange<Int>,
    of text: String
  ) throws -> Set<Int> {
    var result: Set<Int> = []
    for part in field.split(separator: ",", omittingEmptySubsequences: false) {
      let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
      let bounds = pieces[0].split(separator: "-", omittingEmptySubsequences: false)
      let step = pieces.count == 2 ? Int(pieces[1]) : 1
      var low = range.lowerBound
      var high = range.upperBound
      var isValid = pieces.count <= 2 && (step ?? 0) > 0
      if pieces[0] != "*" {
        let first = Int(bounds[0])
        let last = bounds.count == 2 ? Int(bounds[1]) : (pieces.count == 2 ? high : first)
        isValid = isValid && bounds.count <= 2 && first != nil && last != nil
        low = first ?? low
        high = last ?? high
        isValid = isValid && range.contains(low) && range.contains(high) && low <= high
      }
      guard isValid, let step else {
        throw ETLError(
          .badSchedule,
          "`\(part)` in the schedule `\(text)` is not a cron field",
          advice:
            "Use `*`, a number from \(range.lowerBound) to \(range.upperBound), a list, a range or a step.",
          fields: ["schedule": text, "field": String(part)]
        )
      }
      result.formUnion(stride(from: low, through: high, by: step))
    }
    return result
  }
}

extension String {
  func trimmedBlank() -> String {
    var view = self[...]
    while let first = view.first, first.isWhitespace { view.removeFirst() }
    while let last = view.last, last.isWhitespace { view.removeLast() }
    return String(view)
  }
}
