// JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_ARRAY and JSON_OBJECT over columns.

public import Columnar

/// What a function of SQL/JSON found wrong.
public enum SQLJSONFault: String, Sendable, Hashable {
  /// The document is no JSON.
  case input
  /// The path cannot be evaluated for it.
  case path
  /// Several items where JSON_QUERY gives one.
  case output
  /// JSON_VALUE found no single value of its type.
  case value
}

/// An argument of a function that becomes JSON, or a value in a path.
public struct SQLJSONElement: Sendable {
  public var type: DataType
  /// The value is JSON itself: its type, or FORMAT JSON; else a value of SQL.
  public var isJSON: Bool
  /// Of bytes that are JSON.
  public var encoding: SQLJSONEncoding

  public init(type: DataType, isJSON: Bool, encoding: SQLJSONEncoding = .utf8) {
    self.type = type
    self.isJSON = isJSON
    self.encoding = encoding
  }

  /// Throws where what should be JSON is none.
  fileprivate func parsed(_ scalar: Scalar, _ what: String) throws -> JSONValue {
    guard let text = scalar.jsonText(encoding), let value = JSONValue(parsing: text) else {
      throw KernelError.json(.input, "conversion to JSON failed: \(what) is not JSON")
    }
    return value
  }
}

/// A path, and which argument column each of its variables means.
public struct SQLJSONQuery: Sendable {
  /// One `PASSING value AS name`.
  public struct Argument: Sendable {
    public var name: String
    public var element: SQLJSONElement

    public init(name: String, element: SQLJSONElement) {
      self.name = name
      self.element = element
    }
  }

  private let path: SQLJSONPath
  private let document: SQLJSONElement
  private let arguments: [Argument]

  /// The columns of a call are the document, then the arguments in this order.
  public init(_ path: SQLJSONPath, document: SQLJSONElement, arguments: [Argument]) {
    self.path = path
    self.document = document
    self.arguments = arguments
  }

  /// The items found in a row; nil for a NULL document.
  fileprivate func items(_ columns: [ColumnVector], _ row: Int) throws -> [SQLJSONItem]? {
    let input = columns[0].scalar(row)
    if input.isNull { return nil }
    let context = try document.parsed(input, "the input")
    var variables: [String: [SQLJSONItem]] = [:]
    for (index, argument) in arguments.enumerated() {
      let scalar = columns[index + 1].scalar(row)
      // A NULL of SQL is JSON's null; a NULL in place of JSON is no item.
      if argument.element.isJSON {
        variables[argument.name] =
          scalar.isNull
          ? [] : [.json(try argument.element.parsed(scalar, "the argument \(argument.name)"))]
      } else {
        variables[argument.name] = [
          scalar.isNull ? .json(.null) : .value(scalar, argument.element.type)
        ]
      }
    }
    do {
      return try SQLJSONPathEvaluator(path, context: context, variables: variables)
        .items(of: path.root)
    } catch let fault as SQLJSONPathFault {
      throw KernelError.json(.path, "path evaluation failed: \(fault.reason)")
    }
  }
}

