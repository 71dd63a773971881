// The solution of an exercise: when it opens, and the accepted answers beside one another.

internal import Foundation
internal import Grading

extension ExerciseSession {
  /// How many different answers that were judged open the solution before a pass.
  package static let honestAttemptCount = 3

  /// What `solution` shows.
  package struct Solution: Sendable, Hashable {
    /// One accepted answer.
    package struct Answer: Sendable, Hashable {
      package struct Line: Sendable, Hashable {
        package var text: String
        /// True where the first answer has no such line.
        package var differs: Bool

        package init(text: String, differs: Bool) {
          self.text = text
          self.differs = differs
        }
      }

      /// What stands above it, in the learner's language.
      package var heading: String
      package var lines: [Line]
      /// The queries that found the values which the lines hold, each once.
      package var queries: [String]
    }

    /// False until the exercise was passed or tried honestly.
    package var isOpen: Bool
    /// What is said first, in the learner's language.
    package var text: String
    package var answers: [Answer]
    /// What is said last; empty as a rule.
    package var note: String
  }

  /// The honest attempts that count towards the solution: different answers at the part that is
  /// open, judged and not passed.
  ///
  /// What could not be read and what was not attempted never counts; the same answer again counts
  /// once, except where another item was drawn; a `check` without an answer counts each time.
  package var honestAttempts: Int {
    let part = exercise.parts.isEmpty ? "" : (openPart?.id ?? "")
    let answers = failedAnswers[part] ?? []
    if case .choice(let pool)? = openPart?.question, pool.count > 1 { return answers.count }
    let typed = Set(answers.map(normalizedAnswer).filter { !$0.isEmpty })
    return typed.count + answers.filter { $0.allSatisfy(\.isWhitespace) }.count
  }

  /// True for a pass that comes, or came, after the solution was shown.
  var isAfterSolution: Bool {
    guard purpose == .practice else { return false }
    guard let progress else { return hasShownSolution && !isPassed }
    if isPassed { return ((try? progress.passedAfterSolution()) ?? []).contains(exercise.id) }
    return hasShownSolution || (try? progress.hasSeenSolution(exercise: exercise.id)) == true
  }

  /// Shows the accepted answers where they may be shown, and notes it before a pass.
  ///
  /// A later pass is then marked. Values in them are those of the learner's world as it stands.
  package func solution(storyTime: Int64? = nil) -> Solution {
    let needed = Self.honestAttemptCount
    guard isPassed || purpose == .review || honestAttempts >= needed else {
      return Solution(
        isOpen: false,
        text: texts.solutionClosed(honestAttempts, of: needed),
        answers: [],
        note: ""
      )
    }
    let answers = solutionAnswers()
    guard !answers.isEmpty else {
      return Solution(isOpen: true, text: texts.noSolution, answers: [], note: "")
    }
    var note = ""
    if !isPassed, purpose == .practice {
      hasShownSolution = true
      note = texts.solutionMarked
      if let progress {
        do {
          try progress.recordSolution(
            exercise: exercise.id,
            version: exercise.version,
            storyTime: storyTime
          )
        } catch {
          note = texts.notStored((error as? CourseError)?.message ?? "\(error)")
        }
      }
    }
    return Solution(isOpen: true, text: texts.solutionHead, answers: answers, note: note)
  }

  /// What an answer in a file is to the part that is open.
  package enum Reading: Sendable, Hashable {
    /// The question reads the file that the answer names.
    case file
    /// The pipeline is judged; there is no answer.
    case state
    /// The answer is a line of text.
    case text
  }

  /// How the part that is open takes a file.
  package var reading: Reading {
    switch (openPart ?? exercise.questions.first)?.question {
    case .sql, .dataframe, .document: .file
    case .state: .state
    case .checks(let form, _, _): form == nil ? .state : .text
    case .choice, .order, .number, nil: .text
    }
  }

  // MARK: Answers

  private func solutionAnswers() -> [Solution.Answer] {
    guard !exercise.parts.isEmpty else { return written(nil) }
    // Of an exercise with parts, a solution before the pass gives away the open part only.
    let parts = isPassed ? exercise.parts : [openPart].compactMap { $0 }
    return parts.flatMap { part -> [Solution.Answer] in
      let heading = exercise.parts.count > 1 ? texts.solutionPart(part.title?[language] ?? part.id) : ""
      switch part.question {
      case .choice(let pool):
        guard let choice = choice(pool, part: part.id), let numbers = choice.correctNumbers else {
          return []
        }
        let picked = numbers.split(separator: " ").compactMap { Int($0) }
        let said =
          [choice.options[picked[0] - 1].text[language]]
          + picked.dropFirst().map { choice.reasons[$0 - 1].text[language] }
        return [answer(heading, ["answer \(numbers)"] + said.map { "# " + $0 })]
      case .order(let question):
        let shown = order(question, part: part.id)
        guard let numbers = shown.numbers(of: question.correct) else { return [] }
        let names = question.correct.compactMap { question.item($0)?.text[language] }
        return [answer(heading, ["answer \(numbers)", "# " + names.joined(separator: " > ")])]
      case .checks, .number, .sql, .dataframe, .document, .state:
        var found = written(part.id)
        if !found.isEmpty { found[0].heading = heading }
        return found
      }
    }
  }

