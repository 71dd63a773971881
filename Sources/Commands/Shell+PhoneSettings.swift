internal import EventModel
internal import EventSDK
internal import Platform
internal import Simulation
internal import Terminal

// What can be done to the learner's phone itself: its network, its clock, its app.
extension Shell {
  /// `app network offline [6h]|flaky|online`: the phone enters and leaves a tunnel.
  func network(_ words: [String]) throws -> Reply {
    let platform = try platform()
    let phone = platform.phone
    guard let word = words.first?.lowercased() else {
      return Reply(networkNow(phone), data: .record(["online": .bool(phone.isOnline)]))
    }
    guard let network = PhoneNetwork(rawValue: word), words.count <= 2,
      words.count == 1 || network != .online
    else {
      let known = PhoneNetwork.allCases.map(\.rawValue)
      var error = CommandError(
        .unknownSubcommand,
        ["command": "app network", "word": words.joined(separator: " "),
          "known": known.joined(separator: ", ")])
      error.fields["nearest"] = NearestName.suggest(word, from: known)
      throw error
    }
    let until = try words.dropFirst().first.map { word in
      try Shell.moment(word.hasPrefix("+") ? word : "+" + word, now: platform.now)
    }
    let sent = try phone.setNetwork(network, until: until)
    guard sent.isEmpty else { return deliveries(sent) }
    let waiting = try phone.queueCount()
    var blocks = [
      Reply.Block.text(text("app.network." + word, ["count": String(waiting)]))
    ]
    if let until { blocks.append(.text(text("app.network.until", ["time": storyText(until)]))) }
    return Reply(
      blocks, data: .record(["online": .bool(phone.isOnline), "queued": .count(waiting)]))
  }

  private func networkNow(_ phone: LearnerPhone) -> [Reply.Block] {
    let keys: [PhoneNetwork: String] = [
      .online: "app.network.isOnline", .offline: "app.network.isOffline",
      .flaky: "app.network.isFlaky",
    ]
    var blocks = [Reply.Block.text(text(keys[phone.network] ?? "app.network.isOnline"))]
    if let back = phone.networkBackAt {
      blocks.append(.text(text("app.network.until", ["time": storyText(back)])))
    }
    return blocks
  }

  /// `app clock`, `app clock +9m`, `app clock -3h`, `app clock reset`.
  func phoneClock(_ words: [String]) throws -> Reply {
    let platform = try platform()
    let phone = platform.phone
    if let word = words.first {
      guard words.count == 1, let offset = Shell.clockOffset(word) else {
        throw CommandError(.badDuration, ["text": words.joined(separator: " ")])
      }
      try phone.setClock(offset: offset)
    }
    let shown = platform.now.adding(milliseconds: phone.clockOffset)
    let values = ["true": storyText(platform.now), "shown": storyText(shown)]
    let key = phone.clockOffset == 0 ? "app.clock.right" : "app.clock.wrong"
    return Reply(
      [.text(text(key, values))],
      data: .record([
        "offset_ms": .integer(phone.clockOffset), "shown": .string(shown.iso8601),
      ]))
  }

  /// `+9m` in milliseconds; 0 for `reset`; nil for what is no offset of at most 100 years.
  static func clockOffset(_ word: String) -> Int64? {
    if word.lowercased() == "reset" { return 0 }
    let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let sign = word.first, sign == "+" || sign == "-", let unit = word.last,
      let seconds = units[unit], let count = Int64(word.dropFirst().dropLast()), count >= 0,
      count <= 36_525 * 86_400 / seconds
    else { return nil }
    return (sign == "-" ? -1 : 1) * count * seconds * 1_000
  }

  /// `app kill`: the app's process ends and starts again.
  func killApp(_ words: [String]) throws -> Reply {
    guard words.isEmpty else {
      throw CommandError(.missingArgument, ["command": "app kill", "usage": "app kill"])
    }
    let phone = try platform().phone
    let (lost, sent) = try phone.kill()
    let waiting = try phone.queueCount()
    let key = lost > 0 ? "app.kill.lost" : "app.kill.kept"
    var blocks = [
      Reply.Block.text(text(key, ["lost": String(lost), "waiting": String(waiting)]))
    ]
    if !sent.isEmpty { blocks += deliveries(sent).blocks }
    return Reply(
      blocks, data: .record(["lost": .count(lost), "queued": .count(waiting)]))
  }

