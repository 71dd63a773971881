/// One question of an exercise: an answer that checks judge, a choice, an order, a number, a query,
/// the pipeline's state here and elsewhere, or a document.
///
/// An exercise without `parts` is one part without a name.
package struct ExercisePart: Sendable {
  /// How the part is asked and judged.
  package enum Question: Sendable {
    /// A typed answer, or the pipeline's state where the form is nil, judged by checks.
    case checks(AnswerForm?, [Check], values: [SQLTemplate])
    /// One of the items is drawn; a wrong answer draws another.
    case choice([ChoiceItem])
    case order(OrderQuestion)
    case number(NumberQuestion)
    case sql(SQLQuestion)
    case dataframe(DataframeQuestion)
    case document(DocumentQuestion)
    /// Rules over the pipeline's state, some of them in other worlds.
    case state(StateQuestion)
  }

  /// Empty for the one part of an exercise without parts.
  package var id: String
  package var title: LocalizedText?
  package var question: Question

  package init(
    id: String,
    title: LocalizedText?,
    question: Question
  ) {
    self.id = id
    self.title = title
    self.question = question
  }

  /// The declared feedback ids of this part.
  package var feedbackIDs: [String] {
    switch question {
    case .checks(_, let checks, _): checks.map(\.feedback)
    case .choice(let items): items.flatMap(\.feedbackIDs)
    case .order(let order): order.mistakes.map(\.feedback) + [order.feedback].compactMap { $0 }
    case .number(let number): number.feedbackIDs
    case .sql(let sql): sql.feedbackIDs
    case .dataframe(let dataframe): dataframe.feedbackIDs
    case .document(let document): document.feedbackIDs
    case .state(let state): state.feedbackIDs
    }
  }

  /// True where checks judge what was done or typed, and not which option was chosen.
  package var isJudgedByChecks: Bool {
    switch question {
    case .choice, .order: false
    case .checks, .number, .sql, .dataframe, .document, .state: true
    }
  }

  /// Feedback ids that the course has a sentence for where the exercise has none.
  package static let builtInFeedbackIDs = [
    ChoiceItem.otherReasonFeedback, NumberQuestion.slipFeedbackID, SQLQuestion.columnsFeedbackID,
    SQLQuestion.failedFeedbackID,
  ]

  /// Every feedback id that an answer to this part can get.
  package var possibleFeedbackIDs: [String] {
    switch question {
    case .checks: feedbackIDs
    case .choice(let items): items.flatMap(\.possibleFeedbackIDs)
    case .order(let order): order.mistakes.map(\.feedback) + [order.feedbackID]
    case .number(let number): number.feedbackIDs + [NumberQuestion.slipFeedbackID]
    case .sql(let sql): sql.possibleFeedbackIDs
    case .dataframe(let dataframe): dataframe.result.possibleFeedbackIDs + feedbackIDs
    case .document, .state: feedbackIDs
    }
  }
}

/// One item of a choice: a question, options, and where it has two tiers, reasons.
package struct ChoiceItem: Sendable, Hashable {
  /// An option or a reason.
  package struct Option: Sendable, Hashable {
    package var id: String
    package var text: LocalizedText
    package var isCorrect: Bool
    /// The feedback that a wrong one gets; nil where none is declared.
    package var feedback: String?
    /// For a reason: the options it fits; empty fits all of them.
    package var fits: [String]

    package init(
      id: String,
      text: LocalizedText,
      isCorrect: Bool,
      feedback: String? = nil,
      fits: [String] = []
    ) {
      self.id = id
      self.text = text
      self.isCorrect = isCorrect
      self.feedback = feedback
      self.fits = fits
    }

    /// The declared feedback, or the option's own id.
    var feedbackID: String { feedback ?? id }
  }

  package var id: String
  package var question: LocalizedText
  package var options: [Option]
  /// Empty where one tier is all.
  package var reasons: [Option]

  package init(id: String, question: LocalizedText, options: [Option], reasons: [Option] = []) {
    self.id = id
    self.question = question
    self.options = options
    self.reasons = reasons
  }

  /// The feedback that a right reason gets when it belongs to another right option.
  package static let otherReasonFeedback = "reason-of-another-option"

  /// The declared feedback ids.
  var feedbackIDs: [String] { (options + reasons).compactMap(\.feedback) }

  /// Every feedback id that an answer can get.
  var possibleFeedbackIDs: [String] {
    (options + reasons).filter { !$0.isCorrect }.map(\.feedbackID) + [Self.otherReasonFeedback]
  }
}

/// Items to be brought into their order.
package struct OrderQuestion: Sendable, Hashable {
  package struct Item: Sendable, Hashable {
    package var id: String
    package var text: LocalizedText

    package init(id: String, text: LocalizedText) {
      self.id = id
      self.text = text
    }
  }

  /// A misconception: `first` was placed somewhere before `then`.
  package struct Mistake: Sendable, Hashable {
    package var first: String
    package var then: String
    package var feedback: String

    package init(first: String, then: String, feedback: String) {
      self.first = first
      self.then = then
      self.feedback = feedback
    }
  }

  package var items: [Item]
  /// The ids of all items in the right order.
  package var correct: [String]
  package var mistakes: [Mistake]
  /// The feedback of a wrong order that is no known misconception; nil says how far it is right.
  package var feedback: String?

  package init(items: [Item], correct: [String], mistakes: [Mistake] = [], feedback: String? = nil) {
    self.items = items
    self.correct = correct
    self.mistakes = mistakes
    self.feedback = feedback
  }

  package var feedbackID: String { feedback ?? "wrong-order" }

  package func item(_ id: String) -> Item? { items.first { $0.id == id } }
}

extension ExercisePart {
  /// The made worlds that judging this part opens, so that they can be made while the learner reads.
  package var madeWorlds: [MadeWorld] {
    switch question {
    case .sql(let sql): sql.hidden
    case .dataframe(let dataframe): dataframe.result.hidden
    case .state(let state):
      state.items.flatMap { item -> [MadeWorld] in
        guard case .scenario(let scenario) = item.rule else { return [] }
        return scenario.worlds
      }
    case .checks, .choice, .order, .number, .document: []
    }
  }
}