  private func answer(_ heading: String, _ lines: [String]) -> Solution.Answer {
    Solution.Answer(
      heading: heading,
      lines: lines.map { .init(text: $0, differs: false) },
      queries: []
    )
  }

  /// The files of `answers/accepted`, the first whole and the others with what differs from it.
  private func written(_ part: String?) -> [Solution.Answer] {
    var shown: [Solution.Answer] = []
    for lines in AcceptedAnswers.read(exercise.folder, part: part, parts: exercise.parts.map(\.id)) {
      var queries: [String] = []
      let filled = lines.map { line in
        let known = AcceptedAnswers.queries(in: line)
        let values = (try? replacingQueries(in: line, host: host)) ?? line
        if values != line { queries += known.filter { !queries.contains($0) } }
        let choices = try? replacingChoices(in: values)
        return values.hasPrefix("answer") ? choices ?? values : values
      }
      let first = shown.first?.lines.map(\.text) ?? []
      let isNew = first.isEmpty ? [] : AcceptedAnswers.newLines(filled, beside: first)
      // Answers that differ in nothing that is seen are one answer.
      if !first.isEmpty, isNew.isEmpty, filled.count == first.count { continue }
      let hasMarks = isNew.count < filled.count
      shown.append(
        Solution.Answer(
          heading: shown.isEmpty
            ? "" : texts.solutionOther(shown.count + 1, hasMarks: hasMarks),
          lines: filled.enumerated().map {
            .init(text: $1, differs: hasMarks && isNew.contains($0))
          },
          queries: queries
        )
      )
    }
    return shown
  }
}

/// The accepted answers of an exercise as texts.
package enum AcceptedAnswers {
  /// The files that a script is saved with, each below its name.
  private static func savedLines(_ folder: ContentFolder, below place: String) -> [String] {
    ((try? folder.pipelineFiles(in: place)) ?? []).flatMap { file in
      ["pipeline/\(file.path)"]
        + (file.content ?? "")
        .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map { "  " + $0 } + [""]
    }
  }

  /// The lines of each, in the order of their names; notes (`#`, and `--` in SQL) are left out of
  /// scripts. For a part, answers to other parts are left out.
  static func read(_ path: String, part: String?, parts: [String]) -> [[String]] {
    let folder = ContentFolder(path: path)
    var files: [String] = []
    // What a script is saved with belongs to it, and is no answer by itself.
    let names = folder.names(in: "answers/accepted").filter { !$0.hasSuffix(".pipeline") }
    for name in names {
      let file = "answers/accepted/\(name)"
      files += folder.isFolder(file) ? folder.names(in: file).map { "\(file)/\($0)" } : [file]
    }
    return files.compactMap { file -> [String]? in
      guard let text = try? folder.text(file, holds: "an accepted answer") else { return nil }
      let isScript = file.hasSuffix(".tap")
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .map(String.init)
        .filter { line in
          !isScript || !(line.hasPrefix("#") || line.allSatisfy(\.isWhitespace))
        }
        .filter { line in
          let words = line.split(whereSeparator: \.isWhitespace)
          guard let part, isScript, words.first == "answer", words.count > 1 else { return true }
          let named = normalizedAnswer(String(words[1]))
          return named == part || !parts.contains(named)
        }
      let isBlank: (String) -> Bool = { $0.allSatisfy(\.isWhitespace) }
      let saved = isScript ? savedLines(folder, below: String(file.dropLast(4)) + ".pipeline") : []
      let body = (saved + lines).drop(while: isBlank).reversed().drop(while: isBlank).reversed()
      return body.isEmpty ? nil : Array(body)
    }
  }

  /// The queries of a line's `{{sql: …}}`.
  static func queries(in line: String) -> [String] {
    line.matches(of: /\{\{sql:(.*?)\}\}/).map {
      $0.1.trimmingCharacters(in: .whitespaces)
    }
  }

  /// The indexes of the lines that the other text lacks, by the longest common subsequence.
  static func newLines(_ lines: [String], beside other: [String]) -> Set<Int> {
    let removed = lines.difference(from: other).insertions
    return Set(
      removed.map { change in
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
      }
    )
  }
}
