/// What an object's bytes cost while they rest and when they are read, as S3 names it.
public enum StorageClass: String, Sendable, Hashable, Codable, CaseIterable {
  case standard = "STANDARD"
  case reducedRedundancy = "REDUCED_REDUNDANCY"
  case standardInfrequentAccess = "STANDARD_IA"
  case intelligentTiering = "INTELLIGENT_TIERING"
  case oneZoneInfrequentAccess = "ONEZONE_IA"
  case glacierInstantRetrieval = "GLACIER_IR"
  case glacier = "GLACIER"
  case deepArchive = "DEEP_ARCHIVE"

  /// Days of rest that are charged at least.
  public var minimumDays: Int {
    switch self {
    case .standard, .reducedRedundancy, .intelligentTiering: 0
    case .standardInfrequentAccess, .oneZoneInfrequentAccess: 30
    case .glacierInstantRetrieval, .glacier: 90
    case .deepArchive: 180
    }
  }

  /// True where an object must be restored before it can be read.
  public var isArchive: Bool { self == .glacier || self == .deepArchive }

  /// True where lifecycle rules may move an object from here to `next`: only downwards.
  public func canBecome(_ next: StorageClass) -> Bool {
    switch (self, next) {
    case (_, .standard), (_, .reducedRedundancy): false
    case (.standard, _), (.reducedRedundancy, _): true
    case (.oneZoneInfrequentAccess, _): next.isArchive
    default: Self.order(self) < Self.order(next)
    }
  }

  private static func order(_ storageClass: StorageClass) -> Int {
    allCases.firstIndex(of: storageClass) ?? 0
  }
}
