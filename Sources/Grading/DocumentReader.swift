// Reads the fields of a document: YAML, Markdown with front matter, and Markdown whose lines say
// `- name: value` or whose headings name a field.

internal import Foundation
internal import Yams

/// The fields of one document, as written.
package struct DocumentFields: Sendable, Hashable {
  /// Texts by name; a list is its elements in lines.
  package var texts: [String: String]
  package var lists: [String: [String]]

  /// A longer document is not read.
  package static let byteCountMax = 64 * 1_024

  /// The fields of that name in the text; nil where it is no document that can be read.
  ///
  /// Fields of other names are passed over.
  package static func read(_ text: String, names: [String]) -> DocumentFields? {
    guard text.utf8.count <= byteCountMax,
      !text.unicodeScalars.contains(where: { $0.value == 0 || $0 == "\u{FFFD}" })
    else { return nil }
    let text = text.precomposedStringWithCanonicalMapping
    var fields = DocumentFields(texts: [:], lists: [:])
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    if lines.first.map({ $0.hasPrefix("---") }) == true {
      guard let end = lines.dropFirst().firstIndex(where: { $0.hasPrefix("---") }) else {
        return nil
      }
      let front = lines[1..<end].joined(separator: "\n")
      guard front.allSatisfy(\.isWhitespace) || fields.addYAML(front, names) else { return nil }
      fields.addMarkdown(lines[(end + 1)...], names)
    } else if !fields.addYAML(text, names) {
      fields.addMarkdown(lines[...], names)
    }
    return fields.texts.isEmpty && fields.lists.isEmpty ? nil : fields
  }

  /// Adds the keys of a YAML mapping; false where the text is none.
  private mutating func addYAML(_ text: String, _ names: [String]) -> Bool {
    // Aliases of aliases could grow without end; a document needs none.
    guard !text.contains(/(?m)[:\-]\s+[&*]\w/) else { return false }
    guard let composed = try? Yams.compose(yaml: text), let mapping = composed.mapping else {
      return false
    }
    for (key, value) in mapping {
      guard let name = key.string.map(Self.fieldName), names.contains(name) else { continue }
      if let scalar = value.scalar {
        texts[name] = scalar.string
      } else if let sequence = value.sequence {
        lists[name] = sequence.compactMap { $0.scalar?.string }
        texts[name] = lists[name]?.joined(separator: "\n")
      }
    }
    return true
  }

  private mutating func addMarkdown(_ lines: ArraySlice<Substring>, _ names: [String]) {
    var heading: String?
    var body: [Substring] = []
    func keep(_ fields: inout DocumentFields) {
      guard let heading, names.contains(heading), fields.texts[heading] == nil else { return }
      let text = body.joined(separator: "\n").trimmedSpaces
      guard !text.isEmpty else { return }
      let items = body.filter { $0.drop { $0 == " " }.hasPrefix("- ") }
        .map { String($0.drop { $0 == " " }.dropFirst(2)).trimmedSpaces }
      if !items.isEmpty { fields.lists[heading] = items }
      fields.texts[heading] = text
    }
    for line in lines {
      if line.hasPrefix("#") {
        keep(&self)
        heading = Self.fieldName(String(line.drop { $0 == "#" }))
        body = []
        continue
      }
      body.append(line)
      let entry = line.drop { " *-|".contains($0) }
      guard let colon = entry.firstIndex(where: { $0 == ":" || $0 == "|" }) else { continue }
      let name = Self.fieldName(String(entry[..<colon]))
      let value = String(entry[entry.index(after: colon)...])
        .trimmingCharacters(in: CharacterSet(charactersIn: " |`*"))
      if names.contains(name), texts[name] == nil, !value.isEmpty { texts[name] = value }
    }
    keep(&self)
  }

  /// `Events per day` names the field `events_per_day`.
  private static func fieldName(_ text: String) -> String {
    let cleaned = text.trimmingCharacters(in: CharacterSet(charactersIn: " `*:\t"))
    return cleaned.lowercased().replacing(" ", with: "_").replacing("-", with: "_")
  }
}
