// `incident.yaml`, and the checks beside it.

internal import Course
internal import Grading

extension ContentSchema {
  private static let words = SchemaProperty("words", .texts, "Other ways of saying it.")

  private static let form = SchemaNode.list(
    .object([
      SchemaProperty("id", .text(), "Its id.", required: true),
      SchemaProperty("title", .localized, "What is asked.", required: true),
      words,
      SchemaProperty(
        "options",
        .list(
          .object([
            SchemaProperty("id", .text(), "Its id.", required: true),
            SchemaProperty("text", .localized, "As the learner sees it.", required: true), words,
            SchemaProperty("feedback", .text(), "Where it is wrong."),
            SchemaProperty("fault", .text(), "The fault that it blames; the counterfactual removes it."),
          ]), min: 2), "Of a choice."),
      SchemaProperty(
        "right", .any([.text(), .texts, .map(.any([.text(), .texts]))]),
        "The right option or options, or these by variant."),
      SchemaProperty("earns", .choice(Incident.Part.allCases.map(\.rawValue)), "Whose points it earns."),
      SchemaProperty("sql", sql, "Of a number: its one value."),
      SchemaProperty("tolerance", .number, "Of a number: a fraction."),
      SchemaProperty("feedback", .text(), "Of a number: where it is wrong."),
    ]), min: 1)

  /// One level, or those that a learner may choose from.
  private static let levels: SchemaNode = {
    let level = SchemaNode.choice(Incident.Level.allCases.map(\.rawValue))
    return .any([level, .list(level, min: 1)])
  }()

  private static let steps = SchemaNode.list(
    .object([
      SchemaProperty("id", .text(), "What a cause blames.", required: true),
      SchemaProperty("at", .text(), "KST, hours since yesterday's midnight: 21:40.", required: true),
      SchemaProperty("run", .texts, "Lines of the prompt, after the files."),
      SchemaProperty("files", .text(), "A folder of steps/, laid over pipeline/."),
    ]), min: 1)

  /// `incident.yaml`.
  static let incident = ContentSchema(
    name: "incident", title: "An incident",
    node: .object([
      SchemaProperty("id", .text(pattern: "^[A-Z][A-Z0-9-]*$"), "The folder's name.", required: true),
      version,
      SchemaProperty("status", .choice(statuses), "draft, local or core.", required: true),
      SchemaProperty(
        "level", levels, "diagnose ends with a report; repair goes on until the symptom is gone.",
        required: true),
      SchemaProperty("title", .localized, "Its title.", required: true),
      SchemaProperty("minutes", .integer(1...240), "What it takes, honestly.", required: true),
      SchemaProperty("needs", .texts, "Ids of exercises that come before."),
      SchemaProperty("proves", .texts, "Ids of checklist items."),
      SchemaProperty("commands", .texts, "Commands that it is solved with."),
      SchemaProperty("time", .text(pattern: "^[0-2][0-9]:[0-5][0-9]$"), "KST time of the message."),
      SchemaProperty("dashboard", .texts, "Lines that show what the writer sees.", required: true),
      SchemaProperty("symptom", sql, "Rows: the symptom shows.", required: true),
      SchemaProperty("values", .list(sql), "Placeholders of all texts."),
      SchemaProperty(
        "variants",
        .list(
          .object([
            SchemaProperty("id", .text(), "Its id.", required: true),
            SchemaProperty("faults", faults, "What is made wrong."),
            SchemaProperty("steps", steps, "What somebody did on the day before."),
            SchemaProperty(
              "parameters", .map(.list(.text(), min: 2)), "Values of which one is drawn, by name."),
          ]), min: 1), "Ways in which the same message comes about.", required: true),
      SchemaProperty(
        "hidden",
        .object([
          SchemaProperty("days", .texts, "Yesterdays of hidden worlds.", required: true),
          SchemaProperty("version_shift", .integer(0...1_000), "How far their app is ahead."),
          SchemaProperty("size", .choice(["xs", "s"]), "xs unless said; of answers' worlds, too."),
        ]), "Worlds that nobody has seen.", required: true),
      SchemaProperty("triage", form, "Opens the repair commands.", required: true),
      SchemaProperty(
        "facts",
        .list(
          .object([
            SchemaProperty("id", .text(), "Its id.", required: true),
            SchemaProperty("says", .localized, "What it says, filled.", required: true),
            SchemaProperty("from", .texts, "Tables or commands that show it.", required: true),
            SchemaProperty(
              "shows",
              .list(
                .object([
                  SchemaProperty("sql", sql, "Values that must be on the screen.", required: true),
                  SchemaProperty("rows_max", .integer(1...10_000), "On so few rows."),
                ])), "What the screen must show; nothing: the source is enough."),
            SchemaProperty("holds", sql, "Rows: the fact is true."),
            SchemaProperty("values", .list(sql), "Placeholders of `says`."),
            SchemaProperty("excludes", .list(.choice(Incident.stages)), "Stages that it clears."),
            SchemaProperty("decisive", .flag, "Tells the cause from its rivals."),
            SchemaProperty("misleads", .text(), "The feedback of one that proves nothing."),
          ])), "What evidence may be.", required: true),
      SchemaProperty("diagnosis", form, "With the fields stage and cause.", required: true),
      SchemaProperty("report", form, "Ends level diagnose."),
      SchemaProperty("postmortem", form, "What is written down at the end.", required: true),
      SchemaProperty(
        "tempting",
        .list(
          .object([
            SchemaProperty("feedback", .text(), "The feedback id.", required: true),
            SchemaProperty("commands", .texts, "How such a repair begins.", required: true),
          ])), "Wrong repairs, recognised by their commands."),
      SchemaProperty(
        "points",
        .object(
          Incident.Part.allCases.map {
            SchemaProperty($0.rawValue, .integer(0...100), "Its points.", required: true)
          }), "100 together."),
    ]))

  /// `checks/NN-what.yaml` of an incident.
  static let incidentCheck = ContentSchema(
    name: "incident-check", title: "A check of an incident",
    node: .any([
      .object([
        SchemaProperty("goal", .localized, "What a right repair achieves.", required: true),
        SchemaProperty("feedback", .text(), "The feedback id.", required: true),
        SchemaProperty("sql", sql, "Rows: what is wrong.", required: true),
        SchemaProperty("level", levels, "At which it is asked; without it, at all."),
      ]),
      .object(
        [
          SchemaProperty("goal", .localized, "What a right repair achieves.", required: true),
          SchemaProperty("feedback", .text(), "The feedback id.", required: true),
          SchemaProperty("level", levels, "At which it is asked; without it, at all."),
        ] + invariantProperties),
    ]))
}
