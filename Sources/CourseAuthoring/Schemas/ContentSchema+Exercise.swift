// The files of an exercise: manifest, items, checks, expectations, and the front matter of one that
// is a single Markdown file.

internal import Course
internal import Grading

extension ContentSchema {
  static let sql = SchemaNode.text()
  static let statuses = ContentStatus.allCases.map(\.rawValue)
  private static let id = SchemaNode.text(pattern: "^[A-Za-z0-9-]+$")
  private static let minutes = SchemaNode.integer(1...240)
  static let version = SchemaProperty(
    "version", .integer(1...1_000_000),
    "Raised when a change makes earlier passes doubtful: a review is then asked for.", required: true)
  private static let part = SchemaNode.text(pattern: "^[a-z0-9-]*[a-z][a-z0-9-]*$")

  /// `exercise.yaml`.
  static let exercise = ContentSchema(
    name: "exercise", title: "An exercise",
    node: .object([
      SchemaProperty("id", id, "Never used again for another exercise, such as 01-4.", required: true),
      version,
      SchemaProperty(
        "status", .choice(statuses),
        "draft: may be unfinished. local: one language, one named wrong answer. core: everything.",
        required: true),
      SchemaProperty("tier", .choice(Exercise.Tier.allCases.map(\.rawValue)), "core or extension."),
      SchemaProperty(
        "kind", .choice(Exercise.Kind.allCases.map(\.rawValue)),
        "What is judged. Every kind but state and choice has one check of the same kind.",
        required: true),
      SchemaProperty(
        "grading", .choice(Check.Combination.allCases.map(\.rawValue)),
        "first: the first broken rule decides. parts: all are asked, and some may pass."),
      SchemaProperty("title", .localized, "A title per language.", required: true),
      SchemaProperty("minutes", minutes, "What it takes, honestly.", required: true),
      SchemaProperty("needs", .texts, "Ids of exercises that come before."),
      SchemaProperty("proves", .texts, "Ids of checklist items that a pass counts for."),
      SchemaProperty("unlocks", .texts, "Commands that a pass opens."),
      SchemaProperty("answer", answerForm, "The form of a typed answer; none where `check` is typed."),
      SchemaProperty("values", .list(sql), "Queries whose first rows are placeholders of all texts."),
      SchemaProperty("parts", .list(exercisePart), "Several questions, each passed by itself."),
      SchemaProperty("tables", tables, "The tables of queries and of worlds/killer.ndjson."),
    ]))

  private static let answerForm = SchemaNode.object([
    SchemaProperty("form", .localized, "How it is written, as the learner sees it.", required: true),
    SchemaProperty(
      "fields",
      .list(
        .object([
          SchemaProperty("name", .text(pattern: "^[a-z][a-z0-9_]*$"), "{{answer.NAME}}", required: true),
          SchemaProperty(
            "type", .choice(AnswerForm.FieldType.allCases.map(\.rawValue)), "Its type.",
            required: true),
          SchemaProperty("words", .texts, "Labels that may stand beside the value."),
          SchemaProperty("hour", .flag, "An hour of the day: 오후 3시 is 15."),
        ]), min: 1), "The values, in order.", required: true),
    SchemaProperty("constants", .texts, "May be said, adds nothing."),
    SchemaProperty("fillers", .texts, "Polite words and particles."),
  ])

  private static let exercisePart = SchemaNode.object([
    SchemaProperty("id", part, "The learner may type it; it must not tell the answer.", required: true),
    SchemaProperty("title", .localized, "A title per language."),
    SchemaProperty("answer", answerForm, "Judged by the rules in checks/ID/."),
    SchemaProperty("values", .list(sql), "Placeholders of this part's feedback."),
    SchemaProperty(
      "choice", .object([SchemaProperty("pool", .list(.text(), min: 1), "Ids of items/ID.yaml.", required: true)]),
      "A choice among options; a retry draws another item."),
    SchemaProperty(
      "order",
      .object([
        SchemaProperty(
          "items",
          .list(
            .object([
              SchemaProperty("id", .text(), "Its id.", required: true),
              SchemaProperty("ko", .text(), "Korean."), SchemaProperty("en", .text(), "English."),
            ]), min: 3), "What is to be ordered.", required: true),
        SchemaProperty("correct", .texts, "All ids in the right order.", required: true),
        SchemaProperty(
          "mistakes",
          .list(
            .object([
              SchemaProperty("first", .text(), "Placed before…", required: true),
              SchemaProperty("then", .text(), "…this one, though it comes after it.", required: true),
              SchemaProperty("feedback", .text(), "The feedback id.", required: true),
            ])), "Misconceptions."),
        SchemaProperty("feedback", .text(), "The feedback of any other wrong order."),
      ]), "Items to be brought into order."),
    SchemaProperty(
      "kind", .choice(CheckLoader.Kind.allCases.map(\.rawValue)), "The kind of the check in checks/ID/."),
  ])

