import Commands
import ETL
import Foundation
import Platform
import Simulation
import TestSupport
import Testing
import World

/// Bronze to Silver by nine rules, as SQL models: against the same rules worked out here from the raw
/// lines, and against models that keep one of them wrongly.
struct CleanModelTests {
  private static let parts = ["clean_events", "quarantined_events"]

  private static func build(_ platform: Platform, isFullRefresh: Bool = false) throws {
    for model in parts {
      let states = try platform.runModel(model, isFullRefresh: isFullRefresh).instances
        .map(\.state)
      #expect(!states.contains(.failed) && !states.contains(.upstreamFailed))
    }
  }

  private static func number(_ platform: Platform, _ sql: String) throws -> Int {
    try #require(Int(try WorldDayTests.rows(platform, sql)[0][0]), "no number from \(sql)")
  }

  /// Every line with its verdict, as the model has it.
  private static func judged(_ platform: Platform) throws -> [String: String] {
    let rows = try WorldDayTests.rows(
      platform,
      """
      SELECT object || ':' || CAST(line AS varchar),
        CASE verdict
          WHEN 'silver' THEN concat_ws(' ', verdict, event_name, CAST(dt AS varchar),
            coalesce(CAST(price_krw AS varchar), '-'), coalesce(CAST(amount_krw AS varchar), '-'),
            coalesce(bot_rule, '-'),
            CAST(date_diff('millisecond', TIMESTAMP '1970-01-01 00:00:00 UTC', event_time) AS varchar))
          ELSE concat_ws(' ', verdict, reason) END
      FROM lake.silver.judged_events
      """)
    #expect(Set(rows.map { $0[0] }).count == rows.count, "a line has two verdicts")
    return Dictionary(rows.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
  }

  private static func expectAccounts(_ platform: Platform) throws {
    let bronze = try number(platform, "SELECT count(*) FROM lake.bronze.events")
    let silver = try number(platform, "SELECT count(*) FROM lake.silver.clean_events")
    let quarantine = try number(platform, "SELECT count(*) FROM lake.silver.quarantined_events")
    let duplicates = try number(
      platform, "SELECT count_if(verdict = 'duplicate') FROM lake.silver.judged_events")
    #expect(bronze == silver + duplicates + quarantine)
    #expect(
      try number(platform, "SELECT count(DISTINCT event_id) FROM lake.silver.clean_events") == silver)
  }

  private static func expectSame(_ platform: Platform) throws {
    let lines = try WorldDayTests.rows(
      platform,
      "SELECT object, line, json, kafka_partition, kafka_offset FROM lake.bronze.events")
    let right = try NineRules(lines, now: platform.now).verdicts
    let found = try judged(platform)
    #expect(found.count == right.count)
    let wrong = right.filter { found[$0.key] != $0.value }
    for (line, verdict) in wrong.sorted(by: { $0.key < $1.key }).prefix(5) {
      Issue.record("\(line) is \(found[line] ?? "not there"), and should be \(verdict)")
    }
    #expect(wrong.isEmpty)
  }

  // MARK: - All of them

  @Test func `every line of Bronze ends as silver, duplicate or quarantine, as the rules say`() throws {
    let world = try TestWorld()
    try Planted.plant(in: world)
    try world.shell.withPlatform { platform in
      try Self.build(platform)
      try Self.expectAccounts(platform)
      try Self.expectSame(platform)
      // The world's own bots, copies, other payloads and broken prices are among them.
      for filter in ["is_bot", "reason = 'event_id' AND verdict = 'duplicate'", "reason = 'price'"] {
        let sql = "SELECT count(*) FROM lake.silver.judged_events WHERE \(filter)"
        #expect(try Self.number(platform, sql) > 0, "\(filter)")
      }
    }
  }

