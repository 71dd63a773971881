// The words in which people write numbers and units, Korean and English.

internal import Foundation

/// The lexicon of `NumberReader`; keys are in lower case unless the case decides.
enum NumberWords {
  /// Seconds of each unit of time.
  static let times: [String: Double] = {
    let units: [(Double, [String])] = [
      (1e-6, ["us", "µs", "μs", "마이크로초"]),
      (1e-3, ["ms", "msec", "millisecond", "milliseconds", "밀리초"]),
      (1, ["s", "sec", "secs", "second", "seconds", "초"]),
      (60, ["min", "mins", "minute", "minutes", "분"]),
      (3_600, ["h", "hr", "hrs", "hour", "hours", "시간"]),
      (86_400, ["d", "day", "days", "일", "하루"]),
      (604_800, ["week", "weeks", "주"]),
    ]
    return table(units)
  }()

  /// Bytes of each unit of size.
  static let bytes: [String: Double] = {
    var units: [(Double, [String])] = [
      (1, ["byte", "bytes", "바이트"]), (0.125, ["bit", "bits", "비트"]),
      (1_000, ["킬로바이트"]), (1e6, ["메가바이트", "메가"]), (1e9, ["기가바이트", "기가"]),
      (1e12, ["테라바이트", "테라"]),
    ]
    for (power, letter) in ["k", "m", "g", "t", "p"].enumerated() {
      let decimal = pow(1_000, Double(power + 1))
      units.append((decimal, ["\(letter)b"]))
      units.append((decimal / 8, ["\(letter)bit", "\(letter)bits"]))
      units.append((pow(1_024, Double(power + 1)), ["\(letter)ib", "\(letter)i"]))
    }
    return table(units)
  }()

  /// Rates in one word: the unit's factor, its dimension, and the seconds it is per.
  static let rates: [String: NumberUnit] = [
    "bps": NumberUnit(.bytes, factor: 0.125, perSeconds: 1, name: "bps"),
    "kbps": NumberUnit(.bytes, factor: 125, perSeconds: 1, name: "kbps"),
    "mbps": NumberUnit(.bytes, factor: 125_000, perSeconds: 1, name: "Mbps"),
    "gbps": NumberUnit(.bytes, factor: 125_000_000, perSeconds: 1, name: "Gbps"),
    "eps": NumberUnit(.count, perSeconds: 1, name: "eps"),
    "rps": NumberUnit(.count, perSeconds: 1, name: "rps"),
    "qps": NumberUnit(.count, perSeconds: 1, name: "qps"),
    "tps": NumberUnit(.count, perSeconds: 1, name: "tps"),
  ]

  /// Seconds of what a Korean `…당` is per, and of its like.
  static let perTimes: [String: Double] = [
    "초당": 1, "매초": 1, "분당": 60, "매분": 60, "시간당": 3_600, "매시간": 3_600, "하루에": 86_400,
    "일당": 86_400, "하루당": 86_400, "매일": 86_400, "daily": 86_400, "hourly": 3_600,
  ]

  static let counts: Set<String> = [
    "건", "개", "명", "행", "줄", "번", "회", "배", "종", "묶음", "파티션", "이벤트", "레코드", "파일",
    "태스크", "요청", "메시지", "사용자", "event", "events", "row", "rows", "record", "records",
    "file", "files", "task", "tasks", "partition", "partitions", "request", "requests", "message",
    "messages", "user", "users", "times", "x", "purchase", "purchases", "session", "sessions",
  ]

  static let money: [String: Double] = [
    "원": 1, "krw": 1, "won": 1, "₩": 1, "$": 1, "usd": 1, "dollar": 1, "dollars": 1, "달러": 1,
  ]

  static let percents: Set<String> = ["%", "퍼센트", "프로", "percent", "pct"]

  /// `만` and its like end a section; `천` and its like stand inside one.
  static let sections: [String: Double] = [
    "만": 1e4, "억": 1e8, "조": 1e12, "million": 1e6, "billion": 1e9, "thousand": 1e3,
    "millions": 1e6, "trillion": 1e12, "mn": 1e6, "bn": 1e9,
  ]
  static let digits: [String: Double] = ["십": 10, "백": 100, "천": 1_000]

  static let silent: Set<String> = [
    "약", "대략", "정도", "쯤", "총", "모두", "답", "답은", "대략적으로", "한", "거의", "입니다", "이에요",
    "예요", "요", "건당", "이벤트당", "은", "는", "이", "가", "을", "를", "의", "씩", "으로", "로", "이고", "그리고", "about",
    "approximately", "approx", "roughly", "around", "circa", "ca", "is", "it", "the", "answer",
    "total", "of", "and", "are", "there", "my", "then", "nearly", "almost", "so",
  ]

  /// What Korean words without spaces are cut into, longest first.
  static let korean: [[Character]] = {
    let words =
      Array(times.keys) + Array(bytes.keys) + Array(perTimes.keys) + Array(counts)
      + Array(money.keys) + Array(percents) + Array(sections.keys) + Array(digits.keys)
      + Array(silent)
    return words.filter { !$0.allSatisfy(\.isASCII) }
      .sorted { ($0.count, $1) > ($1.count, $0) }.map(Array.init)
  }()

  private static func table(_ units: [(Double, [String])]) -> [String: Double] {
    var table: [String: Double] = [:]
    for (factor, words) in units { for word in words { table[word] = factor } }
    return table
  }
}
