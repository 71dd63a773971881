// What the functions of SQL/JSON mean: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_ARRAY, JSON_OBJECT.

import Columnar
import Kernels
import QueryPlanning

extension Analyzer {
  mutating func json(_ call: JSONSyntax, _ scope: Scope, _ offset: Int) throws -> Typed {
    switch call.kind {
    case .array: return try jsonArray(call, scope, offset)
    case .object: return try jsonObject(call, scope, offset)
    case .exists, .value, .query: break
    }
    let (query, arguments) = try jsonQuery(call, scope)
    let columns = arguments.map(\.expression)
    let variant = "\(call.path) \(arguments.map(\.type)) null-tolerant"
    switch call.kind {
    case .exists:
      var outcome: Bool? = false
      var isThrowing = false
      switch call.onError {
      case .truth(let value): outcome = value
      case .unknown: outcome = nil
      case .error: isThrowing = true
      default: break
      }
      return Typed(
        FoldConstants.fold(
          .call(
            ScalarFunction(
              name: "json_exists",
              variant: variant + " \(outcome.map(String.init) ?? "unknown") \(isThrowing)",
              result: .boolean, isTotal: !isThrowing
            ) { [outcome, isThrowing] columns, count in
              try query.exists(columns, count: count, onError: outcome, throwsOnError: isThrowing)
            }, columns)), .boolean)
    case .value:
      return try jsonValue(call, query, columns, variant, scope, offset)
    default:
      return try jsonQueryCall(call, query, columns, variant, arguments[0].type, offset)
    }
  }

  /// The path, read, and the document with what is passed.
  private mutating func jsonQuery(
    _ call: JSONSyntax, _ scope: Scope
  ) throws -> (SQLJSONQuery, [Typed]) {
    guard let input = call.input else { throw error(.syntaxError, "no JSON input", call.pathOffset) }
    let path: SQLJSONPath
    do {
      path = try SQLJSONPath(call.path)
    } catch let wrong as SQLJSONPathError {
      throw pathError(wrong, call)
    }
    let document = try jsonText(input, scope)
    var arguments: [Typed] = []
    var described: [SQLJSONQuery.Argument] = []
    for argument in call.passing {
      let syntax = argument.value.expression
      let (typed, element) = try jsonElement(argument.value, scope, keepsMoments: true)
      guard !described.contains(where: { $0.name == argument.name }) else {
        throw error(
          .duplicateParameterName,
          "\(argument.name) JSON path parameter is specified more than once", syntax.start)
      }
      arguments.append(typed)
      described.append(SQLJSONQuery.Argument(name: argument.name, element: element))
    }
    if let missing = path.variables.first(where: { name in
      !described.contains { $0.name == name }
    }) {
      throw error(
        .invalidPath,
        "no value passed for parameter \(missing). "
          + "Try quoting \"\(missing)\" in the PASSING clause to match case", call.pathOffset,
        advice: "Pass it: PASSING value AS \"\(missing)\".")
    }
    let element = SQLJSONElement(
      type: document.type.storage, isJSON: true, encoding: input.encoding ?? .utf8)
    return (
      SQLJSONQuery(path, document: element, arguments: described), [document] + arguments
    )
  }

  /// A path's error at its place in the statement.
  private func pathError(_ wrong: SQLJSONPathError, _ call: JSONSyntax) -> TrinoSQLError {
    // The literal's quote comes first; before the place, quotes are written twice.
    let before = String(String.UnicodeScalarView(call.path.unicodeScalars.prefix(wrong.position)))
    let quotes = before.utf8.count { $0 == 0x27 }
    let place = call.pathOffset + 1 + before.utf8.count + quotes
    let name: TrinoErrorName =
      switch wrong.kind {
      case .syntax: .syntaxError
      case .meaning: .invalidPath
      case .unsupported: .notSupported
      }
    return error(name, "JSON path: \(wrong.message)", place, advice: wrong.advice)
  }

