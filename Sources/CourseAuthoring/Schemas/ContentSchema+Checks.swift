// `checks/*.yaml`: one shape for each kind of check.

internal import Course
internal import Grading

extension ContentSchema {
  /// `checks/NN-what.yaml` of an exercise.
  static let check = ContentSchema(
    name: "check", title: "A check",
    node: .any([
      .object(rows), .object(invariant), .object(scenario), .object(number), .object(query),
      .object(dataframe), .object(document),
    ]))

  private static func kind(_ kind: CheckLoader.Kind, required: Bool) -> SchemaProperty {
    SchemaProperty("kind", .choice([kind.rawValue]), "What the check is.", required: required)
  }

  private static let goal = SchemaProperty(
    "goal", .localized, "What a right answer achieves.", required: true)
  private static let feedback = SchemaProperty(
    "feedback", .text(), "The `## ` section of feedback.*.md for whoever breaks the rule.",
    required: true)
  private static let values = SchemaProperty(
    "values", .list(sql), "Queries whose first rows are placeholders of the feedback.")

  private static let rows: [SchemaProperty] = [
    kind(.rows, required: false), goal, feedback,
    SchemaProperty("sql", sql, "The rows that break the rule; {{answer.NAME}} is the answer's.", required: true),
    SchemaProperty(
      "fails_when", .choice(Check.FailsWhen.allCases.map(\.rawValue)),
      "rows: any row breaks the rule. no-rows: no row does."),
    values,
  ]

  // MARK: Invariants

  static let faults = SchemaNode.list(
    .open(
      [SchemaProperty("name", .text(), "Known to the world.", required: true)], .scalar))

  private static let lines = SchemaNode.any([.text(), .texts])

  static let invariantProperties: [SchemaProperty] = [
    SchemaProperty(
      "invariant", .choice(Invariant.Name.allCases.map(\.rawValue)), "Which of the eight.",
      required: true),
    SchemaProperty("target", .text(), "The table that is judged.", required: true),
    SchemaProperty("key", .any([.text(), .texts]), "The column or columns that name a row."),
    SchemaProperty("where", sql, "Rows of the target that count."),
    SchemaProperty("truth", sql, "The rows that ought to be there, from truth.…"),
    SchemaProperty("columns", .texts, "Columns whose values are compared."),
    SchemaProperty("lost", sql, "Keys that were lost and may be missing."),
    SchemaProperty("partition", .text(), "The partition column; dt unless said."),
    SchemaProperty("days", sql, "Partitions that may change."),
    SchemaProperty("ignore", .texts, "Columns that may change."),
    SchemaProperty("fork", .text(), "The fork that the target is compared with."),
    SchemaProperty("rerun", lines, "Commands that run the job again."),
    SchemaProperty("next", lines, "Commands that run the next scheduled interval."),
    SchemaProperty("versions", sql, "The versions that a reader could have seen."),
    SchemaProperty("poll", sql, "What a reader of {{version}} saw."),
    SchemaProperty("faults", faults, "Faults that are planted once more."),
    SchemaProperty("drive", lines, "Commands that let the world go on."),
    SchemaProperty("detected", sql, "Rows: it was noticed."),
    SchemaProperty(
      "stages",
      .list(
        .object([
          SchemaProperty("name", .text(), "The station.", required: true),
          SchemaProperty("table", .text(), "Where its events are.", required: true),
          SchemaProperty("column", .text(), "The key there; event_id unless said."),
        ])), "Stations at which a lost row is looked for."),
  ]

  private static let invariant: [SchemaProperty] =
    [kind(.invariant, required: false), goal, feedback] + invariantProperties

  // MARK: Scenarios

  static let madeWorld = SchemaNode.object([
    SchemaProperty("seed", .integer(1...1_000_000_000), "Its seed.", required: true),
    SchemaProperty("day", .text(), "Its yesterday, 2024-02-29.", required: true),
    SchemaProperty("size", .choice(["xs", "s", "m"]), "xs unless said."),
    SchemaProperty("version_shift", .integer(0...50), "How many major versions its app is ahead."),
    SchemaProperty("faults", faults, "What goes wrong in it."),
  ])

