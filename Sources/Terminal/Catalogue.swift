// Every sentence a learner reads, by key, in both languages.
//
// A catalogue is a folder of files named `<part>.<language>.texts`:
//
//     # A comment.
//     kafka.offset.found: {topic|을/를} 찾았습니다.
//       A line indented by two spaces continues the text.
//
// 1. `CatalogueParser` cuts the bytes into keys and texts, without a YAML parser, because this runs
//    at every start.
// 2. `Catalogue.text` fills the placeholders: `{name}`, and `{name|이/가}`, which adds the Korean
//    particle that fits the value (`{count|event/events}` in English: the first form for 1).
// 3. `Catalogue.findings` compares the languages; the tests run it.
// 4. `Catalogue.marked` puts marks around every text, so that a walk through the program shows what
//    comes from no catalogue. `TAPLINE_MARK_TEXTS=1` does it for a whole run.

import Foundation

/// The texts of one language.
package struct Catalogue: Sendable {
  package let language: Language
  private let entries: [String: String]
  /// What stands before and after every text; empty except in a marked catalogue.
  private let marks: (open: String, close: String)

  package init(language: Language, entries: [String: String]) {
    self.init(language: language, entries: entries, marks: ("", ""))
  }

  private init(
    language: Language,
    entries: [String: String],
    marks: (open: String, close: String)
  ) {
    self.language = language
    self.entries = entries
    self.marks = marks
  }

  /// The same texts, each between `open` and `close` (a pseudo-locale).
  ///
  /// What a walk through the program shows outside such marks was written in the code. Values that
  /// are texts themselves carry marks inside the marks around them.
  package func marked(_ open: String = "\u{27E6}", _ close: String = "\u{27E7}") -> Catalogue {
    Catalogue(language: language, entries: entries, marks: (open, close))
  }

  /// `shown` without what stands between marks, and without white space: what came from no text.
  package static func unmarked(
    _ shown: String,
    _ open: Character = "\u{27E6}",
    _ close: Character = "\u{27E7}"
  ) -> String {
    var depth = 0
    var result = ""
    for character in shown {
      if character == open {
        depth += 1
      } else if character == close {
        depth = max(depth - 1, 0)
      } else if depth == 0, !character.isWhitespace {
        result.append(character)
      }
    }
    return result
  }

  /// Reads every `*.<language>.texts` of a folder.
  ///
  /// - Parameter environment: with `TAPLINE_MARK_TEXTS=1` the texts are `marked`.
  /// - Throws: `CatalogueError` if the folder or a file cannot be read. What is wrong inside a file
  ///   is reported by `findings`, not here: a learner's start never fails on a text.
  package static func load(
    directory: String,
    language: Language,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> Catalogue {
    var entries: [String: String] = [:]
    for file in try files(in: directory, language: language) {
      let parsed = CatalogueParser.parse(try read(directory + "/" + file), file: file)
      entries.merge(parsed.entries) { first, _ in first }
    }
    let catalogue = Catalogue(language: language, entries: entries)
    return environment["TAPLINE_MARK_TEXTS"] == "1" ? catalogue.marked() : catalogue
  }

  /// The keys, sorted.
  package var keys: [String] { entries.keys.sorted() }

  /// Whether the key has a text.
  package func contains(_ key: String) -> Bool { entries[key] != nil }

  /// The text of `key` with its placeholders filled; `[[key]]` where there is none.
  ///
  /// Values are inserted as they are: braces in them mean nothing. A placeholder without a value
  /// appears as `[[name]]`.
  package func text(_ key: String, _ values: [String: String] = [:]) -> String {
    guard let template = entries[key] else { return "[[\(key)]]" }
    guard template.utf8.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") })
    else { return marks.open + template + marks.close }
    var result = marks.open
    for piece in CatalogueTemplate.pieces(of: template) {
      switch piece {
      case .literal(let literal): result += literal
      case .placeholder(let name, let forms): append(name, forms, values, to: &result)
      case .malformed(let source): result += source
      }
    }
    return result + marks.close
  }

  private func append(
    _ name: Substring,
    _ forms: Substring?,
    _ values: [String: String],
    to result: inout String
  ) {
    guard let value = values[String(name)] else {
      result += "[[\(name)]]"
      return
    }
    result += value
    guard let forms else { return }
    switch language {
    case .ko:
      result += KoreanParticle.form(String(forms), after: value)
    case .en:
      let parts = forms.split(separator: "/", maxSplits: 1)
      result += " " + (value == "1" ? parts.first ?? "" : parts.last ?? "")
    }
  }

  /// What is wrong with a folder of texts: keys given twice or missing in a language, lines that
  /// are no entry, placeholders that are malformed or differ between the languages.
  ///
  /// - Throws: `CatalogueError` if the folder or a file cannot be read.
  package static func findings(directory: String) throws -> [CatalogueFinding] {
    var findings: [CatalogueFinding] = []
    var texts: [Language: [String: String]] = [:]
    for language in Language.allCases {
      var entries: [String: String] = [:]
      for file in try files(in: directory, language: language) {
        let parsed = CatalogueParser.parse(try read(directory + "/" + file), file: file)
        findings += parsed.findings
        for (key, text) in parsed.entries.sorted(by: { $0.key < $1.key }) {
          if entries.updateValue(text, forKey: key) != nil {
            findings.append(CatalogueFinding(.duplicateKey, key: key, place: file))
          }
          findings += CatalogueTemplate.findings(key: key, text, language: language, file: file)
        }
      }
      texts[language] = entries
    }
    return findings + differences(ko: texts[.ko] ?? [:], en: texts[.en] ?? [:])
  }

  private static func differences(
    ko: [String: String],
    en: [String: String]
  ) -> [CatalogueFinding] {
    Set(ko.keys).union(en.keys).sorted().compactMap { key in
      guard let korean = ko[key] else {
        return CatalogueFinding(.missingIn(.ko), key: key, place: "en")
      }
      guard let english = en[key] else {
        return CatalogueFinding(.missingIn(.en), key: key, place: "ko")
      }
      let difference = CatalogueTemplate.names(in: korean)
        .symmetricDifference(CatalogueTemplate.names(in: english))
      guard let name = difference.min() else { return nil }
      return CatalogueFinding(.placeholderInOneLanguage(name), key: key, place: "ko, en")
    }
  }

  private static func files(in directory: String, language: Language) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { $0.hasSuffix(".\(language.rawValue).texts") && !$0.hasPrefix(".") }
        .sorted()
    } catch {
      throw CatalogueError.unreadable(path: directory)
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw CatalogueError.unreadable(path: path)
    }
    return [UInt8](data)
  }
}

