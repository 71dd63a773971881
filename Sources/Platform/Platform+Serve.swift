package import Collector
package import CollectorEndpoint
internal import EventLog
package import KafkaBroker
internal import Simulation

extension Platform {
  /// Opens the collector's wire on loopback; port 0 takes any free one.
  package func openCollector(port: Int) throws -> CollectorEndpoint {
    try CollectorEndpoint.start(collector: collector, port: port)
  }

  /// The tracking plan's history of this world, as it is on disk.
  package func schemaRegistry() throws -> SchemaRegistry {
    try SchemaRegistry(path: directory + "/collector/registry.ndjson")
  }

  /// Opens the log to Kafka's clients on loopback; port 0 takes any free one.
  ///
  /// The topics of `topics.yaml` say there what is true of them: how long they keep their records, and
  /// that a record's time is the log's, which is story time. A client's own clock would be years off.
  package func openKafka(port: Int) throws -> KafkaBroker {
    var configuration = BrokerConfiguration()
    for topic in try pipeline.topics() {
      configuration.declaredTopics.insert(topic.name)
      let milliseconds = topic.retentionMilliseconds
      do {
        try log.configure(topic.name) { settings in
          try settings.set("retention.ms", String(milliseconds))
          try settings.set("message.timestamp.type", "LogAppendTime")
        }
      } catch let error as EventLogError where error.kind == .diskFull {
        // Whoever reads is served from a full disk as well; the settings stand as they were.
      }
    }
    return try KafkaBroker.start(log: log, port: port, configuration: configuration) {
      [clock] in clock.now.milliseconds
    }
  }
}
