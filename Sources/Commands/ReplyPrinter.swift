internal import Course
internal import Diagnostics
internal import EventModel
internal import EventSDK
internal import Foundation
internal import HTTPServer
internal import Terminal
internal import TrinoSQL

/// An error as the learner reads it: what happened, where, and what to do next.
struct ErrorText {
  var code: String
  var message: String
  var place: String?
  var advice: String?
  var exit: ExitStatus

  /// Looks the code up in the catalogue; where it has no text, the component's English stands.
  init(_ error: any Error, catalogue: Catalogue) {
    switch error {
    case let error as TrinoSQLError: self.init(sql: error, catalogue)
    case let error as CourseError:
      self.init(error.code, error.message, error.place, error.advice, error.fields, catalogue)
    case let error as EventSDKError:
      self.init(error.code, error.message, error.place, error.advice, [:], catalogue)
    case HTTPServerError.portInUse(let port):
      let fields = ["port": String(port), "other": String(port + 1)]
      self.init("http.portInUse", "port \(port) is in use", nil, nil, fields, catalogue)
    case let error as any DiagnosableError:
      self.init(error.code, error.message, error.place, error.advice, error.fields, catalogue)
      if error is CommandError { exit = .usage }
    default:
      self.init("internal", String(describing: error), nil, nil, [:], catalogue)
    }
  }

  private init(sql error: TrinoSQLError, _ catalogue: Catalogue) {
    code = error.name.rawValue
    message = "\(error.name.rawValue): \(error.message)"
    advice =
      error.suggestions.first.map { catalogue.text("sql.didYouMean", ["name": $0]) }
      ?? error.advice
    exit = .usage
  }

  private init(
    _ code: String,
    _ message: String,
    _ place: String?,
    _ advice: String?,
    _ fields: [String: String],
    _ catalogue: Catalogue
  ) {
    self.code = code
    exit = .failure
    let key = "error." + code
    let values = fields.merging(
      ["message": message, "place": place ?? "-"], uniquingKeysWith: { own, _ in own })
    if catalogue.contains(key) {
      self.message = catalogue.text(key, values)
      self.advice =
        catalogue.contains(key + ".advice") ? catalogue.text(key + ".advice", values) : nil
    } else {
      self.message = message
      self.place = place
      self.advice = advice
    }
  }
}

/// Prints replies and errors, for readers or as one line of JSON.
struct ReplyPrinter {
  let output: any TerminalOutput
  let isJSON: Bool

  func print(_ reply: Reply, line: String, notices: [String] = []) {
    guard !isJSON else {
      return write(
        .record([
          "command": .string(line), "ok": .bool(reply.exit == .success),
          "exit": .integer(Int64(reply.exit.rawValue)), "data": reply.data,
        ]),
        notices
      )
    }
    for notice in notices { output.writeWrapped(notice) }
    for block in reply.blocks {
      switch block {
      case .text(let text):
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
          output.writeWrapped(String(line))
        }
      case .verbatim(let text): output.writeLine(text)
      case .table(let table): output.write(table)
      case .pairs(let pairs): output.write(pairs)
      }
    }
  }

  func print(_ error: ErrorText, line: String, notices: [String] = []) {
    guard !isJSON else {
      return write(
        .record([
          "command": .string(line), "ok": .bool(false),
          "exit": .integer(Int64(error.exit.rawValue)),
          "error": .record([
            "code": .string(error.code), "message": .string(error.message),
            "place": .optional(error.place), "advice": .optional(error.advice),
          ]),
        ]),
        notices
      )
    }
    for notice in notices { output.writeWrapped(notice) }
    output.writeWrapped(output.style.apply(.failure, error.message))
    if let place = error.place { output.writeWrapped("  " + place) }
    if let advice = error.advice { output.writeWrapped("  " + advice) }
  }

  /// One object a line; what a start mended stands in it only when there is something to say.
  private func write(_ value: JSONValue, _ notices: [String]) {
    guard !notices.isEmpty, case .object(var members) = value else {
      return output.writeLine(value.text)
    }
    members.append(JSONMember(key: "notices", value: .array(notices.map(JSONValue.string))))
    output.writeLine(JSONValue.object(members).text)
  }
}
