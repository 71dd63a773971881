// The AWS command line over the buckets of the world.

internal import Codecs
internal import EventModel
internal import Foundation
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

extension Shell {
  private static let listedMax = 1_000
  private static let unpackedMax = 256 << 20

  /// `aws s3 ls|cp|mv|rm`, `aws s3api head-object|list-objects-v2|list-object-versions|…`.
  func aws(_ words: [String]) throws -> Reply {
    let flags = [
      "--recursive": "recursive", "--human-readable": "human", "--summarize": "summarize",
      "--no-sign-request": "unsigned",
    ]
    let arguments = try RealToolArguments(
      words, tool: "aws",
      values: ["--endpoint-url": "endpoint", "--bucket": "bucket", "--key": "key",
        "--prefix": "prefix", "--profile": "profile", "--region": "region",
        "--delimiter": "delimiter", "--output": "output", "--storage-class": "class",
        "--version-id": "version", "--lifecycle-configuration": "rules",
        "--versioning-configuration": "versioning"],
      flags: flags)
    let rest = Array(arguments.positions.dropFirst(2))
    switch (arguments.positions.first, arguments.positions.dropFirst().first) {
    case ("s3", "ls"): return try awsList(rest.first, arguments)
    case ("s3", let action?) where ["cp", "mv", "rm"].contains(action):
      return try awsMove(action, rest, arguments)
    case ("s3api", let action?): return try awsCall(action, arguments)
    case ("s3", let action?): throw notHere("aws", action, "aws s3 ls s3://lake/")
    default: throw notHere("aws", arguments.positions.first ?? "", "aws s3 ls s3://lake/")
    }
  }

  private func awsList(_ address: String?, _ arguments: RealToolArguments) throws -> Reply {
    let tally = RequestTally()
    guard let address, address != "s3://" else {
      let buckets = try platform().buckets
      buckets.ledger.count(.listBuckets)
      return toolReply(
        try buckets.list().map { "\(Shell.stamp($0.createdMilliseconds)) \($0.name)" })
    }
    let place = self.address(address)
    let isRecursive = arguments.has("recursive")
    let found = try client(place.bucket, tally).list(place.key, delimiter: isRecursive ? nil : "/")
    let parent = place.key.lastIndex(of: "/").map { String(place.key[...$0]) } ?? ""
    func below(_ key: String) -> String {
      String(Substring(key.utf8.dropFirst(parent.utf8.count)))
    }
    var lines = found.prefixes.map {
      String(repeating: " ", count: 27) + "PRE " + TextWidth.printable(below($0))
    }
    lines += found.objects.map { object in
      let size =
        arguments.has("human")
        ? NumberText.bytes(Int64(object.size)) : String(object.size)
      return Shell.stamp(object.modifiedMilliseconds) + " "
        + TextWidth.pad(size, to: 10, alignment: .right) + " "
        + TextWidth.printable(isRecursive ? object.key : below(object.key))
    }
    let isEmpty = lines.isEmpty
    if arguments.has("summarize") {
      lines += ["", "Total Objects: \(found.objects.count)",
        "   Total Size: \(found.objects.reduce(0) { $0 &+ $1.size })"]
    }
    let data = JSONValue.array(lines.map(JSONValue.string))
    guard !isEmpty else {
      return Reply([.text(text("s3.none", ["prefix": place.key]))], data: data, exit: .notYet)
    }
    return toolReply(Array(lines.suffix(Shell.listedMax)), data: data)
  }

  /// `cp`, `mv` and `rm` with the lines that AWS's tool prints: `copy: A to B`.
  private func awsMove(
    _ action: String, _ words: [String], _ arguments: RealToolArguments
  ) throws -> Reply {
    var words = words
    if arguments.has("recursive") { words.append("--recursive") }
    if let name = arguments["class"] { words += ["--storage-class", name] }
    let own = action == "rm" ? try s3Remove(words) : try s3Copy(words, isMove: action == "mv")
    guard !words.contains("-") else { return own }
    var lines: [String] = []
    if case .array(let keys)? = own.data["removed"] {
      let bucket = address(words.first ?? "").bucket
      lines = keys.compactMap { key in
        if case .string(let text) = key { return "delete: s3://\(bucket)/\(text)" }
        return nil
      }
    }
    if case .array(let objects)? = own.data["objects"] {
      let isUpload = words.first.map { !$0.hasPrefix("s3://") } ?? false
      let isDownload = words.dropFirst().first.map { !$0.hasPrefix("s3://") } ?? false
      let verb = action == "mv" ? "move" : isUpload ? "upload" : isDownload ? "download" : "copy"
      lines = objects.compactMap { object in
        guard case .string(let from)? = object["from"], case .string(let to)? = object["to"] else {
          return nil
        }
        return "\(verb): \(from) to \(to)"
      }
    }
    return toolReply(lines.map { TextWidth.printable($0) }, data: own.data)
  }

