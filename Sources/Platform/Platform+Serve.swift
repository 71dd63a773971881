package import CollectorEndpoint
internal import EventLog
package import KafkaBroker
internal import Simulation

extension Platform {
  /// Opens the collector's wire on loopback; port 0 takes any free one.
  package func openCollector(port: Int) throws -> CollectorEndpoint {
    try CollectorEndpoint.start(collector: collector, port: port)
  }

  /// Opens the log to Kafka's clients on loopback; port 0 takes any free one.
  ///
  /// The topics of `topics.yaml` say there how long they keep their records, as their clients see.
  package func openKafka(port: Int) throws -> KafkaBroker {
    for topic in try pipeline.topics() {
      let milliseconds = Int64(topic.retentionDays) * 86_400_000
      try log.configure(topic.name) { try $0.set("retention.ms", String(milliseconds)) }
    }
    return try KafkaBroker.start(log: log, port: port) { [clock] in clock.now.milliseconds }
  }
}
