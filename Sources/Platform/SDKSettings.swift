// `pipeline/sdk.yaml`: how the app's event client is set up, for the learner's phone and for
// everybody's. What it may say is `EventSDK.Configuration`; this file is only its spelling.

internal import EventModel
package import EventSDK
internal import Yams

/// The settings of one `sdk.yaml`, checked.
package struct SDKSettings: Sendable, Equatable {
  package var configuration = Configuration()
  /// False to keep waiting events in memory only: an app that is killed loses them.
  package var keepsQueueOnDisk = true

  package init() {}

  /// Reads the file's text.
  ///
  /// - Throws: `platform.pipelineFile` with the key that is unknown, of the wrong kind or out of
  ///   bounds, and what would be right.
  package init(yaml: String) throws {
    let root: Any?
    do {
      root = try Yams.load(yaml: yaml)
    } catch {
      throw Self.failure("is not valid YAML: \(error)")
    }
    guard let root else { return }
    guard let mapping = root as? [String: Any] else {
      throw Self.failure("must be keys with values, such as `flushAt: 20`")
    }
    try read(SettingsReader(mapping, path: ""))
  }

  private mutating func read(_ reader: SettingsReader) throws {
    try reader.allowOnly([
      "flushAt", "flushIntervalSeconds", "flushOnBackground", "priorityEvents", "batchEventsMax",
      "batchBytesMax", "eventBytesMax", "queueEventsMax", "queuePolicy", "queueStore", "gzip",
      "consent", "maskedProperties", "maskPersonalData", "mistakes", "retry",
    ])
    try reader.number("flushAt", 1...10_000) { configuration.flushAt = $0 }
    try reader.number("flushIntervalSeconds", 1...86_400) {
      configuration.flushIntervalMilliseconds = Int64($0) * 1_000
    }
    try reader.bool("flushOnBackground") { configuration.flushesOnBackground = $0 }
    try reader.texts("priorityEvents") { configuration.priorityEvents = Set($0) }
    try reader.number("batchEventsMax", 1...10_000) { configuration.batchEventsMax = $0 }
    try reader.number("batchBytesMax", 1_000...100_000_000) { configuration.batchBytesMax = $0 }
    try reader.number("eventBytesMax", 100...100_000_000) { configuration.eventBytesMax = $0 }
    try reader.number("queueEventsMax", 1...10_000_000) { configuration.queueEventsMax = $0 }
    try reader.choice("queuePolicy", Configuration.QueuePolicy.self) {
      configuration.queuePolicy = $0
    }
    try reader.choice("queueStore", QueueStore.self) { keepsQueueOnDisk = $0 == .disk }
    try reader.bool("gzip") { configuration.usesGzip = $0 }
    try reader.textMapping("consent") { configuration.consentCategories = $0 }
    try reader.texts("maskedProperties") { configuration.maskedProperties = Set($0) }
    try reader.bool("maskPersonalData") { configuration.masksPersonalData = $0 }
    try reader.choices("mistakes", Configuration.Mistake.self) { configuration.mistakes = $0 }
    try reader.nested("retry") { try readRetry($0) }
  }

  private mutating func readRetry(_ reader: SettingsReader) throws {
    try reader.allowOnly([
      "baseMilliseconds", "factor", "capSeconds", "jitter", "giveUpAttempts", "giveUpAfterMinutes",
      "rules",
    ])
    try reader.number("baseMilliseconds", 100...3_600_000) {
      configuration.backoff.baseMilliseconds = Int64($0)
    }
    try reader.decimal("factor", 1...100) {
      configuration.backoff.factorPercent = Int(($0 * 100).rounded())
    }
    try reader.number("capSeconds", 1...86_400) {
      configuration.backoff.capMilliseconds = Int64($0) * 1_000
    }
    try reader.choice("jitter", Backoff.Jitter.self) { configuration.backoff.jitter = $0 }
    try reader.number("giveUpAttempts", 0...1_000_000) {
      configuration.backoff.giveUpAttempts = $0
    }
    try reader.number("giveUpAfterMinutes", 0...1_000_000) {
      configuration.backoff.giveUpAfterMilliseconds = Int64($0) * 60_000
    }
    try reader.nested("rules") { rules in
      try rules.allowOnly(AnswerKind.allCases.map(\.rawValue))
      for kind in AnswerKind.allCases {
        try rules.choice(kind.rawValue, RetryRule.self) { configuration.retryTable[kind] = $0 }
      }
    }
  }

  /// The settings by their keys in the file, in its order. `isBound`: 0 stands for no bound.
  package var listed: [(key: String, value: String, isBound: Bool)] {
    let rules = configuration
    let backoff = rules.backoff
    func list(_ values: some Sequence<String>) -> String {
      let sorted = values.sorted()
      return sorted.isEmpty ? "-" : sorted.joined(separator: ", ")
    }
    var rows: [(String, String, Bool)] = [
      ("flushAt", String(rules.flushAt), false),
      ("flushIntervalSeconds", String(rules.flushIntervalMilliseconds / 1_000), false),
      ("flushOnBackground", String(rules.flushesOnBackground), false),
      ("priorityEvents", list(rules.priorityEvents), false),
      ("batchEventsMax", String(rules.batchEventsMax), false),
      ("batchBytesMax", String(rules.batchBytesMax), false),
      ("eventBytesMax", String(rules.eventBytesMax), false),
      ("queueEventsMax", String(rules.queueEventsMax), false),
      ("queuePolicy", rules.queuePolicy.rawValue, false),
      ("queueStore", keepsQueueOnDisk ? "disk" : "memory", false),
      ("gzip", String(rules.usesGzip), false),
      ("retry.baseMilliseconds", String(backoff.baseMilliseconds), false),
      ("retry.factor", "\(backoff.factorPercent / 100).\(backoff.factorPercent % 100 / 10)", false),
      ("retry.capSeconds", String(backoff.capMilliseconds / 1_000), false),
      ("retry.jitter", backoff.jitter.rawValue, false),
      ("retry.giveUpAttempts", String(backoff.giveUpAttempts), true),
      ("retry.giveUpAfterMinutes", String(backoff.giveUpAfterMilliseconds / 60_000), true),
      ("maskedProperties", list(rules.maskedProperties), false),
      ("maskPersonalData", String(rules.masksPersonalData), false),
      ("mistakes", list(rules.mistakes.map(\.rawValue)), false),
    ]
    rows += AnswerKind.allCases.map {
      ("retry.rules." + $0.rawValue, rules.retryTable[$0].rawValue, false)
    }
    return rows.map { (key: $0.0, value: $0.1, isBound: $0.2) }
  }

  private enum QueueStore: String, CaseIterable {
    case disk, memory
  }

  static func failure(_ what: String) -> PlatformError {
    PlatformError(
      .pipelineFile, "pipeline/sdk.yaml \(what)", place: "pipeline/sdk.yaml",
      advice: "Correct the file; `Datasets/shop/pipeline` holds the original.",
      fields: ["file": "pipeline/sdk.yaml"])
  }
}

