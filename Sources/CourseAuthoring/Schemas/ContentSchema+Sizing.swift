// The schemas of what `size` is made of.

internal import Course
internal import Grading

extension ContentSchema {
  private static let id = SchemaProperty(
    "id", .text(pattern: "^[a-z][a-z0-9_]*$"), "Its name in formulas and in SQL.", required: true)
  private static let korean = SchemaProperty("ko", .text(), "Its name in Korean.", required: true)
  private static let english = SchemaProperty("en", .text(), "Its name in English.", required: true)
  private static let unit = SchemaProperty(
    "unit", .text(), "Such as events/s, MB/s, GB, bytes, shards.", required: true)
  private static let shown = SchemaProperty(
    "shown", .localized, "Its unit as a learner reads it; `unit` where absent.")

  /// `Lessons/assumptions.yaml`.
  static let assumptions = file(
    "assumptions", "What sizing begins with", "assumptions",
    .object([
      id, korean, english, unit, shown,
      SchemaProperty("value", .number, "The same for everybody."),
      SchemaProperty("choices", .list(.number, min: 2), "Each learner draws one."),
      SchemaProperty("source", .localized, "Who says so.", required: true),
      SchemaProperty(
        "date", .text(pattern: "^\\d{4}-\\d{2}-\\d{2}$"), "The day of which it is.",
        required: true),
    ]))

  /// `Lessons/worksheets.yaml`.
  static let worksheets = file(
    "worksheets", "Worksheets of `size`", "worksheets",
    .object([
      id, korean, english,
      SchemaProperty("lesson", .text(), "The lesson that it belongs to.", required: true),
      SchemaProperty(
        "cells",
        .list(
          .object([
            id, korean, english,
            SchemaProperty("words", .localized, "The formula in words.", required: true),
            unit, shown,
            SchemaProperty("formula", .text(), "Over assumptions and earlier cells."),
            SchemaProperty("measured", .text(), "A query of one number, in place of a formula."),
            SchemaProperty("or", .texts, "Formulas that a measured cell may equal as well."),
            SchemaProperty("whole", .flag, "True where only whole numbers make sense."),
            SchemaProperty(
              "accept",
              .object([
                SchemaProperty("from", .text(), "The least.", required: true),
                SchemaProperty("to", .text(), "The most.", required: true),
                SchemaProperty("multiple-of", .text(), "What it must be a multiple of."),
              ]), "Formulas within which the learner decides."),
            SchemaProperty(
              "mistakes",
              .list(
                .object([
                  SchemaProperty("id", .text(), "Its name in SQL.", required: true),
                  SchemaProperty(
                    "value", .text(), "A formula, which may name `right`.", required: true),
                  SchemaProperty("ko", .text(), "What to say, in Korean.", required: true),
                  SchemaProperty("en", .text(), "What to say, in English.", required: true),
                ])), "Values that known misconceptions lead to."),
          ]), min: 1), "In the order in which they are filled.", required: true),
    ]))

  /// `Lessons/storage.yaml`.
  static let storage = file(
    "storage", "What `cost --plan` prices", "loads",
    .object(
      [
        id, korean, english,
        SchemaProperty("key", .text(), "The key of one of its objects, for filters.", required: true),
      ]
        + StorageLoad.Quantity.allCases.map { quantity in
          SchemaProperty(
            quantity.rawValue, .text(), "A number, or a formula over assumptions.",
            required: quantity.isNeeded)
        }))
}
