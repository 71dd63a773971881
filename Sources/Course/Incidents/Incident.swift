package import Grading

/// One incident as the engine knows it: a folder of files, no Swift.
///
/// 1. `Incident.load` reads `incident.yaml` and the texts beside it (`Incident+Load.swift`).
/// 2. `IncidentSession.start` draws the variant and the hidden seed, plants the faults, takes a fork,
///    and tells the message.
/// 3. Every command that is run meanwhile is an `IncidentReading`; a `IncidentFact` recognises what
///    was read by it, never how the line was spelled.
/// 4. Triage, diagnosis, report and postmortem are forms (`IncidentForm`), judged field by field.
/// 5. `IncidentVerification` looks at the learner's world, at worlds that nobody has seen, and at the
///    world without the fault that the learner blames.
package struct Incident: Sendable {
  /// How far a learner goes.
  package enum Level: String, Sendable, CaseIterable {
    /// Ends with the right message, to those who repair or to the one who asked; nothing is changed.
    case diagnose
    /// Goes on until the symptom is gone, here and in a hidden variant.
    case repair
  }

  /// What is judged for itself, and has points of its own.
  package enum Part: String, Sendable, CaseIterable {
    case diagnosis, repair, `guard`, postmortem
  }

  /// One way in which the same message comes about.
  package struct Variant: Sendable {
    package var id: String
    /// What is made wrong; the parameters may name `{{parameters}}`.
    package var faults: [Fault]
    /// What somebody did to the pipeline on the day before the message, in the order of its moments.
    package var steps: [IncidentStep]
    /// Names and the values of which one is drawn per learner, another one for the hidden variant.
    package var parameters: [(name: String, values: [String])]

    package init(
      id: String, faults: [Fault] = [], steps: [IncidentStep] = [],
      parameters: [(name: String, values: [String])] = []
    ) {
      self.id = id
      self.faults = faults
      self.steps = steps
      self.parameters = parameters
    }

    /// False where the variant leaves the world as it is.
    package var isBroken: Bool { !faults.isEmpty || !steps.isEmpty }
  }

  /// A repair that tempts and is wrong, recognised by a command that was run.
  package struct Tempting: Sendable {
    /// The feedback id of its message.
    package var feedback: String
    /// Words with which a line begins, such as `dag run` or `kafka members stop`, and options that it
    /// has anywhere, such as `kafka reset-offsets --to-latest`; or the first word of a statement.
    package var commands: [String]

    package init(feedback: String, commands: [String]) {
      self.feedback = feedback
      self.commands = commands
    }

    /// Whether a repair is one of these.
    ///
    /// `name` is its name, as what was typed may have been another tool's: `dag run`.
    func matches(line: String, name: String) -> Bool {
      let typed = line.lowercased().split(whereSeparator: \.isWhitespace)
      return commands.contains { command in
        let words = command.split(separator: " ")
        let options = words.filter { $0.hasPrefix("--") }
        let begin = words.filter { !$0.hasPrefix("--") }
        let isIt =
          typed.starts(with: begin) || name.split(separator: " ").starts(with: begin)
        return isIt && options.allSatisfy(typed.contains)
      }
    }
  }

  /// Never reused, such as `FALSE-01`.
  package var id: String
  package var version: Int
  package var status: ContentStatus
  /// Those that a learner may choose from; the first where none is chosen.
  package var levels: [Level]
  package var title: LocalizedText
  package var minutes: Int
  /// Exercises that come before.
  package var needs: [String]
  /// Checklist items that it counts for.
  package var proves: [String]
  /// Commands that it is solved with: `help` lists them meanwhile.
  package var commands: [String]
  /// The KST time of the message, `09:10`; nil where any time will do.
  package var time: String?
  /// Lines that show the dashboard as the one who writes sees it.
  package var dashboard: [String]
  /// Rows mean that the symptom shows.
  package var symptom: String
  /// Queries whose first rows give placeholders to every text.
  package var values: [String]
  package var variants: [Variant]
  /// The yesterdays of hidden worlds, `2024-02-29`; one is drawn per learner.
  package var hiddenDays: [String]
  /// The size of hidden worlds, and of those in which declared answers are played: `xs`, or `s` where
  /// the symptom needs so many phones.
  package var worldSize: String
  /// How many major versions the hidden world's app is ahead.
  package var hiddenVersionShift: Int
  package var triage: IncidentForm
  package var facts: [IncidentFact]
  /// The fields `stage` and `cause` among others.
  package var diagnosis: IncidentForm
  /// What is written to the data team, or to the one who asked, at level `diagnose`.
  package var report: IncidentForm?
  package var postmortem: IncidentForm
  package var tempting: [Tempting]
  /// Asked of the learner's world at the end, and at level `repair` of the hidden variant.
  package var checks: [IncidentCheck]
  package var points: [Part: Int]
  package var message: LocalizedText
  package var debrief: LocalizedText
  package var feedback: [String: LocalizedText]
  /// Which slice, the last good stage, the decisive command.
  package var hintRungs: [LocalizedText]
  package var misconceptionHints: [String: LocalizedText]
  package var folder: String

  /// The stations of an event in order, as `stage` and `excludes` name them.
  package static let stages = [
    "client", "collector", "queue", "lake", "etl", "warehouse", "dashboard",
  ]

  /// The stage of a diagnosis that says that nothing is broken.
  package static let noStage = "none"

  /// The points where the manifest says nothing.
  package static let usualPoints: [Part: Int] = [
    .diagnosis: 30, .repair: 40, .guard: 20, .postmortem: 10,
  ]

  /// The stages beside the right one; all of them where nothing is broken.
  package static func neighbours(of stage: String) -> Set<String> {
    guard let index = stages.firstIndex(of: stage) else { return Set(stages) }
    return Set([index - 1, index + 1].filter(stages.indices.contains).map { stages[$0] })
  }

  /// Every feedback id that an answer can get, each once, in the order of the steps.
  package var feedbackIDs: [String] {
    var seen: Set<String> = []
    let forms = [triage, diagnosis, report, postmortem].compactMap { $0 }
    let ids =
      forms.flatMap(\.feedbackIDs) + facts.compactMap(\.misleads) + tempting.map(\.feedback)
      + checks.map(\.feedback) + (levels.contains(.diagnose) ? [Self.changedFeedback] : [])
    return ids.filter { seen.insert($0).inserted }
  }

  /// The feedback for a change that no tempting repair describes.
  package static let changedFeedback = "changed"
}

