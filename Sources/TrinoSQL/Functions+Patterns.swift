// Functions of regular expressions.

import Columnar
import Kernels
import QueryPlanning

extension FunctionCatalog {
  private static let text = TrinoType.varchar(nil)

  static let patternFunctions: [String: GenericFunction] = [
    "regexp_like": plain([text, text], to: .boolean) { a, _ in try regexpLike(a[0], a[1]) },
    "regexp_extract": plain([text, text, .bigint], required: 2, to: text) { a, _ in
      try regexpExtract(a[0], a[1], group: a.count > 2 ? a[2] : nil)
    },
    "regexp_extract_all": plain([text, text, .bigint], required: 2, to: .array(text)) { a, _ in
      try regexpExtractAll(a[0], a[1], group: a.count > 2 ? a[2] : nil)
    },
    "regexp_replace": plain([text, text, text], required: 2, to: text) { a, _ in
      try regexpReplace(a[0], a[1], a.count > 2 ? a[2] : nil)
    },
    "regexp_split": plain([text, text], to: .array(text)) { a, _ in try regexpSplit(a[0], a[1]) },
    "regexp_count": plain([text, text], to: .bigint) { a, _ in try regexpCount(a[0], a[1]) },
    "regexp_position": plain([text, text, .bigint, .bigint], required: 2, to: .integer) { a, _ in
      try regexpPosition(
        a[0], a[1], start: a.count > 2 ? a[2] : nil, occurrence: a.count > 3 ? a[3] : nil)
    },
  ]
}
