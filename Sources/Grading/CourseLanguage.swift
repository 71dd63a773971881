// The two languages of the course, and a text that has one version per language.

/// A language that a learner can read the course in.
package enum CourseLanguage: String, Sendable, Hashable, CaseIterable {
  case korean = "ko"
  case english = "en"
}

/// One text in one or both languages; a local exercise may have only one.
package struct LocalizedText: Sendable, Hashable {
  package var texts: [CourseLanguage: String]

  package init(_ texts: [CourseLanguage: String]) { self.texts = texts }

  package init(ko: String, en: String) { texts = [.korean: ko, .english: en] }

  /// The text in that language, else in the other one, else empty.
  package subscript(language: CourseLanguage) -> String {
    texts[language] ?? texts.values.first ?? ""
  }

  /// The languages that have no text.
  package var missingLanguages: [CourseLanguage] {
    CourseLanguage.allCases.filter { texts[$0] == nil }
  }
}
