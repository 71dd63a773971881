// Replicas and groups of this process, as clients see them.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import TestSupport
import Testing

@Suite(.serialized) struct ReplicaWireTests {
  private let t0 = TopicPartition("t", 0)

  private func metadata(_ client: WireClient) throws -> MetadataResponse {
    try client.ask(
      MetadataRequest { $0.topics = [MetadataRequest.Topic { $0.name = "t" }] }, version: 9)
  }

  @Test func `another leader is told with its epoch, and goes on where it had come to`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    try broker.log.setReplicas("t", 3)
    let client = try broker.client()
    let before = try metadata(client)
    #expect(before.brokers.map(\.nodeID) == [1, 2, 3])
    #expect(Set(before.brokers.map(\.port)).count == 1)
    let place = try #require(before.topics.first?.partitions.first)
    #expect(place.leaderID == 1 && place.replicaNodes == [1, 2, 3] && place.leaderEpoch == 0)
    let all = try client.ask(produceRequest("t", try batch(["a", "b"])), version: 9).only
    #expect(all?.errorCode == KafkaErrorCode.none)
    #expect(try client.ask(fetchRequest("t", 0), version: 11).only?.highWatermark == 2)

    #expect(try broker.log.stopBroker(1).first?.lost == 0)
    let after = try metadata(client)
    let moved = try #require(after.topics.first?.partitions.first)
    #expect(moved.leaderID == 2 && moved.isrNodes == [2, 3] && moved.leaderEpoch == 1)
    let next = try client.ask(produceRequest("t", try batch(["c"])), version: 9).only
    #expect(next?.baseOffset == 2)
    let fetched = try client.ask(fetchRequest("t", 2), version: 11).only
    let header = try #require(fetched?.records).withUnsafeBytes {
      try RecordBatchHeader(parsing: $0)
    }
    #expect(header.partitionLeaderEpoch == 1)

    _ = try broker.log.stopBroker(2)
    _ = try broker.log.stopBroker(3)
    let nobody = try #require(try metadata(client).topics.first?.partitions.first)
    #expect(nobody.leaderID == -1 && nobody.errorCode == .leaderNotAvailable)
    let refused = try client.ask(produceRequest("t", try batch(["d"]), acks: 1), version: 9).only
    #expect(refused?.errorCode == .leaderNotAvailable)
  }

  @Test func `what acks=1 was promised is seen once the followers have it`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    try broker.log.setReplicas("t", 2)
    let client = try broker.client()
    _ = try client.ask(produceRequest("t", try batch(["a"]), acks: 1), version: 9)
    // Waits for the high watermark, not for the end of the log.
    let fetched = try client.ask(fetchRequest("t", 0, wait: 5_000), version: 11).only
    let asked = try client.ask(fetchRequest("t", 0, wait: 5_000), version: 11).only
    #expect(fetched?.records?.isEmpty == false || asked?.records?.isEmpty == false)
    try broker.log.configure("t") { try $0.set("min.insync.replicas", "2") }
    _ = try broker.log.stopBroker(2)
    let refused = try client.ask(produceRequest("t", try batch(["b"])), version: 9).only
    #expect(refused?.errorCode == .notEnoughReplicas)
  }

  @Test func `a group of this process is listed, described, and nobody else's to join`() throws {
    let broker = try TestBroker()
    try broker.log.createTopic("t", partitionCount: 1)
    broker.log.setResidentGroup(
      "lake-sink",
      ConsumerGroup(
        resident: "lake-sink", generation: 3, topics: ["t"],
        members: [
          ConsumerGroup.Resident(
            id: "lake-sink-1-g3", clientID: "lake-sink-1", host: "/127.0.0.1", assignment: [t0],
            sessionTimeout: 45_000, rebalanceTimeout: 300_000)
        ]))
    let client = try broker.client()
    let groups = try client.ask(ListGroupsRequest(), version: 4).groups
    #expect(groups.map(\.groupID) == ["lake-sink"] && groups.first?.groupState == "Stable")
    let described = try client.ask(
      DescribeGroupsRequest { $0.groups = ["lake-sink"] }, version: 5)
    let member = try #require(described.groups.first?.members.first)
    #expect(member.clientID == "lake-sink-1")
    #expect(ConsumerGroup.partitions(member.memberAssignment) == [t0])
    let join = JoinGroupRequest {
      $0.groupID = "lake-sink"
      $0.protocolType = "consumer"
      $0.sessionTimeoutMilliseconds = 10_000
      $0.rebalanceTimeoutMilliseconds = 10_000
      $0.protocols = [JoinGroupRequest.GroupProtocol { $0.name = "range" }]
    }
    #expect(try client.ask(join, version: 5).errorCode == .inconsistentGroupProtocol)
    let gone = try client.ask(
      DeleteGroupsRequest { $0.groupNames = ["lake-sink"] }, version: 1)
    #expect(gone.results.first?.errorCode == .nonEmptyGroup)
  }
}
