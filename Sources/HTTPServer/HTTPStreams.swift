// Bodies that are too large for memory: taken and given piece by piece.
//
// A receiver and a source are called on the pool's threads, where they may block on a disk; each of
// them by one thread at a time, in order. While they are slow, the server stops reading from the
// client, or from the source, so that a connection holds a few pieces at most.

/// Takes the body of one request.
package protocol HTTPBodyReceiver: AnyObject, Sendable {
  /// The next bytes, valid during the call.
  ///
  /// An answer ends the request early: what is still to come of the body is read and forgotten.
  func receive(_ bytes: UnsafeRawBufferPointer) -> HTTPResponse?
  /// The body has come whole; says what to answer.
  func finish() -> HTTPResponse
  /// The client went away before the end; `finish` is not called any more.
  func abandon()
}

/// Gives the body of one response.
package protocol HTTPBodySource: Sendable {
  /// All bytes that it gives.
  var byteCount: Int { get }
  /// Fills the whole of `buffer` with the bytes from `offset` on.
  ///
  /// An error closes the connection: the client sees a body that is too short.
  func read(_ offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

/// What a streaming door makes of the head of a request.
package enum HTTPDecision: Sendable {
  /// Takes the body, of which there may be none.
  case receive(any HTTPBodyReceiver)
  /// Answers without it; a client that asked whether to go on is told so before it sends anything.
  case answer(HTTPResponse)
}
