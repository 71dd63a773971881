// Date and time formats: MySQL's (`date_format`, `date_parse`) and Joda's (`format_datetime`,
// `parse_datetime`), compiled once into the same parts.

public import Columnar

/// A compiled format of dates and times; names are English.
public struct DateTimeFormat: Sendable, Hashable {
  enum Part: Sendable, Hashable {
    case literal([UInt8])
    /// A number: at least `width` digits written, at most `most` read.
    case number(NumberField, width: Int, most: Int)
    case fraction(digits: Int)
    case monthName(isShort: Bool)
    case dayName(isShort: Bool)
    case halfday
    case twoDigitYear
    /// `+0900`, `+09:00` or a name.
    case zone(ZoneForm)
  }

  enum NumberField: Sendable, Hashable {
    case year, month, day, dayOfYear, hour24, hour1To24, hour12, hour0To11, minute, second
    case isoWeek, isoWeekYear, dayOfWeek
  }

  enum ZoneForm: Sendable, Hashable { case basic, extended, name }

  private(set) var parts: [Part] = []

  static let monthNames = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]
  static let dayNames = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  private mutating func literal(_ bytes: some Sequence<UInt8>) {
    if case .literal(let before)? = parts.last {
      parts[parts.count - 1] = .literal(before + bytes)
    } else {
      parts.append(.literal(Array(bytes)))
    }
  }

  /// MySQL's form: `%Y-%m-%d %H:%i:%s`. Throws `invalidArgument` for a specifier that Trino does not
  /// take.
  public init(mysql pattern: String) throws {
    var bytes = Array(pattern.utf8)[...]
    while let byte = bytes.popFirst() {
      guard byte == 0x25 else {
        literal([byte])
        continue
      }
      guard let specifier = bytes.popFirst() else {
        throw KernelError.invalidArgument("Invalid date format string: a % at the end")
      }
      switch UnicodeScalar(specifier) {
      case "a": parts.append(.dayName(isShort: true))
      case "b": parts.append(.monthName(isShort: true))
      case "c": parts.append(.number(.month, width: 1, most: 2))
      case "d": parts.append(.number(.day, width: 2, most: 2))
      case "e": parts.append(.number(.day, width: 1, most: 2))
      case "f": parts.append(.fraction(digits: 6))
      case "H": parts.append(.number(.hour24, width: 2, most: 2))
      case "h", "I": parts.append(.number(.hour12, width: 2, most: 2))
      case "i": parts.append(.number(.minute, width: 2, most: 2))
      case "j": parts.append(.number(.dayOfYear, width: 3, most: 3))
      case "k": parts.append(.number(.hour24, width: 1, most: 2))
      case "l": parts.append(.number(.hour12, width: 1, most: 2))
      case "M": parts.append(.monthName(isShort: false))
      case "m": parts.append(.number(.month, width: 2, most: 2))
      case "p": parts.append(.halfday)
      case "r":
        parts.append(.number(.hour12, width: 2, most: 2))
        literal([0x3A])
        parts.append(.number(.minute, width: 2, most: 2))
        literal([0x3A])
        parts.append(.number(.second, width: 2, most: 2))
        literal([0x20])
        parts.append(.halfday)
      case "S", "s": parts.append(.number(.second, width: 2, most: 2))
      case "T":
        parts.append(.number(.hour24, width: 2, most: 2))
        literal([0x3A])
        parts.append(.number(.minute, width: 2, most: 2))
        literal([0x3A])
        parts.append(.number(.second, width: 2, most: 2))
      case "v": parts.append(.number(.isoWeek, width: 2, most: 2))
      case "W": parts.append(.dayName(isShort: false))
      case "x": parts.append(.number(.isoWeekYear, width: 4, most: 4))
      case "Y": parts.append(.number(.year, width: 4, most: 4))
      case "y": parts.append(.twoDigitYear)
      case "D", "U", "u", "V", "w", "X":
        throw KernelError.invalidArgument(
          "%\(UnicodeScalar(specifier)) not supported in date format string")
      default: literal([specifier])
      }
    }
  }

  /// Joda's form: `yyyy-MM-dd HH:mm:ss`. Throws `invalidArgument` for an unknown letter.
  public init(joda pattern: String) throws {
    let letters = Array(pattern.unicodeScalars)
    var index = 0
    while index < letters.count {
      let letter = letters[index]
      if letter == "'" {
        index += 1
        if index < letters.count, letters[index] == "'" {
          literal([0x27])
          index += 1
          continue
        }
        while index < letters.count {
          if letters[index] == "'" {
            if index + 1 < letters.count, letters[index + 1] == "'" {
              literal([0x27])
              index += 2
              continue
            }
            break
          }
          literal(String(letters[index]).utf8)
          index += 1
        }
        index += 1
        continue
      }
      guard letter.properties.isAlphabetic, letter.value < 0x80 else {
        literal(String(letter).utf8)
        index += 1
        continue
      }
      var count = 0
      while index < letters.count, letters[index] == letter {
        count += 1
        index += 1
      }
      // A number followed by another number reads no more digits than it has letters.
      let isCrowded =
        index < letters.count && letters[index].properties.isAlphabetic && letters[index].value < 0x80
      func number(_ field: NumberField, _ most: Int) -> Part {
        .number(field, width: count, most: isCrowded ? count : max(most, count))
      }
      switch letter {
      case "y", "Y": parts.append(count == 2 ? .twoDigitYear : number(.year, 9))
      case "x": parts.append(number(.isoWeekYear, 9))
      case "w": parts.append(number(.isoWeek, 2))
      case "e": parts.append(number(.dayOfWeek, 1))
      case "E": parts.append(.dayName(isShort: count < 4))
      case "D": parts.append(number(.dayOfYear, 3))
      case "M": parts.append(count > 2 ? .monthName(isShort: count == 3) : number(.month, 2))
      case "d": parts.append(number(.day, 2))
      case "a": parts.append(.halfday)
      case "K": parts.append(number(.hour0To11, 2))
      case "h": parts.append(number(.hour12, 2))
      case "H": parts.append(number(.hour24, 2))
      case "k": parts.append(number(.hour1To24, 2))
      case "m": parts.append(number(.minute, 2))
      case "s": parts.append(number(.second, 2))
      case "S": parts.append(.fraction(digits: count))
      case "z": parts.append(.zone(.name))
      case "Z": parts.append(.zone(count == 1 ? .basic : count == 2 ? .extended : .name))
      default:
        throw KernelError.invalidArgument("Illegal pattern component: \(letter)")
      }
    }
  }
}

