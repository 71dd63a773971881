// From the footer's flat list of schema elements to a tree, and from the tree to columns.
//
// A file holds one column chunk per leaf and row group, so leaves are numbered in the order of the
// tree. Every child of the root becomes a column of `ParquetFile.schema`; `ColumnShape` says how the
// leaves below it become lists, maps and rows.

import Codecs
import Columnar

/// A column of a file that is left out of its schema, and why.
public struct ParquetOmittedColumn: Hashable, Sendable {
  public var name: String
  /// What it is, such as `interval` or `decimal(76,2)`.
  public var reason: String
}

/// A node of a file's schema.
struct SchemaNode: Sendable {
  var name: String
  /// 0 required, 1 optional, 2 repeated.
  var repetition: Int
  var annotation: LogicalAnnotation?
  var fieldID: Int?
  var children: [SchemaNode]
  /// Its number among the leaves; nil for a group.
  var leaf: Int?
}

extension SchemaNode {
  /// The node without the children below it that `paths` names; `path` is its own. Leaves keep their
  /// numbers.
  fileprivate func without(_ paths: Set<String>, path: String) -> SchemaNode {
    var node = self
    node.children = children.compactMap { child in
      let childPath = path + "." + child.name
      return paths.contains(childPath) ? nil : child.without(paths, path: childPath)
    }
    return node
  }
}

/// A node that has a column chunk in each row group.
struct SchemaLeaf: Sendable {
  var path: [String]
  var type: PhysicalType
  var typeLength: Int
  var annotation: LogicalAnnotation?
  var maxDefinition: Int
  var maxRepetition: Int
}

/// How the values of a leaf become the values of a column.
enum ValueConversion: Sendable, Equatable {
  case boolean
  /// Four bytes as they are.
  case copy4
  /// Eight bytes as they are.
  case copy8
  case int32ToInt8
  case int32ToInt16
  case int32ToInt64
  case uint32ToInt64
  case uint64ToInt128
  /// Times of day to picoseconds.
  case millis32ToPicos
  case microsToPicos
  case nanosToPicos
  /// Timestamps to microseconds, or to picoseconds of 128 bits.
  case millisToMicros
  case nanosToWidePicos
  case int96ToMicros
  /// Big-endian two's complement of a fixed width, to 64 or 128 bits.
  case fixedDecimal(width: Int)
  case fixedWideDecimal(width: Int)
  case byteArrayDecimal
  case byteArrayWideDecimal
  /// Sixteen bytes, big-endian.
  case uuid
  /// Text or bytes of their own length.
  case bytes
  case fixedBytes(width: Int)

  var isText: Bool {
    switch self {
    case .bytes, .fixedBytes: true
    default: false
    }
  }
}

/// A leaf that is read: a column, or a part of one.
struct ReadableColumn: Sendable {
  var type: DataType
  var leaf: Int
  /// Names from the root to the leaf, with dots.
  var path: String
  var physical: PhysicalType
  var typeLength: Int
  var maxDefinition: Int
  var maxRepetition: Int
  /// The definition level from which on the innermost list around the leaf has an element; 0 where
  /// there is no list.
  var slotDefinition = 0
  var conversion: ValueConversion
  /// True for a part of a list, map or row.
  var isNested = false

  var isRepeated: Bool { maxRepetition > 0 }
  /// Bits of a level.
  var definitionWidth: Int { BitPacking.width(of: UInt32(maxDefinition)) }
  var repetitionWidth: Int { BitPacking.width(of: UInt32(maxRepetition)) }
}

/// A column of a file with its leaves.
struct FileColumn: Sendable {
  var field: Field
  var fieldID: Int?
  var shape: ColumnShape
  /// One for a scalar column.
  var leaves: [ReadableColumn]

  /// The leaf of a scalar column; nil for a nested one.
  var scalar: ReadableColumn? { field.type.isNested ? nil : leaves.first }
}

/// The schema of a file in all its forms.
struct FileSchema: Sendable {
  var root: SchemaNode
  var leaves: [SchemaLeaf]
  var columns: [FileColumn]
  var omitted: [ParquetOmittedColumn]

  init(_ elements: [SchemaElement], leavingOut: Set<String> = [], place: FilePlace) throws {
    var builder = TreeBuilder(elements: elements, place: place)
    root = try builder.next(path: [], definition: 0, repetition: 0, depth: 0)
    guard builder.position == elements.count, root.leaf == nil else {
      throw place.error(.corrupt, at: 0, "the schema is not one tree")
    }
    leaves = builder.leaves
    columns = []
    omitted = []
    for child in root.children {
      var shaper = ColumnShaper(leaves: leaves)
      do {
        let wanted = leavingOut.isEmpty ? child : child.without(leavingOut, path: child.name)
        columns.append(try shaper.column(wanted))
      } catch let omission as ColumnShaper.Omission {
        omitted.append(ParquetOmittedColumn(name: child.name, reason: omission.reason))
      }
    }
  }

  private struct TreeBuilder {
    let elements: [SchemaElement]
    let place: FilePlace
    var position = 0
    var leaves: [SchemaLeaf] = []

