internal import Dashboard
internal import EventModel
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  /// `dash show [TILE] [--day D] [--app A]`.
  func dash(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "dash", default: "show")
    let arguments = try Arguments(rest)
    try arguments.allowOnly("day", "app")
    let platform = try platform()
    var day = platform.today
    if let text = arguments.options["day"] {
      guard let named = CivilDate(text) else { throw CommandError(.badDay, ["text": text]) }
      day = named
    }
    let all = try platform.pipeline.tiles()
    let wanted = try arguments.positions.map { id in
      guard let tile = all.first(where: { $0.id == id }) else {
        throw noSuch(.noSuchTile, id, among: all.map(\.id))
      }
      return tile
    }
    let reader = TileReader(engine: platform.engine)
    let tiles = try (wanted.isEmpty ? all : wanted).map {
      try reader.read(
        $0,
        day: day,
        app: arguments.options["app"] ?? "moashop",
        now: platform.now
      )
    }
    let rows = tiles.flatMap { tile -> [(String, String)] in
      let key = "\(tile.definition.id) \(day) \(arguments.options["app"] ?? "")"
      let change = tile.hasNoData ? "" : difference(of: tile, since: lastTiles[key])
      lastTiles[key] = tile.hasNoData ? nil : tile.values.map(\.number)
      let loaded = tile.hasNoData ? nil : tile.loadedAt
      return [(title(tile), numbers(tile) + change)]
        + (loaded.map { [("", text("dash.loadedAt", ["time": storyText($0)]))] } ?? [])
    }
    return Reply(
      [.pairs(KeyValueView(rows, indent: 2))],
      data: .record([
        "day": .string(day.description), "tiles": .array(tiles.map(\.json)),
      ])
    )
  }

  /// `   +1건, +29,900원` since it was last shown in this session; nothing where nothing moved.
  private func difference(of tile: Tile, since last: [Int64?]?) -> String {
    guard let last, last.count == tile.values.count else { return "" }
    let changes = zip(tile.values, last).compactMap { value, old -> String? in
      guard let new = value.number, let old, new != old else { return nil }
      var change = value
      change.number = new - old
      return (new > old ? "+" : "") + formatted(change)
    }
    return changes.isEmpty ? "" : "   (" + changes.joined(separator: ", ") + ")"
  }

  private func title(_ tile: Tile) -> String {
    let titles = tile.definition.title
    return titles[settings.language.rawValue] ?? titles["ko"] ?? tile.definition.id
  }

  private func numbers(_ tile: Tile) -> String {
    guard !tile.hasNoData else { return text("dash.noData") }
    return tile.values.map(formatted).joined(separator: "   ")
  }

  private func formatted(_ value: Tile.Value) -> String {
    guard let number = value.number else { return "-" }
    let grouped = NumberText.grouped(number)
    return switch value.unit {
    case .won: NumberText.won(number, settings.language)
    case .plain: grouped
    case .count, .events, .users: text("dash.unit." + value.unit.rawValue, ["count": grouped])
    }
  }

  /// `trace event ID`.
  func trace(_ words: [String]) throws -> Reply {
    let (_, rest) = try subcommand(words, of: "trace")
    let arguments = try Arguments(rest)
    try arguments.allowOnly()
    let platform = try platform()
    guard let id = arguments.positions.first ?? platform.phone.events().last?.eventID else {
      throw CommandError(
        .missingArgument,
        ["command": "trace event", "usage": text("help.trace.usage")]
      )
    }
    let (eventID, eventName, stations) = try platform.trace(id)
    return Reply(
      [
        .text(heading(eventName + "   event_id " + eventID)),
        .verbatim(traceLines(stations).joined(separator: "\n")),
        .text(text("trace.zone")),
      ],
      data: .record([
        "event_id": .string(eventID),
        "stations": .array(
          stations.map {
            .record([
              "station": .string($0.name), "address": .optional($0.address),
              "time": .optional($0.time?.iso8601), "clock": .optional($0.clock),
            ])
          }
        ),
      ])
    )
  }
}

extension Shell {
  /// A station a line: what it is, when, and the address, which is never cut: where it does not fit
  /// beside the rest, it stands below.
  private func traceLines(_ stations: [Platform.Station]) -> [String] {
    let names = stations.map { text("station." + $0.name) }
    let wide = names.map { TextWidth.columns($0) }.max() ?? 0
    return zip(names, stations).map { name, station in
      let moment = station.time.map { moment in
        let day = moment.date(offsetSeconds: TimeZones.seoul).parts
        return "\(day.month)/\(day.day) " + moment.clock(offsetSeconds: TimeZones.seoul)
      }
      let time = station.address == nil ? "-" : moment ?? "-"
      let address = station.address ?? text("trace.notYet")
      if output.style.isAccessible {
        let head = "  " + (time == "-" ? name : "\(name), \(time)") + ":"
        let columns = TextWidth.columns(address)
        guard let width = output.tableWidth, TextWidth.columns(head) + 1 + columns > width else {
          return "\(head) \(address)"
        }
        return head + "\n" + below(address, width)
      }
      let head = "  " + TextWidth.pad(name, to: wide + 2)
      let columns = TextWidth.columns(address)
      guard let width = output.tableWidth, TextWidth.columns(head) + 16 + columns > width else {
        return head + TextWidth.pad(time, to: 16) + address
      }
      return head + time + "\n" + below(address, width)
    }
  }
}

extension Shell {
  /// An address on lines of its own; a key is one word and stands from the first column, so that
  /// the terminal alone breaks it.
  private func below(_ address: String, _ width: Int) -> String {
    let isWhole = !address.contains(" ") && TextWidth.columns(address) + 4 > width
    guard !isWhole else { return address }
    return TextWidth.wrap("    " + address, to: width).joined(separator: "\n")
  }
}

extension Tile {
  var json: JSONValue {
    .record([
      "tile": .string(definition.id),
      "values": .object(
        values.map { JSONMember(key: $0.column, value: $0.number.map(JSONValue.integer) ?? .null) }
      ),
      "loaded_at": .optional(loadedAt?.iso8601), "has_data": .bool(!hasNoData),
    ])
  }
}
