internal import CollectorEndpoint
internal import EventModel
internal import Foundation
internal import KafkaBroker
internal import Platform
internal import S3Endpoint
internal import Simulation
internal import Synchronization
internal import Terminal

/// What `serve` has opened, and the thread that lets story time go on 1:1 meanwhile.
final class ServeState: Sendable {
  let collectorPort: Int
  /// Nil where the log is a cluster, which has brokers of its own.
  let kafkaPort: Int?
  let s3Port: Int
  private let endpoint: CollectorEndpoint
  private let broker: KafkaBroker?
  private let buckets: S3Endpoint
  private let isStopped = Mutex(false)
  private let failure = Mutex<(any Error)?>(nil)

  init(endpoint: CollectorEndpoint, broker: KafkaBroker?, buckets: S3Endpoint) {
    self.endpoint = endpoint
    self.broker = broker
    self.buckets = buckets
    collectorPort = endpoint.port
    kafkaPort = broker?.port
    s3Port = buckets.port
  }

  /// Moves the clock by the wall time that has passed, about once a second.
  func tick(_ advance: @escaping @Sendable (Int64) -> Void) {
    let thread = Thread { [self] in
      var last = DispatchTime.now().uptimeNanoseconds
      while !isStopped.withLock({ $0 }) {
        Thread.sleep(forTimeInterval: 1)
        let now = DispatchTime.now().uptimeNanoseconds
        let milliseconds = Int64((now - last) / 1_000_000)
        last += UInt64(milliseconds) * 1_000_000
        guard !isStopped.withLock({ $0 }) else { return }
        advance(milliseconds)
      }
    }
    thread.start()
  }

  /// Keeps what stopped the clock, for the next line to tell.
  func note(_ error: any Error) {
    failure.withLock { $0 = error }
  }

  /// The failure that nobody has been told of yet.
  func takeFailure() -> (any Error)? {
    failure.withLock { failure in
      defer { failure = nil }
      return failure
    }
  }

  func stop() {
    isStopped.withLock { $0 = true }
    endpoint.stop()
    broker?.stop()
    buckets.stop()
  }
}

extension Shell {
  /// `serve [--port N] [--kafka-port N] [--s3-port N]`, `serve stop`: the wires on loopback.
  func serve(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("port", "kafka-port", "s3-port")
    if let word = arguments.positions.first {
      guard word == "stop" else {
        throw CommandError(
          .unknownSubcommand,
          ["command": "serve", "word": word, "known": "stop, --port, --kafka-port, --s3-port"]
        )
      }
      server?.stop()
      server = nil
      if isPipelineWaiting {
        isPipelineWaiting = false
        try closeWorld()
      }
      return Reply([.text(text("serve.stopped"))])
    }
    if let server {
      throw CommandError(.alreadyServing, ["port": String(server.collectorPort)])
    }
    let port = try arguments.integer("port", in: 0...65_535) ?? 8_080
    // Who takes any free port for the one takes any for the other.
    let kafkaPort =
      try arguments.integer("kafka-port", in: 0...65_535) ?? (port == 0 ? 0 : 9_092)
    let s3Port = try arguments.integer("s3-port", in: 0...65_535) ?? (port == 0 ? 0 : 9_000)
    if arguments.options["kafka-port"] != nil {
      try platform().checkEmbedded("serve --kafka-port")
    }
    let cluster = try platform().kafkaServers
    let broker = cluster == nil ? try platform().openKafka(port: kafkaPort) : nil
    let buckets: S3Endpoint
    let endpoint: CollectorEndpoint
    do {
      buckets = try openS3(port: s3Port)
    } catch {
      broker?.stop()
      throw error
    }
    do {
      endpoint = try platform().openCollector(port: port)
    } catch {
      broker?.stop()
      buckets.stop()
      throw error
    }
    let state = ServeState(endpoint: endpoint, broker: broker, buckets: buckets)
    server = state
    state.tick { [weak self, weak state] milliseconds in
      do {
        _ = try self?.withPlatform { platform in
          try platform.advance(to: platform.now.adding(milliseconds: milliseconds))
        }
      } catch {
        state?.note(error)
      }
    }
    let servers = cluster ?? "localhost:\(state.kafkaPort ?? kafkaPort)"
    return Reply(
      [
        .text(text("serve.open", ["port": String(state.collectorPort)])),
        .verbatim(
          "  curl -s -XPOST http://localhost:\(state.collectorPort)/v1/events -d '"
            + Shell.sampleEvent + "'"
        ),
        .text(
          state.kafkaPort.map { text("serve.kafka", ["port": String($0)]) }
            ?? text("serve.cluster", ["servers": servers])),
        .verbatim("  kcat -b \(servers) -t app-events -C -o -3 -e"),
        .text(text("serve.s3", ["port": String(state.s3Port)])),
        .verbatim("  eval \"$(./tapline -c 's3 credentials')\""),
        .verbatim(
          "  aws --endpoint-url http://localhost:\(state.s3Port) s3 ls s3://lake/ --recursive"),
      ],
      data: .record([
        "collector": .count(state.collectorPort),
        "kafka": state.kafkaPort.map { .count($0) } ?? .null,
        "s3": .count(state.s3Port),
      ])
    )
  }

  private static let sampleEvent =
    #"{"event_id":"tap-1","event_name":"purchase_completed","event_time":"2024-01-16T00:10:00Z","device_id":"my-phone"}"#
}
