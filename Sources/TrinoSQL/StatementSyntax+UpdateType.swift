extension StatementSyntax {
  /// What Trino's CLI prints where a statement has no rows to show; nil where it has.
  ///
  /// EXECUTE is named after what it runs.
  var updateType: String? {
    switch self {
    case .query, .explain, .explainAnalyze, .showCatalogs, .showSchemas, .showTables, .showColumns,
      .showCreate, .showFunctions, .showSession, .showStats, .showStatsFor, .describeInput,
      .describeOutput, .execute, .executeImmediate:
      nil
    case .createSchema: "CREATE SCHEMA"
    case .dropSchema: "DROP SCHEMA"
    case .renameSchema: "RENAME SCHEMA"
    case .createTable, .createTableAs: "CREATE TABLE"
    case .dropTable: "DROP TABLE"
    case .alterTable(_, let change, _): change.updateType
    case .truncate: "TRUNCATE TABLE"
    case .commentOn: "COMMENT"
    case .createView: "CREATE VIEW"
    case .dropView: "DROP VIEW"
    case .renameView: "RENAME VIEW"
    case .insert: "INSERT"
    case .delete: "DELETE"
    case .update: "UPDATE"
    case .merge: "MERGE"
    case .use: "USE"
    case .setSession: "SET SESSION"
    case .resetSession: "RESET SESSION"
    case .setTimeZone: "SET TIME ZONE"
    case .prepare: "PREPARE"
    case .deallocate: "DEALLOCATE"
    case .transaction(let word): word == "START" ? "START TRANSACTION" : word
    case .analyze: "ANALYZE"
    case .call: "CALL"
    }
  }
}

extension AlterTableSyntax {
  fileprivate var updateType: String {
    switch self {
    case .rename: "RENAME TABLE"
    case .addColumn: "ADD COLUMN"
    case .dropColumn: "DROP COLUMN"
    case .renameColumn: "RENAME COLUMN"
    case .setType: "SET COLUMN TYPE"
    case .setProperties: "SET PROPERTIES"
    case .execute: "ALTER TABLE EXECUTE"
    }
  }
}
