/// The releases of one platform's app, and how far each has come on a day.
///
/// Stores hand a release out in steps, and people update late or never. A phone has a place among
/// those that update early, and has the newest release that has reached it; so a phone never goes
/// back, as long as every step is at least as large as the one before.
struct AppReleases: Sendable {
  struct Release: Sendable {
    var version: String
    /// Days after the world's first day; negative for what came before.
    var day: Int
    /// The share of phones that has it or something newer, in thousandths, from its day on; the last
    /// step stays.
    var adoptionPermille: [Int]

    func reach(day: Int) -> Int {
      guard day >= self.day else { return 0 }
      return adoptionPermille[min(day - self.day, adoptionPermille.count - 1)]
    }
  }

  /// Newest first; the oldest has reached everybody.
  let releases: [Release]

  var versions: [String] { releases.map(\.version) }

  func version(quantile: Int, day: Int) -> String {
    (releases.first { quantile < $0.reach(day: day) } ?? releases[releases.count - 1]).version
  }

  /// The share of each release on a day, in thousandths, newest first.
  func shares(day: Int) -> [(version: String, permille: Int)] {
    var covered = 0
    return releases.enumerated().map { index, release in
      let reach = index == releases.count - 1 ? 1_000 : release.reach(day: day)
      defer { covered = max(covered, reach) }
      return (release.version, max(0, reach - covered))
    }
  }
}
