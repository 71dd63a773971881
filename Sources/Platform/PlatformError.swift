internal import Diagnostics

/// What can keep a world from opening or moving.
package struct PlatformError: DiagnosableError {
  package enum Kind: String, Sendable {
    case homeUnusable, homeInUse, diskFull, worldFile, pipelineFile, contentMissing, clockBackwards
    case noSuchEvent, forkName, eventDropped
    /// `config.yaml` names an engine that cannot be.
    case profile
    /// What an engine elsewhere does not do.
    case onlyEmbedded
    /// A world is opened with another log than the one that holds its events.
    case otherLog
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
    self.fields = fields.merging(
      ["message": message, "place": place ?? ""],
      uniquingKeysWith: { own, _ in own }
    )
  }

  package var code: String { "platform.\(kind.rawValue)" }
}
