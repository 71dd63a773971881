// Which partition an event goes to, by the collector's `partitionKey`.

import Collector
import KafkaProtocol
import Testing

struct PartitionKeyTests {
  private func bench(_ yaml: String) throws -> Bench {
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    try configuration.apply(yaml: yaml)
    let key = configuration.partitionKey
    return try Bench { $0.partitionKey = key }
  }

  private func keys(_ yaml: String, _ bodies: [String]) throws -> [String?] {
    let bench = try bench(yaml)
    for body in bodies { #expect(bench.send(body).status == 200) }
    return (0..<6).flatMap { bench.log.records(TopicPartition("app-events", $0)) }
      .map { $0.key.map { String(decoding: $0, as: UTF8.self) } }
  }

  @Test func `the first field that an event has is its key`() throws {
    let guest = event(["event_id": "\"g\"", "user_id": "null"])
    let member = event(["event_id": "\"m\"", "user_id": "\"u_7\""])
    #expect(Set(try keys("partitionKey: [user_id, device_id]", [guest, member])) == ["u_7", "d_1"])
    #expect(Set(try keys("{}", [guest, member])) == ["d_1"])
    #expect(try keys("partitionKey: event_name", [guest, member]) == ["purchase_completed", "purchase_completed"])
  }

  @Test func `without a value there is no key, or the empty one that crowds a partition`() throws {
    let guests = (0..<60).map { event(["event_id": "\"g\($0)\"", "user_id": "null"]) }
    for (yaml, key, partitions) in [
      ("partitionKey: user_id", nil, 6), ("{partitionKey: user_id, nullKey: empty}", "", 1),
      ("partitionKey: none", nil, 6), ("{partitionKey: none, nullKey: empty}", nil, 6),
    ] as [(String, String?, Int)] {
      let bench = try bench(yaml)
      for guest in guests { #expect(bench.send(guest).status == 200) }
      let filled = (0..<6).map { bench.log.records(TopicPartition("app-events", $0)) }
      #expect(filled.filter { !$0.isEmpty }.count == partitions, "\(yaml)")
      #expect(
        filled.joined().allSatisfy { $0.key.map { String(decoding: $0, as: UTF8.self) } == key },
        "\(yaml)")
    }
  }

  @Test(arguments: ["partitionKey: country", "partitionKey: []", "partitionKey: 3", "nullKey: none"])
  func `a field that the envelope does not have is refused by name`(yaml: String) throws {
    var configuration = CollectorConfiguration(secret: Array("a secret of this home".utf8))
    #expect {
      try configuration.apply(yaml: yaml)
    } throws: { error in
      "\(error)".contains(yaml.hasPrefix("null") ? "nullKey" : "partitionKey")
    }
  }
}
