// The checks of content that read texts: spellings, level of speech, placeholders.

package import Course
internal import Foundation
internal import Grading

extension ContentTexts {
  /// Spellings that `terms.yaml` forbids, in every Korean text.
  ///
  /// A word that only contains the spelling in its middle is another word.
  package func forbiddenSpellings(_ glossary: Glossary) -> [ContentFinding] {
    var findings: [ContentFinding] = []
    let forbidden = glossary.terms.flatMap { term in
      term.forbidden.map { (spelling: $0.precomposedStringWithCanonicalMapping, term: term) }
    }
    for text in texts where text.language == .korean {
      for (index, line) in Self.lines(text.text) {
        for (spelling, term) in forbidden where Self.holds(line, spelling) {
          findings.append(
            ContentFinding(
              rule: "spelling.forbidden",
              file: text.file,
              line: text.line + index,
              text: "`\(spelling)`",
              fix: "Write `\(term.korean)`."
            )
          )
        }
      }
    }
    return findings
  }

  private static func lines(_ text: String) -> [(Int, String)] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { ($0, String($1).precomposedStringWithCanonicalMapping) }
  }

  private static func holds(_ line: String, _ spelling: String) -> Bool {
    line.ranges(of: spelling).contains { range in
      range.lowerBound == line.startIndex
        || !line[line.index(before: range.lowerBound)].isLetter
    }
  }

  /// Sentences outside quotations that are not in 합니다체.
  ///
  /// The items of the checklist are statements in the first person and are left out.
  package func speechLevel() -> [ContentFinding] {
    texts.filter { $0.language == .korean && !$0.file.hasSuffix("checklist.yaml") }.flatMap {
      text in
      KoreanProse(text.text, firstLine: text.line, isLesson: text.kind == .lesson)
        .sentences.compactMap { sentence in
          SpeechLevel.slip(sentence).map { slip in
            ContentFinding(
              rule: "speech.level",
              file: text.file,
              line: sentence.line,
              text: "\(slip): \(sentence.text.suffix(40))",
              fix: "End the sentence in 합니다체, or put a character's words in quotation marks."
            )
          }
        }
    }
  }

  /// Keys and sections that stand twice in a file: only one of them would be compared and shown.
  package func duplicateKeys() -> [ContentFinding] {
    var first: [String: Int] = [:]
    return texts.compactMap { text in
      let name = "\(text.file) \(text.key) \(text.language)"
      guard let line = first[name] else {
        first[name] = text.line
        return nil
      }
      return ContentFinding(
        rule: "key.duplicate",
        file: text.file,
        line: text.line,
        text: "`\(text.key)` stands here and in line \(line)",
        fix: "Give one of them another name, or take it out."
      )
    }
  }

  /// Placeholders of feedback, hints and catalogues that stand in one language only.
  package func placeholderDifferences() -> [ContentFinding] {
    var findings: [ContentFinding] = []
    for (korean, english) in pairs where korean.kind != .lesson {
      guard let english else { continue }
      let left = Set(placeholders(in: Self.withoutParticles(korean.text)))
      let right = Set(placeholders(in: Self.withoutParticles(english.text)))
      let only = left.symmetricDifference(right).sorted()
      guard !only.isEmpty else { continue }
      findings.append(
        ContentFinding(
          rule: "placeholder.differs",
          file: english.file,
          line: english.line,
          text: "\(english.key): " + only.map { "{\($0)}" }.joined(separator: ", "),
          fix: "Name the same placeholders in both languages."
        )
      )
    }
    return findings
  }

  /// `{file|으로/로}` of a catalogue is the placeholder `{file}` with a particle.
  private static func withoutParticles(_ text: String) -> String {
    text.replacing(#/\|[^}|]*\}/#, with: "}")
  }

  /// Each Korean text with the English one of the same file and key.
  var pairs: [(korean: ContentText, english: ContentText?)] {
    var english: [String: ContentText] = [:]
    for text in texts where text.language == .english {
      english["\(text.group) \(text.key)"] = text
    }
    return texts.filter { $0.language == .korean }
      .map { ($0, english["\($0.group) \($0.key)"]) }
  }

  /// How many words a learner reads in a section of a lesson, in that language; code does not
  /// count.
  func wordCount(file: String, section: String) -> Int {
    texts.filter { $0.file == file && $0.key == section }
      .reduce(0) {
        $0 + KoreanProse($1.text, firstLine: 1, isLesson: true).wordCount
      }
  }
}
