// The refusals of an `aws-chunked` body, one function each.

extension S3SignatureError {
  static func chunkLength(_ value: String?) -> S3SignatureError {
    guard let value else {
      return S3SignatureError(
        .missingContentLength,
        "An aws-chunked body needs the header x-amz-decoded-content-length.",
        advice: "Send how many bytes the object has without the chunks' framing."
      )
    }
    return S3SignatureError(
      .invalidArgument,
      "x-amz-decoded-content-length is \"\(value)\" and not a number of bytes.",
      advice: "Send how many bytes the object has without the chunks' framing.",
      elements: [
        Element("ArgumentName", "x-amz-decoded-content-length"), Element("ArgumentValue", value),
      ]
    )
  }

  static func bodyEnds(_ place: String, received: Int, announced: Int) -> S3SignatureError {
    S3SignatureError(
      .incompleteBody,
      "The body ends \(place), after \(received) of \(announced) bytes of the object.",
      advice: "The connection was cut, or the client miscounted; send it again."
    )
  }

  static func wrongTotal(_ total: String, announced: Int) -> S3SignatureError {
    S3SignatureError(
      .incompleteBody,
      "The chunks have \(total) bytes, and x-amz-decoded-content-length says \(announced).",
      advice: "Send exactly as many bytes as are announced."
    )
  }

  static func chunkFrame(_ reason: String, at received: Int) -> S3SignatureError {
    S3SignatureError(
      .invalidChunkSizeError,
      "The frame of the chunk at byte \(received) of the object is malformed: \(reason).",
      advice: "A chunk is its size in hexadecimal digits, a line end, its bytes and a line end."
    )
  }

  static func trailer(_ reason: String) -> S3SignatureError {
    S3SignatureError(
      .malformedTrailerError,
      "What follows the last chunk is malformed: \(reason).",
      advice: "Send the headers that x-amz-trailer names, one a line, behind the last chunk."
    )
  }

  static func chunkUnsigned(at received: Int) -> S3SignatureError {
    S3SignatureError(
      .signatureDoesNotMatch,
      "The chunk at byte \(received) of the object has no chunk-signature.",
      advice: "Send STREAMING-UNSIGNED-PAYLOAD-TRAILER if chunks are not to be signed."
    )
  }

  static func chunkDiffers(
    _ what: String,
    stringToSign: String,
    provided: String
  ) -> S3SignatureError {
    S3SignatureError(
      .signatureDoesNotMatch,
      "The signature of \(what) does not match the one calculated here.",
      advice: "The bytes were changed on their way, or a signature before it was; send it again.",
      elements: [Element("StringToSign", stringToSign), Element("SignatureProvided", provided)]
    )
  }
}
