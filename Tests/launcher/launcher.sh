#!/bin/sh
# Tests of the launcher, with a Swift, an apt and a machine that are made up. Prints `ok NAME`,
# `not ok NAME` or `skip NAME: REASON` lines; ends with 1 if any test failed.

set -u
here=$(cd -P -- "${0%/*}" && pwd -P)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tapline-launcher-XXXXXX") || exit 1
trap 'rm -rf "$scratch"' EXIT
failures=0

# A repository with a space in its name, a folder of tools without Swift, and one to fake them in.
repo="$scratch/a repo"
tools=$scratch/tools
fake=$scratch/fake
mkdir -p "$repo/Sources/tapline" "$tools" "$fake" "$scratch/home"
cp "$here/../../tapline" "$repo/tapline"
echo '// manifest' >"$repo/Package.swift"
echo '// main' >"$repo/Sources/tapline/main.swift"
for tool in sh cat grep sed awk head tail find mkdir mktemp mv rm date sleep touch chmod uname ln cp \
  readlink sort env tr; do
  path=$(command -v "$tool") && ln -s "$path" "$tools/$tool"
done

fake_tool() {
  { printf '#!/bin/sh\n'; cat; } >"$fake/$1"
  chmod +x "$fake/$1"
}

# A Swift whose product prints how it was started. $1: its version; $2: lines of its build.
fake_swift() {
  version=$1
  fake_tool swift <<SWIFT
echo "\$*" >>"$scratch/swift-calls"
case "\$1 \${3:-}" in
"--version "*) echo "Swift version $version (swift-$version-RELEASE)" ;;
"build "*)
  ${2:-:}
  mkdir -p .build/release
  printf '#!/bin/sh\necho "started content=\$TAPLINE_CONTENT arguments=\$*"\nexit 7\n' \\
    >.build/release/tapline
  chmod +x .build/release/tapline ;;
"test "*)
  ${3:-:} ;;
esac
SWIFT
}

