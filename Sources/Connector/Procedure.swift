// What a catalog can be told besides queries and DDL: procedures that CALL runs, and properties that
// SET SESSION sets.

public import Columnar

/// A procedure of a catalog: `CALL lake.system.sync_partition_metadata('silver', 'events', 'ADD')`.
public struct Procedure: Sendable {
  /// What a call gives by its place, or by `name => value`.
  public struct Argument: Sendable, Hashable {
    /// In lower case.
    public var name: String
    public var type: DataType
    /// What a call that leaves it out means; nil where it has to be given.
    public var standard: Scalar?
    /// True where a call may give NULL.
    public var allowsNull: Bool

    public init(_ name: String, _ type: DataType, standard: Scalar? = nil, allowsNull: Bool = false) {
      self.name = name
      self.type = type
      self.standard = standard
      self.allowsNull = allowsNull
    }
  }

  /// In lower case.
  public var name: String
  /// Those that have to be given come first.
  public var arguments: [Argument]
  /// True where it is a table's own: its first two arguments are the schema's and the table's name, and
  /// `ALTER TABLE … EXECUTE` runs it with the others.
  public var isOfTable: Bool
  /// Runs to its end on the calling thread; gets one value an argument, of the argument's type.
  public var run: @Sendable ([Scalar]) throws -> Void

  public init(
    _ name: String, _ arguments: [Argument], isOfTable: Bool = false,
    run: @escaping @Sendable ([Scalar]) throws -> Void
  ) {
    self.name = name
    self.arguments = arguments
    self.isOfTable = isOfTable
    self.run = run
  }
}

/// A property of a catalog: `SET SESSION lake.insert_existing_partitions_behavior = 'OVERWRITE'`.
public struct CatalogProperty: Sendable, Hashable {
  /// In lower case, without the catalog's name.
  public var name: String
  /// The values it takes, in upper case.
  public var choices: [String]
  /// The value where the session sets none.
  public var standard: String
  /// What it decides, in a few words.
  public var description: String

  public init(_ name: String, choices: [String], standard: String, description: String) {
    self.name = name
    self.choices = choices
    self.standard = standard
    self.description = description
  }
}
