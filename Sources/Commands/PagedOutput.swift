// Answers longer than the screen go page by page, where a person reads them: in this process, or in
// the process that forwarded the line.

internal import Foundation
package import Terminal

/// An output that can show a long text page by page.
protocol PagedOutput: TerminalOutput {
  /// Writes `text`; page by page where it is longer than the screen.
  func show(_ text: String, texts: Catalogue)
}

extension DescriptorOutput: PagedOutput {
  package func show(_ text: String, texts: Catalogue) {
    let pager = Pager(
      input: 0, output: 1, style: style, texts: texts,
      environment: ProcessInfo.processInfo.environment)
    if pager.isNeeded(for: text) { pager.show(text) } else { write(text) }
  }
}
