// What can go wrong with a Kafka elsewhere: Kafka's own code and name, and what to do.

internal import CRDKafka
internal import Diagnostics
internal import KafkaProtocol

/// A request that the cluster refused or did not answer, or a client that cannot be made.
package struct RemoteKafkaError: DiagnosableError, Hashable {
  package enum Kind: String, Sendable {
    case libraryMissing, libraryTooOld
    /// A property of the profile that librdkafka does not take, or that is not the profile's to set.
    case invalidProperty
    /// No broker can be reached.
    case unreachable
    /// A broker was reached, and no answer came in time.
    case timedOut
    /// Certificates, names, passwords or rights.
    case unauthorized
    case unknownTopic, unknownPartition, offsetOutOfRange, recordTooLarge
    /// Fewer replicas in sync than the topic's min.insync.replicas.
    case notEnoughReplicas
    /// More waits for the cluster than the client may keep.
    case queueFull
    /// The cluster does not know the request.
    case unsupported
    case closed
    /// Any other answer of the cluster, by its code.
    case refused
  }

  package var kind: Kind
  package var message: String
  /// The topic-partition, or the cluster's addresses.
  package var place: String?
  package var advice: String?
  package var fields: [String: String]
  /// librdkafka's code: Kafka's own from -1 up, its client's below; 0 where neither spoke.
  package var nativeCode: Int32 = 0

  package var code: String { "remoteKafka.\(kind.rawValue)" }

  /// `NOT_ENOUGH_REPLICAS` or `_TRANSPORT`; empty where neither the cluster nor its client spoke.
  package var nativeName: String { fields["native"] ?? "" }

  init(
    _ kind: Kind,
    _ message: String,
    place: String? = nil,
    advice: String? = nil,
    fields: [String: String] = [:]
  ) {
    self.kind = kind
    self.message = message
    self.place = place
    self.advice = advice
    self.fields = fields
  }

  static func libraryMissing(_ candidates: [String], reason: String) -> RemoteKafkaError {
    RemoteKafkaError(
      .libraryMissing,
      "librdkafka, the client of a remote Kafka, is not on this machine: \(reason)",
      place: candidates.first,
      advice: "Install it: \(RDKafkaLibrary.installLine)",
      fields: [
        "install": RDKafkaLibrary.installLine, "reason": reason,
        "library": candidates.first ?? "librdkafka",
      ])
  }

  static func libraryTooOld(_ version: String, path: String) -> RemoteKafkaError {
    RemoteKafkaError(
      .libraryTooOld,
      "librdkafka \(version) is too old; \(RDKafkaLibrary.oldest.text) or later is needed",
      place: path,
      advice: "Install a newer one (\(RDKafkaLibrary.installLine)), or name it with "
        + "\(RDKafkaLibrary.environmentKey).",
      fields: [
        "version": version, "oldest": RDKafkaLibrary.oldest.text,
        "install": RDKafkaLibrary.installLine,
      ])
  }

  static func invalidProperty(_ name: String, _ reason: String) -> RemoteKafkaError {
    RemoteKafkaError(
      .invalidProperty,
      reason,
      place: "config.yaml",
      advice: "Correct `\(name)` below `kafka:` in config.yaml.",
      fields: ["property": name, "reason": reason])
  }

  static func closed() -> RemoteKafkaError {
    RemoteKafkaError(.closed, "The client of the cluster is closed.", advice: "Open it again.")
  }

  /// The client keeps as much as it may, and none of it got away in time.
  static func queueFull(_ cluster: ClusterPlace, kilobytes: Int) -> RemoteKafkaError {
    var error = RemoteKafkaError.native(
      Int32(RD_KAFKA_RESP_ERR__QUEUE_FULL), doing: "produce", cluster)
    error.fields["kilobytes"] = String(kilobytes)
    return error
  }

  static func unknownPartition(
    _ partition: TopicPartition, count: Int, _ cluster: ClusterPlace
  ) -> RemoteKafkaError {
    RemoteKafkaError(
      .unknownPartition,
      "Topic \"\(partition.topic)\" has no partition \(partition.partition).",
      place: cluster.servers,
      advice: "Its partitions are 0 to \(count - 1).",
      fields: [
        "topic": partition.topic, "partition": String(partition.partition),
        "count": String(count),
      ])
  }

  static func offsetOutOfRange(
    _ partition: TopicPartition, _ offset: Int64, start: Int64, end: Int64, _ cluster: ClusterPlace
  ) -> RemoteKafkaError {
    var error = RemoteKafkaError(
      .offsetOutOfRange,
      "\(partition) has no offset \(offset).",
      place: cluster.servers,
      advice: "It holds offsets \(start) to \(end) (exclusive).",
      fields: [
        "partition": partition.description, "offset": String(offset), "start": String(start),
        "end": String(end), "native": name(Int32(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)),
      ])
    error.nativeCode = Int32(RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
    return error
  }

  /// Kafka's name of a code.
  static func name(_ code: Int32) -> String { String(cString: rd_kafka_err2name(code)) }
}

/// Where a client talks to, for errors.
struct ClusterPlace: Sendable, Hashable {
  var servers: String
  var timeoutMilliseconds: Int
  /// What the connections said last.
  var lastProblem: ClientNotes.Problem?

  var seconds: String {
    timeoutMilliseconds % 1_000 == 0
      ? String(timeoutMilliseconds / 1_000) : String(Double(timeoutMilliseconds) / 1_000)
  }
}

extension RemoteKafkaError {
  /// A code of the cluster or of its client, in words.
  ///
  /// - Parameters:
  ///   - doing: what was asked, as a word: `produce`, `fetch`, `metadata`.
  ///   - detail: what the cluster added in its own words.
  static func native(
    _ code: Int32, doing: String, of place: TopicPartition? = nil, detail: String? = nil,
    _ cluster: ClusterPlace
  ) -> RemoteKafkaError {
    let name = name(code)
    let kind = kind(of: code, cluster)
    var reason = detail ?? String(cString: rd_kafka_err2str(code))
    if [.unreachable, .timedOut, .unauthorized].contains(kind),
      let problem = cluster.lastProblem, !reason.contains(problem.reason)
    {
      reason = problem.reason
    }
    let what = place.map { "\(doing) of \($0)" } ?? doing
    var error = RemoteKafkaError(
      kind,
      "Kafka \(verb(kind)) \(what): \(name) (\(code)), \(reason)",
      place: cluster.servers,
      advice: advice(kind, cluster),
      fields: [
        "native": name, "nativeCode": String(code), "reason": reason, "doing": what,
        "servers": cluster.servers, "seconds": cluster.seconds,
        "topic": place?.topic ?? "", "partition": place?.description ?? "",
      ])
    error.nativeCode = code
    return error
  }

  private static func verb(_ kind: Kind) -> String {
    switch kind {
    case .unreachable: "cannot be reached for"
    case .timedOut: "did not answer"
    case .queueFull: "is too slow for"
    default: "refused"
    }
  }

  private static func kind(of code: Int32, _ cluster: ClusterPlace) -> Kind {
    switch Int(code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE,
      RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
      if let problem = cluster.lastProblem, problem.isRefusal { return .unauthorized }
      return .unreachable
    case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
      RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      guard let problem = cluster.lastProblem else { return .timedOut }
      if problem.isRefusal { return .unauthorized }
      return problem.areAllDown ? .unreachable : .timedOut
    case RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__AUTHENTICATION,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return .unauthorized
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return .unknownTopic
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return .unknownPartition
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return .offsetOutOfRange
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE: return .recordTooLarge
    case RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      return .notEnoughReplicas
    case RD_KAFKA_RESP_ERR__QUEUE_FULL: return .queueFull
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
      return .unsupported
    case RD_KAFKA_RESP_ERR__DESTROY: return .closed
    default: return .refused
    }
  }

  private static func advice(_ kind: Kind, _ cluster: ClusterPlace) -> String {
    switch kind {
    case .unreachable:
      "Check that the cluster runs and that bootstrap.servers in config.yaml names it: kcat -b "
        + "\(cluster.servers) -L"
    case .timedOut:
      "Try again; a slow cluster needs a larger timeoutSeconds (\(cluster.seconds) now) below "
        + "`kafka:` in config.yaml."
    case .unauthorized:
      "Check security.protocol, sasl.* and ssl.* below `kafka: properties:` in config.yaml, and the "
        + "rights of that user."
    case .unknownTopic: "Create it in the cluster, or see what there is: kcat -b \(cluster.servers) -L"
    case .recordTooLarge: "Send it in smaller pieces, or raise max.message.bytes of the topic."
    case .notEnoughReplicas:
      "Wait until brokers are back, or look at the topic's min.insync.replicas."
    case .queueFull: "Wait for the cluster, or raise queueKilobytesMax below `kafka:` in config.yaml."
    default: "See what the cluster's own log says about it."
    }
  }
}
