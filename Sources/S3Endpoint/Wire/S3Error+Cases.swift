internal import HTTPServer

/// The refusals that are made in more than one place, each with the elements that S3 gives it.
extension S3Error {
  package static func noSuchBucket(_ bucket: String) -> S3Error {
    S3Error(.noSuchBucket, elements: ["BucketName": bucket])
  }

  package static func noSuchKey(_ key: String) -> S3Error {
    S3Error(.noSuchKey, elements: ["Key": key])
  }

  package static func noSuchVersion(_ versionID: String, key: String) -> S3Error {
    S3Error(.noSuchVersion, elements: ["Key": key, "VersionId": versionID])
  }

  package static func noSuchUpload(_ uploadID: String) -> S3Error {
    S3Error(.noSuchUpload, elements: ["UploadId": uploadID])
  }

  /// A query parameter, header or element whose value cannot be.
  package static func invalidArgument(
    _ name: String,
    _ value: String?,
    _ message: String
  ) -> S3Error {
    var error = S3Error(.invalidArgument, message, elements: ["ArgumentName": name])
    if let value { error.elements.append(Element("ArgumentValue", value)) }
    return error
  }

  /// A range that begins behind the object's end.
  package static func invalidRange(_ requested: String, size: Int) -> S3Error {
    S3Error(
      .invalidRange,
      elements: ["RangeRequested": requested, "ActualObjectSize": String(size)],
      headers: [HTTPHeader("content-range", "bytes */\(size)")]
    )
  }

  package static func invalidPart(uploadID: String, number: Int, entityTag: String) -> S3Error {
    S3Error(
      .invalidPart,
      elements: ["UploadId": uploadID, "PartNumber": String(number), "ETag": entityTag]
    )
  }

  package static func entityTooSmall(size: Int, minimum: Int) -> S3Error {
    S3Error(
      .entityTooSmall,
      elements: ["ProposedSize": String(size), "MinSizeAllowed": String(minimum)]
    )
  }

  package static func entityTooLarge(size: Int, maximum: Int) -> S3Error {
    S3Error(
      .entityTooLarge,
      elements: ["ProposedSize": String(size), "MaxSizeAllowed": String(maximum)]
    )
  }

  package static func keyTooLong(bytes: Int, maximum: Int) -> S3Error {
    S3Error(
      .keyTooLong,
      elements: ["Size": String(bytes), "MaxSizeAllowed": String(maximum)]
    )
  }

  /// A condition that did not hold: the name of its header, such as `If-Match`.
  package static func preconditionFailed(_ condition: String) -> S3Error {
    S3Error(.preconditionFailed, elements: ["Condition": condition])
  }

  /// A method that a resource does not have, with those that it has.
  ///
  /// The type is `SERVICE`, `BUCKET`, `OBJECT`, or a sub-resource such as `VERSIONING`.
  package static func methodNotAllowed(
    _ method: String,
    resourceType: String,
    allowed: [String]
  ) -> S3Error {
    S3Error(
      .methodNotAllowed,
      elements: ["Method": method, "ResourceType": resourceType],
      headers: [HTTPHeader("allow", allowed.joined(separator: ", "))]
    )
  }

  /// A part of S3 that this endpoint does not have, by name, such as `tagging`.
  package static func unsupported(_ name: String) -> S3Error {
    S3Error(.notImplemented, "\(name) is a part of S3 that this endpoint does not have.")
  }

  /// A header that asks for what this endpoint does not do.
  package static func unsupportedHeader(_ name: String, _ message: String? = nil) -> S3Error {
    var error = S3Error(.notImplemented, elements: ["Header": name])
    if let message { error.elements.append(Element("additionalMessage", message)) }
    return error
  }
}
