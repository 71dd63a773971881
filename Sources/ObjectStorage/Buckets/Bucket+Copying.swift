extension Bucket {
  /// Copies an object of this or another bucket to a key, as CopyObject does.
  ///
  /// The copy's time is its own, and so are its bytes: the system copies them, without moving any where
  /// the file system can. With nil `attributes` it keeps the source's headers, metadata and checksum;
  /// its storage class is the one given. An entity tag is kept where it is the MD5 of the bytes.
  ///
  /// - Throws: what `open` throws for the source, and `put` for the target.
  public func copy(
    _ source: String, version: String? = nil, from bucket: Bucket? = nil, to key: String,
    attributes: ObjectAttributes? = nil, storageClass: StorageClass = .standard,
    condition: PutCondition = .none
  ) throws -> ObjectRecord {
    try ObjectKey.check(key)
    let (record, reader) = try (bucket ?? self).open(source, version: version)
    let writer = try store.makeWriter()
    try writer.append(reader, range: 0..<reader.byteCount)
    var kept = attributes ?? record.attributes
    if attributes == nil { kept.storageClass = storageClass }
    kept.checksum = kept.checksum ?? record.attributes.checksum
    if kept.checksum?.isComposite == true { kept.checksum = nil }
    kept.partSizes = []
    if attributes?.entityTag == nil {
      kept.entityTag = EntityTag.isMD5(record.entityTag) ? record.entityTag : nil
    }
    return try put(
      StagedObject(key: key, writer: writer), attributes: kept, condition: condition)
  }
}
