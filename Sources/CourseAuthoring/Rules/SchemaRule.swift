// Rule 1: everything loads, nothing is left to be written, ids are there once, needs exist and lead
// back to nothing, links lead somewhere, and both languages are there and fresh.

internal import Course
internal import Foundation
internal import Grading

/// Files, ids, needs, links and languages.
struct SchemaRule: CheckRule {
  let name = "schema"

  func jobs(_ subject: CheckSubject, _ extent: CheckExtent) -> [CheckJob] {
    [
      CheckJob("\(subject.name) \(name)") { run in
        loading(subject, run)
        unfilled(subject, run)
        ids(subject, run)
        links(subject, run)
        texts(subject, run)
      }
    ]
  }

  private func loading(_ subject: CheckSubject, _ run: CheckRun) {
    guard case .unloadable(let errors) = subject.content else { return }
    // A loader names the last parts of a path; the folder is known here.
    let folder = (subject.folder as NSString).lastPathComponent
    for error in errors {
      var finding = CheckFinding(error, rule: name, file: subject.file(""))
      if subject.isFile {
        finding.file = subject.place
      } else if let range = finding.file.range(of: folder + "/") {
        finding.file = subject.file(String(finding.file[range.upperBound...]))
      }
      run.found(finding)
    }
  }

  /// Lines that a template left to be written.
  private func unfilled(_ subject: CheckSubject, _ run: CheckRun) {
    guard !subject.isCourse else { return }
    for line in ContentScaffold.unfilled(subject.folder) {
      run.found(
        CheckFinding(
          rule: name, code: "schema.unfilled", file: subject.file(line.file), line: line.line,
          text: line.text, values: ["text": line.text]))
    }
  }

  // MARK: Ids and needs

  private func ids(_ subject: CheckSubject, _ run: CheckRun) {
    let manifest: String
    let needs: [String]
    switch subject.content {
    case .exercise(let exercise, _): (manifest, needs) = ("exercise.yaml", exercise.needs)
    case .incident(let incident, _): (manifest, needs) = ("incident.yaml", incident.needs)
    case .course, .unloadable: return
    }
    let others = subject.neighbours.folders[subject.name, default: []].filter { $0 != subject.folder }
    if let other = others.first {
      run.found(
        CheckFinding(
          rule: name, code: "schema.duplicate-id", file: subject.file(manifest),
          line: subject.line(in: manifest, of: "id:"), text: subject.name,
          values: ["id": subject.name, "other": other]))
    }
    for need in needs where subject.neighbours.needs[need] == nil {
      run.found(
        CheckFinding(
          rule: name, code: "schema.needs-unknown", file: subject.file(manifest),
          line: subject.line(in: manifest, of: "needs:", need), text: need,
          values: [
            "need": need,
            "known": subject.neighbours.needs.keys.sorted().joined(separator: ", "),
          ]))
    }
    if let circle = subject.neighbours.circle(from: subject.name) {
      run.found(
        CheckFinding(
          rule: name, code: "schema.needs-circle", file: subject.file(manifest),
          line: subject.line(in: manifest, of: "needs:"), text: circle.joined(separator: " > "),
          values: ["circle": circle.joined(separator: " > ")]))
    }
  }

  // MARK: Links

  private func links(_ subject: CheckSubject, _ run: CheckRun) {
    let files: [String]
    if case .course(let content) = subject.content {
      files = (FileManager.default.subpaths(atPath: content.root + "/Lessons") ?? [])
        .map { "Lessons/" + $0 }
    } else {
      files = subject.isFile ? [""] : ContentFolder(path: subject.folder).names(in: "")
    }
    for file in files.sorted() where subject.isFile || file.hasSuffix(".md") {
      let path = subject.isFile ? subject.folder : subject.folder + "/" + file
      guard let data = FileManager.default.contents(atPath: path) else { continue }
      let lines = String(decoding: data, as: UTF8.self)
        .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      for (index, line) in lines.enumerated() where !line.hasPrefix("    ") {
        for match in line.matches(of: /\[[^\]`]*\]\(([^()\s]+)\)/) {
          let target = String(match.1)
          guard !leadsSomewhere(target, from: path) else { continue }
          run.found(
            CheckFinding(
              rule: name, code: "schema.dead-link", file: subject.file(file), line: index + 1,
              text: target, values: ["link": target]))
        }
      }
    }
  }

  /// Files are looked for; an address is only read, since a check needs no network.
  private func leadsSomewhere(_ target: String, from file: String) -> Bool {
    if target.hasPrefix("#") { return true }
    if target.contains("://") {
      guard let url = URL(string: target), let host = url.host() else { return false }
      return url.scheme == "https" && host.contains(".")
    }
    let path = target.prefix { $0 != "#" }
    let base = (file as NSString).deletingLastPathComponent
    return FileManager.default.fileExists(atPath: base + "/" + path)
  }

  // MARK: Languages

  private func texts(_ subject: CheckSubject, _ run: CheckRun) {
    if case .course(let content) = subject.content {
      for finding in content.findings() where !OrderRule.codes.contains(finding.rule) {
        run.found(CheckFinding(finding, rule: name))
      }
      return
    }
    // The course itself looks at all its texts.
    guard !subject.neighbours.isCourse else { return }
    guard let courseRoot = subject.neighbours.courseRoot,
      subject.folder.hasPrefix(courseRoot + "/")
    else { return textsAlone(subject, run) }
    let own = String(subject.folder.dropFirst(courseRoot.count + 1)) + "/"
    let texts = ContentTexts(root: courseRoot)
    let findings =
      texts.unreadable + texts.duplicateKeys() + texts.speechLevel()
      + texts.placeholderDifferences() + TranslationLedger.read(root: courseRoot).findings(texts)
      + ((try? texts.forbiddenSpellings(CourseContent(root: courseRoot).glossary())) ?? [])
    for var finding in findings where finding.file.hasPrefix(own) {
      finding.file = subject.file(String(finding.file.dropFirst(own.count)))
      run.found(CheckFinding(finding, rule: name))
    }
  }

  /// A folder outside of any course: it has no ledger, and one language may be enough.
  private func textsAlone(_ subject: CheckSubject, _ run: CheckRun) {
    let texts = ContentTexts(folder: ContentFolder(path: subject.folder))
    for var finding in texts.unreadable + texts.duplicateKeys() + texts.speechLevel()
      + texts.placeholderDifferences()
    {
      finding.file = subject.file(finding.file)
      run.found(CheckFinding(finding, rule: name))
    }
  }
}