  private static let scenario: [SchemaProperty] = [
    kind(.scenario, required: true), goal,
    SchemaProperty("feedback", .text(), "For a change that cannot be applied there."),
    SchemaProperty("worlds", .list(madeWorld), "Worlds that nobody has seen."),
    SchemaProperty("learner", .flag, "True where the learner's own world is judged, too."),
    SchemaProperty("fork", .text(), "Since when the learner's changes count."),
    SchemaProperty("bind", .map(sql), "Values that stand for the learner's own, by name."),
    SchemaProperty("drive", .texts, "Commands that let the world go on."),
    SchemaProperty(
      "checks", .list(.any([.object(rows), .object(invariant)]), min: 1), "What is asked then.",
      required: true),
  ]

  // MARK: Numbers

  private static let tolerance = SchemaNode.any([
    .scalar,
    .object([
      SchemaProperty("relative", .number, "A fraction, 0.02."),
      SchemaProperty("absolute", .number, "In the unit."),
    ]),
  ])

  private static let number: [SchemaProperty] = [
    kind(.number, required: true), goal, feedback,
    SchemaProperty("form", .localized, "How it is written, as the learner sees it.", required: true),
    SchemaProperty("unit", .text(), "min, MB, GiB/day, events/s, %, 원 …", required: true),
    SchemaProperty("tolerance", tolerance, "2%, 0.5, {relative: 0.02}, {absolute: 3}."),
    SchemaProperty(
      "value", .scalar, "SELECT …, or arithmetic over inputs and steps.", required: true),
    SchemaProperty(
      "inputs",
      .map(
        .object([
          SchemaProperty("choices", .list(.number), "One of these."),
          SchemaProperty("from", .number, "Or from…"), SchemaProperty("to", .number, "…to…"),
          SchemaProperty("step", .number, "…by; 1 unless said."),
        ])), "Numbers drawn for each learner; the task names them {NAME}."),
    SchemaProperty(
      "steps",
      .list(
        .object([
          SchemaProperty("id", .text(pattern: "^[a-z][a-z0-9_]*$"), "Its name.", required: true),
          SchemaProperty("goal", .localized, "What it is.", required: true),
          SchemaProperty("value", .scalar, "SELECT … or arithmetic.", required: true),
          SchemaProperty("unit", .text(), "Its unit.", required: true),
          SchemaProperty("tolerance", tolerance, "As that of the answer unless said."),
          SchemaProperty("words", .texts, "Labels by which an answer names it."),
          SchemaProperty("feedback", .text(), "The feedback id.", required: true),
          SchemaProperty("asked", .flag, "True where an answer without it is not read."),
        ])), "Intermediate numbers, so that the step that is wrong is named."),
    SchemaProperty(
      "mistakes",
      .list(
        .object([
          SchemaProperty("value", .scalar, "The number that it leads to.", required: true),
          SchemaProperty("feedback", .text(), "The feedback id.", required: true),
        ])), "Known mistakes."),
    SchemaProperty(
      "slips",
      .object(
        UnitSlip.Kind.allCases.map {
          SchemaProperty($0.rawValue, .text(), "The feedback id of that slip of unit.")
        }), "Feedback of the exercise's own for slips of unit."),
    values,
  ]

  // MARK: Queries

  private static let result: [SchemaProperty] = [
    goal, feedback,
    SchemaProperty("form", .localized, "How the answer is given."),
    SchemaProperty("columns", columns, "The result's columns and Trino types; the task names them."),
    SchemaProperty("key", .texts, "The columns that name a row of the result."),
    SchemaProperty("ordered", .flag, "True where the order of rows is asked for."),
    SchemaProperty("reference", sql, "A right query.", required: true),
    SchemaProperty("story", sql, "The life of a row that differs; {{row.COLUMN}} are its values."),
    SchemaProperty(
      "mistakes",
      .list(
        .object([
          SchemaProperty("sql", sql, "A wrong query.", required: true),
          SchemaProperty("feedback", .text(), "The feedback id.", required: true),
        ])), "Known wrong queries, besides answers/wrong."),
    SchemaProperty(
      "equivalents",
      .list(
        .object([
          SchemaProperty("change", .text(), "As course check shows it.", required: true),
          SchemaProperty("line", .integer(1...10_000), "The answer's line; every one unless said."),
          SchemaProperty("because", .text(), "Why both return the same.", required: true),
        ])), "Changes of accepted queries that make no other of them."),
    SchemaProperty(
      "counterexample",
      .object([SchemaProperty("keys", .map(.text()), "By table, the column by which rows belong together.", required: true)]),
      "How rows are kept together when the smallest counterexample is looked for."),
    SchemaProperty(
      "worlds",
      .object([
        SchemaProperty("killer", .text(), "worlds/killer.ndjson unless said."),
        SchemaProperty("killer_day", .text(), "Its yesterday; 2024-01-15 unless said."),
        SchemaProperty("hidden", .list(madeWorld), "Two or more; two usual ones unless said."),
      ]), "The worlds in which the query is judged."),
  ]

