// How an incident begins: the variant is drawn, the faults are planted, the clock goes to the message,
// the fork is taken, and the message is told.

internal import Foundation
package import Grading

extension IncidentSession {
  /// Begins an incident in the learner's world.
  ///
  /// `seed` is the learner's; what is drawn depends on it, on the incident and on how often it was
  /// begun. `now` is the story's time in milliseconds since the epoch, asked again after each move.
  ///
  /// Throws `incident.no-symptom` where the world does not show what the message says, and what the
  /// host throws; the world is then put back.
  package static func start(
    _ incident: Incident, level: Incident.Level? = nil, host: any LessonHost,
    progress: ProgressStore, seed: UInt64, now: () throws -> Int64
  ) throws -> (session: IncidentSession, answer: IncidentAnswer) {
    let round = try progress.incidentRunCount(incident.id)
    var run = drawn(incident, seed: seed, round: round)
    run.level = (level ?? incident.levels[0]).rawValue
    let variant = incident.variants.first { $0.id == run.variant } ?? incident.variants[0]
    let worlds = host as? any GradingHost
    // Before anything is changed: a level or a moment that cannot be is refused.
    let target = try messageMoment(incident, variant, run.parameters, now: try now())
    if variant.isBroken {
      guard let planter = host as? any IncidentHost else {
        throw CourseError(
          code: "incident.no-faults",
          message: "The incident \(incident.id) needs a world into which faults can be planted.",
          advice: "Begin it in the program itself.", fields: ["id": incident.id])
      }
      try planter.takeFork(forkBefore(incident.id))
    }
    do {
      try bringAbout(variant.faults, variant.steps, run.parameters, host: host, to: target, now: now)
    } catch {
      if variant.isBroken { try? worlds?.rewind(to: forkBefore(incident.id)) }
      throw error
    }
    run.startedAt = try now()
    run.today = StoryMoment.day(run.startedAt)
    run.yesterday = StoryMoment.day(run.startedAt - 86_400_000)
    let session = IncidentSession(incident: incident, run: run, host: host, progress: progress)
    guard try !session.ask(incident.symptom).rows.isEmpty else {
      if variant.isBroken { try worlds?.rewind(to: forkBefore(incident.id)) }
      throw CourseError(
        code: "incident.no-symptom",
        message: "The world does not show what the message of \(incident.id) says.",
        advice: "Look with `dash show`; move the clock and begin again.",
        fields: ["id": incident.id])
    }
    if let worlds {
      try worlds.takeFork(session.fork)
      session.run.hasFork = true
    }
    session.run.values = IncidentRun.stored(try session.queried())
    try session.save()
    return (session, try session.opening())
  }

  /// The moment of the message: the next such time of day before which there is still time for all
  /// that goes wrong.
  private static func messageMoment(
    _ incident: Incident, _ variant: Incident.Variant, _ parameters: [String: String], now: Int64
  ) throws -> Int64 {
    guard let time = incident.time else { return now }
    let target = StoryMoment.next(time, from: now, strictly: variant.isBroken)
    let begins = try variant.steps.map { try $0.filled(dayNames(target, parameters)).offset }.min()
    guard let begins else { return target }
    return try midnight(before: target) + begins < now ? target + 86_400_000 : target
  }

  /// The midnight with which the day before a moment begins.
  private static func midnight(before moment: Int64) throws -> Int64 {
    guard let midnight = StoryMoment.midnight(StoryMoment.day(moment - 86_400_000)) else {
      throw CourseError(code: "incident.clock", message: "The world stands at no day.")
    }
    return midnight
  }

  /// What faults and steps may name: the days around a message, and the parameters.
  static func dayNames(_ message: Int64, _ parameters: [String: String]) -> [String: String]
  {
    var names = parameters
    names["ds_kst"] = StoryMoment.day(message - 86_400_000)
    names["ds_next"] = StoryMoment.day(message)
    return names
  }

  /// Makes a learner's world, or a copy of it, go wrong on the way to the message.
  private static func bringAbout(
    _ faults: [Fault], _ steps: [IncidentStep], _ parameters: [String: String],
    host: any LessonHost, to target: Int64, now: () throws -> Int64
  ) throws {
    let names = dayNames(target, parameters)
    if !faults.isEmpty, let planter = host as? any IncidentHost {
      try planter.plant(try faults.map { try filled($0, names) })
    }
    try IncidentStep.play(steps, in: host, midnight: try midnight(before: target), names: names)
    guard target > (try now()) else { return }
    let reply = try host.run("clock \(StoryMoment.clock(target))")
    guard reply.exitCode == 0 else {
      throw CourseError(
        code: "incident.clock", message: "The clock could not be moved: \(reply.output)",
        advice: "Look with `clock`, then begin again.", fields: ["output": reply.output])
    }
  }

  /// The faults of a variant in the learner's world, at this run's message.
  func ownFaults(without blamed: String?) throws -> [Fault] {
    let names = Self.dayNames(run.startedAt, run.parameters)
    return try variant.faults.filter { $0.name != blamed }.map { try Self.filled($0, names) }
  }