/// Why a catalogue cannot be loaded.
package enum CatalogueError: Error, Hashable, CustomStringConvertible {
  case unreadable(path: String)

  package var description: String {
    switch self {
    case .unreadable(let path): "the texts at \(path) cannot be read"
    }
  }
}

/// One thing that is wrong with a catalogue.
package struct CatalogueFinding: Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    case duplicateKey
    case missingIn(Language)
    case placeholderInOneLanguage(String)
    case malformedPlaceholder(String)
    case unknownParticle(String)
    case notAnEntry
    case notUTF8
  }

  package var kind: Kind
  package var key: String
  /// The file, with the line where it is known.
  package var place: String

  init(_ kind: Kind, key: String, place: String) {
    self.kind = kind
    self.key = key
    self.place = place
  }

  package var description: String {
    let what =
      switch kind {
      case .duplicateKey: "is given twice"
      case .missingIn(let language): "has no text in \(language.rawValue)"
      case .placeholderInOneLanguage(let name): "uses {\(name)} in one language only"
      case .malformedPlaceholder(let source): "has the malformed placeholder \(source)"
      case .unknownParticle(let pair): "uses the unknown particle \(pair)"
      case .notAnEntry: "is not `key: text`, a comment or an indented continuation"
      case .notUTF8: "is not UTF-8"
      }
    return "\(place): \(key) \(what)"
  }
}
