internal import Foundation

/// The verdict in an answer under `--json`.
struct JudgedReply {
  /// Nil where nothing was judged.
  var verdict: String?
  var feedback: String?
  var errorCode: String?
  /// What is said, in one line; nil where nothing is.
  var text: String?

  init(_ json: String) {
    let object = try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
    let data = object?["data"] as? [String: Any]
    verdict = data?["verdict"] as? String
    feedback = data?["feedback"] as? String
    text = (data?["text"] as? String)?.split(whereSeparator: \.isNewline)
      .map { $0.drop(while: \.isWhitespace) }.joined(separator: " ")
    errorCode = (object?["error"] as? [String: Any])?["code"] as? String
  }
}
