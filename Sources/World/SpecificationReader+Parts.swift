import Simulation

// The parts of a specification that are more than a value.
extension SpecificationReader {
  /// `events_per_user_day_milli`: by the kind's raw value; the file decides which kinds there are.
  func rates() throws -> [Int] {
    let reader = try self["events_per_user_day_milli"]
    var rates = [Int](repeating: 0, count: EventKind.allCases.count)
    for name in reader.keys {
      guard let kind = EventKind.named(name) else {
        throw failure("events_per_user_day_milli", "names an event there is not: \(name)")
      }
      rates[Int(kind.rawValue)] = try reader.integer(name, 0...1_000_000)
    }
    return rates
  }

  /// The hours' weights spread over their minutes, with the spikes on top.
  func minuteWeights() throws -> [Int] {
    let hours = try integers("hour_of_day_kst_permille", count: 24, 0...1_000_000)
    var minutes = (0..<1_440).map { hours[$0 / 60] * 10 }
    guard has("spikes") else { return minutes }
    for spike in try list("spikes") {
      let from = try spike.integer("minute", 0...1_439)
      let count = try spike.integer("minutes", 1...1_440)
      let factor = try spike.integer("factor", 1...1_000)
      for minute in from..<min(1_440, from + count) { minutes[minute] *= factor }
    }
    return minutes
  }

  func growth() throws -> [(day: Int, permille: Int)] {
    guard has("growth") else { return [] }
    let points = try list("growth").map {
      (day: try $0.integer("day", 0...10_000), permille: try $0.integer("permille", 1...1_000_000))
    }
    guard zip(points, points.dropFirst()).allSatisfy({ $0.day < $1.day }) else {
      throw failure("growth", "must go from day to day")
    }
    return points
  }

  func imperfections() throws -> ImperfectionRates {
    var rates = ImperfectionRates()
    guard has("imperfections_permyriad") else { return rates }
    let reader = try self["imperfections_permyriad"]
    let share = 0...10_000
    rates.clockMinutes = try reader.integer("clock_minutes", share)
    rates.clockHours = try reader.integer("clock_hours", share)
    rates.clockZone = try reader.integer("clock_zone", share)
    rates.clockAbsurd = try reader.integer("clock_absurd", share)
    rates.testDevices = try reader.integer("test_devices", share)
    rates.botEvents = try reader.integer("bot_events", share)
    rates.botVisitEvents = try integer("bot_visit_events", 10...2_000, fallback: 120)
    rates.lostAnswers = try reader.integer("visits_lost_answer", share)
    rates.batchTwice = try reader.integer("visits_batch_twice", share)
    rates.otherPayload = try reader.integer("visits_other_payload", share)
    rates.schemaErrors = try reader.integer("visits_schema_error", share)
    rates.envelopeErrors = try reader.integer("visits_envelope_error", share)
    rates.personalData = try reader.integer("visits_personal_data", share)
    rates.doubleTaps = try reader.integer("visits_double_tap", share)
    rates.repeatPurchases = try reader.integer("purchases_repeat", share)
    rates.forceQuits = try reader.integer("returning_visits_force_quit", share)
    let clocks = rates.clockMinutes + rates.clockHours + rates.clockZone + rates.clockAbsurd
    guard clocks <= 10_000 else {
      throw failure("imperfections_permyriad", "has more wrong clocks than phones")
    }
    return rates
  }

  /// `releases` of a platform, newest first, every step at least as large as the one before.
  func releases() throws -> AppReleases {
    let releases = try list("releases").map {
      AppReleases.Release(
        version: try $0.text("version"), day: try $0.integer("day", -10_000...10_000),
        adoptionPermille: try $0.integers("adoption_permille", 0...1_000))
    }
    for (release, older) in zip(releases, releases.dropFirst()) where release.day < older.day {
      throw failure("releases", "must begin with the newest: \(release.version) is before \(older.version)")
    }
    for release in releases where release.adoptionPermille != release.adoptionPermille.sorted() {
      throw failure("releases", "must not shrink: \(release.version)")
    }
    return AppReleases(releases: releases)
  }

  func game() throws -> WorldSpecification.Game {
    let items = try list("items")
    return WorldSpecification.Game(
      stageCount: try integer("stage_count", 1...999),
      winPermille: try integer("win_permille", 0...1_000),
      modes: try names("modes"), items: try names("items"),
      prices: try items.map {
        WorldSpecification.Game.Price(
          priceMinor: try $0.integer("price_minor", 1...1_000_000_000),
          currency: try $0.text("currency"), gems: try $0.integer("gems", 0...1_000_000))
      },
      adUnits: try names("ad_units"), adNetworks: try names("ad_networks"),
      currencyReasons: try names("currency_reasons"))
  }
}
