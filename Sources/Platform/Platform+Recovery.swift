internal import Diagnostics
internal import EventLog
internal import KafkaProtocol
internal import Lake
internal import ShopDatabase
internal import World

extension Platform {
  /// The recoveries that have not been read yet; each is told once.
  package func takeRecoveries() -> [Recovery] {
    defer { recoveries = [] }
    if let aside = shop.takePutAside() {
      recoveries.append(
        Recovery(
          code: "shop.writtenAnew", fields: ["file": aside],
          message: "the shop's database could not be used and was written anew"))
    }
    return recoveries
  }

  /// What the stores found and mended when they were opened.
  static func recoveries(
    log: EventLog,
    lake: Lake,
    phone: LearnerPhone,
    crowd: World
  ) -> [Recovery] {
    var found: [Recovery] = log.recovery.truncations.map { torn in
      let partition = "\(torn.partition.topic)-\(torn.partition.partition)"
      return Recovery(
        code: "log.truncated",
        fields: ["partition": partition, "bytes": String(torn.bytesRemoved)],
        message: "\(torn.bytesRemoved) bytes were cut off \(partition): \(torn.reason)"
      )
    }
    found += log.recovery.failures.map { failure in
      let partition = "\(failure.partition.topic)-\(failure.partition.partition)"
      return Recovery(
        code: "log.unreadable",
        fields: ["partition": partition, "reason": failure.error.description],
        message: failure.error.description
      )
    }
    if lake.leftoversRemoved > 0 {
      found.append(
        Recovery(
          code: "lake.temporaries",
          fields: ["count": String(lake.leftoversRemoved)],
          message: "\(lake.leftoversRemoved) temporary files were removed"
        )
      )
    }
    if phone.tornBytes > 0 {
      found.append(
        Recovery(
          code: "phone.torn",
          fields: ["bytes": String(phone.tornBytes)],
          message: "\(phone.tornBytes) bytes were dropped from the phone's queue"
        )
      )
    }
    if crowd.rememberedAnswerCount > 0 {
      found.append(
        Recovery(
          code: "clock.unfinished",
          fields: ["count": String(crowd.rememberedAnswerCount)],
          message: "a clock step was cut short after \(crowd.rememberedAnswerCount) deliveries"
        )
      )
    }
    return found
  }
}
