/// Names of functions to their overloads; each door fills its own.
///
/// The registry knows neither types nor coercion of a dialect: `Overload` is the door's.
public struct FunctionRegistry<Overload: Sendable>: Sendable {
  private var overloads: [String: [Overload]] = [:]

  public init() {}

  public mutating func add(_ name: String, _ overload: Overload) {
    overloads[name, default: []].append(overload)
  }

  /// The overloads of a name in lower case, in the order they were added.
  public subscript(name: String) -> [Overload] { overloads[name] ?? [] }

  public var names: [String] { overloads.keys.sorted() }
}

/// The names nearest to `name` by edit distance, at most three, nearest first.
public func nearestNames(to name: String, among candidates: [String]) -> [String] {
  let wanted = Array(name.lowercased().utf8.prefix(64))
  let limit = max(2, wanted.count / 3)
  var scored: [(distance: Int, name: String)] = []
  for candidate in Set(candidates) {
    let distance = editDistance(wanted, Array(candidate.lowercased().utf8.prefix(64)))
    if distance <= limit { scored.append((distance, candidate)) }
  }
  scored.sort { $0.distance == $1.distance ? $0.name < $1.name : $0.distance < $1.distance }
  return scored.prefix(3).map(\.name)
}

private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
  var previous = Array(0...b.count)
  var current = previous
  for (row, x) in a.enumerated() {
    current[0] = row + 1
    for (column, y) in b.enumerated() {
      current[column + 1] = min(
        previous[column] + (x == y ? 0 : 1),
        previous[column + 1] + 1,
        current[column] + 1
      )
    }
    swap(&previous, &current)
  }
  return previous[b.count]
}
