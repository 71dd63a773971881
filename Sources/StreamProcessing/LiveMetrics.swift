// The seconds path: counts straight from the log, before any batch has run.
//
// 1. On first use it finds the offset of today's midnight in Seoul by append time, and reads on.
// 2. Each record adds to the totals of its day and app; an `event_id` counts once.
// 3. Every later look reads only what the log has gained.
//
// The state is a pure function of the log. It is not kept on disk yet: a restart reads the day
// again.

package import Columnar
package import Connector
internal import EventModel
internal import KafkaProtocol
package import Simulation
internal import Synchronization

/// Running totals by Seoul day and app, read from the topic `app-events`.
package final class LiveMetrics: Sendable {
  private let log: any LiveLog
  private let clock: StoryClock
  private let topic: String
  private let state = Mutex(State())

  package init(log: any LiveLog, clock: StoryClock, topic: String = "app-events") {
    self.log = log
    self.clock = clock
    self.topic = topic
  }

  /// The catalog `live` with the table `live.metrics.daily`.
  package func catalog() -> any CatalogProvider {
    ComposedCatalog(
      name: "live",
      tables: [
        "metrics": [
          "daily": { [self] in
            ComputedTable(label: "live.metrics.daily", schema: LiveMetrics.schema) { [self] _ in
              [try batch()]
            }
          }
        ]
      ]
    )
  }

  /// `dt, app_id, events, purchases, revenue_krw`: whole days only from the first one read on.
  package static let schema = Schema([
    Field("dt", .date, isNullable: false),
    Field("app_id", .varchar, isNullable: false),
    Field("events", .bigint, isNullable: false),
    Field("purchases", .bigint, isNullable: false),
    Field("revenue_krw", .bigint, isNullable: false),
  ])

  private func batch() throws -> ColumnarBatch {
    try state.withLock { state in
      try catchUp(&state)
      let rows = state.totals.sorted { $0.key < $1.key }.map { key, totals in
        [
          Scalar.integer(Int64(key.day)), .text(key.app), .integer(totals.events),
          .integer(totals.purchases), .integer(totals.revenue),
        ]
      }
      return ColumnarBatch(schema: LiveMetrics.schema, rows: rows)
    }
  }

  private func catchUp(_ state: inout State) throws {
    let today = clock.now.date(offsetSeconds: TimeZones.seoul)
    let midnight = StoryTime(today, offsetSeconds: TimeZones.seoul).milliseconds
    for number in 0..<Int32(try log.partitionCount(of: topic)) {
      let partition = TopicPartition(topic, number)
      let end = try log.endOffset(partition)
      var next: Offset
      if let known = state.positions[number], known <= end {
        next = known
      } else {
        next = try log.offset(partition, atOrAfter: midnight)
        state.firstDay = state.firstDay ?? today.daysSinceEpoch
      }
      while next < end {
        let records = try log.read(partition, from: next, bytesMax: 1 << 20)
        guard let last = records.last else { break }
        for record in records where record.offset >= next { state.count(record) }
        next = last.offset.advanced(by: 1)
      }
      state.positions[number] = next
    }
  }

  private struct DayApp: Hashable, Comparable {
    var day: Int
    var app: String
    static func < (left: DayApp, right: DayApp) -> Bool {
      left.day == right.day ? left.app < right.app : left.day < right.day
    }
  }

  private struct Totals {
    var events: Int64 = 0
    var purchases: Int64 = 0
    var revenue: Int64 = 0
  }

  private struct State {
    var positions: [Int32: Offset] = [:]
    var totals: [DayApp: Totals] = [:]
    var seen: Set<String> = []
    var firstDay: Int?
    var scanner = JSONObjectScanner()

    /// Adds one record; what is not an event of a known shape is left to the batch path's report.
    mutating func count(_ record: Record) {
      guard let value = record.value else { return }
      value.withUnsafeBytes { bytes in
        guard (try? scanner.scan(bytes, in: 0..<bytes.count)) != nil,
          let id = text("event_id", bytes), seen.insert(id).inserted,
          let name = text("event_name", bytes), let time = text("event_time", bytes),
          let deviceTime = EventTimestamp.parse(time)
        else { return }
        let corrected = ClockCorrection.corrected(
          eventTime: deviceTime,
          sentAt: text("sent_at", bytes).flatMap(EventTimestamp.parse),
          receivedAt: text("received_at", bytes).flatMap(EventTimestamp.parse)
        )
        let day = StoryTime(milliseconds: corrected).date(offsetSeconds: TimeZones.seoul)
        guard day.daysSinceEpoch >= (firstDay ?? day.daysSinceEpoch) else { return }
        let key = DayApp(day: day.daysSinceEpoch, app: text("app_id", bytes) ?? "unknown")
        let isPurchase = name == "purchase_completed"
        let amount = isPurchase ? self.amount(bytes) : 0
        totals[key, default: Totals()].events += 1
        if isPurchase {
          totals[key, default: Totals()].purchases += 1
          totals[key, default: Totals()].revenue += amount
        }
      }
    }

    private func text(_ key: StaticString, _ bytes: UnsafeRawBufferPointer) -> String? {
      guard let index = scanner.index(of: key, in: bytes), scanner.members[index].kind == .string
      else { return nil }
      return JSONObjectScanner.string(bytes, scanner.members[index])
    }

    /// Won paid: `amount`, else `price` × `quantity`.
    private func amount(_ bytes: UnsafeRawBufferPointer) -> Int64 {
      guard let index = scanner.index(of: "properties", in: bytes),
        scanner.members[index].kind == .object
      else { return 0 }
      var nested = JSONObjectScanner()
      guard (try? nested.scan(bytes, in: scanner.members[index].value)) != nil else { return 0 }
      func integer(_ key: StaticString) -> Int64? {
        nested.index(of: key, in: bytes).flatMap {
          JSONObjectScanner.integer(bytes, nested.members[$0])
        }
      }
      return PurchaseAmount.won(
        amount: integer("amount"),
        price: integer("price"),
        quantity: integer("quantity")
      )
    }
  }
}
