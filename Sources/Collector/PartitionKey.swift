// By which field a record finds its partition: `partitionKey` of collector.yaml.

internal import KafkaProtocol

/// The fields whose first one that an event has is its record's key.
package struct PartitionKey: Sendable, Hashable {
  /// What an event without any of the fields gets.
  package enum Null: String, Sendable, CaseIterable {
    /// No key: such records are spread over the partitions, in no order.
    case spread
    /// The empty text as a key, as code that prints a missing value makes it: one partition for all.
    case empty
  }

  /// In the order in which they are tried. None gives every record no key.
  package var fields: [String]
  package var null: Null

  package init(fields: [String] = ["device_id", "user_id"], null: Null = .spread) {
    self.fields = fields
    self.null = null
  }

  /// The fields that may be named.
  package static let known = [
    "event_name", "user_id", "device_id", "install_id", "session_id", "platform", "app_version",
    "locale",
  ]

  /// The partition of an event: its key's, or where it has none, one that its id picks.
  static func partition(_ event: ReadyEvent, count: Int) -> Int32 {
    Murmur2.partition(forKey: event.key ?? Array(event.eventID.utf8), count: count)
  }
}

/// The key's fields as they are looked up for each event.
struct KeyRule: Sendable {
  var fields: [EnvelopeField]
  /// The key of an event without any of the fields.
  var keyOfNone: [UInt8]?

  init(_ key: PartitionKey) {
    fields = key.fields.compactMap { name in EnvelopeField.allCases.first { $0.key == name } }
    keyOfNone = key.null == .empty && !fields.isEmpty ? [] : nil
  }
}

extension CollectorSettings {
  /// `partitionKey: NAME`, `[NAME, NAME]` or `none`, and `nullKey: spread|empty`.
  func partitionKey(_ before: PartitionKey) throws -> PartitionKey {
    var key = before
    switch map["partitionKey"] {
    case nil: break
    case let name as String where name == "none": key.fields = []
    case let name as String: key.fields = [name]
    case let names as [String] where !names.isEmpty: key.fields = names
    default:
      throw Self.bad("needs a field, a list of fields or none for `partitionKey`", file, "partitionKey")
    }
    if let name = key.fields.first(where: { !PartitionKey.known.contains($0) }) {
      throw Self.bad(
        "has \(name) in `partitionKey`; known: \(PartitionKey.known.joined(separator: ", "))", file,
        "partitionKey")
    }
    key.null = try word("nullKey", PartitionKey.Null.self) ?? key.null
    return key
  }
}
