internal import Grading

/// What a rule of `course check` found: where, what it says there, and what to write instead.
///
/// The sentences are the catalogue's, under `check.CODE` and `check.CODE.fix`; `values` fill them.
/// What an older check or a loader said in English is carried along in `{text}` and `{fix}`.
package struct CheckFinding: Sendable, Hashable {
  /// The rule's stable name, such as `accepted`.
  package var rule: String
  /// What is wrong, such as `accepted.failed`.
  package var code: String
  /// Relative to the folder that was checked.
  package var file: String
  /// 1-based; nil where the file as a whole is meant.
  package var line: Int?
  /// The offending text; empty where the file as a whole is meant.
  package var text: String
  package var values: [String: String]

  package init(
    rule: String, code: String, file: String, line: Int? = nil, text: String = "",
    values: [String: String] = [:]
  ) {
    self.rule = rule
    self.code = code
    self.file = file
    self.line = line
    self.text = text
    self.values = values
  }

  /// A finding of the checks of content, which say everything themselves.
  init(_ finding: ContentFinding, rule: String) {
    self.init(
      rule: rule, code: finding.rule, file: finding.file, line: finding.line, text: finding.text,
      values: ["text": finding.text, "fix": finding.fix])
  }

  /// The error of a loader.
  init(_ error: CourseError, rule: String, file: String) {
    var finding = ContentFinding(error)
    if finding.file.isEmpty { finding.file = file }
    self.init(finding, rule: rule)
    values.merge(error.fields) { own, _ in own }
  }
}

/// One answer graded in one world: what `--json` lists, and what the printed counts count.
package struct GradingRecord: Sendable, Hashable {
  /// `00-1`, or an incident's id.
  package var exercise: String
  /// The rule that asked for it.
  package var rule: String
  /// `accepted/by-event-id`, `wrong/other-purchase/first`, a mutant's change, a hint's name.
  package var answer: String
  /// `visible`, `killer`, `hidden 1`.
  package var world: String
  package var setting: RunSetting
  /// A name of `Verdict`.
  package var verdict: String
  package var feedback: String?
  package var seconds: Double
}
