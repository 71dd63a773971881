import EventModel

extension WorldFault {
  /// When the service that the consumers of Bronze ask about each record is slow, and by how many
  /// milliseconds a record; the times are milliseconds since the epoch.
  ///
  /// - Throws: `world.fault…` as a world of these faults would.
  package static func slowCalls(
    _ configuration: WorldConfiguration, _ specification: WorldSpecification
  ) throws -> [(time: Range<Int64>, milliseconds: Int)] {
    try FaultPlan(configuration, specification).entries.filter { $0.kind == .slowEnrichment }
      .map { ($0.time, $0.number("milliseconds")) }
  }

  /// When the collector's machine is small, how many requests a second it can do, and how many bytes
  /// of them it can hold; the times are milliseconds since the epoch.
  ///
  /// - Throws: `world.fault…` as a world of these faults would.
  package static func smallCollectors(
    _ configuration: WorldConfiguration, _ specification: WorldSpecification
  ) throws -> [(time: Range<Int64>, requestsPerSecond: Int, memoryBytes: Int)] {
    try FaultPlan(configuration, specification).entries.filter { $0.kind == .smallCollector }
      .map { ($0.time, $0.number("per-second"), $0.number("memory")) }
  }
}