extension SQLJSONQuery {
  /// `JSON_EXISTS`: whether the path finds an item. On an error `onError`, or NULL where it is nil and
  /// does not throw.
  public func exists(
    _ columns: [ColumnVector], count: Int, onError: Bool?, throwsOnError: Bool
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .boolean, capacity: count)
    for row in 0..<count {
      do {
        builder.append(try items(columns, row).map { !$0.isEmpty })
      } catch let error as KernelError {
        if throwsOnError { throw error }
        builder.append(onError)
      }
    }
    return builder.finish()
  }

  /// What JSON_VALUE or JSON_QUERY does instead of giving an item.
  public enum Action: Sendable, Hashable {
    case null
    case error
    /// JSON_QUERY's `EMPTY ARRAY`, `EMPTY OBJECT`; the text to give.
    case text(String)
    /// JSON_VALUE's DEFAULT, which stands elsewhere: NULL here.
    case elsewhere
  }

  /// How a row ended.
  public enum Outcome: Int8, Sendable {
    case found, empty, error
  }

  /// `JSON_VALUE`: the single scalar the path finds, as `type`. JSON's null is NULL.
  public func value(
    _ columns: [ColumnVector], count: Int, as type: DataType, onEmpty: Action, onError: Action
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: type, capacity: count)
    for row in 0..<count {
      do {
        guard let items = try items(columns, row) else {
          builder.appendNull()
          continue
        }
        if items.isEmpty {
          if onEmpty == .error { throw EmptySequence() }
          builder.appendNull()
        } else {
          builder.append(try Self.value(of: items, as: type))
        }
      } catch let error as KernelError {
        if onError == .error { throw error }
        builder.appendNull()
      } catch is EmptySequence {
        throw KernelError.json(
          .value, "cannot extract SQL scalar from JSON: JSON path found no items")
      }
    }
    return builder.finish()
  }

  /// ON EMPTY's own error is none for ON ERROR.
  private struct EmptySequence: Error {}

  private static func value(of items: [SQLJSONItem], as type: DataType) throws -> Scalar {
    func refused(_ why: String) -> KernelError {
      .json(.value, "cannot extract SQL scalar from JSON: \(why)")
    }
    guard items.count == 1 else { throw refused("JSON path found multiple items") }
    guard let (scalar, from) = try? items[0].sqlValue() else {
      throw refused("JSON path found an item that cannot be converted to an SQL value")
    }
    if scalar.isNull || from == type { return scalar }
    do {
      return try cast(ColumnVector(constant: scalar, type: from, count: 1), to: type).scalar(0)
    } catch is KernelError {
      throw refused(
        "Cannot cast value of type \(from) to declared return type of function JSON_VALUE: \(type)")
    }
  }

  /// How `value` ends for each row, as `Outcome`s of tinyint: what DEFAULT is chosen by.
  public func outcomes(_ columns: [ColumnVector], count: Int, as type: DataType) -> ColumnVector {
    let builder = ColumnBuilder(type: .tinyint, capacity: count)
    for row in 0..<count {
      var outcome = Outcome.found
      do {
        if let items = try items(columns, row) {
          if items.isEmpty { outcome = .empty } else { _ = try Self.value(of: items, as: type) }
        }
      } catch {
        outcome = .error
      }
      builder.append(.integer(Int64(outcome.rawValue)))
    }
    return builder.finish()
  }

  /// When JSON_QUERY puts its items into an array.
  public enum Wrapper: Sendable, Hashable {
    case never
    /// Unless there is one item, an array or an object.
    case conditional
    case always
  }

  /// `JSON_QUERY`: the item the path finds, as JSON text. `keepsQuotes` false: a text without its
  /// quotes.
  public func query(
    _ columns: [ColumnVector], count: Int, wrapper: Wrapper, keepsQuotes: Bool, onEmpty: Action,
    onError: Action
  ) throws -> ColumnVector {
    let builder = ColumnBuilder(type: .varchar, capacity: count)
    func act(_ action: Action, _ error: @autoclosure () -> KernelError) throws {
      switch action {
      case .error: throw error()
      case .text(let text): builder.append(text)
      case .null, .elsewhere: builder.appendNull()
      }
    }
    for row in 0..<count {
      let found: [SQLJSONItem]?
      do {
        found = try items(columns, row)
      } catch let error as KernelError {
        try act(onError, error)
        continue
      }
      guard let items = found else {
        builder.appendNull()
        continue
      }
      if items.isEmpty {
        try act(onEmpty, .json(.output, "conversion from JSON failed: JSON path found no items"))
        continue
      }
      var values: [JSONValue] = []
      do {
        values = try items.map(Self.json)
      } catch let error as KernelError {
        try act(onError, error)
        continue
      }
      let isPlain =
        switch (wrapper, values[0]) {
        case (.never, _): true
        case (.conditional, .array), (.conditional, .object): values.count == 1
        default: false
        }
      if isPlain, values.count > 1 {
        try act(
          onError, .json(.output, "conversion from JSON failed: JSON path found multiple items"))
        continue
      }
      let value = isPlain ? values[0] : .array(values)
      if case .string(let text) = value, !keepsQuotes {
        builder.append(text)
      } else {
        builder.append(value.text(isSorted: false))
      }
    }
    return builder.finish()
  }

  private static func json(of item: SQLJSONItem) throws -> JSONValue {
    guard let value = item.json else {
      throw KernelError.json(
        .output,
        "conversion from JSON failed: JSON path returned a scalar SQL value of type "
          + "\(item.typeName) that cannot be represented as JSON")
    }
    return value
  }
}

extension SQLJSONElement {
  /// A value of JSON_ARRAY and JSON_OBJECT.
  fileprivate func value(_ scalar: Scalar) throws -> JSONValue {
    if scalar.isNull { return .null }
    if isJSON { return try parsed(scalar, "the value").withReadNumbers }
    return SQLJSONItem.value(scalar, type).json ?? .string(scalarText(scalar, type))
  }
}

/// `JSON_ARRAY`: a column an element. `keepsNulls`: NULL is JSON's null, else it is left out.
public func sqlJSONArray(
  _ columns: [ColumnVector], _ elements: [SQLJSONElement], keepsNulls: Bool, count: Int
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .varchar, capacity: count)
  for row in 0..<count {
    var items: [JSONValue] = []
    for (column, element) in zip(columns, elements) {
      let scalar = column.scalar(row)
      if keepsNulls || !scalar.isNull { items.append(try element.value(scalar)) }
    }
    builder.append(JSONValue.array(items).text(isSorted: false))
  }
  return builder.finish()
}

/// `JSON_OBJECT`: columns are key, value, key, value …; `elements` are the values'. Members stay in
/// order. Throws for a NULL key, and with `isUnique` for one that comes twice.
public func sqlJSONObject(
  _ columns: [ColumnVector], _ elements: [SQLJSONElement], keepsNulls: Bool, isUnique: Bool,
  count: Int
) throws -> ColumnVector {
  let builder = ColumnBuilder(type: .varchar, capacity: count)
  for row in 0..<count {
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    for (index, element) in elements.enumerated() {
      guard case .text(let name) = columns[2 * index].scalar(row) else {
        throw KernelError.invalidArgument(
          "null value passed for JSON object key to JSON_OBJECT function")
      }
      let scalar = columns[2 * index + 1].scalar(row)
      if !keepsNulls, scalar.isNull { continue }
      guard names.insert(name).inserted || !isUnique else {
        throw KernelError.invalidArgument("duplicate key passed to JSON_OBJECT function")
      }
      members.append(JSONValue.Member(name: name, value: try element.value(scalar)))
    }
    builder.append(JSONValue.object(members).text(isSorted: false))
  }
  return builder.finish()
}
