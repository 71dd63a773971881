import Commands
import Foundation
import Terminal
import TestSupport
import Testing

/// `s3` at the prompt: what it shows and changes, and that each request is counted as a client's is.
struct S3ObjectTests {
  private func data(_ world: TestWorld, _ line: String) throws -> [String: Any] {
    let text = world.run(line, json: true).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return try #require(object?["data"] as? [String: Any], "\(text)")
  }

  private func counted(_ world: TestWorld) throws -> [String: Int64] {
    let rows = try world.texts(
      "SELECT operation || ' ' || CAST(sum(requests) AS varchar) FROM system.s3.requests GROUP BY operation")
    return Dictionary(
      uniqueKeysWithValues: rows.map { row in
        let parts = row.split(separator: " ")
        return (String(parts[0]), Int64(parts[1]) ?? -1)
      })
  }

  /// Runs a line; what it says it has asked is what the ledgers have counted.
  @discardableResult
  private func asking(_ world: TestWorld, _ line: String) throws -> [String: Int] {
    let before = try counted(world)
    let said = try #require(try data(world, line)["requests"] as? [String: Int], "\(line)")
    let after = try counted(world)
    for (operation, count) in said {
      let grown = after[operation, default: 0] - before[operation, default: 0]
      #expect(grown == Int64(count), "\(line): \(operation)")
    }
    return said
  }