fake_machine() {
  rm -f "$fake"/* "$scratch/swift-calls" "$scratch/apt-calls"
  rm -rf "$repo/.build"
  fake_swift 6.3.1
  fake_libraries 'install ok installed'
  fake_tool id <<'ID'
echo 1000
ID
  fake_tool sudo <<'SUDO'
exit 1
SUDO
}

# $1: what dpkg says about every library.
fake_libraries() {
  fake_tool dpkg-query <<DPKG
printf '%s' '$1'
DPKG
  fake_tool pkg-config <<'PKG'
exit 0
PKG
  fake_apt 'exit 0'
}

# $1: what apt-get does.
fake_apt() {
  fake_tool apt-get <<APT
echo "\$*" >>"$scratch/apt-calls"
$1
APT
}

run() {
  output=$(cd "$scratch" && env -i PATH="$fake:$tools" HOME="$scratch/home" LANG="${locale:-POSIX}" \
    TAPLINE_SKIP_BUILD="${skip_build:-}" TAPLINE_TESTING_LAUNCHER=1 "$shell" "$@" 2>&1 </dev/null)
  status=$?
}

check() {
  name="$1 ($shell_name)"
  shift
  if "$@"; then
    printf 'ok %s\n' "$name"
  else
    printf 'not ok %s\n' "$name"
    printf '%s\n' "$output" | sed "s/^/    (status $status) /"
    failures=$((failures + 1))
  fi
}

ended() { [ "$status" -eq "$1" ]; }
said() { case $output in *"$1"*) return 0 ;; *) return 1 ;; esac; }
ended_saying() { ended "$1" && said "$2"; }
never_called() { ! grep -q -- "$2" "$scratch/$1-calls" 2>/dev/null; }

test_starts() {
  fake_machine
  run "$repo/tapline" -c 'kafka lag' --json
  check "builds, then starts with the arguments and the exit status" \
    ended_saying 7 "started content=$repo arguments=-c kafka lag --json"
  check "says in both languages that it is ready" said "다음부터는 바로 열립니다. / Ready."
  rm -f "$scratch/swift-calls"
  run "$repo/tapline"
  check "starts at once when nothing changed" ended_saying 7 "started content=$repo"
  check "calls no Swift when nothing changed" never_called swift .
  ln -sf "a repo/tapline" "$scratch/link"
  ln -sf "$scratch/link" "$scratch/home/again"
  run "$scratch/home/again"
  check "finds the repository through links" said "started content=$repo arguments="
  sleep 0.1
  echo '// changed' >>"$repo/Sources/tapline/main.swift"
  run "$repo/tapline"
  check "builds anew when a source changed" said "Built anew"
  echo '// more' >"$repo/Sources/tapline/extra.swift"
  run "$repo/tapline"
  sleep 0.1
  rm "$repo/Sources/tapline/extra.swift"
  run "$repo/tapline"
  check "builds anew when a source was removed" said "Built anew"
  touch "$repo/Package.swift"
  skip_build=1
  run "$repo/tapline"
  check "starts what there is when told so" ended 7
  check "does not build when told so" eval '! said "Built anew"'
  skip_build=
  rm "$fake/swift"
  sleep 0.1
  touch "$repo/Package.swift"
  run "$repo/tapline"
  check "starts what there is when Swift has gone" ended_saying 7 "Swift is not here"
}

test_missing_swift() {
  fake_machine
  rm "$fake/swift"
  run "$repo/tapline"
  check "ends with 3 without Swift" ended_saying 3 "./swiftly init"
  check "says why in both languages" said "이상이 필요합니다"
  locale=ko_KR.UTF-8
  run "$repo/tapline"
  check "says it in Korean only in a Korean locale" eval 'said "필요합니다" && ! said "needed"'
  locale=en_US.UTF-8
  run "$repo/tapline"
  check "says it in English only in an English locale" eval '! said "필요합니다" && said "needed"'
  mkdir -p "$scratch/home/.tapline"
  echo 'language: ko' >"$scratch/home/.tapline/config.yaml"
  run "$repo/tapline"
  check "prefers the language chosen in the course" eval 'said "필요합니다" && ! said "needed"'
  rm -r "$scratch/home/.tapline"
  locale=
  fake_swift 6.1.2
  run "$repo/tapline"
  check "refuses an old Swift" ended_saying 3 "(6.1)"
  fake_swift 6.10
  run "$repo/tapline"
  check "takes 6.10 for newer than 6.2" ended 7
}

test_libraries() {
  fake_machine
  fake_libraries 'deinstall ok config-files'
  run "$repo/tapline"
  check "prints the line to run when it may not install" ended_saying 3 \
    "sudo apt-get update && sudo apt-get install -y libedit-dev libcmark-gfm-dev libcmark-gfm-extensions-dev libzstd-dev zlib1g-dev libsqlite3-dev"
  fake_tool id <<'ID'
echo 0
ID
  run "$repo/tapline"
  check "installs as root, and says what" ended_saying 7 "Installing system libraries: libedit-dev"
  check "does not update the lists where that is not needed" never_called apt update
  rm -rf "$repo/.build" "$scratch/apt-calls"
  fake_apt "[ \"\$1\" = update ] && { touch '$scratch/updated'; exit 0; }; [ -e '$scratch/updated' ]"
  run "$repo/tapline"
  check "updates the lists when an installation fails" ended 7
  rm -rf "$repo/.build"
  fake_apt 'echo "E: Temporary failure resolving deb.debian.org"; exit 100'
  run "$repo/tapline"
  check "explains a network that is down" ended_saying 3 "Check the network connection"
  check "shows apt's own words" said "Temporary failure resolving"
}

test_failed_build() {
  fake_machine
  fake_swift 6.3.1 'echo "[3/9] Compiling x"; echo "/x/main.swift:1:2: error: no such thing"; exit 1'
  run "$repo/tapline"
  check "ends with 3 when the build fails" ended_saying 3 "main.swift:1:2: error: no such thing"
  check "names the log" said "$repo/.build/tapline-build.log"
  fake_swift 6.3.1
  run "$repo/tapline"
  check "builds again after a failure" ended_saying 7 "started"
  rm -rf "$repo/.build"
  fake_swift 6.3.1 'echo "error: Failed to clone repository https://x: Could not resolve host"; exit 1'
  run "$repo/tapline"
  check "explains packages that cannot be fetched" ended_saying 3 "Packages could not be downloaded"
}

# $1: the cases of the results file; $2: lines of the log; $3: Swift's exit status.
fake_results() {
  : >"$scratch/cases"
  [ -z "$1" ] || printf '%s\n' "$1" >"$scratch/cases"
  printf '%s\n' "$2" >"$scratch/lines"
  fake_swift 6.3.1 : "cat '$scratch/lines'; [ -s '$scratch/cases' ] && cp '$scratch/cases' \
    .build/tapline-tests-swift-testing.xml; exit $3"
}

test_counts() {
  fake_machine
  good='    <testcase classname="A" name="`x`()" time="0.1" />'
  bad='    <testcase classname="A" name="y()" time="0.1">
      <failure message="one" />
      <failure message="two" />
    </testcase>'
  off='    <testcase classname="A" name="z()">
      <skipped>no python</skipped>
    </testcase>'
  fake_results "$good
$good
$off" '➜ Test "z" skipped: "no python"' 0
  run "$repo/tapline" test
  check "counts passed and skipped tests" ended_saying 0 "2 passed, 0 failed, 1 skipped"
  check "says why tests were skipped" said "skipped (1): no python"
  fake_results "$good
$bad" '✘ Test y() recorded an issue at Y.swift:1:2: Expectation failed' 1
  run "$repo/tapline" test
  check "counts a test that failed twice once" ended_saying 1 "1 passed, 1 failed, 0 skipped"
  check "shows what failed" said "Y.swift:1:2"
  fake_results "$good
$good" '➜ Test x() was cancelled after 0.002 seconds: "no pyarrow here"' 0
  run "$repo/tapline" test
  check "counts a cancelled test as skipped" ended_saying 0 "1 passed, 0 failed, 1 skipped"
  check "says why a test was cancelled" said "skipped (1): no pyarrow here"
  fake_results "" '✔ Test "x" passed after 0.1 seconds.
Fatal error: index out of range' 1
  run "$repo/tapline" test
  check "fails when the tests crash" ended_saying 1 "1 passed, 1 failed, 0 skipped"
  check "shows the crash" said "Fatal error: index out of range"
  fake_results "<testsuites>" '◇ Test "sends what waits" started.
◇ Test "stays open" started.
✔ Test "sends what waits" passed after 0.1 seconds.' 0
  run "$repo/tapline" test
  check "takes a results file without an end for no good run" \
    ended_saying 1 "1 passed, 1 failed, 0 skipped"
  check "names the tests that had not ended" said "  stays open"
  fake_results "<testsuites></testsuites>" "" 0
  run "$repo/tapline" test
  check "fails when no test ran" ended_saying 1 "0 passed, 0 failed, 0 skipped"
  fake_results "$good" "" 9
  run "$repo/tapline" test
  check "fails when Swift does, whatever it counted" ended_saying 1 "1 passed, 1 failed, 0 skipped"
  fake_results "$good" "" 0
  run "$repo/tapline" test
  check "goes on without Python, and says so" ended_saying 0 "Interop tests are skipped"
  last=$(printf '%s\n' "$output" | tail -n 1)
  check "ends with the counts" [ "$last" = "1 passed, 0 failed, 0 skipped" ]
}

for shell_name in sh dash bash; do
  if ! shell=$(command -v "$shell_name"); then
    printf 'skip launcher under %s: it is not installed\n' "$shell_name"
    continue
  fi
  # Where sh is one of the others, once is enough.
  [ "$shell_name" = sh ] || [ "$(readlink "$(command -v sh)")" != "$shell_name" ] || continue
  locale=
  skip_build=
  test_starts
  test_missing_swift
  test_libraries
  test_failed_build
  test_counts
done
[ "$failures" -eq 0 ]