  /// A document: json, or a text or bytes that hold some.
  private mutating func jsonText(_ value: JSONSyntax.Value, _ scope: Scope) throws -> Typed {
    let typed = try expression(value.expression, scope)
    func refused() -> TrinoSQLError {
      let encoding = value.encoding.map { " ENCODING \($0.rawValue)" } ?? ""
      return error(
        .typeMismatch,
        "Cannot read input of type \(typed.type) as JSON using formatting JSON\(encoding)",
        value.expression.start,
        advice: value.encoding == nil
          ? "Give a varchar, a varbinary or a json." : "ENCODING is for varbinary.")
    }
    switch typed.type {
    case .varbinary: return typed
    case .json where value.encoding == nil: return typed
    case .varchar, .char, .unknown:
      guard value.encoding == nil else { throw refused() }
      return Typed(try coerce(typed, to: .varchar(nil), value.expression.start), .varchar(nil))
    default: throw refused()
    }
  }

  /// A value that becomes JSON, or a value of a path, which keeps dates, times and timestamps where
  /// `keepsMoments`.
  private mutating func jsonElement(
    _ value: JSONSyntax.Value, _ scope: Scope, keepsMoments: Bool = false
  ) throws -> (typed: Typed, element: SQLJSONElement) {
    let syntax = value.expression
    var givesJSON = value.isJSON
    if case .json(let inner) = syntax.kind, inner.givesJSON { givesJSON = true }
    if givesJSON {
      let typed = try jsonText(value, scope)
      return (
        typed,
        SQLJSONElement(
          type: typed.type.storage, isJSON: true, encoding: value.encoding ?? .utf8)
      )
    }
    let typed = try expression(syntax, scope)
    switch typed.type {
    case .json: return (typed, SQLJSONElement(type: .json, isJSON: true))
    case .boolean, .unknown:
      return (typed, SQLJSONElement(type: typed.type.storage, isJSON: false))
    case .timestampWithTimeZone where keepsMoments:
      throw error(
        .notSupported, "A JSON path takes no \(typed.type)", syntax.start,
        advice: "CAST it to timestamp or to varchar.")
    case let type where type.isNumeric || (keepsMoments && (type.isMoment || type.isText)):
      return (typed, SQLJSONElement(type: type.declared, isJSON: false))
    default:
      // Other values are texts.
      let text = Typed(try cast(typed, .varchar(nil), false, syntax.start).expression, .varchar(nil))
      return (text, SQLJSONElement(type: .varchar, isJSON: false))
    }
  }

  // MARK: JSON_VALUE

  private mutating func jsonValue(
    _ call: JSONSyntax, _ query: SQLJSONQuery, _ columns: [Expression], _ variant: String,
    _ scope: Scope, _ offset: Int
  ) throws -> Typed {
    let type = try call.returning.map { try self.type($0) } ?? .varchar(nil)
    switch type {
    case .varchar, .char, .boolean, .date, .time, .timestamp: break
    case let other where other.isNumeric: break
    default:
      throw error(
        .typeMismatch, "Invalid return type of function JSON_VALUE: \(type)",
        call.returning?.offset ?? offset,
        advice: "A text, number, boolean, date, time or timestamp can be returned.")
    }
    let declared = type.declared
    let storage = type.storage
    func action(_ behavior: JSONSyntax.Behavior?) -> SQLJSONQuery.Action {
      switch behavior {
      case .error: .error
      case .value: .elsewhere
      default: .null
      }
    }
    let onEmpty = action(call.onEmpty)
    let onError = action(call.onError)
    let value = Expression.call(
      ScalarFunction(
        name: "json_value", variant: "\(variant) \(type) \(onEmpty) \(onError)", result: storage,
        isTotal: onEmpty != .error && onError != .error
      ) { columns, count in
        try query.value(columns, count: count, as: declared, onEmpty: onEmpty, onError: onError)
          .retyped(storage)
      }, columns)
    let outcome = Typed(
      .call(
        ScalarFunction(
          name: "json_value_outcome", variant: "\(variant) \(type)", result: .tinyint
        ) { columns, count in query.outcomes(columns, count: count, as: declared) }, columns),
      .tinyint)
    func ends(_ wanted: SQLJSONQuery.Outcome) throws -> Expression {
      try comparison(
        .equal, outcome,
        Typed(.constant(.integer(Int64(wanted.rawValue)), .tinyint), .tinyint), offset)
    }
    var branches: [ConditionalBranch] = []
    let onErrorDefault = try jsonDefault(call.onError, "ERROR", type, scope)
    if let onEmptyDefault = try jsonDefault(call.onEmpty, "EMPTY", type, scope) {
      let isEmpty = try ends(.empty)
      switch call.onError {
      case .error:
        branches.append(ConditionalBranch(condition: isEmpty, value: onEmptyDefault))
      default:
        // A default that cannot be computed is an error of its own.
        if let onErrorDefault {
          branches.append(
            ConditionalBranch(
              condition: .all([isEmpty, Self.nullTest(.attempt(Self.computed(onEmptyDefault)), false)]),
              value: onErrorDefault))
        }
        branches.append(ConditionalBranch(condition: isEmpty, value: .attempt(onEmptyDefault)))
      }
    }
    if let onErrorDefault {
      branches.append(ConditionalBranch(condition: try ends(.error), value: onErrorDefault))
    }
    let whole = branches.isEmpty ? value : .conditional(branches, otherwise: value, storage)
    return Typed(FoldConstants.fold(whole), type)
  }