  static let columns = SchemaNode.map(.text())
  private static let tables = SchemaNode.list(
    .object([
      SchemaProperty("name", .text(), "As answers write it, such as lake.silver.events.", required: true),
      SchemaProperty("columns", columns, "Names and Trino types.", required: true),
    ]))

  // MARK: Items

  /// `items/ID.yaml`.
  static let item = ContentSchema(
    name: "item", title: "An item of a choice",
    node: .object([
      SchemaProperty("id", .text(), "The file's name without .yaml.", required: true),
      SchemaProperty("question", .localized, "The question."),
      SchemaProperty("options", .list(option(isReason: false), min: 2), "Two to nine.", required: true),
      SchemaProperty("reasons", .list(option(isReason: true), min: 2), "The second tier."),
    ]))

  private static func option(isReason: Bool) -> SchemaNode {
    .object(
      [
        SchemaProperty("id", .text(), "Named by {{option: ID}} in answers.", required: true),
        SchemaProperty("ko", .text(), "Korean."), SchemaProperty("en", .text(), "English."),
        SchemaProperty("correct", .flag, "True for a right one."),
        SchemaProperty("feedback", .text(), "The feedback id of a wrong one."),
      ] + (isReason ? [SchemaProperty("with", .texts, "The right options that this reason fits.")] : []))
  }

  /// `answers/wrong/NAME/expect.yaml`.
  static let expect = ContentSchema(
    name: "expect", title: "What a declared wrong answer gets",
    node: .object([
      SchemaProperty("verdict", .choice(Array(Verdict.names.dropFirst())), "The verdict.", required: true),
      SchemaProperty("feedback", .text(), "The feedback id; with not-yet and partly."),
    ]))

  // MARK: Front matter

  /// The front matter of `NAME.md`.
  static let markdown = ContentSchema(
    name: "markdown-exercise", title: "The front matter of an exercise in one Markdown file",
    node: .object([
      SchemaProperty("id", id, "Never used again for another exercise.", required: true),
      SchemaProperty("version", .integer(1...1_000_000), "1 unless a change makes passes doubtful."),
      SchemaProperty("status", .choice(["draft", "local"]), "local unless it is unfinished."),
      SchemaProperty("lang", .choice(CourseLanguage.allCases.map(\.rawValue)), "ko unless said."),
      SchemaProperty("title", .text(), "Its title.", required: true),
      SchemaProperty("minutes", minutes, "What it takes, honestly.", required: true),
      SchemaProperty(
        "kind", .choice(MarkdownExercise.Kind.allCases.map(\.rawValue)), "What is asked.",
        required: true),
      SchemaProperty("needs", .texts, "Ids of exercises that come before."),
      SchemaProperty("unit", .text(), "Of a number: min, MB, events, events/s, %, 원 …"),
      SchemaProperty("value", .scalar, "Of a number: arithmetic, or SELECT …"),
      SchemaProperty("tolerance", .scalar, "Of a number: 2%, or how far it may be off."),
      SchemaProperty("form", .text(), "Of a number: how it is written, as the learner sees it."),
      SchemaProperty(
        "mistakes",
        .list(
          .object([
            SchemaProperty("value", .scalar, "The number that the mistake leads to.", required: true),
            SchemaProperty("feedback", .text(), "The `## ` section that explains it.", required: true),
          ])), "Of a number: known mistakes."),
    ]))
}