  @Test func `another world, whose apps send again under new ids, under new names and prices as text`()
    throws
  {
    let scratch = try ScratchDirectory("clean")
    let platform = try Platform(
      home: try Home(path: scratch.path + "/home"),
      options: Platform.Options(
        seed: 7, size: .xs,
        faults: [
          WorldFault(name: "new-id-on-retry", parameters: ["platform": "android"]),
          WorldFault(name: "lost-answers", parameters: ["percent": "20"]),
          WorldFault(
            name: "rename-event",
            parameters: [
              "event": "purchase_completed", "to": "checkout_completed", "platform": "ios",
            ]),
          WorldFault(name: "price-as-text", parameters: ["version": "2.9.4"]),
          WorldFault(name: "bot-wave", parameters: ["visits": "3"]),
          WorldFault(name: "batch-twice", parameters: ["percent": "5"]),
        ],
        contentRoot: TestWorld.content))
    try platform.prepare { _ in }
    try Self.build(platform)
    try Self.expectAccounts(platform)
    try Self.expectSame(platform)
    for (filter, table) in [
      ("reason = 'install_id, seq'", "judged_events"), ("reason = 'price'", "quarantined_events"),
      ("sent_name = 'checkout_completed' AND event_name = 'purchase_completed'", "clean_events"),
      ("is_bot", "clean_events"),
    ] {
      let sql = "SELECT count(*) FROM lake.silver.\(table) WHERE \(filter)"
      #expect(try Self.number(platform, sql) > 0, "\(filter)")
    }
    // Sent again under a new id is not sent twice.
    #expect(
      try Self.number(
        platform,
        """
        SELECT count(*) - count(DISTINCT install_id || ':' || CAST(seq AS varchar))
        FROM lake.silver.clean_events
        """) == 0)
    try platform.close()
  }

  // MARK: - One by one

  /// A model that keeps a rule wrongly, and a number that it gets wrong.
  private struct Variant {
    var name: String
    var model = "judged_events"
    var changes: [(String, String)]
    var sql: String
    /// Nil where the world decides; it is never what the variant says.
    var right: Int?
  }

  private static func rows(_ filter: String) -> String {
    "SELECT count(*) FROM lake.silver.clean_events WHERE \(filter)"
  }

  private static func won(_ order: String) -> String {
    "SELECT coalesce(sum(amount_krw), 0) FROM lake.silver.clean_events WHERE order_id = '\(order)'"
  }

  private static let variants: [Variant] = {
    let inSeoul = "CAST(event_time AT TIME ZONE 'Asia/Seoul' AS date)"
    return [
      Variant(
        name: "the day is UTC's", changes: [(inSeoul, "CAST(event_time AS date)")],
        sql: rows("dt = DATE '2024-01-14'"), right: 0),
      Variant(
        name: "nine hours are added to an instant",
        changes: [
          (inSeoul, "CAST((event_time + INTERVAL '9' HOUR) AT TIME ZONE 'Asia/Seoul' AS date)")
        ],
        sql: rows("dt = DATE '2024-01-15' AND order_id = 'ord_evening'"), right: 1),
      Variant(
        name: "the phone's clock is believed",
        changes: [("WHEN sent_at >= device_time\n", "WHEN false\n")],
        sql: rows("dt > DATE '2025-01-01' OR dt < DATE '2023-01-01'"), right: 0),
      Variant(
        name: "of copies the last is kept",
        changes: [
          (
            "PARTITION BY fault, event_id\n      ORDER BY received_at, kafka_offset,",
            "PARTITION BY fault, event_id\n      ORDER BY received_at DESC, kafka_offset DESC,"
          )
        ],
        sql: won("ord_twice"), right: 29_900),
      Variant(
        name: "an invalid copy counts as the first",
        changes: [("PARTITION BY fault, event_id", "PARTITION BY event_id")],
        sql: won("ord_invalid"), right: 29_900),
      Variant(
        name: "a failed cast is NULL",
        changes: [
          ("price IS NULL AND price_text IS NOT NULL", "false"),
          ("amount IS NULL AND amount_text IS NOT NULL", "false"),
        ],
        sql: won("ord_invalid"), right: 29_900),
      Variant(
        name: "a new id is a new event", changes: [("id_place > 1 OR seq_place > 1", "id_place > 1")],
        sql: rows("order_id = 'ord_usd'"), right: 1),
      Variant(
        name: "both names are counted", changes: [(" OR order_place > 1", "")],
        sql: rows("order_id = 'ord_dual'"), right: 1),
      Variant(
        name: "the old name is forgotten", model: "clean_events",
        changes: [("verdict = 'silver'", "verdict = 'silver' AND sent_name <> 'purchase'")],
        sql: rows("order_id = 'ord_old' AND event_name = 'purchase_completed'"), right: 1),
      Variant(
        name: "dollars are won",
        changes: [
          (
            "CASE WHEN d.currency = 'KRW' THEN DECIMAL '1.00' ELSE r.krw_per_unit END",
            "DECIMAL '1.00'"
          )
        ],
        sql: won("ord_usd"), right: 26_906),
      Variant(
        name: "a corrected rate is not looked at",
        changes: [("max_by(krw_per_unit, revision)", "min_by(krw_per_unit, revision)")],
        sql: won("ord_late"), right: 136_502),
      Variant(
        name: "unknown products are joined away", model: "clean_events",
        changes: [
          (
            "verdict = 'silver'",
            "verdict = 'silver' AND (product_id IS NULL OR product_id IN "
              + "(SELECT product_id FROM shop.public.products_cdc))"
          )
        ],
        sql: rows("product_id = 'SKU99999' AND order_id = 'ord_new'"), right: 1),
      Variant(
        name: "bots are dropped", model: "clean_events",
        changes: [("verdict = 'silver'", "verdict = 'silver' AND NOT is_bot")],
        sql: rows("is_bot")),
    ]
  }()

  @Test func `a model that keeps one rule wrongly says another number`() throws {
    let world = try TestWorld()
    try Planted.plant(in: world)
    try world.shell.withPlatform { platform in
      // The early hours, the bots and what was planted: a model is run for each variant.
      let judging = platform.pipeline.root + "/models/silver/judged_events.sql"
      let bronze = "{{ source('bronze', 'events') }}"
      let whole = try String(contentsOfFile: judging, encoding: .utf8)
      #expect(whole.ranges(of: bronze).count == 1)
      try whole.replacing(
        bronze,
        with: bronze
          + " WHERE kafka_offset < 300 OR regexp_like(json, 'planted|HeadlessChrome|python-requests')"
      ).write(toFile: judging, atomically: true, encoding: .utf8)
      try Self.build(platform)
      let right = try Self.variants.map { try Self.number(platform, $0.sql) }
      for (variant, number) in zip(Self.variants, right) {
        if let wanted = variant.right { #expect(number == wanted, "\(variant.name)") }
        let path = platform.pipeline.root + "/models/silver/\(variant.model).sql"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var wrong = text
        for (from, to) in variant.changes {
          #expect(wrong.ranges(of: from).count == 1, "\(variant.name): \(from)")
          wrong = wrong.replacing(from, with: to)
        }
        try wrong.write(toFile: path, atomically: true, encoding: .utf8)
        let run = try platform.runModel("clean_events", isFullRefresh: true)
        #expect(run.instances.allSatisfy { $0.state == .success }, "\(variant.name)")
        #expect(try Self.number(platform, variant.sql) != number, "\(variant.name)")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
      }
    }
  }

  @Test func `a user is a pseudonym that the salt decides, and no user_id is left`() throws {
    let world = try TestWorld()
    try Planted.plant(in: world)
    try world.shell.withPlatform { platform in
      func pseudonyms() throws -> [String] {
        try WorldDayTests.rows(
          platform,
          "SELECT DISTINCT user_hash FROM lake.silver.clean_events WHERE session_id = 'sess_planted'"
        ).map { $0[0] }
      }
      try Self.build(platform)
      // HMAC-SHA256 of u_0000001 under the salt of dbt_project.yml, by another implementation.
      #expect(
        try pseudonyms() == ["5dcc61d39fc95ad33d4aa3dd149e2f3629cb432c5f1197588d07481ec1242a7c"])
      let guests = "SELECT count(*) FROM lake.silver.clean_events WHERE user_hash IS NULL"
      #expect(try Self.number(platform, guests) > 0)
      let columns = try WorldDayTests.rows(platform, "DESCRIBE lake.silver.judged_events").map { $0[0] }
      #expect(columns.contains("user_hash") && !columns.contains("user_id"))
      let path = platform.pipeline.root + "/dbt_project.yml"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("moashop-2024-01", with: "moashop")
        .write(toFile: path, atomically: true, encoding: .utf8)
      try Self.build(platform, isFullRefresh: true)
      #expect(
        try pseudonyms() == ["dcabf48567387bf5d2def439af5d8f6551a4029ee210559b9c2c88d34a9b8d50"])
    }
  }

  @Test func `what is quarantined keeps its line, its reason and its address`() throws {
    let world = try TestWorld()
    try Planted.plant(in: world)
    try world.shell.withPlatform { platform in
      try Self.build(platform)
      let rows = try WorldDayTests.rows(
        platform,
        """
        SELECT reason, count(*), count(json), count(kafka_offset) FROM lake.silver.quarantined_events
        WHERE strpos(json, '"planted') > 0 OR strpos(json, 'sess_planted') > 0
        GROUP BY reason ORDER BY reason
        """)
      #expect(
        rows == [
          ["currency", "1", "1", "1"], ["event_time", "1", "1", "1"], ["json", "1", "1", "1"],
          ["price", "1", "1", "1"],
        ])
    }
  }

  // MARK: - Twice

  @Test func `running again changes nothing, and more of Bronze is taken in once`() throws {
    let world = try TestWorld()
    try world.shell.withPlatform { platform in
      func table() throws -> [[String]] {
        try WorldDayTests.rows(platform, "SELECT * FROM lake.silver.clean_events ORDER BY event_id")
      }
      try Self.build(platform)
      let first = try table()
      let again = try platform.runModel("clean_events")
      #expect(again.instances.allSatisfy { $0.state == .skipped }, "\(again.instances)")
      #expect(again.instances.map(\.task) == ["event_names", "judged_events", "clean_events"])
      try Self.build(platform, isFullRefresh: true)
      #expect(try table() == first && first.count > 10_000)
      try platform.advance(to: platform.now.adding(seconds: 3_600))
      try Self.build(platform)
      #expect(try table().count > first.count)
      try Self.expectAccounts(platform)
    }
  }

  @Test func `the nightly run leaves the models alone`() throws {
    let world = try TestWorld()
    #expect(world.run("dag run nightly").status == .success)
    #expect(try world.texts("SHOW TABLES FROM lake.silver") == ["events"])
  }

  // MARK: - What a pipeline may say

  @Test func `a seed is a table that models refer to, whatever its texts hold`() throws {
    let world = try TestWorld()
    try world.shell.withPlatform { platform in
      let path = platform.pipeline.root + "/seeds/odd.csv"
      try "name,what_is_it\n\"a,b\",\"it's \"\"so\"\"\"\nc,\n".write(
        toFile: path, atomically: true, encoding: .utf8)
      try platform.runModel("odd")
      #expect(
        try WorldDayTests.rows(
          platform, #"SELECT name, coalesce(what_is_it, 'none') FROM lake.silver.odd ORDER BY 1"#)
          == [["a,b", #"it's "so""#], ["c", "none"]])
      for (text, said) in [
        ("a,b\n1\n", "line 2: there are 1 values for 2 columns"), ("a\n\"x\n", "never closed"),
        ("a,a\n", "each once"), ("", "must name the columns"),
      ] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let error = try #require(throws: ETLError.self) { try platform.pipeline.models() }
        #expect(error.code == "etl.modelSyntax" && error.message.contains(said), "\(error.message)")
      }
    }
  }

  @Test func `a model is built after those it reads, and never in a circle`() throws {
    func models(_ texts: [String: String]) throws -> [String: ModelTemplate] {
      var models: [String: ModelTemplate] = [:]
      for (name, text) in texts { models[name] = try ModelTemplate(parsing: text, name: name) }
      return models
    }
    let chain = try models([
      "a": "SELECT 1 AS x", "b": "SELECT * FROM {{ ref('a') }}",
      "c": "SELECT * FROM {{ ref('b') }} JOIN {{ ref('a') }} USING (x)", "d": "SELECT 2 AS x",
    ])
    let dag = try DagDefinition(building: "c", of: chain)
    #expect(dag.tasks.map(\.id) == ["a", "b", "c"])
    #expect(dag.schedule.next(after: .courseStart) == nil)
    let circle = try models(["a": "SELECT * FROM {{ ref('b') }}", "b": "SELECT * FROM {{ ref('a') }}"])
    #expect(throws: ETLError.self) { try DagDefinition(building: "a", of: circle) }
    let missing = try #require(throws: ETLError.self) { try DagDefinition(building: "e", of: chain) }
    #expect(missing.code == "etl.unknownModel" && missing.advice?.contains("a, b, c, d") == true)
  }

  @Test func `a DAG whose schedule is none runs when it is asked to`() throws {
    let text = "dag: hand\nschedule: none\ntasks:\n  - {id: a, type: model}\n"
    let dag = try DagDefinition(parsing: text, file: "dags/hand.yaml")
    #expect(dag.schedule.next(after: .courseStart) == nil && dag.schedule.text == "none")
    #expect(throws: ETLError.self) {
      try DagDefinition(parsing: text.replacing("none", with: "never"), file: "dags/hand.yaml")
    }
  }
}
