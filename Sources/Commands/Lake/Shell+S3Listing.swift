internal import Codecs
internal import EventModel
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// `s3 ls`, `s3 du`, `s3 head` and `s3 versions`: what is in the buckets.
extension Shell {
  private static let linesMax = 100
  private static let unpackedBytesMax = 256 << 20

  /// `s3 ls [PREFIX]`: everything that begins so; without it, and for an address, one level as AWS's
  /// tool shows it. `s3 ls s3://` lists the buckets.
  func s3List(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(
      words, "ls", flags: ["--recursive": "recursive"], positions: 0...1)
    let place = arguments.positions.first ?? ""
    let tally = RequestTally()
    if place == "s3://" { return try s3Buckets(tally) }
    let address = address(place)
    let found = try client(address.bucket, tally)
      .list(
        address.key,
        delimiter: arguments.has("recursive") || Self.listsAll(below: place) ? nil : "/")
    let data = JSONValue.array(
      found.prefixes.map {
        .record(["key": .string($0), "size": .null, "modified": .null, "storage_class": .null])
      } + found.objects.map(\.json))
    guard !found.objects.isEmpty || !found.prefixes.isEmpty else {
      return Reply([.text(text("s3.none", ["prefix": place])), cost(tally)], data: data)
    }
    // One a line and never cut: a key is there to be copied. Where it does not fit beside its size,
    // it stands below it.
    func line(_ left: String, _ key: String) -> String {
      let left = TextWidth.pad(left, to: 9, alignment: .right)
      let fits = output.tableWidth.map { TextWidth.columns(key) + 13 <= $0 } ?? true
      return fits ? "  \(left)  \(key)" : "  \(left)\n\(key)"
    }
    let lines =
      found.prefixes.map { line("PRE", TextWidth.printable($0)) }
      + found.objects.map { line(NumberText.bytes(Int64($0.size)), TextWidth.printable($0.key)) }
    let shown = lines.suffix(Shell.linesMax)
    let values = [
      "count": NumberText.grouped(found.objects.count),
      "bytes": NumberText.bytes(Int64(found.objects.reduce(0) { $0 &+ $1.size })),
      "folders": NumberText.grouped(found.prefixes.count),
      "hidden": NumberText.grouped(lines.count - shown.count),
    ]
    var key = found.prefixes.isEmpty ? "s3.total" : "s3.totalFolders"
    if lines.count > shown.count { key = "s3.totalHidden" }
    return Reply(
      [.verbatim(shown.joined(separator: "\n")), .text(text(key, values)), cost(tally)], data: data)
  }

  /// True for the beginning of a key, which is no address.
  static func listsAll(below place: String) -> Bool { !place.isEmpty && !place.hasPrefix("s3:") }

  private func s3Buckets(_ tally: RequestTally) throws -> Reply {
    let buckets = try platform().buckets
    buckets.ledger.count(.listBuckets)
    tally.add(.listBuckets, 1)
    let entries = try buckets.list()
    return Reply(
      [
        .verbatim(
          entries.map { "  \(Shell.stamp($0.createdMilliseconds))  s3://\($0.name)/" }
            .joined(separator: "\n")), cost(tally),
      ],
      data: .array(
        entries.map {
          .record([
            "bucket": .string($0.name),
            "created": .string(StoryTime(milliseconds: $0.createdMilliseconds).iso8601),
          ])
        }))
  }

  // MARK: Bytes

  /// `s3 du [PREFIX]`: bytes by storage class, and by the level below the prefix.
  func s3Usage(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(words, "du", positions: 0...1)
    let place = arguments.positions.first ?? ""
    let address = address(place == "s3://" ? "" : place)
    let tally = RequestTally()
    let client = try client(address.bucket, tally)
    // Earlier versions are paid for as well, and only ListObjectVersions tells of them.
    let isVersioned = try client.versioning() != .unversioned
    let records =
      isVersioned
      ? try client.versions(address.key).filter { !$0.isDeleteMarker }
      : try client.list(address.key).objects
    guard !records.isEmpty else {
      return Reply(
        [.text(text("s3.none", ["prefix": place])), cost(tally)], data: usageData([], tally))
    }
    let sums = StoredBytes.sums(of: records, below: address.key, in: address.bucket)
    func chart(_ title: String, _ name: (StoredBytes) -> String) -> Reply.Block {
      var bars: [BarChart.Bar] = []
      for sum in sums {
        if let place = bars.firstIndex(where: { $0.label == name(sum) }) {
          bars[place].value += Double(sum.bytes)
        } else {
          bars.append(BarChart.Bar(name(sum), Double(sum.bytes)))
        }
      }
      return .drawing(BarChart(title: title, bars: bars, quantity: .bytes, texts: catalogue))
    }
    let total = records.reduce(0) { $0 &+ $1.size }
    return Reply(
      [
        chart(text("s3.du.byClass")) { sum in
          sum.isCurrent ? sum.storageClass.rawValue
            : text("s3.du.noncurrent", ["class": sum.storageClass.rawValue])
        },
        chart(text("s3.du.byPlace")) {
          $0.layer == "other" ? $0.prefix : "\($0.prefix) (\($0.layer))"
        },
        .text(
          text(
            "s3.total",
            [
              "count": NumberText.grouped(records.count), "bytes": NumberText.bytes(Int64(total)),
            ])),
        cost(tally),
      ], data: usageData(sums, tally))
  }

