// The path language of SQL/JSON: what a path means, as a tree.
//
// ```
// lax $.store.books[*]?(@.price > 10 && exists(@.author)).title
// ```
// A path gives a sequence of items. In `lax` mode arrays are taken apart where a step wants their
// elements, and what is missing is left out; in `strict` mode both are errors.

/// A parsed path of `JSON_EXISTS`, `JSON_VALUE` and `JSON_QUERY`.
public struct SQLJSONPath: Sendable, Hashable {
  /// What is called as `path.name()`.
  enum Method: String, Sendable, Hashable, CaseIterable {
    case double, ceiling, floor, abs, keyvalue, type, size
  }

  /// `[from]` or `[from to end]`.
  struct Subscript: Sendable, Hashable {
    var from: Node
    var end: Node?
  }

  indirect enum Node: Sendable, Hashable {
    /// `$`
    case context
    /// `@`, inside a filter.
    case item
    /// `last`, inside a subscript.
    case last
    /// `$name`
    case variable(String)
    case literal(SQLJSONItem)
    case member(Node, String)
    case everyMember(Node)
    /// `..name`
    case descendant(Node, String)
    case elements(Node, [Subscript])
    case everyElement(Node)
    case filter(Node, Predicate)
    case method(Node, Method)
    /// Of single numbers.
    case arithmetic(ArithmeticOperation, Node, Node)
    case negate(Node)
    case plus(Node)
  }

  indirect enum Predicate: Sendable, Hashable {
    case and(Predicate, Predicate)
    case or(Predicate, Predicate)
    case not(Predicate)
    case exists(Node)
    case compare(ComparisonOperation, Node, Node)
    case startsWith(Node, Node)
    case isUnknown(Predicate)
  }

  let isLax: Bool
  let root: Node
  /// The names after `$`, in the order of their first use.
  public let variables: [String]

  /// Throws `SQLJSONPathError` for what is no such path, or uses a part of the language that is not
  /// built.
  public init(_ text: String) throws {
    var parser = SQLJSONPathParser(text)
    self = try parser.path()
  }

  init(isLax: Bool, root: Node, variables: [String]) {
    self.isLax = isLax
    self.root = root
    self.variables = variables
  }
}

/// What is wrong with a path, and where.
public struct SQLJSONPathError: Error, Sendable, Equatable {
  /// What kind of mistake it is.
  public enum Kind: Sendable, Hashable {
    /// No text of the language.
    case syntax
    /// A variable where it means nothing.
    case meaning
    /// The language has it; this engine does not.
    case unsupported
  }

  public var message: String
  /// In code points, from 0, in the path's text.
  public var position: Int
  public var advice: String?
  public var kind = Kind.syntax
}
