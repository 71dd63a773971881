// The ledger of translations: which Korean text each English text was written from.
//
// `Lessons/translations.lock` holds one line per text: file, key, hash of the Korean, hash of the
// English. A Korean text that changed while the English did not is stale, and cannot be written
// into the ledger before the English was looked at.

internal import Foundation
internal import Grading

/// What `Lessons/translations.lock` says, and how it compares with the texts.
package struct TranslationLedger: Sendable {
  /// The hashes by `file key`.
  private var entries: [String: (korean: String, english: String)]

  /// Parses a ledger; lines that are no entries are left out.
  package init(parsing text: String) {
    entries = [:]
    for line in text.split(whereSeparator: \.isNewline) where !line.hasPrefix("#") {
      let words = line.split(separator: " ").map(String.init)
      guard words.count == 4 else { continue }
      entries["\(words[0]) \(words[1])"] = (words[2], words[3])
    }
  }

  /// Reads the ledger of a content folder; empty where there is none.
  package static func read(root: String) -> TranslationLedger {
    let data = FileManager.default.contents(atPath: root + "/Lessons/translations.lock") ?? Data()
    return TranslationLedger(parsing: String(decoding: data, as: UTF8.self))
  }

  /// Texts that are missing in one language, and translations that are older than their source.
  package func findings(_ texts: ContentTexts) -> [ContentFinding] {
    var findings: [ContentFinding] = []
    for (korean, english) in texts.pairs {
      guard let english else {
        findings.append(Self.missing(korean, "English"))
        continue
      }
      let now = (korean: Self.hash(korean.text), english: Self.hash(english.text))
      guard let entry = entries["\(korean.group) \(korean.key)"], entry.english == now.english
      else {
        // Were this let pass, a later change of the Korean alone would not be seen.
        findings.append(
          ContentFinding(
            rule: "translation.unrecorded",
            file: english.file,
            line: english.line,
            text: "\(english.key) is not in the ledger as it stands",
            fix:
              "Check that it says what \(korean.file):\(korean.line) says, then run `make texts`."
          )
        )
        continue
      }
      if entry.korean != now.korean {
        findings.append(
          ContentFinding(
            rule: "translation.stale",
            file: english.file,
            line: english.line,
            text: "\(english.key) was written from an older Korean text",
            fix: "Compare it with \(korean.file):\(korean.line), change it and run `make texts`. "
              + "Where it needs no change, first delete its line from Lessons/translations.lock."
          )
        )
      }
    }
    let known = Set(texts.pairs.map { "\($0.korean.group) \($0.korean.key)" })
    for text in texts.texts where text.language == .english {
      if !known.contains("\(text.group) \(text.key)") {
        findings.append(Self.missing(text, "Korean"))
      }
    }
    return findings
  }

  private static func missing(_ text: ContentText, _ language: String) -> ContentFinding {
    ContentFinding(
      rule: "translation.missing",
      file: text.file,
      line: text.line,
      text: "\(text.key) has no \(language) text",
      fix: "Write it, under the same key in the other file."
    )
  }

  /// The ledger that fits the texts, to be written to the file; stale entries keep their old line,
  /// so that they stay stale.
  package func renewed(_ texts: ContentTexts) -> String {
    let lines = texts.pairs.compactMap { korean, english -> String? in
      guard let english else { return nil }
      let name = "\(korean.group) \(korean.key)"
      let now = (korean: Self.hash(korean.text), english: Self.hash(english.text))
      let entry = entries[name] ?? now
      let isStale = entry.korean != now.korean && entry.english == now.english
      let kept = isStale ? entry : now
      return "\(name) \(kept.korean) \(kept.english)"
    }
    return "# Which Korean text each English text was written from. Written by `make texts`.\n"
      + lines.sorted().joined(separator: "\n") + "\n"
  }

  /// FNV-1a over the composed text without white space at line ends, in sixteen hexadecimal digits.
  static func hash(_ text: String) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    let lines = text.precomposedStringWithCanonicalMapping
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }
    for byte in lines.joined(separator: "\n").trimmingCharacters(in: .newlines).utf8 {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
