// A question whose answer is a DataFrame program: its result is compared as a query's is, and its
// executed plan must keep constraints. Read and checked here; judged once an engine runs programs.

/// What a check of kind `dataframe` declares.
///
/// ```yaml
/// kind: dataframe
/// goal: {ko: …, en: …}
/// feedback: wrong-result
/// columns: {dt: date, dau: bigint}
/// key: [dt]
/// reference: SELECT …
/// plan: {exchanges_max: 2, join: broadcast, partitions_read_max: 1, collect: false, skew_max: 3}
/// plan_feedback: {exchanges_max: too-many-shuffles, join: shuffled-a-small-table}
/// ```
package struct DataframeQuestion: Sendable {
  /// What the executed plan must keep; nil where nothing is asked.
  package struct PlanConstraints: Sendable, Hashable {
    package enum Join: String, Sendable, CaseIterable {
      case broadcast
      case sortMerge = "sort-merge"
    }

    package var exchangesMax: Int?
    package var join: Join?
    package var partitionsReadMax: Int?
    /// False forbids `collect` and its like.
    package var allowsCollect: Bool
    /// The longest task beside the median one.
    package var skewMax: Double?
  }

  package var name: String
  package var goal: LocalizedText
  package var feedback: String
  /// How the result is judged: the same reference and worlds as a query's.
  package var result: SQLQuestion
  package var plan: PlanConstraints
  /// The feedback of each constraint that has one.
  package var planFeedback: [String: String]

  static let planKeys = ["exchanges_max", "join", "partitions_read_max", "collect", "skew_max"]

  /// The declared feedback ids.
  package var feedbackIDs: [String] {
    result.feedbackIDs + Self.planKeys.compactMap { planFeedback[$0] }
  }

  /// Says that no engine runs the program: never passed, never wrong.
  package func grade(_ text: String?, host: any LessonHost) -> Judgement {
    guard let text, !text.allSatisfy(\.isWhitespace) else { return Judgement(.notAttempted) }
    return Judgement(.checkerFailed(reason: host.text("course.noSparkEngine", [:])))
  }

  package static func parse(
    _ node: ManifestNode,
    name: String,
    folder: ContentFolder,
    tables: [GradingTable],
    status: ContentStatus
  ) throws -> DataframeQuestion {
    try node.allowKeys(SQLQuestion.keys + ["plan", "plan_feedback"])
    let result = try SQLQuestion.parse(
      node,
      name: name,
      folder: folder,
      tables: tables,
      status: status,
      allows: ["plan", "plan_feedback"]
    )
    let plan = node.optional("plan")
    try plan?.allowKeys(planKeys)
    let feedbackNode = node.optional("plan_feedback")
    try feedbackNode?.allowKeys(planKeys)
    var planFeedback: [String: String] = [:]
    for key in planKeys {
      guard let found = feedbackNode?.optional(key) else { continue }
      guard plan?.optional(key) != nil else {
        throw found.error(
          "course.bad-value",
          "The plan has no constraint `\(key)`.",
          advice: "Write it under `plan`, or remove its feedback."
        )
      }
      planFeedback[key] = try found.text(example: "too-many-shuffles")
    }
    return DataframeQuestion(
      name: name,
      goal: result.goal,
      feedback: result.feedback,
      result: result,
      plan: PlanConstraints(
        exchangesMax: try plan?.optional("exchanges_max")?.integer(0...1_000, example: "2"),
        join: try plan?.optional("join")?.choice(PlanConstraints.Join.self),
        partitionsReadMax: try plan?.optional("partitions_read_max")?
          .integer(0...1_000_000, example: "1"),
        allowsCollect: try plan?.optional("collect")?.flag(example: "false") ?? true,
        skewMax: try plan?.optional("skew_max")?.number(1...1_000, example: "3")
      ),
      planFeedback: planFeedback
    )
  }
}
