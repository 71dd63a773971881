// `pipeline/lifecycle.yaml`: the lifecycle rules of the world's buckets, in the words of S3's own API.
//
// ```
// lake:
//   Rules:
//     - ID: bronze
//       Status: Enabled
//       Filter: {Prefix: raw/}
//       Transitions: [{Days: 30, StorageClass: STANDARD_IA}]
//       Expiration: {Days: 365}
// ```
// A file that begins with `Rules` is for the lake: what `aws s3api put-bucket-lifecycle-configuration`
// takes, in JSON or in YAML, is taken here as it is. Rules are in force once they are set, not once they
// are written.

internal import Foundation
package import ObjectStorage
internal import Simulation
internal import Yams

/// The rules that a file has for each bucket.
package struct LifecycleFile {
  package static let name = "lifecycle.yaml"

  /// By the bucket's name.
  package var buckets: [(bucket: String, rules: LifecycleConfiguration)] = []

  /// Reads YAML or JSON; `file` names it in errors.
  ///
  /// - Throws: `platform.pipelineFile` with the rule and the key that cannot be read.
  package init(parsing text: String, file: String) throws {
    let root: Any?
    do {
      root = try Yams.load(yaml: text)
    } catch {
      throw Self.failure(file, "is not valid YAML: \(error)")
    }
    guard let map = root as? [String: Any], !map.isEmpty else {
      throw Self.failure(file, "needs `Rules`, or buckets with `Rules`")
    }
    let whole = map["Rules"] == nil ? map : ["lake": map]
    for (bucket, value) in whole.sorted(by: { $0.key < $1.key }) {
      let node = try Node(value, place: bucket, file: file)
      try node.allowOnly("Rules", "TransitionDefaultMinimumObjectSize")
      var minimum = LifecycleConfiguration.TransitionMinimum.allStorageClasses
      if let name = try node.text("TransitionDefaultMinimumObjectSize") {
        guard let known = LifecycleConfiguration.TransitionMinimum(rawValue: name) else {
          throw node.failure("TransitionDefaultMinimumObjectSize cannot be `\(name)`")
        }
        minimum = known
      }
      let rules = try node.list("Rules").map { try $0.rule() }
      buckets.append((bucket, LifecycleConfiguration(rules, transitionMinimum: minimum)))
    }
  }

  fileprivate static func failure(_ file: String, _ what: String) -> PlatformError {
    PlatformError(
      .pipelineFile, "\(file) \(what)", place: file,
      advice: "Write rules as `aws s3api put-bucket-lifecycle-configuration` takes them.",
      fields: ["file": file])
  }
}

extension PipelineFiles {
  /// The lifecycle rules; nil for a pipeline that has none.
  package func lifecycle() throws -> LifecycleFile? {
    let file = LifecycleFile.name
    guard FileManager.default.fileExists(atPath: root + "/" + file) else { return nil }
    return try LifecycleFile(parsing: try settings(file), file: "pipeline/" + file)
  }
}

/// A mapping of the file, with its place for errors.
private struct Node {
  let values: [String: Any]
  let place: String
  let file: String

  init(_ value: Any, place: String, file: String) throws {
    guard let values = value as? [String: Any] else {
      throw LifecycleFile.failure(file, "\(place): a mapping belongs here")
    }
    self.values = values
    self.place = place
    self.file = file
  }

  func failure(_ what: String) -> PlatformError {
    LifecycleFile.failure(file, "\(place): \(what)")
  }

  func allowOnly(_ names: String...) throws {
    if let name = values.keys.sorted().first(where: { !names.contains($0) }) {
      throw failure("`\(name)` is not known; known are \(names.joined(separator: ", "))")
    }
  }

  func text(_ name: String) throws -> String? {
    guard let value = values[name] else { return nil }
    guard let text = value as? String else { throw failure("`\(name)` is a text") }
    return text
  }

  func number(_ name: String) throws -> Int? {
    guard let value = values[name] else { return nil }
    guard let number = value as? Int else { throw failure("`\(name)` is a whole number") }
    return number
  }

  func required(_ name: String) throws -> Int {
    guard let number = try number(name) else { throw failure("`\(name)` is missing") }
    return number
  }

  func child(_ name: String) throws -> Node? {
    try values[name].map { try Node($0, place: "\(place) \(name)", file: file) }
  }

