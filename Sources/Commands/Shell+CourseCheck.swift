// `course check` and `course grade`: words in, printing out. What is checked, and how, is in
// `CourseAuthoring`.

internal import Course
internal import CourseAuthoring
internal import EventModel
internal import Foundation
internal import Grading
internal import Platform
internal import Simulation
internal import Terminal

extension CourseTool {
  /// The lint, and the grading of one file.
  static let checking: [CourseTool] = [
    CourseTool("check", options: ["--full"], isApart: true) { try $0.courseCheck($1) },
    CourseTool("grade", options: ["--seed", "--part"], isApart: true) { try $0.courseGrade($1) },
  ]
}

extension Shell {
  /// `course check [PATH ...] [--full]`: without a path, the whole course. Ctrl-C ends it with what
  /// was found until then.
  func courseCheck(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words, flags: ["full"])
    try arguments.allowOnly("full")
    let paths = arguments.positions.map(Home.absolute)
    let target = try checkTarget(paths.isEmpty ? [content.path] : paths)
    let home = try authoringHome()
    let laid = try laidContent(target, below: home)
    defer { try? FileManager.default.removeItem(atPath: laid.path) }
    let bench = LearnerBench(home: home, content: laid)
    var memory =
      target.courseRoot.map {
        CheckMemory(file: $0 + "/Exercises/checked.lock", version: "", root: $0)
      } ?? CheckMemory(file: home.path + "/checked.json", version: MadeWorlds.program)
    let bar = CheckBar(isProgressShown ? output : nil, text)
    // Typed in a shell as at the prompt, Ctrl-C ends the check and not the program.
    Interrupt.install()
    Interrupt.clear()
    let report = CourseCheck(target: target, bench: bench).run(
      arguments.options["full"] != nil ? .full : nil, memory: &memory, base: content.path,
      isStopped: { Interrupt.isRequested }, progress: bar.update)
    bar.finish()
    memory.write()
    return reply(report, target)
  }

  /// A path that is no course and no exercise is a line that was not understood.
  private func checkTarget(_ paths: [String]) throws -> CheckTarget {
    do {
      return try CheckTarget.find(paths)
    } catch let error as CourseError {
      throw CommandError(
        error.code == "check.several-courses" ? .severalCourses : .nothingToCheck,
        ["path": error.place ?? paths[0], "first": paths[0], "reason": error.message])
    }
  }

  /// The program's content with the target's exercises in place of the others.
  private func laidContent(_ target: CheckTarget, below home: Home) throws -> ContentRoot {
    let path = try home.directory("content") + "/" + UUID().uuidString.lowercased()
    try target.lay(over: content.path, at: path)
    return ContentRoot(path: path)
  }

  // MARK: The report

  private func reply(_ report: CourseCheck.Report, _ target: CheckTarget) -> Reply {
    var blocks: [Reply.Block] = []
    for (index, finding) in report.findings.enumerated() {
      let place = finding.file + (finding.line.map { ":\($0)" } ?? "")
      let (said, fix) = sentences(finding)
      blocks.append(
        .text(output.style.apply(.strong, place.isEmpty ? target.root : place) + "  \(finding.rule)"))
      blocks.append(.text("  " + said))
      // The same advice for one line after the other is told behind the last of them.
      let next = report.findings.dropFirst(index + 1).first
      guard let fix, next.map({ sentences($0).fix }) != fix else { continue }
      blocks.append(.text("  " + output.style.apply(.dim, fix)))
    }
    for failure in report.failures {
      blocks.append(
        .text(text("check.failure", ["job": failure.label, "reason": failure.reason])))
    }
    blocks += counts(report) + drafts(report)
    let exit: ExitStatus =
      !report.failures.isEmpty || report.wasStopped
      ? .failure : report.findings.isEmpty ? .success : .notYet
    return Reply(blocks, data: data(report), exit: exit)
  }

  /// What is wrong and what to write instead; what an older check said in English stands where the
  /// catalogue has no sentence.
  private func sentences(_ finding: CheckFinding) -> (said: String, fix: String?) {
    var values = finding.values
    values["text"] = finding.text
    values["code"] = finding.code
    func sentence(_ key: String) -> String? {
      catalogue.contains(key) ? text(key, values) : nil
    }
    let key = "check." + finding.code
    return (sentence(key) ?? finding.text, sentence(key + ".fix") ?? finding.values["fix"])
  }

  private func counts(_ report: CourseCheck.Report) -> [Reply.Block] {
    func number(_ value: Int) -> String { NumberText.grouped(value) }
    var lines = [
      text(
        "check.folders",
        ["full": number(report.full), "single": number(report.single)]),
      text(
        "check.gradings",
        [
          "all": number(report.gradings.count), "accepted": number(report.count("accepted")),
          "acceptedAnswers": number(report.answers("accepted")),
          "wrong": number(report.count("wrong")), "wrongAnswers": number(report.answers("wrong")),
          "nothing": number(report.count("nothing-passes")),
          "hints": number(report.count("hints")), "mutants": number(report.mutants),
        ]),
      text(
        "check.settings",
        [
          "seeds": number(report.seeds.count), "languages": report.languages.joined(separator: ", "),
          "zones": Set(report.gradings.map(\.setting.zone)).sorted().joined(separator: ", "),
          "screens": number(report.screens),
          "seconds": NumberText.decimal(report.seconds, places: 1),
        ]),
    ]
    if !report.failures.isEmpty {
      lines.append(text("check.notRun", ["count": number(report.failures.count)]))
    }
    if report.wasStopped { lines.append(text("check.stopped")) }
    lines.append(
      report.findings.isEmpty
        ? text(
          report.failures.isEmpty && !report.wasStopped ? "check.green" : "check.noFindings")
        : text("check.findings", ["count": number(report.findings.count)]))
    return lines.map { .text($0) }
  }

  /// What each draft lacks for becoming part of a course.
  private func drafts(_ report: CourseCheck.Report) -> [Reply.Block] {
    report.drafts.flatMap { draft -> [Reply.Block] in
      let values = ["id": draft.id, "status": draft.status.rawValue]
      guard !draft.missing.isEmpty else { return [.text(text("check.draft.ready", values))] }
      return [.text(text("check.draft", values))]
        + draft.missing.map { .text("  " + sentence($0)) }
    }
  }

  private func sentence(_ missing: ContentScaffold.Missing) -> String {
    switch missing {
    case .question: text("check.missing.question")
    case .file(let name): text("check.missing.file", ["file": name])
    case .accepted(let count): text("check.missing.accepted", ["count": String(count)])
    case .wrong(let count): text("check.missing.wrong", ["count": String(count)])
    }
  }

  private func data(_ report: CourseCheck.Report) -> JSONValue {
    .record([
      "findings": .array(
        report.findings.map { finding in
          let (said, fix) = sentences(finding)
          return .record([
            "rule": .string(finding.rule), "code": .string(finding.code),
            "file": .string(finding.file), "line": finding.line.map { .count($0) } ?? .null,
            "text": .string(finding.text), "message": .string(said), "fix": .optional(fix),
          ])
        }),
      "failures": .array(
        report.failures.map {
          .record(["job": .string($0.label), "reason": .string($0.reason)])
        }),
      "counts": .record([
        "gradings": .count(report.gradings.count), "accepted": .count(report.count("accepted")),
        "wrong": .count(report.count("wrong")), "mutants": .count(report.mutants),
        "seeds": .count(report.seeds.count), "languages": .count(report.languages.count),
        "screens": .count(report.screens), "full": .count(report.full),
        "single": .count(report.single),
      ]),
      "seconds": .double(report.seconds),
      "gradings": .array(
        report.gradings.map { grading in
          .record([
            "exercise": .string(grading.exercise), "rule": .string(grading.rule),
            "answer": .string(grading.answer), "world": .string(grading.world),
            "seed": .string(String(grading.setting.seed)),
            "language": .string(grading.setting.language.rawValue),
            "zone": .string(grading.setting.zone), "form": .string(grading.setting.form.rawValue),
            "verdict": .string(grading.verdict), "feedback": .optional(grading.feedback),
            "seconds": .double(grading.seconds),
          ])
        }),
    ])
  }

  // MARK: grade

  /// `course grade ID FILE [--seed N] [--part NAME]`; ID is an exercise's id or folder.
  func courseGrade(_ words: [String]) throws -> Reply {
    let arguments = try Arguments(words)
    try arguments.allowOnly("seed", "part")
    guard arguments.positions.count == 2 else {
      throw CommandError(
        .missingArgument, ["command": "course grade", "usage": text("help.course.usage")])
    }
    let seed = try arguments.integer("seed", in: 1...1_000_000_000)
    let file = Home.absolute(arguments.positions[1])
    guard FileManager.default.isReadableFile(atPath: file) else {
      throw CommandError(.noSuchFile, ["file": arguments.positions[1]])
    }
    let exercise = try gradedExercise(arguments.positions[0])
    if let part = arguments.options["part"], !exercise.parts.contains(where: { $0.id == part }) {
      throw noSuch(.noSuchPart, part, among: exercise.parts.map(\.id))
    }
    let home = try authoringHome()
    let target = try checkTarget([exercise.folder])
    let laid = try laidContent(target, below: home)
    defer { try? FileManager.default.removeItem(atPath: laid.path) }
    let bench = LearnerBench(home: home, content: laid)
    let setting = RunSetting(
      seed: seed.map { UInt64($0) } ?? RunSetting.single.seed, language: courseLanguage)
    let grading = FileGrading(exercise: exercise, bench: bench, setting: setting)
    return reply(
      try grading.grade(file: file, part: arguments.options["part"]), of: exercise, setting)
  }

  private func gradedExercise(_ name: String) throws -> Exercise {
    let path = Home.absolute(name)
    if CheckTarget.isSubject(path), !ContentFolder(path: path).exists("incident.yaml") {
      return try Exercise.load(folder: path)
    }
    let known = try CourseContent(root: content.path).exerciseFolders()
    guard let folder = known[name] else {
      throw noSuch(.noSuchExercise, name, among: known.keys.sorted())
    }
    return try Exercise.load(folder: folder)
  }

  private func reply(
    _ result: CheckResult, of exercise: Exercise, _ setting: RunSetting
  ) -> Reply {
    let verdict = result.verdict
    let evidence = result.evidence
    var blocks: [Reply.Block] = [
      .text(
        text(
          "grade.verdict",
          ["id": exercise.id, "verdict": text("grade.verdict." + verdict.name)]))
    ]
    blocks += told(result.text)
    let exit: ExitStatus =
      switch verdict {
      case .passed: .success
      case .checkerFailed: .failure
      case .notYet, .partly, .notAttempted, .couldNotRead: .notYet
      }
    return Reply(
      blocks,
      data: .record([
        "exercise": .string(exercise.id), "part": .optional(result.part),
        "seed": .string(String(setting.seed)), "verdict": .string(verdict.name),
        "feedback": .optional(verdict.feedbackID), "text": .string(result.text),
        "world": evidence.world.map(Self.json) ?? .null,
        "difference": evidence.difference.map(Self.json) ?? .null,
        "counterexample": evidence.counterexample.map(Self.json) ?? .null,
        "message": .optional(evidence.engineMessage),
        "refusal": .optional(evidence.refusal?.rawValue),
        "gradings": .array(
          evidence.gradings.map { grading in
            .record([
              "world": Self.json(grading.world), "verdict": .string(grading.verdict),
              "feedback": .optional(grading.feedback),
            ])
          }),
      ]),
      exit: exit)
  }

  private static func json(_ world: GradedWorld) -> JSONValue {
    .record([
      "kind": .string(world.kind.rawValue), "number": .count(world.number),
      "seed": .string(String(world.seed)), "day": .string(world.day),
    ])
  }

  private static func json(_ value: HostValue) -> JSONValue {
    switch value {
    case .null: .null
    case .integer(let number): .integer(number)
    case .double(let number): .double(number)
    case .text(let text): .string(text)
    case .boolean(let flag): .bool(flag)
    }
  }

  private static func json(_ row: [String: HostValue], _ columns: [String]) -> JSONValue {
    .object(columns.map { JSONMember(key: $0, value: row[$0].map(json) ?? .null) })
  }

  private static func json(_ difference: ResultDifference) -> JSONValue {
    func types(_ columns: [GradingTable.Column]) -> JSONValue {
      .object(columns.map { JSONMember(key: $0.name, value: .string($0.type)) })
    }
    switch difference {
    case .columns(let expected, let got):
      return .record(["kind": .string("columns"), "expected": types(expected), "got": types(got)])
    case .missing(let row, let columns, let count):
      return .record([
        "kind": .string("missing"), "row": json(row, columns), "count": .count(count),
      ])
    case .extra(let row, let columns, let count):
      return .record(["kind": .string("extra"), "row": json(row, columns), "count": .count(count)])
    case .cell(let key, let columns, let column, let expected, let got):
      return .record([
        "kind": .string("cell"), "key": json(key, columns), "column": .string(column),
        "expected": json(expected), "got": json(got),
      ])
    case .order(let position, let expected, let columns):
      return .record([
        "kind": .string("order"), "position": .count(position), "expected": json(expected, columns),
      ])
    }
  }

  private static func json(_ result: TypedResult) -> JSONValue {
    .array(
      result.rows.map { row in
        .object(
          zip(result.columns, row).map { JSONMember(key: $0.name, value: json($1)) })
      })
  }

  private static func json(_ counterexample: Counterexample) -> JSONValue {
    .record([
      "tables": .array(
        counterexample.tables.map { table in
          .record([
            "table": .string(table.name),
            "rows": json(TypedResult(columns: table.columns, rows: table.rows)),
          ])
        }),
      "expected": json(counterexample.expected),
      "got": counterexample.got.map(json) ?? .null,
      "minimal": .bool(counterexample.isMinimal),
    ])
  }
}

/// The progress of a check: the line appears once it is known how much there is to do.
///
/// `@unchecked Sendable`: the line is made while `lock` is held, and is itself safe.
private final class CheckBar: @unchecked Sendable {
  private let lock = NSLock()
  private let output: (any TerminalOutput)?
  private let label: String
  private let remaining: String
  private var line: ProgressLine?

  /// Nil as output shows nothing.
  init(_ output: (any TerminalOutput)?, _ text: (String, [String: String]) -> String) {
    self.output = output
    label = text("check.running", [:])
    remaining = text("progress.remaining", ["time": "{time}"])
  }

  func update(_ done: Int, _ total: Int) {
    guard let output else { return }
    let line = lock.withLock { () -> ProgressLine in
      let line =
        self.line ?? ProgressLine(label, total: Int64(total), remaining: remaining, to: output)
      self.line = line
      return line
    }
    line.update(Int64(done))
  }

  func finish() { lock.withLock { line }?.finish() }
}
