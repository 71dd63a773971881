// CALL and ALTER TABLE … EXECUTE: a procedure of a catalog with constants, by place or by name, as
// Trino takes them.

import Columnar
import Connector
import QueryPlanning

extension QueryEngine {
  /// Runs the procedure to its end; its answer has no rows.
  func call(
    _ parts: [Identifier],
    _ given: [(name: Identifier?, value: ExpressionSyntax)],
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> QueryResult {
    let procedure = try procedure(parts, analyzer)
    try procedure.run(Self.values(given, of: procedure, start, analyzer))
    return .done
  }

  /// ALTER TABLE … EXECUTE: one of the catalog's procedures over the table.
  func execute(
    _ procedure: Identifier,
    _ given: [(name: Identifier?, value: ExpressionSyntax)],
    on name: QualifiedName,
    of catalog: any WritableCatalog,
    _ analyzer: Analyzer
  ) throws {
    let known = try catalog.procedures(schema: "system").filter(\.isOfTable)
    guard var found = known.first(where: { $0.name == procedure.key }) else {
      throw analyzer.error(
        .procedureNotFound, "Table procedure not registered: \(procedure.text)", procedure.offset,
        suggestions: nearestNames(to: procedure.key, among: known.map(\.name)))
    }
    found.arguments = Array(found.arguments.dropFirst(2))
    let values = try Self.values(given, of: found, procedure.offset, analyzer)
    try found.run([.text(name.schema), .text(name.table)] + values)
  }

  /// One value an argument.
  private static func values(
    _ given: [(name: Identifier?, value: ExpressionSyntax)],
    of procedure: Procedure,
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> [Scalar] {
    var analyzer = analyzer
    let syntax = try matched(given, to: procedure, start, analyzer)
    return try procedure.arguments.map { argument in
      if let value = syntax[argument.name] {
        return try analyzer.constant(value, for: argument)
      }
      guard let standard = argument.standard else {
        throw analyzer.error(
          .invalidArguments, "Required procedure argument '\(argument.name)' is missing", start,
          advice: form(of: procedure))
      }
      return standard
    }
  }

  private func procedure(_ parts: [Identifier], _ analyzer: Analyzer) throws -> Procedure {
    let offset = parts.first?.offset ?? 0
    let name = try analyzer.qualify(parts)
    let known = try analyzer.catalog(name.catalog, offset).procedures(schema: name.schema)
    if let found = known.first(where: { $0.name == name.table }) { return found }
    throw analyzer.error(
      .procedureNotFound, "Procedure not registered: \(name.schema).\(name.table)", offset,
      suggestions: nearestNames(to: name.table, among: known.map(\.name)),
      advice: known.isEmpty
        ? "Catalog '\(name.catalog)' has no procedures in schema '\(name.schema)'." : nil)
  }

  /// What was given, by the names of the procedure's arguments.
  private static func matched(
    _ given: [(name: Identifier?, value: ExpressionSyntax)],
    to procedure: Procedure,
    _ start: Int,
    _ analyzer: Analyzer
  ) throws -> [String: ExpressionSyntax] {
    let named = given.filter { $0.name != nil }.count
    guard named == 0 || named == given.count else {
      throw analyzer.error(
        .invalidArguments, "Named and positional arguments cannot be mixed", start)
    }
    guard given.count <= procedure.arguments.count || named > 0 else {
      throw analyzer.error(
        .invalidArguments, "Too many arguments for procedure", start, advice: form(of: procedure))
    }
    var found: [String: ExpressionSyntax] = [:]
    for (index, item) in given.enumerated() {
      guard let name = item.name else {
        found[procedure.arguments[index].name] = item.value
        continue
      }
      guard found[name.key] == nil else {
        throw analyzer.error(
          .invalidArguments, "Duplicate procedure argument: \(name.text)", name.offset)
      }
      let names = procedure.arguments.map(\.name)
      guard names.contains(name.key) else {
        throw analyzer.error(
          .invalidArguments, "Unknown argument name: \(name.text)", name.offset,
          suggestions: nearestNames(to: name.key, among: names), advice: form(of: procedure))
      }
      found[name.key] = item.value
    }
    return found
  }

  private static func form(of procedure: Procedure) -> String {
    let arguments = procedure.arguments.map {
      $0.standard == nil ? $0.name : "[\($0.name)]"
    }
    return "Call it as \(procedure.name)(\(arguments.joined(separator: ", ")))."
  }
}

extension Analyzer {
  /// The value of an argument, converted as far as nothing is lost.
  fileprivate mutating func constant(
    _ syntax: ExpressionSyntax,
    for argument: Procedure.Argument
  ) throws -> Scalar {
    let value = try expression(syntax, Scope())
    let type = TrinoType(argument.type)
    guard TrinoType.coercionCost(value.type, type) != nil else {
      throw error(
        .typeMismatch, "Cannot cast type \(value.type) to \(type)", syntax.start,
        advice: "The procedure's argument \(argument.name) is of type \(type).")
    }
    guard let constant = Typed(try coerce(value, to: type, syntax.start), type).constant else {
      throw error(
        .expressionNotConstant, "The procedure's argument \(argument.name) must be a constant",
        syntax.start)
    }
    guard !constant.isNull || argument.allowsNull else {
      throw error(
        .invalidProcedureArgument, "\(argument.name) cannot be null", syntax.start)
    }
    return constant
  }
}