extension DateTimeFormat {
  /// Writes a wall clock, with the zone it belongs to.
  func append(
    _ microseconds: Int64, offset: Int, zone: String, to out: inout [UInt8]
  ) {
    let day = floorQuotient(microseconds, microsecondsPerDay)
    let ofDay = microseconds - day * microsecondsPerDay
    let date = civil(fromDays: day)
    let hour = ofDay / 3_600_000_000
    let weekday = floorRemainder(day + 3, 7)  // 0: Monday
    for part in parts {
      switch part {
      case .literal(let bytes): out.append(contentsOf: bytes)
      case .number(let field, let width, _):
        let value: Int64
        switch field {
        case .year: value = date.year
        case .month: value = date.month
        case .day: value = date.day
        case .dayOfYear: value = day - days(year: date.year, month: 1, day: 1) + 1
        case .hour24: value = hour
        case .hour1To24: value = hour == 0 ? 24 : hour
        case .hour12: value = (hour + 11) % 12 + 1
        case .hour0To11: value = hour % 12
        case .minute: value = ofDay / 60_000_000 % 60
        case .second: value = ofDay / 1_000_000 % 60
        case .dayOfWeek: value = weekday + 1
        case .isoWeek: value = isoWeek(day).week
        case .isoWeekYear: value = isoWeek(day).year
        }
        if value < 0 { out.append(0x2D) }
        appendDigits(value.magnitude, width: width, to: &out)
      case .fraction(let digits):
        let fraction = ofDay % 1_000_000
        if digits <= 6 {
          appendDigits(UInt64(fraction / powersOfTen[6 - digits]), width: digits, to: &out)
        } else {
          appendDigits(UInt64(fraction), width: 6, to: &out)
          for _ in 6..<digits { out.append(0x30) }
        }
      case .monthName(let isShort):
        let name = Self.monthNames[Int(date.month) - 1]
        out.append(contentsOf: isShort ? Array(name.utf8.prefix(3)) : Array(name.utf8))
      case .dayName(let isShort):
        let name = Self.dayNames[Int(weekday)]
        out.append(contentsOf: isShort ? Array(name.utf8.prefix(3)) : Array(name.utf8))
      case .halfday: out.append(contentsOf: (hour < 12 ? "AM" : "PM").utf8)
      case .twoDigitYear:
        appendDigits(UInt64(floorRemainder(date.year, 100)), width: 2, to: &out)
      case .zone(let form):
        if form == .name {
          out.append(contentsOf: zone.utf8)
        } else {
          let minutes = abs(offset) / 60
          out.append(offset < 0 ? 0x2D : 0x2B)
          appendDigits(UInt64(minutes / 60), width: 2, to: &out)
          if form == .extended { out.append(0x3A) }
          appendDigits(UInt64(minutes % 60), width: 2, to: &out)
        }
      }
    }
  }

