extension S3Authorization {
  /// Reads the claim of a request from its Authorization header or its query.
  static func read(headers: HeaderTable, rawQuery: String) throws(S3SignatureError)
    -> S3Authorization
  {
    let items = PercentEncoding.queryItems(rawQuery)
    let names = Set(items.map(\.name))
    let isPresigned = !names.isDisjoint(with: [
      "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature",
    ])
    let isOldURL = names.contains("Signature") && names.contains("AWSAccessKeyId")
    let headerCount = headers.counts["authorization"] ?? 0
    if headerCount + (isPresigned ? 1 : 0) + (isOldURL ? 1 : 0) > 1 { throw .severalMechanisms }
    if isOldURL { throw .oldVersion }
    if isPresigned { return try read(presigned: items) }
    guard let header = headers["authorization"] else { throw .unsignedRequest }
    return try read(header: header, headers)
  }

  private static func read(
    header: String,
    _ headers: HeaderTable
  ) throws(S3SignatureError) -> S3Authorization {
    let algorithm = header.prefix { $0 != " " }
    if algorithm == "AWS" { throw .oldVersion }
    if algorithm != SignatureV4.algorithm { throw .unknownAlgorithm(String(algorithm)) }
    let words: AuthorizationWords
    switch AuthorizationWords.parse(header[algorithm.endIndex...]) {
    case .success(let found): words = found
    case .failure(let malformed): throw .malformed(malformed.reason, isPresigned: false)
    }
    let date = try readDate(headers)
    return try assemble(
      credential: words.credential,
      signedHeaders: words.signedHeaders,
      signature: words.signature,
      milliseconds: date,
      expires: nil
    )
  }

  private static func readDate(_ headers: HeaderTable) throws(S3SignatureError) -> Int64 {
    let own = headers["x-amz-date"]
    guard let text = own ?? headers["date"] else { throw .noDate(nil) }
    let found = own == nil ? SigningTime.httpMilliseconds(text) : SigningTime.milliseconds(text)
    guard let found else { throw .noDate(text) }
    return found
  }

  private static func read(
    presigned items: [PercentEncoding.QueryItem]
  ) throws(S3SignatureError) -> S3Authorization {
    var values: [String: String] = [:]
    for item in items where item.name.hasPrefix("X-Amz-") {
      guard values.updateValue(item.value, forKey: item.name) == nil else {
        throw .malformed("\(item.name) is there twice", isPresigned: true)
      }
    }
    func value(_ name: String) throws(S3SignatureError) -> String {
      guard let value = values["X-Amz-" + name] else {
        throw .malformed("X-Amz-\(name) is missing", isPresigned: true)
      }
      return value
    }
    let algorithm = try value("Algorithm")
    if algorithm != SignatureV4.algorithm { throw .unknownAlgorithm(algorithm) }
    let date = try value("Date")
    guard let milliseconds = SigningTime.milliseconds(date) else {
      throw .malformed(
        "X-Amz-Date \"\(date)\" is not written as 20130524T000000Z",
        isPresigned: true
      )
    }
    let expires = try value("Expires")
    guard let seconds = Int64(expires), (1...S3Verifier.expiresSecondsMax).contains(seconds) else {
      let reason =
        "X-Amz-Expires \"\(expires)\" is not between 1 and \(S3Verifier.expiresSecondsMax)"
      throw .malformed(reason + " seconds", isPresigned: true)
    }
    return try assemble(
      credential: try value("Credential"),
      signedHeaders: try value("SignedHeaders"),
      signature: try value("Signature"),
      milliseconds: milliseconds,
      expires: seconds
    )
  }

  private static func assemble(
    credential: String,
    signedHeaders: String,
    signature: String,
    milliseconds: Int64,
    expires: Int64?
  ) throws(S3SignatureError) -> S3Authorization {
    let isPresigned = expires != nil
    let scope: CredentialScope
    switch CredentialScope.parse(credential) {
    case .success(let found): scope = found
    case .failure(let malformed): throw .malformed(malformed.reason, isPresigned: isPresigned)
    }
    let timestamp = SigningTime.text(milliseconds)
    guard timestamp.hasPrefix(scope.day) else {
      let reason = "the credential's day \(scope.day) is not that of the date \(timestamp)"
      throw .malformed(reason, isPresigned: isPresigned)
    }
    guard let names = SignedHeaderList.parse(signedHeaders) else {
      let reason = "SignedHeaders \"\(signedHeaders)\" is no list of different lower-case names"
      throw .malformed(reason, isPresigned: isPresigned)
    }
    return S3Authorization(
      accessKeyID: scope.accessKeyID,
      day: scope.day,
      region: scope.region,
      scope: SignatureV4.scope(day: scope.day, region: scope.region),
      signedHeaders: names,
      signature: signature,
      timestamp: timestamp,
      milliseconds: milliseconds,
      expires: expires
    )
  }
}
