/// How finished an exercise is; `core` needs everything, `local` and `draft` less.
package enum ContentStatus: String, Sendable, CaseIterable {
  case draft
  case local
  case core
}