  /// The Monday-based week of a day and the year it belongs to.
  private func isoWeek(_ day: Int64) -> (week: Int64, year: Int64) {
    let thursday = day - floorRemainder(day + 3, 7) + 3
    let year = civil(fromDays: thursday).year
    return ((thursday - days(year: year, month: 1, day: 1)) / 7 + 1, year)
  }

  /// What a text says: a wall clock, and its zone's offset where it has one; nil where it does not
  /// have this form to its end.
  func parse(_ text: UnsafeRawBufferPointer) -> (microseconds: Int64, zone: String?)? {
    var index = 0
    var year: Int64 = 1970
    var month: Int64 = 1
    var day: Int64 = 1
    var dayOfYear: Int64?
    var week: (week: Int64?, year: Int64?) = (nil, nil)
    var weekday: Int64?
    var hour: Int64 = 0
    var isHalf = false
    var isAfternoon: Bool?
    var minute: Int64 = 0
    var second: Int64 = 0
    var fraction: Int64 = 0
    var zone: String?
    func digits(_ most: Int) -> (value: Int64, count: Int)? {
      var value: Int64 = 0
      var count = 0
      while index < text.count, count < min(most, 9), text[index] &- 0x30 <= 9 {
        value = value * 10 + Int64(text[index] - 0x30)
        count += 1
        index += 1
      }
      return count > 0 ? (value, count) : nil
    }
    func name(_ names: [String], _ isShort: Bool) -> Int? {
      for (place, name) in names.enumerated() {
        for candidate in [name, String(name.prefix(3))] {
          let length = candidate.utf8.count
          guard index + length <= text.count else { continue }
          let part = String(decoding: text[index..<index + length], as: UTF8.self)
          if part.lowercased() == candidate.lowercased() {
            index += length
            return place
          }
        }
      }
      return nil
    }
    for part in parts {
      switch part {
      case .literal(let bytes):
        guard index + bytes.count <= text.count, text[index..<index + bytes.count].elementsEqual(bytes)
        else { return nil }
        index += bytes.count
      case .number(let field, _, let most):
        var isNegative = false
        if field == .year, index < text.count, text[index] == 0x2D {
          isNegative = true
          index += 1
        }
        guard let (value, _) = digits(most) else { return nil }
        switch field {
        case .year: year = isNegative ? -value : value
        case .month: month = value
        case .day: day = value
        case .dayOfYear: dayOfYear = value
        case .hour24:
          guard value < 24 else { return nil }
          hour = value
        case .hour1To24:
          guard (1...24).contains(value) else { return nil }
          hour = value % 24
        case .hour12:
          guard (1...12).contains(value) else { return nil }
          hour = value % 12
          isHalf = true
        case .hour0To11:
          guard value < 12 else { return nil }
          hour = value
          isHalf = true
        case .minute:
          guard value < 60 else { return nil }
          minute = value
        case .second:
          guard value < 60 else { return nil }
          second = value
        case .isoWeek: week.week = value
        case .isoWeekYear: week.year = value
        case .dayOfWeek: weekday = value
        }
      case .fraction:
        guard let (value, count) = digits(9) else { return nil }
        fraction = count <= 6 ? value * powersOfTen[6 - count] : value / powersOfTen[count - 6]
      case .monthName(let isShort):
        guard let place = name(Self.monthNames, isShort) else { return nil }
        month = Int64(place) + 1
      case .dayName(let isShort):
        guard let place = name(Self.dayNames, isShort) else { return nil }
        weekday = Int64(place) + 1
      case .halfday:
        guard let place = name(["AM", "PM"], false) else { return nil }
        isAfternoon = place == 1
      case .twoDigitYear:
        guard let (value, count) = digits(2), count == 2 else { return nil }
        year = value < 70 ? 2_000 + value : 1_900 + value
      case .zone(let form):
        let start = index
        if form == .name {
          while index < text.count, text[index] != 0x20 { index += 1 }
        } else if index < text.count, text[index] == 0x5A {
          index += 1
        } else {
          guard index < text.count, text[index] == 0x2B || text[index] == 0x2D else { return nil }
          index += 1
          while index < text.count, text[index] == 0x3A || text[index] &- 0x30 <= 9 { index += 1 }
        }
        var found = String(decoding: text[start..<index], as: UTF8.self)
        if found.utf8.count == 5, !found.contains(":"), let sign = found.first, "+-".contains(sign) {
          found.insert(":", at: found.index(found.startIndex, offsetBy: 3))
        }
        zone = found
      }
    }
    guard index == text.count else { return nil }
    if isHalf, isAfternoon == true { hour += 12 }
    var date: Int64
    if let number = week.week {
      let weekYear = week.year ?? year
      guard (1...53).contains(number) else { return nil }
      let fourth = days(year: weekYear, month: 1, day: 4)
      date = fourth - floorRemainder(fourth + 3, 7) + (number - 1) * 7 + (weekday ?? 1) - 1
    } else if let dayOfYear {
      guard (1...366).contains(dayOfYear) else { return nil }
      date = days(year: year, month: 1, day: 1) + dayOfYear - 1
    } else {
      guard (1...12).contains(month), day >= 1, day <= daysInMonth(year: year, month: month),
        year.magnitude < 290_000
      else { return nil }
      date = days(year: year, month: month, day: day)
    }
    let clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    guard date.magnitude < 100_000_000 else { return nil }
    return (date * microsecondsPerDay + clock, zone)
  }
}