    mutating func next(
      path: [String],
      definition: Int,
      repetition: Int,
      depth: Int
    ) throws -> SchemaNode {
      guard position < elements.count, depth <= 64 else {
        throw place.error(.corrupt, at: 0, "the schema's tree does not end")
      }
      let element = elements[position]
      position += 1
      let isRoot = depth == 0
      let definition = definition + (isRoot || element.repetition == 0 ? 0 : 1)
      let repetition = repetition + (!isRoot && element.repetition == 2 ? 1 : 0)
      let path = isRoot ? [] : path + [element.name]
      var node = SchemaNode(
        name: element.name,
        repetition: isRoot ? 0 : element.repetition,
        annotation: element.annotation,
        fieldID: element.fieldID,
        children: [],
        leaf: nil
      )
      if let type = element.type, !isRoot {
        guard element.childCount == 0 else {
          throw place.error(.corrupt, at: 0, "column \(element.name) has a type and children")
        }
        node.leaf = leaves.count
        leaves.append(
          SchemaLeaf(
            path: path,
            type: type,
            typeLength: element.typeLength,
            annotation: element.annotation,
            maxDefinition: definition,
            maxRepetition: repetition
          )
        )
        return node
      }
      guard element.childCount <= elements.count - position else {
        throw place.error(.corrupt, at: 0, "group \(element.name) has too many children")
      }
      for _ in 0..<element.childCount {
        node.children.append(
          try next(path: path, definition: definition, repetition: repetition, depth: depth + 1)
        )
      }
      return node
    }
  }
}

extension ReadableColumn {
  enum Meaning {
    case readable(DataType, ValueConversion)
    case omitted(String)
  }

  /// The column type and the way to it for a leaf's physical type and annotation.
  static func meaning(of leaf: SchemaLeaf) -> Meaning {
    if case .decimal(let precision, let scale) = leaf.annotation {
      return decimalMeaning(of: leaf, precision: precision, scale: scale)
    }
    switch leaf.type {
    case .boolean: return .readable(.boolean, .boolean)
    case .int32:
      switch leaf.annotation {
      case .date: return .readable(.date, .copy4)
      case .time(.millis): return .readable(.time(precision: 3), .millis32ToPicos)
      case .time: return .omitted("a time that is no millisecond")
      case .integer(8, isSigned: true): return .readable(.tinyint, .int32ToInt8)
      case .integer(16, isSigned: true), .integer(8, isSigned: false):
        return .readable(.smallint, .int32ToInt16)
      case .integer(32, isSigned: false): return .readable(.bigint, .uint32ToInt64)
      default: return .readable(.integer, .copy4)
      }
    case .int64:
      switch leaf.annotation {
      case .timestamp(let isAdjusted, let unit):
        let (precision, conversion): (Int, ValueConversion) =
          switch unit {
          case .millis: (3, .millisToMicros)
          case .micros: (6, .copy8)
          case .nanos: (9, .nanosToWidePicos)
          }
        return .readable(
          isAdjusted
            ? .timestampWithTimeZone(precision: precision) : .timestamp(precision: precision),
          conversion
        )
      case .time(.micros): return .readable(.time(precision: 6), .microsToPicos)
      case .time(.nanos): return .readable(.time(precision: 9), .nanosToPicos)
      case .time(.millis): return .omitted("a time of milliseconds in 64 bits")
      case .integer(_, isSigned: false):
        return .readable(.decimal(precision: 20, scale: 0), .uint64ToInt128)
      default: return .readable(.bigint, .copy8)
      }
    case .int96: return .readable(.timestampWithTimeZone, .int96ToMicros)
    case .float: return .readable(.real, .copy4)
    case .double: return .readable(.double, .copy8)
    case .byteArray:
      switch leaf.annotation {
      case .string: return .readable(.varchar, .bytes)
      case .json: return .readable(.json, .bytes)
      case nil, .bson: return .readable(.varbinary, .bytes)
      default: return .omitted("an annotation that is not read")
      }
    case .fixedLengthByteArray:
      guard leaf.typeLength > 0, leaf.typeLength <= 65_536 else {
        return .omitted("a width of \(leaf.typeLength)")
      }
      switch leaf.annotation {
      case .uuid where leaf.typeLength == 16: return .readable(.uuid, .uuid)
      case nil: return .readable(.varbinary, .fixedBytes(width: leaf.typeLength))
      default: return .omitted("an annotation that is not read")
      }
    }
  }

  private static func decimalMeaning(
    of leaf: SchemaLeaf,
    precision: Int,
    scale: Int
  ) -> Meaning {
    guard precision >= 1, precision <= DataType.decimalPrecisionMax, scale >= 0,
      scale <= precision
    else { return .omitted("decimal(\(precision),\(scale))") }
    let type = DataType.decimal(precision: precision, scale: scale)
    let isWide = precision > DataType.shortDecimalPrecisionMax
    switch leaf.type {
    case .int32 where !isWide: return .readable(type, .int32ToInt64)
    case .int64 where !isWide: return .readable(type, .copy8)
    case .byteArray: return .readable(type, isWide ? .byteArrayWideDecimal : .byteArrayDecimal)
    case .fixedLengthByteArray where leaf.typeLength >= 1 && leaf.typeLength <= 64:
      let width = leaf.typeLength
      return .readable(
        type, isWide ? .fixedWideDecimal(width: width) : .fixedDecimal(width: width))
    default: return .omitted("decimal(\(precision),\(scale)) in an unknown form")
    }
  }
}
