import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// `--json` is an interface: scripts are written against it. `Sources/Commands/JSON.md` documents
/// the shape of every command's `data`; this test holds the program to that page.
struct JSONShapeTests {
  static let page = "Sources/Commands/JSON.md"

  /// One line for each command, as it is typed, in an order that brings data into being.
  static let lines = [
    "app track purchase_completed product_id=SKU123 price=29900", "app queue", "app background",
    "app log", "app network offline", "app network online", "app network flaky",
    "app network lose-answer", "app outage 60s",
    "app network online", "app flush", "app log --requests", "app clock +9m", "app clock reset",
    "app kill", "app upgrade 3.2.2", "app config", "app consent", "app rollout", "app devices",
    "world describe", "world describe --instructor", "collector status",
    "collector log", "collector requests", "collector rules", "collector load", "collector kill",
    "collector schema",
    "collector schema purchase_completed", "collector schema check {plan}", "dlq list",
    "dlq replay --all", "kafka topics", "kafka read app-events --last 1", "kafka groups",
    "kafka lag lake-sink", "kafka lag lake-sink --history",
    "kafka groups lake-sink --history", "kafka describe app-events", "kafka config app-events",
    "kafka members", "kafka brokers", "kafka members --history",
    "kafka reset-offsets lake-sink --to-earliest", "kafka kill-leader app-events-0",
    "kafka brokers start 1",
    "kafka produce app-events-dlq {}", "s3 ls raw/events/", "s3 head {key}", "s3 requests",
    "s3 credentials", "s3 ls s3://", "s3 du", "s3 versions raw/events/", "s3 lifecycle",
    "s3 cp s3://lake/{key} s3://lake/tmp/a", "s3 mv s3://lake/tmp/a s3://lake/tmp/b", "s3 rm tmp/b",
    "catalog tables", "catalog partitions silver.events", "catalog snapshots silver.events",
    "catalog expire silver.events --dry-run", "catalog compact silver.events",
    "parquet meta {parquet}", "parquet stats {parquet}", "cost", "cost --months 3", "dag list", "dag show nightly",
    "model list", "model show clean_events", "model run clean_events",
    "dash show live", "trace event", "status", "clock", "clock +1h", "dag run nightly",
    "fork here", "fork", "pipeline diff", "rewind here --yes",
    "SELECT 1 AS n;", "lang", "output", "accessible", "clear", "help", "help kafka", "list", "progress",
    "checklist", "role", "card kafka", "glossary offset", "glossary", "refs", "lesson", "resume",
    "next", "back", "skip", "play", "exercise 00-1", "answer", "answer 0:0", "hint", "check",
    "solution", "reset", "skip 00-2", "review", "review list", "review stop",
    "progress export {file}", "progress import {file}", "course stats",
    "size", "size ingest", "size ingest 2 579/s", "size ingest 1", "size ingest clear",
    "assume list", "assume set dau 1000000", "assume clear dau",
    "canary send", "path run all", "incident list", "incident start FALSE-01", "incident", "incident triage",
    "incident triage kind=fine since=never slice=all last_good=dashboard", "kafka lag",
    "incident evidence", "incident evidence add 1", "incident evidence remove 1",
    "incident diagnose stage=none cause=weekday", "incident report", "incident postmortem",
    "incident score", "incident rewind", "incident stop",
  ]

  @Test func `the page says the shape of every command's data`() throws {
    let world = try TestWorld()
    let key = try #require(
      try world.texts(
        "SELECT key FROM system.lake.objects WHERE key LIKE 'raw/%' ORDER BY key LIMIT 1"
      ).first)
    let parquet = try #require(
      try world.texts(
        "SELECT min(key) FROM system.lake.objects WHERE key LIKE 'processed/events/%.parquet'"
      ).first)
    var rows: [String] = []
    for line in Self.lines {
      let typed = line.replacing("{key}", with: key).replacing("{parquet}", with: parquet)
        .replacing("{file}", with: world.path + "/out.sqlite")
        .replacing("{plan}", with: RepositoryFiles.root + "/Datasets/shop/pipeline/tracking-plan.yaml")
      let answer = world.run(typed, json: true).text
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any], "\(answer)")
      #expect(object["command"] as? String == typed)
      #expect(object["ok"] is Bool && object["exit"] is Int)
      rows.append("| `\(line)` | \(Self.shape(object["data"] ?? object["error"] ?? "")) |")
    }
    let text = try RepositoryFiles.text(Self.page)
    let marked = text.split(separator: "\n", omittingEmptySubsequences: false)
      .filter { $0.hasPrefix("| `") }.map(String.init)
    if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
      let head = text.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.hasPrefix("| `") }.map(String.init)
      let rule = try #require(head.lastIndex { $0.hasPrefix("|---") })
      let new = head[...rule] + rows + head[(rule + 1)...]
      try new.joined(separator: "\n")
        .write(toFile: RepositoryFiles.root + "/" + Self.page, atomically: true, encoding: .utf8)
    } else {
      #expect(marked == rows, "\(rows.filter { !marked.contains($0) }.joined(separator: "\n"))")
    }
  }

  @Test func `no command is missing from the page`() throws {
    let text = try RepositoryFiles.text(Self.page)
    for name in Shell.commandNames where !["exit", "serve", "collect", "watch"].contains(name) {
      #expect(text.contains("| `\(name)"), "\(name) is not documented")
    }
  }

  @Test func `an error has a code, a message and advice, in one line of JSON`() throws {
    let world = try TestWorld()
    for line in ["nonsense", "kafka read nowhere", "SELECT x FROM y;", "clock -1h"] {
      let answer = world.run(line, json: true)
      #expect(answer.status == .usage || answer.status == .failure)
      #expect(answer.text.filter { $0 == "\n" }.count == 1)
      let object = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any]
      let error = object?["error"] as? [String: Any]
      #expect((error?["code"] as? String)?.isEmpty == false)
      #expect((error?["message"] as? String)?.isEmpty == false)
      #expect((error?["advice"] as? String)?.isEmpty == false, "\(answer.text)")
    }
  }

  /// Keys, nested; of a list the first element's.
  static func shape(_ value: Any) -> String {
    if let object = value as? [String: Any] {
      let members = object.keys.sorted().map { key -> String in
        let inner = shape(object[key] ?? "")
        return inner.isEmpty ? key : key + ": " + inner
      }
      return members.isEmpty ? "{}" : "{" + members.joined(separator: ", ") + "}"
    }
    if let list = value as? [Any] {
      return "[" + (list.first.map(shape) ?? "") + "]"
    }
    return ""
  }
}
