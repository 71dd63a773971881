// Reads the checks of an exercise or of one of its parts: `NN-what.yaml`, asked in that order.

/// Reads the files `checks/NN-what.yaml` of one exercise or part.
package struct CheckLoader {
  let folder: ContentFolder
  let needsBoth: Bool

  package init(folder: ContentFolder, needsBoth: Bool) {
    self.folder = folder
    self.needsBoth = needsBoth
  }

  /// The checks in that folder; empty where it is empty or not there.
  package func checks(in place: String, fields: [AnswerForm.Field]) throws -> [Check] {
    try folder.names(in: place).map { name in
      let file = folder.display("\(place)/\(name)")
      guard name.hasSuffix(".yaml"), name.first?.isNumber ?? false else {
        throw CourseError(
          code: "course.unknown-file",
          message: "`\(name)` is not the name of a check.",
          place: file,
          advice: "Name it NN-what.yaml; checks run in the order of their names.",
          fields: ["file": file]
        )
      }
      let node = try ManifestNode.parse(
        folder.text("\(place)/\(name)", holds: "goal, feedback and sql"),
        file: file
      )
      try node.allowKeys(["goal", "feedback", "fails_when", "sql", "values"])
      return Check(
        name: String(name.dropLast(".yaml".count)),
        goal: try node.required("goal", example: "{ko: 목표, en: Goal}")
          .localized(needsBoth: needsBoth),
        feedback: try node.required("feedback", example: "other-purchase")
          .text(example: "other-purchase"),
        sql: try SQLTemplate.parse(
          node.required("sql", example: "SELECT … (the rows that are wrong)"),
          fields: fields
        ),
        failsWhen: try node.optional("fails_when")?.choice(Check.FailsWhen.self) ?? .rows,
        values: try node.optional("values")?.elements(example: "[SELECT …]").map {
          try SQLTemplate.parse($0, fields: fields)
        } ?? []
      )
    }
  }
}
