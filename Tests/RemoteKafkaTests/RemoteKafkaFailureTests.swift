import Diagnostics
import Foundation
import KafkaProtocol
import RemoteKafka
import TestSupport
import Testing

/// Brokers that go, answers that are errors, addresses where nobody is.
@Suite(
  .enabled(if: KafkaMockCluster.missing == nil, "\(KafkaMockCluster.missing ?? "")"),
  .timeLimit(.minutes(3)))
struct RemoteKafkaFailureTests {
  typealias Fixture = RemoteKafkaFixture

  @Test func `a broker that is down and comes back loses nothing and doubles nothing`() throws {
    let fixture = try Fixture { $0.timeoutMilliseconds = 20_000 }
    let log = fixture.log
    _ = try log.append(
      [RemoteKafkaLog.Batch(Fixture.place(1), Fixture.records(0..<10))], createTime: nil)
    // The leader of partition 1 goes while records are on their way, and comes back.
    fixture.cluster.setDown(2)
    let writing = BackgroundWork {
      for round in 1..<6 {
        _ = try log.append(
          [
            RemoteKafkaLog.Batch(Fixture.place(1), Fixture.records((round * 10)..<(round * 10 + 10)))
          ], createTime: nil)
      }
    }
    Thread.sleep(forTimeInterval: 1.5)
    fixture.cluster.setUp(2)
    try writing.wait()
    #expect(try fixture.values(1) == (0..<60).map { "record \($0)" })
  }

  @Test func `brokers that go and come while much is written cost only time`() throws {
    let fixture = try Fixture { $0.timeoutMilliseconds = 30_000 }
    let log = fixture.log
    let writing = BackgroundWork {
      for round in 0..<60 {
        _ = try log.append(
          (0..<3 as Range<Int32>).map {
            RemoteKafkaLog.Batch(
              Fixture.place($0), Fixture.records((round * 20)..<(round * 20 + 20)))
          }, createTime: nil)
      }
    }
    for broker in [1, 3, 2, 1] as [Int32] {
      Thread.sleep(forTimeInterval: 0.12)
      fixture.cluster.setDown(broker)
      Thread.sleep(forTimeInterval: 0.4)
      fixture.cluster.setUp(broker)
    }
    try writing.wait()
    for partition in 0..<3 as Range<Int32> {
      #expect(try fixture.values(partition) == (0..<1_200).map { "record \($0)" })
    }
  }

