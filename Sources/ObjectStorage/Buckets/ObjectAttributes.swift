/// What S3 keeps of an object beside its bytes, as its writer gave it.
public struct ObjectAttributes: Sendable, Hashable {
  /// The headers that come back with the object, by lower-case name: content-type, content-encoding,
  /// content-language, content-disposition, cache-control and expires.
  public var headers: [String: String]
  /// What the writer calls it: the headers that begin with x-amz-meta-, without that.
  public var userMetadata: [String: String]
  public var storageClass: StorageClass
  /// Without quotes; nil where the writer did not know it, and the bucket derives one.
  public var entityTag: String?
  public var checksum: ObjectChecksum?
  /// The bytes of each part of a multipart upload, in order; empty for an object in one piece.
  public var partSizes: [Int]

  public init(
    headers: [String: String] = [:], userMetadata: [String: String] = [:],
    storageClass: StorageClass = .standard, entityTag: String? = nil,
    checksum: ObjectChecksum? = nil, partSizes: [Int] = []
  ) {
    self.headers = headers
    self.userMetadata = userMetadata
    self.storageClass = storageClass
    self.entityTag = entityTag
    self.checksum = checksum
    self.partSizes = partSizes
  }
}

extension ObjectAttributes: Codable {
  private enum CodingKeys: String, CodingKey {
    case headers, userMetadata, storageClass, entityTag, checksum, partSizes
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      headers: try values.decodeIfPresent([String: String].self, forKey: .headers) ?? [:],
      userMetadata: try values.decodeIfPresent([String: String].self, forKey: .userMetadata) ?? [:],
      storageClass: try values.decodeIfPresent(StorageClass.self, forKey: .storageClass)
        ?? .standard,
      entityTag: try values.decodeIfPresent(String.self, forKey: .entityTag),
      checksum: try values.decodeIfPresent(ObjectChecksum.self, forKey: .checksum),
      partSizes: try values.decodeIfPresent([Int].self, forKey: .partSizes) ?? []
    )
  }

  /// Only what differs from the defaults: most objects have little.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    if !headers.isEmpty { try values.encode(headers, forKey: .headers) }
    if !userMetadata.isEmpty { try values.encode(userMetadata, forKey: .userMetadata) }
    if storageClass != .standard { try values.encode(storageClass, forKey: .storageClass) }
    try values.encodeIfPresent(entityTag, forKey: .entityTag)
    try values.encodeIfPresent(checksum, forKey: .checksum)
    if !partSizes.isEmpty { try values.encode(partSizes, forKey: .partSizes) }
  }
}