  private func put(_ world: TestWorld, _ count: Int, below prefix: String) throws -> String {
    let folder = world.path + "/mine"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for number in 0..<count {
      try Data("row \(number)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/f\(number).txt"))
    }
    #expect(world.run("s3 cp \(folder) s3://lake/\(prefix) --recursive", width: 400).status == .success)
    return folder
  }

  @Test func `ls shows one level of an address, and everything below a prefix or with --recursive`() throws {
    let world = try TestWorld()
    let root = world.run("s3 ls", width: 400).text
    #expect(root.contains("PRE  raw/") && root.contains("PRE  processed/"))
    #expect(root.contains("1 S3 request: ListObjectsV2 1"), "\(root)")
    #expect(!world.run("s3 ls s3://lake/raw/", width: 400).text.contains("year="))
    let all = world.run("s3 ls s3://lake/raw/ --recursive", width: 300).text
    let keys = try world.texts("SELECT key FROM system.lake.objects WHERE key LIKE 'raw/%' ORDER BY key")
    #expect(keys.suffix(100).allSatisfy { all.contains($0) } && !all.contains("PRE"))
    #expect(world.run("s3 ls raw/", width: 300).text == all)
    #expect(world.run("s3 ls nowhere/", width: 400).text.contains("No object begins with nowhere/"))
    #expect(world.run("s3 ls s3://", width: 400).text.contains("s3://warehouse/"))
    #expect(world.run("s3 ls s3://none/", width: 400).status == .usage)
    #expect(world.run("s3 ls --sideways", width: 400).status == .usage)
  }

  @Test func `a rename of a prefix is two requests an object and the listing`() throws {
    let world = try TestWorld()
    _ = try put(world, 7, below: "tmp/")
    let asked = try asking(world, "s3 mv s3://lake/tmp/ s3://lake/new/ --recursive")
    #expect(asked == ["ListObjectsV2": 1, "CopyObject": 7, "DeleteObject": 7])
    #expect(
      try world.count("SELECT count(*) FROM system.lake.objects WHERE key LIKE 'new/f%.txt'") == 7)
    #expect(try world.count("SELECT count(*) FROM system.lake.objects WHERE key LIKE 'tmp/%'") == 0)
    #expect(world.run("s3 mv s3://lake/new/ s3://lake/new/ --recursive", width: 400).text.contains("onto itself"))
  }

  @Test func `cp goes up, across and down, and reads back what was written`() throws {
    let world = try TestWorld()
    let folder = try put(world, 2, below: "tmp")
    #expect(
      try asking(world, "s3 cp s3://lake/tmp/f1.txt s3://warehouse/copy.txt --storage-class STANDARD_IA")
        == ["HeadObject": 1, "CopyObject": 1])
    let head = try data(world, "s3 head s3://warehouse/copy.txt")
    #expect(head["storage_class"] as? String == "STANDARD_IA" && head["size"] as? Int == 6)
    #expect(head["lines"] as? [String] == ["row 1"])
    #expect(
      try asking(world, "s3 cp s3://warehouse/copy.txt \(folder)/down.txt")
        == ["HeadObject": 1, "GetObject": 1])
    #expect(try String(contentsOfFile: folder + "/down.txt", encoding: .utf8) == "row 1\n")
    for (line, why) in [
      ("s3 cp s3://warehouse/copy.txt \(folder)/down.txt", "exists already"),
      ("s3 cp s3://warehouse/copy.txt \(world.worldPath)/lake/copy.txt", "own files"),
      ("s3 mv \(world.worldPath)/world.yaml s3://lake/x", "own files"),
      ("s3 cp \(folder)/none.txt s3://lake/x", "no such file"),
      ("s3 cp \(folder) s3://lake/x", "--recursive"),
      ("s3 cp raw/a processed/b", "s3://lake/KEY"),
      ("s3 cp s3://lake/tmp/f1.txt s3://lake/x --storage-class COLD", "GLACIER"),
      ("s3 cp s3://lake/tmp/f9.txt s3://lake/x", "tmp/f"),
    ] {
      let refused = world.run(line, width: 400)
      #expect(refused.status == .usage && refused.text.contains(why), "\(line): \(refused.text)")
    }
  }

  @Test func `a key that would leave the named directory is not written`() throws {
    let world = try TestWorld()
    let folder = try put(world, 1, below: "out/../../")
    let refused = world.run("s3 cp s3://lake/out \(folder)/down --recursive", width: 400)
    #expect(refused.status == .usage && refused.text.contains("cannot be a file"), "\(refused.text)")
    #expect(!FileManager.default.fileExists(atPath: folder + "/down"))
  }

  @Test func `a deleted object comes back where versions were on, and not elsewhere`() throws {
    let world = try TestWorld()
    _ = try put(world, 1, below: "tmp")
    #expect(world.run("s3 versions on", width: 400).text.contains("is on"))
    #expect(world.run("s3 rm tmp/f0.txt", width: 400).text.contains("delete markers"))
    let versions = try #require(try data(world, "s3 versions tmp/")["versions"] as? [[String: Any]])
    #expect(versions.map { $0["is_delete_marker"] as? Bool } == [true, false])
    let marker = try #require(versions.first?["version_id"] as? String)
    #expect(try asking(world, "s3 rm tmp/f0.txt --version-id \(marker)") == ["DeleteObject": 1])
    #expect(world.run("s3 head tmp/f0.txt", width: 400).text.contains("row 0"))
    #expect(world.run("s3 rm tmp/none.txt", width: 400).status == .usage)
    #expect(world.run("s3 versions off", width: 400).text.contains("suspended"))
    #expect(world.run("s3 versions s3://warehouse", width: 400).text.contains("is off"))
  }

  @Test func `du adds up what is there, by class and by layer`() throws {
    let world = try TestWorld()
    let text = world.run("s3 du", width: 400).text
    #expect(text.contains("STANDARD") && text.contains("raw/ (bronze)"), "\(text)")
    let rows = try #require(try data(world, "s3 du")["usage"] as? [[String: Any]])
    let bytes = rows.reduce(0) { $0 + ($1["bytes"] as? Int ?? 0) }
    #expect(Int64(bytes) == (try world.count("SELECT sum(size) FROM system.lake.objects")))
    #expect(world.run("s3 du raw/events/", width: 400).text.contains("year=2024/"))
  }

  @Test func `rules come from the pipeline's file, and act at the story's midnight`() throws {
    let world = try TestWorld()
    _ = try put(world, 1, below: "tmp")
    #expect(world.run("s3 lifecycle set", width: 400).text.contains("lifecycle.yaml"))
    let file = world.worldPath + "/pipeline/lifecycle.yaml"
    func write(_ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: file)) }
    try write("Rules:\n  - {ID: tmp, Status: Enabled, Filter: {Prefix: tmp/}, Expiration: {Days: 0}}\n")
    let refused = world.run("s3 lifecycle set", width: 400)
    #expect(refused.status != .success && refused.text.contains("0 days"), "\(refused.text)")
    try write("lake:\n  Rules:\n    - {ID: tmp, Status: On, Filter: {Prefix: tmp/}}\n")
    #expect(world.run("s3 lifecycle set", width: 400).text.contains("Status"))
    #expect(world.run("s3 lifecycle", width: 400).text.contains("no lifecycle rules"))
    try write(
      "lake:\n  Rules:\n    - {ID: tmp, Status: Enabled, Filter: {Prefix: tmp/}, Expiration: {Days: 1}}\n")
    #expect(world.run("s3 lifecycle set", width: 400).text.contains("1 day → expires"))
    #expect(try world.count("SELECT count(*) FROM system.lake.objects WHERE key LIKE 'tmp/%'") == 1)
    world.run("clock +2d", width: 400)
    #expect(try world.count("SELECT count(*) FROM system.lake.objects WHERE key LIKE 'tmp/%'") == 0)
    #expect(world.run("s3 lifecycle clear", width: 400).text.contains("removed"))
  }

  @Test func `AWS's own spelling moves, hides and sets the same`() throws {
    let world = try TestWorld()
    let folder = try put(world, 1, below: "tmp")
    #expect(
      world.run("aws s3 cp s3://lake/tmp/f0.txt s3://lake/x.txt", width: 400).text
        == "copy: s3://lake/tmp/f0.txt to s3://lake/x.txt\n")
    #expect(world.run("aws s3 rm s3://lake/x.txt", width: 400).text == "delete: s3://lake/x.txt\n")
    let rules = folder + "/rules.json"
    try Data(
      #"{"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "raw/"}, "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]}"#
        .utf8
    ).write(to: URL(fileURLWithPath: rules))
    #expect(
      world.run(
        "aws s3api put-bucket-lifecycle-configuration --bucket lake --lifecycle-configuration file://\(rules)"
      ).text.contains("30 days → GLACIER"))
    #expect(world.run("s3 lifecycle lake", width: 400).text.contains("GLACIER"))
    #expect(
      world.run("aws s3api put-bucket-versioning --bucket lake --versioning-configuration Status=On", width: 400).status
        == .usage)
    #expect(world.run("aws s3api head-object --bucket lake --key tmp/f0.txt", width: 400).text.contains("\"ContentLength\": 6"))
    #expect(world.run("aws s3api put-object-acl", width: 400).status == .usage)
  }

  @Test func `the first use tells the line of AWS's tool, once, and Tab offers addresses`() throws {
    let world = try TestWorld()
    #expect(world.run("s3 ls raw/", atPrompt: true).text.contains("aws s3 ls s3://lake/raw/"))
    #expect(!world.run("s3 ls raw/", atPrompt: true).text.contains("aws s3 ls"))
    func offered(_ line: String) -> [String] {
      world.shell.completions(line: line, cursor: line.count).candidates
    }
    #expect(offered("s3 cp s3://l") == ["s3://lake/"])
    #expect(offered("s3 mv s3://lake/ra") == ["s3://lake/raw/"])
    #expect(offered("s3 lifecycle s") == ["set"])
    #expect(offered("aws s3 ls s3://lake/ra") == ["s3://lake/raw/"])
  }

  @Test(arguments: [Language.ko, .en])
  func `every command of s3 answers in the learner's language`(language: Language) throws {
    let world = try TestWorld(language: language)
    let key = try #require(
      try world.texts("SELECT min(key) FROM system.lake.objects WHERE key LIKE 'raw/%'").first)
    for line in [
      "s3 ls", "s3 du", "s3 head \(key)", "s3 versions raw/", "s3 lifecycle", "s3 requests",
      "s3 cp s3://lake/\(key) s3://lake/tmp/a", "s3 mv s3://lake/tmp/a s3://lake/tmp/b",
      "s3 rm tmp/b", "s3 cp x y", "s3 rm", "help s3",
    ] {
      let text = world.run(line, width: 400).text
      // The lines of an event are JSON; no other text has a brace.
      let isRaw = line.hasPrefix("s3 head")
      #expect(
        !text.isEmpty && !text.contains("[[") && (isRaw || !text.contains("{")), "\(line): \(text)")
    }
  }
}
