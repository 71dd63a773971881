package import HTTPServer

/// A refusal as S3 answers it: a code that clients act on, a sentence, and what it is about.
package struct S3Error: Error, Sendable, Hashable, CustomStringConvertible {
  /// One element of the answer besides code and message, such as `Key`.
  package struct Element: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package var code: S3ErrorCode
  package var message: String
  /// In the order they are written.
  package var elements: [Element]
  /// Headers that belong to the answer, such as `Allow` of a 405 or `Content-Range` of a 416.
  package var headers: [HTTPHeader]

  /// An error with its code's own sentence where `message` is nil; elements by name, in the order they
  /// are written.
  package init(
    _ code: S3ErrorCode,
    _ message: String? = nil,
    elements: KeyValuePairs<String, String> = [:],
    headers: [HTTPHeader] = []
  ) {
    self.code = code
    self.message = message ?? code.defaultMessage
    self.elements = elements.map { Element($0.key, $0.value) }
    self.headers = headers
  }

  package var status: Int { code.status }

  /// The value of an element; nil where there is none of that name.
  package func element(_ name: String) -> String? {
    elements.first { $0.name == name }?.value
  }

  package var description: String {
    "\(code.rawValue): \(message)"
      + elements.map { " \($0.name)=\($0.value)" }.joined(separator: ",")
  }

  /// The body of the answer; empty for a 304.
  ///
  /// `requestID` and `hostID` are those of the headers `x-amz-request-id` and `x-amz-id-2`. `resource` is
  /// the path that was asked for; nil leaves it out, as S3 itself does where `BucketName` or `Key` say
  /// more.
  package func xml(requestID: String, hostID: String? = nil, resource: String? = nil) -> [UInt8] {
    guard code != .notModified else { return [] }
    var writer = XMLWriter(capacity: 512)
    writer.open("Error")
    writer.element("Code", code.rawValue)
    writer.element("Message", message)
    writer.element("Resource", ifPresent: resource)
    for element in elements { writer.element(named: element.name, element.value) }
    writer.element("RequestId", requestID)
    writer.element("HostId", ifPresent: hostID)
    writer.close("Error")
    return writer.bytes
  }
}
