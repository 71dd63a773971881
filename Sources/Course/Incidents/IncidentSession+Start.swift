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
    _ incident: Incident, host: any LessonHost, progress: ProgressStore, seed: UInt64,
    now: () throws -> Int64
  ) throws -> (session: IncidentSession, answer: IncidentAnswer) {
    let round = try progress.incidentRunCount(incident.id)
    var run = drawn(incident, seed: seed, round: round)
    let variant = incident.variants.first { $0.id == run.variant } ?? incident.variants[0]
    let worlds = host as? any GradingHost
    if !variant.faults.isEmpty {
      guard let planter = host as? any IncidentHost else {
        throw CourseError(
          code: "incident.no-faults",
          message: "The incident \(incident.id) needs a world into which faults can be planted.",
          advice: "Begin it in the program itself.", fields: ["id": incident.id])
      }
      try planter.takeFork(forkBefore(incident.id))
      try planter.plant(try variant.faults.map { try filled($0, run.parameters) })
    }
    if let time = incident.time {
      let moment = try now()
      let target = StoryMoment.next(time, from: moment, strictly: !variant.faults.isEmpty)
      if target > moment {
        let reply = try host.run("clock \(StoryMoment.clock(target))")
        guard reply.exitCode == 0 else {
          throw CourseError(
            code: "incident.clock", message: "The clock could not be moved: \(reply.output)",
            advice: "Look with `clock`, then begin again.", fields: ["output": reply.output])
        }
      }
    }
    run.startedAt = try now()
    run.today = StoryMoment.day(run.startedAt)
    run.yesterday = StoryMoment.day(run.startedAt - 86_400_000)
    let session = IncidentSession(incident: incident, run: run, host: host, progress: progress)
    guard try !session.ask(incident.symptom).rows.isEmpty else {
      if !variant.faults.isEmpty { try worlds?.rewind(to: forkBefore(incident.id)) }
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

  private static func drawn(_ incident: Incident, seed: UInt64, round: Int) -> IncidentRun {
    var generator = SeededGenerator(seed: seed, incident.id, "variant", String(round))
    func draw(_ count: Int) -> Int {
      Int(generator.next().multipliedFullWidth(by: UInt64(count)).high)
    }
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
    guard let faults = try? variant.faults.map({ try Self.filled($0, run.hiddenParameters) }) else {
      return []
    }
    return [hiddenRequest(incident.level == .diagnose ? [] : faults, seed: run.hiddenSeed)]
  }

  func hiddenRequest(_ faults: [Fault], seed: UInt64) -> WorldRequest {
    WorldRequest(
      origin: .made(
        seed: seed, day: run.hiddenDay, size: "xs",
        versionShift: incident.hiddenVersionShift),
      faults: faults)
  }
}
