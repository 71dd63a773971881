// What the collector's owner hears about: mappings and files. Clients get a `CollectResponse`.

internal import Diagnostics

/// A mapping that cannot be used, or a file that cannot be collected.
package struct CollectorError: DiagnosableError {
  package enum Kind: String, Sendable {
    case badMapping = "bad_mapping"
    case badConfiguration = "bad_configuration"
    case badTrackingPlan = "bad_tracking_plan"
    case incompatibleSchema = "incompatible_schema"
    case registryUnreadable = "registry_unreadable"
    case diskFull
    case unknownDeadLetter = "unknown_dead_letter"
    case badFix = "bad_fix"
    case unknownSource = "unknown_source"
    case fileNotFound = "file_not_found"
    case fileIsDirectory = "file_is_directory"
    case fileUnreadable = "file_unreadable"
    case fileNotText = "file_not_text"
    case fileTruncated = "file_truncated"
    case fileCorrupt = "file_corrupt"
    case refusedRequest = "refused_request"
  }

  package var kind: Kind
  package var message: String
  package var place: String?
  package var advice: String?
  package var fields: [String: String]

  package init(
    _ kind: Kind,
    _ message: String,
    place: String? = nil,
    advice: String? = nil,
    fields: [String: String] = [:]
  ) {
    self.kind = kind
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields
  }

  package var code: String { "collector.\(kind.rawValue)" }
}