  /// What the variant's steps leave in `pipeline/`, the last of a file's.
  func stepFiles(_ names: [String: String]) throws -> [String: String] {
    let steps = try variant.steps.map { try $0.filled(names) }.sorted { $0.offset < $1.offset }
    var files: [String: String] = [:]
    for file in steps.flatMap(\.step.files) { files[file.path] = file.content }
    return files
  }

  /// This run's steps, but the blamed one, in a copy of the world from before them, and the message.
  func ownScript(without blamed: String) throws -> WorldScript {
    WorldScript(
      steps: try IncidentStep.scripted(
        variant.steps.filter { $0.id != blamed },
        midnight: try Self.midnight(before: run.startedAt),
        names: Self.dayNames(run.startedAt, run.parameters)),
      end: run.startedAt)
  }

  /// The hidden world's message, where steps come before it: the second morning, since the world is
  /// made up to the first.
  func hiddenMessage() throws -> Int64 {
    guard let midnight = StoryMoment.midnight(run.hiddenDay) else {
      throw CourseError(
        code: "incident.no-worlds", message: "`\(run.hiddenDay)` is no day of a hidden world.")
    }
    return StoryMoment.next(
      incident.time ?? "09:10", from: midnight + 2 * 86_400_000, strictly: false)
  }

  /// The faults of the hidden variant; none at level `diagnose`, where no world is repaired.
  func hiddenFaults() throws -> [Fault] {
    var names = run.hiddenParameters
    if !variant.steps.isEmpty {
      names = Self.dayNames(try hiddenMessage(), names)
    } else {
      names["ds_kst"] = run.hiddenDay
      names["ds_next"] = StoryMoment.day(after: run.hiddenDay) ?? ""
    }
    return try variant.faults.map { try Self.filled($0, names) }
  }

  /// The hidden variant's steps in a made world, and the moment of its message; nil where nobody has done
  /// anything.
  private func hiddenScript() throws -> WorldScript? {
    guard !variant.steps.isEmpty else { return nil }
    let message = try hiddenMessage()
    return WorldScript(
      steps: try IncidentStep.scripted(
        variant.steps, midnight: try Self.midnight(before: message),
        names: Self.dayNames(message, run.hiddenParameters)),
      end: message)
  }

  private static func drawn(_ incident: Incident, seed: UInt64, round: Int) -> IncidentRun {
    var generator = SeededGenerator(seed: seed, incident.id, "variant", String(round))
    func draw(_ count: Int) -> Int { generator.index(below: count) }
    let variant = incident.variants[draw(incident.variants.count)]
    var visible: [String: String] = [:]
    var hidden: [String: String] = [:]
    for (name, values) in variant.parameters {
      let first = draw(values.count)
      visible[name] = values[first]
      // Another one, so that what was written for the visible value fails where it matters.
      hidden[name] = values[(first + 1 + draw(values.count - 1)) % values.count]
    }
    return IncidentRun(
      uid: UUID().uuidString, incident: incident.id, version: incident.version,
      variant: variant.id, parameters: visible, hiddenParameters: hidden,
      hiddenSeed: generator.next() >> 1,
      hiddenDay: incident.hiddenDays[draw(incident.hiddenDays.count)], startedAt: 0,
      yesterday: "", today: "", values: [:])
  }

  static func filled(_ fault: Fault, _ parameters: [String: String]) throws -> Fault {
    Fault(
      name: fault.name,
      parameters: try fault.parameters.mapValues { try IncidentSQL.fill($0, parameters) })
  }

  /// The first rows of the incident's own queries.
  func queried() throws -> [String: HostValue] {
    var values: [String: HostValue] = [:]
    for query in incident.values {
      for (name, value) in try ask(query).firstRowByName where values[name] == nil {
        values[name] = value
      }
    }
    return values
  }

  /// The message, the dashboard as it stands, and what comes next.
  package func opening() throws -> IncidentAnswer {
    let message = filled(incident.message)
    var answer = IncidentAnswer([
      .heading(say("title", ["id": incident.id, "title": incident.title[language]])),
      .speech(message.text),
    ])
    answer.unknownPlaceholders = message.unknownNames
    for line in incident.dashboard {
      answer.pieces.append(.output(line: line, text: try host.run(line).output))
    }
    answer.pieces += nextPieces()
    return answer
  }

  /// The made worlds that will be needed, to be made while the learner reads.
  package var worldRequests: [WorldRequest] {
    guard let request = try? hiddenRequest(isBroken: level != .diagnose) else { return [] }
    return [request]
  }

  /// A world that nobody has seen: with the hidden variant's faults and steps, at its message, or without
  /// any. A later round has the same in a world of another seed.
  func hiddenRequest(isBroken: Bool, round: UInt64 = 0) throws -> WorldRequest {
    WorldRequest(
      origin: .made(
        seed: run.hiddenSeed &+ round, day: run.hiddenDay, size: incident.worldSize,
        versionShift: incident.hiddenVersionShift),
      faults: isBroken ? try hiddenFaults() : [], script: isBroken ? try hiddenScript() : nil)
  }
}
