// The node that brings rows of two inputs together, in all of its kinds.

public import Columnar

/// Which rows a join gives; the raw value is the name in plans.
public enum JoinKind: String, Sendable, Hashable {
  case inner = "InnerJoin"
  case left = "LeftJoin"
  case right = "RightJoin"
  case full = "FullJoin"
  case cross = "CrossJoin"
  /// Left rows that have a match, once.
  case semi = "SemiJoin"
  /// Left rows that have none: NOT EXISTS. A NULL key has no match, so its row stays.
  case anti = "AntiJoin"
  /// All left rows, once, and a boolean column that tells whether there is a match.
  case mark = "MarkJoin"

  /// The left columns alone, or with the mark; the right ones are not given.
  public var isLeftOnly: Bool { self == .semi || self == .anti || self == .mark }
}

/// One equality `left = right` of a join.
public struct JoinKey: Sendable, Hashable {
  /// Over the left input.
  public var left: Expression
  /// Over the right input, of the same type.
  public var right: Expression
  /// `IS NOT DISTINCT FROM`: NULL matches NULL. Else a NULL on either side matches nothing.
  public var matchesNulls: Bool

  public init(left: Expression, right: Expression, matchesNulls: Bool = false) {
    self.left = left
    self.right = right
    self.matchesNulls = matchesNulls
  }

  func mapping(_ change: (Expression) throws -> Expression) rethrows -> JoinKey {
    JoinKey(left: try change(left), right: try change(right), matchesNulls: matchesNulls)
  }
}

/// How the rows of a join's sides meet when they are spread over threads or workers.
public enum JoinDistribution: String, Sendable, Hashable {
  /// Both sides are spread by the keys.
  case partitioned = "PARTITIONED"
  /// Each worker has the whole right side.
  case replicated = "REPLICATED"
}

/// Pairs of rows for which all keys are equal and `residual` is true.
///
/// The right side is the one a hash join keeps in memory. Columns: left, then right; a semi or anti
/// join gives the left ones, a mark join the left ones and `mark`. Pairs that match a left row are
/// in any order; left rows keep theirs.
///
/// A mark join's column: the right rows for which the keys are equal and `residual` is true are the
/// row's set. Without `membership` the mark is whether the set is not empty, and never NULL. With it
/// the mark is `(membership's left sides) IN (set of its right sides)` in three-valued logic. A row
/// of the set is equal where all its columns are; it differs where one column does; else, where a
/// NULL stands in the way, that is unknown. True where a row of the set is equal; else NULL where
/// one is unknown; else false. Semi and anti joins have no `membership`.
public struct Join: Sendable {
  public var kind: JoinKind
  public var left: LogicalPlan
  public var right: LogicalPlan
  public var keys: [JoinKey]
  public var membership: [JoinKey]
  /// Over the left columns, then the right ones, whatever the kind gives.
  public var residual: Expression?
  /// nil: not decided.
  public var distribution: JoinDistribution?
  /// What `DynamicFilter`s name it by; nil where no scan waits for its build side.
  public var dynamicFilterID: Int?

  public init(
    _ kind: JoinKind,
    _ left: LogicalPlan,
    _ right: LogicalPlan,
    keys: [JoinKey] = [],
    membership: [JoinKey] = [],
    residual: Expression? = nil
  ) {
    self.kind = kind
    self.left = left
    self.right = right
    self.keys = keys
    self.membership = membership
    self.residual = residual
  }

  public var schema: Schema {
    switch kind {
    case .semi, .anti: left.schema
    case .mark: Schema(left.schema.fields + [Field("mark", .boolean)])
    default: Schema(left.schema.fields + right.schema.fields)
    }
  }
}

/// For each left row, the right side's rows with the arguments of that row.
public struct LateralJoin: Sendable {
  /// `inner` or `left`.
  public var kind: JoinKind
  public var left: LogicalPlan
  /// Its plan reads `arguments` as parameters.
  public var right: Subquery
  /// Over the left columns.
  public var arguments: [Expression]
  /// Over the left columns, then the right ones; nil is true.
  public var condition: Expression?

  public init(
    _ kind: JoinKind,
    _ left: LogicalPlan,
    _ right: Subquery,
    arguments: [Expression],
    condition: Expression? = nil
  ) {
    self.kind = kind
    self.left = left
    self.right = right
    self.arguments = arguments
    self.condition = condition
  }
}

/// INTERSECT and EXCEPT. NULLs are equal to each other.
public struct SetOperation: Sendable {
  /// The raw value is the name in plans.
  public enum Kind: String, Sendable, Hashable {
    case intersect = "Intersect"
    case except = "Except"
  }

  public var kind: Kind
  /// DISTINCT: each row once. Else a row that is `l` times in the left input and `r` times in the
  /// right one comes `min(l, r)` times (intersect) or `max(0, l - r)` times (except).
  public var isDistinct: Bool
  public var left: LogicalPlan
  public var right: LogicalPlan

  public init(_ kind: Kind, isDistinct: Bool, _ left: LogicalPlan, _ right: LogicalPlan) {
    self.kind = kind
    self.isDistinct = isDistinct
    self.left = left
    self.right = right
  }
}
