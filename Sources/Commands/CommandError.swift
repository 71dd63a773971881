internal import Diagnostics

/// A line that cannot be carried out as it was typed.
struct CommandError: DiagnosableError {
  enum Kind: String, Sendable {
    case unknownCommand, noSuchCommand, koreanLayout, unknownSubcommand, missingArgument, unknownOption, missingOptionValue
    case badNumber, unbalancedQuote, badDuration, badProperty, noSuchTopic, noSuchExercise
    case noExercise, noSuchDag, sqlWithoutSemicolon, noSuchObject, notAPair, clockBackwards
    case alreadyServing, badDay, noContent
  }

  var kind: Kind
  var fields: [String: String]

  init(_ kind: Kind, _ fields: [String: String] = [:]) {
    self.kind = kind
    self.fields = fields
  }

  var code: String { "command.\(kind.rawValue)" }

  var message: String {
    fields.isEmpty
      ? kind.rawValue
      : kind.rawValue + " "
        + fields.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(
          separator: " "
        )
  }

  var exit: ExitStatus { .usage }
}
