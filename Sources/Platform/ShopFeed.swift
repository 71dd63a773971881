// How the shop's database follows the story: the world's books, and what the learner's phone bought.
//
// 1. A clock step brings in everything up to its end. A reader in between, such as a DAG's model,
//    brings in what is due at its own moment first.
// 2. The books are asked from where the database stands; where they have gone further, or have not
//    been read yet, they are read from the world's first moment again.
// 3. A database that is ahead of the story was written in a clock step that a crash cut short: it is
//    emptied and filled up to the present, in one transaction.

internal import ShopDatabase
internal import Simulation
internal import Synchronization
internal import World

/// Fills one world's `ShopDatabase`; safe to share among threads.
final class ShopFeed: Sendable {
  private let makeBooks: @Sendable () throws -> ShopBooks?
  private let purchases: @Sendable () -> [LearnerOrder]
  private let state = Mutex(State())

  private struct State {
    var books: ShopBooks?
    /// Where the books stand.
    var position = Int64.min
    /// Where the database stands; nil where that is not known.
    var written: Int64?
    /// Orders of the learner that are in the database.
    var own: Set<String> = []
  }

  /// - Parameters:
  ///   - makeBooks: The world's books, standing before its first moment.
  ///   - purchases: What the learner's phone has bought so far.
  init(
    makeBooks: @escaping @Sendable () throws -> ShopBooks?,
    purchases: @escaping @Sendable () -> [LearnerOrder]
  ) {
    self.makeBooks = makeBooks
    self.purchases = purchases
  }

  /// Brings a database to a moment of the story; costs next to nothing where it stands there.
  ///
  /// An order of the learner that is not in it yet is paid now: nothing has moved since it was placed.
  func fill(_ database: ShopDatabase, to now: StoryTime) throws {
    let moment = now.milliseconds
    try state.withLock { state in
      let written = try state.written ?? database.position() ?? .min
      state.written = written
      let isAhead = written > moment
      let orders = purchases().filter { isAhead || !state.own.contains($0.id) }
      guard written != moment || !orders.isEmpty else { return }
      var changes: [ShopDatabase.Rows] = []
      for order in orders {
        let known = try order.rows(in: database)
        if !known.isEmpty {
          if isAhead { changes += known }
        } else {
          // A database that was lost knows no better than the phone.
          changes += order.newRows(at: written == .min ? min(order.recordedAt, moment) : moment)
        }
      }
      changes += try Self.changes(
        &state, after: isAhead ? .min : written, through: moment, makeBooks)
      guard written != moment || !changes.isEmpty else {
        state.own.formUnion(orders.map(\.id))
        return
      }
      // Until it is known what came of it.
      state.written = nil
      try database.write(changes, position: moment, isAnew: isAhead)
      state.written = moment
      state.own.formUnion(orders.map(\.id))
    }
  }

  private static func changes(
    _ state: inout State, after: Int64, through moment: Int64,
    _ makeBooks: () throws -> ShopBooks?
  ) throws -> [ShopDatabase.Rows] {
    guard moment > after else { return [] }
    if state.books == nil || state.position > after {
      state.books = try makeBooks()
      state.position = .min
    }
    if state.position < after { _ = state.books?.changes(through: after) }
    let changes = state.books?.changes(through: moment) ?? []
    state.position = moment
    var runs: [ShopDatabase.Rows] = []
    for change in changes {
      if runs.last?.table == change.table.name {
        runs[runs.count - 1].rows.append(change.row)
      } else {
        runs.append(ShopDatabase.Rows(table: change.table.name, rows: [change.row]))
      }
    }
    return runs
  }
}

extension Platform {
  /// The shop's database of a world and what fills it.
  static func makeShop(
    path: String, _ file: WorldFile, _ crowd: World, _ phone: LearnerPhone, contentRoot: String,
    now: @escaping @Sendable () -> StoryTime
  ) -> (database: ShopDatabase, feed: ShopFeed) {
    let books = crowd.shopBooksMaker()
    let reference = Self.shopReferencePath(contentRoot)
    let feed = ShopFeed(
      makeBooks: { try books(try ShopReference(directory: reference)) },
      purchases: { phone.events().compactMap(LearnerOrder.init) })
    let database = ShopDatabase(
      path: path,
      layouts: ShopTable.allCases.map {
        TableLayout(name: $0.name, schema: $0.schema, key: $0.key)
      },
      world: "\(file.seed) \(file.size.rawValue) \(file.start.iso8601) \(file.versionShift)",
      beforeReading: { try feed.fill($0, to: now()) })
    return (database, feed)
  }

  static func shopReferencePath(_ contentRoot: String) -> String {
    contentRoot + "/Datasets/shop/reference"
  }
}
