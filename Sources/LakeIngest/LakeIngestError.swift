internal import Diagnostics

/// What keeps Bronze's consumer from reading on.
package struct LakeIngestError: DiagnosableError {
  package enum Kind: String, Sendable {
    /// A group without an offset, or with one that the log no longer has, may not choose another.
    case noOffset
  }

  package var kind: Kind
  package var message: String
  package var place: String?
  package var advice: String?
  package var fields: [String: String]

  init(
    _ kind: Kind,
    _ message: String,
    place: String?,
    advice: String?,
    fields: [String: String]
  ) {
    self.kind = kind
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields
  }

  package var code: String { "lakeIngest.\(kind.rawValue)" }
}
