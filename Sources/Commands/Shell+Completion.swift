// What Tab offers: names of the live catalogue and state, never a list kept by hand.

internal import Collector
internal import Columnar
internal import Dashboard
internal import ETL
internal import EventLog
internal import Foundation
internal import Lake
internal import LakeIngest
internal import ObjectStorage
internal import Platform
internal import Simulation
package import Terminal
internal import TrinoSQL

extension StatementShape {
  /// The prompt of a statement that goes on: it names what is still open.
  static func continuation(_ text: String) -> String {
    switch StatementSplitter.split(text).open {
    case .quote: "      '> "
    case .quotedIdentifier: "      \"> "
    case .comment: "     /*> "
    case .parentheses: "      (> "
    case .nothing, .statement: "       > "
    }
  }
}

extension Shell {
  /// What Tab offers: commands and their words, tables, columns and SQL words inside a statement.
  package func completions(line: String, cursor: Int) -> CompletionResult {
    lockedly { complete(line: line, cursor: cursor) }
  }

  func complete(line: String, cursor: Int) -> CompletionResult {
    let before = String(line.prefix(cursor))
    let isSQL = StatementShape.looksLikeSQL(before + " ")
    let breaks = isSQL ? " (,=<>+-*/\n\t" : " "
    let start = before.lastIndex(where: { breaks.contains($0) }).map { before.index(after: $0) }
    let word = String(before[(start ?? before.startIndex)...])
    let from = before.count - word.count
    let earlier = before.prefix(from).split(whereSeparator: \.isWhitespace).map(String.init)
    let candidates: [String]
    if isSQL, !earlier.isEmpty {
      candidates = sqlNames(word, statement: line)
    } else if earlier.isEmpty {
      candidates =
        CommandTable.all.flatMap(\.names).filter { $0 != "?" } + RealTool.all.flatMap(\.names)
        + ["SELECT"]
    } else {
      candidates = commandWords(earlier, word)
    }
    let folded = word.lowercased()
    let matching = candidates.filter { $0.lowercased().hasPrefix(folded) }
    // `key=` and `folder/` go on; a whole name is followed by a space.
    let goesOn = matching.count == 1 && (matching[0].hasSuffix("=") || matching[0].hasSuffix("/"))
    return CompletionResult(
      replaceFrom: from, candidates: Array(Set(matching)).sorted(), appendsSpace: !goesOn)
  }

  private func commandWords(_ earlier: [String], _ word: String) -> [String] {
    if let tool = RealTool.named(earlier[0]) { return toolWords(tool, earlier, word) }
    guard let command = CommandTable.named(earlier[0]) else { return [] }
    let name = command.names[0]
    if name == "help" { return CommandTable.all.map { $0.names[0] } }
    if earlier.count == 1, let own = courseWords(name) { return own }
    if name == "size" || name == "assume" && earlier.count > 1 { return sizingWords(earlier) }
    if earlier.count == 1, !command.subcommands.isEmpty { return command.subcommands }
    if word.hasPrefix("--") { return command.options }
    let platform = try? platform()
    let action = earlier.count > 1 ? earlier[1] : ""
    switch (name, action) {
    case ("kafka", "read"):
      switch earlier.last {
      case "--where": return ["event_id=", "event_name=", "user_id=", "app_version="]
      case "-p", "--partition": return partitions(platform, earlier)
      default: return completedTopics
      }
    case ("kafka", "lag"), ("kafka", "groups"), ("kafka", "reset-offsets"):
      return completedGroups
    case ("kafka", "members"):
      return earlier.count == 2
        ? ["stop", "hang", "start", "add"]
        : platform?.ingest.group.members.map { String($0.number) } ?? []
    case ("kafka", "brokers"):
      guard platform?.kafka == nil else { return [] }
      return earlier.count == 2 ? ["stop", "start"] : ["1", "2", "3"]
    case ("kafka", "kill-leader"):
      return platform?.log.topicNames().flatMap { topic in
        (0..<((try? platform?.log.partitionCount(of: topic)) ?? 0)).map { "\(topic)-\($0)" }
      } ?? []
    case ("kafka", "describe"), ("kafka", "config"), ("kafka", "produce"):
      return completedTopics
    case ("s3", "cp"), ("s3", "mv"):
      return word.hasPrefix("s3:") ? objectAddresses(platform, word) : files(word) + ["s3://lake/"]
    case ("s3", "lifecycle"): return earlier.count == 2 ? ["set", "clear"] : files(word)
    case ("s3", "versions") where earlier.count == 2:
      return ["on", "off"] + objectKeys(platform, word)
    case ("catalog", _):
      if action == "sync", earlier.count == 3 { return ["ADD", "DROP", "FULL"] }
      return earlier.count == 2 ? catalogTables(platform, action) : partitions(platform, of: earlier)
    case ("parquet", _):
      return word.hasPrefix("s3:") ? objectAddresses(platform, word) : objectKeys(platform, word)
    case ("s3", "requests"), ("s3", "credentials"): return []
    case ("s3", _):
      return word.hasPrefix("s3:") ? objectAddresses(platform, word) : objectKeys(platform, word)
    case ("dag", _): return (try? platform?.pipeline.dags().map(\.name)) ?? []
    case ("model", "show"), ("model", "run"):
      return (try? platform?.pipeline.models().keys.sorted()) ?? []
    case ("dash", "show"): return (try? platform?.pipeline.tiles().map(\.id)) ?? []
    case ("trace", "event"): return platform?.phone.events().map(\.eventID) ?? []
    case ("incident", _): return incidentWords(action)
    case ("app", "network"): return PhoneNetwork.allCases.map(\.rawValue) + ["lose-answer"]
    case ("app", "track"):
      return earlier.count == 2
        ? eventNames(platform) : ["product_id=", "price=", "currency=", "payment_method="]
    case ("collect", _): return files(word)
    case ("collector", "schema"):
      if earlier.last == "check" { return files(word) }
      return ["check"] + (platform?.collector.configuration.plan?.schemas.map(\.subject) ?? [])
    case ("dlq", "list"), ("dlq", "replay"):
      return earlier.last == "--reason" ? RefusalCode.allCases.map(\.rawValue) : []
    default: return []
    }
  }

