// One client of librdkafka: its settings, what its connections say, and its end.

internal import CRDKafka
internal import Synchronization

/// What a client heard about its connections last.
final class ClientNotes: Sendable {
  struct Problem: Sendable, Hashable {
    var code: Int32
    var reason: String
    /// No broker was left then.
    var areAllDown: Bool
    /// Not the way to the broker is wrong, but who comes.
    var isRefusal: Bool
  }

  private let last = Mutex<Problem?>(nil)

  var problem: Problem? { last.withLock { $0 } }

  func note(_ code: Int32, _ reason: String) {
    let isAll = Int(code) == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN
    let isRefusal =
      Int(code) == RD_KAFKA_RESP_ERR__AUTHENTICATION || Int(code) == RD_KAFKA_RESP_ERR__SSL
    last.withLock { last in
      // "all brokers are down" says less than why one of them could not be reached.
      let kept = isAll ? last : nil
      last = Problem(
        code: kept?.code ?? code,
        reason: kept?.reason ?? reason,
        areAllDown: isAll || (last?.areAllDown ?? false),
        isRefusal: isRefusal || (kept?.isRefusal ?? false))
    }
  }

  /// An answer came: what was wrong is over.
  func clear() { last.withLock { $0 = nil } }
}

/// A `rd_kafka_t`, a producer or a consumer.
///
/// `@unchecked Sendable`: the pointer never changes, librdkafka's functions may be called with it from
/// any thread, and it is destroyed when nobody has this object any more.
final class ClientHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  let notes: ClientNotes
  private let servers: String
  let timeoutMilliseconds: Int

  /// Makes a client; it connects when it is first used.
  ///
  /// - Throws: `remoteKafka.invalidProperty` in librdkafka's words.
  init(
    producerFor configuration: RemoteKafkaConfiguration,
    onDelivery: @escaping tapline_delivery
  ) throws {
    (pointer, notes) = try Self.make(
      RD_KAFKA_PRODUCER, configuration.producer(), onDelivery: onDelivery)
    servers = configuration.bootstrapServers
    timeoutMilliseconds = configuration.timeoutMilliseconds
  }

  init(consumerFor configuration: RemoteKafkaConfiguration, group: String) throws {
    (pointer, notes) = try Self.make(
      RD_KAFKA_CONSUMER, configuration.consumer(group: group), onDelivery: nil)
    servers = configuration.bootstrapServers
    timeoutMilliseconds = configuration.timeoutMilliseconds
    _ = rd_kafka_poll_set_consumer(pointer)
  }

  deinit {
    rd_kafka_destroy_flags(pointer, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
  }

  /// For errors: where, how long, and what the connections said last.
  var place: ClusterPlace {
    ClusterPlace(
      servers: servers, timeoutMilliseconds: timeoutMilliseconds, lastProblem: notes.problem)
  }

  /// For waits of one call.
  var milliseconds: Int32 { Int32(clamping: timeoutMilliseconds) }

  private static func make(
    _ type: Int, _ settings: [(String, String)], onDelivery: tapline_delivery?
  ) throws -> (OpaquePointer, ClientNotes) {
    let conf = rd_kafka_conf_new()
    var problem = [CChar](repeating: 0, count: 512)
    for (name, value) in settings {
      let result = rd_kafka_conf_set(conf, name, value, &problem, problem.count)
      guard Int(result) == RD_KAFKA_CONF_OK else {
        rd_kafka_conf_destroy(conf)
        throw RemoteKafkaError.invalidProperty(name, RDKafkaLibrary.text(problem))
      }
    }
    let notes = ClientNotes()
    // The notes live as long as the handle, which is destroyed before it lets go of them.
    rd_kafka_conf_set_opaque(conf, Unmanaged.passUnretained(notes).toOpaque())
    rd_kafka_conf_set_error_cb(conf) { _, code, reason, opaque in
      guard let opaque else { return }
      Unmanaged<ClientNotes>.fromOpaque(opaque).takeUnretainedValue().note(
        code, reason.map { String(cString: $0) } ?? "")
    }
    // Its lines would stand in the middle of the prompt; errors come by the callback above.
    rd_kafka_conf_set_log_cb(conf, nil)
    if let onDelivery { rd_kafka_conf_set_dr_msg_cb(conf, onDelivery) }
    guard let pointer = rd_kafka_new(Int32(type), conf, &problem, problem.count) else {
      rd_kafka_conf_destroy(conf)
      throw RemoteKafkaError.invalidProperty("properties", RDKafkaLibrary.text(problem))
    }
    return (pointer, notes)
  }
}
