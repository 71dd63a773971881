// Which exercises there are, and which cannot be read: one broken folder never hides another.
//
// 1. The course's own `Exercises` is walked: a folder with `exercise.yaml`, or a Markdown file that is
//    a whole exercise.
// 2. The packs are walked in the same way, behind it.
// 3. An id that is taken already stays with its first owner; the second is broken, and its reason
//    names both places.

internal import Foundation
package import Grading

/// An exercise or a lesson that cannot be used, and why.
package struct BrokenContent: Sendable, Hashable {
  /// Nil where not even the id can be read.
  package var id: String?
  /// The folder or file, as its author knows it.
  package var place: String
  /// The reason, with file and line.
  package var error: CourseError

  package init(id: String?, place: String, error: CourseError) {
    self.id = id
    self.place = place
    self.error = error
  }
}

/// What is there to be practised.
package struct CourseInventory: Sendable, Hashable {
  /// The folder, or the Markdown file, of each exercise by its id.
  package var folders: [String: String]
  /// What cannot be used, the course's own first.
  package var broken: [BrokenContent]

  package init(folders: [String: String] = [:], broken: [BrokenContent] = []) {
    self.folders = folders
    self.broken = broken
  }

  /// True for an exercise that came with a pack.
  package func isOfPack(_ id: String, course: CourseContent) -> Bool {
    folders[id].map { !$0.hasPrefix(course.root + "/") } ?? false
  }
}

extension CourseContent {
  /// Everything that has an id, and everything that is broken by its manifest alone; never throws.
  ///
  /// Reads the manifests' `id:` lines, a fraction of a millisecond each. What only a whole reading
  /// finds is `brokenExercises`.
  package func inventory() -> CourseInventory {
    var found = CourseInventory()
    // The course's own words for a place begin at its root.
    walk(root + "/Exercises", root: root, depth: 2, into: &found)
    for pack in packs {
      guard ContentFolder(path: pack).isFolder("") else {
        found.broken.append(
          BrokenContent(
            id: nil,
            place: pack,
            error: CourseError(
              code: "course.missing-pack",
              message: "There is no folder \(pack).",
              place: pack,
              advice: "TAPLINE_COURSES lists folders, separated by `:`.",
              fields: ["file": pack]
            )
          )
        )
        continue
      }
      let inner = pack + "/Exercises"
      let hasInner = ContentFolder(path: pack).isFolder("Exercises")
      walk(hasInner ? inner : pack, root: pack, depth: 2, into: &found)
    }
    if !packs.isEmpty, let problems = try? outlineWithProblems().problems {
      found.broken += problems
    }
    return found
  }

  /// Exercises that are there and cannot be read as a whole; about a millisecond for each.
  package func brokenExercises() -> [BrokenContent] {
    let found = inventory()
    return found.broken
      + found.folders.sorted { $0.key < $1.key }.compactMap { id, folder in
        do {
          _ = try Exercise.load(folder: folder)
          return nil
        } catch let error as CourseError {
          return BrokenContent(id: id, place: place(folder), error: error)
        } catch {
          return BrokenContent(
            id: id,
            place: place(folder),
            error: CourseError(code: "course.unreadable", message: "\(error)", place: place(folder))
          )
        }
      }
  }

  /// A path as its author knows it: from the course's root, else whole.
  package func place(_ path: String) -> String {
    path.hasPrefix(root + "/") ? String(path.dropFirst(root.count + 1)) : path
  }

  private func walk(
    _ path: String,
    root: String,
    depth: Int,
    into found: inout CourseInventory
  ) {
    let folder = ContentFolder(path: path)
    for name in folder.names(in: "") {
      let child = "\(path)/\(name)"
      if MarkdownExercise.isFile(child) {
        add(child, root, &found)
      } else if folder.isFolder(name) {
        // Incidents have a door of their own.
        if folder.exists("\(name)/incident.yaml") { continue }
        if Self.isExercise(folder, name) {
          add(child, root, &found)
        } else if depth > 1 {
          walk(child, root: root, depth: depth - 1, into: &found)
        }
      }
    }
  }

  /// True for a folder that holds an exercise or what is left of one.
  private static func isExercise(_ folder: ContentFolder, _ name: String) -> Bool {
    ["exercise.yaml", "task.ko.md", "task.en.md", "checks"].contains {
      folder.exists("\(name)/\($0)")
    }
  }

  private func add(_ path: String, _ root: String, _ found: inout CourseInventory) {
    var id: String?
    do {
      try refuseOutside(path, root)
      let folder = ContentFolder(path: path)
      let manifest = try folder.text("exercise.yaml", holds: "id, version, status, kind and title")
      id = Self.quickID(manifest)
      guard let id else {
        throw CourseError(
          code: "course.missing-key",
          message: "The exercise has no `id`.",
          place: folder.display("exercise.yaml"),
          advice: "Write for example `id: 00-1`.",
          fields: ["file": folder.display("exercise.yaml"), "key": "id"]
        )
      }
      if let other = found.folders[id] {
        throw CourseError(
          code: "course.taken-id",
          message: "Two exercises have the id `\(id)`: \(place(other)) and \(place(path)).",
          place: place(path),
          advice: "\(place(other)) keeps it; give this one a new id.",
          fields: ["id": id, "file": place(path), "other": place(other)]
        )
      }
      found.folders[id] = path
    } catch let error as CourseError {
      found.broken.append(BrokenContent(id: id, place: place(path), error: error))
    } catch {
      found.broken.append(
        BrokenContent(
          id: id,
          place: place(path),
          error: CourseError(code: "course.unreadable", message: "\(error)", place: place(path))
        )
      )
    }
  }

  /// Refuses a folder that a link leads out of the pack to.
  private func refuseOutside(_ path: String, _ root: String) throws {
    let top = URL(fileURLWithPath: root).resolvingSymlinksInPath().path
    // In the course itself `Exercises` may be a link; what is below it must not lead on.
    let own = URL(fileURLWithPath: root + "/Exercises").resolvingSymlinksInPath().path
    let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    if real.hasPrefix(top + "/") || real.hasPrefix(own + "/") { return }
    throw CourseError(
      code: "course.outside",
      message: "The folder is a link that leads out of \(place(root)).",
      place: place(path),
      advice: "Copy the exercise into the folder itself.",
      fields: ["file": place(path)]
    )
  }

  /// The `id:` line, without parsing the file; `Exercise.load` parses it in full.
  private static func quickID(_ manifest: String) -> String? {
    for line in manifest.split(whereSeparator: \.isNewline) where line.hasPrefix("id:") {
      let value = line.dropFirst(3).prefix { $0 != "#" }
      let id = value.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"'"))
      return id.isEmpty ? nil : id
    }
    return nil
  }
}
