// Why one event is refused: a stable code, the field, and a sentence. Sentences never repeat a value
// of the client's, so that a reason can be logged, counted and shown without leaking anything.

/// The stable name of a reason; clients and dead-letter tables group by it.
package enum RefusalCode: String, Hashable, Sendable, CaseIterable {
  case brokenJSON = "broken_json"
  case notUTF8 = "not_utf8"
  case notAnObject = "not_an_object"
  case eventTooLarge = "event_too_large"
  case missingEventID = "missing_event_id"
  case missingEventName = "missing_event_name"
  case missingEventTime = "missing_event_time"
  case missingDeviceID = "missing_device_id"
  case wrongType = "wrong_type"
  case duplicateField = "duplicate_field"
  case valueTooLong = "value_too_long"
  case badEventID = "bad_event_id"
  case badEventName = "bad_event_name"
  case badEventTime = "bad_event_time"
  case badSentAt = "bad_sent_at"
  case unknownEvent = "unknown_event"
  case missingProperty = "missing_property"
  case wrongPropertyType = "wrong_property_type"
  case valueNotInEnum = "value_not_in_enum"
  case valueOutOfRange = "value_out_of_range"
  case unknownProperty = "unknown_property"
  case duplicateProperty = "duplicate_property"

  /// True where the tracking plan is what the event breaks.
  package var isOfPlan: Bool {
    switch self {
    case .unknownEvent, .missingProperty, .wrongPropertyType, .valueNotInEnum, .valueOutOfRange,
      .unknownProperty, .duplicateProperty:
      true
    default: false
    }
  }

  /// True where the event lacks something, and an example helps.
  package var isMissingField: Bool {
    switch self {
    case .missingEventID, .missingEventName, .missingEventTime, .missingDeviceID: true
    default: false
    }
  }
}

/// One event's refusal, thrown inside the collector only.
struct Refusal: Error {
  var code: RefusalCode
  var field: String?
  var message: String

  init(_ code: RefusalCode, field: String? = nil, _ message: String) {
    self.code = code
    self.field = field
    self.message = message
  }
}

/// The whole body cannot be read.
struct BodyFailure: Error {
  var status: Int
  var problem: CollectResponse.Problem
  /// False where the body is not worth keeping, or cannot be kept without leaking what it holds.
  var keepsBody: Bool

  init(
    _ status: Int,
    _ code: String,
    _ message: String,
    advice: String? = nil,
    byteOffset: Int? = nil,
    keepsBody: Bool = false
  ) {
    self.status = status
    self.problem = CollectResponse.Problem(
      code: code,
      message: message,
      advice: advice,
      byteOffset: byteOffset
    )
    self.keepsBody = keepsBody
  }
}
