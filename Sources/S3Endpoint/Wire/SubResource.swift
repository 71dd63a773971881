/// The parameters of a query that name a part of a bucket or an object.
enum SubResource {
  /// All that S3 has: a request for one of them must never be taken for a request for the bucket or
  /// the object itself.
  private static let names: Set<String> = [
    "abac", "accelerate", "acl", "analytics", "attributes", "cors", "delete", "encryption",
    "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "location", "logging",
    "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable",
    "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus",
    "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention",
    "select", "session", "tagging", "torrent", "uploads", "versioning", "versions", "website",
  ]

  /// The one that a query names; nil for none.
  ///
  /// Names are compared with their case. Throws `S3Error` of the code `invalidArgument` for two of them.
  static func named(in parameters: QueryParameters) throws -> String? {
    var found: [String] = []
    for parameter in parameters.list
    where names.contains(parameter.name) && !found.contains(parameter.name) {
      found.append(parameter.name)
    }
    guard found.count <= 1 else {
      throw S3Error.invalidArgument(
        "ResourceType",
        found[0],
        "Conflicting query string parameters: \(found.joined(separator: ", "))"
      )
    }
    return found.first
  }
}
