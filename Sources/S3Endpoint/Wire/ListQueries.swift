// What a list shall show, read from the query. An empty prefix, delimiter or marker is none.

/// ListBuckets.
package struct ListBucketsQuery: Sendable, Hashable {
  package var prefix = ""
  package var continuationToken: String?
  /// 1 to 10,000.
  package var maxBuckets = 10_000
  /// Only buckets of this region; nil for all.
  package var region: String?
  /// The client asked for a part of the list, and not only for all of it.
  package var isPaged = false

  package init() {}

  init(_ parameters: QueryParameters) throws {
    prefix = parameters["prefix"] ?? ""
    continuationToken = parameters.text("continuation-token")
    region = parameters.text("bucket-region")
    if let text = parameters.text("max-buckets") {
      guard let value = Int(text), (1...10_000).contains(value) else {
        throw S3Error.invalidArgument(
          "max-buckets",
          text,
          "Argument max-buckets must be an integer between 1 and 10000"
        )
      }
      maxBuckets = value
    }
    isPaged = ["prefix", "continuation-token", "bucket-region", "max-buckets"].contains {
      parameters[$0] != nil
    }
  }
}

/// ListObjects, the first version.
package struct ListObjectsQuery: Sendable, Hashable {
  package var prefix = ""
  package var delimiter = ""
  /// Keys behind this one; with a delimiter it may be a common prefix.
  package var marker = ""
  /// 0 to 1,000.
  package var maxKeys = 1_000
  package var encoding = KeyEncoding.plain

  package init() {}

  init(_ parameters: QueryParameters) throws {
    prefix = parameters["prefix"] ?? ""
    delimiter = parameters["delimiter"] ?? ""
    marker = parameters["marker"] ?? ""
    maxKeys = try parameters.pageSize("max-keys", argument: "maxKeys")
    encoding = try parameters.keyEncoding()
  }
}

/// ListObjectsV2.
package struct ListObjectsV2Query: Sendable, Hashable {
  package var prefix = ""
  package var delimiter = ""
  /// Keys behind this one, on the first page; nil where it was not sent.
  package var startAfter: String?
  /// As it was given out with the page before, or anything else a client sends; nil where it was not
  /// sent, and empty where it was sent empty.
  package var continuationToken: String?
  /// 0 to 1,000.
  package var maxKeys = 1_000
  package var fetchesOwner = false
  package var encoding = KeyEncoding.plain

  package init() {}

  init(_ parameters: QueryParameters) throws {
    prefix = parameters["prefix"] ?? ""
    delimiter = parameters["delimiter"] ?? ""
    startAfter = parameters.text("start-after")
    continuationToken = parameters["continuation-token"]
    maxKeys = try parameters.pageSize("max-keys", argument: "maxKeys")
    fetchesOwner = parameters["fetch-owner"]?.lowercased() == "true"
    encoding = try parameters.keyEncoding()
  }

  /// The refusal of a continuation token that was not given out here.
  package static func wrongContinuationToken() -> S3Error {
    S3Error.invalidArgument(
      "continuation-token",
      nil,
      "The continuation token provided is incorrect"
    )
  }
}

/// ListObjectVersions.
package struct ListVersionsQuery: Sendable, Hashable {
  package var prefix = ""
  package var delimiter = ""
  package var keyMarker = ""
  /// Versions of `keyMarker` behind this one; nil for keys behind `keyMarker` only.
  package var versionIDMarker: String?
  /// 0 to 1,000.
  package var maxKeys = 1_000
  package var encoding = KeyEncoding.plain

  package init() {}

  init(_ parameters: QueryParameters) throws {
    prefix = parameters["prefix"] ?? ""
    delimiter = parameters["delimiter"] ?? ""
    keyMarker = parameters["key-marker"] ?? ""
    versionIDMarker = parameters.text("version-id-marker")
    maxKeys = try parameters.pageSize("max-keys", argument: "maxKeys")
    encoding = try parameters.keyEncoding()
    if let versionIDMarker, keyMarker.isEmpty {
      throw S3Error.invalidArgument(
        "version-id-marker",
        versionIDMarker,
        "A version-id marker cannot be specified without a key marker."
      )
    }
  }
}

/// ListMultipartUploads.
package struct ListUploadsQuery: Sendable, Hashable {
  package var prefix = ""
  package var delimiter = ""
  package var keyMarker = ""
  /// Uploads of `keyMarker` behind this one; nil also where there is no key marker.
  package var uploadIDMarker: String?
  /// 0 to 1,000.
  package var maxUploads = 1_000
  package var encoding = KeyEncoding.plain

  package init() {}

  init(_ parameters: QueryParameters) throws {
    prefix = parameters["prefix"] ?? ""
    delimiter = parameters["delimiter"] ?? ""
    keyMarker = parameters["key-marker"] ?? ""
    uploadIDMarker = keyMarker.isEmpty ? nil : parameters.text("upload-id-marker")
    maxUploads = try parameters.pageSize("max-uploads")
    encoding = try parameters.keyEncoding()
  }
}

/// ListParts.
package struct ListPartsQuery: Sendable, Hashable {
  package var uploadID: String
  /// Parts of higher numbers.
  package var partNumberMarker = 0
  /// 0 to 1,000.
  package var maxParts = 1_000

  package init(uploadID: String) {
    self.uploadID = uploadID
  }

  init(uploadID: String, _ parameters: QueryParameters) throws {
    self.uploadID = uploadID
    partNumberMarker = try parameters.number("part-number-marker") ?? 0
    maxParts = try parameters.pageSize("max-parts")
  }
}
