// Requests whose answers come as events of a queue, and the time that is left for a wait.

internal import CRDKafka
internal import Dispatch
internal import Foundation

extension ClientHandle {
  /// Asks by `request` and reads the answer with `result`; waits at most the client's time.
  ///
  /// - Throws: the answer's error as a whole, `remoteKafka.timedOut` without one.
  func admin<Result>(
    _ doing: String,
    _ request: (_ options: OpaquePointer, _ queue: OpaquePointer) -> Void,
    result: (_ event: OpaquePointer) throws -> Result
  ) throws -> Result {
    guard let options = rd_kafka_AdminOptions_new(pointer, Int32(RD_KAFKA_ADMIN_OP_ANY)) else {
      throw RemoteKafkaError.native(
        Int32(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE), doing: doing, place)
    }
    defer { rd_kafka_AdminOptions_destroy(options) }
    var problem = [CChar](repeating: 0, count: 256)
    _ = rd_kafka_AdminOptions_set_request_timeout(
      options, milliseconds, &problem, problem.count)
    let queue = rd_kafka_queue_new(pointer)
    defer { rd_kafka_queue_destroy(queue) }
    request(options, queue)
    return try wait(on: queue, doing, result)
  }

  /// Waits for the one answer that a queue will have.
  func wait<Result>(
    on queue: OpaquePointer, _ doing: String, _ result: (OpaquePointer) throws -> Result
  ) throws -> Result {
    // The library gives up by itself first, and then says why.
    guard let event = rd_kafka_queue_poll(queue, milliseconds + 1_000) else {
      throw RemoteKafkaError.native(Int32(RD_KAFKA_RESP_ERR__TIMED_OUT), doing: doing, place)
    }
    defer { rd_kafka_event_destroy(event) }
    let code = rd_kafka_event_error(event)
    guard code == 0 else {
      throw RemoteKafkaError.native(
        code, doing: doing,
        detail: rd_kafka_event_error_string(event).map { String(cString: $0) }, place)
    }
    notes.clear()
    return try result(event)
  }
}

/// A moment until which something is waited for, on a clock that only goes forward.
struct Deadline {
  private let end: DispatchTime

  init(milliseconds: Int) { end = .now() + .milliseconds(milliseconds) }

  /// Sleeps a little; false at once where the moment has come.
  func waitsOn(milliseconds: UInt32) -> Bool {
    guard DispatchTime.now() < end else { return false }
    usleep(milliseconds * 1_000)
    return true
  }
}
