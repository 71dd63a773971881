// The collector's answer, with the JSON body that the HTTP door sends.

internal import EventModel

/// What became of a request: HTTP status, accepted events with their addresses, refused ones with
/// reasons, or the one problem that kept the whole body from being read.
package struct CollectResponse: Sendable {
  /// Why nothing of the body was taken.
  package struct Problem: Hashable, Sendable {
    /// `broken_json`, `broken_gzip`, `body_too_large`, `too_many_events`, `empty_body`,
    /// `unknown_source`, `refused_events`, `refused_batch`, `missing_write_key`,
    /// `unknown_write_key`, `too_many_requests`, `too_busy` or `log_unavailable`.
    package var code: String
    package var message: String
    package var advice: String?
    /// Where in the unpacked body reading stopped; nil where that means nothing.
    package var byteOffset: Int?

    package init(code: String, message: String, advice: String? = nil, byteOffset: Int? = nil) {
      self.code = code
      self.message = message
      self.advice = advice
      self.byteOffset = byteOffset
    }
  }

  /// 200, 400, 401, 413, 429 or 503; 0 where the story's machine is dead and nobody answers.
  package var status: Int
  package var accepted = AcceptedEvents()
  package var refused: [RefusedEvent] = []
  /// Accepted events that break the tracking plan, where it is only watched. Not in the body.
  package var warned: [RefusedEvent] = []
  package var problem: Problem?
  /// Set with 429 and 503: when to send the same body again.
  package var retryAfterSeconds: Int?

  package init(status: Int, problem: Problem? = nil, retryAfterSeconds: Int? = nil) {
    self.status = status
    self.problem = problem
    self.retryAfterSeconds = retryAfterSeconds
  }

  /// The answer as JSON: `{"accepted":n,"refused":[…]}`, and the problem where there is one.
  package var body: [UInt8] {
    var output: [UInt8] = []
    JSONText.append(literal: "{\"accepted\":", to: &output)
    JSONText.append(Int64(accepted.count), to: &output)
    JSONText.append(literal: ",\"refused\":[", to: &output)
    for (position, event) in refused.enumerated() {
      if position > 0 { output.append(UInt8(ascii: ",")) }
      event.append(to: &output)
    }
    output.append(UInt8(ascii: "]"))
    problem?.append(to: &output)
    if refused.contains(where: { $0.code.isMissingField }) {
      JSONText.append(literal: ",\"example\":", to: &output)
      output.append(contentsOf: Self.minimalEvent.utf8)
    }
    output.append(UInt8(ascii: "}"))
    return output
  }

  /// The smallest event that is accepted: shown to whoever sends one with fields missing.
  package static let minimalEvent = """
    {"event_id":"0b54a1f2-5a3c-4f7e-9d8a-3f1c6f0f7a11","event_name":"purchase_completed",\
    "event_time":"2024-01-16T00:10:00.000Z","device_id":"d_0000001",\
    "properties":{"product_id":"SKU00000","price":29900,"currency":"KRW"}}
    """
}

extension RefusedEvent {
  fileprivate func append(to output: inout [UInt8]) {
    JSONText.append(literal: "{\"index\":", to: &output)
    JSONText.append(Int64(index), to: &output)
    if let line {
      JSONText.append(literal: ",\"line\":", to: &output)
      JSONText.append(Int64(line), to: &output)
    }
    JSONText.append(literal: ",\"code\":", to: &output)
    JSONText.append(code.rawValue, to: &output)
    JSONText.append(literal: ",\"field\":", to: &output)
    if let field {
      JSONText.append(field, to: &output)
    } else {
      JSONText.append(literal: "null", to: &output)
    }
    JSONText.append(literal: ",\"message\":", to: &output)
    JSONText.append(message, to: &output)
    output.append(UInt8(ascii: "}"))
  }
}

extension CollectResponse.Problem {
  fileprivate func append(to output: inout [UInt8]) {
    JSONText.append(literal: ",\"code\":", to: &output)
    JSONText.append(code, to: &output)
    JSONText.append(literal: ",\"message\":", to: &output)
    JSONText.append(message, to: &output)
    if let advice {
      JSONText.append(literal: ",\"advice\":", to: &output)
      JSONText.append(advice, to: &output)
    }
    if let byteOffset {
      JSONText.append(literal: ",\"byte\":", to: &output)
      JSONText.append(Int64(byteOffset), to: &output)
    }
  }
}
