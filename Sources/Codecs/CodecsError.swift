public import Diagnostics

/// What can go wrong between compressed and plain bytes.
public struct CodecsError: DiagnosableError {
  public enum Kind: String, Sendable {
    case truncated, corrupt, tooLarge, unsupported
  }

  public var kind: Kind
  public var codec: String
  public var message: String

  public init(_ kind: Kind, codec: String, _ message: String) {
    self.kind = kind
    self.codec = codec
    self.message = message
  }

  public var code: String { "codecs.\(kind.rawValue)" }
  public var fields: [String: String] { ["codec": codec, "message": message] }
}
