// The client library of a remote Kafka, found on this machine when a profile asks for it.

internal import CRDKafka
internal import Foundation

/// librdkafka, opened; whoever has a value may call it.
///
/// The library is opened once for the process, and never closed: it has threads of its own.
package struct RDKafkaLibrary: Sendable, Hashable {
  /// As the library says it, such as `2.0.2`.
  package let version: String

  /// Names another library than the system's, for a machine that keeps it elsewhere.
  package static let environmentKey = "TAPLINE_LIBRDKAFKA"

  /// The oldest version whose interface has what is used: listing groups and their offsets.
  static let oldest: (number: Int32, text: String) = (0x0200_0000, "2.0.0")

  /// Opens the system's library, or the one that the environment names.
  ///
  /// Blocks on the file system. The first library that opens is the process's.
  ///
  /// - Throws: `remoteKafka.libraryMissing`, `remoteKafka.libraryTooOld`.
  package static func open(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> RDKafkaLibrary {
    if let named = environment[environmentKey], !named.isEmpty {
      return try open(candidates: [named])
    }
    return try open(candidates: candidates)
  }

  /// Opens the first of several that is there.
  package static func open(candidates: [String]) throws -> RDKafkaLibrary {
    var reasons: [String] = []
    for path in candidates {
      var problem = [CChar](repeating: 0, count: 512)
      let outcome = path.withCString { tapline_rdkafka_open($0, &problem, problem.count) }
      let reason = text(problem)
      switch Int(outcome) {
      case TAPLINE_RDKAFKA_OPEN:
        let version = String(cString: rd_kafka_version_str())
        guard rd_kafka_version() >= oldest.number else {
          throw RemoteKafkaError.libraryTooOld(version, path: path)
        }
        return RDKafkaLibrary(version: version)
      case TAPLINE_RDKAFKA_TOO_OLD:
        throw RemoteKafkaError.libraryTooOld("without \(reason)", path: path)
      default: reasons.append(reason)
      }
    }
    throw RemoteKafkaError.libraryMissing(candidates, reason: reasons.first ?? "no candidates")
  }

  /// Where the system keeps it; a name alone is searched as the system's linker does.
  static var candidates: [String] {
    #if os(macOS)
    [
      "librdkafka.1.dylib", "/opt/homebrew/lib/librdkafka.1.dylib",
      "/usr/local/lib/librdkafka.1.dylib", "/opt/homebrew/lib/librdkafka.dylib",
      "/usr/local/lib/librdkafka.dylib",
    ]
    #else
    ["librdkafka.so.1", "librdkafka.so", "/usr/local/lib/librdkafka.so.1"]
    #endif
  }

  /// The line that installs it here.
  package static var installLine: String {
    #if os(macOS)
    "brew install librdkafka"
    #else
    let has: (String) -> Bool = { FileManager.default.isExecutableFile(atPath: $0) }
    if has("/usr/bin/apt-get") { return "sudo apt-get install -y librdkafka1" }
    if has("/usr/bin/dnf") { return "sudo dnf install -y librdkafka" }
    if has("/sbin/apk") { return "sudo apk add librdkafka" }
    if has("/usr/bin/pacman") { return "sudo pacman -S librdkafka" }
    return "apt-get install librdkafka1"
    #endif
  }

  /// Text of a C buffer up to its zero byte.
  static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