/// One rule that the world keeps at the end.
package struct IncidentCheck: Sendable {
  /// How it is asked.
  package enum Rule: Sendable {
    /// Rows are what breaks it.
    case sql(String)
    /// One of the eight invariants, as exercises use them.
    case invariant(Invariant)
  }

  package var name: String
  package var goal: LocalizedText
  package var feedback: String
  package var rule: Rule
  /// The levels at which it is asked.
  package var levels: [Incident.Level] = Incident.Level.allCases
}

/// SQL with `{{names}}`, filled with what the author wrote or the engine found: dates, moments and the
/// variant's parameters, never anything that a learner typed.
enum IncidentSQL {
  /// Names that every query may use: the world's yesterday and today in KST, the moment of the start
  /// as `2024-01-16 00:10:00 UTC`.
  static let names = ["ds_kst", "ds_next", "started"]

  static func fill(_ sql: String, _ values: [String: String]) throws -> String {
    var result = ""
    var rest = sql[...]
    while let open = rest.firstRange(of: "{{") {
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else { break }
      let name = String(rest[open.upperBound..<close.lowerBound].filter { !$0.isWhitespace })
      guard let value = values[name] else {
        throw CourseError(
          code: "course.unknown-parameter",
          message: "The query uses `{{\(name)}}`, which does not exist.",
          advice: "Known: \(values.keys.sorted().map { "{{\($0)}}" }.joined(separator: ", ")).")
      }
      result += rest[..<open.lowerBound] + value
      rest = rest[close.upperBound...]
    }
    return result + rest
  }
}
