# `make` prints the verbs.
.PHONY: help build test fmt lint golden texts course bench check
help: ; @sed -n '/^help/d; s/^\([a-z]*\): ;.* ## /make \1	/p' Makefile
build: ; swift build -c release ## build everything
test: ; ./tapline test ## run the tests
fmt: ; swift format --in-place --parallel --recursive Package.swift Sources Tests ## format the sources
lint: ; swift format lint --strict --parallel --recursive Package.swift Sources Tests ## find style mistakes
golden: ; UPDATE_GOLDEN=1 ./tapline test ## rewrite the golden files; review them as a diff
texts: ; UPDATE_GOLDEN=1 ./tapline test --filter ContentCheckTests ## record the translations, and check everything a learner reads
course: ; ./tapline test --filter "CourseAnswerTests|CatalogueTests|ContentCheckTests" ## prove exercises and texts
bench: ; swift run -c release Benchmarks ## measure
check: ; swift format lint --strict --parallel --recursive Package.swift Sources Tests && .ci/run ## what CI runs
