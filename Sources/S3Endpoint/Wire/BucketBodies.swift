/// The body of CreateBucket.
package enum CreateBucketBody {
  private static let bytesMax = 64 << 10

  /// The region that the bucket shall be in; nil where the body or the element is empty, which means
  /// the endpoint's own.
  package static func read(_ body: [UInt8]) throws -> String? {
    guard !body.isEmpty else { return nil }
    return try XMLReader.read(body, root: "CreateBucketConfiguration", bytesMax: bytesMax) { xml in
      var region: String?
      while let name = try xml.child() {
        switch name {
        case "LocationConstraint": region = try xml.text(onlyAfter: region)
        case "Location", "Bucket", "Tags": throw xml.unsupported()
        default: throw xml.unknown()
        }
      }
      return region.flatMap { $0.isEmpty ? nil : $0 }
    }
  }
}

/// Whether a bucket keeps older versions: the body of Put- and GetBucketVersioning.
package enum VersioningBody {
  private static let bytesMax = 64 << 10

  /// True for `Enabled`, false for `Suspended`.
  ///
  /// Throws `S3Error`: `illegalVersioningConfiguration` without a status, `notImplemented` where MFA
  /// shall guard deletes.
  package static func read(_ body: [UInt8]) throws -> Bool {
    try XMLReader.read(body, root: "VersioningConfiguration", bytesMax: bytesMax) { xml in
      var status: String?
      var deleteGuard: String?
      while let name = try xml.child() {
        switch name {
        case "Status": status = try xml.text(onlyAfter: status)
        case "MfaDelete":
          deleteGuard = try xml.text(onlyAfter: deleteGuard)
          guard deleteGuard == "Disabled" else { throw S3Error.unsupported("MfaDelete") }
        default: throw xml.unknown()
        }
      }
      switch status {
      case "Enabled": return true
      case "Suspended": return false
      case nil: throw S3Error(.illegalVersioningConfiguration)
      case let status?:
        throw xml.malformed("<Status> is \"\(status.prefix(40))\", not Enabled or Suspended")
      }
    }
  }

  /// The answer; `isEnabled` is nil for a bucket whose versioning was never set.
  package static func xml(isEnabled: Bool?) -> [UInt8] {
    var writer = XMLWriter(capacity: 256)
    writer.openRoot("VersioningConfiguration")
    if let isEnabled { writer.element("Status", isEnabled ? "Enabled" : "Suspended") }
    writer.close("VersioningConfiguration")
    return writer.bytes
  }
}

/// The answer of GetBucketLocation.
package enum LocationBody {
  /// S3 says nothing for `us-east-1`.
  package static func xml(region: String) -> [UInt8] {
    var writer = XMLWriter(capacity: 256)
    writer.openRoot("LocationConstraint")
    if region != "us-east-1" { writer.text(region) }
    writer.close("LocationConstraint")
    return writer.bytes
  }
}
