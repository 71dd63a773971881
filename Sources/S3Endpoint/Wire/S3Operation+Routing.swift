// Finds the operation of a request. The method and what is addressed decide, and the sub-resource: the one
// parameter of the query that names a part of a bucket or an object, such as `?versioning`. Its value and
// parameters of other names do not matter.

internal import HTTPServer

extension S3Operation {
  init(
    _ method: String,
    _ address: S3Address,
    _ parameters: QueryParameters,
    _ headers: [HTTPHeader]
  ) throws {
    let subresource = try SubResource.named(in: parameters)
    if address.bucket.isEmpty {
      guard method == "GET" else {
        throw S3Error.methodNotAllowed(method, resourceType: "SERVICE", allowed: ["GET"])
      }
      self = .listBuckets(try ListBucketsQuery(parameters))
    } else if address.key.isEmpty {
      self = try Self.ofBucket(method, subresource, parameters)
    } else if let subresource {
      self = try Self.ofObject(method, subresource: subresource)
    } else {
      self = try Self.ofObject(method, parameters, headers)
    }
  }

  // MARK: - Buckets

  private static func ofBucket(
    _ method: String,
    _ subresource: String?,
    _ parameters: QueryParameters
  ) throws -> S3Operation {
    switch (method, subresource) {
    case ("GET", nil):
      return parameters["list-type"] == "2"
        ? .listObjectsV2(try ListObjectsV2Query(parameters))
        : .listObjects(try ListObjectsQuery(parameters))
    case ("PUT", nil): return .createBucket
    case ("HEAD", nil): return .headBucket
    case ("DELETE", nil): return .deleteBucket
    case ("POST", nil): return .unsupported("An upload by an HTML form")
    case (_, nil): throw notAllowed(method, on: "BUCKET", "GET", "HEAD", "PUT", "DELETE", "POST")

    case ("GET", "location"): return .bucketLocation
    case ("GET", "versions"): return .listVersions(try ListVersionsQuery(parameters))
    case ("GET", "uploads"): return .listUploads(try ListUploadsQuery(parameters))
    case ("GET", "versioning"): return .getVersioning
    case ("PUT", "versioning"): return .putVersioning
    case ("GET", "lifecycle"): return .getLifecycle
    case ("PUT", "lifecycle"): return .putLifecycle
    case ("DELETE", "lifecycle"): return .deleteLifecycle
    case ("POST", "delete"): return .bulkDelete

    case (_, "location"), (_, "versions"), (_, "uploads"):
      throw notAllowed(method, on: subresource, "GET")
    case (_, "versioning"): throw notAllowed(method, on: subresource, "GET", "PUT")
    case (_, "lifecycle"): throw notAllowed(method, on: subresource, "GET", "PUT", "DELETE")
    case (_, "delete"): throw notAllowed(method, on: subresource, "POST")

    case ("GET", let name?):
      return S3Probe(ofBucket: name).map(S3Operation.probe) ?? .unsupported("?" + name)
    case (_, let name?): return .unsupported("?" + name)
    }
  }

  // MARK: - Objects

  private static func ofObject(_ method: String, subresource: String) throws -> S3Operation {
    switch (method, subresource) {
    case ("POST", "uploads"): return .createUpload
    case ("GET", "uploads"):
      throw S3Error(
        .invalidRequest,
        "Key is not expected for the GET method ?uploads subresource"
      )
    case (_, "versions"):
      throw S3Error(
        .invalidRequest,
        "There is no such thing as the ?versions sub-resource for a key"
      )
    case (_, "uploads"): throw notAllowed(method, on: subresource, "POST")
    case ("GET", let name):
      return S3Probe(ofObject: name).map(S3Operation.probe) ?? .unsupported("?" + name)
    case (_, let name): return .unsupported("?" + name)
    }
  }

  private static func ofObject(
    _ method: String,
    _ parameters: QueryParameters,
    _ headers: [HTTPHeader]
  ) throws -> S3Operation {
    let uploadID = parameters["uploadId"]
    if let uploadID, uploadID.isEmpty { throw S3Error.noSuchUpload(uploadID) }
    switch (method, uploadID) {
    case ("GET", let uploadID?):
      return .listParts(try ListPartsQuery(uploadID: uploadID, parameters))
    case ("POST", let uploadID?): return .completeUpload(uploadID: uploadID)
    case ("DELETE", let uploadID?): return .abortUpload(uploadID: uploadID)
    case ("PUT", let uploadID?): return try part(of: uploadID, parameters, headers)
    case ("GET", nil):
      let versionID = try parameters.versionID()
      return .getObject(partNumber: try readPart(parameters, headers), versionID: versionID)
    case ("HEAD", _):
      let versionID = try parameters.versionID()
      return .headObject(partNumber: try readPart(parameters, headers), versionID: versionID)
    case ("DELETE", nil): return .deleteObject(versionID: try parameters.versionID())
    case ("PUT", nil): return try put(parameters, headers)
    default: throw notAllowed(method, on: "OBJECT", "GET", "HEAD", "PUT", "DELETE", "POST")
    }
  }

  private static func put(
    _ parameters: QueryParameters,
    _ headers: [HTTPHeader]
  ) throws -> S3Operation {
    if let number = parameters["partNumber"] {
      throw S3Error.invalidArgument(
        "partNumber",
        number,
        "This operation does not accept partNumber without uploadId"
      )
    }
    guard let source = headers.value("x-amz-copy-source") else { return .putObject }
    return .copyObject(try CopySource(header: source), try MetadataDirective(headers))
  }

  private static func part(
    of uploadID: String,
    _ parameters: QueryParameters,
    _ headers: [HTTPHeader]
  ) throws -> S3Operation {
    guard let number = try parameters.partNumber() else {
      throw S3Error.invalidArgument(
        "uploadId",
        uploadID,
        "This operation does not accept uploadId without partNumber"
      )
    }
    guard let source = headers.value("x-amz-copy-source") else {
      return .uploadPart(uploadID: uploadID, number: number)
    }
    return .uploadPartCopy(
      try CopySource(header: source),
      uploadID: uploadID,
      number: number,
      range: try headers.value("x-amz-copy-source-range").map { try CopyRange($0) }
    )
  }

  private static func readPart(
    _ parameters: QueryParameters,
    _ headers: [HTTPHeader]
  ) throws -> Int? {
    guard let number = try parameters.partNumber() else { return nil }
    guard headers.value("range") == nil else {
      throw S3Error(
        .invalidRequest,
        "Cannot specify both Range header and partNumber query parameter"
      )
    }
    return number
  }

  private static func notAllowed(
    _ method: String,
    on resource: String?,
    _ allowed: String...
  ) -> S3Error {
    S3Error.methodNotAllowed(
      method,
      resourceType: (resource ?? "").uppercased(),
      allowed: allowed
    )
  }
}
