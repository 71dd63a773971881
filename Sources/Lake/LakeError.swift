internal import Diagnostics

/// What can go wrong between the lake's layers and their files.
package struct LakeError: DiagnosableError {
  package enum Kind: String, Sendable {
    case notBronze, unknownLayer, corruptObject, tableExists
  }

  package var kind: Kind
  /// The object's key below the lake's directory, or the name that was asked for.
  package var key: String
  package var message: String
  package var advice: String?

  package init(_ kind: Kind, key: String, _ message: String, advice: String? = nil) {
    self.kind = kind
    self.key = key
    self.message = message
    self.advice = advice
  }

  package var code: String { "lake.\(kind.rawValue)" }
  package var place: String? { key }
  package var fields: [String: String] { ["key": key, "message": message] }
}
