internal import Collector
internal import Diagnostics
package import ETL
internal import EventLog
internal import EventModel
internal import Lake
package import LakeIngest
internal import ObjectStorage
package import Simulation
internal import World

extension Platform {
  /// What moving the clock did.
  package struct Advance: Sendable {
    package var from: StoryTime
    package var to: StoryTime
    /// Events that the simulated phones delivered.
    package var delivered = 0
    /// Tasks that ran, in order.
    package var instances: [DagRunner.TaskInstance] = []
    package var gaps: [BronzeIngest.Gap] = []

    package init(from: StoryTime, to: StoryTime) {
      self.from = from
      self.to = to
    }

    /// This and the advance that came right after it, as one.
    package func followed(by next: Advance) -> Advance {
      var both = self
      both.to = next.to
      both.delivered += next.delivered
      both.instances += next.instances
      both.gaps += next.gaps
      return both
    }
  }

  /// True once the world has lived up to the moment at which its story begins.
  package var isPrepared: Bool { now >= file.storyStart }

  /// Lives through the history of a new world; `progress` is told the share that is done, 0 to 1.
  package func prepare(progress: (Double) -> Void) throws {
    guard !isPrepared else { return }
    let total = Double(file.storyStart.milliseconds - file.start.milliseconds)
    while !isPrepared {
      progress(Double(now.milliseconds - file.start.milliseconds) / total)
      // Some hours at a time: the DAGs of a step run beside its phones.
      let next = min(now.adding(seconds: 4 * 3_600), file.storyStart)
      _ = try advance(to: next)
    }
    try warmUpPhone()
    progress(1)
  }

  /// The learner has just opened the app, as anybody who is about to buy something has.
  private func warmUpPhone() throws {
    guard phone.events().isEmpty else { return }
    for name in ["app_open", "session_start", "screen_view"] {
      let properties =
        name == "screen_view" ? [JSONMember(key: "screen", value: .string("home"))] : []
      _ = try phone.track(name, properties: properties)
    }
    _ = try phone.flush()
  }

  /// Moves story time to `target` and everything with it, in time order.
  ///
  /// - Throws: `platform.clockBackwards` for a moment that has passed. An error in between leaves
  ///   the clock where it got to; advancing again goes on from there.
  @discardableResult
  package func advance(to target: StoryTime, isCancelled: () -> Bool = { false }) throws -> Advance
  {
    guard target >= now else {
      throw PlatformError(
        .clockBackwards,
        "story time is \(now.iso8601) and cannot go back to \(target.iso8601)",
        advice: "Story time only moves forward; start another home for an earlier day."
      )
    }
    var summary = Advance(from: now, to: target)
    try followSDK()
    // What the learner has bought was bought now.
    try shopFeed.fill(shop, to: now)
    let dags = try pipeline.dags()
    let lane = DagLane(work: try dagWork())
    for run in unfinishedRuns { lane.add(run, isUrgent: true) }
    let moved = Result { try move(to: target, dags, lane, isCancelled, into: &summary) }
    try finish(lane, into: &summary)
    try moved.get()
    summary.to = now
    try applyRetention()
    try applyLifecycle(since: summary.from)
    try checkpoint()
    return summary
  }

  /// The discrete-event loop: to each moment at which something falls due, then what falls due.
  private func move(
    to target: StoryTime,
    _ dags: [DagDefinition],
    _ lane: DagLane,
    _ isCancelled: () -> Bool,
    into summary: inout Advance
  ) throws {
    while now < target, !isCancelled(), !lane.hasFailed {
      let due = dags.compactMap { dag in dag.schedule.next(after: now).map { ($0, dag) } }
      let next =
        [due.map(\.0).min(), phone.nextTimer, target].compactMap { $0 }.filter {
          $0 > now
        }.min() ?? target
      let step = min(next, target)
      try deliverCrowd(to: step, into: &summary)
      clock.set(step)
      try phone.tick()
      let run = DagLane.Run(moment: step, dags: due.filter { $0.0 == step }.map(\.1))
      if !run.dags.isEmpty { lane.add(run, isUrgent: step < target) }
    }
  }

  /// Waits for the lane's runs, and remembers those that an error kept from being done.
  private func finish(_ lane: DagLane, into summary: inout Advance) throws {
    let done = lane.finish()
    storeClock.set(now)
    summary.instances += done.outcome.instances
    summary.gaps += done.outcome.gaps
    unfinishedRuns = done.unfinished
    if let failure = done.failure { throw failure }
  }

  /// Runs one DAG now, outside its schedule.
  ///
  /// - Parameter isFullRefresh: its models compute every day again.
  @discardableResult
  package func run(_ dag: DagDefinition, isFullRefresh: Bool = false) throws -> Advance {
    var summary = Advance(from: now, to: now)
    let lane = DagLane(work: try dagWork())
    for run in unfinishedRuns { lane.add(run, isUrgent: false) }
    lane.add(
      DagLane.Run(moment: now, dags: [dag], isFullRefresh: isFullRefresh), isUrgent: false)
    try finish(lane, into: &summary)
    try checkpoint()
    return summary
  }

  /// What runs the pipeline's models, as its files are now.
  package func modelRunner() throws -> ModelRunner {
    ModelRunner(
      models: try pipeline.models(),
      lake: lake,
      warehouse: warehouse,
      engine: engine,
      variables: try pipeline.variables()
    )
  }

  /// Builds one model now: first the models that it reads, and it as the last.
  ///
  /// - Parameter isFullRefresh: they compute every day again, as what was edited needs.
  /// - Throws: `etl.unknownModel` where the pipeline has no such model.
  @discardableResult
  package func runModel(_ name: String, isFullRefresh: Bool = false) throws -> Advance {
    try run(
      DagDefinition(building: name, of: try pipeline.models()), isFullRefresh: isFullRefresh)
  }

