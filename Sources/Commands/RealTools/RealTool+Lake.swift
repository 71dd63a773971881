// The AWS command line over the lake: the bucket is called `lake`.

internal import EventModel
internal import Foundation
internal import Lake
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  private static let bucket = "lake"
  private static let listedMax = 1_000

  /// `aws s3 ls`, `aws s3 cp s3://lake/KEY -`, `aws s3api head-object`.
  func aws(_ words: [String]) throws -> Reply {
    let flags = [
      "--recursive": "recursive", "--human-readable": "human", "--summarize": "summarize",
      "--no-sign-request": "unsigned",
    ]
    let arguments = try RealToolArguments(
      words, tool: "aws",
      values: ["--endpoint-url": "endpoint", "--bucket": "bucket", "--key": "key",
        "--prefix": "prefix", "--profile": "profile", "--region": "region",
        "--delimiter": "delimiter", "--output": "output"],
      flags: flags)
    let rest = Array(arguments.positions.dropFirst(2))
    switch (arguments.positions.first, arguments.positions.dropFirst().first) {
    case ("s3", "ls"): return try awsList(rest.first, arguments)
    case ("s3", "cp"): return try awsCopy(rest)
    case ("s3api", "head-object"): return try awsHead(arguments)
    case ("s3api", "list-objects-v2"): return try awsListObjects(arguments)
    case ("s3", let action?), ("s3api", let action?):
      throw notHere("aws", action, "aws s3 ls s3://lake/")
    default: throw notHere("aws", arguments.positions.first ?? "", "aws s3 ls s3://lake/")
    }
  }

  /// The key of `s3://lake/KEY`; another bucket does not exist, in S3's own words.
  func key(of address: String) throws -> String {
    guard address.hasPrefix("s3://") else { return address }
    let parts = address.dropFirst(5).split(
      separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.first.map({ $0 == Shell.bucket }) ?? false else {
      throw CommandError(
        .noSuchBucket, ["bucket": String(parts.first ?? ""), "known": "s3://" + Shell.bucket])
    }
    return parts.count > 1 ? String(parts[1]) : ""
  }

  private func awsList(_ address: String?, _ arguments: RealToolArguments) throws -> Reply {
    guard let address else {
      let made = try platform().lake.objects(prefix: "").map(\.modifiedMilliseconds).min()
      return toolReply(["\(Shell.stamp(made ?? 0)) \(Shell.bucket)"])
    }
    let prefix = try key(of: address)
    let objects = try platform().lake.objects(prefix: prefix)
    var lines: [String] = []
    var seen: Set<String> = []
    let parent = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
    for object in objects {
      let below = object.key.dropFirst(parent.count)
      if !arguments.has("recursive"), let slash = below.firstIndex(of: "/") {
        let directory = String(below[...slash])
        if seen.insert(directory).inserted { lines.append("                           PRE " + directory) }
        continue
      }
      let size =
        arguments.has("human")
        ? NumberText.bytes(Int64(object.size)) : String(object.size)
      lines.append(
        Shell.stamp(object.modifiedMilliseconds) + " "
          + TextWidth.pad(size, to: 10, alignment: .right) + " "
          + (arguments.has("recursive") ? object.key : String(below)))
    }
    if arguments.has("summarize") {
      lines += ["", "Total Objects: \(objects.count)",
        "   Total Size: \(objects.reduce(0) { $0 + $1.size })"]
    }
    let data = JSONValue.array(lines.map(JSONValue.string))
    guard !lines.isEmpty else {
      return Reply([.text(text("s3.none", ["prefix": prefix]))], data: data, exit: .notYet)
    }
    return toolReply(Array(lines.suffix(Shell.listedMax)), data: data)
  }

  private func awsCopy(_ words: [String]) throws -> Reply {
    guard words.count == 2, words[1] == "-" else {
      throw notHere("aws s3", "cp", "aws s3 cp s3://lake/KEY -")
    }
    let key = try key(of: words[0])
    let lake = try platform().lake
    _ = try object(key, lake)
    let bytes =
      key.hasSuffix(".gz") ? try lake.unpackedLines(key) : try lake.store.get(key)
    guard let content = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw CommandError(.binaryObject, ["key": key])
    }
    let lines = content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var reply = toolReply(lines.prefix(Shell.listedMax).map { TextWidth.printable($0) })
    if key.hasSuffix(".gz") { reply.blocks.append(.text(text("tool.aws.unpacked"))) }
    return reply
  }

  private func awsHead(_ arguments: RealToolArguments) throws -> Reply {
    let object = try object(arguments["key"] ?? "", try platform().lake)
    let value = JSONValue.record([
      "LastModified": .string(
        StoryTime(milliseconds: object.modifiedMilliseconds).iso8601),
      "ContentLength": .count(object.size),
    ])
    return toolReply(
      ["{", "    \"LastModified\": \"\(StoryTime(milliseconds: object.modifiedMilliseconds).iso8601)\",",
        "    \"ContentLength\": \(object.size)", "}"], data: value)
  }

  private func awsListObjects(_ arguments: RealToolArguments) throws -> Reply {
    let objects = try platform().lake.objects(prefix: arguments["prefix"] ?? "")
    let lines = objects.prefix(Shell.listedMax).map { "\($0.size)\t\($0.key)" }
    return toolReply(
      Array(lines),
      data: .array(
        objects.map { .record(["Key": .string($0.key), "Size": .count($0.size)]) }))
  }

  /// The object of exactly that key.
  func object(_ key: String, _ lake: Lake) throws -> ObjectMetadata {
    let near = try lake.objects(prefix: key)
    if let found = near.first(where: { $0.key == key }) { return found }
    let keys = try near.isEmpty ? lake.objects(prefix: Shell.folder(of: key)) : near
    var error = CommandError(.noSuchObject, ["key": key])
    error.fields["nearest"] = NearestName.suggest(key, from: keys.map(\.key))
    throw error
  }

  private static func folder(of key: String) -> String {
    key.lastIndex(of: "/").map { String(key[...$0]) } ?? ""
  }

  /// `2024-01-16 09:10:00`, in Korean time, as the tool prints the local zone.
  private static func stamp(_ milliseconds: Int64) -> String {
    let moment = StoryTime(milliseconds: milliseconds)
    let day = moment.date(offsetSeconds: TimeZones.seoul)
    let clock = moment.clock(offsetSeconds: TimeZones.seoul)
    return day.description + " " + String(clock.prefix(8))
  }
}
