internal import Foundation
package import Grading

/// What lists and counts need of an exercise: its manifest, without texts, checks and items.
package struct ExerciseSummary: Sendable, Hashable {
  package var id: String
  package var version: Int
  package var tier: Exercise.Tier
  package var title: LocalizedText
  package var minutes: Int
  package var needs: [String]
  package var proves: [String]
  package var unlocks: [String]
  /// 0 for an exercise without parts.
  package var partCount: Int
  package var folder: String
}

extension CourseContent {
  /// The summaries of all exercises by id, and what could not be read.
  ///
  /// One exercise that cannot be read hides itself and no other.
  package func exerciseSummaries() throws -> (
    summaries: [String: ExerciseSummary], problems: [CourseError]
  ) {
    var summaries: [String: ExerciseSummary] = [:]
    var problems: [CourseError] = []
    for (id, path) in try exerciseFolders().sorted(by: { $0.key < $1.key }) {
      do {
        summaries[id] = try Self.summary(path)
      } catch let error as CourseError {
        problems.append(error)
      }
    }
    return (summaries, problems)
  }

  private static func summary(_ path: String) throws -> ExerciseSummary {
    let folder = ContentFolder(path: path)
    let node = try ManifestNode.parse(
      folder.text("exercise.yaml", holds: "the manifest"),
      file: folder.display("exercise.yaml")
    )
    return ExerciseSummary(
      id: try node.required("id", example: "00-1").text(example: "00-1"),
      version: try node.required("version", example: "1").integer(1...1_000_000, example: "1"),
      tier: try node.optional("tier")?.choice(Exercise.Tier.self) ?? .core,
      title: try node.required("title", example: "{ko: …, en: …}").localized(needsBoth: false),
      minutes: try node.required("minutes", example: "5").integer(1...240, example: "5"),
      needs: try node.optional("needs")?.texts(example: "00-1") ?? [],
      proves: try node.optional("proves")?.texts(example: "event-journey") ?? [],
      unlocks: try node.optional("unlocks")?.texts(example: "trace") ?? [],
      partCount: try node.optional("parts")?.elements(example: "- id: …").count ?? 0,
      folder: path
    )
  }

  /// The commands that some exercise unlocks, each with that exercise.
  ///
  /// Reads only manifests that hold `unlocks:`. A command is open once the exercise was passed.
  package func locks() throws -> [String: ExerciseSummary] {
    var locks: [String: ExerciseSummary] = [:]
    for (_, path) in try exerciseFolders().sorted(by: { $0.key < $1.key }) {
      guard let data = FileManager.default.contents(atPath: path + "/exercise.yaml"),
        String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
          .contains(where: { $0.hasPrefix("unlocks:") }),
        let summary = try? Self.summary(path)
      else { continue }
      for command in summary.unlocks where locks[command] == nil { locks[command] = summary }
    }
    return locks
  }
}
