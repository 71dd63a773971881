// The course's own sentences in both languages: what no exercise's file says.
//
// Sentences are built so that a filled-in value never needs a Korean particle that depends on it.

enum CourseTexts {
  static func couldNotRead(_ form: String) -> LocalizedText {
    LocalizedText(
      ko: "입력을 읽지 못했습니다. 횟수에는 넣지 않습니다.\n  이렇게 입력합니다: answer \(form)",
      en: "That answer could not be read. It does not count as an attempt.\n"
        + "  Write it like this: answer \(form)"
    )
  }

  static func form(_ form: String) -> LocalizedText {
    LocalizedText(ko: "입력: answer \(form)", en: "Write: answer \(form)")
  }

  static let noForm = LocalizedText(
    ko: "이 실습은 답을 입력하지 않습니다. 준비가 되면 check를 입력합니다.",
    en: "This exercise takes no typed answer. Type check when you are ready."
  )

  static func notAttempted(_ form: String) -> LocalizedText {
    LocalizedText(
      ko: "아직 시도하기 전입니다.\n  입력: answer \(form)",
      en: "Nothing has been tried yet.\n  Write: answer \(form)"
    )
  }

  static func checkerFailed(_ reason: String) -> LocalizedText {
    LocalizedText(
      ko: "채점기에서 오류가 났습니다. 답과는 무관하고, 횟수에도 넣지 않습니다.\n  원인: \(reason)",
      en: "The checker failed. This says nothing about your answer, and does not count.\n"
        + "  Reason: \(reason)"
    )
  }

  static func partly(_ passed: Int, of total: Int) -> LocalizedText {
    LocalizedText(ko: "일부 통과(\(passed)/\(total))", en: "Partly passed (\(passed) of \(total))")
  }

  // MARK: Parts and choices

  static let passedBefore = LocalizedText(
    ko: "이미 통과한 실습입니다. 다시 답해도 통과 기록은 그대로입니다.",
    en: "You have passed this exercise. You may answer again; the pass stays."
  )

  static let choiceForm = LocalizedText(ko: "번호", en: "number")
  static let twoTierForm = LocalizedText(ko: "답번호 이유번호", en: "option-number reason-number")

  static func orderForm(_ count: Int) -> LocalizedText {
    LocalizedText(
      ko: "번호 \(count)개를 순서대로 (예: 3 1 2 …)",
      en: "all \(count) numbers in order (such as 3 1 2 …)"
    )
  }

  static let options = LocalizedText(ko: "답", en: "Option")
  static let reasons = LocalizedText(ko: "이유", en: "Reason")

  /// The feedback that needs no text of the exercise's own; nil for every other id.
  static func builtIn(_ feedback: String) -> LocalizedText? {
    switch feedback {
    case ChoiceItem.otherReasonFeedback:
      LocalizedText(
        ko: "아직입니다. 답은 맞지만, 고른 이유는 다른 답에 맞는 이유입니다.",
        en: "Not yet. The option is right, but the reason belongs to another option."
      )
    case "wrong-order":
      LocalizedText(
        ko: "아직입니다. 앞에서부터 {right_count}개까지는 순서가 맞습니다.",
        en: "Not yet. Counted from the front, {right_count} are in the right order."
      )
    default: nil
    }
  }

  static let passed = LocalizedText(ko: "통과했습니다.", en: "Passed.")
  static let notYet = LocalizedText(ko: "아직입니다.", en: "Not yet.")

  static func rung(_ number: Int, of count: Int) -> LocalizedText {
    LocalizedText(ko: "힌트 \(number)/\(count)", en: "Hint \(number) of \(count)")
  }

  static let misconceptionHint = LocalizedText(ko: "방금 답에 대한 힌트", en: "About your last answer")

  static let noHints = LocalizedText(
    ko: "이 실습에는 힌트가 없습니다.",
    en: "This exercise has no hints."
  )

  // MARK: Glossary quiz

  static let noQuiz = LocalizedText(
    ko: "물어볼 용어가 없습니다.",
    en: "There is no term to ask about."
  )

  static func quizForm(_ count: Int) -> LocalizedText {
    LocalizedText(
      ko: "입력을 읽지 못했습니다. 1부터 \(count)까지 번호 하나를 입력합니다.",
      en: "That could not be read. Type one number from 1 to \(count)."
    )
  }

  static let quizRight = LocalizedText(ko: "맞았습니다.", en: "Correct.")

  static func quizWrong(_ right: String) -> LocalizedText {
    LocalizedText(ko: "아닙니다. 맞는 답: \(right)", en: "No. The right one: \(right)")
  }

  static func quizScore(_ right: Int, of count: Int, isPassed: Bool) -> LocalizedText {
    isPassed
      ? LocalizedText(
        ko: "\(count)문제 가운데 \(right)개 정답: 통과했습니다.",
        en: "\(right) of \(count) right: passed."
      )
      : LocalizedText(
        ko: "\(count)문제 가운데 \(right)개 정답: 아직입니다. 다시 하면 다른 용어를 묻습니다.",
        en: "\(right) of \(count) right: not yet. Next time other terms are asked."
      )
  }

