// The year before the world, brought into the lake when somebody first reads it.
//
// Two months at a time are planned, written and packed side by side; the monthly table comes last.

internal import Codecs
internal import Dispatch
internal import Lake
internal import Simulation
internal import Synchronization
internal import World

extension Platform {
  /// How the lake of a world makes its archive; nil where the specification has none.
  static func history(
    _ configuration: WorldConfiguration,
    _ specification: WorldSpecification,
    now: @escaping @Sendable () -> Int64
  ) -> LakeHistory? {
    guard specification.hasArchive else { return nil }
    return LakeHistory(monthlySchema: HistoryArchive.monthlySchema) { lake in
      let world = try World(configuration: configuration, specification: specification)
      guard let archive = world.historyArchive else { return }
      var days = archive.days[...]
      while !days.isEmpty {
        let wave = Array(days.prefix(4))
        days = days.dropFirst(4)
        try lake.putHistory(try packed(wave, of: archive))
      }
      try lake.commitHistory(
        archive.monthlyRows(),
        schema: HistoryArchive.monthlySchema,
        timestamp: now()
      )
    }
  }

  /// The objects of some days, made side by side.
  private static func packed(
    _ days: [CivilDate],
    of archive: HistoryArchive
  ) throws -> [(key: String, bytes: [UInt8])] {
    let results = Mutex<[CivilDate: Result<[UInt8], any Error>]>([:])
    DispatchQueue.concurrentPerform(iterations: days.count) { index in
      guard let day = archive.day(days[index]) else { return }
      let packed = Result { try Gzip.compress(day.lines) }
      results.withLock { $0[day.date] = packed }
    }
    let made = results.withLock { $0 }
    return try days.compactMap { day in
      guard let bytes = try made[day]?.get() else { return nil }
      let parts = "\(day)".split(separator: "-")
      return ("year=\(parts[0])/month=\(parts[1])/day=\(parts[2])/part-00000.json.gz", bytes)
    }
  }
}
