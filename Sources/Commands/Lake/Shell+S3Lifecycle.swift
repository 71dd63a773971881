internal import EventModel
internal import Foundation
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// `s3 lifecycle`: the rules by which objects move to cheaper classes and end.
extension Shell {
  /// `s3 lifecycle [BUCKET]` shows the rules in force, `s3 lifecycle set [FILE]` puts those of
  /// `pipeline/lifecycle.yaml` or another file into force, `s3 lifecycle clear [BUCKET]` removes them.
  func s3Lifecycle(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(words, "lifecycle", positions: 0...2)
    let (first, second) = (arguments.positions.first, arguments.positions.dropFirst().first)
    let tally = RequestTally()
    switch first {
    case "set": return try setLifecycle(second, tally)
    case "clear":
      let name = second.map(Shell.bucketName) ?? "lake"
      let client = try client(name, tally)
      try client.setLifecycle(nil)
      return try shownLifecycle([client], [.text(text("s3.lifecycle.cleared", ["bucket": name]))], tally)
    default:
      guard second == nil else {
        throw CommandError(
          .missingArgument, ["command": "s3 lifecycle", "usage": text("help.s3.usage")])
      }
      let names = try first.map { [Shell.bucketName($0)] } ?? platform().buckets.list().map(\.name)
      return try shownLifecycle(names.map { try client($0, tally) }, [], tally)
    }
  }

  private static func bucketName(_ word: String) -> String {
    ObjectAddress(uri: word)?.bucket ?? word
  }

  private func setLifecycle(_ file: String?, _ tally: RequestTally) throws -> Reply {
    let found: LifecycleFile
    if let file {
      found = try lifecycleFile(file)
    } else {
      guard let own = try platform().pipeline.lifecycle() else {
        throw CommandError(
          .noLifecycleFile, ["file": try platform().pipeline.root + "/" + LifecycleFile.name])
      }
      found = own
    }
    return try setLifecycle(found.buckets, tally)
  }

  private func lifecycleFile(_ name: String) throws -> LifecycleFile {
    guard let data = FileManager.default.contents(atPath: Home.absolute(name)),
      let content = String(data: data, encoding: .utf8)
    else { throw CommandError(.noLocalFile, ["file": name]) }
    return try LifecycleFile(parsing: content, file: name)
  }

  /// The rules of one bucket, from a file as AWS's tool takes it.
  func putLifecycle(_ bucket: String, _ file: String, _ tally: RequestTally) throws -> Reply {
    let found = try lifecycleFile(file)
    guard let rules = found.buckets.first?.rules, found.buckets.count == 1 else {
      throw CommandError(.noLocalFile, ["file": file])
    }
    return try setLifecycle([(bucket, rules)], tally)
  }

  private func setLifecycle(
    _ wanted: [(bucket: String, rules: LifecycleConfiguration)], _ tally: RequestTally
  ) throws -> Reply {
    // All buckets are looked up and all rules checked before the first of them changes.
    let clients = try wanted.map { try client($0.bucket, tally) }
    for (_, rules) in wanted { try rules.check() }
    for (client, (_, rules)) in zip(clients, wanted) { try client.setLifecycle(rules) }
    return try shownLifecycle(clients, [.text(text("s3.lifecycle.set"))], tally)
  }

  private func shownLifecycle(
    _ clients: [BucketClient], _ said: [Reply.Block], _ tally: RequestTally
  ) throws -> Reply {
    var blocks = said
    var data: [JSONValue] = []
    for client in clients {
      guard let rules = try client.lifecycle()?.rules else {
        if said.isEmpty {
          blocks.append(.text(text("s3.lifecycle.none", ["bucket": client.bucket.name])))
        }
        continue
      }
      blocks.append(.text(heading("s3://" + client.bucket.name)))
      let table = TableView(
        columns: [
          TableColumn("RULE"), TableColumn("PREFIX"), TableColumn(text("s3.lifecycle.column.does")),
        ],
        rows: rules.map { rule in
          let name = rule.isEnabled ? rule.id : rule.id + " (Disabled)"
          return [name, rule.filter.prefix.isEmpty ? "*" : rule.filter.prefix, actions(of: rule)]
        })
      blocks.append(fitted(table))
      data += rules.map { rule in
        .record([
          "bucket": .string(client.bucket.name), "rule": .string(rule.id),
          "enabled": .bool(rule.isEnabled), "prefix": .string(rule.filter.prefix),
          "does": .string(actions(of: rule)),
        ])
      }
    }
    if data.isEmpty {
      blocks.append(.text(text("s3.lifecycle.how", ["file": "pipeline/" + LifecycleFile.name])))
    }
    blocks.append(cost(tally))
    return Reply(
      blocks, data: .record(["rules": .array(data), "requests": costData(tally)]))
  }

  /// `30d STANDARD_IA, 90d GLACIER, 365d x`.
  private func actions(of rule: LifecycleRule) -> String {
    func when(_ moment: LifecycleMoment) -> String {
      switch moment {
      case .days(let days): text("s3.lifecycle.days", ["days": String(days)])
      case .date(let date):
        StoryTime(milliseconds: date).date(offsetSeconds: 0).description
      }
    }
    func days(_ days: Int) -> String { when(.days(days)) }
    var parts = rule.transitions.map { "\(when($0.moment)) → \($0.storageClass.rawValue)" }
    switch rule.expiration {
    case .at(let moment)?:
      parts.append(text("s3.lifecycle.expires", ["when": when(moment)]))
    case .expiredObjectDeleteMarker?: parts.append(text("s3.lifecycle.markers"))
    case nil: break
    }
    parts += rule.noncurrentTransitions.map {
      text("s3.lifecycle.noncurrent", ["action": "\(days($0.days)) → \($0.storageClass.rawValue)"])
    }
    if let end = rule.noncurrentExpiration {
      parts.append(
        text(
          "s3.lifecycle.noncurrent",
          ["action": text("s3.lifecycle.expires", ["when": days(end.days)])]))
    }
    if let end = rule.abortUploadsAfterDays {
      parts.append(text("s3.lifecycle.aborts", ["when": days(end)]))
    }
    return parts.joined(separator: ", ")
  }
}
