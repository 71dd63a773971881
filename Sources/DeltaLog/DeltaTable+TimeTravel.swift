internal import ObjectStorage
internal import Simulation

// Older versions: which there are, which one was the table at a moment, and how it becomes the
// latest again.

extension DeltaTable {
  /// The versions that can still be read, from the oldest to the latest.
  ///
  /// - Throws: what `snapshot` throws.
  public func availableVersions() throws -> ClosedRange<Int64> {
    let newest = try latestState().version
    return try reader.listing().oldest(upTo: newest)...newest
  }

  /// The version that the table had at a moment: the last one not committed after it.
  ///
  /// A version's time is what its commit states (its in-commit timestamp, else its writer's); see
  /// `DeltaHistoryEntry.timestamp`.
  ///
  /// - Parameter timestamp: milliseconds since the Unix epoch.
  /// - Returns: one of `availableVersions()`.
  /// - Throws: `noVersion` for a moment before the oldest version that is left; what `snapshot` throws.
  public func version(at timestamp: Int64) throws -> Int64 {
    let newest = try latestState().version
    let times = try commitTimes(reader.listing(), newest: newest)
    if let found = times.last(where: { $0.time <= timestamp }) { return found.version }
    func text(_ time: Int64) -> String { StoryTime(milliseconds: time).iso8601 }
    let range = [times.first, times.last].compactMap { entry in
      entry.map { "\($0.version) (\(text($0.time)))" }
    }
    throw DeltaLogError(
      .noVersion,
      table: path,
      "\(path) has no version as old as \(text(timestamp)).",
      advice: "It has versions \(range.joined(separator: " to "))."
    )
  }

  /// The table as it was at a moment, in milliseconds since the Unix epoch; see `version(at:)`.
  public func snapshot(at timestamp: Int64) throws -> DeltaSnapshot {
    try snapshot(version: version(at: timestamp))
  }

  /// When each version was committed, strictly ascending, from the oldest that is left.
  ///
  /// A file's time is taken only where a commit states none, because every copy of a table changes
  /// it. Where a clock went back, a version counts as one millisecond later than the one before it.
  func commitTimes(
    _ listing: LogListing,
    newest: Int64
  ) throws -> [(version: Int64, time: Int64)] {
    let oldest = listing.oldest(upTo: newest)
    let first = listing.commit(oldest) == nil ? oldest + 1 : oldest
    var times: [(version: Int64, time: Int64)] = []
    if first > oldest, let checkpoint = listing.checkpoints.first(where: { $0.version == oldest }) {
      times.append((oldest, checkpoint.files[0].modifiedMilliseconds))
    }
    for commit in try commits(after: first - 1) where commit.version <= newest {
      let stated = commit.statedTime ?? listing.commit(commit.version)?.modifiedMilliseconds
      let earliest = times.last.map { $0.time + 1 } ?? .min
      times.append((commit.version, max(stated ?? earliest, earliest)))
    }
    return times
  }
}
