// Casts between JSON texts and SQL values.

import Columnar

func cast(json source: ColumnVector, to type: DataType, isLenient: Bool) throws -> ColumnVector {
  if case .varchar = type { return source.retyped(type) }
  throw KernelError.notSupported("a cast from json to \(type)")
}

func castToJSON(_ source: ColumnVector) throws -> ColumnVector {
  throw KernelError.notSupported("a cast from \(source.type) to json")
}
