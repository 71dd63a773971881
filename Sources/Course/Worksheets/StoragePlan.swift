package import Grading

/// What comes into a lake below one prefix, and what is asked of it: `Lessons/storage.yaml`.
///
/// ```yaml
/// - id: bronze
///   key: raw/events/year=2024/month=02/day=01/hour=00/app-events-0.json.gz
///   objects: 72
///   bytes: dau * events_per_user * bytes_gzip
///   kept: audit_days
///   at_once: 30
/// ```
/// Every number is a formula over assumptions, so that prices and sizes are the learner's own.
package struct StorageLoad: Sendable, Hashable {
  /// A number of a load, by its key in the file.
  package enum Quantity: String, Sendable, Hashable, CaseIterable {
    /// New objects a day.
    case objects
    /// Bytes of them all.
    case bytes
    /// Bytes a day that become earlier versions, because a job writes them anew.
    case replaced
    /// How often a month each byte at rest is read.
    case reads
    /// Days for which it is read; as long as it is there where this is absent.
    case readFor = "read_for"
    /// Days for which an object is there as the current version.
    case kept
    /// Days for which it can be read without a restore.
    case atOnce = "at_once"
    /// Hours that a restore may take, as long as it is kept.
    case restore
    /// Days after which no version of it is left.
    case gone
    /// Days for which a version that was deleted or replaced is still there.
    case undo

    /// True for those that every load has.
    package var isNeeded: Bool { self == .objects || self == .bytes }
  }

  package var id: String
  package var title: LocalizedText
  /// The key of one of its objects, for the filters of rules.
  package var key: String
  package var formulas: [Quantity: NumberExpression]

  /// Its numbers; what it does not name is absent.
  package func values(_ assumptions: [AssumptionInForce]) -> [Quantity: Double] {
    let known = Dictionary(
      assumptions.map { ($0.assumption.id, $0.value) }, uniquingKeysWith: { $1 })
    return formulas.compactMapValues { $0.value(known) }
  }
}

extension CourseContent {
  /// The loads of `Lessons/storage.yaml`, in their order; none without such a file.
  ///
  /// Throws where a formula names what is no assumption.
  package func storageLoads() throws -> [StorageLoad] {
    guard ContentFolder(path: root + "/Lessons").exists("storage.yaml") else { return [] }
    let names = try assumptions().map(\.id)
    return try entries("storage.yaml", "loads", id: \.id) {
      try StorageLoad.parse($0, assumptions: names)
    }
  }
}

extension WorksheetBook {
  /// What `cost --plan` prices, in its order.
  package func storageLoads() throws -> [StorageLoad] { try content.storageLoads() }
}

extension StorageLoad {
  static func parse(_ node: ManifestNode, assumptions: [String]) throws -> StorageLoad {
    try node.allowKeys(["id", "ko", "en", "key"] + Quantity.allCases.map(\.rawValue))
    var formulas: [Quantity: NumberExpression] = [:]
    for quantity in Quantity.allCases {
      let name = quantity.rawValue
      let written =
        quantity.isNeeded ? try node.required(name, example: "72") : node.optional(name)
      if let written { formulas[quantity] = try written.formula(assumptions) }
    }
    return StorageLoad(
      id: try node.formulaName(),
      title: try node.localizedBeside(needsBoth: true),
      key: try node.required("key", example: "raw/a.json.gz").text(example: "raw/a.json.gz"),
      formulas: formulas)
  }
}