  private func partitions(_ platform: Platform?, _ earlier: [String]) -> [String] {
    let topic = earlier.first { completedTopics.contains($0) } ?? "app-events"
    return (0..<((try? platform?.events.partitionCount(of: topic)) ?? 0)).map(String.init)
  }

  /// Names of events that exist, from what the phone recorded and the tracking plan's first event.
  private func eventNames(_ platform: Platform?) -> [String] {
    ["purchase_completed"] + (platform?.phone.events().map(\.eventName) ?? [])
  }

  private func toolWords(_ tool: RealTool, _ earlier: [String], _ word: String) -> [String] {
    let platform = try? platform()
    switch earlier.last {
    case "-t", "--topic": return completedTopics
    case "--group": return completedGroups
    case "trigger": return (try? platform?.pipeline.dags().map(\.name)) ?? []
    case "s3": return ["ls", "cp", "mv", "rm"]
    case "s3api":
      return [
        "head-object", "list-objects-v2", "list-object-versions", "delete-object",
        "get-bucket-versioning", "put-bucket-versioning", "get-bucket-lifecycle-configuration",
        "put-bucket-lifecycle-configuration", "delete-bucket-lifecycle",
      ]
    case "dags": return ["list", "trigger"]
    case "tasks": return ["list"]
    case "--key": return objectKeys(platform, word)
    case "ls", "cp", "mv", "rm": return objectAddresses(platform, word)
    default: return tool.words
    }
  }

  /// Keys one level below what is typed, as a shell completes folders. Looking is no request.
  private func objectKeys(_ platform: Platform?, _ word: String, in bucket: String = "lake") -> [String] {
    guard let bucket = try? platform?.buckets.bucket(bucket),
      let page = try? bucket.list(prefix: word, delimiter: "/")
    else { return [] }
    return page.commonPrefixes + page.objects.map(\.key)
  }

  /// The tables of the lake, or its schemas for `catalog tables`.
  private func catalogTables(_ platform: Platform?, _ action: String) -> [String] {
    guard let lake = platform?.lake, let schemas = try? lake.schemaNames() else { return [] }
    if action == "tables" { return schemas }
    return schemas.flatMap { schema in
      ((try? lake.tableNames(schema: schema)) ?? []).map { "\(schema).\($0)" }
    }
  }

  /// The partitions that the catalog lists of the table that was named.
  private func partitions(_ platform: Platform?, of earlier: [String]) -> [String] {
    guard let lake = platform?.lake, earlier.count == 3,
      ["drop", "compact"].contains(earlier[1]),
      let table = try? lake.lakeTable(earlier[2])
    else { return [] }
    return (try? lake.partitionSummaries(table).map(\.name)) ?? []
  }

  /// The same for `s3://bucket/…`.
  private func objectAddresses(_ platform: Platform?, _ word: String) -> [String] {
    guard let address = ObjectAddress(uri: word), word.dropFirst(5).contains("/") else {
      return ((try? platform?.buckets.list()) ?? []).map { "s3://\($0.name)/" }
    }
    return objectKeys(platform, address.key, in: address.bucket).map {
      ObjectAddress(bucket: address.bucket, key: $0).text
    }
  }

  /// Files and folders of this computer, for `collect`.
  private func files(_ word: String) -> [String] {
    let folder = word.lastIndex(of: "/").map { String(word[...$0]) } ?? ""
    let path = folder.isEmpty ? "." : (folder as NSString).expandingTildeInPath
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { !$0.hasPrefix(".") }.map { name in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
      return folder + name + (isFolder.boolValue ? "/" : "")
    }
  }

  private func sqlNames(_ word: String, statement: String) -> [String] {
    var names = QueryEngine.keywords + QueryEngine.functionNames
    guard let engine = try? platform().engine else { return names }
    var tables: [String] = []
    for catalog in engine.catalogNames {
      for schema in engine.schemaNames(catalog: catalog) {
        tables += engine.tableNames(catalog: catalog, schema: schema).map {
          "\(catalog).\(schema).\($0)"
        }
      }
    }
    // Columns of the tables that the statement names.
    for table in tables where statement.contains(table) {
      let parts = table.split(separator: ".").map(String.init)
      names += engine.columnNames(catalog: parts[0], schema: parts[1], table: parts[2])
    }
    return names + tables
  }
}
