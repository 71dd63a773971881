internal import CRDKafka
internal import RemoteKafka

/// librdkafka's own brokers in this process, for tests of what talks to a cluster.
///
/// They keep records in memory and answer what a client of a cluster asks: produce with acks and
/// sequence numbers, fetch, offsets, groups. They neither make topics on request nor list groups.
package final class KafkaMockCluster: @unchecked Sendable {
  // `@unchecked Sendable`: both pointers never change, and the mock cluster takes every request on a
  // thread of its own.
  private let client: OpaquePointer
  private let cluster: OpaquePointer
  /// What `bootstrap.servers` is.
  package let bootstrapServers: String

  /// Kafka's number of the Produce request.
  package static let produce: Int16 = 0
  package static let fetch: Int16 = 1
  package static let offsetCommit: Int16 = 8

  /// Why there is no mock cluster here; nil where there is one.
  package static let missing: String? = {
    do {
      _ = try RDKafkaLibrary.open()
      return tapline_rdkafka_has_mock() ? nil : "this librdkafka has no mock cluster"
    } catch {
      return "librdkafka is not installed: \(error)"
    }
  }()

  package init?(brokers: Int32 = 3) {
    guard Self.missing == nil else { return nil }
    var problem = [CChar](repeating: 0, count: 512)
    let conf = rd_kafka_conf_new()
    rd_kafka_conf_set_log_cb(conf, nil)
    guard
      let client = rd_kafka_new(Int32(RD_KAFKA_PRODUCER), conf, &problem, problem.count),
      let cluster = rd_kafka_mock_cluster_new(client, brokers)
    else { return nil }
    self.client = client
    self.cluster = cluster
    bootstrapServers = String(cString: rd_kafka_mock_cluster_bootstraps(cluster))
  }

  deinit {
    rd_kafka_mock_cluster_destroy(cluster)
    rd_kafka_destroy_flags(client, 0)
  }

  /// Makes a topic on all brokers.
  package func createTopic(_ name: String, partitions: Int32, replicas: Int32 = 3) {
    _ = rd_kafka_mock_topic_create(cluster, name, partitions, replicas)
  }

  package func setLeader(_ topic: String, _ partition: Int32, _ broker: Int32) {
    _ = rd_kafka_mock_partition_set_leader(cluster, topic, partition, broker)
  }

  /// Closes a broker's connections and takes no new ones.
  package func setDown(_ broker: Int32) { _ = rd_kafka_mock_broker_set_down(cluster, broker) }

  package func setUp(_ broker: Int32) { _ = rd_kafka_mock_broker_set_up(cluster, broker) }

  /// Answers the next requests of a kind with these codes, one each, whatever they ask.
  package func answer(_ api: Int16, with codes: [Int32]) {
    rd_kafka_mock_push_request_errors_array(cluster, api, codes.count, codes)
  }
}
