package import HTTPServer
internal import ObjectStorage

/// The storage classes by the names that S3 gives them.
package enum StorageClassName {
  package static let standard = StorageClass.standard.rawValue
  /// Where a lifecycle rule may move objects.
  package static let transitionTargets = StorageClass.allCases
    .filter { StorageClass.standard.canBecome($0) }.map(\.rawValue)
  package static let all = [standard] + transitionTargets

  /// The class that a PUT asks for; `STANDARD` where it asks for none.
  ///
  /// Throws `S3Error` of the code `invalidStorageClass`.
  package static func asked(by headers: [HTTPHeader]) throws -> String {
    guard let name = headers.value("x-amz-storage-class") else { return standard }
    guard all.contains(name) else {
      throw S3Error(.invalidStorageClass, elements: ["StorageClassRequested": name])
    }
    return name
  }
}

/// What a client wants to be kept with an object and given back with it.
package struct ObjectHeaders: Sendable, Hashable {
  /// Bytes of all names and values of a client's own metadata.
  package static let metadataBytesMax = 2_048

  /// Nil where the client gave none; S3 answers `binary/octet-stream` then.
  package var contentType: String?
  /// Without `aws-chunked`, which is how a body travels, and no property of the object.
  package var contentEncoding: String?
  package var contentLanguage: String?
  package var contentDisposition: String?
  package var cacheControl: String?
  package var expires: String?
  /// The headers `x-amz-meta-…`: names without that, in small letters.
  package var metadata: [String: String] = [:]

  package init() {}

  /// Of a name that stands twice the values are joined by a comma, as S3 does.
  ///
  /// Throws `S3Error` of the code `metadataTooLarge`.
  package init(_ headers: [HTTPHeader]) throws {
    contentType = Self.text(headers, "content-type")
    contentLanguage = Self.text(headers, "content-language")
    contentDisposition = Self.text(headers, "content-disposition")
    cacheControl = Self.text(headers, "cache-control")
    expires = Self.text(headers, "expires")
    let encodings = headers.joinedValue("content-encoding")?.split(separator: ",")
      .map { $0.trimmingSpaces() }.filter { !$0.isEmpty && $0.lowercased() != "aws-chunked" }
    contentEncoding = encodings.flatMap { $0.isEmpty ? nil : $0.joined(separator: ",") }
    metadata = try Self.metadata(headers)
  }

  private static func text(_ headers: [HTTPHeader], _ name: String) -> String? {
    headers.value(name).flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func metadata(_ headers: [HTTPHeader]) throws -> [String: String] {
    let prefix = "x-amz-meta-"
    var metadata: [String: String] = [:]
    for header in headers where header.begins(with: prefix) {
      let name = header.name.dropFirst(prefix.count).lowercased()
      let value = String(header.value[...].trimmingSpaces())
      metadata[name] = metadata[name].map { $0 + "," + value } ?? value
    }
    let size = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard size <= metadataBytesMax else {
      throw S3Error(
        .metadataTooLarge,
        elements: ["Size": String(size), "MaxSizeAllowed": String(metadataBytesMax)]
      )
    }
    return metadata
  }

  /// The headers of an answer, in a fixed order.
  ///
  /// Where `overrides` has a header, its value is taken.
  package func answer(overrides: [HTTPHeader] = []) -> [HTTPHeader] {
    let own: [(String, String?)] = [
      ("content-type", contentType ?? "binary/octet-stream"), ("content-encoding", contentEncoding),
      ("content-language", contentLanguage), ("content-disposition", contentDisposition),
      ("cache-control", cacheControl), ("expires", expires),
    ]
    var headers = own.compactMap { name, value in
      (overrides.value(name) ?? value).map { HTTPHeader(name, $0) }
    }
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
      headers.append(HTTPHeader("x-amz-meta-" + name, value))
    }
    return headers
  }
}

extension QueryParameters {
  private static let overridable = [
    "content-type", "content-encoding", "content-language", "content-disposition", "cache-control",
    "expires",
  ]

  /// What a GET wants to be answered instead of the object's own headers: `response-content-type` and
  /// its like.
  ///
  /// Throws `S3Error` of the code `invalidArgument` for a value that no header can have.
  package func responseOverrides() throws -> [HTTPHeader] {
    try Self.overridable.compactMap { name in
      guard let value = text("response-" + name) else { return nil }
      guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
        throw S3Error.invalidArgument(
          "response-" + name,
          nil,
          "A header cannot have this value."
        )
      }
      return HTTPHeader(name, value)
    }
  }
}
