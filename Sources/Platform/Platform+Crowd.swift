package import Simulation
package import World

extension Platform {
  /// What is planted in the world's day; for instructors.
  package func manifest(day: CivilDate) throws -> [ManifestEntry] { crowd.manifest(day: day) }

  /// What is planted in the shop's tables on a day; for instructors.
  package func shopManifest(day: CivilDate) throws -> [ManifestEntry] {
    crowd.shopManifest(
      day: day, try ShopReference(directory: Platform.shopReferencePath(contentRoot)))
  }

  /// How far each release has come by today, by platform, newest first.
  package func rollout() -> [(platform: String, versions: [(version: String, permille: Int)])] {
    crowd.adoption(day: today)
  }

  /// Every phone by platform and version, and what waits on them.
  package func deviceGroups() throws -> [World.DeviceGroup] { try crowd.deviceGroups(day: today) }

  /// Phones there are in this world, active or not.
  package var phoneCount: Int { crowd.phoneCount }

  /// Active users of an ordinary day.
  package var dailyActiveUsers: Int { crowd.dailyActiveUsers }
}