  /// `DEFAULT expression ON …` as the type of the result; nil where there is none.
  private mutating func jsonDefault(
    _ behavior: JSONSyntax.Behavior?, _ clause: String, _ type: TrinoType, _ scope: Scope
  ) throws -> Expression? {
    guard case .value(let syntax)? = behavior else { return nil }
    let given = try expression(syntax, scope)
    guard given.type == .unknown || TrinoType.coercionCost(given.type, type) != nil else {
      throw error(
        .typeMismatch,
        "Function JSON_VALUE default ON \(clause) result must evaluate to a \(type) (actual: \(given.type))",
        syntax.start)
    }
    return try coerce(given, to: type, syntax.start)
  }

  /// True for every row whose value can be computed.
  private static func computed(_ value: Expression) -> Expression {
    .call(
      ScalarFunction(name: "is_computed", variant: "null-tolerant", result: .boolean) { _, count in
        ColumnVector(constant: .boolean(true), type: .boolean, count: count)
      }, [value])
  }

  // MARK: JSON_QUERY

  private func jsonQueryCall(
    _ call: JSONSyntax, _ query: SQLJSONQuery, _ columns: [Expression], _ variant: String,
    _ input: TrinoType, _ offset: Int
  ) throws -> Typed {
    if call.keepsQuotes != nil, call.wrapper != .never {
      throw error(
        .invalidFunctionArgument,
        "\(call.keepsQuotes == true ? "KEEP" : "OMIT") QUOTES behavior specified with "
          + "\(call.wrapper == .always ? "UNCONDITIONAL" : "CONDITIONAL") WRAPPER behavior", offset,
        advice: "Leave out one of the two clauses.")
    }
    func action(_ behavior: JSONSyntax.Behavior?) -> SQLJSONQuery.Action {
      switch behavior {
      case .error: .error
      case .emptyArray: .text("[]")
      case .emptyObject: .text("{}")
      default: .null
      }
    }
    let onEmpty = action(call.onEmpty)
    let onError = action(call.onError)
    let keepsQuotes = call.keepsQuotes ?? true
    let wrapper: SQLJSONQuery.Wrapper =
      switch call.wrapper {
      case .never: .never
      case .conditional: .conditional
      case .always: .always
      }
    let text = Typed(
      .call(
        ScalarFunction(
          name: "json_query",
          variant: "\(variant) \(wrapper) \(keepsQuotes) \(onEmpty) \(onError)", result: .varchar,
          isTotal: onEmpty != .error && onError != .error
        ) { columns, count in
          try query.query(
            columns, count: count, wrapper: wrapper, keepsQuotes: keepsQuotes, onEmpty: onEmpty,
            onError: onError)
        }, columns), .varchar(nil))
    if call.returning == nil, input == .json, keepsQuotes {
      // JSON of JSON.
      let json = ScalarFunction(name: "json_query_result", result: .json) { columns, _ in
        columns[0].retyped(.json)
      }
      return Typed(FoldConstants.fold(.call(json, [text.expression])), .json)
    }
    return try returned(text, call, "JSON_QUERY", offset)
  }

