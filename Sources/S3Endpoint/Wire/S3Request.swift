// A request of S3's, read: what the server has of it becomes values.
//
// 1. `S3Address` finds bucket and key in host and path.
// 2. `QueryParameters` decodes the query.
// 3. `S3Operation+Routing` finds the operation in method, sub-resource and headers.
// 4. The bodies have readers of their own (`BulkDeleteBody`, `CompleteUploadBody`, …), and so have the
//    headers that belong to an operation (`ObjectHeaders`, `ChecksumHeaders`, `Preconditions`,
//    `WriteCondition`, `ByteRange`).
//
// Signatures are not looked at here: they are made over the request as it was sent.

package import HTTPServer

/// One request without its body.
package struct S3Request: Sendable {
  /// The names of this machine below which buckets are hosts.
  package static let localDomains = ["localhost", "s3.localhost"]

  /// In capitals.
  package let method: String
  package let address: S3Address
  package let parameters: QueryParameters
  package let headers: [HTTPHeader]
  package let operation: S3Operation

  /// Reads path and query as they were sent, percent-encoded.
  ///
  /// The path begins with a slash; the query is what follows the question mark, nil without one. For
  /// `domains` see `S3Address`. Throws `S3Error` for whatever cannot be understood or may not be asked.
  package init(
    method: String,
    path: String,
    query: String?,
    headers: [HTTPHeader],
    domains: [String] = S3Request.localDomains
  ) throws {
    self.method = method
    self.headers = headers
    address = try S3Address(host: headers.value("host"), path: path, domains: domains)
    parameters = try QueryParameters(query)
    operation = try S3Operation(method, address, parameters, headers)
  }

  /// Empty where the request names none.
  package var bucket: String { address.bucket }
  /// Empty where the request names none.
  package var key: String { address.key }

  /// The first value of a header, its name compared without case; nil where there is none.
  package func header(_ name: String) -> String? { headers.value(name) }
}