  private func usageData(_ sums: [StoredBytes], _ tally: RequestTally) -> JSONValue {
    .record([
      "usage": .array(
        sums.map {
          .record([
            "prefix": .string($0.prefix), "layer": .string($0.layer),
            "storage_class": .string($0.storageClass.rawValue),
            "kind": .string($0.isCurrent ? "current" : "noncurrent"), "objects": .count($0.count),
            "bytes": .count($0.bytes),
          ])
        }),
      "requests": costData(tally),
    ])
  }

  // MARK: One object

  /// `s3 head KEY`: what S3 knows of an object, and the first lines of one that is text.
  func s3Head(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(words, "head", positions: 1...1)
    let address = address(arguments.positions[0])
    let tally = RequestTally()
    let client = try client(address.bucket, tally)
    let record = try object(address, client)
    let lines = try firstLines(record, client)
    var rows = [
      (text("s3.head.size"), "\(NumberText.grouped(record.size)) B"),
      (text("s3.head.modified"), Shell.stamp(record.modifiedMilliseconds)),
      (text("s3.head.class"), record.attributes.storageClass.rawValue),
      ("ETag", record.entityTag),
    ]
    if let version = record.versionID { rows.append((text("s3.head.version"), version)) }
    let own = record.attributes.headers.sorted { $0.key < $1.key }
      + record.attributes.userMetadata.sorted { $0.key < $1.key }
        .map { (key: "x-amz-meta-" + $0.key, value: $0.value) }
    rows += own.map { ($0.key, TextWidth.printable($0.value)) }
    var blocks: [Reply.Block] = [.pairs(pairs(rows))]
    blocks += lines.map { .verbatim(TextWidth.truncate(TextWidth.printable($0), to: 400)) }
    if record.key.hasSuffix(".parquet") {
      blocks.append(.text(text("s3.head.parquet", ["key": arguments.positions[0]])))
    }
    blocks.append(cost(tally))
    return Reply(
      blocks,
      data: .record([
        "key": .string(record.key), "size": .count(record.size),
        "modified": .string(StoryTime(milliseconds: record.modifiedMilliseconds).iso8601),
        "storage_class": .string(record.attributes.storageClass.rawValue),
        "etag": .string(record.entityTag), "version_id": .optional(record.versionID),
        "headers": .object(own.map { JSONMember(key: $0.key, value: .string($0.value)) }),
        "lines": .array(lines.map(JSONValue.string)), "requests": costData(tally),
      ]))
  }

  /// The first three lines of an object that is text, unpacked where its name says that it is packed;
  /// none of other objects, which are not read then.
  private func firstLines(_ record: ObjectRecord, _ client: BucketClient) throws -> [String] {
    let isPacked = record.key.hasSuffix(".gz")
    guard record.size > 0, !record.key.hasSuffix(".parquet"), !isPacked || record.size <= 64 << 20
    else { return [] }
    var bytes = try client.get(record.key, range: isPacked ? nil : 0..<65_536)
    if isPacked {
      guard let unpacked = try? Gzip.decompress(bytes, bytesMax: Shell.unpackedBytesMax) else {
        return []
      }
      bytes = unpacked
    }
    let lines = bytes.split(separator: 0x0A, maxSplits: 3).prefix(3)
    guard !lines.contains(where: { $0.contains(0) }) else { return [] }
    return lines.map { String(decoding: $0, as: UTF8.self) }
  }

  // MARK: Versions

