// Where declared answers are played: learners' worlds, each as it stands when an exercise begins.
//
// `Commands` implements it over the real program, so that what is checked is what a learner meets.

package import Course
internal import Foundation
package import Grading

/// How one answer is played.
package struct RunSetting: Sendable, Hashable, CustomStringConvertible {
  /// How Hangul is composed in what is typed.
  package enum Form: String, Sendable, CaseIterable {
    case nfc, nfd
  }

  /// Of the world and of the learner: other seeds have other numbers and draw other items.
  package var seed: UInt64
  package var language: CourseLanguage
  /// The session's time zone, as Trino spells it.
  package var zone: String
  package var form: Form

  package init(
    seed: UInt64, language: CourseLanguage = .korean, zone: String = "UTC", form: Form = .nfc
  ) {
    self.seed = seed
    self.language = language
    self.zone = zone
    self.form = form
  }

  package var description: String { "seed \(seed), \(language.rawValue), \(zone), \(form.rawValue)" }

  /// The seeds of every check. Learners draw theirs from all 64 bits: these are nobody's.
  package static let seeds: [UInt64] = [11, 12, 13, 14, 15]

  /// The zones in which a session may stand.
  package static let zones = ["Asia/Seoul", "UTC"]

  /// Ten settings in which each two values of seed, language, zone and form meet.
  ///
  /// A seed comes twice, with opposite languages, zones and forms; from seed to seed another pair of
  /// opposites is taken.
  package static let covering: [RunSetting] = seeds.enumerated().flatMap { index, seed in
    [false, true].map { isOpposite in
      func bit(_ place: Int) -> Bool { (index >> place & 1 == 1) != isOpposite }
      return RunSetting(
        seed: seed, language: isOpposite ? .english : .korean, zone: zones[bit(0) ? 1 : 0],
        form: bit(1) ? .nfd : .nfc)
    }
  }

  /// The one setting of what has not changed.
  package static let single = RunSetting(seed: 11, language: .korean, zone: "Asia/Seoul")

  /// A text in the setting's normal form.
  func composed(_ text: String) -> String {
    form == .nfc
      ? text.precomposedStringWithCanonicalMapping : text.decomposedStringWithCanonicalMapping
  }
}

/// How a screen looks.
package struct ScreenLook: Sendable, Hashable {
  package enum Mode: String, Sendable, CaseIterable {
    case colour, plain, accessible
  }

  package var width: Int
  package var mode: Mode

  /// All widths and modes.
  package static let all = [40, 80, 120].flatMap { width in
    Mode.allCases.map { ScreenLook(width: width, mode: $0) }
  }
}

/// Opens worlds to play in; used by several threads at once.
package protocol AuthoringBench: AnyObject, Sendable {
  /// A learner's world of its own, in which these lines were run since the exercise began.
  ///
  /// `size` is that of the world, `xs` or `s`. Lines that were asked for before cost a copy. Throws
  /// where a line fails, and what the disk refuses.
  func open(_ setting: RunSetting, size: String, after lines: [String]) throws -> any BenchWorld

  /// Begins to make worlds that graders will ask for; never waits.
  func prepare(_ requests: [WorldRequest])

  /// True where a line begins with a command of the prompt or like a statement of SQL.
  func isCommand(_ line: String) -> Bool

  /// How many columns of a terminal a line takes.
  func columns(of line: String) -> Int
}

/// A learner's world with a prompt; it is the caller's until `close`, and used by one thread.
package protocol BenchWorld: AnyObject {
  /// What graders ask; `run` types at the prompt.
  var host: any IncidentHost { get }
  /// What the learner has done; it is empty at first, and the learner's seed is the setting's.
  var progress: ProgressStore { get }
  /// The story's time, in milliseconds since the epoch.
  func now() throws -> Int64
  /// Types a line and gives what is answered under `--json`.
  func json(_ line: String) -> (text: String, exit: Int32)
  /// Types a line and gives the screen.
  func screen(_ line: String, _ look: ScreenLook) -> String
  /// A text of an exercise as the prompt prints it.
  func screen(text: String, _ look: ScreenLook) -> String
  /// Ends it and removes its files; also done when it is released.
  func close()
}
