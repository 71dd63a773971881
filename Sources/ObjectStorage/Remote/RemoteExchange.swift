internal import Dispatch
internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
internal import FoundationNetworking
#endif

/// One request on its way, told by the delegate and asked by the thread that waits.
final class RemoteExchange: Sendable {
  private struct State {
    var head: RemoteAnswer?
    var body: [UInt8] = []
    var failure: RemoteTransportError?
    var hasEnded = false
    var hasMoved = false
    var lastMoved = DispatchTime.now()
  }

  let ended = DispatchSemaphore(value: 0)
  private let state = Mutex(State())
  private let isHead: Bool
  private let bytesMax: Int

  private static let reservedMax = 64 << 20

  init(isHead: Bool, bytesMax: Int) {
    self.isHead = isHead
    self.bytesMax = bytesMax
  }

  var hasMoved: Bool { state.withLock { $0.hasMoved } }

  var idleSeconds: Double {
    let last = state.withLock { $0.lastMoved }.uptimeNanoseconds
    return Double(DispatchTime.now().uptimeNanoseconds &- last) / 1e9
  }

  /// What came of it, after the end; hands the body over.
  var result: Result<RemoteAnswer, RemoteTransportError> {
    state.withLock { state in
      if let failure = state.failure { return .failure(failure) }
      guard var answer = state.head else { return .failure(.lost("there was no answer")) }
      swap(&answer.body, &state.body)
      return .success(answer)
    }
  }

  func moved() {
    state.withLock {
      $0.hasMoved = true
      $0.lastMoved = .now()
    }
  }

  func receive(_ response: HTTPURLResponse) {
    moved()
    var headers: [String: String] = [:]
    for (name, value) in response.allHeaderFields {
      guard let name = name as? String, let value = value as? String else { continue }
      headers[name.lowercased()] = value
    }
    let head = RemoteAnswer(status: response.statusCode, headers: headers)
    let length = isHead ? 0 : headers["content-length"].flatMap { Int($0) } ?? 0
    var failure: RemoteTransportError?
    if !isHead, head.isSuccess {
      let encoding = (headers["content-encoding"] ?? "").lowercased()
      if !["", "identity"].contains(encoding) { failure = .encoded(encoding) }
      if length > bytesMax { failure = failure ?? .tooLarge }
    }
    state.withLock { state in
      guard !state.hasEnded, state.head == nil else { return }
      state.head = head
      if failure == nil {
        state.body.reserveCapacity(min(max(0, length), limit(head), Self.reservedMax))
      }
    }
    if let failure { end(failure) }
  }

  func receive(_ data: Data) {
    let isTooLarge = state.withLock { state in
      state.hasMoved = true
      state.lastMoved = .now()
      guard !state.hasEnded, let head = state.head else { return false }
      let room = limit(head) - state.body.count
      if data.count > room, head.isSuccess { return true }
      data.withUnsafeBytes { state.body.append(contentsOf: $0.prefix(room)) }
      return false
    }
    if isTooLarge { end(.tooLarge) }
  }

  private func limit(_ head: RemoteAnswer) -> Int {
    head.isSuccess ? bytesMax : RemoteAnswer.errorBytesMax
  }

  /// The end, once; `failure` is nil where the answer is whole.
  func end(_ failure: RemoteTransportError?) {
    let isFirst = state.withLock { state in
      defer { state.hasEnded = true }
      if !state.hasEnded { state.failure = failure }
      return !state.hasEnded
    }
    if isFirst { ended.signal() }
  }
}