extension DateTimeFormat {
  /// The zone that a text of this form names; nil where it names none, or has another form.
  public func zoneText(in text: String) -> String? {
    var copy = text
    return copy.withUTF8 { parse(UnsafeRawBufferPointer($0)) }?.zone
  }
}

/// Dates, timestamps or moments as text; a moment is shown on the wall clock of `zone`.
public func formatDateTime(
  _ vector: ColumnVector, _ format: DateTimeFormat, zone: TimeZoneRules? = nil
) throws -> ColumnVector {
  var isMoment = false
  if case .timestampWithTimeZone = vector.type { isMoment = true }
  let micros = wallMicroseconds(vector, .utc)
  let lane = Lane<Int64>(micros)
  var cursor = ZoneCursor(zone ?? .utc)
  var output = TextOutput(capacity: micros.count)
  for row in 0..<micros.count {
    if micros.isNull(row) {
      output.appendEmpty()
      continue
    }
    let offset = isMoment ? cursor.offset(at: floorQuotient(lane[row], 1_000_000)) : 0
    format.append(
      lane[row] &+ Int64(offset) &* 1_000_000, offset: offset, zone: zone?.name ?? "UTC",
      to: &output.row)
    output.finishRow()
  }
  return output.column(validity: micros.validity)
}

/// Texts of a form as wall clocks: `timestamp(3)` for MySQL's formats.
///
/// Throws `invalidArgument` for a text of another form.
public func parseDateTime(
  _ vector: ColumnVector, _ format: DateTimeFormat, to type: DataType
) throws -> ColumnVector {
  try parseEach(vector, format, to: type) { found, _ in found }
}

/// Texts of a form as moments; zones as `MomentReading` says.
public func parseMoments(
  _ vector: ColumnVector, _ format: DateTimeFormat, _ reading: MomentReading, to type: DataType
) throws -> ColumnVector {
  try parseEach(vector, format, to: type) { try reading.moment($0, $1) }
}

private func parseEach(
  _ vector: ColumnVector, _ format: DateTimeFormat, to type: DataType,
  _ finish: (Int64, String?) throws -> Int64
) throws -> ColumnVector {
  let source = vector.plain
  let lane = TextLane(source)
  return try makeFixed(type, source.count, source.validity, as: Int64.self) { out in
    for row in 0..<source.count where !source.isNull(row) {
      guard let found = format.parse(lane[row]) else {
        throw KernelError.invalidArgument(
          "Invalid format: \"\(String(decoding: lane[row], as: UTF8.self))\"")
      }
      out[row] = try finish(found.microseconds, found.zone)
    }
  }
}
