// The texts that the views speak with, as a learner gets them.

import Terminal
import TestSupport

/// The catalogues of this checkout.
enum Texts {
  static let ko = load(.ko)
  static let en = load(.en)

  private static func load(_ language: Language) -> Catalogue {
    let directory = RepositoryFiles.root + "/Lessons/catalogue"
    return (try? Catalogue.load(directory: directory, language: language))
      ?? Catalogue(language: language, entries: [:])
  }
}
