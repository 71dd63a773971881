internal import Course
internal import EventModel
internal import Foundation
internal import ObjectStorage
internal import Platform
internal import Simulation
internal import Terminal

// `cost`: what the buckets would cost at S3's prices. Quantities are those that were recorded; prices are the
// learner's assumptions.
extension Shell {
  private static let monthsMax = 120

  /// `cost`, `cost --months 36`, `cost --plan`.
  func cost(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["plan"])
    try arguments.allowOnly("months", "plan")
    guard arguments.positions.isEmpty, arguments.pairs.isEmpty else {
      throw CommandError(.missingArgument, ["command": "cost", "usage": text("help.cost.usage")])
    }
    var missing: String?
    guard let prices = ObjectPrices(try worksheetBook.assumptions(), missing: &missing) else {
      throw noSuch(
        .noSuchAssumption, missing ?? "",
        among: try content.course.assumptions().map(\.id))
    }
    if arguments.options["plan"] != nil { return try costOfPlan(prices) }
    guard let months = try arguments.integer("months", in: 1...Shell.monthsMax) else {
      return try costNow(prices)
    }
    return try costForecast(months, prices)
  }

  /// Dollars as far as they say something: two places, or three figures of what is less than a cent.
  func dollars(_ value: Double) -> String {
    if value == 0 { return "0" }
    if value >= 0.1 { return NumberText.decimal(value, places: 2) }
    var places = 3
    var least = 0.01
    while value < least, places < 9 {
      least /= 10
      places += 1
    }
    let text = NumberText.decimal(value, places: places)
    return Double(text) == 0 ? "< 0.000000001" : text
  }

  private func priceText(_ value: Double) -> String { NumberText.decimal(value, places: 5) }

  /// `assume list` shows them all; this says from when the prices are.
  func priceNote(_ prices: ObjectPrices) -> Reply.Block {
    let dates = Set(prices.used.map(\.date)).sorted()
    return .text(
      text(
        "cost.prices",
        ["date": text("assume.date", ["date": dates.joined(separator: ", ")])]))
  }

  // MARK: What was recorded

  private struct CostLine {
    var item: String
    var quantity: String
    var price: Double
    var usd: Double
    var data: JSONValue
  }

  private func costNow(_ prices: ObjectPrices) throws -> Reply {
    let platform = try platform()
    var storage: [CostLine] = []
    for entry in try platform.buckets.list() {
      for usage in try platform.buckets.bucket(entry.name).usage() {
        let usd = prices.storage(usage.storageClass, bytes: Double(usage.bytes))
        let place = "\(entry.name)/\(usage.prefix)"
        let name = usage.kind == .current ? place : place + " (\(usage.kind.rawValue))"
        storage.append(
          CostLine(
            item: name + " " + usage.storageClass.rawValue,
            quantity: NumberText.bytes(Int64(usage.bytes)),
            price: prices.storage(usage.storageClass), usd: usd,
            data: .record([
              "bucket": .string(entry.name), "prefix": .string(usage.prefix),
              "layer": .string(Platform.layer(of: usage.prefix, in: entry.name)),
              "storage_class": .string(usage.storageClass.rawValue),
              "kind": .string(usage.kind.rawValue), "bytes": .count(usage.bytes),
              "usd_per_month": .double(usd),
            ])))
      }
    }
    let recorded = try recordedRequests()
    let requests = RequestTier.allCases.compactMap { tier -> CostLine? in
      guard let count = recorded.counts[tier], count > 0 else { return nil }
      let usd = Double(count) / 1_000 * prices.requests(tier)
      return CostLine(
        item: text("s3.tier." + tier.rawValue), quantity: NumberText.grouped(count),
        price: prices.requests(tier), usd: usd,
        data: .record([
          "tier": .string(tier.rawValue), "requests": .count(count), "usd": .double(usd),
        ]))
    }
    func table(_ lines: [CostLine], _ item: String, _ unit: String) -> Reply.Block {
      .table(
        TableView(
          columns: [
            TableColumn(text(item)), .number(text("cost.column.quantity")), .number(text(unit)),
            .number("USD"),
          ],
          rows: lines.map { [$0.item, $0.quantity, priceText($0.price), dollars($0.usd)] }))
    }
    let restTotal = storage.reduce(0) { $0 + $1.usd }
    let askTotal = requests.reduce(0) { $0 + $1.usd }
    var blocks: [Reply.Block] = [
      .text(heading(text("cost.storage"))),
      table(storage, "cost.column.place", "cost.column.perGB"),
      .text(text("cost.storageTotal", ["usd": dollars(restTotal)])),
      .text(heading(text("cost.requests"))),
      table(requests, "cost.column.kind", "cost.column.perThousand"),
      .text(
        text(
          "cost.requestsTotal",
          [
            "usd": dollars(askTotal),
            "since": recorded.since.map(Shell.stamp) ?? "-",
          ])),
    ]
    if recorded.counts[.transition] ?? 0 > 0 { blocks.append(.text(text("cost.movesAtLeast"))) }
    blocks.append(priceNote(prices))
    blocks.append(.text(text("cost.how")))
    return Reply(
      blocks,
      data: .record([
        "storage": .array(storage.map(\.data)), "storage_usd_per_month": .double(restTotal),
        "requests": .array(requests.map(\.data)), "requests_usd": .double(askTotal),
        "requests_since": recorded.since.map {
          .string(StoryTime(milliseconds: $0).iso8601)
        } ?? .null,
      ]))
  }

  private struct Recorded {
    var counts: [RequestTier: Int] = [:]
    /// Milliseconds since the Unix epoch; nil where nothing was asked.
    var since: Int64?
  }

  /// What was asked of all buckets, whole or in the UTC day before today.
  private func recordedRequests(onlyYesterday: Bool = false) throws -> Recorded {
    let platform = try platform()
    let day: Int64 = 86_400_000
    let today = Int64(platform.utcDay) * day
    let ledgers =
      try [platform.buckets.ledger]
      + platform.buckets.list().map { try platform.buckets.bucket($0.name).ledger }
    var recorded = Recorded()
    for entry in ledgers.flatMap({ $0.entries() }) {
      let isYesterday = (today - day..<today).contains(entry.startMilliseconds)
      if onlyYesterday, !isYesterday { continue }
      recorded.counts[entry.operation.tier, default: 0] += entry.requests
      recorded.since = min(recorded.since ?? .max, entry.startMilliseconds)
    }
    return recorded
  }

  // MARK: Months to come

  private struct MonthCost {
    var bytes: Double = 0
    var storage: Double = 0
    var early: Double = 0
    var moves: Double = 0
    var requests: Double = 0

    var total: Double { storage + early + moves + requests }
  }

  private func costForecast(_ count: Int, _ prices: ObjectPrices) throws -> Reply {
    let platform = try platform()
    let daily = try recordedRequests(onlyYesterday: true).counts
    // Moves are those of the rules, which are worked out anew.
    let requests = daily.filter { $0.key != .transition }.reduce(0) {
      $0 + Double($1.value) / 1_000 * prices.requests($1.key)
    }
    let empty = MonthCost(requests: requests * Double(LifecycleForecast.daysPerMonth))
    var with = Array(repeating: empty, count: count)
    var without = with
    var dailyBytes: Double = 0
    var ruleCount = 0
    for entry in try platform.buckets.list() {
      let bucket = try platform.buckets.bucket(entry.name)
      let loads = try platform.loads(of: bucket)
      dailyBytes += loads.filter { $0.created == nil }.reduce(0) { $0 + $1.bytes }
      let rules = try bucket.lifecycle()
      ruleCount += rules?.rules.count(where: \.isEnabled) ?? 0
      let isVersioned = try bucket.versioning() != .unversioned
      func forecast(_ rules: LifecycleConfiguration?) -> [LifecycleForecast.Month] {
        LifecycleForecast(
          loads, rules: rules, isVersioned: isVersioned, today: platform.utcDay, months: count
        ).months
      }
      Self.add(forecast(rules), to: &with, prices)
      Self.add(forecast(nil), to: &without, prices)
    }
    let shown = (1...count).filter { [1, 2, 3, count].contains($0) || $0 % 6 == 0 }
    let table = TableView(
      columns: [
        .number(text("cost.column.month")), .number(text("cost.column.bytes")),
        .number(text("cost.column.storage")), .number(text("cost.column.early")),
        .number(text("cost.column.moves")), .number(text("cost.column.requests")), .number("USD"),
      ],
      rows: shown.map { month in
        let one = with[month - 1]
        return [
          String(month), NumberText.bytes(Int64(one.bytes)), dollars(one.storage),
          dollars(one.early), dollars(one.moves), dollars(one.requests), dollars(one.total),
        ]
      })
    let totals = [with, without].map { $0.reduce(0) { $0 + $1.total } }
    let last = [with, without].map { $0.last?.total ?? 0 }
    let values = [
      "months": String(count), "with": dollars(totals[0]), "without": dollars(totals[1]),
      "rules": NumberText.grouped(ruleCount), "bytes": NumberText.bytes(Int64(dailyBytes)),
      "lastWith": dollars(last[0]), "lastWithout": dollars(last[1]),
    ]
    // A chart writes at most two decimals: small sums are shown in thousandths or millionths.
    let most = max(totals[0], totals[1])
    let (unit, scale) = most >= 1 ? ("USD", 1.0) : most >= 0.001 ? ("mUSD", 1e3) : ("uUSD", 1e6)
    let chart = BarChart(
      title: text("cost.chart", ["months": String(count)]),
      bars: [
        BarChart.Bar(text("cost.withRules"), totals[0] * scale),
        BarChart.Bar(text("cost.withoutRules"), totals[1] * scale),
      ], quantity: .count(unit: unit), texts: catalogue)
    return Reply(
      [
        .text(text("cost.forecast.basis", values)), .table(table), .drawing(chart),
        .text(text("cost.forecast.total", values)), priceNote(prices),
      ],
      data: .record([
        "daily_bytes": .count(Int(dailyBytes)), "rules": .count(ruleCount),
        "months": .array(
          with.enumerated().map { index, one in
            .record([
              "month": .count(index + 1), "bytes": .count(Int(one.bytes)),
              "storage_usd": .double(one.storage), "early_delete_usd": .double(one.early),
              "moves_usd": .double(one.moves), "requests_usd": .double(one.requests),
              "usd": .double(one.total), "usd_without_rules": .double(without[index].total),
            ])
          }),
        "usd": .double(totals[0]), "usd_without_rules": .double(totals[1]),
      ]))
  }

  private static func add(
    _ months: [LifecycleForecast.Month], to costs: inout [MonthCost], _ prices: ObjectPrices
  ) {
    let days = Double(LifecycleForecast.daysPerMonth)
    for (index, month) in months.enumerated() {
      costs[index].bytes += month.bytesAtEnd
      for (storageClass, byteDays) in month.byteDays {
        costs[index].storage += prices.storage(storageClass, bytes: byteDays / days)
      }
      for (storageClass, byteDays) in month.earlyByteDays {
        costs[index].early += prices.storage(storageClass, bytes: byteDays / days)
      }
      for (storageClass, count) in month.moves {
        costs[index].moves += Double(count) * prices.move(into: storageClass)
      }
    }
  }
}
