package import Diagnostics
internal import GRDB

/// Why the shop's database could not be read or written; the place is the file.
package struct ShopDatabaseError: DiagnosableError, Hashable {
  /// The kinds of it.
  package enum Kind: String, Sendable {
    /// The file cannot be opened, read or written.
    case unusable
    case diskFull
    /// The file is none that SQLite reads, or is damaged.
    case damaged
    /// A value that its column does not take: somebody else has written it.
    case badValue
    /// Another program keeps the file from being written.
    case locked
  }

  package var kind: Kind
  package var path: String
  package var message: String

  init(_ kind: Kind, path: String, _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  package var code: String { "shop.\(kind.rawValue)" }
  package var place: String? { path }
  package var fields: [String: String] { ["file": path, "reason": message] }

  package var advice: String? {
    switch kind {
    case .unusable: "See to it that the file and its directory can be read and written."
    case .diskFull: "Free some space and repeat; nothing that was there is lost."
    case .damaged, .badValue:
      "Leave Tapline, remove the file and start again: it is written anew from the world."
    case .locked: "Close the other program that has the file open, and repeat."
    }
  }

  /// What SQLite refused, in these words.
  static func of(_ error: any Error, path: String) -> ShopDatabaseError {
    if let known = error as? ShopDatabaseError { return known }
    guard let refusal = error as? DatabaseError else {
      return ShopDatabaseError(.unusable, path: path, "\(error)")
    }
    let kind: Kind
    switch refusal.resultCode.primaryResultCode {
    case .SQLITE_FULL: kind = .diskFull
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: kind = .damaged
    case .SQLITE_BUSY, .SQLITE_LOCKED: kind = .locked
    default: kind = .unusable
    }
    return ShopDatabaseError(
      kind, path: path, "the shop's database: \(refusal.message ?? "\(refusal.resultCode)")")
  }
}
