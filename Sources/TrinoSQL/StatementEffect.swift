// Whether a statement changes data, told from its text: what a journal of changes needs to know.

/// Tells statements that change tables from those that read.
public enum StatementEffect {
  /// True for INSERT, DELETE, UPDATE, MERGE, TRUNCATE, CALL and all DDL, also below EXPLAIN ANALYZE
  /// and EXECUTE IMMEDIATE; false for queries, SHOW, sessions and what cannot be read.
  ///
  /// `prepared` are the session's statements by name; an EXECUTE of another name counts as a change.
  public static func changesData(_ sql: String, prepared: [String: String] = [:]) -> Bool {
    guard let syntax = try? Parser.statement(SourceText(sql)) else { return false }
    return changesData(syntax, prepared)
  }

  static func changesData(
    _ syntax: StatementSyntax, _ prepared: [String: String] = [:]
  ) -> Bool {
    switch syntax {
    case .query, .explain, .use, .setSession, .resetSession, .setTimeZone, .prepare, .deallocate,
      .transaction, .describeInput, .describeOutput, .showCatalogs, .showSchemas, .showTables,
      .showColumns, .showCreate, .showFunctions, .showSession, .showStats, .showStatsFor:
      return false
    case .explainAnalyze(let inner, _): return changesData(inner, prepared)
    case .execute(let name, _):
      // One EXECUTE in another is not followed: it counts as a change.
      return prepared[name.key].map { changesData($0) } ?? true
    case .executeImmediate(let text, _, _): return changesData(text)
    default: return true
    }
  }
}
