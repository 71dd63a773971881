/// What a prompt must know before it reads the next line.
package struct PromptState: Sendable, Equatable {
  /// The prompt itself, such as `tapline> `.
  package var text: String
  /// A step of the lesson has begun and is not done: leaving asks once.
  package var isStepOpen: Bool
  /// The line that Enter alone runs; nil where it runs none.
  package var enterLine: String?
  /// No redraws, boxes or symbols.
  package var isAccessible: Bool

  package init(
    text: String = "tapline> ",
    isStepOpen: Bool = false,
    enterLine: String? = nil,
    isAccessible: Bool = false
  ) {
    self.text = text
    self.enterLine = enterLine
    self.isStepOpen = isStepOpen
    self.isAccessible = isAccessible
  }
}
