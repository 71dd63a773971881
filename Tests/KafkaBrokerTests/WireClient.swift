// A client of the tests' own: a blocking socket, and frames in and out.

import EventLog
import Foundation
import KafkaBroker
import KafkaProtocol
import TestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// One connection to a port on this machine.
final class WireClient {
  private let descriptor: Int32
  private var correlationID: Int32 = 0

  struct Closed: Error {}

  init(port: Int, timeoutSeconds: Int = 10) throws {
    #if canImport(Glibc)
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
    descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr = in_addr(s_addr: in_addr_t(0x7F00_0001).bigEndian)
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    guard descriptor >= 0, status == 0 else { throw Closed() }
  }

  deinit { disconnect() }

  func disconnect() { _ = close(descriptor) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { buffer in
        #if canImport(Glibc)
        Glibc.send(
          descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent,
          Int32(MSG_NOSIGNAL))
        #else
        Darwin.send(descriptor, buffer.baseAddress.map { $0 + sent }, bytes.count - sent, 0)
        #endif
      }
      guard count > 0 else { throw Closed() }
      sent += count
    }
  }

  /// Exactly so many bytes; throws where the other side ends or is silent for too long.
  func receive(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var got = 0
    while got < count {
      let more = bytes.withUnsafeMutableBytes { buffer in
        recv(descriptor, buffer.baseAddress.map { $0 + got }, count - got, 0)
      }
      guard more > 0 else { throw Closed() }
      got += more
    }
    return bytes
  }

  func receiveFrame() throws -> [UInt8] {
    let size = try receive(4).reduce(0) { $0 << 8 | Int($1) }
    return try receive(size)
  }

  /// Sends a request without waiting; answers its number.
  @discardableResult
  func begin(_ request: some KafkaRequest, version: Int16) throws -> Int32 {
    correlationID += 1
    let frame = try request.frame(
      version: version, correlationID: correlationID, clientID: "test")
    try send(WireClient.framed(frame))
    return correlationID
  }

  func finish<Response: KafkaResponse>(
    _ type: Response.Type,
    version: Int16
  ) throws -> (id: Int32, response: Response) {
    var id: Int32 = 0
    let response = try Response(
      reading: receiveFrame(), version: version, correlationID: &id)
    return (id, response)
  }

  func ask<Request: KafkaRequest>(
    _ request: Request,
    version: Int16
  ) throws -> Request.Response {
    let id = try begin(request, version: version)
    let answer = try finish(Request.Response.self, version: version)
    #expect(answer.id == id)
    return answer.response
  }

  static func framed(_ frame: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: Int32(truncatingIfNeeded: frame.count).bigEndian) { Array($0) } + frame
  }
}

/// A broker over a log of its own.
final class TestBroker {
  let scratch: ScratchDirectory
  private(set) var log: EventLog
  private(set) var broker: KafkaBroker
  private let configuration: BrokerConfiguration

  init(_ change: (inout BrokerConfiguration) -> Void = { _ in }) throws {
    var configuration = BrokerConfiguration()
    change(&configuration)
    self.configuration = configuration
    scratch = try ScratchDirectory("broker", inMemory: true)
    log = try EventLog.open(directory: scratch.path)
    broker = try Self.start(log, configuration)
  }

  /// On a port that no connection of another test is ever given: one that begins again after a crash
  /// needs the same.
  private static func start(
    _ log: EventLog, _ configuration: BrokerConfiguration
  ) throws -> KafkaBroker {
    for _ in 0..<100 {
      let port = Int.random(in: 15_000..<30_000)
      if let broker = try? KafkaBroker.start(
        log: log, port: port, configuration: configuration, storyTime: { TestBroker.time })
      {
        return broker
      }
    }
    return try KafkaBroker.start(
      log: log, port: 0, configuration: configuration, storyTime: { TestBroker.time })
  }

  deinit { broker.stop() }

  static let time: Int64 = 1_705_363_800_000

  var port: Int { broker.port }
  var address: String { "127.0.0.1:\(broker.port)" }

  func client() throws -> WireClient { try WireClient(port: port) }

  /// Ends without closing the log, as a crash does, and begins again on the same port.
  func crash() throws {
    let port = broker.port
    broker.stop()
    log = try EventLog.open(directory: scratch.path)
    // A connection of another test may have been given the port meanwhile, for a moment.
    for attempt in 1... {
      do {
        broker = try KafkaBroker.start(
          log: log, port: port, configuration: configuration, storyTime: { TestBroker.time })
        return
      } catch {
        guard attempt < 100 else { throw error }
        usleep(100_000)
      }
    }
  }
}

/// A batch as a producer sends it.
func batch(
  _ values: [String],
  compression: RecordCompression = .none,
  producer: Int64 = -1,
  sequence: Int32 = -1
) throws -> [UInt8] {
  let records = values.enumerated().map { index, value in
    Record(
      key: nil, value: Array(value.utf8), timestamp: 1_000 + Int64(index),
      offset: Offset(Int64(index)))
  }
  return try RecordBatch(
    records: records, compression: compression, producerID: producer,
    producerEpoch: producer < 0 ? -1 : 0, baseSequence: sequence
  ).encoded()
}

func produceRequest(_ topic: String, _ batch: [UInt8], acks: Int16 = -1) -> ProduceRequest {
  ProduceRequest {
    $0.acks = acks
    $0.topicData = [
      ProduceRequest.Topic {
        $0.name = topic
        $0.partitionData = [ProduceRequest.PartitionData { $0.records = batch[...] }]
      }
    ]
  }
}

func fetchRequest(
  _ topic: String,
  _ offset: Int64,
  wait: Int32 = 0,
  minBytes: Int32 = 1,
  bytesMax: Int32 = 1 << 20
) -> FetchRequest {
  FetchRequest {
    $0.maxWaitMilliseconds = wait
    $0.minBytes = minBytes
    $0.maxBytes = bytesMax
    $0.topics = [
      FetchRequest.Topic {
        $0.topic = topic
        $0.partitions = [
          FetchRequest.PartitionData {
            $0.fetchOffset = offset
            $0.partitionMaxBytes = bytesMax
          }
        ]
      }
    ]
  }
}

extension ProduceResponse {
  var only: ProduceResponse.PartitionData? { responses.first?.partitionResponses.first }
}

extension FetchResponse {
  var only: FetchResponse.PartitionData? { responses.first?.partitions.first }
}
