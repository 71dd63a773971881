import Terminal
import Testing
@Test func `smoke`() { #expect(TextWidth.columns("한") == 2) }
