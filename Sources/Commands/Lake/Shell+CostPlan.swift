internal import Course
internal import EventModel
internal import Grading
internal import ObjectStorage
internal import Platform
internal import Terminal

// `cost --plan`: the lake of `Lessons/storage.yaml` at the learner's size, under the rules in force.
extension Shell {
  func costOfPlan(_ prices: ObjectPrices) throws -> Reply {
    let rules = try platform().lifecycleRules()
    let loads = try worksheetBook.storageLoads()
    var missing: String?
    let known = try worksheetBook.assumptions()
    guard let study = LifecycleStudy(known, today: rules.today, missing: &missing) else {
      throw noSuch(.noSuchAssumption, missing ?? "", among: known.map(\.assumption.id))
    }
    var total = 0.0
    var rows: [[String]] = []
    var data: [JSONValue] = []
    for load in loads {
      let life = study.lives(load, under: rules.inForce).last
      let bill = study.bill(load, under: rules.inForce)
      let bytes = load.values(known)[.bytes] ?? 0
      total += bill.total
      rows.append(
        [load.title[courseLanguage], NumberText.bytes(Int64(bytes)), text(of: life)]
          + [bill.storage, bill.replaced, bill.early + bill.moves, bill.reads, bill.total].map(dollars)
      )
      data.append(
        .record([
          "load": .string(load.id), "bytes_per_day": .count(Int(bytes)),
          "storage_usd": .double(bill.storage), "old_versions_usd": .double(bill.replaced),
          "early_delete_usd": .double(bill.early), "moves_usd": .double(bill.moves),
          "reads_usd": .double(bill.reads), "usd": .double(bill.total),
        ]))
    }
    let table = TableView(
      columns: [
        TableColumn(text("cost.column.place")), .number(text("cost.plan.daily")),
        TableColumn(text("cost.plan.life")), .number(text("cost.column.storage")),
        .number(text("cost.plan.replaced")), .number(text("cost.plan.changes")),
        .number(text("cost.plan.reads")), .number("USD"),
      ], rows: rows)
    let values = ["usd": dollars(total), "month": String(LifecycleStudy.monthCount)]
    return Reply(
      [
        .text(text("cost.plan.basis", values)), fitted(table),
        .text(text("cost.plan.total", values)), priceNote(prices),
      ],
      data: .record(["loads": .array(data), "usd": .double(total)]))
  }

  /// `STANDARD 31, GLACIER 90, x`.
  private func text(of life: LifecycleStudy.Life?) -> String {
    guard let life else { return "-" }
    var parts = life.stays.map { stay in
      stay == life.stays.last && life.current == nil
        ? stay.storageClass.rawValue
        : text("cost.plan.stay", ["class": stay.storageClass.rawValue, "days": String(stay.days)])
    }
    if life.current != nil { parts.append(text("cost.plan.end")) }
    if let deleted = life.deleted {
      parts.append(text("cost.plan.deleted", ["days": String(deleted)]))
    }
    return parts.joined(separator: ", ")
  }
}
