// The functions of SQL/JSON.

import Kernels

extension Parser {
  mutating func jsonExpression() throws -> ExpressionSyntax {
    let start = current.start
    let keyword = current.keyword
    advance()
    try expect(symbol: "(")
    var call: JSONSyntax
    switch keyword {
    case "JSON_ARRAY": call = try jsonArray()
    case "JSON_OBJECT": call = try jsonObject()
    case "JSON_EXISTS": call = try jsonPathCall(.exists)
    case "JSON_VALUE": call = try jsonPathCall(.value)
    default: call = try jsonPathCall(.query)
    }
    if call.kind != .exists, call.kind != .value, call.kind != .query { try returning(&call) }
    try expect(symbol: ")")
    var parts = (call.input.map { [$0.expression] } ?? []) + call.passing.map(\.value.expression)
    parts += call.elements.map(\.expression)
    parts += call.members.flatMap { [$0.key, $0.value.expression] }
    for case .value(let expression)? in [call.onEmpty, call.onError] { parts.append(expression) }
    return try make(.json(call), start, parts)
  }

  /// `value [FORMAT JSON [ENCODING …]]`
  private mutating func jsonArgument() throws -> JSONSyntax.Value {
    var value = JSONSyntax.Value(expression: try expression(), isJSON: false)
    (value.isJSON, value.encoding) = try format()
    return value
  }

  private mutating func format() throws -> (isJSON: Bool, SQLJSONEncoding?) {
    guard at("FORMAT"), peek().keyword == "JSON" else { return (false, nil) }
    advance()
    advance()
    guard accept("ENCODING") else { return (true, nil) }
    guard let encoding = SQLJSONEncoding(rawValue: current.keyword) else {
      throw unexpected("UTF8, UTF16 or UTF32")
    }
    advance()
    return (true, encoding)
  }

  private mutating func jsonPathCall(_ kind: JSONSyntax.Kind) throws -> JSONSyntax {
    var call = JSONSyntax(kind: kind, input: try jsonArgument())
    try expect(symbol: ",")
    call.pathOffset = current.start
    call.path = try string()
    if accept("PASSING") {
      call.passing = try list { parser in
        let value = try parser.jsonArgument()
        try parser.expect("AS")
        var isQuoted = false
        if case .quotedWord = parser.current.kind { isQuoted = true }
        let name = try parser.identifier().text
        return JSONSyntax.Argument(value: value, name: isQuoted ? name : name.uppercased())
      }
    }
    if kind != .exists { try returning(&call) }
    if kind == .query { try wrapperAndQuotes(&call) }
    try behaviors(&call)
    return call
  }

  private mutating func returning(_ call: inout JSONSyntax) throws {
    guard accept("RETURNING") else { return }
    call.returning = try typeSyntax()
    call.outputEncoding = try format().1
  }

  private mutating func wrapperAndQuotes(_ call: inout JSONSyntax) throws {
    if accept("WITHOUT") {
      _ = accept("ARRAY")
      try expect("WRAPPER")
    } else if accept("WITH") {
      call.wrapper = .always
      if accept("CONDITIONAL") { call.wrapper = .conditional } else { _ = accept("UNCONDITIONAL") }
      _ = accept("ARRAY")
      try expect("WRAPPER")
    }
    if at("KEEP") || at("OMIT") {
      call.keepsQuotes = at("KEEP")
      advance()
      try expect("QUOTES")
      if at("ON"), peek().keyword == "SCALAR" {
        advance()
        advance()
        try expect("STRING")
      }
    }
  }

  /// `… ON EMPTY … ON ERROR`
  private mutating func behaviors(_ call: inout JSONSyntax) throws {
    while let behavior = try behavior(of: call.kind) {
      try expect("ON")
      if call.kind != .exists, call.onEmpty == nil, call.onError == nil, accept("EMPTY") {
        call.onEmpty = behavior
      } else if call.onError == nil {
        try expect("ERROR")
        call.onError = behavior
      } else {
        throw unexpected("')'")
      }
    }
  }

  private mutating func behavior(of kind: JSONSyntax.Kind) throws -> JSONSyntax.Behavior? {
    switch (current.keyword, kind) {
    case ("TRUE", .exists), ("FALSE", .exists):
      let value = at("TRUE")
      advance()
      return .truth(value)
    case ("UNKNOWN", .exists):
      advance()
      return .unknown
    case ("ERROR", _):
      advance()
      return .error
    case ("NULL", .value), ("NULL", .query):
      advance()
      return .null
    case ("DEFAULT", .value):
      advance()
      return .value(try expression())
    case ("EMPTY", .query):
      advance()
      if accept("OBJECT") { return .emptyObject }
      try expect("ARRAY")
      return .emptyArray
    default: return nil
    }
  }

  private mutating func jsonArray() throws -> JSONSyntax {
    var call = JSONSyntax(kind: .array)
    if !at(symbol: ")"), !at("RETURNING") {
      call.elements = try list { try $0.jsonArgument() }
      try nullTreatment(&call)
    }
    return call
  }

  private mutating func jsonObject() throws -> JSONSyntax {
    var call = JSONSyntax(kind: .object)
    guard !at(symbol: ")"), !at("RETURNING") else { return call }
    call.members = try list { parser in
      var hasKeyword = false
      if parser.at("KEY") {
        switch parser.peek().kind {
        case .symbol(","), .symbol(":"), .symbol(")"), .symbol("."), .symbol("("): break
        default: hasKeyword = parser.peek().keyword != "VALUE" && parser.accept("KEY")
        }
      }
      let key = try parser.expression()
      if hasKeyword || !parser.accept(symbol: ":") { try parser.expect("VALUE") }
      return JSONSyntax.Member(key: key, value: try parser.jsonArgument())
    }
    try nullTreatment(&call)
    if at("WITH") || at("WITHOUT") {
      call.hasUniqueKeys = at("WITH")
      advance()
      try expect("UNIQUE")
      _ = accept("KEYS")
    }
    return call
  }

  private mutating func nullTreatment(_ call: inout JSONSyntax) throws {
    guard at("NULL") || at("ABSENT") else { return }
    call.keepsNulls = at("NULL")
    advance()
    try expect("ON")
    try expect("NULL")
  }
}
