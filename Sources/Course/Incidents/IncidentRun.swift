internal import Foundation
package import Grading

/// One learner's way through one incident: all that a restart has to know.
package struct IncidentRun: Sendable, Codable, Hashable {
  /// What is asked next.
  package enum Step: String, Sendable, Codable, CaseIterable {
    case triage, diagnosis, repair, postmortem, done
  }

  package var uid: String
  package var incident: String
  package var version: Int
  package var variant: String
  /// How far the learner goes; nil in a run from before there was a choice.
  package var level: String?
  /// The parameters drawn for the learner's world and for the hidden one.
  package var parameters: [String: String]
  package var hiddenParameters: [String: String]
  package var hiddenSeed: UInt64
  package var hiddenDay: String
  /// The story's time of the message, in milliseconds since the epoch.
  package var startedAt: Int64
  /// The world's yesterday and today at the start, as `{{ds_kst}}` and `{{ds_next}}`.
  package var yesterday: String
  package var today: String
  /// The values of the message, as they were.
  package var values: [String: String]
  package var triage: [String: String] = [:]
  package var diagnosis: [String: String] = [:]
  package var report: [String: String] = [:]
  package var postmortem: [String: String] = [:]
  /// The readings that are marked as evidence, by number.
  package var marked: [Int] = []
  package var step = Step.triage
  /// The judged answers that were wrong, by part.
  package var misses: [String: Int] = [:]
  package var earned: [String: Int] = [:]
  package var rewindCount = 0
  /// The reading after which the last rewind came: earlier repairs are undone.
  package var rewoundAfter = 0
  /// False where no fork could be taken.
  package var hasFork = false
  package var isClosed = false

  /// Values as texts that keep their type: `i:42`, `t:iOS`.
  static func stored(_ values: [String: HostValue]) -> [String: String] {
    values.mapValues { value in
      switch value {
      case .null: "n:"
      case .integer(let number): "i:\(number)"
      case .double(let number): "d:\(number)"
      case .text(let text): "t:\(text)"
      case .boolean(let flag): "b:\(flag)"
      }
    }
  }

  static func restored(_ values: [String: String]) -> [String: HostValue] {
    values.mapValues { text in
      let body = String(text.dropFirst(2))
      return switch text.prefix(2) {
      case "i:": Int64(body).map(HostValue.integer) ?? .null
      case "d:": Double(body).map(HostValue.double) ?? .null
      case "t:": .text(body)
      case "b:": .boolean(body == "true")
      default: .null
      }
    }
  }
}

/// One command that was run during an incident, and what it showed.
package struct IncidentEntry: Sendable, Hashable {
  /// From 1 on.
  package var number: Int
  package var line: String
  /// Facts by id, with the values of their texts as they were then.
  package var facts: [String: [String: HostValue]]
  package var repair: String?
  package var storyTime: Int64?

  package init(
    number: Int, line: String, facts: [String: [String: HostValue]], repair: String?,
    storyTime: Int64?
  ) {
    self.number = number
    self.line = line
    self.facts = facts
    self.repair = repair
    self.storyTime = storyTime
  }
}
