// Whether a statement changes data, told from its text: what a journal of changes needs to know.

/// Tells statements that change tables from those that read.
public enum StatementEffect {
  /// True for INSERT, DELETE, UPDATE, MERGE, TRUNCATE, CALL and all DDL, also below EXPLAIN ANALYZE
  /// and EXECUTE IMMEDIATE; false for queries, SHOW, sessions and what cannot be read.
  public static func changesData(_ sql: String) -> Bool {
    guard let syntax = try? Parser.statement(SourceText(sql)) else { return false }
    return changesData(syntax)
  }

  private static func changesData(_ syntax: StatementSyntax) -> Bool {
    switch syntax {
    case .query, .explain, .use, .setSession, .resetSession, .setTimeZone, .prepare, .deallocate,
      .transaction, .describeInput, .describeOutput, .showCatalogs, .showSchemas, .showTables,
      .showColumns, .showCreate, .showFunctions, .showSession, .showStats, .showStatsFor:
      return false
    case .explainAnalyze(let inner, _): return changesData(inner)
    // What a prepared statement does is known only where it runs.
    default: return true
    }
  }
}
