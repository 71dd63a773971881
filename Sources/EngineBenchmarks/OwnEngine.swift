// Our side: one statement over the Parquet files of a directory, through the Trino door.

import Columnar
package import Connector
import FileTables
import QueryExecution
import TrinoSQL

/// The engine over one catalog.
package struct OwnEngine: Sendable {
  private let engine: QueryEngine
  private let session: Session
  private let options: ExecutionOptions

  /// `threads` nil: one a core.
  package init(catalog: any CatalogProvider, threads: Int?) {
    engine = QueryEngine(catalogs: [catalog])
    session = Session(catalog: catalog.name, schema: "default", memoryBytesMax: 16 << 30)
    options = ExecutionOptions(workerCount: threads)
  }

  /// Over the Parquet files of a directory, each a table by its name.
  package init(directory: String, threads: Int?) {
    self.init(catalog: FileCatalog(directory: directory), threads: threads)
  }

  /// The answer, as Trino prints its values.
  package func rows(_ sql: String) throws -> AnswerRows {
    let result = try engine.execute(sql, session: session, options: options)
    return result.rows().map { row in
      row.enumerated().map { $0.element.isNull ? nil : result.text($0.element, column: $0.offset) }
    }
  }
}