  @Test func `errors that pass are tried again, in order and once`() throws {
    let fixture = try Fixture()
    // NOT_LEADER_OR_FOLLOWER, NOT_ENOUGH_REPLICAS, REQUEST_TIMED_OUT.
    fixture.cluster.answer(KafkaMockCluster.produce, with: [6, 19, 7])
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<50))], createTime: nil)
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(50..<100))], createTime: nil)
    #expect(try fixture.values(0) == (0..<100).map { "record \($0)" })
  }

  @Test func `too few replicas in sync is the cluster's answer, by its name`() throws {
    let fixture = try Fixture { $0.timeoutMilliseconds = 2_000 }
    fixture.cluster.answer(
      KafkaMockCluster.produce, with: Array(repeating: 19, count: 2_000))
    let started = ContinuousClock.now
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.append(
        [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<3))], createTime: nil)
    }
    #expect(ContinuousClock.now - started < .seconds(8))
    // It is tried until the time is up; then either the last answer or the time is the error.
    #expect([.notEnoughReplicas, .timedOut].contains(error?.kind))
    #expect(error?.nativeName.isEmpty == false)
  }

  @Test func `an error that does not pass is the native one at once`() throws {
    let fixture = try Fixture()
    // TOPIC_AUTHORIZATION_FAILED.
    fixture.cluster.answer(KafkaMockCluster.produce, with: [29])
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.append(
        [RemoteKafkaLog.Batch(Fixture.place(2), Fixture.records(0..<3))], createTime: nil)
    }
    #expect(error?.kind == .unauthorized)
    #expect(error?.nativeCode == 29)
    #expect(error?.nativeName == "TOPIC_AUTHORIZATION_FAILED")
    #expect(error?.message.contains("t-2") == true)
    // And the log goes on after it.
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(2), Fixture.records(0..<3))], createTime: nil)
    #expect(try fixture.values(2) == ["record 0", "record 1", "record 2"])
  }

  @Test func `a record that is too large is refused by the client, and the next one is taken`() throws {
    let fixture = try Fixture()
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.append(
        [
          RemoteKafkaLog.Batch(
            Fixture.place(0), [Record(key: nil, value: Array(repeating: 1, count: 2 << 20))])
        ], createTime: 1_705_000_000_000)
    }
    #expect(error?.kind == .recordTooLarge)
    #expect(error?.nativeCode == 10)
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<1))], createTime: nil)
    #expect(try fixture.values(0) == ["record 0"])
  }

  @Test func `a leader that stays away ends an append and a read in time`() throws {
    let fixture = try Fixture { $0.timeoutMilliseconds = 2_000 }
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<3))], createTime: nil)
    for broker in 1...3 as ClosedRange<Int32> { fixture.cluster.setDown(broker) }
    for body: () throws -> Void in [
      {
        _ = try fixture.log.append(
          [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(3..<6))], createTime: nil)
      }, { _ = try fixture.log.read(Fixture.place(0), from: Offset(0), bytesMax: 1) },
      { _ = try fixture.log.topicNames() },
      { _ = try fixture.log.committedOffset(group: "g", Fixture.place(0)) },
      { try fixture.log.commitOffsets(group: "g", [Fixture.place(0): Offset(1)]) },
    ] {
      let started = ContinuousClock.now
      let error = #expect(throws: RemoteKafkaError.self) { try body() }
      #expect(ContinuousClock.now - started < .seconds(10))
      #expect([.unreachable, .timedOut].contains(error?.kind), "\(String(describing: error))")
    }
    for broker in 1...3 as ClosedRange<Int32> { fixture.cluster.setUp(broker) }
    let log = try Fixture.connect(fixture.cluster.bootstrapServers)
    #expect(try log.endOffset(Fixture.place(0)).rawValue >= 3)
  }

  @Test func `memory is bounded: what does not fit waits, and then says so`() throws {
    let fixture = try Fixture {
      $0.timeoutMilliseconds = 2_000
      $0.queueKilobytesMax = 1_024
    }
    for broker in 1...3 as ClosedRange<Int32> { fixture.cluster.setDown(broker) }
    let large = (0..<40).map { _ in
      Record(key: nil, value: Array(repeating: 65, count: 100_000), timestamp: 1)
    }
    let error = #expect(throws: RemoteKafkaError.self) {
      try fixture.log.append([RemoteKafkaLog.Batch(Fixture.place(0), large)], createTime: nil)
    }
    #expect([.queueFull, .unreachable, .timedOut].contains(error?.kind))
    for broker in 1...3 as ClosedRange<Int32> { fixture.cluster.setUp(broker) }
    // With the cluster there, four times the memory passes through it.
    let log = try Fixture.connect(fixture.cluster.bootstrapServers) { $0.queueKilobytesMax = 1_024 }
    let offsets = try log.append([RemoteKafkaLog.Batch(Fixture.place(1), large)], createTime: nil)
    #expect(offsets[0].count == 40)
    #expect(try log.endOffset(Fixture.place(1)).rawValue == 40)
  }

  @Test func `an address where nobody is says what to do, in time`() throws {
    let started = ContinuousClock.now
    let error = #expect(throws: RemoteKafkaError.self) {
      try Fixture.connect("127.0.0.1:1") { $0.timeoutMilliseconds = 1_500 }
    }
    #expect(ContinuousClock.now - started < .seconds(5))
    #expect(error?.kind == .unreachable)
    #expect(error?.place == "127.0.0.1:1")
    #expect(error?.fields["reason"]?.contains("refused") == true, "\(String(describing: error))")
    #expect(error?.advice?.contains("kcat -b 127.0.0.1:1 -L") == true)
  }

  @Test func `properties are librdkafka's to judge, and some are not the profile's`() throws {
    func refusal(_ name: String, _ value: String) -> RemoteKafkaError? {
      #expect(throws: RemoteKafkaError.self) {
        try Fixture.connect("127.0.0.1:1") { $0.properties = [name: value] }
      }
    }
    let unknown = refusal("no.such.property", "1")
    #expect(unknown?.kind == .invalidProperty)
    #expect(unknown?.message.contains("No such configuration property") == true)
    let invalid = refusal("security.protocol", "carrier-pigeon")
    #expect(invalid?.message.contains("security.protocol") == true)
    #expect(refusal("acks", "1")?.message.contains("acknowledged by all replicas") == true)
    #expect(refusal("compression.type", "gzip")?.message.contains("`compression`") == true)
  }

  @Test func `properties that are known reach the client`() throws {
    let fixture = try Fixture { $0.properties = ["client.id": "course", "linger.ms": "0"] }
    _ = try fixture.log.append(
      [RemoteKafkaLog.Batch(Fixture.place(0), Fixture.records(0..<3))], createTime: nil)
    #expect(try fixture.values(0).count == 3)
  }
}

/// Where the library is not, or is another: these need none.
struct RDKafkaLibraryTests {
  @Test func `a library that is not there is named, with the line that installs it`() throws {
    let path = "/nowhere/librdkafka.so.1"
    let error = #expect(throws: RemoteKafkaError.self) {
      try RDKafkaLibrary.open(environment: [RDKafkaLibrary.environmentKey: path])
    }
    #expect(error?.kind == .libraryMissing)
    #expect(error?.code == "remoteKafka.libraryMissing")
    #expect(error?.message.contains(path) == true)
    #expect(error?.advice?.contains(RDKafkaLibrary.installLine) == true)
    #expect(RDKafkaLibrary.installLine.contains("librdkafka"))
  }

  @Test func `a library without the functions is too old`() throws {
    #if os(macOS)
    let other = "/usr/lib/libz.1.dylib"
    #else
    let other = "libz.so.1"
    #endif
    let error = #expect(throws: RemoteKafkaError.self) {
      try RDKafkaLibrary.open(candidates: ["/nowhere/librdkafka.so.1", other])
    }
    #expect(error?.kind == .libraryTooOld)
    #expect(error?.message.contains("rd_kafka_version") == true)
    #expect(error?.advice?.contains(RDKafkaLibrary.environmentKey) == true)
  }
}
