// The broker over a real socket, request by request.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import TestSupport
import Testing

@Suite(.serialized) struct KafkaBrokerTests {
  @Test func `an ApiVersions request from the future is answered in the oldest form`() throws {
    let broker = try TestBroker()
    let client = try broker.client()
    var frame = try ApiVersionsRequest().frame(version: 3, correlationID: 5, clientID: nil)
    frame[3] = 99
    try client.send(WireClient.framed(frame))
    // 5, UNSUPPORTED_VERSION, one range: key 18, 0 to 4; nothing compact, no tags.
    #expect(
      try client.receiveFrame() == [0, 0, 0, 5, 0, 35, 0, 0, 0, 1, 0, 18, 0, 0, 0, 4])
    // The connection lives, and the client asks again.
    let answer = try client.ask(ApiVersionsRequest(), version: 4)
    #expect(answer.apiKeys.count == KafkaAPI.allCases.count)
    #expect(answer.apiKeys.first { $0.apiKey == 0 }?.minVersion == 0)
  }

  @Test func `a topic comes into being when it is asked about, at the second time`() throws {
    let broker = try TestBroker()
    let client = try broker.client()
    let request = MetadataRequest { $0.topics = [MetadataRequest.Topic { $0.name = "new" }] }
    #expect(try client.ask(request, version: 12).topics.first?.errorCode == .leaderNotAvailable)
    let topic = try #require(try client.ask(request, version: 12).topics.first)
    #expect(topic.errorCode == .none && topic.partitions.first?.leaderID == 1)
    let byID = MetadataRequest {
      $0.topics = [MetadataRequest.Topic { $0.topicID = topic.topicID }]
    }
    #expect(try client.ask(byID, version: 12).topics.first?.name == "new")
    let never = MetadataRequest {
      $0.topics = [MetadataRequest.Topic { $0.name = "never" }]
      $0.allowAutoTopicCreation = false
    }
    #expect(
      try client.ask(never, version: 9).topics.first?.errorCode == .unknownTopicOrPartition)
    #expect(try client.ask(MetadataRequest { $0.topics = [] }, version: 1).topics.isEmpty)
    #expect(try client.ask(MetadataRequest(), version: 1).topics.map(\.name) == ["new"])
    #expect(try client.ask(MetadataRequest { $0.topics = [] }, version: 0).topics.count == 1)
  }

  @Test(arguments: RecordCompression.allCases)
  func `what is fetched is what was produced, byte for byte, and lies so in the segment`(
    _ compression: RecordCompression
  ) throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let sent = try batch((0..<50).map { "value \($0)" }, compression: compression)
    let produced = try client.ask(produceRequest("t", sent), version: 9).only
    #expect(produced?.errorCode == KafkaErrorCode.none && produced?.baseOffset == 0)
    let fetched = try client.ask(fetchRequest("t", 20), version: 12).only
    #expect(fetched?.highWatermark == 50)
    #expect(try #require(fetched?.records).dropFirst(21) == sent.dropFirst(21))
    let stored = try Data(
      contentsOf: URL(fileURLWithPath: broker.scratch.path + "/t-0/00000000000000000000.log"))
    #expect(Array(stored[21...]) == Array(sent[21...]))
  }

  @Test func `a batch that comes again after a crash is answered with its first offset`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    var client = try broker.client()
    let id = try client.ask(InitProducerIDRequest(), version: 4).producerID
    let batches = try (0..<3).map {
      try batch(["a", "b"], producer: id, sequence: Int32($0 * 2))
    }
    for sent in batches { _ = try client.ask(produceRequest("t", sent), version: 9) }
    try broker.crash()
    client = try broker.client()
    for (index, sent) in batches.enumerated() {
      let again = try client.ask(produceRequest("t", sent), version: 9).only
      #expect(again?.errorCode == KafkaErrorCode.none && again?.baseOffset == Int64(index * 2))
    }
    #expect(try broker.log.endOffset(TopicPartition("t", 0)) == Offset(6))
    #expect(try client.ask(InitProducerIDRequest(), version: 4).producerID > id)
  }

  @Test func `acks are given after the sync, and not at all for acks 0`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    for acks in [Int16(1), -1, 1, -1] {
      let before = broker.log.fsyncCount
      _ = try client.ask(produceRequest("t", try batch(["a"]), acks: acks), version: 7)
      #expect(broker.log.fsyncCount > before)
    }
    try client.begin(produceRequest("t", try batch(["b"]), acks: 0), version: 7)
    let answer = try client.ask(fetchRequest("t", 4, wait: 2_000), version: 11).only
    #expect(answer?.records?.isEmpty == false)
    let wrong = try client.ask(produceRequest("t", try batch(["c"]), acks: 2), version: 7).only
    #expect(wrong?.errorCode == .invalidRequiredAcks)
  }

  @Test func `old forms of produce are named, and zstd is not taken from old clients`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let plain = try batch(["a"])
    #expect(
      try client.ask(produceRequest("t", plain), version: 2).only?.errorCode
        == .unsupportedVersion)
    let zstd = try batch(["a"], compression: .zstd)
    #expect(
      try client.ask(produceRequest("t", zstd), version: 6).only?.errorCode
        == .unsupportedCompressionType)
    try broker.log.configure("t") { try $0.set("min.insync.replicas", "2") }
    #expect(
      try client.ask(produceRequest("t", plain), version: 9).only?.errorCode
        == .notEnoughReplicas)
    #expect(
      try client.ask(produceRequest("t", plain, acks: 1), version: 9).only?.errorCode
        == KafkaErrorCode.none)
  }

  @Test func `a consumer at the end waits, and is woken by whoever appends`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let partition = TopicPartition("t", 0)
    let began = ContinuousClock.now
    #expect(try client.ask(fetchRequest("t", 0, wait: 300), version: 11).only?.records == [])
    #expect(ContinuousClock.now - began >= .milliseconds(290))
    for offset in 0..<50 {
      try client.begin(fetchRequest("t", Int64(offset), wait: 20_000), version: 11)
      // Every other time the fetch is waiting already.
      if offset % 2 == 0 { usleep(5_000) }
      // Inside the process, as the collector does.
      _ = try broker.log.append(
        [Record(key: nil, value: [1])], to: partition, appendTime: TestBroker.time)
      let answer = try client.finish(FetchResponse.self, version: 11).response.only
      #expect(answer?.records?.isEmpty == false)
    }
    #expect(ContinuousClock.now - began < .seconds(10))
    let two = fetchRequest("t", 50, wait: 400, minBytes: 100_000)
    try client.begin(two, version: 11)
    _ = try broker.log.append(
      [Record(key: nil, value: [1])], to: partition, appendTime: TestBroker.time)
    let late = try client.finish(FetchResponse.self, version: 11).response.only
    #expect(late?.records?.isEmpty == false, "at the deadline what is there is sent")
  }

  @Test func `a batch larger than a fetch allows comes alone`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let large = try batch([String(repeating: "x", count: 100_000)])
    for _ in 0..<2 { _ = try client.ask(produceRequest("t", large), version: 9) }
    let answer = try client.ask(fetchRequest("t", 0, bytesMax: 10), version: 12).only
    #expect(answer?.records?.count == large.count)
    #expect(
      try client.ask(fetchRequest("t", 3), version: 12).only?.errorCode == .offsetOutOfRange)
  }

  @Test func `requests sent in one go are answered in their order`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    let slow = try client.begin(fetchRequest("t", 0, wait: 300), version: 12)
    let ids = try (0..<20).map { _ in try client.begin(MetadataRequest(), version: 9) }
    #expect(try client.finish(FetchResponse.self, version: 12).id == slow)
    for id in ids { #expect(try client.finish(MetadataResponse.self, version: 9).id == id) }
  }

  @Test func `a taken port is named`() throws {
    let broker = try TestBroker()
    let log = broker.log
    let port = broker.port
    #expect(throws: KafkaBrokerError.portInUse(port)) {
      try KafkaBroker.start(log: log, port: port, storyTime: { 0 })
    }
  }

  @Test func `clients cannot make more partitions than the broker can hold open`() throws {
    let broker = try TestBroker { $0.partitionsMax = 3 }
    let client = try broker.client()
    func create(_ name: String, _ count: Int32) throws -> KafkaErrorCode? {
      let request = CreateTopicsRequest {
        $0.topics = [
          CreateTopicsRequest.Topic {
            $0.name = name
            $0.partitionCount = count
            $0.replicationFactor = -1
          }
        ]
      }
      return try client.ask(request, version: 7).topics.first?.errorCode
    }
    #expect(try create("a", 4) == .policyViolation)
    #expect(try create("a", 2) == KafkaErrorCode.none)
    let grow = CreatePartitionsRequest {
      $0.topics = [
        CreatePartitionsRequest.Topic {
          $0.name = "a"
          $0.count = 4
        }
      ]
    }
    #expect(try client.ask(grow, version: 3).results.first?.errorCode == .policyViolation)
    #expect(try create("b", 1) == KafkaErrorCode.none)
    let asked = MetadataRequest { $0.topics = [MetadataRequest.Topic { $0.name = "c" }] }
    #expect(try client.ask(asked, version: 9).topics.first?.errorCode == .policyViolation)
  }

  @Test func `topics that the pipeline declares are neither deleted nor grown`() throws {
    let broker = try TestBroker { $0.declaredTopics = ["app-events"] }
    try broker.log.createTopic("app-events", partitionCount: 1)
    let client = try broker.client()
    let delete = DeleteTopicsRequest { $0.topicNames = ["app-events"] }
    #expect(
      try client.ask(delete, version: 5).responses.first?.errorCode == .topicDeletionDisabled)
    let byID = DeleteTopicsRequest {
      $0.topics = [
        DeleteTopicsRequest.Topic { $0.topicID = broker.log.topic("app-events")?.id ?? .zero }
      ]
    }
    #expect(
      try client.ask(byID, version: 6).responses.first?.errorCode == .topicDeletionDisabled)
    let grow = CreatePartitionsRequest {
      $0.topics = [
        CreatePartitionsRequest.Topic {
          $0.name = "app-events"
          $0.count = 4
        }
      ]
    }
    #expect(try client.ask(grow, version: 3).results.first?.errorCode == .policyViolation)
    #expect(try broker.log.partitionCount(of: "app-events") == 1)
  }

  @Test func `members that wait for the others are let go when the broker stops`() throws {
    let broker = try TestBroker { $0.groups.initialRebalanceDelayMilliseconds = 20_000 }
    let client = try broker.client()
    let join = JoinGroupRequest {
      $0.groupID = "g"
      $0.protocolType = "consumer"
      $0.sessionTimeoutMilliseconds = 30_000
      $0.rebalanceTimeoutMilliseconds = 60_000
      $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
    }
    try client.begin(join, version: 3)
    usleep(100_000)
    let began = ContinuousClock.now
    broker.broker.stop()
    #expect(ContinuousClock.now - began < .seconds(3))
    let answer = try client.finish(JoinGroupResponse.self, version: 3).response
    #expect(answer.errorCode == .notCoordinator)
  }

  @Test func `stop answers who waits and leaves the log usable`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    let client = try broker.client()
    try client.begin(fetchRequest("t", 0, wait: 20_000), version: 12)
    usleep(100_000)
    let began = ContinuousClock.now
    broker.broker.stop()
    #expect(ContinuousClock.now - began < .seconds(4))
    #expect(try client.finish(FetchResponse.self, version: 12).response.only?.records == [])
    #expect(throws: (any Error).self) { try client.receive(1) }
    _ = try broker.log.append(
      [Record(key: nil, value: [1])], to: TopicPartition("t", 0), appendTime: 1)
  }
}
