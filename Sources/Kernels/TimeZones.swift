// Zones of fixed offset, and named ones from the system's time-zone files.

/// The seconds east of UTC of `+09:00`, `-3`, `Z` or `UTC`; nil for names.
public func fixedZoneOffset(_ text: String) -> Int? {
  switch text.lowercased() {
  case "utc", "z", "gmt", "ut", "etc/utc", "zulu", "uct", "etc/gmt": return 0
  default: break
  }
  let bytes = Array(text.utf8)
  guard let first = bytes.first, first == 0x2B || first == 0x2D else { return nil }
  let parts = text.dropFirst().split(separator: ":", omittingEmptySubsequences: false)
  guard parts.count <= 2, let hours = Int(parts[0]), parts[0].count <= 2, hours <= 14 else {
    return nil
  }
  var minutes = 0
  if parts.count == 2 {
    guard parts[1].count == 2, let value = Int(parts[1]), value < 60 else { return nil }
    minutes = value
  }
  let total = (hours * 60 + minutes) * 60
  guard total <= 14 * 3_600 else { return nil }
  return first == 0x2D ? -total : total
}

/// A wall clock with its zone as the UTC moment; nil where the zone is not known.
func zonedMoment(_ moment: ParsedMoment, _ zoneText: String) -> ParsedMoment? {
  guard let offset = fixedZoneOffset(zoneText) else { return nil }
  var result = moment
  result.picoseconds -= Int128(offset) * 1_000_000_000_000
  result.zoneText = nil
  return result
}