  // MARK: Lessons

  static func outcome(guess: String?, actual: String?) -> LocalizedText {
    switch (guess, actual) {
    case (let guess?, let actual?):
      LocalizedText(
        ko: "예측: \(guess)\n결과: \(actual)",
        en: "You predicted: \(guess)\nIt turned out: \(actual)"
      )
    case (nil, let actual?):
      LocalizedText(ko: "결과: \(actual)", en: "It turned out: \(actual)")
    case (let guess?, nil):
      LocalizedText(
        ko: "예측: \(guess)\n결과는 확인하지 못했습니다. 예측 기록에도 넣지 않습니다.",
        en: "You predicted: \(guess)\nThe result could not be found out, and does not count."
      )
    case (nil, nil):
      LocalizedText(ko: "결과는 확인하지 못했습니다.", en: "The result could not be found out.")
    }
  }

  static func optionRange(_ count: Int) -> LocalizedText {
    LocalizedText(
      ko: "1부터 \(count)까지 가운데 하나를 입력합니다. 확실하면 1!, 짐작이면 1?처럼 씁니다.",
      en: "Type a number from 1 to \(count). Write 1! if you are sure, 1? if it is a guess."
    )
  }

  static func unavailableLine(_ reason: String) -> LocalizedText {
    LocalizedText(
      ko: "다음 시연에 필요한 값이 아직 없습니다. Enter를 누르면 이 시연을 건너뜁니다.\n  원인: \(reason)",
      en: "The next demonstration needs a value that is not there yet. Enter leaves it out.\n"
        + "  Reason: \(reason)"
    )
  }

  static func exerciseIsOpen(_ id: String) -> LocalizedText {
    LocalizedText(
      ko: "실습 \(id) 차례입니다. 막히면 hint, 나중에 하려면 skip을 입력합니다.",
      en: "Exercise \(id) is open. Type hint if you are stuck, or skip to do it later."
    )
  }

  static func unfinishedNeeds(_ lessons: String) -> LocalizedText {
    LocalizedText(
      ko: "먼저 보면 좋은 레슨이 남아 있습니다: \(lessons)",
      en: "These lessons come first and are not finished: \(lessons)"
    )
  }

  static let atBeginning = LocalizedText(
    ko: "여기가 처음입니다.",
    en: "This is the beginning."
  )

  static let endOfPath = LocalizedText(
    ko: "지금 있는 레슨은 여기까지입니다. list에서 다시 볼 곳을 고를 수 있습니다.",
    en: "There are no further lessons yet. Type list to choose one to see again."
  )

  static let nothingToSkip = LocalizedText(
    ko: "여기에는 건너뛸 것이 없습니다. next로 이어서 갑니다.",
    en: "There is nothing to skip here. Type next to go on."
  )

  static func placeNotStored(_ reason: String) -> LocalizedText {
    LocalizedText(
      ko: "지금 자리를 저장하지 못했습니다. 레슨은 그대로 이어집니다.\n  원인: \(reason)",
      en: "Your place could not be saved. The lesson goes on.\n  Reason: \(reason)"
    )
  }

  // MARK: Progress file

  static func notStored(_ reason: String) -> LocalizedText {
    LocalizedText(
      ko: "이번 결과를 진행 기록에 저장하지 못했습니다. 채점 결과는 그대로입니다.\n  원인: \(reason)",
      en: "This result could not be saved to your progress. The verdict stands.\n"
        + "  Reason: \(reason)"
    )
  }

  static func recovered(oldFile: String, rowCount: Int) -> LocalizedText {
    LocalizedText(
      ko: """
        진행 기록 파일이 손상되어 새 파일로 시작했습니다. 기록 \(rowCount)건을 되살렸습니다.
          손상된 파일은 지우지 않고 여기에 두었습니다:
          \(oldFile)
        """,
      en: """
        Your progress file was damaged, so a new one was started. Records recovered: \(rowCount).
          The damaged file was kept here:
          \(oldFile)
        """
    )
  }

  static func inMemory(path: String, reason: String, rowCount: Int) -> LocalizedText {
    LocalizedText(
      ko: """
        진행 기록 파일에 쓸 수 없습니다. 이번에는 메모리에만 기록하고, 나가면 사라집니다.
          파일: \(path)
          원인: \(reason)
          읽어 온 기록: \(rowCount)건
        """,
      en: """
        Your progress file cannot be written. This time progress is kept in memory only, and is
        gone when you leave.
          File: \(path)
          Reason: \(reason)
          Records read from it: \(rowCount)
        """
    )
  }

  static func newerFile(path: String) -> LocalizedText {
    LocalizedText(
      ko: """
        진행 기록이 더 새로운 Tapline에서 만들어졌습니다. 파일은 건드리지 않고 메모리에만 기록합니다.
          파일: \(path)
          Tapline을 새 버전으로 바꾸면 이어서 할 수 있습니다.
        """,
      en: """
        Your progress was written by a newer Tapline. The file is left as it is, and progress is
        kept in memory only.
          File: \(path)
          Update Tapline to go on from there.
        """
    )
  }
}
