import Foundation
import TestSupport
import Testing

/// What the documents say, held against what is there.
struct DocumentTests {
  @Test func `the table of targets names every target and no other`() throws {
    let rows = try RepositoryFiles.text("Sources/README.md").split(separator: "\n")
      .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
    let folders = try FileManager.default.contentsOfDirectory(
      atPath: RepositoryFiles.root + "/Sources"
    ).filter { !$0.hasSuffix(".md") }
    #expect(rows.sorted() == folders.sorted())
  }

  @Test func `every target of the table is declared in the manifest`() throws {
    let manifest = try RepositoryFiles.text("Package.swift")
    for folder in try FileManager.default.contentsOfDirectory(
      atPath: RepositoryFiles.root + "/Sources"
    ) where !folder.hasSuffix(".md") {
      #expect(manifest.contains("\"\(folder)\""), "Package.swift does not name \(folder)")
    }
  }

  @Test func `every linked file of a document exists`() throws {
    for document in ["README.md", "README.ko.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
      let text = try RepositoryFiles.text(document)
      for match in text.matches(of: /\]\(([^)#:]+)\)/) {
        let path = RepositoryFiles.root + "/" + match.1
        #expect(FileManager.default.fileExists(atPath: path), "\(document) links to \(match.1)")
      }
    }
  }

  @Test func `no file outside the data sets is larger than a megabyte`() throws {
    for folder in ["Sources", "Tests", "Lessons", "Exercises"] {
      for file in RepositoryFiles.files(below: folder, ending: "") {
        let attributes = try FileManager.default.attributesOfItem(
          atPath: RepositoryFiles.root + "/" + file)
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        #expect(size <= 1 << 20, "\(file) has \(size) bytes")
      }
    }
  }
}
