internal import Collector
internal import EventModel
internal import Foundation
internal import Platform
internal import Terminal

extension Shell {
  /// `collector schema`, `collector schema EVENT`, `collector schema check FILE`.
  func collectorSchema(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly()
    let usage = CommandError(
      .missingArgument, ["command": "collector schema", "usage": text("help.collector.usage")])
    switch (arguments.positions.first, arguments.positions.count) {
    case (nil, _):
      return try table(
        of: """
          SELECT subject, id, version, count(property) AS properties,
            count_if(required) AS required, count_if(pii) AS pii
          FROM system.collector.schemas GROUP BY subject, id, version ORDER BY subject
          """)
    case ("check", 2): return try checkPlan(arguments.positions[1])
    case ("check", _): throw usage
    case (let name?, 1):
      let known = try platform().collector.configuration.plan?.schemas.map(\.subject) ?? []
      guard known.contains(name) else { throw noSuch(.noSuchEvent, name, among: known) }
      return try table(
        of: """
          SELECT property, type, required, allowed, minimum, maximum, pii, example
          FROM system.collector.schemas
          WHERE subject = '\(name.replacing("'", with: "''"))' ORDER BY property
          """)
    default: throw usage
    }
  }

  /// Whether a plan could take the place of the one in force: nothing is registered.
  private func checkPlan(_ file: String) throws -> Reply {
    let path = (file as NSString).expandingTildeInPath
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CollectorError(.fileNotFound, "there is no file of this name", place: file)
    }
    guard let yaml = String(data: data, encoding: .utf8) else {
      throw CollectorError(.fileNotText, "this is not UTF-8 text", place: file)
    }
    let plan = try TrackingPlan(yaml: yaml, file: file)
    let registry = try platform().schemaRegistry()
    var conflicts: [(event: String, conflict: SchemaConflict)] = []
    var changed = 0
    for event in plan.events {
      if registry.versions(of: event.eventName).last?.schema != event { changed += 1 }
      conflicts += registry.conflicts(of: event, mode: plan.compatibility)
        .map { (event.eventName, $0) }
    }
    let found = JSONValue.record([
      "compatibility": .string(plan.compatibility.rawValue),
      "events": .count(plan.events.count), "changed": .count(changed),
      "conflicts": .array(
        conflicts.map { event, conflict in
          .record([
            "event": .string(event), "property": .string(conflict.property),
            "rule": .string(conflict.rule.rawValue), "version": .count(conflict.version),
            "direction": .string(conflict.direction.rawValue),
          ])
        }),
    ])
    guard !conflicts.isEmpty else {
      return Reply(
        [
          .text(
            text(
              "collector.schema.fits",
              [
                "events": String(plan.events.count), "changed": String(changed),
                "mode": plan.compatibility.rawValue,
              ]))
        ], data: found)
    }
    let rows = conflicts.map { event, conflict in
      [
        "\(event).\(conflict.property)", "v\(conflict.version)",
        text("compatibility.\(conflict.rule.rawValue).\(conflict.direction.rawValue)"),
      ]
    }
    return Reply(
      [
        .text(text("collector.schema.conflicts", ["mode": plan.compatibility.rawValue])),
        .table(
          TableView(
            columns: [
              TableColumn(text("collector.column.property")),
              TableColumn(text("collector.column.version")),
              TableColumn(text("collector.column.meaning")),
            ], rows: rows)),
      ], data: found, exit: .notYet)
  }

  /// A part of the plan that stayed as it was, since its new version was refused.
  func refused(_ error: CollectorError) -> String {
    text(
      "collector.schema.refused",
      [
        "event": error.fields["event"] ?? "", "mode": error.fields["mode"] ?? "",
        "property": error.fields["property"] ?? "", "rule": error.fields["rule"] ?? "",
        "version": error.fields["version"] ?? "",
      ])
  }
}