  /// `app upgrade 3.2.2`.
  func upgradeApp(_ words: [String]) throws -> Reply {
    let phone = try platform().phone
    if let version = words.first {
      let parts = version.split(separator: ".", omittingEmptySubsequences: false)
      guard words.count == 1, (2...4).contains(parts.count),
        parts.allSatisfy({ $0.count <= 4 && Int($0).map { $0 >= 0 } == true })
      else {
        throw CommandError(
          .missingArgument, ["command": "app upgrade", "usage": "app upgrade 3.2.2"])
      }
      try phone.upgrade(to: version)
    }
    return Reply(
      [.text(text("app.upgrade.done", ["version": phone.installedVersion]))],
      data: .record(["app_version": .string(phone.installedVersion)]))
  }

  /// `app consent`, `app consent grant analytics`, `app consent revoke analytics`.
  func phoneConsent(_ words: [String]) throws -> Reply {
    let phone = try platform().phone
    let categories = Set(phone.settings.configuration.consentCategories.values).sorted()
    var blocks: [Reply.Block] = []
    if let action = words.first?.lowercased() {
      guard words.count == 2, ["grant", "revoke"].contains(action) else {
        throw CommandError(
          .missingArgument,
          ["command": "app consent", "usage": "app consent grant|revoke analytics"])
      }
      guard categories.contains(words[1]) else {
        throw CommandError(
          .unknownSubcommand,
          ["command": "app consent " + action, "word": words[1],
            "known": categories.isEmpty ? "-" : categories.joined(separator: ", ")])
      }
      let gone = try phone.setConsent(words[1], isGranted: action == "grant")
      if gone > 0 { blocks.append(.text(text("app.consent.gone", ["count": String(gone)]))) }
    }
    guard !categories.isEmpty else {
      return Reply([.text(text("app.consent.none"))], data: .array([]))
    }
    blocks += categories.map { category in
      let key = phone.consent.contains(category) ? "app.consent.granted" : "app.consent.missing"
      return .text(text(key, ["category": category]))
    }
    return Reply(
      blocks,
      data: .array(
        categories.map {
          .record(["category": .string($0), "granted": .bool(phone.consent.contains($0))])
        }))
  }

  /// `app log --requests`: each attempt, and when the next one is due.
  func phoneRequests() throws -> Reply {
    let phone = try platform().phone
    let attempts = phone.attempts
    let data = JSONValue.array(
      attempts.map {
        .record([
          "sent_at": .string(StoryTime(milliseconds: $0.sentAt).iso8601),
          "events": .count($0.eventCount), "bytes": .count($0.byteCount),
          "status": $0.status.map(JSONValue.count) ?? .null, "refused": .count($0.refusedCount),
          "next_attempt": $0.nextAttempt.map {
            .string(StoryTime(milliseconds: $0).iso8601)
          } ?? .null,
        ])
      })
    guard !attempts.isEmpty else {
      return Reply([.text(text("app.requests.empty"))], data: data)
    }
    let seoul = TimeZones.seoul
    return Reply(
      [
        .table(
          TableView(
            columns: [
              TableColumn("SENT_AT"), .number("EVENTS"), .number("BYTES"), .number("STATUS"),
              .number("REFUSED"), TableColumn(text("app.requests.next")),
            ],
            rows: attempts.map {
              [
                StoryTime(milliseconds: $0.sentAt).clock(offsetSeconds: seoul),
                String($0.eventCount), NumberText.grouped($0.byteCount),
                $0.status.map(String.init) ?? text("app.requests.none"),
                String($0.refusedCount),
                $0.nextAttempt.map {
                  StoryTime(milliseconds: $0).clock(offsetSeconds: seoul)
                } ?? "-",
              ]
            }))
      ], data: data)
  }

  /// `app config`: the rules that the SDK goes by, and how they come about.
  func phoneConfiguration() throws -> Reply {
    let platform = try platform()
    let problem = try platform.followSDK()
    let rows = platform.phone.settings.listed
    var blocks: [Reply.Block] = []
    if let problem { blocks.append(.text(text("app.config.wrong", ["problem": problem.message]))) }
    blocks.append(
      .table(
        TableView(
          columns: [TableColumn(text("app.config.key")), TableColumn(text("app.config.value"))],
          rows: rows.map {
            [$0.key, $0.isBound && $0.value == "0" ? text("app.config.never") : $0.value]
          })))
    blocks.append(.text(text("app.config.rule")))
    return Reply(
      blocks, data: .object(rows.map { JSONMember($0.key, .string($0.value)) }))
  }
}
