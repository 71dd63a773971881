// `collector.yaml` of a pipeline: limits, keys, and what the answers mean.

internal import Yams

extension CollectorConfiguration {
  /// Takes the settings that the file has; the others stay as they are.
  ///
  /// Throws `collector.bad_configuration`, which names the setting.
  package mutating func apply(yaml: String, file: String = "collector.yaml") throws {
    let loaded: Any?
    do {
      loaded = try Yams.load(yaml: yaml)
    } catch {
      throw CollectorSettings.bad("is not valid YAML: \(error)", file)
    }
    guard let loaded else { return }
    guard let map = loaded as? [String: Any] else {
      throw CollectorSettings.bad("is a map of settings", file)
    }
    let settings = CollectorSettings(map: map, file: file)
    try settings.refuseUnknown()
    bodyBytesMax = try settings.count("bodyBytesMax") ?? bodyBytesMax
    unpackedBytesMax = try settings.count("uncompressedBytesMax") ?? unpackedBytesMax
    eventsMax = try settings.count("eventsPerRequestMax") ?? eventsMax
    eventBytesMax = try settings.count("eventBytesMax") ?? eventBytesMax
    headerBytesMax = try settings.count("headerBytesMax") ?? headerBytesMax
    connectionsMax = try settings.count("connectionsMax") ?? connectionsMax
    bytesInFlightMax = try settings.count("bytesInFlightMax") ?? bytesInFlightMax
    eventsPerSecondMax = try settings.count("eventsPerSecondMax") ?? eventsPerSecondMax
    retryAfterSeconds = try settings.count("retryAfterSeconds") ?? retryAfterSeconds
    requiresWriteKey = try settings.flag("requireWriteKey") ?? requiresWriteKey
    coercesWrongTypes = try settings.flag("coerceWrongTypes") ?? coercesWrongTypes
    validation = try settings.word("validation", Validation.self) ?? validation
    badEvents = try settings.word("badEvents", BadEvents.self) ?? badEvents
    keepsRawArchive = try settings.flag("rawArchive") ?? keepsRawArchive
    answer = try settings.word("answer", Answer.self) ?? answer
    deadLetterTopic = try settings.topic("deadLetterTopic") ?? deadLetterTopic
    if let acks = try settings.acks() { acknowledgement.acks = acks }
    acknowledgement.minInSyncReplicas =
      try settings.count("minInSyncReplicas") ?? acknowledgement.minInSyncReplicas
    partitionKey = try settings.partitionKey(partitionKey)
    writeKeys = try settings.keys() ?? writeKeys
  }
}

/// One settings file, read with a message for each thing that cannot be used.
struct CollectorSettings {
  static let known = [
    "bodyBytesMax", "uncompressedBytesMax", "eventsPerRequestMax", "eventBytesMax",
    "headerBytesMax", "connectionsMax", "bytesInFlightMax", "eventsPerSecondMax",
    "retryAfterSeconds", "requireWriteKey", "writeKeys", "validation", "badEvents",
    "coerceWrongTypes", "answer", "acks", "minInSyncReplicas", "deadLetterTopic",
    "partitionKey", "nullKey", "rawArchive",
  ]

  var map: [String: Any]
  var file: String

  func refuseUnknown() throws {
    guard let key = map.keys.sorted().first(where: { !Self.known.contains($0) }) else { return }
    throw Self.bad(
      "has `\(key)`, which is no setting; known: \(Self.known.joined(separator: ", "))", file, key)
  }

  /// A whole number from 1.
  func count(_ key: String) throws -> Int? {
    guard let value = map[key] else { return nil }
    guard let number = value as? Int, number > 0 else {
      throw Self.bad("needs a positive whole number for `\(key)`", file, key)
    }
    return number
  }

  func flag(_ key: String) throws -> Bool? {
    guard let value = map[key] else { return nil }
    guard let flag = value as? Bool else {
      throw Self.bad("needs true or false for `\(key)`", file, key)
    }
    return flag
  }

  func word<Word: RawRepresentable & CaseIterable>(
    _ key: String,
    _ type: Word.Type
  ) throws -> Word? where Word.RawValue == String {
    guard let value = map[key] else { return nil }
    // YAML 1.1 reads a bare `off` as false.
    let text = value as? String ?? (value as? Bool == false ? "off" : "")
    guard let word = Word(rawValue: text) else {
      let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
      throw Self.bad("needs one of \(words) for `\(key)`", file, key)
    }
    return word
  }

  func acks() throws -> LogAcknowledgement.Acks? {
    guard let value = map["acks"] else { return nil }
    if let number = value as? Int, number == 1 { return .one }
    if let text = value as? String, text == "all" || text == "1" { return text == "1" ? .one : .all }
    throw Self.bad("needs 1 or all for `acks`", file, "acks")
  }

  func topic(_ key: String) throws -> String? {
    guard let value = map[key] else { return nil }
    guard let name = value as? String, (1...200).contains(name.utf8.count),
      name != ".", name != "..",
      name.utf8.allSatisfy({ isIdentifierByte($0) || $0 == UInt8(ascii: ".") })
    else { throw Self.bad("needs a topic's name (letters, digits, . - _) for `\(key)`", file, key) }
    return name
  }

  func keys() throws -> [WriteKey]? {
    guard let value = map["writeKeys"] else { return nil }
    let complaint = "needs `key` and `app` (letters, digits, - and _) for each of `writeKeys`"
    guard let list = value as? [[String: Any]] else { throw Self.bad(complaint, file, "writeKeys") }
    var keys: [WriteKey] = []
    for entry in list {
      guard let key = entry["key"] as? String, let app = entry["app"] as? String,
        [key, app].allSatisfy({
          (1...64).contains($0.utf8.count) && $0.utf8.allSatisfy(isIdentifierByte)
        })
      else { throw Self.bad(complaint, file, "writeKeys") }
      guard !keys.contains(where: { $0.key == key }) else {
        throw Self.bad("has the key of \(app) twice", file, "writeKeys")
      }
      keys.append(WriteKey(key: key, app: app))
    }
    return keys
  }

  /// `setting` is the name at fault; `-` where the file as a whole is.
  static func bad(_ what: String, _ file: String, _ setting: String = "-") -> CollectorError {
    CollectorError(
      .badConfiguration, "pipeline/\(file) \(what)", place: "pipeline/\(file)",
      advice: "Correct the setting; Datasets/shop/pipeline holds the original.",
      fields: ["file": "pipeline/\(file)", "setting": setting])
  }
}
