// Rule 2: the world in which an incident begins shows what its message says, and the same seed
// without the fault does not.

internal import Course
internal import Grading

/// What the story claims is to be seen.
struct SymptomRule: CheckRule {
  let name = "symptom"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    guard case .incident(let incident, _) = subject.content else { return [] }
    let settings = extent == .full ? Array(extent.wrong.prefix(2)) : [.single]
    return incident.variants.flatMap { variant in
      settings.map { setting in
        CheckJob("\(subject.name) \(name) \(variant.id)") { run in
          try check(subject, incident, variant, setting, run)
        }
      }
    }
  }

  private func check(
    _ subject: CheckSubject, _ incident: Incident, _ variant: Incident.Variant,
    _ setting: RunSetting, _ run: CheckRun
  ) throws {
    func finding(_ code: String) -> CheckFinding {
      CheckFinding(
        rule: name, code: code, file: subject.file("incident.yaml"),
        line: subject.line(in: "incident.yaml", of: "symptom:"), text: variant.id,
        values: ["variant": variant.id, "setting": setting.description])
    }
    // Where no variant is drawn, it is the world in which every answer is played.
    let start = incident.variants.count == 1 ? "incident start \(incident.id)" : ""
    let faulty = try shows(incident, variant, setting, run, "with the fault", begunBy: start)
    guard faulty.isShown else {
      return run.found(finding("symptom.missing"))
    }
    guard !variant.faults.isEmpty else { return }
    var healthy = variant
    healthy.faults = []
    // At the same moment: the message of an incident with a fault comes on another day than one without.
    if try shows(incident, healthy, setting, run, "without the fault", at: faulty.moment).isShown {
      run.found(finding("symptom.without-fault"))
    }
  }

  /// Whether the incident can begin in a world with the variant's faults, and the moment of that; the
  /// world is brought to `moment` first. `line` begins it so where an answer does.
  private func shows(
    _ incident: Incident, _ variant: Incident.Variant, _ setting: RunSetting, _ run: CheckRun,
    _ answer: String, begunBy line: String = "", at moment: Int64? = nil
  ) throws -> (isShown: Bool, moment: Int64) {
    var incident = incident
    incident.variants = [variant]
    let (opened, opening) = try timed { try run.open(setting, begunBy: line) }
    let world = opened.world
    defer { world.close() }
    if let moment, case let minutes = (moment - (try world.now())) / 60_000, minutes > 0 {
      let reply = world.json("clock +\(minutes)m")
      guard reply.exit == 0 else {
        throw CourseError(code: "check.clock", message: "The clock was not moved: \(reply.text)")
      }
    }
    let (isShown, starting) = try timed { () throws -> Bool in
      guard !opened.isBegun else { return true }
      do {
        _ = try IncidentSession.start(
          incident, host: world.host, progress: world.progress, seed: setting.seed,
          now: world.now)
        return true
      } catch let error as CourseError where error.code == "incident.no-symptom" {
        return false
      }
    }
    run.graded(
      GradingRecord(
        exercise: incident.id, rule: name, answer: "\(variant.id) \(answer)", world: "visible",
        setting: setting, verdict: isShown ? "shown" : "not-shown", feedback: nil,
        seconds: opening + starting))
    return (isShown, try world.now())
  }
}
