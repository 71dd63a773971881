internal import HTTPServer
internal import ObjectStorage

// Operations on buckets, and what is configured for one.
extension S3Door {
  /// The bucket that the request names.
  func bucket(_ call: S3Call) throws -> Bucket { try bucket(named: call.request.bucket) }

  func bucket(named name: String) throws -> Bucket {
    do {
      return try buckets.bucket(name)
    } catch let error as ObjectStorageError where error.kind == .noSuchBucket {
      throw S3Error.noSuchBucket(name)
    }
  }

  func listBuckets(_ call: S3Call, _ query: ListBucketsQuery) throws -> HTTPResponse {
    buckets.ledger.count(.listBuckets)
    let all = try buckets.list().filter { bucket in
      bucket.name.hasPrefix(query.prefix) && query.region.map { $0 == region } ?? true
        && query.continuationToken.map { bucket.name > $0 } ?? true
    }
    let page = all.prefix(query.maxBuckets)
    return call.answers.document(
      ListBucketsBody(
        owner: Self.owner, query: query, region: region,
        buckets: page.map {
          ListedBucket(name: $0.name, createdMilliseconds: $0.createdMilliseconds)
        },
        nextContinuationToken: page.count < all.count ? page.last?.name : nil
      ).xml())
  }

  func createBucket(_ call: S3Call, _ body: [UInt8]) throws -> HTTPResponse {
    if let asked = try CreateBucketBody.read(body), asked != region {
      throw S3Error(
        .invalidLocationConstraint, "The buckets of this endpoint are in \(region).",
        elements: ["LocationConstraint": asked])
    }
    buckets.ledger.count(.createBucket)
    try buckets.create(call.request.bucket)
    return call.answers.plain(200, [HTTPHeader("location", "/" + call.request.bucket)])
  }

  func headBucket(_ call: S3Call) throws -> HTTPResponse {
    try bucket(call).ledger.count(.headBucket)
    return call.answers.plain(200, [HTTPHeader("x-amz-bucket-region", region)])
  }

  func deleteBucket(_ call: S3Call) throws -> HTTPResponse {
    buckets.ledger.count(.deleteBucket)
    try buckets.delete(call.request.bucket)
    return call.answers.plain(204)
  }

  func location(_ call: S3Call) throws -> HTTPResponse {
    try bucket(call).ledger.count(.configure)
    return call.answers.document(LocationBody.xml(region: region))
  }

  func probe(_ call: S3Call, _ probe: S3Probe) throws -> HTTPResponse {
    try bucket(call).ledger.count(.configure)
    return call.answers.document(try probe.xml(bucket: call.request.bucket, owner: Self.owner))
  }

  // MARK: Versioning and lifecycle

  func versioning(_ call: S3Call) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.configure)
    let isEnabled: Bool? =
      switch try bucket.versioning() {
      case .unversioned: nil
      case .enabled: true
      case .suspended: false
      }
    return call.answers.document(VersioningBody.xml(isEnabled: isEnabled))
  }

  func putVersioning(_ call: S3Call, _ body: [UInt8]) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.configure)
    try bucket.setVersioning(try VersioningBody.read(body) ? .enabled : .suspended)
    return call.answers.plain(200)
  }

  func lifecycle(_ call: S3Call) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.configure)
    guard let configuration = try bucket.lifecycle() else {
      throw S3Error(
        .noSuchLifecycleConfiguration, elements: ["BucketName": call.request.bucket])
    }
    return call.answers.document(LifecycleBody.xml(configuration.rules.map(WireLifecycleRule.init)))
  }

  func putLifecycle(_ call: S3Call, _ body: [UInt8]) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.configure)
    let rules = try LifecycleBody.read(body).map(LifecycleRule.init)
    try bucket.setLifecycle(LifecycleConfiguration(rules))
    return call.answers.plain(200)
  }

  func deleteLifecycle(_ call: S3Call) throws -> HTTPResponse {
    let bucket = try bucket(call)
    bucket.ledger.count(.configure)
    try bucket.setLifecycle(nil)
    return call.answers.plain(204)
  }
}