/// A mapping of a settings file, read key by key; every error names the key with its path.
struct SettingsReader {
  private let values: [String: Any]
  private let path: String

  init(_ values: [String: Any], path: String) {
    self.values = values
    self.path = path
  }

  func allowOnly(_ keys: [String]) throws {
    guard let stranger = values.keys.sorted().first(where: { !keys.contains($0) }) else { return }
    let near = keys.filter { $0.lowercased() == stranger.lowercased() }.first
    let hint = near.map { "; did you mean `\($0)`?" } ?? "; known: " + keys.joined(separator: ", ")
    throw SDKSettings.failure("has no key `\(path)\(stranger)`\(hint)")
  }

  func number(_ key: String, _ range: ClosedRange<Int>, _ take: (Int) -> Void) throws {
    guard let value = values[key] else { return }
    guard let number = value as? Int, range.contains(number) else {
      throw wrong(key, "a whole number from \(range.lowerBound) to \(range.upperBound)", value)
    }
    take(number)
  }

  func decimal(_ key: String, _ range: ClosedRange<Double>, _ take: (Double) -> Void) throws {
    guard let value = values[key] else { return }
    guard let number = (value as? Double) ?? (value as? Int).map(Double.init),
      range.contains(number)
    else { throw wrong(key, "a number from \(range.lowerBound) to \(range.upperBound)", value) }
    take(number)
  }

  func bool(_ key: String, _ take: (Bool) -> Void) throws {
    guard let value = values[key] else { return }
    guard let flag = value as? Bool else { throw wrong(key, "true or false", value) }
    take(flag)
  }

  func texts(_ key: String, _ take: ([String]) -> Void) throws {
    guard let value = values[key] else { return }
    guard let list = value as? [Any] else { throw wrong(key, "a list such as [purchase]", value) }
    let texts = list.compactMap { $0 as? String }
    guard texts.count == list.count else { throw wrong(key, "a list of texts", value) }
    take(texts)
  }

  func textMapping(_ key: String, _ take: ([String: String]) -> Void) throws {
    guard let value = values[key] else { return }
    guard let mapping = value as? [String: String] else {
      throw wrong(key, "event names with a category each", value)
    }
    take(mapping)
  }

  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ type: Choice.Type, _ take: (Choice) -> Void
  ) throws where Choice.RawValue == String {
    guard let value = values[key] else { return }
    guard let choice = Choice(rawValue: "\(value)") else {
      throw wrong(key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), value)
    }
    take(choice)
  }

  func choices<Choice: RawRepresentable & CaseIterable & Hashable>(
    _ key: String, _ type: Choice.Type, _ take: (Set<Choice>) -> Void
  ) throws where Choice.RawValue == String {
    var found: Set<Choice> = []
    try texts(key) { texts in found = Set(texts.compactMap(Choice.init)) }
    guard let list = values[key] as? [Any] else { return }
    guard Set(list.map { "\($0)" }).count == found.count else {
      throw wrong(
        key, "some of " + Choice.allCases.map(\.rawValue).joined(separator: ", "), list)
    }
    take(found)
  }

  func nested(_ key: String, _ read: (SettingsReader) throws -> Void) throws {
    guard let value = values[key] else { return }
    var mapping: [String: Any] = [:]
    if let strings = value as? [String: Any] {
      mapping = strings
    } else if let keyed = value as? [AnyHashable: Any] {
      // `400: split` has a number for a key.
      for (key, value) in keyed { mapping["\(key)"] = value }
    } else {
      throw wrong(key, "keys with values", value)
    }
    try read(SettingsReader(mapping, path: path + key + "."))
  }

  private func wrong(_ key: String, _ expected: String, _ value: Any) -> PlatformError {
    SDKSettings.failure("needs \(expected) for `\(path)\(key)`, not `\(value)`")
  }
}