  /// `cp s3://bucket/key -`: the object on the screen; packed ones are unpacked.
  func shownObject(_ address: ObjectAddress, _ tally: RequestTally) throws -> Reply {
    let client = try client(address.bucket, tally)
    let record = try object(address, client)
    let isPacked = record.key.hasSuffix(".gz")
    var bytes = try client.get(record.key)
    if isPacked, let unpacked = try? Gzip.decompress(bytes, bytesMax: Shell.unpackedMax) {
      bytes = unpacked
    }
    guard let content = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw CommandError(.binaryObject, ["key": record.key])
    }
    let lines = content.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var reply = toolReply(lines.prefix(Shell.listedMax).map { TextWidth.printable($0) })
    if isPacked { reply.blocks.append(.text(text("tool.aws.unpacked"))) }
    return reply
  }

  // MARK: s3api

  private func awsCall(_ action: String, _ arguments: RealToolArguments) throws -> Reply {
    let bucket = arguments["bucket"] ?? "lake"
    let tally = RequestTally()
    switch action {
    case "head-object":
      let place = ObjectAddress(bucket: bucket, key: arguments["key"] ?? "")
      let record = try object(place, try client(bucket, tally))
      var members = [
        JSONMember(key: "LastModified", value: .string(Shell.moment(record))),
        JSONMember(key: "ContentLength", value: .count(record.size)),
        JSONMember(key: "ETag", value: .string("\"\(record.entityTag)\"")),
      ]
      if let version = record.versionID {
        members.append(JSONMember(key: "VersionId", value: .string(version)))
      }
      if record.attributes.storageClass != .standard {
        members.append(
          JSONMember(key: "StorageClass", value: .string(record.attributes.storageClass.rawValue)))
      }
      return awsDocument(.object(members))
    case "list-objects-v2":
      let found = try client(bucket, tally).list(
        arguments["prefix"] ?? "", delimiter: arguments["delimiter"])
      return toolReply(
        found.objects.prefix(Shell.listedMax).map { "\($0.size)\t\(TextWidth.printable($0.key))" },
        data: .array(
          found.objects.map { .record(["Key": .string($0.key), "Size": .count($0.size)]) }))
    case "list-object-versions":
      let found = try client(bucket, tally).versions(arguments["prefix"] ?? "")
      return toolReply(
        found.prefix(Shell.listedMax).map { record in
          "\(record.versionID ?? "null")\t\(record.isDeleteMarker ? "DeleteMarker" : String(record.size))\t"
            + TextWidth.printable(record.key)
        },
        data: .array(
          found.map { record in
            .record([
              "Key": .string(record.key), "VersionId": .string(record.versionID ?? "null"),
              "IsLatest": .bool(record.isLatest), "Size": .count(record.size),
            ])
          }))
    case "delete-object":
      var words = ["s3://\(bucket)/\(arguments["key"] ?? "")"]
      if let version = arguments["version"] { words += ["--version-id", version] }
      return toolReply([], data: try s3Remove(words).data)
    case "get-bucket-versioning":
      let versioning = try client(bucket, tally).versioning()
      return awsDocument(
        versioning == .unversioned
          ? .object([]) : .record(["Status": .string(versioning.rawValue)]))
    case "put-bucket-versioning":
      let wanted = arguments["versioning"] ?? ""
      guard ["Status=Enabled", "Status=Suspended"].contains(wanted) else {
        throw CommandError(
          .badChoice,
          [
            "option": "--versioning-configuration", "value": wanted,
            "known": "Status=Enabled, Status=Suspended",
          ])
      }
      return toolReply(
        [], data: try s3Versions([wanted == "Status=Enabled" ? "on" : "off", bucket]).data)
    case "get-bucket-lifecycle-configuration": return try s3Lifecycle([bucket])
    case "delete-bucket-lifecycle": return try s3Lifecycle(["clear", bucket])
    case "put-bucket-lifecycle-configuration":
      let file = arguments["rules"] ?? ""
      return try putLifecycle(
        bucket, String(file.hasPrefix("file://") ? file.dropFirst(7) : file[...]), tally)
    default: throw notHere("aws s3api", action, "aws s3 ls s3://lake/")
    }
  }

  private static func moment(_ record: ObjectRecord) -> String {
    StoryTime(milliseconds: record.modifiedMilliseconds).iso8601
  }

  /// One level of JSON, indented as AWS's tool does.
  private func awsDocument(_ value: JSONValue) -> Reply {
    guard case .object(let members) = value, !members.isEmpty else {
      return toolReply([], data: value)
    }
    let lines = members.enumerated().map { index, member in
      "    \(JSONValue.string(member.key).text): \(member.value.text)"
        + (index == members.count - 1 ? "" : ",")
    }
    return toolReply(["{"] + lines + ["}"], data: value)
  }
}