  /// The JSON text as the type after RETURNING.
  private func returned(
    _ text: Typed, _ call: JSONSyntax, _ function: String, _ offset: Int
  ) throws -> Typed {
    guard let syntax = call.returning else {
      return Typed(FoldConstants.fold(text.expression), text.type)
    }
    let type = try self.type(syntax)
    switch (type, call.outputEncoding) {
    case (.varchar, nil), (.char, nil): return try cast(text, type, false, syntax.offset)
    case (.varbinary, let encoding):
      let encoding = encoding ?? .utf8
      let bytes = ScalarFunction(
        name: "json_bytes", variant: encoding.rawValue, result: .varbinary
      ) { columns, _ in encoding.bytes(columns[0]) }
      return Typed(FoldConstants.fold(.call(bytes, [text.expression])), .varbinary)
    case (_, let encoding):
      let format = encoding.map { " ENCODING \($0.rawValue)" } ?? ""
      throw error(
        .typeMismatch, "Cannot output JSON value as \(type) using formatting JSON\(format)", offset,
        advice: encoding == nil
          ? "\(function) returns varchar, char or varbinary." : "ENCODING is for varbinary.")
    }
  }

  // MARK: JSON_ARRAY, JSON_OBJECT

  private mutating func jsonArray(
    _ call: JSONSyntax, _ scope: Scope, _ offset: Int
  ) throws -> Typed {
    var values: [Typed] = []
    var elements: [SQLJSONElement] = []
    for item in call.elements {
      let (typed, element) = try jsonElement(item, scope)
      values.append(typed)
      elements.append(element)
    }
    let keepsNulls = call.keepsNulls ?? false
    let function = ScalarFunction(
      name: "json_array",
      variant: "\(values.map(\.type)) \(elements.map(\.isJSON)) \(keepsNulls) null-tolerant",
      result: .varchar, isTotal: false
    ) { [elements] columns, count in
      try sqlJSONArray(columns, elements, keepsNulls: keepsNulls, count: count)
    }
    return try returned(
      Typed(.call(function, values.map(\.expression)), .varchar(nil)), call, "JSON_ARRAY", offset)
  }

  private mutating func jsonObject(
    _ call: JSONSyntax, _ scope: Scope, _ offset: Int
  ) throws -> Typed {
    var values: [Typed] = []
    var elements: [SQLJSONElement] = []
    for member in call.members {
      let key = try expression(member.key, scope)
      guard key.type.isText else {
        throw error(
          .typeMismatch, "JSON object keys must be texts: actual type \(key.type)",
          member.key.start)
      }
      values.append(Typed(try coerce(key, to: .varchar(nil), member.key.start), .varchar(nil)))
      let (typed, element) = try jsonElement(member.value, scope)
      values.append(typed)
      elements.append(element)
    }
    if call.hasUniqueKeys, call.members.contains(where: { $0.value.isJSON }) {
      throw error(
        .notSupported, "WITH UNIQUE KEYS behavior is not supported for JSON_OBJECT function when input expression has FORMAT",
        offset)
    }
    let keepsNulls = call.keepsNulls ?? true
    let isUnique = call.hasUniqueKeys
    let function = ScalarFunction(
      name: "json_object",
      variant:
        "\(values.map(\.type)) \(elements.map(\.isJSON)) \(keepsNulls) \(isUnique) null-tolerant",
      result: .varchar, isTotal: false
    ) { [elements] columns, count in
      try sqlJSONObject(
        columns, elements, keepsNulls: keepsNulls, isUnique: isUnique, count: count)
    }
    return try returned(
      Typed(.call(function, values.map(\.expression)), .varchar(nil)), call, "JSON_OBJECT", offset)
  }
}
