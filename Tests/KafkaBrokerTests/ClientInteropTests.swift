// Kafka's own clients against the broker: kcat, confluent-kafka, kafka-python and aiokafka, as anybody has
// them installed.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import TestSupport
import Testing

private let hasConfluent = InteropPython.has(module: "confluent_kafka")
private let hasKafkaPython = InteropPython.has(module: "kafka, snappy, lz4, zstandard")
private let hasAIOKafka = InteropPython.has(module: "aiokafka")
private let kcat = ["/usr/bin/kcat", "/opt/homebrew/bin/kcat", "/usr/local/bin/kcat"].first {
  FileManager.default.isExecutableFile(atPath: $0)
}
private let runsAll = ProcessInfo.processInfo.environment["TAPLINE_TEST_ALL"] == "1"

@Suite(.serialized) struct ClientInteropTests {
  @Test(
    .enabled(if: hasConfluent, "TAPLINE_INTEROP_PYTHON names no Python with confluent-kafka"),
    arguments: ["admin", "codecs", "places", "killed", "static"])
  func `confluent-kafka believes the broker`(_ what: String) throws {
    let broker = try TestBroker()
    #expect(try InteropPython.run(ConfluentScript.source, [broker.address, what]) == "ok")
  }

  @Test(
    .enabled(
      if: hasKafkaPython,
      "TAPLINE_INTEROP_PYTHON names no Python with kafka-python and its codecs"),
    arguments: ["codecs", "places", "team"])
  func `kafka-python believes the broker`(_ what: String) throws {
    let broker = try TestBroker()
    #expect(try InteropPython.run(KafkaPythonScript.source, [broker.address, what]) == "ok")
  }

  @Test(.enabled(if: hasAIOKafka, "TAPLINE_INTEROP_PYTHON names no Python with aiokafka"))
  func `aiokafka believes the broker`() throws {
    let broker = try TestBroker()
    #expect(try InteropPython.run(AIOKafkaScript.source, [broker.address]) == "ok")
  }

  @Test(.enabled(if: kcat != nil, "kcat is not installed"))
  func `kcat lists, produces with every codec, and consumes by offset, time and group`() throws {
    let broker = try TestBroker()
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
      _ = try run(
        ["-b", broker.address, "-t", "tool", "-P", "-z", codec, "-K", ":"],
        input: "k:\(codec) 1\nk:\(codec) 2\n")
    }
    #expect(try run(["-b", broker.address, "-L"]).contains(#"topic "tool" with 1 partitions"#))
    let all = ["-b", broker.address, "-t", "tool", "-C", "-e", "-q"]
    #expect(
      try run(all + ["-f", "%o %k %s|"])
        == "0 k none 1|1 k none 2|2 k gzip 1|3 k gzip 2|4 k snappy 1|5 k snappy 2|"
        + "6 k lz4 1|7 k lz4 2|8 k zstd 1|9 k zstd 2|")
    #expect(try run(all + ["-o", "8", "-f", "%s|"]) == "zstd 1|zstd 2|")
    #expect(try run(all + ["-o", "-1", "-f", "%s|"]) == "zstd 2|")
    #expect(try run(all + ["-o", "s@1", "-c", "1", "-f", "%s|"]) == "none 1|")
    #expect(try run(["-b", broker.address, "-Q", "-t", "tool:0:1"]) == "tool [0] offset 0\n")
    let group = ["-b", broker.address, "-G", "kcats", "-q", "-e", "-f", "%o|", "tool"]
    #expect(
      try run(["-X", "auto.offset.reset=earliest"] + group) == "0|1|2|3|4|5|6|7|8|9|")
    #expect(try run(group) == "", "the group has committed")
  }

  /// An acknowledged record is there once, whatever happened to the broker meanwhile.
  @Test(
    .enabled(if: hasConfluent, "TAPLINE_INTEROP_PYTHON names no Python with confluent-kafka"))
  func `nothing is lost or doubled while the broker goes down and comes back`() throws {
    let count = runsAll ? 200_000 : 20_000
    let broker = try TestBroker()
    try broker.log.createTopic("many", partitionCount: 3)
    let address = broker.address
    let producing = Background {
      try InteropPython.run(ConfluentScript.source, [address, "many", String(count)])
    }
    for _ in 0..<(runsAll ? 12 : 3) {
      usleep(500_000)
      try broker.crash()
    }
    #expect(try producing.value() == "ok")
    var seen: [[UInt8]] = []
    for index in 0..<Int32(3) {
      let partition = TopicPartition("many", index)
      try broker.log.forEachRecord(partition, from: Offset(0)) { record in
        seen.append(record.value.map { Array($0) } ?? [])
        return true
      }
    }
    #expect(seen.count == count)
    #expect(Set(seen).count == count)
  }

  /// Runs kcat and answers what it prints.
  private func run(_ arguments: [String], input: String = "") throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(kcat))
    process.arguments = arguments
    let (inward, outward, errors) = (Pipe(), Pipe(), Pipe())
    process.standardInput = inward
    process.standardOutput = outward
    process.standardError = errors
    try process.run()
    inward.fileHandleForWriting.write(Data(input.utf8))
    try inward.fileHandleForWriting.close()
    let output = outward.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let complaint = String(
      decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    #expect(process.terminationStatus == 0, "kcat \(arguments): \(complaint)")
    return String(decoding: output, as: UTF8.self)
  }
}

/// Work on a thread of its own, whose result is waited for later.
private final class Background<Value: Sendable>: @unchecked Sendable {
  // `@unchecked Sendable`: `result` is written before `done` is signalled and read after it.
  private let done = DispatchSemaphore(value: 0)
  private var result: Result<Value, any Error>?

  init(_ body: @escaping @Sendable () throws -> Value) {
    Thread { [self] in
      result = Result { try body() }
      done.signal()
    }.start()
  }

  func value() throws -> Value {
    done.wait()
    guard let result else { throw CancellationError() }
    return try result.get()
  }
}
