// Values as Trino's CLI prints them.

public import Columnar
import Kernels

extension TrinoType {
  /// A value as the CLI prints it.
  public func text(_ scalar: Scalar) -> String {
    if scalar.isNull { return "NULL" }
    switch (self, scalar) {
    case (.timestamp(let precision), _):
      guard let value = scalar.wholeNumber else { break }
      return Self.momentText(value, precision)
    case (.timestampWithTimeZone(let precision, let zone), _):
      guard let value = scalar.wholeNumber else { break }
      let unit: Int128 = precision <= 6 ? 1_000_000 : 1_000_000_000_000
      let micros =
        precision <= 6
        ? Int64(truncatingIfNeeded: value)
        : Int64(truncatingIfNeeded: value / 1_000_000)
      let offset = Int128(zone.offsetSeconds(atMicroseconds: micros))
      return Self.momentText(value + offset * unit, precision) + " " + zone.name
    case (.time(let precision), .integer(let value)):
      return timeText(value, precision: precision)
    case (.array(let element), .list(let items)):
      return "[" + items.map { element.text($0) }.joined(separator: ", ") + "]"
    case (.map(let key, let value), .map(let keys, let values)):
      let pairs = zip(keys, values).map { "\(key.text($0))=\(value.text($1))" }
      return "{" + pairs.joined(separator: ", ") + "}"
    case (.row(let fields), .row(let items)):
      let shown = zip(fields, items).map { field, item in
        (field.name.map { "\($0)=" } ?? "") + field.type.text(item)
      }
      return "{" + shown.joined(separator: ", ") + "}"
    default: break
    }
    return scalarText(scalar, storage)
  }

  private static func momentText(_ value: Int128, _ precision: Int) -> String {
    precision <= 6
      ? timestampText(Int64(truncatingIfNeeded: value), precision: precision)
      : timestampText(picoseconds: value, precision: precision)
  }
}
