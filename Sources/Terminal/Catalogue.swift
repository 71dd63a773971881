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

import Foundation

/// The texts of one language.
package struct Catalogue: Sendable {
  package let language: Language
  private let entries: [String: String]

  package init(language: Language, entries: [String: String]) {
    self.language = language
    self.entries = entries
  }

  /// Reads every `*.<language>.texts` of a folder.
  ///
  /// - Throws: `CatalogueError` if the folder or a file cannot be read. What is wrong inside a file
  ///   is reported by `findings`, not here: a learner's start never fails on a text.
  package static func load(directory: String, language: Language) throws -> Catalogue {
    var entries: [String: String] = [:]
    for file in try files(in: directory, language: language) {
      let parsed = CatalogueParser.parse(try read(directory + "/" + file), file: file)
      entries.merge(parsed.entries) { first, _ in first }
    }
    return Catalogue(language: language, entries: entries)
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
    else { return template }
    var result = ""
    for piece in CatalogueTemplate.pieces(of: template) {
      switch piece {
      case .literal(let literal): result += literal
      case .placeholder(let name, let forms): append(name, forms, values, to: &result)
      case .malformed(let source): result += source
      }
    }
    return result
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
