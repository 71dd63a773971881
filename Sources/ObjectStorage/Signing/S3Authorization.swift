/// The claim of a request: who signed what, when, for where; from the header or from the query.
struct S3Authorization {
  var accessKeyID: String
  /// Day, region, service and terminator as they were sent.
  var day: String
  var region: String
  var scope: String
  var signedHeaders: [String]
  var signature: String
  /// `20130524T000000Z`, and the same in milliseconds since the Unix epoch.
  var timestamp: String
  var milliseconds: Int64
  /// Seconds of validity; nil in the header's form.
  var expires: Int64?

  var isPresigned: Bool { expires != nil }
}

/// `AKIA…/20130524/us-east-1/s3/aws4_request`, taken apart.
struct CredentialScope {
  var accessKeyID: String
  var day: String
  var region: String

  /// Returns what is wrong with it where something is.
  static func parse(_ text: String) -> Result<CredentialScope, Malformed> {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count >= 5 else {
      return .failure(Malformed("the credential \"\(text)\" is not KEY/DAY/REGION/s3/aws4_request"))
    }
    let words = parts.suffix(4).map(String.init)
    let key = parts.dropLast(4).joined(separator: "/")
    if key.isEmpty { return .failure(Malformed("the credential has no access key")) }
    if words[0].utf8.count != 8 || SigningTime.milliseconds(words[0] + "T000000Z") == nil {
      return .failure(Malformed("the credential's day \"\(words[0])\" is not written as 20130524"))
    }
    if words[2] != SignatureV4.service {
      return .failure(Malformed("the credential's service is \"\(words[2])\" and not \"s3\""))
    }
    if words[3] != SignatureV4.terminator {
      return .failure(Malformed("the credential ends in \"\(words[3])\" and not \"aws4_request\""))
    }
    return .success(CredentialScope(accessKeyID: key, day: words[0], region: words[1]))
  }

  struct Malformed: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }
  }
}

/// `host;range;x-amz-date`, taken apart.
enum SignedHeaderList {
  /// Nil where a name is empty, repeated, not in lower case, or has what no header's name has.
  ///
  /// Line ends and colons would let one signed text stand for two requests.
  static func parse(_ text: String) -> [String]? {
    let names = text.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
    guard Set(names).count == names.count,
      names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isOfName) })
    else { return nil }
    return names
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

/// The words of `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
struct AuthorizationWords {
  var credential: String
  var signedHeaders: String
  var signature: String

  /// Returns what is wrong with it where something is; `text` is what follows the algorithm.
  static func parse(_ text: Substring) -> Result<AuthorizationWords, CredentialScope.Malformed> {
    var words: [String: String] = [:]
    for part in text.split(separator: ",") {
      let pair = part.drop { $0 == " " || $0 == "\t" }
      guard let equals = pair.firstIndex(of: "=") else {
        return .failure(.init("\"\(pair)\" is not NAME=VALUE"))
      }
      let value = pair[pair.index(after: equals)...]
      let name = String(pair[..<equals])
      guard words[name] == nil else { return .failure(.init("\(name) is there twice")) }
      words[name] = HeaderTable.folded(String(value))
    }
    guard let credential = words["Credential"] else {
      return .failure(.init("Credential is missing"))
    }
    guard let headers = words["SignedHeaders"] else {
      return .failure(.init("SignedHeaders is missing"))
    }
    guard let signature = words["Signature"] else { return .failure(.init("Signature is missing")) }
    return .success(
      AuthorizationWords(credential: credential, signedHeaders: headers, signature: signature)
    )
  }
}
