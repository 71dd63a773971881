// One whole pipeline, built from its directory, moved by its clock.
//
// 1. `Home` gives one process the right to change anything below it.
// 2. `Platform.open` reads `world.yaml` and `pipeline/`, opens the stores (which recover what a
//    crash left), and connects the movers to them.
// 3. Nothing moves until story time moves: `advance(to:)` runs phones and schedules in time order.
// 4. `serve` opens the wires; the same `Collector` answers both the wire and the simulated phones.

internal import Codecs
package import Collector
package import Connector
internal import Dashboard
package import ETL
package import EventLog
internal import EventSDK
internal import FileTables
internal import Foundation
package import Lake
package import LakeIngest
package import ObjectStorage
package import RemoteKafka
package import ShopDatabase
package import Simulation
package import StreamProcessing
package import TrinoSQL
package import Warehouse
package import World

/// A running world: stores, movers, engine and clock.
///
/// Not thread-safe: `Commands` calls it under one lock. The collector's wire may run beside it,
/// because `Collector`, `EventLog` and `StoryClock` are safe to share.
package final class Platform {
  package let directory: String
  package let clock: StoryClock
  /// The embedded log; empty where the world's events are in a cluster.
  package let log: EventLog
  /// Where the world's events are: the embedded log, or the cluster.
  package let events: any WorldLog
  /// The cluster that holds the world's events; nil with the embedded log.
  package let kafka: RemoteKafkaLog?
  package let collector: Collector
  /// The buckets that S3's clients see: the lake, the warehouse, and those that were made.
  package let buckets: BucketSet
  package let lake: Lake
  package let warehouse: Warehouse
  /// The shop's operational database.
  package let shop: ShopDatabase
  let shopFeed: ShopFeed
  package let ingest: BronzeIngest
  package let live: LiveMetrics
  package let engine: QueryEngine
  /// What the engine reads: for engines that need something beside it.
  package let catalogs: [any CatalogProvider]
  package let pipeline: PipelineFiles
  package let journal: RunJournal
  package let phone: LearnerPhone
  /// The rules of the app's event client, and since when.
  package internal(set) var sdk: SDKHistory
  /// The commands that changed this world.
  package let commands: CommandJournal
  let truth: TruthLedger
  let crowd: World
  let sessionZone: SessionZone
  let contentRoot: String
  /// What the stores call now: inside an advance, the moment of the DAGs that run.
  let storeClock: StoryClock
  /// Runs that an error kept from being done; the next advance does them first.
  var unfinishedRuns: [DagLane.Run] = []
  var file: WorldFile
  /// What the start found and mended, for the learner to read once.
  package var recoveries: [Recovery] = []

  /// Something that a crash or a damaged file left, and what was done about it.
  package struct Recovery: Sendable, Equatable {
    /// The catalogue key is `recovery.` + this.
    package var code: String
    package var fields: [String: String]
    package var message: String
  }

  /// How a world is opened.
  package struct Options: Sendable {
    package var worldName: String
    /// Used when the world is new; a random one where nil.
    package var seed: UInt64?
    package var size: WorldSize
    /// The "yesterday" of a new world.
    package var yesterday: CivilDate
    /// Added to the first number of every app version of a new world.
    package var versionShift: Int
    /// The faults of a new world.
    package var faults: [WorldFault]
    /// The zone of SQL sessions.
    package var sessionZone: SessionZone
    /// The directory that holds `Datasets`.
    package var contentRoot: String
    /// Where the attempts of the crowd's phones are written down; nil for nowhere.
    package var attempts: AttemptLedger?
    /// Which parts are engines elsewhere.
    package var profile = Profile()

    package init(
      worldName: String = "sandbox",
      seed: UInt64? = nil,
      size: WorldSize = .s,
      yesterday: CivilDate = WorldFile.courseYesterday,
      versionShift: Int = 0,
      faults: [WorldFault] = [],
      sessionZone: SessionZone = .utc,
      contentRoot: String
    ) {
      self.worldName = worldName
      self.seed = seed
      self.size = size
      self.yesterday = yesterday
      self.versionShift = versionShift
      self.faults = faults
      self.sessionZone = sessionZone
      self.contentRoot = contentRoot
    }
  }

  /// Opens a world of a home, creating it where it is new. A new world has not lived yet:
  /// `isPrepared` is false until `prepare` has run its history. `courseTables` stand in
  /// `system.course`, beside the pipeline's own system tables.
  package init(
    home: Home,
    options: Options,
    courseTables: [String: ComposedCatalog.Provider] = [:]
  ) throws {
    sessionZone = options.sessionZone
    contentRoot = options.contentRoot
    try WorldForks(home: home, worldName: options.worldName).finishRewind()
    directory = try home.directory("worlds/" + options.worldName)
    let worldPath = directory + "/world.yaml"
    if let known = try WorldFile.read(worldPath) {
      file = known
    } else {
      var generator = SystemRandomNumberGenerator()
      let seed = options.seed ?? UInt64.random(in: 1...999_999_999, using: &generator)
      file = WorldFile.new(
        seed: seed, size: options.size, yesterday: options.yesterday,
        versionShift: options.versionShift, faults: options.faults)
      try file.write(worldPath)
    }
    let clock = StoryClock(file.now)
    self.clock = clock
    let storeClock = StoryClock(file.now)
    self.storeClock = storeClock
    let storyNow: @Sendable () -> Int64 = { storeClock.now.milliseconds }
    pipeline = PipelineFiles(root: directory + "/pipeline")
    try pipeline.install(from: options.contentRoot + "/Datasets/shop/pipeline")

    log = try EventLog.open(directory: try home.directory("worlds/\(options.worldName)/kafka"))
    let opened = try Platform.openLog(
      options.profile, directory: directory, file: file, embedded: log, pipeline: pipeline,
      storyNow: storyNow)
    events = opened.events
    kafka = opened.kafka
    let configuration = WorldConfiguration(
      seed: file.seed, size: file.size, start: file.start, versionShift: file.versionShift,
      faults: file.faults)
    let specification = try WorldSpecification(
      path: options.contentRoot + "/Datasets/shop/spec.json")
    buckets = try Platform.buckets(
      home, world: options.worldName, file: file, now: storyNow)
    lake = Lake(
      bucket: try buckets.bucket("lake"),
      catalog: try LocalObjectStore(
        root: home.directory("worlds/\(options.worldName)/catalog"), now: storyNow),
      history: Platform.history(configuration, specification, now: storyNow),
      now: storyNow)
    warehouse = Warehouse(bucket: try buckets.bucket("warehouse"))
    let collectorDirectory = try home.directory("worlds/\(options.worldName)/collector")
    var collecting = try Platform.collectorConfiguration(
      pipeline,
      secret: try home.secret(),
      contentRoot: options.contentRoot,
      registryPath: collectorDirectory + "/registry.ndjson"
    )
    collecting.machines = try WorldFault.smallCollectors(configuration, specification).map {
      CollectorMachine(
        time: $0.time, requestsPerSecond: $0.requestsPerSecond, memoryBytes: $0.memoryBytes)
    }
    collector = try Collector(
      log: events, clock: clock, configuration: collecting,
      archive: try Platform.archive(collectorDirectory + "/archive", collecting, events),
      turnedAway: TurnedAway(path: collectorDirectory + "/turned-away.json"))
    let files = pipeline
    let slowCalls = try WorldFault.slowCalls(configuration, specification).map {
      IngestSettings.SlowCall(time: $0.time, milliseconds: Double($0.milliseconds))
    }
    ingest = BronzeIngest(log: events, lake: lake, group: Platform.ingestGroup(directory)) {
      var settings = try files.ingest()
      settings.slowCalls = slowCalls
      return settings
    }
    live = LiveMetrics(log: events, clock: clock)
    journal = RunJournal(directory: try home.directory("worlds/\(options.worldName)/runs"))
    sdk = try SDKHistory(
      path: directory + "/sdk-history.json", yaml: try pipeline.sdkText(), now: file.now,
      start: file.start)
    phone = try LearnerPhone(
      directory: try home.directory("worlds/\(options.worldName)/phone"),
      settings: sdk.current,
      seed: file.seed,
      clock: clock,
      collector: collector
    )
    truth = TruthLedger(configuration: configuration, specification: specification)
    commands = CommandJournal(directory: directory)
    crowd = try World(
      configuration: configuration,
      specification: specification,
      rules: sdk.rules,
      progressFile: directory + "/deliveries",
      openedAt: file.now,
      noteAttempt: options.attempts.map { ledger in { ledger.append($0) } }
    )
    (shop, shopFeed) = Platform.makeShop(
      path: directory + "/shop.sqlite", file, crowd, phone, contentRoot: options.contentRoot,
      now: { storeClock.now })
    catalogs = [
      lake, warehouse, live.catalog(), shop,
      Platform.systemCatalog(
        log, opened.kafka, ingest, collector, lake, warehouse, journal, phone, buckets,
        devices: Platform.deviceTables(crowd, clock), course: courseTables),
      MemoryCatalog(), FileCatalog(), TPCHCatalog(),
    ]
    engine = QueryEngine(catalogs: catalogs)
    recoveries = Platform.recoveries(log: log, lake: lake, phone: phone, crowd: crowd)
    recoveries += opened.notes
    if opened.kafka != nil {
      recoveries += Platform.notes(on: collector.configuration.acknowledgement)
    }
    if let problem = sdk.problem { recoveries.append(Platform.recovery(of: problem)) }
    recoveries += try closeJournal()
  }

  /// The clock's time.
  package var now: StoryTime { clock.now }

  /// Today in Seoul.
  package var today: CivilDate { now.date(offsetSeconds: TimeZones.seoul) }

  /// Which world this is.
  package var world: WorldFile { file }

  /// Calls to fsync by this process, over all stores.
  package var fsyncCount: Int {
    log.fsyncCount + lake.store.fsyncCount + warehouse.store.fsyncCount
  }

  /// Closes the log cleanly, so that the next start need not scan it.
  package func close() throws {
    try collector.flush()
    try checkpoint()
    try shop.close()
    try collector.archive?.close()
    try buckets.close()
    try log.close()
    kafka?.close()
  }

  /// The collector's archive where it keeps one, or kept one before; nil elsewhere.
  private static func archive(
    _ directory: String, _ configuration: CollectorConfiguration, _ log: any CollectorLog
  ) throws -> CollectorArchive? {
    guard configuration.keepsRawArchive || FileManager.default.fileExists(atPath: directory) else {
      return nil
    }
    let topic = configuration.eventsTopic
    try log.ensureTopic(topic, partitionCount: configuration.eventsPartitionCount)
    return try CollectorArchive(
      directory: directory, partitionCount: try log.partitionCount(of: topic))
  }

  private static func collectorConfiguration(
    _ pipeline: PipelineFiles,
    secret: [UInt8],
    contentRoot: String,
    registryPath: String
  ) throws -> CollectorConfiguration {
    var configuration = CollectorConfiguration(
      secret: secret,
      mappings: try sourceMappings(contentRoot + "/Datasets")
    )
    try configuration.apply(yaml: try pipeline.settings("collector.yaml"))
    if let plan = try pipeline.trackingPlan() {
      configuration.plan = try PlanInForce(plan, registry: SchemaRegistry(path: registryPath))
    }
    return configuration
  }

  /// The mapping of every data set that has one.
  private static func sourceMappings(_ directory: String) throws -> [SourceMapping] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return try names.sorted().compactMap { name in
      let path = directory + "/" + name + "/mapping.yaml"
      return FileManager.default.fileExists(atPath: path) ? try SourceMapping(path: path) : nil
    }
  }

  private static func systemCatalog(
    _ log: EventLog,
    _ kafka: RemoteKafkaLog?,
    _ ingest: BronzeIngest,
    _ collector: Collector,
    _ lake: Lake,
    _ warehouse: Warehouse,
    _ journal: RunJournal,
    _ phone: LearnerPhone,
    _ buckets: BucketSet,
    devices: [String: ComposedCatalog.Provider],
    course: [String: ComposedCatalog.Provider]
  ) -> ComposedCatalog {
    var tables = [
      "sdk": phone.systemTables().merging(devices, uniquingKeysWith: { first, _ in first }),
      "collector": collector.systemTables(),
      "kafka": kafkaTables(log, kafka, ingest),
      "lake": lake.systemTables(),
      "etl": journal.systemTables(),
      "warehouse": warehouse.systemTables(),
      "s3": bucketTables(buckets),
    ]
    if !course.isEmpty { tables["course"] = course }
    return ComposedCatalog(name: "system", tables: tables)
  }
}