  func list(_ name: String) throws -> [Node] {
    guard let value = values[name] else { return [] }
    guard let list = value as? [Any] else { throw failure("`\(name)` is a list") }
    return try list.enumerated().map {
      try Node($1, place: "\(place) \(name) \($0 + 1)", file: file)
    }
  }

  // MARK: A rule

  func rule() throws -> LifecycleRule {
    try allowOnly(
      "ID", "Status", "Filter", "Prefix", "Transitions", "Expiration",
      "NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
      "AbortIncompleteMultipartUpload")
    var rule = LifecycleRule(id: try text("ID") ?? "")
    switch try text("Status") {
    case "Enabled": rule.isEnabled = true
    case "Disabled": rule.isEnabled = false
    default: throw failure("`Status` is Enabled or Disabled")
    }
    rule.filter = try filter()
    rule.transitions = try list("Transitions").map { node in
      try node.allowOnly("Days", "Date", "StorageClass")
      return LifecycleRule.Transition(try node.moment(), to: try node.storageClass())
    }
    if let node = try child("Expiration") {
      try node.allowOnly("Days", "Date", "ExpiredObjectDeleteMarker")
      let isForMarkers = node.values["ExpiredObjectDeleteMarker"] as? Bool == true
      rule.expiration = isForMarkers ? .expiredObjectDeleteMarker : .at(try node.moment())
    }
    rule.noncurrentTransitions = try list("NoncurrentVersionTransitions").map { node in
      try node.allowOnly("NoncurrentDays", "NewerNoncurrentVersions", "StorageClass")
      return LifecycleRule.NoncurrentTransition(
        days: try node.required("NoncurrentDays"),
        newerVersions: try node.number("NewerNoncurrentVersions"), to: try node.storageClass())
    }
    if let node = try child("NoncurrentVersionExpiration") {
      try node.allowOnly("NoncurrentDays", "NewerNoncurrentVersions")
      rule.noncurrentExpiration = LifecycleRule.NoncurrentExpiration(
        days: try node.required("NoncurrentDays"),
        newerVersions: try node.number("NewerNoncurrentVersions"))
    }
    if let node = try child("AbortIncompleteMultipartUpload") {
      try node.allowOnly("DaysAfterInitiation")
      rule.abortUploadsAfterDays = try node.required("DaysAfterInitiation")
    }
    return rule
  }

  private func filter() throws -> LifecycleRule.Filter {
    guard let node = try child("Filter") else {
      return LifecycleRule.Filter(prefix: try text("Prefix") ?? "")
    }
    try node.allowOnly("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")
    let inner = try node.child("And") ?? node
    try inner.allowOnly("Prefix", "ObjectSizeGreaterThan", "ObjectSizeLessThan", "And")
    return LifecycleRule.Filter(
      prefix: try inner.text("Prefix") ?? "",
      sizeGreaterThan: try inner.number("ObjectSizeGreaterThan"),
      sizeLessThan: try inner.number("ObjectSizeLessThan"))
  }

  private func storageClass() throws -> StorageClass {
    let name = try text("StorageClass") ?? ""
    guard let known = StorageClass(rawValue: name) else {
      throw failure(
        "`StorageClass` is one of "
          + StorageClass.allCases.map(\.rawValue).joined(separator: ", ") + ", not `\(name)`")
    }
    return known
  }

  private func moment() throws -> LifecycleMoment {
    if let days = try number("Days") { return .days(days) }
    let date: Int64?
    switch values["Date"] {
    // YAML takes an unquoted day for a moment.
    case let moment as Date: date = Self.milliseconds(moment)
    case let text as String: date = StoryTime.microseconds(iso8601: Self.whole(text)).map { $0 / 1_000 }
    default: throw failure("`Days` or `Date` is missing")
    }
    guard let date else { throw failure("`Date` is no day, such as 2024-03-01") }
    return .date(date)
  }

  private static func milliseconds(_ moment: Date) -> Int64? {
    let seconds = moment.timeIntervalSince1970
    return abs(seconds) < 1e12 ? Int64(seconds * 1_000) : nil
  }

  private static func whole(_ text: String) -> String {
    text.utf8.count == 10 ? text + "T00:00:00Z" : text
  }
}
