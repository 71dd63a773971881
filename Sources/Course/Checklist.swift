package import Grading

/// The twelve things to be able to do at the end, ticked by their proofs alone.
///
/// A tick is stored when all proofs of an item are there for the first time, and is never taken
/// back: later changes of the list or of an exercise only ask for a review.
package struct Checklist: Sendable {
  package enum Group: String, Sendable, Hashable, CaseIterable {
    case basic
    case practice
    case advanced
  }

  package struct Item: Sendable, Hashable {
    package var id: String
    package var group: Group
    package var text: LocalizedText
    /// Ids of the lessons that teach it.
    package var lessons: [String]
    /// All of them tick the item.
    package var proofs: [String]
    /// All of them add a badge.
    package var deeper: [String]
  }

  package var items: [Item]

  package init(items: [Item]) { self.items = items }

  // MARK: State

  /// What a proof is worth now.
  package enum ProofState: String, Sendable, Hashable {
    case passed
    /// Passed, but in an older version of the exercise.
    case passedBefore
    case open
    /// No exercise of that id exists yet.
    case notThereYet
  }

  package struct Proof: Sendable, Hashable {
    package var id: String
    /// Nil for what is no exercise.
    package var title: LocalizedText?
    package var state: ProofState
    /// Nil where it is not known.
    package var minutes: Int?
  }

  package struct ItemState: Sendable, Hashable {
    package var item: Item
    package var isTicked: Bool
    /// True where a tick has aged, or what proved it has changed: a two-minute review is offered.
    package var wantsReview: Bool
    /// True where all deeper proofs are there as well.
    package var hasBadge: Bool
    package var proofs: [Proof]
    package var deeper: [Proof]
  }

  /// How old a proof may grow before a review is offered, in days.
  package static let reviewAge = 90

  /// The state of all items.
  ///
  /// `passes` are all passes by exercise and version, `ticked` the ids of items that were ticked
  /// before; `now` is in milliseconds since the epoch. Ids in `others` are proofs that exist
  /// without being exercises.
  package func state(
    passes: [ProgressStore.Pass],
    ticked: Set<String>,
    exercises: [String: ExerciseSummary],
    others: Set<String> = [GlossaryQuiz.proofID],
    now: Int64
  ) -> [ItemState] {
    var newest: [String: ProgressStore.Pass] = [:]
    for pass in passes {
      if let known = newest[pass.exercise], known.version > pass.version { continue }
      newest[pass.exercise] = pass
    }
    func proof(_ id: String) -> Proof {
      let exercise = exercises[id]
      let state: ProofState
      if let pass = newest[id] {
        state = exercise.map { $0.version > pass.version } == true ? .passedBefore : .passed
      } else {
        state = exercise != nil || others.contains(id) ? .open : .notThereYet
      }
      return Proof(id: id, title: exercise?.title, state: state, minutes: exercise?.minutes)
    }
    return items.map { item in
      let proofs = item.proofs.map(proof)
      let deeper = item.deeper.map(proof)
      func isPassed(_ proof: Proof) -> Bool {
        proof.state == .passed || proof.state == .passedBefore
      }
      let isTicked =
        ticked.contains(item.id) || !proofs.isEmpty && proofs.allSatisfy(isPassed)
      let oldest = item.proofs.compactMap { newest[$0]?.wallTime }.min() ?? now
      let hasAged = now - oldest > Int64(Self.reviewAge) * 86_400_000
      return ItemState(
        item: item,
        isTicked: isTicked,
        wantsReview: isTicked && (hasAged || !proofs.allSatisfy { $0.state == .passed }),
        hasBadge: !deeper.isEmpty && deeper.allSatisfy(isPassed),
        proofs: proofs,
        deeper: deeper
      )
    }
  }
}

extension CourseContent {
  /// The items of `Lessons/checklist.yaml`, in its order.
  package func checklist() throws -> Checklist {
    let items = try entries("checklist.yaml", "items", id: \.id) { node in
      try node.allowKeys(["id", "group", "text", "lessons", "proofs", "deeper"])
      let proofsNode = try node.required("proofs", example: "[00-1, 00-2]")
      let proofs = try proofsNode.texts(example: "00-1")
      guard !proofs.isEmpty else {
        throw proofsNode.error(
          "course.bad-value",
          "The item has no proof, so that nothing could tick it.",
          advice: "Name the exercises that prove it."
        )
      }
      return Checklist.Item(
        id: try node.required("id", example: "event-journey").text(example: "event-journey"),
        group: try node.required("group", example: "basic").choice(Checklist.Group.self),
        text: try node.both("text"),
        lessons: try node.optional("lessons")?.texts(example: "\"00\"") ?? [],
        proofs: proofs,
        deeper: try node.optional("deeper")?.texts(example: "CAP-1") ?? []
      )
    }
    return Checklist(items: items)
  }
}

extension ProgressStore {
  /// The state of a checklist, with new ticks stored so that they are never taken back.
  package func checklistState(
    _ checklist: Checklist,
    exercises: [String: ExerciseSummary]
  ) throws -> [Checklist.ItemState] {
    let state = checklist.state(
      passes: try passes(),
      ticked: try ticks(),
      exercises: exercises,
      now: wallTime()
    )
    try tick(state.filter(\.isTicked).map(\.item.id))
    return state
  }
}