  private static let query: [SchemaProperty] = [kind(.sql, required: true)] + result

  private static let planKeys: [(String, SchemaNode, String)] = [
    ("exchanges_max", .integer(0...1_000), "Shuffles at most."),
    ("join", .choice(DataframeQuestion.PlanConstraints.Join.allCases.map(\.rawValue)), "How it joins."),
    ("partitions_read_max", .integer(0...1_000_000), "Partitions read at most."),
    ("collect", .flag, "False forbids collect and its like."),
    ("skew_max", .number, "The longest task beside the median one."),
  ]

  private static let dataframe: [SchemaProperty] =
    [kind(.dataframe, required: true)] + result + [
      SchemaProperty(
        "plan", .object(planKeys.map { SchemaProperty($0.0, $0.1, $0.2) }),
        "What the executed plan keeps."),
      SchemaProperty(
        "plan_feedback", .object(planKeys.map { SchemaProperty($0.0, .text(), "The feedback id.") }),
        "The feedback of each constraint."),
    ]

  // MARK: Documents

  private static let document: [SchemaProperty] = [
    kind(.document, required: true), goal, feedback,
    SchemaProperty("file", .text(), "The file that is read where the answer names none."),
    SchemaProperty(
      "fields",
      .list(
        .object([
          SchemaProperty("name", .text(pattern: "^[a-z][a-z0-9_]*$"), "Its name.", required: true),
          SchemaProperty(
            "type", .choice(DocumentQuestion.FieldType.allCases.map(\.rawValue)), "Its type.",
            required: true),
          SchemaProperty("required", .flag, "True unless said."),
          SchemaProperty("min", .number, "The least."), SchemaProperty("max", .number, "The most."),
          SchemaProperty("choices", .texts, "Of a choice."),
          SchemaProperty("words_min", .integer(1...1_000), "Words of a text at least."),
          SchemaProperty("items_min", .integer(1...1_000), "Elements of a list at least."),
          SchemaProperty("unit", .text(), "The unit of a number."),
          SchemaProperty("feedback", .text(), "Where it is missing or malformed.", required: true),
        ]), min: 1), "What the document holds.", required: true),
    SchemaProperty(
      "criteria",
      .list(
        .object([
          SchemaProperty("id", .text(), "Its id.", required: true),
          SchemaProperty("title", .localized, "As the learner sees it.", required: true),
          SchemaProperty("feedback", .text(), "Where it is not met.", required: true),
          SchemaProperty(
            "checks",
            .list(
              .object([
                SchemaProperty("present", .text(), "A field that is there and well formed."),
                SchemaProperty("value", .scalar, "Arithmetic over fields…"),
                SchemaProperty("equals", .scalar, "…that is this: SELECT …, or arithmetic."),
                SchemaProperty("answer", .text(), "…or an earlier answer: the exercise's id."),
                SchemaProperty("part", .text(), "The part of that exercise."),
                SchemaProperty("unit", .text(), "The unit of that answer."),
                SchemaProperty("tolerance", tolerance, "How far they may differ."),
                SchemaProperty("mentions", .text(), "A text field that names…"),
                SchemaProperty("words", .texts, "…these words,"),
                SchemaProperty("at_least", .integer(1...1_000), "at least so many."),
                SchemaProperty("feedback", .text(), "As the criterion's unless said."),
              ]), min: 1), "0 points for none, 2 for some, 4 for all.", required: true),
        ]), min: 1), "What gives points.", required: true),
    SchemaProperty("pass", .integer(1...1_000), "The points that pass; all unless said."),
  ]
}