  /// `s3 versions [PREFIX]` lists them; `s3 versions on|off [s3://BUCKET]` switches them.
  func s3Versions(_ words: [String]) throws -> Reply {
    let arguments = try s3Arguments(words, "versions", positions: 0...2)
    let tally = RequestTally()
    if let word = arguments.positions.first, ["on", "off"].contains(word) {
      return try s3SetVersions(word == "on", arguments.positions.dropFirst().first, tally)
    }
    let place = arguments.positions.first ?? ""
    let address = address(place)
    let client = try client(address.bucket, tally)
    let versioning = try client.versioning()
    let found = try client.versions(address.key)
    let table = TableView(
      columns: [
        TableColumn("KEY"), TableColumn("VERSION_ID"), TableColumn("LATEST"), .number("SIZE"),
        TableColumn("MODIFIED"), TableColumn("CLASS"),
      ],
      rows: found.suffix(Shell.linesMax).map { record in
        [
          record.key, record.versionID ?? "null", record.isLatest ? "*" : "",
          record.isDeleteMarker ? text("s3.deleteMarker") : NumberText.bytes(Int64(record.size)),
          Shell.stamp(record.modifiedMilliseconds), record.attributes.storageClass.rawValue,
        ]
      })
    let state = text("s3.versioning." + versioning.rawValue, ["bucket": address.bucket])
    return Reply(
      (found.isEmpty ? [.text(text("s3.none", ["prefix": place]))] : [fitted(table)])
        + [.text(state), cost(tally)],
      data: .record([
        "versioning": .string(versioning.rawValue),
        "versions": .array(
          found.map { record in
            .record([
              "key": .string(record.key), "version_id": .string(record.versionID ?? "null"),
              "is_latest": .bool(record.isLatest),
              "is_delete_marker": .bool(record.isDeleteMarker), "size": .count(record.size),
              "modified": .string(StoryTime(milliseconds: record.modifiedMilliseconds).iso8601),
              "storage_class": .string(record.attributes.storageClass.rawValue),
            ])
          }),
        "requests": costData(tally),
      ]))
  }

  private func s3SetVersions(
    _ isOn: Bool, _ place: String?, _ tally: RequestTally
  ) throws -> Reply {
    // `lake` and `s3://lake` both name the bucket.
    let name = place.map { ObjectAddress(uri: $0)?.bucket ?? $0 } ?? "lake"
    let client = try client(name, tally)
    let before = try client.versioning()
    if isOn || before != .unversioned { try client.setVersioning(isOn ? .enabled : .suspended) }
    let after = try client.bucket.versioning()
    return Reply(
      [.text(text("s3.versioning." + after.rawValue, ["bucket": name])), cost(tally)],
      data: .record([
        "bucket": .string(name), "versioning": .string(after.rawValue),
        "requests": costData(tally),
      ]))
  }
}

/// Bytes that rest below one place in one storage class.
struct StoredBytes {
  var prefix: String
  var layer: String
  var storageClass: StorageClass
  var isCurrent: Bool
  var count = 0
  var bytes = 0

  /// Adds up objects by the level below `prefix`, in the order of the keys.
  static func sums(
    of records: [ObjectRecord], below prefix: String, in bucket: String
  ) -> [StoredBytes] {
    struct Place: Hashable {
      var prefix: String
      var storageClass: StorageClass
      var isCurrent: Bool
    }
    var places: [Place: Int] = [:]
    var sums: [StoredBytes] = []
    for record in records {
      let rest = record.key.utf8.dropFirst(prefix.utf8.count)
      // `raw` and `raw/` mean the same folder.
      let start = rest.first == UInt8(ascii: "/") ? rest.index(after: rest.startIndex) : rest.startIndex
      let slash = rest[start...].firstIndex(of: UInt8(ascii: "/"))
      let folder = String(Substring(record.key.utf8[..<(slash.map { rest.index(after: $0) } ?? start)]))
      let place = Place(
        prefix: folder, storageClass: record.attributes.storageClass, isCurrent: record.isLatest)
      let index = places[place] ?? sums.count
      if index == sums.count {
        places[place] = index
        sums.append(
          StoredBytes(
            prefix: folder.isEmpty ? "/" : folder,
            layer: Platform.layer(of: record.key, in: bucket),
            storageClass: place.storageClass, isCurrent: place.isCurrent))
      }
      sums[index].count += 1
      sums[index].bytes &+= record.size
    }
    return sums
  }
}
