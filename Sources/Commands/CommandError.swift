internal import Diagnostics
internal import Terminal

/// A line that cannot be carried out as it was typed.
struct CommandError: DiagnosableError {
  enum Kind: String, Sendable {
    case unknownCommand, noSuchCommand, koreanLayout, unknownSubcommand, missingArgument
    case unknownOption, missingOptionValue, badNumber, badChoice, unbalancedQuote, badDuration, badProperty, badHex
    case noArchive, emptySpan
    case noSuchTopic, noSuchGroup, noSuchExercise, noSuchDag, noSuchModel, noSuchTile, noSuchObject, noSuchBucket
    case noExercise, sqlWithoutSemicolon, notAPair, clockBackwards, alreadyServing, badDay
    case noContent, unknownToolOption, toolNotHere, binaryObject, foreignCommand, lockedCommand
    case noSuchRole, noSuchTerm, noSuchCard, noSuchFork, rewindNeedsYes, worldServed
    case noSuchIncident, noSuchLevel, noSuchVersion, noSuchPlatform, noIncident, otherIncident, repairLocked, looksLikeAnswer
    case watchElsewhere, noSuchFolder, notPassedYet
    case noSuchKind, noSuchWorld, noKillerWorld, noSuchFile, notOneQuery
    case nothingToCheck, severalCourses, noSuchPart, spokenCommand, noSuchEvent
    case noSuchWorksheet, noSuchCell, ambiguousCell, noSuchAssumption
    case unreadableNumber, otherUnit, impossibleSize
    case s3PortInUse, noBucketNamed, ontoItself, noLocalFile, folderNeedsRecursive, localFileExists
    case fileNotWritten, insideWorld, keyIsNoPath, noLifecycleFile, noSuchColumn
  }

  var kind: Kind
  var fields: [String: String]

  init(_ kind: Kind, _ fields: [String: String] = [:]) {
    self.kind = kind
    self.fields = fields
  }

  var code: String {
    let habit = kind == .foreignCommand ? fields["habit"].map { "." + $0 } : nil
    return "command.\(kind.rawValue)" + (habit ?? "")
  }

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

extension Shell {
  /// A name that does not exist, with the nearest one that does and the list of all.
  func noSuch(_ kind: CommandError.Kind, _ name: String, among known: [String]) -> CommandError {
    var fields = ["name": name, "known": known.joined(separator: ", ")]
    fields["nearest"] = NearestName.suggest(name, from: known)
    return CommandError(kind, fields)
  }
}
