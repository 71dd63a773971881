internal import Course
internal import ObjectStorage

/// What S3 charges, as the learner assumes it: US dollars, a gigabyte being 1,000,000,000 bytes.
struct ObjectPrices {
  /// What is assumed, by the names of `assume list`.
  private(set) var used: [AssumptionInForce] = []
  private let values: [String: Double]

  /// The assumptions that prices are made of.
  static let names = [
    "s3_standard", "s3_standard_ia", "s3_onezone_ia", "s3_glacier_ir", "s3_glacier",
    "s3_deep_archive", "s3_put", "s3_get", "s3_move_ia", "s3_move_glacier", "s3_move_deep",
    "region_factor",
  ]

  /// The first name that is missing is nil where all of them are assumed.
  init?(_ known: [AssumptionInForce], missing: inout String?) {
    var values: [String: Double] = [:]
    for one in known { values[one.assumption.id] = one.value }
    missing = Self.names.first { values[$0] == nil }
    guard missing == nil else { return nil }
    self.values = values
    used = known.filter { Self.names.contains($0.assumption.id) }
  }

  private func price(_ name: String) -> Double { (values[name] ?? 0) * (values["region_factor"] ?? 1) }

  /// The name of the assumption for a class; those without one of their own rest at Standard's price.
  static func name(_ storageClass: StorageClass) -> String {
    switch storageClass {
    case .standard, .reducedRedundancy, .intelligentTiering: "s3_standard"
    case .standardInfrequentAccess: "s3_standard_ia"
    case .oneZoneInfrequentAccess: "s3_onezone_ia"
    case .glacierInstantRetrieval: "s3_glacier_ir"
    case .glacier: "s3_glacier"
    case .deepArchive: "s3_deep_archive"
    }
  }

  /// A gigabyte for a month.
  func storage(_ storageClass: StorageClass) -> Double { price(Self.name(storageClass)) }

  /// Bytes that rest for a whole month.
  func storage(_ storageClass: StorageClass, bytes: Double) -> Double {
    bytes / 1e9 * storage(storageClass)
  }

  /// A thousand requests. Of moves the cheapest: how far each went was not written down.
  func requests(_ tier: RequestTier) -> Double {
    switch tier {
    case .first: price("s3_put")
    case .second: price("s3_get")
    case .free: 0
    case .transition: price("s3_move_ia")
    }
  }

  /// One move into a class.
  func move(into storageClass: StorageClass) -> Double {
    let name =
      switch storageClass {
      case .deepArchive: "s3_move_deep"
      case .glacier, .glacierInstantRetrieval: "s3_move_glacier"
      default: "s3_move_ia"
      }
    return price(name) / 1_000
  }
}
