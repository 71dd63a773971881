/// Cuts a line of the prompt into words, as a shell does: blanks separate, quotes join.
///
/// `'…'` is literal, `"…"` knows `\"` and `\\`, and a backslash outside quotes escapes one
/// character. Curly quotes, which keyboards put in by themselves, count as their straight kin.
struct CommandLineWords: Equatable {
  var words: [String]

  /// A quote that is never closed, with the column (from 1) where it opens.
  struct UnbalancedQuote: Error, Equatable {
    var quote: Character
    var column: Int
  }

  init(_ line: String) throws {
    var words: [String] = []
    var current: String?
    var quote: (kind: Character, column: Int)?
    var isEscaped = false
    for (index, raw) in line.enumerated() {
      let character = CommandLineWords.straight[raw] ?? raw
      if isEscaped {
        // Inside quotes only a quote and a backslash are escaped: `"\n"` stays as it is.
        let isKept = quote != nil && character != "\"" && character != "\\"
        current = (current ?? "") + (isKept ? "\\" : "") + String(raw)
        isEscaped = false
      } else if character == "\\", quote?.kind != "'" {
        isEscaped = true
      } else if let open = quote {
        if character == open.kind {
          quote = nil
        } else {
          current = (current ?? "") + String(raw)
        }
      } else if character == "'" || character == "\"" {
        quote = (character, index + 1)
        current = current ?? ""
      } else if character.isWhitespace {
        if let word = current { words.append(word) }
        current = nil
      } else {
        current = (current ?? "") + String(raw)
      }
    }
    if let open = quote { throw UnbalancedQuote(quote: open.kind, column: open.column) }
    if let word = current { words.append(word) }
    self.words = words
  }

  private static let straight: [Character: Character] = [
    "\u{201C}": "\"", "\u{201D}": "\"", "\u{2018}": "'", "\u{2019}": "'", "\u{3000}": " ",
  ]
}

/// The words of one command after its name: positions, `--options` and `key=value` pairs.
struct Arguments {
  private(set) var positions: [String] = []
  private(set) var options: [String: String] = [:]
  private(set) var pairs: [(key: String, value: String)] = []

  /// `flags` take no value; every other `--name` takes the next word or `--name=value`.
  init(_ words: some Sequence<String>, flags: Set<String> = []) throws {
    var waiting: String?
    for word in words {
      if let name = waiting {
        options[name] = word
        waiting = nil
      } else if word.hasPrefix("--"), word.count > 2 {
        let body = word.dropFirst(2)
        if let equals = body.firstIndex(of: "=") {
          options[String(body[..<equals])] = String(body[body.index(after: equals)...])
        } else if flags.contains(String(body)) {
          options[String(body)] = ""
        } else {
          waiting = String(body)
        }
      } else if let equals = word.firstIndex(of: "="), equals != word.startIndex {
        pairs.append((String(word[..<equals]), String(word[word.index(after: equals)...])))
      } else {
        positions.append(word)
      }
    }
    if let name = waiting { throw CommandError(.missingOptionValue, ["option": "--" + name]) }
  }

  /// Fails on an option that the command does not know.
  func allowOnly(_ names: String...) throws {
    if let unknown = options.keys.sorted().first(where: { !names.contains($0) }) {
      throw CommandError(
        .unknownOption,
        [
          "option": "--" + unknown,
          "known": names.isEmpty ? "-" : names.map { "--" + $0 }.joined(separator: ", "),
        ]
      )
    }
  }

  /// An option as a whole number within bounds.
  func integer(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = options[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw CommandError(
        .badNumber,
        [
          "option": "--" + name, "value": text, "low": String(range.lowerBound),
          "high": String(range.upperBound),
        ]
      )
    }
    return value
  }
}
