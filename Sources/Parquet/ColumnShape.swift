// How the leaves below a column become its lists, maps and rows.
//
// Writers name and nest lists in several ways; the rules that tell them apart are the format's own
// (LogicalTypes.md, "Backward-compatibility rules"). Whatever is repeated without an annotation is a
// list of what it holds.

import Columnar

/// The levels that tell where a list begins and has elements.
struct ListLevels: Sendable {
  /// From here on the list is there, perhaps empty.
  var definition: Int
  /// From here on it has an element.
  var elementDefinition: Int
  /// An entry of this level goes on with the list.
  var repetition: Int
}

/// A column as a tree over its leaves.
indirect enum ColumnShape: Sendable {
  /// By position among the column's leaves.
  case leaf(Int)
  /// A row; from `definition` on it is there.
  case row([ColumnShape], type: DataType, definition: Int)
  case list(ColumnShape, type: DataType, ListLevels)
  case map(ColumnShape, ColumnShape, type: DataType, ListLevels)

  /// The first leaf below.
  var firstLeaf: Int {
    switch self {
    case .leaf(let leaf): leaf
    case .row(let fields, _, _): fields.first?.firstLeaf ?? 0
    case .list(let element, _, _): element.firstLeaf
    case .map(let key, _, _, _): key.firstLeaf
    }
  }
}

/// Walks a column's part of the schema.
struct ColumnShaper {
  /// Why a column cannot be read.
  struct Omission: Error {
    var reason: String
  }

  let leaves: [SchemaLeaf]
  private var found: [ReadableColumn] = []

  init(leaves: [SchemaLeaf]) {
    self.leaves = leaves
  }

  /// Where in the levels a node stands.
  private struct Place {
    var definition = 0
    var repetition = 0
    /// See `ReadableColumn.slotDefinition`.
    var slot = 0
  }

  /// - Throws: `Omission` where some part of the column cannot be read.
  mutating func column(_ node: SchemaNode) throws -> FileColumn {
    var (shape, type) = try build(node, Place())
    if !type.isNested { shape = .leaf(0) }
    for index in found.indices { found[index].isNested = type.isNested }
    return FileColumn(
      field: Field(node.name, type, isNullable: node.repetition == 1),
      fieldID: node.fieldID,
      shape: shape,
      leaves: found
    )
  }

  /// A node with its own repetition.
  private mutating func build(
    _ node: SchemaNode,
    _ parent: Place
  ) throws -> (ColumnShape, DataType) {
    var place = parent
    if node.repetition > 0 { place.definition += 1 }
    guard node.repetition == 2 else { return try content(node, place) }
    place.repetition += 1
    place.slot = place.definition
    let (element, type) = try content(node, place)
    let levels = ListLevels(
      definition: parent.definition,
      elementDefinition: place.definition,
      repetition: place.repetition
    )
    return (.list(element, type: .array(type), levels), .array(type))
  }

  /// A node of which `place` says where it is there.
  private mutating func content(
    _ node: SchemaNode,
    _ place: Place
  ) throws -> (ColumnShape, DataType) {
    if let leaf = node.leaf { return try self.leaf(leaf, place) }
    switch node.annotation {
    case .list: return try list(node, place)
    case .map: return try map(node, place)
    default: return try row(node, place)
    }
  }

  private mutating func leaf(_ number: Int, _ place: Place) throws -> (ColumnShape, DataType) {
    let leaf = leaves[number]
    switch ReadableColumn.meaning(of: leaf) {
    case .omitted(let reason): throw Omission(reason: reason)
    case .readable(let type, let conversion):
      found.append(
        ReadableColumn(
          type: type,
          leaf: number,
          path: leaf.path.joined(separator: "."),
          physical: leaf.type,
          typeLength: leaf.typeLength,
          maxDefinition: leaf.maxDefinition,
          maxRepetition: leaf.maxRepetition,
          slotDefinition: place.slot,
          conversion: conversion
        )
      )
      return (.leaf(found.count - 1), type)
    }
  }

  private mutating func row(_ node: SchemaNode, _ place: Place) throws -> (ColumnShape, DataType) {
    guard !node.children.isEmpty else { throw Omission(reason: "a row without fields") }
    var fields: [Field] = []
    var shapes: [ColumnShape] = []
    for child in node.children {
      let (shape, type) = try build(child, place)
      fields.append(Field(child.name, type, isNullable: child.repetition == 1))
      shapes.append(shape)
    }
    return (.row(shapes, type: .row(fields), definition: place.definition), .row(fields))
  }

  private mutating func list(
    _ node: SchemaNode,
    _ place: Place
  ) throws -> (ColumnShape, DataType) {
    guard node.children.count == 1, let repeated = node.children.first, repeated.repetition == 2
    else { throw Omission(reason: "a list without a repeated field") }
    let (inner, levels) = Self.inside(place)
    let element: (ColumnShape, DataType)
    let isElement =
      repeated.children.count != 1 || repeated.name == "array"
      || repeated.name == node.name + "_tuple" || repeated.children[0].repetition == 2
    if isElement {
      element = try content(repeated, inner)
    } else {
      element = try build(repeated.children[0], inner)
    }
    return (.list(element.0, type: .array(element.1), levels), .array(element.1))
  }

  private mutating func map(_ node: SchemaNode, _ place: Place) throws -> (ColumnShape, DataType) {
    guard node.children.count == 1, let entry = node.children.first, entry.repetition == 2,
      entry.children.count == 2
    else { throw Omission(reason: "a map without keys and values") }
    let (inner, levels) = Self.inside(place)
    let key = try build(entry.children[0], inner)
    let value = try build(entry.children[1], inner)
    let type = DataType.map(key: key.1, value: value.1)
    return (.map(key.0, value.0, type: type, levels), type)
  }

  private static func inside(_ place: Place) -> (Place, ListLevels) {
    let inner = Place(
      definition: place.definition + 1,
      repetition: place.repetition + 1,
      slot: place.definition + 1
    )
    let levels = ListLevels(
      definition: place.definition,
      elementDefinition: inner.definition,
      repetition: inner.repetition
    )
    return (inner, levels)
  }
}
