// The way of the learner's phone to the collector, and what it remembers of it.

internal import Codecs
internal import Collector
internal import ETL
internal import EventModel
internal import EventSDK
internal import Foundation
internal import Simulation

/// Hands requests to the collector and writes down what it confirmed.
final class DeliveryRecorder {
  private let collector: Collector
  private let history: String
  var deliveries: [PhoneDelivery] = []
  /// Why the last confirmation could not be written down.
  var failure: (any Error)?

  /// What the network does to the next request.
  var fate: () -> Fate = { .arrives }

  enum Fate {
    case arrives, requestLost, answerLost
  }

  init(collector: Collector, history: String) {
    self.collector = collector
    self.history = history
  }

  func send(_ request: Request) -> Response {
    let fate = fate()
    guard fate != .requestLost else {
      deliveries.append(
        PhoneDelivery(
          events: request.eventCount, bytes: request.body.count, status: 0, refused: 0,
          queuedAfter: 0))
      return .timedOut
    }
    let answer = collector.handle(
      CollectRequest(body: request.body, isGzip: request.isGzip, durability: .synced)
    )
    let refused = answer.refused.map(\.index)
    guard fate == .arrives, answer.status != 0 else {
      deliveries.append(
        PhoneDelivery(
          events: request.eventCount, bytes: request.body.count, status: 0, refused: 0,
          queuedAfter: 0))
      return .timedOut
    }
    if answer.status == 200 { record(request, except: Set(refused)) }
    deliveries.append(
      PhoneDelivery(
        events: request.eventCount,
        bytes: request.body.count,
        status: answer.status,
        refused: refused.count,
        queuedAfter: 0
      )
    )
    return Response(
      status: answer.status,
      refused: refused,
      retryAfterSeconds: answer.retryAfterSeconds
    )
  }

  /// Appends the confirmed events before the SDK deletes them from its queue.
  private func record(_ request: Request, except refused: Set<Int>) {
    failure = nil
    do {
      let plain =
        request.isGzip ? try Gzip.decompress(request.body, bytesMax: 16 << 20) : request.body
      let body = try plain.withUnsafeBytes { try JSONValue(parsing: $0) }
      guard case .array(let events)? = body["events"] else { return }
      var lines: [UInt8] = []
      for (index, event) in events.enumerated() where !refused.contains(index) {
        event.append(to: &lines)
        lines.append(0x0A)
      }
      try LineFile(path: history).append(lines)
    } catch let error as LineFile.Failure {
      failure = Home.unusable(history, error.errno)
    } catch {
      failure = error
    }
  }
}
