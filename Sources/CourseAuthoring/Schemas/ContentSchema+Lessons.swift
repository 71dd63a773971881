// The files of `Lessons`.

internal import Course
internal import Grading

extension ContentSchema {
  static func file(_ name: String, _ title: String, _ key: String, _ entry: SchemaNode)
    -> ContentSchema
  {
    ContentSchema(
      name: name, title: title,
      node: .object([
        SchemaProperty("version", .integer(1...1_000), "The version of the format."),
        SchemaProperty(key, .list(entry), "In their order.", required: true),
      ]))
  }

  private static let lessonIDs = SchemaProperty("lessons", .texts, "Ids of lessons.")

  /// `Lessons/course.yaml`.
  static let course = ContentSchema(
    name: "course", title: "The lessons in the order in which they are learnt",
    node: .object([
      SchemaProperty("version", .integer(1...1_000), "The version of the format."),
      SchemaProperty(
        "phases",
        .list(
          .object([
            SchemaProperty("id", .integer(0...9), "Its number.", required: true),
            SchemaProperty("title", .localized, "Its title.", required: true),
            SchemaProperty("days", .localized, "How many days.", required: true),
            SchemaProperty("hours", .number, "How many hours.", required: true),
            SchemaProperty("outcome", .localized, "What one can do afterwards.", required: true),
            SchemaProperty("prerequisites", .localized, "What it needs.", required: true),
          ])), "The parts of the road."),
      SchemaProperty(
        "roles",
        .list(
          .object([
            SchemaProperty(
              "id", .choice(CourseOutline.Role.allCases.map(\.rawValue)), "The role.", required: true),
            SchemaProperty("title", .localized, "Its name.", required: true),
            SchemaProperty("path", .texts, "Ids of lessons in order.", required: true),
            SchemaProperty("hours", .number, "How long the path takes at most, as promised."),
            SchemaProperty("advice", .localized, "What it pays to look at.", required: true),
            SchemaProperty("required", .texts, "Proofs that complete the path."),
          ])), "What each role learns."),
      SchemaProperty("lessons", .list(lessonEntry), "In the order of learning.", required: true),
    ]))

  private static let lessonEntry = SchemaNode.object([
    SchemaProperty("id", .text(), "Quoted, such as \"00\".", required: true),
    SchemaProperty("slug", .text(), "The folder below Lessons.", required: true),
    SchemaProperty("title", .localized, "Its title.", required: true),
    SchemaProperty("question", .localized, "The key question that it answers."),
    SchemaProperty("phase", .integer(0...9), "The phase that it belongs to."),
    SchemaProperty(
      "roles", .list(.choice(CourseOutline.Role.allCases.map(\.rawValue))), "All unless said."),
    SchemaProperty("needs", .texts, "Ids of lessons that come before."),
    SchemaProperty("minutes", .integer(1...2_000), "Of a lesson that is not there yet."),
    SchemaProperty(
      "sections",
      .list(
        .object([
          SchemaProperty("id", .text(), "Quoted, such as \"0.1\".", required: true),
          SchemaProperty("title", .localized, "Its title.", required: true),
          SchemaProperty(
            "minutes", .integer(1...240), "Reading, demonstrations and core exercises.", required: true),
          SchemaProperty("commands", .texts, "Commands that it introduces."),
          SchemaProperty("terms", .texts, "Ids of terms that it introduces."),
          SchemaProperty("exercises", .texts, "Ids of its exercises."),
        ])), "Empty for a lesson that is not there yet.", required: true),
  ])

  /// `Lessons/checklist.yaml`.
  static let checklist = file(
    "checklist", "What a learner can do at the end", "items",
    .object([
      SchemaProperty("id", .text(), "Its id.", required: true),
      SchemaProperty(
        "group", .choice(Checklist.Group.allCases.map(\.rawValue)), "Where it stands.", required: true),
      SchemaProperty("text", .localized, "In the first person.", required: true),
      lessonIDs,
      SchemaProperty("proofs", .list(.text(), min: 1), "All of them tick it.", required: true),
      SchemaProperty("deeper", .texts, "All of them add a badge."),
    ]))

  /// `Lessons/terms.yaml`.
  static let terms = file(
    "terms", "The glossary", "terms",
    .object([
      SchemaProperty("id", .text(), "Its id.", required: true),
      SchemaProperty("ko", .text(), "The one Korean word.", required: true),
      SchemaProperty("en", .text(), "The English word.", required: true),
      SchemaProperty("not", .texts, "Spellings that no Korean text uses."),
      SchemaProperty("definition", .localized, "What it means.", required: true),
      SchemaProperty("lesson", .text(), "The lesson that introduces it.", required: true),
      SchemaProperty("seed", .flag, "True for one of the ten."),
      SchemaProperty("see", .texts, "Ids of related terms."),
      SchemaProperty(
        "quiz",
        .object([
          SchemaProperty("question", .localized, "About its use.", required: true),
          SchemaProperty(
            "options",
            .list(
              .object([
                SchemaProperty("ko", .text(), "Korean.", required: true),
                SchemaProperty("en", .text(), "English.", required: true),
                SchemaProperty("correct", .flag, "True for the right one."),
              ]), min: 2), "Two to five, one of them right.", required: true),
        ]), "A question about it."),
    ]))

  private static let layer = SchemaProperty(
    "layer", .choice(PipelineLayer.allCases.map(\.rawValue)), "Where it stands.", required: true)

  /// `Lessons/cards.yaml`.
  static let cards = file(
    "cards", "Product cards", "cards",
    .object([
      SchemaProperty("id", .text(), "Its id.", required: true),
      SchemaProperty("name", .text(), "The product.", required: true), layer,
      SchemaProperty("role", .localized, "What it does.", required: true),
      SchemaProperty("when", .localized, "When a team picks it.", required: true),
      SchemaProperty("alternatives", .texts, "Ids of other cards, or names."),
      SchemaProperty("here", .localized, "What stands for it here."),
      SchemaProperty("simulated", .flag, "false where nothing does."),
    ]))

  /// `Lessons/stations.yaml`.
  static let stations = file(
    "stations", "The places that an event passes", "stations",
    .object([
      SchemaProperty("id", .text(), "Its id.", required: true),
      SchemaProperty("name", .localized, "Its name.", required: true), layer,
      SchemaProperty("adds", .localized, "What it adds to the event.", required: true),
      SchemaProperty("loses", .localized, "How an event is lost there.", required: true),
      SchemaProperty("look", .text(), "The command that looks at it.", required: true),
    ]))

  /// `Lessons/refs.yaml`.
  static let references = ContentSchema(
    name: "refs", title: "Books, blogs and docs",
    node: .object(
      [SchemaProperty("version", .integer(1...1_000), "The version of the format.")]
        + Reference.Group.allCases.map { group in
          SchemaProperty(
            group.rawValue,
            .list(
              .object([
                SchemaProperty("title", .text(), "Its title.", required: true),
                SchemaProperty("by", .text(), "Author or publisher."),
                SchemaProperty("url", .text(pattern: "^https://"), "The whole address."),
                lessonIDs, SchemaProperty("note", .localized, "Why to read it."),
              ])), "In their order.", required: true)
        }))
}
