internal import Connector
internal import Course
internal import Diagnostics
internal import EventModel
internal import EventSDK
internal import Foundation
internal import Grading
internal import HTTPServer
internal import KafkaBroker
internal import Terminal
internal import TrinoSQL

/// An error as the learner reads it: what happened, where, and what to do next.
struct ErrorText {
  var code: String
  var message: String
  var place: String?
  var advice: String?
  var exit: ExitStatus
  /// Where a statement went wrong: line and column, from 1.
  var spot: (line: Int, column: Int)?

  init(code: String, message: String, advice: String?, exit: ExitStatus) {
    self.code = code
    self.message = message
    self.advice = advice
    self.exit = exit
  }

  /// Looks the code up in the catalogue; where it has no text, the component's English stands.
  ///
  /// `line` is what was typed: an error of SQL may be a habit that it shows.
  init(_ error: any Error, catalogue: Catalogue, line: String = "") {
    switch error {
    case let error as TrinoSQLError: self.init(sql: error, line, catalogue)
    case let error as CourseError:
      self.init(error.code, error.message, error.place, error.advice, error.fields, catalogue)
      let namesWrongFile = ["progress.exists", "progress.no-file", "progress.not-progress"]
      if namesWrongFile.contains(error.code) { exit = .usage }
    case let error as EventSDKError:
      self.init(error.code, error.message, error.place, error.advice, [:], catalogue)
    case HTTPServerError.portInUse(let port):
      let fields = ["port": String(port), "other": String(port + 1)]
      self.init("http.portInUse", "port \(port) is in use", nil, nil, fields, catalogue)
    case KafkaBrokerError.portInUse(let port):
      let fields = ["port": String(port), "other": String(port + 1)]
      self.init("kafka.portInUse", "port \(port) is in use", nil, nil, fields, catalogue)
    case let error as any DiagnosableError:
      self.init(error.code, error.message, error.place, error.advice, error.fields, catalogue)
      if error is CommandError || error is CatalogChangeError { exit = .usage }
    default:
      self.init("internal", String(describing: error), nil, nil, [:], catalogue)
    }
  }

  /// Trino's name and words stay as they are at work; below them, what the name means.
  private init(sql error: TrinoSQLError, _ line: String, _ catalogue: Catalogue) {
    code = error.name.rawValue
    message = "\(error.name.rawValue): \(error.message)"
    if let line = error.line, let column = error.column { spot = (line, column) }
    let explained = "sql.error." + error.name.rawValue
    let meaning = catalogue.contains(explained) ? catalogue.text(explained) : nil
    let habit = StatementHabit(statement: line, error: error).map {
      catalogue.text("sql.habit." + $0.key, $0.values)
    }
    advice =
      habit ?? error.suggestions.first.map { catalogue.text("sql.didYouMean", ["name": $0]) }
      ?? meaning
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
      // Where a near name exists, the advice names it; else it lists what there is.
      let adviceKeys = (fields["nearest"] == nil ? [] : [key + ".nearest"]) + [key + ".advice"]
      self.advice = adviceKeys.first(where: catalogue.contains).map { catalogue.text($0, values) }
    } else {
      self.message = message
      self.place = place
      self.advice = advice
    }
  }
}

extension ErrorText {
  /// The line of the statement with a caret below the place; a long line is cut around it.
  func marked(in statement: String, width: Int) -> String? {
    guard let spot else { return nil }
    let lines = statement.split(separator: "\n", omittingEmptySubsequences: false)
    guard spot.line >= 1, spot.line <= lines.count else { return nil }
    let scalars = Array(lines[spot.line - 1].unicodeScalars)
    guard spot.column >= 1, spot.column <= scalars.count + 1 else { return nil }
    func text(_ part: ArraySlice<Unicode.Scalar>) -> String {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: part)
      return TextWidth.printable(String(view))
    }
    let room = max(20, width - 4)
    let begin = max(0, spot.column - 1 - room / 2)
    let before = text(scalars[begin..<(spot.column - 1)])
    let shown = TextWidth.truncate(before + text(scalars[(spot.column - 1)...]), to: room)
    return "  " + shown + "\n  " + String(repeating: " ", count: TextWidth.columns(before)) + "^"
  }
}

extension ErrorText {
  /// What happened, where, and what to do next.
  func blocks(line: String, width: Int, style: Style) -> [Reply.Block] {
    var blocks: [Reply.Block] = [.text(style.apply(.failure, message))]
    if !style.isAccessible, let marked = marked(in: line, width: width) {
      blocks.append(.verbatim(marked))
    }
    if let place, spot == nil { blocks.append(.text("  " + place)) }
    if let advice { blocks.append(.text("  " + advice)) }
    return blocks
  }
}

/// Prints replies and errors, for readers or as one line of JSON.
struct ReplyPrinter {
  let output: any TerminalOutput
  let isJSON: Bool
  /// True at the prompt: what is said stands two columns to the right of what is typed, and goes
  /// page by page where it is longer than the screen.
  var isPrompt = false
  /// The pager's words.
  var texts: Catalogue?

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
    write(notices.map { .text($0) } + reply.blocks)
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
    let blocks = error.blocks(line: line, width: output.width, style: output.style)
    write(notices.map { .text($0) } + blocks)
  }

  /// Lays the blocks out and writes them at once: page by page where they are longer than the
  /// screen of a person.
  private func write(_ blocks: [Reply.Block]) {
    guard !blocks.isEmpty else { return }
    let text = blocks.map(rendered).joined()
    if isPrompt, let texts, let paged = output as? any PagedOutput {
      paged.show(text, texts: texts)
    } else {
      output.write(text)
    }
  }

  private func rendered(_ block: Reply.Block) -> String {
    let style = output.style
    switch block {
    case .text(let text):
      return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
        let isFlush = isPrompt && !line.isEmpty && line.first != " "
        let line = isFlush ? "  " + line : String(line)
        let indent = line.prefix { $0 == " " }.count
        // A path or an address alone on its line is there to be copied whole.
        guard line.dropFirst(indent).contains(" ") else { return line + "\n" }
        return TextWidth.wrap(line, to: output.width, hangingIndent: Self.hang(line, output.width))
          .joined(separator: "\n") + "\n"
      }.joined()
    case .verbatim(let text): return text + "\n"
    case .table(let table): return table.render(width: output.tableWidth, style: style)
    case .pairs(let pairs): return pairs.render(width: output.tableWidth, style: style)
    case .drawing(let drawing): return drawing.render(width: output.width, style: style)
    case .edges(let left, let right):
      let gap = output.width - 1 - TextWidth.columns(left) - TextWidth.columns(right)
      guard gap >= 2, !style.isAccessible else {
        return [left, right].filter { !$0.isEmpty }.map {
          TextWidth.wrap($0, to: output.width).joined(separator: "\n") + "\n"
        }.joined()
      }
      return left + String(repeating: " ", count: gap) + right + "\n"
    }
  }

  /// Columns of what a line of a list begins with, `1) ` or `[x] `: its other lines stand below its
  /// words, not below the mark.
  /// In a row of columns, which are three spaces apart, they stand below the second column.
  static func hang(_ line: String, _ width: Int) -> Int {
    let body = line.drop { $0 == " " }
    if let mark = body.prefixMatch(of: /[0-9]+[.)] +|[-*] +|\[[ x]\] +/) {
      return mark.output.count
    }
    guard let gap = body.firstMatch(of: /\S {3,}/) else { return 0 }
    let columns = TextWidth.columns(String(body[..<gap.range.upperBound]))
    return columns * 5 <= width * 2 ? columns : 0
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
