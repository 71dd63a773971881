// Texts measured and mapped: distances, characters, translation, bases.

/// How many insertions, deletions and substitutions make one text of the other.
public func levenshteinDistance(_ left: String, _ right: String) -> Int64 {
  let a = Array(left.unicodeScalars)
  let b = Array(right.unicodeScalars)
  var previous = Array(0...b.count)
  for (row, x) in a.enumerated() {
    var current = [row + 1]
    for (column, y) in b.enumerated() {
      current.append(
        min(previous[column] + (x == y ? 0 : 1), previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return Int64(previous[b.count])
}

/// Places in which two texts of one length differ; throws for different lengths.
public func hammingDistance(_ left: String, _ right: String) throws -> Int64 {
  let a = Array(left.unicodeScalars)
  let b = Array(right.unicodeScalars)
  guard a.count == b.count else {
    throw KernelError.invalidArgument("The input strings to hamming_distance function must have the same length")
  }
  return Int64(zip(a, b).count { $0 != $1 })
}

/// Each code point of `from` as the one at its place in `to`; without a place it is left out.
public func translated(_ text: String, from: String, to: String) -> String {
  let source = Array(from.unicodeScalars)
  let target = Array(to.unicodeScalars)
  var result = ""
  for scalar in text.unicodeScalars {
    if let place = source.firstIndex(of: scalar) {
      if place < target.count { result.unicodeScalars.append(target[place]) }
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// Without the code points of `characters` at the chosen ends.
public func trimmed(
  _ text: String, of characters: String, atStart: Bool, atEnd: Bool
) -> String {
  let set = Set(characters.unicodeScalars)
  var scalars = Array(text.unicodeScalars)[...]
  if atStart { scalars = scalars.drop { set.contains($0) } }
  if atEnd { while let last = scalars.last, set.contains(last) { scalars = scalars.dropLast() } }
  var result = ""
  for scalar in scalars { result.unicodeScalars.append(scalar) }
  return result
}

/// A whole number in another base, 2 to 36.
public func textInBase(_ value: Int64, _ radix: Int64) throws -> String {
  guard (2...36).contains(radix) else {
    throw KernelError.invalidArgument("Radix must be between 2 and 36")
  }
  return String(value, radix: Int(radix))
}

/// The number that a text says in another base.
public func numberInBase(_ text: String, _ radix: Int64) throws -> Int64 {
  guard (2...36).contains(radix) else {
    throw KernelError.invalidArgument("Radix must be between 2 and 36")
  }
  guard let value = Int64(text, radix: Int(radix)) else {
    throw KernelError.invalidArgument("Not a valid base-\(radix) number: \(text)")
  }
  return value
}

/// The bucket of `value` among `count` equal ones from `low` to `high`; 0 and `count` + 1 outside.
public func bucket(of value: Double, from low: Double, to high: Double, count: Int64) throws -> Int64
{
  guard count > 0 else { throw KernelError.invalidArgument("bucketCount must be greater than 0") }
  guard low != high else { throw KernelError.invalidArgument("bounds cannot equal each other") }
  let (lower, upper) = (min(low, high), max(low, high))
  let place: Int64
  if value < lower {
    place = 0
  } else if value >= upper {
    place = count + 1
  } else {
    place = Int64(Double(count) * (value - lower) / (upper - lower)) + 1
  }
  return low > high ? count - place + 1 : place
}
