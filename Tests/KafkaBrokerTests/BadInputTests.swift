// What no client should send: garbage, claims, silence, crowds, and a log that cannot be written.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import TestSupport
import Testing

/// Memory of this process, in bytes.
private func residentBytes() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4_096
}

@Suite(.serialized) struct BadInputTests {
  private func isAlive(_ broker: TestBroker) -> Bool {
    (try? broker.client().ask(MetadataRequest(), version: 9)) != nil
  }

  @Test(arguments: [
    Array("GET / HTTP/1.1\r\n\r\n".utf8), [0x16, 3, 1, 0, 200, 1, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF],
    [0, 0, 0, 0], [0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7], [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
  ] as [[UInt8]])
  func `another protocol and impossible sizes end the connection`(_ bytes: [UInt8]) throws {
    let broker = try TestBroker()
    let client = try broker.client()
    try client.send(bytes)
    #expect(throws: WireClient.Closed.self) { try client.receive(1) }
    #expect(isAlive(broker))
  }

  @Test func `a request larger than the broker takes ends the connection at its size`() throws {
    let broker = try TestBroker { $0.requestBytesMax = 1 << 20 }
    let client = try broker.client()
    try client.send([0, 0x20, 0, 0])
    #expect(throws: WireClient.Closed.self) { try client.receive(1) }
    let fitting = try broker.client()
    try fitting.send([0, 0x10, 0, 0])
    usleep(100_000)
    #expect(broker.broker.connectionCount == 1)
  }

  @Test func `unknown keys and versions end the connection, as does half a body`() throws {
    let broker = try TestBroker()
    let good = try HeartbeatRequest { $0.groupID = "g" }.frame(
      version: 3, correlationID: 1, clientID: "c")
    var unknownKey = good
    unknownKey[1] = 99
    var unknownVersion = good
    unknownVersion[3] = 50
    for frame in [unknownKey, unknownVersion, Array(good.dropLast(3))] {
      let client = try broker.client()
      try client.send(WireClient.framed(frame))
      #expect(throws: WireClient.Closed.self) { try client.receive(1) }
    }
    #expect(isAlive(broker))
  }

  @Test func `damaged requests of every kind are answered or end their connection`() throws {
    let broker = try TestBroker {
      $0.groups.sessionTimeoutMilliseconds = 10...1_000
      $0.groups.initialRebalanceDelayMilliseconds = 1
    }
    try broker.log.createTopic("t", partitionCount: 2)
    let sent = try batch(["a", "b"], compression: .lz4)
    let join = JoinGroupRequest {
      $0.groupID = "g"
      $0.protocolType = "consumer"
      $0.sessionTimeoutMilliseconds = 50
      $0.rebalanceTimeoutMilliseconds = 50
      $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
    }
    let create = CreateTopicsRequest {
      $0.topics = [
        CreateTopicsRequest.Topic {
          $0.name = "u"
          $0.partitionCount = 2
          $0.replicationFactor = 1
        }
      ]
    }
    func frame(_ request: some KafkaRequest, _ version: Int16) throws -> [UInt8] {
      try request.frame(version: version, correlationID: 1, clientID: "fuzz")
    }
    let frames: [[UInt8]] = [
      try frame(produceRequest("t", sent), 9), try frame(produceRequest("t", sent), 3),
      try frame(fetchRequest("t", 0, wait: 10), 12), try frame(fetchRequest("t", 0), 4),
      try frame(MetadataRequest(), 9), try frame(ApiVersionsRequest(), 3), try frame(join, 5),
      try frame(join, 7), try frame(create, 5), try frame(InitProducerIDRequest(), 4),
      try frame(OffsetFetchRequest { $0.groupID = "g" }, 7),
      try frame(DescribeGroupsRequest { $0.groups = ["g"] }, 5),
      try frame(ListGroupsRequest(), 4), try frame(DescribeClusterRequest(), 1),
      try frame(DeleteTopicsRequest { $0.topicNames = ["u"] }, 4),
    ]
    var run = FuzzRun("Kafka port")
    while run.goesOn() {
      guard let client = try? WireClient(port: broker.port, timeoutSeconds: 1) else { continue }
      for _ in 0..<5 {
        let bytes = WireClient.framed(run.damaged(frames[run.pick(frames.count)]))
        // Sometimes the size is damaged as well.
        try? client.send(run.pick(4) == 0 ? run.damaged(bytes) : bytes)
      }
    }
    #expect(isAlive(broker))
    // A damaged name may be the other topic's, so what is left is asked of a new one.
    try broker.log.createTopic("untouched", partitionCount: 1)
    let answer = try broker.client().ask(produceRequest("untouched", sent), version: 9)
    #expect(answer.only?.errorCode == KafkaErrorCode.none)
  }

  @Test func `requests that never end are let go, and so is their memory`() throws {
    let broker = try TestBroker {
      $0.stallTimeoutMilliseconds = 400
      $0.bytesInFlightMax = 64 << 20
      $0.requestBytesMax = 32 << 20
    }
    let claims = try (0..<6).map { _ in try broker.client() }
    for client in claims { try client.send([1, 0xC0, 0, 0] + Array(repeating: 0, count: 100)) }
    usleep(200_000)
    // Two claims of 28 MiB fit; the others were refused at once.
    #expect(broker.broker.connectionCount <= 2)
    #expect(isAlive(broker), "small requests need no budget")
    let deadline = ContinuousClock.now + .seconds(5)
    while broker.broker.connectionCount > 0, ContinuousClock.now < deadline { usleep(10_000) }
    while broker.broker.bytesInFlight > 0, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(broker.broker.connectionCount == 0 && broker.broker.bytesInFlight == 0)
  }

  @Test func `a client that asks and never listens is let go`() throws {
    let broker = try TestBroker {
      $0.stallTimeoutMilliseconds = 500
      $0.bytesInFlightMax = 64 << 20
    }
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let large = try batch([String(repeating: "x", count: 900_000)])
    for _ in 0..<10 { _ = try client.ask(produceRequest("t", large), version: 9) }
    let deaf = try broker.client()
    for _ in 0..<200 {
      try deaf.begin(fetchRequest("t", 0, bytesMax: 8 << 20), version: 12)
    }
    usleep(300_000)
    #expect(broker.broker.bytesInFlight < 32 << 20, "one answer at a time is in memory")
    let deadline = ContinuousClock.now + .seconds(5)
    while broker.broker.connectionCount > 1, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(broker.broker.connectionCount == 1)
  }

  @Test func `a thousand idle connections cost little, and the broker answers beside them`() throws
  {
    let broker = try TestBroker()
    let before = residentBytes()
    let idle = try (0..<1_000).map { _ in try WireClient(port: broker.port) }
    let deadline = ContinuousClock.now + .seconds(10)
    while broker.broker.connectionCount < 1_000, ContinuousClock.now < deadline { usleep(10_000) }
    #expect(broker.broker.connectionCount == 1_000)
    for index in stride(from: 0, to: 1_000, by: 100) { try idle[index].send([0, 0]) }
    let began = ContinuousClock.now
    #expect(isAlive(broker))
    #expect(ContinuousClock.now - began < .seconds(2))
    let grown = residentBytes() - before
    print("1,000 idle Kafka connections: \(grown >> 20) MiB")
    #expect(grown < 100 << 20)
  }

  #if os(Linux)
  @Test func `a full disk is an error of the partition, and what comes later is taken again`() throws
  {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 2)
    let segment = broker.scratch.path + "/t-0/00000000000000000000.log"
    try FileManager.default.removeItem(atPath: segment)
    try FileManager.default.createSymbolicLink(
      atPath: segment, withDestinationPath: "/dev/full")
    try broker.crash()
    let client = try broker.client()
    let id = try client.ask(InitProducerIDRequest(), version: 4).producerID
    var request = produceRequest("t", try batch(["a"], producer: id, sequence: 0))
    for _ in 0..<3 {
      let failed = try client.ask(request, version: 9).only
      #expect(failed?.errorCode == .kafkaStorageError && failed?.baseOffset == -1)
      #expect(failed?.errorMessage?.contains("disk is full") == true)
    }
    request.topicData[0].partitionData[0].index = 1
    #expect(try client.ask(request, version: 9).only?.errorCode == KafkaErrorCode.none)
    try FileManager.default.removeItem(atPath: segment)
    try Data().write(to: URL(fileURLWithPath: segment))
    try broker.crash()
    request.topicData[0].partitionData[0].index = 0
    #expect(try broker.client().ask(request, version: 9).only?.baseOffset == 0)
  }
  #endif

  @Test func `a log that cannot be written is an error of the partition, not the end`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    try broker.log.createTopic("u", partitionCount: 1)
    let client = try broker.client()
    let sent = try batch(["a"])
    #expect(
      try client.ask(produceRequest("t", sent), version: 9).only?.errorCode
        == KafkaErrorCode.none)
    // Its directory is gone: the first produce to "u" cannot write down its state.
    try FileManager.default.removeItem(atPath: broker.scratch.path + "/u-0")
    let failed = try client.ask(produceRequest("u", sent), version: 9).only
    #expect(failed?.errorCode == .kafkaStorageError)
    #expect(failed?.errorMessage?.isEmpty == false)
    #expect(
      try client.ask(produceRequest("t", sent), version: 9).only?.errorCode
        == KafkaErrorCode.none)
  }
}
