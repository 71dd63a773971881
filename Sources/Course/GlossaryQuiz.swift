package import Grading

/// Ten questions about the use of words, drawn for one learner; nine right ones pass.
///
/// A retry draws other terms until all were asked. Every answer is stored, so that a kill goes on
/// at the same question; the finished quiz is an attempt at the exercise `glossary-quiz`.
package final class GlossaryQuiz {
  /// The id under which the quiz is stored as an attempt and proves checklist items.
  package static let proofID = "glossary-quiz"
  /// How many are asked, and how many have to be right.
  package static let questionCountMax = 10
  package static let wrongCountMax = 1

  private static let settingKey = "glossary.quiz"

  private let candidates: [Glossary.Term]
  private let progress: ProgressStore
  private let language: () -> CourseLanguage
  private let texts: CourseTexts
  private let seed: UInt64
  private var round: Int
  /// Whether each answered question of this round was right.
  private var results: [Bool]

  /// A quiz over terms that have a question, resumed where one was begun.
  ///
  /// `met` are the terms to ask about; where fewer than ten of them have a question, all terms are
  /// asked. `say` finds the shared sentences in the catalogue, in the language of the moment.
  package init(
    glossary: Glossary,
    met: Set<String>,
    progress: ProgressStore,
    language: @escaping () -> CourseLanguage,
    say: @escaping (_ key: String, _ values: [String: String]) -> String
  ) {
    let all = glossary.terms.filter { $0.quiz != nil }
    let known = all.filter { met.contains($0.id) }
    candidates = known.count >= Self.questionCountMax ? known : all
    self.progress = progress
    self.language = language
    texts = CourseTexts(say: say)
    seed = (try? progress.learnerSeed()) ?? 1
    let stored = ((try? progress.setting(Self.settingKey)) ?? nil)?.split(separator: ":")
    round = stored?.first.flatMap { Int($0) } ?? 0
    results = stored?.dropFirst().first?.map { $0 == "1" } ?? []
    if results.count >= terms.count { results = [] }
  }

  /// The terms of this round, in the order asked.
  private var terms: [Glossary.Term] {
    guard !candidates.isEmpty else { return [] }
    var generator = SeededGenerator(seed: seed, Self.proofID)
    let order = generator.shuffled(candidates)
    let count = min(Self.questionCountMax, order.count)
    return (0..<count).map { order[(round * count + $0) % order.count] }
  }

  /// One question, in the learner's language.
  package struct Question: Sendable, Hashable {
    /// 1-based.
    package var number: Int
    package var count: Int
    package var termID: String
    package var question: String
    /// In the order of their numbers.
    package var options: [String]
    /// Ready to print.
    package var text: String
  }

  /// The question to be answered; nil where no term has one.
  package var question: Question? {
    guard results.count < terms.count else { return nil }
    let term = terms[results.count]
    guard let quiz = term.quiz else { return nil }
    let options = shown(term, quiz).map { $0.text[language()] }
    let list = options.enumerated().map { "  \($0 + 1)) \($1)" }
    let head = "\(results.count + 1)/\(terms.count)  \(quiz.question[language()])"
    return Question(
      number: results.count + 1,
      count: terms.count,
      termID: term.id,
      question: quiz.question[language()],
      options: options,
      text: ([head] + list).joined(separator: "\n")
    )
  }

  private func shown(_ term: Glossary.Term, _ quiz: Glossary.Quiz) -> [Glossary.Quiz.Option] {
    var generator = SeededGenerator(seed: seed, Self.proofID, term.id, String(round))
    return generator.shuffled(quiz.options)
  }

  /// What became of an answer.
  package enum Reply: Sendable, Hashable {
    /// Not a number of an option; costs nothing.
    case unreadable(String)
    /// Judged; `text` names the right option where the answer was wrong, and the term's meaning.
    case judged(isRight: Bool, text: String)
    /// The last answer of the round, with the score.
    case finished(isRight: Bool, right: Int, count: Int, isPassed: Bool, text: String)
  }

  /// Judges an answer such as `2` to the present question, and stores it.
  package func answer(_ text: String, storyTime: Int64? = nil) -> Reply {
    let language = language()
    guard results.count < terms.count, let quiz = terms[results.count].quiz else {
      return .unreadable(texts.noQuiz)
    }
    let term = terms[results.count]
    let options = shown(term, quiz)
    guard let guess = readGuess(text), options.indices.contains(guess.option) else {
      return .unreadable(texts.quizForm(options.count))
    }
    let isRight = options[guess.option].isCorrect
    results.append(isRight)
    let right = options.first(where: \.isCorrect)?.text[language] ?? ""
    let heading = isRight ? texts.quizRight : texts.quizWrong(right)
    let said = heading + "\n" + "\(term.word(language)): \(term.definition[language])"
    guard results.count >= terms.count else {
      save()
      return .judged(isRight: isRight, text: said)
    }
    return finish(isRight: isRight, said: said, storyTime: storyTime)
  }

  private func finish(isRight: Bool, said: String, storyTime: Int64?) -> Reply {
    let count = results.count
    let right = results.filter { $0 }.count
    let isPassed = count > 0 && count - right <= Self.wrongCountMax
    let score = texts.quizScore(right, of: count, isPassed: isPassed)
    var text = said + "\n" + score
    do {
      _ = try progress.record(
        ProgressStore.Attempt(
          exercise: Self.proofID,
          version: 1,
          answer: results.map { $0 ? "1" : "0" }.joined(),
          verdict: isPassed ? Verdict.passed.name : "not-yet",
          storyTime: storyTime
        )
      )
    } catch {
      let reason = (error as? CourseError)?.message ?? "\(error)"
      text += "\n" + texts.notStored(reason)
    }
    round += 1
    results = []
    save()
    return .finished(isRight: isRight, right: right, count: count, isPassed: isPassed, text: text)
  }

  /// Losing this costs at most the begun round; it never costs a verdict.
  private func save() {
    let marks = results.map { $0 ? "1" : "0" }.joined()
    try? progress.setSetting(Self.settingKey, "\(round):\(marks)")
  }
}
