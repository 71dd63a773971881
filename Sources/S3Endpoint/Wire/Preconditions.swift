// The conditions of a read, of the source of a copy, and of a write.
//
// A read goes by RFC 9110, which is also what S3 documents of the pairs: `If-Match` before
// `If-Unmodified-Since`, which is not looked at beside it; then `If-None-Match` before
// `If-Modified-Since`, likewise. The first pair answers 412, the second 304; for the source of a copy,
// which has no 304, all answer 412. Times are compared in whole seconds. A date that cannot be read is
// no condition.

package import HTTPServer

/// The conditions of GetObject, HeadObject, or of the source of a copy.
package struct Preconditions: Sendable, Hashable {
  /// The header that decided.
  package enum Condition: String, Sendable, Hashable {
    case ifMatch = "If-Match"
    case ifNoneMatch = "If-None-Match"
    case ifModifiedSince = "If-Modified-Since"
    case ifUnmodifiedSince = "If-Unmodified-Since"
  }

  /// What follows from the conditions.
  package enum Outcome: Sendable, Hashable {
    case proceed
    /// A 304.
    case notModified
    /// A 412.
    case failed(Condition)
  }

  package var ifMatch: EntityTagList?
  package var ifNoneMatch: EntityTagList?
  /// Milliseconds since the Unix epoch.
  package var ifModifiedSince: Int64?
  /// Milliseconds since the Unix epoch.
  package var ifUnmodifiedSince: Int64?
  /// They are about the source of a copy.
  package var isCopySource: Bool

  package init(
    ifMatch: EntityTagList? = nil,
    ifNoneMatch: EntityTagList? = nil,
    ifModifiedSince: Int64? = nil,
    ifUnmodifiedSince: Int64? = nil,
    isCopySource: Bool = false
  ) {
    self.ifMatch = ifMatch
    self.ifNoneMatch = ifNoneMatch
    self.ifModifiedSince = ifModifiedSince
    self.ifUnmodifiedSince = ifUnmodifiedSince
    self.isCopySource = isCopySource
  }

  /// Reads the headers; for the source of a copy `x-amz-copy-source-if-match` and its like.
  package init(_ headers: [HTTPHeader], isCopySource: Bool = false) {
    let prefix = isCopySource ? "x-amz-copy-source-" : ""
    self.init(
      ifMatch: EntityTagList(headers.joinedValue("\(prefix)if-match")),
      ifNoneMatch: EntityTagList(headers.joinedValue("\(prefix)if-none-match")),
      ifModifiedSince: headers.value("\(prefix)if-modified-since").flatMap(WireDate.moment),
      ifUnmodifiedSince: headers.value("\(prefix)if-unmodified-since").flatMap(WireDate.moment),
      isCopySource: isCopySource
    )
  }

  /// Whether an object with this tag, in quotes or not, and this time is answered.
  ///
  /// `modified` is in milliseconds since the Unix epoch.
  package func evaluate(entityTag: String, modified: Int64) -> Outcome {
    if let ifMatch {
      guard ifMatch.matchesStrongly(entityTag) else { return .failed(.ifMatch) }
    } else if let ifUnmodifiedSince {
      guard Self.seconds(modified) <= Self.seconds(ifUnmodifiedSince) else {
        return .failed(.ifUnmodifiedSince)
      }
    }
    if let ifNoneMatch {
      guard !ifNoneMatch.matchesWeakly(entityTag) else { return unchanged(.ifNoneMatch) }
    } else if let ifModifiedSince {
      guard Self.seconds(modified) > Self.seconds(ifModifiedSince) else {
        return unchanged(.ifModifiedSince)
      }
    }
    return .proceed
  }

  /// The same, throwing `S3Error` of the code `notModified` or `preconditionFailed`.
  package func check(entityTag: String, modified: Int64) throws {
    switch evaluate(entityTag: entityTag, modified: modified) {
    case .proceed: break
    case .notModified: throw S3Error(.notModified)
    case .failed(let condition):
      let prefix = isCopySource ? "x-amz-copy-source-" : ""
      throw S3Error.preconditionFailed(prefix + condition.rawValue)
    }
  }

  private func unchanged(_ condition: Condition) -> Outcome {
    isCopySource ? .failed(condition) : .notModified
  }

  private static func seconds(_ moment: Int64) -> Int64 {
    let (quotient, remainder) = moment.quotientAndRemainder(dividingBy: 1_000)
    return remainder < 0 ? quotient - 1 : quotient
  }
}

/// The condition of a PutObject, CompleteMultipartUpload, CopyObject or DeleteObject.
package enum WriteCondition: Sendable, Hashable {
  case none
  /// `If-None-Match: *`: there must be no object of this key.
  case ifAbsent
  /// `If-Match`: the object must be there, and be this one.
  case ifMatches(EntityTagList)

  /// Throws `S3Error` of the code `notImplemented` where both headers stand, or `If-None-Match` is not
  /// `*`: S3 knows neither for writes.
  package init(_ headers: [HTTPHeader]) throws {
    let match = EntityTagList(headers.joinedValue("if-match"))
    let noneMatch = EntityTagList(headers.joinedValue("if-none-match"))
    switch (match, noneMatch) {
    case (nil, nil): self = .none
    case (nil, .any?): self = .ifAbsent
    case (let match?, nil): self = .ifMatches(match)
    case (nil, .tags?):
      throw S3Error.unsupportedHeader(
        "If-None-Match",
        "We don't accept the provided value of If-None-Match header for this API"
      )
    case (.some, .some):
      throw S3Error.unsupportedHeader(
        "If-Match,If-None-Match",
        "Multiple conditional request headers present in the request"
      )
    }
  }

  /// Whether the write may go on.
  ///
  /// - Parameters:
  ///   - current: the entity tag of the key's object, with or without quotes; nil where there is none.
  ///   - key: for the refusal.
  /// - Throws: `S3Error`: `preconditionFailed`, or `noSuchKey` where `If-Match` finds no object.
  package func check(current: String?, key: String) throws {
    switch self {
    case .none: break
    case .ifAbsent:
      guard current == nil else { throw S3Error.preconditionFailed("If-None-Match") }
    case .ifMatches(let tags):
      guard let current else { throw S3Error.noSuchKey(key) }
      guard tags.matchesStrongly(current) else { throw S3Error.preconditionFailed("If-Match") }
    }
  }
}
