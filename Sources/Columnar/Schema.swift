/// A named column of a schema.
public struct Field: Hashable, Sendable {
  public var name: String
  public var type: DataType
  public var isNullable: Bool

  public init(_ name: String, _ type: DataType, isNullable: Bool = true) {
    self.name = name
    self.type = type
    self.isNullable = isNullable
  }
}

/// An ordered list of fields. Names are compared without case, as SQL does.
public struct Schema: Hashable, Sendable {
  public var fields: [Field]

  public init(_ fields: [Field]) {
    self.fields = fields
  }

  public var count: Int { fields.count }

  public subscript(index: Int) -> Field { fields[index] }

  /// The position of a column, compared without case; nil where there is none.
  public func index(of name: String) -> Int? {
    if let exact = fields.firstIndex(where: { $0.name == name }) { return exact }
    let lowered = name.lowercased()
    return fields.firstIndex { $0.name.lowercased() == lowered }
  }

  /// The fields at `indices`, in that order.
  public func selecting(_ indices: [Int]) -> Schema {
    Schema(indices.map { fields[$0] })
  }
}
