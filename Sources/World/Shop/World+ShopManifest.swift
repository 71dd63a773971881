package import Simulation

extension World {
  /// What a day of this world has planted in the shop's tables, every class in its order; empty for an
  /// app without a shop.
  ///
  /// A class counts the changes that belong to it, by the moment at which the shop wrote them;
  /// `eventIDs` names what changed: orders, members, products, devices.
  package func shopManifest(day: CivilDate, _ reference: ShopReference) -> [ManifestEntry] {
    guard var books = shopBooks(reference) else { return [] }
    let from = StoryTime(day, offsetSeconds: TimeZones.seoul).milliseconds
    let changes = books.changes(through: from + 86_400_000 - 1).filter { $0.time >= from }
    return ShopMarks.classes.map { name, members in
      let marked = changes.filter { !$0.marks.isDisjoint(with: members) }
      return ManifestEntry(
        name: name, eventCount: marked.count,
        eventIDs: marked.prefix(Self.manifestIDsMax).map(\.label))
    }
  }
}