  /// Makes the log, the phones' progress and the clock durable.
  ///
  /// Not before every run that fell due is done: a clock on the disk says that they are.
  func checkpoint() throws {
    if !unfinishedRuns.isEmpty {
      let lane = DagLane(work: try dagWork())
      for run in unfinishedRuns { lane.add(run, isUrgent: false) }
      var forgotten = Advance(from: now, to: now)
      try finish(lane, into: &forgotten)
    }
    if kafka == nil { log.replicate() }
    collector.appendHeld()
    try events.sync()
    try collector.archive?.sync()
    try collector.turnedAway.save()
    try ingest.commitOffsets()
    try saveIngestGroup()
    buckets.saveLedgers()
    // Never behind the clock on the disk.
    try shopFeed.fill(shop, to: now)
    if file.now != now {
      file.now = now
      try file.write(directory + "/world.yaml")
    }
    // Last: after a crash in between, the phones stand where the clock stands, and send nothing
    // again.
    try crowd.checkpoint()
  }

  /// Deletes log segments that `topics.yaml` keeps no longer, when a story hour has begun.
  private func applyRetention() throws {
    let hours = [file.now, now].map { floorDivide(Int($0.milliseconds), 3_600_000) }
    guard hours[0] != hours[1], kafka == nil else { return }
    try declareTopics()
    for name in log.topicNames() { try log.applyRetention(now: now.milliseconds, topic: name) }
  }

  /// Sets the topics as `topics.yaml` says.
  func declareTopics() throws {
    try Platform.declareTopics(of: pipeline, in: log)
  }

  static func declareTopics(of pipeline: PipelineFiles, in log: EventLog) throws {
    for topic in try pipeline.topics() {
      try log.setReplicas(topic.name, topic.replicas)
      try log.configure(topic.name) { settings in
        try settings.set("retention.ms", String(topic.retentionMilliseconds))
        for name in PipelineFiles.topicSettings.values.sorted() {
          try settings.set(name, topic.settings[name])
        }
      }
    }
  }

  private func deliverCrowd(to moment: StoryTime, into summary: inout Advance) throws {
    var delivered = 0
    try crowd.advance(to: moment) { request in
      clock.set(request.time)
      let response = collector.handle(
        CollectRequest(
          body: request.body,
          isGzip: request.isGzip,
          source: nil,
          durability: .written
        )
      )
      // A disk that cannot be written is this machine's trouble; brokers that are down are the
      // story's, and the phones wait.
      if response.problem?.code == "log_unavailable", let error = collector.lastLogError,
        (error as? EventLogError)?.isOutage != true
      {
        throw error
      }
      if response.status == 200 { delivered += request.eventCount - response.refused.count }
      return PhoneResponse(
        status: response.status, refused: response.refused.map(\.index),
        retryAfterSeconds: response.retryAfterSeconds)
    }
    summary.delivered += delivered
  }

  /// How a lane does one run; it touches nothing but what is safe to share.
  private func dagWork() throws -> @Sendable (DagLane.Run, Bool) throws -> DagLane.Outcome {
    let events = events
    let log = kafka == nil ? log : nil
    let ingest = ingest
    let lake = lake
    let journal = journal
    let storeClock = storeClock
    let runner = try modelRunner()
    return { run, syncsLog in
      storeClock.set(run.moment)
      // Bronze must never be durable beyond a log that is not.
      if syncsLog { try events.sync() }
      // Followers fetch all the time: what stood in the log a moment ago, they have.
      log?.replicate()
      var outcome = DagLane.Outcome()
      for dag in run.dags {
        var diskFull: (any DiagnosableError)?
        let instances = DagRunner.run(dag, at: run.moment) { work in
          do {
            return try Platform.report(
              work, of: run, ingest, lake, runner, gaps: &outcome.gaps)
          } catch let error as any DiagnosableError where error.code.hasSuffix(".diskFull") {
            diskFull = error
            throw error
          }
        }
        // Not a failure of the task: the run waits for space, and the clock with it.
        if let diskFull { throw diskFull }
        outcome.instances += instances
        try journal.append(instances)
      }
      return outcome
    }
  }

  /// Does one task and says what it did.
  private static func report(
    _ work: DagDefinition.Work,
    of run: DagLane.Run,
    _ ingest: BronzeIngest,
    _ lake: Lake,
    _ runner: ModelRunner,
    gaps: inout [BronzeIngest.Gap]
  ) throws -> DagRunner.Report {
    switch work {
    case .ingest:
      let result = try ingest.run(at: run.moment)
      gaps += result.gaps
      return DagRunner.Report(rows: result.records, message: "\(result.objects.count) objects")
    case .clean:
      let result = try CleanEvents(lake: lake).run(at: run.moment)
      var message = "\(result.duplicates) duplicates left out"
      if result.unreadableCount > 0 {
        message += ", \(result.unreadableCount) unreadable: "
        message += result.unreadable.joined(separator: " ")
      }
      return DagRunner.Report(rows: result.rows, message: message)
    case .model(let name):
      let result = try runner.run(name, at: run.moment, isFullRefresh: run.isFullRefresh)
      switch result.outcome {
      case .written:
        return DagRunner.Report(
          rows: result.rows,
          message: run.isFullRefresh
            ? "\(result.target), replaced as a whole"
            : "\(result.target), \(result.days.count) days replaced"
        )
      case .unchanged:
        return DagRunner.Report(rows: 0, message: "nothing new", isSkipped: true)
      case .noSource(let table):
        return DagRunner.Report(rows: 0, message: "no \(table) yet", isSkipped: true)
      }
    }
  }
}
