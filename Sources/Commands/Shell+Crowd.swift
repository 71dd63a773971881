internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal
internal import World

// The phones of everybody else, and what is planted in their events.
extension Shell {
  /// `app rollout`: which share of the phones has which version today.
  func rollout() throws -> Reply {
    let platforms = try platform().rollout()
    let rows = platforms.flatMap { platform, versions in
      versions.filter { $0.permille > 0 }.map { version, permille in
        (platform: platform, version: version, permille: permille)
      }
    }
    let table = TableView(
      columns: [
        TableColumn("PLATFORM"), TableColumn("VERSION"), .number("SHARE"), TableColumn(""),
      ],
      rows: rows.map {
        [
          $0.platform, $0.version, "\(NumberText.decimal(Double($0.permille) / 10, places: 1)) %",
          String(repeating: "█", count: ($0.permille + 25) / 50),
        ]
      })
    return Reply(
      [.table(table), .text(text("app.rollout.rule"))],
      data: .array(
        rows.map {
          .record([
            "platform": .string($0.platform), "version": .string($0.version),
            "permille": .count($0.permille),
          ])
        }))
  }

  /// `app devices`: all phones by platform and version, and what waits on them.
  func devices() throws -> Reply { devices(try platform().deviceGroups()) }

  /// True where `app queue` is asked of everybody's phones, not of the learner's.
  static func asksOfTheCrowd(_ words: some Sequence<String>) -> Bool {
    words.contains { $0.hasPrefix("--") }
  }

  /// `app queue --version 3.1.3 [--platform ios]`: what waits on the phones of one version.
  func crowdQueue(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("version", "platform")
    var groups = try platform().deviceGroups()
    for (option, key) in [("version", \World.DeviceGroup.version), ("platform", \.platform)] {
      guard let wanted = arguments.options[option] else { continue }
      let known = Set(groups.map { $0[keyPath: key] }).sorted()
      guard known.contains(wanted.lowercased()) else {
        throw noSuch(option == "version" ? .noSuchVersion : .noSuchPlatform, wanted, among: known)
      }
      groups = groups.filter { $0[keyPath: key] == wanted.lowercased() }
    }
    return devices(groups)
  }

  private func devices(_ groups: [World.DeviceGroup]) -> Reply {
    let table = TableView(
      columns: [
        TableColumn("PLATFORM"), TableColumn("VERSION"), .number("PHONES"),
        .number(text("app.devices.waitingPhones")), .number(text("app.devices.waitingEvents")),
        TableColumn(text("app.devices.oldest")),
      ],
      rows: groups.map {
        [
          $0.platform, $0.version, NumberText.grouped($0.phones),
          NumberText.grouped($0.waitingPhones), NumberText.grouped($0.waitingEvents),
          $0.oldestEventTime.map { storyText(StoryTime(milliseconds: $0)) } ?? "-",
        ]
      })
    return Reply(
      [.table(table)],
      data: .array(
        groups.map {
          .record([
            "platform": .string($0.platform), "version": .string($0.version),
            "phones": .count($0.phones), "waiting_phones": .count($0.waitingPhones),
            "waiting_events": .count($0.waitingEvents),
            "oldest_event_time": .optional(
              $0.oldestEventTime.map { StoryTime(milliseconds: $0).iso8601 }),
          ])
        }))
  }

  /// `world describe [--instructor] [--day 2024-01-15]`.
  func world(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "world", default: "describe")
    let arguments = try Arguments(rest, flags: ["instructor"])
    try arguments.allowOnly("instructor", "day")
    let platform = try platform()
    let day = try arguments.options["day"].map { word in
      guard let day = CivilDate(word) else { throw CommandError(.badDuration, ["text": word]) }
      return day
    }
    let values = [
      "phones": NumberText.grouped(platform.phoneCount),
      "active": NumberText.grouped(platform.dailyActiveUsers),
      "size": platform.world.size.rawValue, "first": "\(platform.world.yesterday)",
      "now": storyText(platform.now),
    ]
    var blocks: [Reply.Block] = [.text(text("world.describe", values))]
    var data = [
      JSONMember("size", .string(platform.world.size.rawValue)),
      JSONMember("first_day", .string("\(platform.world.yesterday)")),
      JSONMember("phones", .count(platform.phoneCount)),
      JSONMember("daily_active_users", .count(platform.dailyActiveUsers)),
      JSONMember("now", .string(platform.now.iso8601)),
    ]
    guard arguments.options["instructor"] != nil else {
      blocks.append(.text(text("world.describe.more")))
      return Reply(blocks, data: .object(data))
    }
    let shown = day ?? platform.world.yesterday
    data.append(JSONMember("day", .string("\(shown)")))
    let events = try platform.manifest(day: shown)
    blocks.append(.text(text("world.describe.planted", ["day": "\(shown)"])))
    blocks.append(
      .table(
        planted(
          events, counted: text("world.column.events"), named: "EVENT_ID",
          by: { String($0.prefix(8)) })))
    data.append(
      JSONMember("planted", planted(events, counted: "events", named: "event_ids")))
    let rows = try platform.shopManifest(day: shown)
    blocks.append(.text(text("world.describe.plantedTables", ["day": "\(shown)"])))
    blocks.append(
      .table(
        planted(
          rows, counted: text("world.column.rows"), named: text("world.column.named"), by: { $0 })))
    data.append(JSONMember("planted_tables", planted(rows, counted: "rows", named: "ids")))
    return Reply(blocks, data: .object(data))
  }

  /// Planted classes as a table: how often, what they mean, and the first of each.
  private func planted(
    _ entries: [ManifestEntry], counted: String, named: String, by label: (String) -> String
  ) -> TableView {
    TableView(
      columns: [
        TableColumn(text("world.column.class")), .number(counted),
        TableColumn(text("world.column.meaning")), TableColumn(named),
      ],
      rows: entries.map {
        [
          $0.name, NumberText.grouped($0.eventCount), text("world.planted.\($0.name)"),
          $0.eventIDs.first.map(label) ?? "-",
        ]
      })
  }

  private func planted(
    _ entries: [ManifestEntry], counted: String, named: String
  ) -> JSONValue {
    .array(
      entries.map {
        .record([
          "class": .string($0.name), counted: .count($0.eventCount),
          named: .array($0.eventIDs.map(JSONValue.string)),
        ])
      })
  }
}
