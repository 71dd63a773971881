/// The parameters of a query, decoded: `+` is a space there.
///
/// A parameter without `=` has an empty value. Where a name stands twice the first counts, as in S3.
package struct QueryParameters: Sendable, Hashable {
  package struct Parameter: Sendable, Hashable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// In the order they were sent.
  package let list: [Parameter]

  /// - Parameter raw: what follows the question mark, as sent; nil without one.
  /// - Throws: `S3Error` of the code `invalidURI` for a broken escape or what is not UTF-8.
  package init(_ raw: String?) throws {
    var list: [Parameter] = []
    for pair in (raw ?? "").utf8.split(separator: UInt8(ascii: "&")) {
      let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
      guard let name = PercentEncoding.decoded(pair[..<end], plusIsSpace: true),
        let value = PercentEncoding.decoded(pair[end...].dropFirst(), plusIsSpace: true)
      else { throw S3Error(.invalidURI) }
      list.append(Parameter(name, value))
    }
    self.list = list
  }

  /// The value of a parameter; nil where it was not sent.
  ///
  /// Names are compared with their case.
  package subscript(name: String) -> String? {
    list.first { $0.name == name }?.value
  }

  /// A parameter that means nothing when it is empty; nil for that and where it was not sent.
  func text(_ name: String) -> String? {
    self[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The bound of a page such as `max-keys`: what was asked for, at most 1,000, and that by default.
  ///
  /// `argument` is how S3 calls it in a refusal, where that differs. Throws `S3Error` of the code
  /// `invalidArgument` for what is no number from 0 to 2,147,483,647.
  func pageSize(_ name: String, argument: String? = nil) throws -> Int {
    min(1_000, try number(name, argument: argument) ?? 1_000)
  }

  /// A number from 0 to 2,147,483,647; nil where it was not sent.
  func number(_ name: String, argument: String? = nil) throws -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int32(text) else {
      throw S3Error.invalidArgument(
        name,
        text,
        "Provided \(name) not an integer or within integer range"
      )
    }
    guard value >= 0 else {
      let argument = argument ?? name
      throw S3Error.invalidArgument(
        argument,
        text,
        "Argument \(argument) must be an integer between 0 and 2147483647"
      )
    }
    return Int(value)
  }

  /// `partNumber`, 1 to 10,000; nil where it was not sent.
  func partNumber() throws -> Int? {
    guard let text = self["partNumber"] else { return nil }
    guard let value = Int(text), (1...10_000).contains(value) else {
      throw S3Error.invalidArgument(
        "partNumber",
        text,
        "Part number must be an integer between 1 and 10000, inclusive"
      )
    }
    return value
  }

  /// `versionId`; nil where it was not sent.
  func versionID() throws -> String? {
    guard let text = self["versionId"] else { return nil }
    guard !text.isEmpty else {
      throw S3Error.invalidArgument("versionId", "", "Version id cannot be the empty string")
    }
    return text
  }

  /// `encoding-type`, which is `url` or not sent.
  func keyEncoding() throws -> KeyEncoding {
    guard let text = text("encoding-type") else { return .plain }
    guard text.lowercased() == "url" else {
      throw S3Error.invalidArgument(
        "encoding-type",
        text,
        "Invalid Encoding Method specified in Request"
      )
    }
    return .url
  }
}
