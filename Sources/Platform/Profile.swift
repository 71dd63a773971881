// `config.yaml` of a home: which part of the pipeline is an engine elsewhere.
//
// ```yaml
// log: kafka                       # or embedded, as without it
// kafka:
//   bootstrap.servers: 127.0.0.1:9092
//   timeoutSeconds: 10
//   compression: lz4               # none, gzip, snappy, lz4, zstd
//   queueKilobytesMax: 32768
//   replicas: 3                    # of topics that are made; the cluster's default without it
//   group: lake-sink               # in whose name Bronze commits
//   properties:                    # librdkafka's own, as they are
//     security.protocol: SASL_SSL
// ```

internal import Foundation
package import RemoteKafka
internal import Yams

/// What a home has chosen instead of the embedded parts.
package struct Profile: Sendable, Hashable {
  /// Where events rest between the collector and everybody who reads them.
  package enum Log: Sendable, Hashable {
    case embedded
    case kafka(RemoteKafkaConfiguration)
  }

  package var log: Log

  package init(log: Log = .embedded) { self.log = log }

  /// The profile of a home; everything is embedded where its `config.yaml` does not say otherwise.
  ///
  /// - Throws: `platform.profile` for a key or a value that cannot be.
  package static func read(homePath: String) throws -> Profile {
    let path = homePath + "/config.yaml"
    guard let data = FileManager.default.contents(atPath: path) else { return Profile() }
    let root: [String: Any]
    do {
      root = try Yams.load(yaml: String(decoding: data, as: UTF8.self)) as? [String: Any] ?? [:]
    } catch {
      throw invalid(path, "is not valid YAML: \(error)")
    }
    guard let named = root["log"] else { return Profile() }
    switch named as? String {
    case "embedded": return Profile()
    case "kafka": return Profile(log: .kafka(try kafka(root["kafka"], path)))
    default: throw invalid(path, "needs `embedded` or `kafka` for `log`")
    }
  }

  private static func kafka(_ given: Any?, _ path: String) throws -> RemoteKafkaConfiguration {
    guard var values = given as? [String: Any] else {
      throw invalid(path, "needs `kafka:` with `bootstrap.servers` below it for `log: kafka`")
    }
    guard let servers = values.removeValue(forKey: "bootstrap.servers") as? String,
      !servers.isEmpty
    else { throw invalid(path, "needs `bootstrap.servers` below `kafka:`, such as 127.0.0.1:9092") }
    func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
      guard let given = values.removeValue(forKey: key) else { return nil }
      guard let number = given as? Int, range.contains(number) else {
        throw invalid(
          path, "needs a whole number from \(range.lowerBound) to \(range.upperBound) for `\(key)`")
      }
      return number
    }
    var configuration = RemoteKafkaConfiguration(bootstrapServers: servers)
    if let seconds = try number("timeoutSeconds", 1...300) {
      configuration.timeoutMilliseconds = seconds * 1_000
    }
    configuration.queueKilobytesMax =
      try number("queueKilobytesMax", 1_024...2_097_151) ?? configuration.queueKilobytesMax
    configuration.replicationFactor = try number("replicas", 1...16)
    if let group = values.removeValue(forKey: "group") {
      guard let group = group as? String, !group.isEmpty else {
        throw invalid(path, "needs the name of a consumer group for `group`")
      }
      configuration.group = group
    }
    if let named = values.removeValue(forKey: "compression") {
      typealias Compression = RemoteKafkaConfiguration.Compression
      guard let compression = (named as? String).flatMap(Compression.init(rawValue:)) else {
        let known = Compression.allCases.map(\.rawValue).joined(separator: ", ")
        throw invalid(path, "needs one of \(known) for `compression`")
      }
      configuration.compression = compression
    }
    if let properties = values.removeValue(forKey: "properties") {
      guard let properties = properties as? [String: Any] else {
        throw invalid(path, "needs names and values below `properties:`")
      }
      configuration.properties = properties.mapValues { "\($0)" }
    }
    if let unknown = values.keys.sorted().first {
      throw invalid(path, "has a key `\(unknown)` below `kafka:` that nobody reads")
    }
    return configuration
  }

  private static func invalid(_ path: String, _ what: String) -> PlatformError {
    PlatformError(
      .profile,
      "config.yaml \(what)",
      place: path,
      advice: "Correct the file, or take `log:` out: everything is embedded then.",
      fields: ["problem": what]
    )
  }
}
