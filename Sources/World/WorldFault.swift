// Faults: what can be made wrong in a world, by name and with parameters, so that the same world can
// be had with a fault and without it.
//
// 1. A `WorldFault` is what an author writes, and what `world.yaml` keeps.
// 2. `FaultPlan` checks it against the app's specification, and answers in which phones and when.
// 3. The world asks the plan at its seams: a day's plan for visits that come on top, a phone before an
//    event is recorded and before and after a request leaves.
//
// No fault draws from a generator of the world: taken away, it leaves the world of the same seed.

/// A fault as it is written: a known name and its parameters.
package struct WorldFault: Sendable, Hashable {
  package var name: String
  package var parameters: [String: String]

  package init(name: String, parameters: [String: String] = [:]) {
    self.name = name
    self.parameters = parameters
  }

  /// The names that a world knows, each with its parameters.
  ///
  /// All of them take a position: `version` and `platform` say on which phones (without them, on
  /// all), `from` and `until` say when. A version is one of the specification's, before the world's
  /// shift. A moment is `13` or `13:30`, hours and minutes since the midnight with which the world
  /// begins (`33:00` is nine o'clock of its second day), or ISO-8601 with a zone.
  package static let known: [(name: String, parameters: [String])] = Kind.allCases.map {
    ($0.rawValue, positionParameters + $0.ownParameters)
  }

  static let positionParameters = ["version", "platform", "from", "until"]

  enum Kind: String, CaseIterable, Sendable {
    /// So many of a hundred phones get no answer: their events wait on them.
    case unreachable
    /// The server takes requests, and the phones do not hear so: they send them again.
    case lostAnswers = "lost-answers"
    /// The server says something else than it would, and takes nothing.
    case answers
    /// The app's process dies in a visit or at its end: nothing leaves it any more.
    case killApp = "kill-app"
    /// The network delivers requests twice.
    case batchTwice = "batch-twice"
    /// A request that is sent again carries new ids: nobody can tell that its events are the same.
    case newIDOnRetry = "new-id-on-retry"
    /// Amounts and prices are text, `"29,900"` for 29900.
    case priceAsText = "price-as-text"
    /// An event goes under another name.
    case renameEvent = "rename-event"
    /// A property is missing.
    case dropProperty = "drop-property"
    /// A number is a multiple of what it should be: won become a hundredth of won.
    case wrongUnit = "wrong-unit"
    /// An event is larger than any server takes.
    case oversizedEvent = "oversized-event"
    /// An event's name is none, so that every collector refuses it.
    case invalidEvent = "invalid-event"
    /// A property carries a telephone number or an e-mail address.
    case personalData = "personal-data"
    /// The app logs too much: an event that is in no plan, so many times a minute.
    case chatter
    /// Many phones report the same device.
    case hotDevice = "hot-device"
    /// Phones' clocks are wrong by so many minutes, more or less.
    case wrongClock = "wrong-clock"
    /// People come all at once, as after a push message.
    case pushBurst = "push-burst"
    /// Bots come.
    case botWave = "bot-wave"
    /// The collector's machine can do only so much.
    case smallCollector = "small-collector"
    /// The service that the consumers of Bronze ask about each record answers so late.
    case slowEnrichment = "slow-enrichment"

    /// What it takes beyond a position.
    var ownParameters: [String] {
      switch self {
      case .newIDOnRetry, .priceAsText: []
      case .unreachable, .lostAnswers, .batchTwice, .hotDevice: ["percent"]
      case .answers: ["status", "percent", "retry-after", "event", "names", "bytes"]
      case .killApp: ["percent", "after"]
      case .renameEvent: ["event", "to"]
      case .dropProperty, .personalData: ["event", "property"]
      case .wrongUnit: ["event", "property", "factor"]
      case .oversizedEvent: ["event", "bytes"]
      case .invalidEvent: ["event"]
      case .chatter: ["event", "per-minute"]
      case .wrongClock: ["minutes"]
      case .pushBurst: ["visits", "minutes"]
      case .botWave: ["visits"]
      case .slowEnrichment: ["milliseconds"]
      case .smallCollector: ["per-second", "memory"]
      }
    }

    /// The values of parameters that need not be written.
    var defaults: [String: String] {
      switch self {
      case .unreachable, .lostAnswers: ["percent": "100"]
      case .answers: ["status": "503", "percent": "100", "names": "no"]
      case .killApp: ["percent": "100", "after": "end"]
      case .batchTwice: ["percent": "100"]
      case .hotDevice: ["percent": "40"]
      case .wrongUnit: ["property": "amount", "factor": "100"]
      case .oversizedEvent: ["bytes": "600000"]
      case .chatter: ["event": "debug_log", "per-minute": "600"]
      case .personalData: ["event": "search", "property": "query"]
      case .wrongClock: ["minutes": "540"]
      case .pushBurst: ["visits": "200", "minutes": "10"]
      case .botWave: ["visits": "20"]
      case .slowEnrichment: ["milliseconds": "800"]
      case .smallCollector: ["per-second": "20", "memory": "1000000000"]
      default: [:]
      }
    }

    /// Parameters that may be absent: what they would narrow or add is then not narrowed or added.
    var optionalParameters: Set<String> {
      self == .answers ? ["retry-after", "event", "bytes"] : []
    }

    /// Parameters of which one of some words is written; those that have bounds too may be a number.
    static let choices: [String: [String]] = [
      "after": ["end"],
      "names": ["yes", "no"],
      "status": [
        "400", "401", "403", "404", "408", "410", "413", "429", "500", "501", "502", "503", "504",
        "timeout",
      ],
    ]

    /// Bounds of parameters that are whole numbers.
    static let numbers: [String: ClosedRange<Int>] = [
      "percent": 1...100, "factor": 2...1_000_000, "bytes": 1_000...20_000_000,
      "minutes": -20_000_000...20_000_000, "visits": 1...1_000_000,
      "retry-after": 1...86_400, "after": 1...86_400,
      "per-minute": 1...6_000, "milliseconds": 1...3_600_000,
      "per-second": 1...1_000_000, "memory": 10_000...1_000_000_000,
    ]
  }
}
