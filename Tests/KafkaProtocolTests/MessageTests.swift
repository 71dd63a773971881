// Requests and responses against bytes that kafka-python made, and against bytes nobody should have
// made.

import Foundation
import KafkaProtocol
import TestSupport
import Testing

/// A message without its type: read, written again, compared.
private struct MessageKind: Sendable {
  var name: String
  var api: KafkaAPI
  /// The body read and written again; nil is never answered.
  var again: @Sendable (_ body: [UInt8], _ version: Int16) throws -> [UInt8]

  init<Value: WireValue>(_ type: Value.Type, _ api: KafkaAPI) {
    name = "\(type)".replacingOccurrences(of: "ID", with: "Id")
    self.api = api
    again = { body, version in
      let isFlexible = api.isFlexible(version)
      var reader = WireCoder(reading: body, version: version, isFlexible: isFlexible)
      var value = Value()
      try value.code(&reader)
      guard reader.remaining == 0 else { throw Leftover(bytes: reader.remaining) }
      var writer = WireCoder(version: version, isFlexible: isFlexible)
      try value.code(&writer)
      return writer.bytes
    }
  }

  static func pair<Request: KafkaRequest>(_ type: Request.Type) -> [MessageKind] {
    [MessageKind(type, type.api), MessageKind(Request.Response.self, type.api)]
  }
}

private struct Leftover: Error { var bytes: Int }

private let kinds: [MessageKind] = [
  MessageKind.pair(ProduceRequest.self), MessageKind.pair(FetchRequest.self),
  MessageKind.pair(ListOffsetsRequest.self), MessageKind.pair(MetadataRequest.self),
  MessageKind.pair(OffsetCommitRequest.self), MessageKind.pair(OffsetFetchRequest.self),
  MessageKind.pair(FindCoordinatorRequest.self), MessageKind.pair(JoinGroupRequest.self),
  MessageKind.pair(HeartbeatRequest.self), MessageKind.pair(LeaveGroupRequest.self),
  MessageKind.pair(SyncGroupRequest.self), MessageKind.pair(DescribeGroupsRequest.self),
  MessageKind.pair(ListGroupsRequest.self), MessageKind.pair(ApiVersionsRequest.self),
  MessageKind.pair(CreateTopicsRequest.self), MessageKind.pair(DeleteTopicsRequest.self),
  MessageKind.pair(DeleteRecordsRequest.self), MessageKind.pair(InitProducerIDRequest.self),
  MessageKind.pair(OffsetForLeaderEpochRequest.self),
  MessageKind.pair(DescribeConfigsRequest.self), MessageKind.pair(CreatePartitionsRequest.self),
  MessageKind.pair(DeleteGroupsRequest.self),
  MessageKind.pair(IncrementalAlterConfigsRequest.self),
  MessageKind.pair(OffsetDeleteRequest.self), MessageKind.pair(DescribeClusterRequest.self),
].flatMap { $0 }

private struct Recorded {
  var kind: MessageKind
  var version: Int16
  var body: [UInt8]
}

private func recorded() throws -> [Recorded] {
  let text = String(decoding: try fixture("messages.txt"), as: UTF8.self)
  return try text.split(separator: "\n").map { line in
    let words = line.split(separator: " ")
    let kind = try #require(kinds.first { $0.name == words[0] }, "no \(words[0])")
    let digits = words[2] == "-" ? [] : Array(words[2].utf8)
    let body = stride(from: 0, to: digits.count, by: 2).compactMap {
      UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16)
    }
    return Recorded(kind: kind, version: try #require(Int16(words[1])), body: body)
  }
}

struct MessageTests {
  @Test func `reads every message of kafka-python and writes the very same bytes`() throws {
    let all = try recorded()
    // Every API and version that is advertised, but for Produce 0 to 2, which are only refused.
    #expect(all.count == 2 * (KafkaAPI.allCases.reduce(0) { $0 + $1.versions.count } - 3))
    for message in all {
      let name = "\(message.kind.name) v\(message.version)"
      do {
        let again = try message.kind.again(message.body, message.version)
        #expect(again == message.body, "\(name)")
      } catch {
        Issue.record("\(name): \(error)")
      }
    }
  }

  @Test func `a message that is cut anywhere is an error`() throws {
    for message in try recorded() {
      for count in 0..<message.body.count {
        #expect(throws: (any Error).self, "\(message.kind.name) v\(message.version) at \(count)") {
          try message.kind.again(Array(message.body.prefix(count)), message.version)
        }
      }
    }
  }

  @Test func `damaged messages end in an error or a value, never in a trap`() throws {
    let all = try recorded()
    var run = FuzzRun("Kafka messages")
    while run.goesOn() {
      let message = all[run.pick(all.count)]
      for _ in 0..<20 { _ = try? message.kind.again(run.damaged(message.body), message.version) }
    }
  }

  @Test func `tagged fields that nobody knows are skipped`() throws {
    let plain = try HeartbeatRequest { $0.groupID = "g" }.body(version: 4)
    let tagged = plain.dropLast() + [2, 0, 1, 9, 7, 3, 1, 2, 3]
    var reader = WireCoder(reading: Array(tagged), version: 4, isFlexible: true)
    var value = HeartbeatRequest()
    try value.code(&reader)
    #expect(value.groupID == "g" && reader.remaining == 0)
  }

  @Test(arguments: [
    [0x7F, 0xFF, 0xFF, 0xFF], [0xFF, 0xFF, 0xFF, 0xFE], [0x80, 0, 0, 0],
  ] as [[UInt8]])
  func `a length that the bytes do not have is refused before anything is made of it`(
    _ length: [UInt8]
  ) {
    #expect(throws: KafkaProtocolError.self) {
      _ = try MetadataRequest(reading: length + [0, 0], at: 0, version: 1)
    }
  }

  @Test func `arrays of arrays cannot ask for more elements than a message may have`() throws {
    var request = MetadataRequest()
    request.topics = (0...WireCoder.elementsMax).map { _ in MetadataRequest.Topic { $0.name = "" } }
    let frame = try request.body(version: 1)
    let error = #expect(throws: KafkaProtocolError.self) {
      _ = try MetadataRequest(reading: frame, at: 0, version: 1)
    }
    #expect(error?.kind == .tooLarge)
  }

  @Test func `the header of a flexible request has tags, and the answer to ApiVersions has none`()
    throws
  {
    let frame = try ApiVersionsRequest().frame(version: 3, correlationID: 7, clientID: "c")
    var start = 0
    let header = try RequestHeader(reading: frame, bodyStart: &start)
    #expect(header == RequestHeader(key: 18, version: 3, correlationID: 7, clientID: "c"))
    #expect(Array(frame[8..<start]) == [0, 1, 0x63, 0])
    let response = try ApiVersionsResponse().frame(version: 3, correlationID: 7)
    #expect(Array(response[4..<10]) == [0, 0, 0, 7, 0, 0])
    let other = try HeartbeatResponse().frame(version: 4, correlationID: 7)
    #expect(Array(other[4..<9]) == [0, 0, 0, 7, 0])
  }
}

extension KafkaRequest {
  fileprivate func body(version: Int16) throws -> [UInt8] {
    var wire = WireCoder(version: version, isFlexible: Self.api.isFlexible(version))
    var copy = self
    try copy.code(&wire)
    return wire.bytes
  }
}
