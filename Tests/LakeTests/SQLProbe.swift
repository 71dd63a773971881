import QueryExecution
import TrinoSQL

/// A session of SQL, and what it answers as texts.
final class SQLProbe {
  private let engine: QueryEngine
  private var session: Session

  init(_ engine: QueryEngine, _ session: Session) {
    self.engine = engine
    self.session = session
  }

  /// Runs a statement; its rows as Trino's CLI prints them, columns joined by `|`.
  func sql(
    _ statement: String, options: ExecutionOptions = ExecutionOptions()
  ) throws -> [String] {
    let result = try engine.execute(statement, session: session, options: options)
    for change in result.sessionChanges { session.apply(change) }
    return result.rows().map { row in
      row.enumerated().map { result.text($1, column: $0) }.joined(separator: "|")
    }
  }

  /// The error of a statement that must fail, as `NAME: message`.
  func refusal(_ statement: String) -> String {
    do {
      return "no error: \(try sql(statement))"
    } catch let error as TrinoSQLError {
      return "\(error.name.rawValue): \(error.text)"
    } catch {
      return "\(error)"
    }
  }
}
