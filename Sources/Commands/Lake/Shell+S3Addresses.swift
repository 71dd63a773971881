internal import EventModel
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// What the commands of `s3` share: addresses, the objects at them, and what it all cost.
extension Shell {
  /// `s3 ls|du|head|versions|cp|mv|rm|lifecycle|requests|credentials`.
  func objects(_ words: [String]) throws -> Reply {
    let (action, rest) = try subcommand(words, of: "s3")
    switch action {
    case "ls": return try s3List(rest)
    case "du": return try s3Usage(rest)
    case "head": return try s3Head(rest)
    case "versions": return try s3Versions(rest)
    case "cp", "mv": return try s3Copy(rest, isMove: action == "mv")
    case "rm": return try s3Remove(rest)
    case "lifecycle": return try s3Lifecycle(rest)
    case "requests": return try s3Requests()
    default: return try s3Credentials(rest)
    }
  }

  /// The words of an `s3` command. Keys hold `=`, so they are taken as they are, as AWS's tool does.
  func s3Arguments(
    _ words: [String], _ action: String, values: [String: String] = [:],
    flags: [String: String] = [:], positions: ClosedRange<Int>
  ) throws -> RealToolArguments {
    let arguments = try RealToolArguments(
      words, tool: "s3 " + action, values: values, flags: flags)
    guard positions.contains(arguments.positions.count) else {
      throw CommandError(
        .missingArgument, ["command": "s3 " + action, "usage": text("help.s3.usage")])
    }
    return arguments
  }

  /// A client for one bucket; another bucket does not exist, in S3's own words.
  func client(_ name: String, _ tally: RequestTally) throws -> BucketClient {
    let buckets = try platform().buckets
    do {
      return BucketClient(bucket: try buckets.bucket(name), tally: tally)
    } catch let error as ObjectStorageError where error.kind == .noSuchBucket {
      let known = try buckets.list().map { "s3://" + $0.name }.joined(separator: ", ")
      throw CommandError(.noSuchBucket, ["bucket": name, "known": known])
    }
  }

  /// `s3://bucket/key`, or a key of the lake.
  func address(_ text: String) -> ObjectAddress {
    ObjectAddress(uri: text) ?? ObjectAddress(bucket: "lake", key: text)
  }

  /// What S3 knows of an object, by one HeadObject; throws with the nearest key where it is not there.
  func object(_ address: ObjectAddress, _ client: BucketClient) throws -> ObjectRecord {
    try ObjectKey.check(address.key)
    if let record = try client.head(address.key) { return record }
    // To help, not asked for: nobody is charged.
    let folder = address.key.lastIndex(of: "/").map { String(address.key[...$0]) } ?? ""
    let near = try client.bucket.list(prefix: folder, delimiter: "/")
    var error = CommandError(.noSuchObject, ["key": address.key])
    error.fields["nearest"] = NearestName.suggest(
      address.key, from: near.objects.map(\.key) + near.commonPrefixes)
    throw error
  }

  /// The line that says what a command has asked of the buckets.
  func cost(_ tally: RequestTally) -> Reply.Block {
    .text(
      text(
        "s3.cost", ["count": NumberText.grouped(tally.total), "requests": tally.text]))
  }

  func costData(_ tally: RequestTally) -> JSONValue {
    .object(
      BucketOperation.allCases.compactMap { operation in
        tally.requests[operation].map { JSONMember(key: operation.rawValue, value: .count($0)) }
      })
  }

  /// `2024-01-16 09:10:00`, in Korean time, as AWS's tool prints the local zone.
  static func stamp(_ milliseconds: Int64) -> String {
    let moment = StoryTime(milliseconds: milliseconds)
    let day = moment.date(offsetSeconds: TimeZones.seoul)
    return day.description + " "
      + String(moment.clock(offsetSeconds: TimeZones.seoul).prefix(8))
  }
}

extension ObjectRecord {
  var json: JSONValue {
    .record([
      "key": .string(key), "size": .count(size),
      "modified": .string(StoryTime(milliseconds: modifiedMilliseconds).iso8601),
      "storage_class": .string(attributes.storageClass.rawValue),
    ])
  }
}
