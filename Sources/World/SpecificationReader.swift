import EventModel
import Simulation

/// One object of a specification, with the path that error messages name.
struct SpecificationReader {
  let value: JSONValue
  private let place: String
  private let path: String

  init(_ value: JSONValue, place: String, path: String = "") {
    self.value = value
    self.place = place
    self.path = path
  }

  subscript(key: String) -> SpecificationReader {
    get throws {
      guard let member = value[key] else { throw failure(key, "is missing") }
      return SpecificationReader(member, place: place, path: path + key + ".")
    }
  }

  func text(_ key: String) throws -> String {
    guard let text = value[key]?.string else { throw failure(key, "must be a text") }
    return text
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws -> Int {
    guard let integer = value[key]?.integer, range.contains(Int(integer)) else {
      throw failure(key, "must be a whole number in \(range.lowerBound)…\(range.upperBound)")
    }
    return Int(integer)
  }

  func integers(_ key: String, count: Int, _ range: ClosedRange<Int>) throws -> [Int] {
    let integers = value[key]?.array?.compactMap { $0.integer.map(Int.init) } ?? []
    guard integers.count == count, value[key]?.array?.count == count,
      integers.allSatisfy(range.contains)
    else {
      throw failure(
        key,
        "must be \(count) whole numbers in \(range.lowerBound)…\(range.upperBound)"
      )
    }
    return integers
  }

  func texts(_ key: String) throws -> [String] {
    let texts = value[key]?.array?.compactMap(\.string) ?? []
    guard !texts.isEmpty, texts.count == value[key]?.array?.count else {
      throw failure(key, "must be a list of texts")
    }
    return texts
  }

  func list(_ key: String) throws -> [SpecificationReader] {
    guard let elements = value[key]?.array, !elements.isEmpty else {
      throw failure(key, "must be a list")
    }
    return elements.indices.map {
      SpecificationReader(elements[$0], place: place, path: "\(path)\(key)[\($0)].")
    }
  }

  func names(_ key: String) throws -> NameTable {
    let list = try list(key)
    return NameTable(
      names: try list.map { try $0.text("name") },
      weights: try list.map { try $0.integer("weight", 1...1_000_000) }
    )
  }

  func spans(_ key: String) throws -> ([WorldSpecification.Span], WeightTable) {
    let list = try list(key)
    let spans = try list.map { span in
      let from = try span.integer("from", 0...100_000_000)
      return WorldSpecification.Span(from: from, to: try span.integer("to", from...100_000_000))
    }
    return (spans, WeightTable(try list.map { try $0.integer("weight", 1...1_000_000) }))
  }

  /// True where the object has the key.
  func has(_ key: String) -> Bool { value[key] != nil }

  /// The keys of the object.
  var keys: [String] { value.object?.map(\.key) ?? [] }

  /// A whole number; `fallback` where the key is absent.
  func integer(_ key: String, _ range: ClosedRange<Int>, fallback: Int) throws -> Int {
    has(key) ? try integer(key, range) : fallback
  }

  /// Whole numbers, as many as there are but at least one.
  func integers(_ key: String, _ range: ClosedRange<Int>) throws -> [Int] {
    try integers(key, count: max(1, value[key]?.array?.count ?? 1), range)
  }

  /// A table of names; `fallback` where the key is absent.
  func names(_ key: String, fallback: NameTable) throws -> NameTable {
    has(key) ? try names(key) : fallback
  }

  func dates(_ key: String) throws -> Set<CivilDate> {
    guard has(key) else { return [] }
    let texts = try texts(key)
    let dates = texts.compactMap { CivilDate($0) }
    guard dates.count == texts.count else { throw failure(key, "must be dates such as 2024-02-09") }
    return Set(dates)
  }

  func failure(_ key: String, _ message: String) -> WorldError {
    WorldError(
      "spec.value",
      "\(path)\(key) \(message)",
      place: place,
      advice: "Correct the value in the specification."
    )
  }
}
