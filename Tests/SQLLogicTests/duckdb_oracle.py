"""Runs the records of .slt files on DuckDB: checks their results, or fills them in.

    duckdb_oracle.py check FILE...      prints records whose results differ; exit code 1 if any
    duckdb_oracle.py complete FILE...   writes results where a record has none after its ----
    duckdb_oracle.py differ FILE...     prints the records of other oracles that DuckDB answers
                                        otherwise: each is read by a person, none is a fault by itself

A record may carry DuckDB's spelling of its query, or the reason why DuckDB cannot answer it, in
comment lines right before its header:

    # duckdb: SELECT list_transform([1, 2], x -> x + 1)
    # duckdb skip: DuckDB has no json type with this text

Of files whose first line names another oracle, the queries that DuckDB takes and answers alike are
counted as well; where it answers otherwise, the named oracle is right, and only `differ` tells.
"""

import datetime
import decimal
import math
import re
import sys

import duckdb

TYPES = {
    "integer": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE", "varchar": "VARCHAR",
    "date": "DATE", "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ", "boolean": "BOOLEAN",
    "smallint": "SMALLINT", "tinyint": "TINYINT", "real": "REAL",
}


def java_double(value):
    """A double as Java and Trino print it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    digits = repr(value)
    sign, number = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    mantissa, _, exponent = number.partition("e")
    whole, _, fraction = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    figures = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len((whole + fraction).lstrip("0"))
    figures = figures.rstrip("0") or "0"
    if -3 < point <= 7:
        if point <= 0:
            return sign + "0." + "0" * -point + figures
        padded = figures.ljust(point, "0")
        return sign + padded[:point] + "." + (padded[point:] or "0")
    return sign + figures[0] + "." + (figures[1:] or "0") + "E" + str(point - 1)


def text(value, top=True):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return java_double(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds") + (".%06d" % value.microsecond)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(item, False) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}={text(v, False)}" for k, v in value.items()) + "}"
    if isinstance(value, bytes):
        return value.hex(" ")
    shown = str(value)
    return "(empty)" if shown == "" and top else shown


def literal(cell, kind):
    if cell == "NULL":
        return None
    return "" if cell == "(empty)" else cell


class Script:
    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8") as file:
            self.lines = file.read().split("\n")
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute("SET integer_division = true; SET TimeZone = 'UTC'")

    @property
    def has_oracle(self):
        return "DuckDB" in self.lines[0]

    def records(self):
        """Yields (first line, header words, query or rows, expected or None, end, notes)."""
        index = 0
        notes = []
        while index < len(self.lines):
            line = self.lines[index]
            if not line or line.startswith("#"):
                notes = notes + [line] if line.startswith("# duckdb") else notes if line else []
                index += 1
                continue
            start = index
            while index < len(self.lines) and self.lines[index]:
                index += 1
            yield start, self.lines[start:index], index, notes
            notes = []

    def make_table(self, block):
        match = re.match(r"table memory\.default\.(\S+) \((.*)\)$", block[0])
        if not match:
            raise ValueError(f"not a table: {block[0]}")
        columns = []
        for column in match[2].split(","):
            name, kind = column.strip().split(" ", 1)
            if kind.startswith("decimal:"):
                _, precision, scale = kind.split(":")
                columns.append((name, f"DECIMAL({precision},{scale})"))
            else:
                columns.append((name, TYPES[kind]))
        name = match[1]
        definition = ", ".join(f'"{column}" {kind}' for column, kind in columns)
        self.connection.execute(f'CREATE OR REPLACE TABLE "{name}" ({definition})')
        marks = ", ".join(f"CAST(? AS {kind})" for _, kind in columns)
        for row in block[1:]:
            cells = [literal(cell, None) for cell in row.split("|")]
            self.connection.execute(f'INSERT INTO "{name}" VALUES ({marks})', cells)

    @staticmethod
    def spelling(lines, notes):
        for note in notes:
            if note.startswith("# duckdb: "):
                return note[len("# duckdb: "):]
        return "\n".join(lines)

    def statement(self, block, notes):
        """What is wrong with a statement that must succeed, or fail; None where it does."""
        sql = self.spelling(block[1:], notes)
        wants_error = block[0].startswith("statement error")
        try:
            self.connection.execute(sql).fetchall()
        except duckdb.Error as error:
            return None if wants_error else f"{error}\n  {sql}"
        return f"DuckDB takes it: {sql}" if wants_error else None

    def query(self, block, notes):
        sql = self.spelling(block[1:block.index("----")], notes)
        rows = self.connection.execute(sql).fetchall()
        lines = ["|".join(text(cell) for cell in row) for row in rows]
        order = block[0].split(" ")[2] if len(block[0].split(" ")) > 2 else "nosort"
        return sorted(lines) if order == "rowsort" else lines

    def compared(self):
        """Yields (place, query, expected, actual) for each query that DuckDB answers."""
        for start, block, _, notes in self.records():
            try:
                if block[0].startswith("table "):
                    self.make_table(block)
                if not block[0].startswith("query "):
                    continue
                bar = block.index("----")
                answer = self.query(block, notes)
            except (duckdb.Error, KeyError, ValueError):
                continue
            yield f"{self.path}:{start + 1}", block, block[bar + 1:], answer

    def agreements(self):
        """How many queries DuckDB answers as the file does."""
        return sum(
            same(expected, actual, "rowsort" in block[0])
            for _, block, expected, actual in self.compared())

    def differences(self):
        """The queries that DuckDB answers otherwise than the file, as text."""
        return [
            difference(place, block, expected, actual)
            for place, block, expected, actual in self.compared()
            if not same(expected, actual, "rowsort" in block[0])]

    def run(self, completes):
        """Differences as text; with `completes` fills the results in."""
        problems = []
        output = []
        copied = 0
        count = 0
        for start, block, end, notes in self.records():
            place = f"{self.path}:{start + 1}"
            head = block[0].split(" ")[0]
            if head == "table":
                self.make_table(block)
            if any(note.startswith("# duckdb skip") for note in notes):
                continue
            if head == "statement":
                count += 1
                problem = self.statement(block, notes)
                if problem:
                    problems.append(f"{place}: {problem}")
                continue
            if head != "query":
                continue
            count += 1
            bar = block.index("----")
            expected = block[bar + 1:]
            try:
                actual = self.query(block, notes)
            except Exception as error:  # noqa: BLE001: any refusal of DuckDB is reported
                problems.append(f"{place}: {error}\n  " + "\n  ".join(block[1:bar]))
                continue
            if completes and not expected:
                output += self.lines[copied:end] + actual
                copied = end
            elif not same(expected, actual, "rowsort" in block[0]):
                problems.append(difference(place, block, expected, actual))
        if completes:
            output += self.lines[copied:]
            with open(self.path, "w", encoding="utf-8") as file:
                file.write("\n".join(output))
        return count, problems


def difference(place, block, expected, actual):
    query = " ".join(block[1:block.index("----")])
    return (
        f"{place}: {query}\n  file:   " + shortened(expected, actual)
        + "\n  duckdb: " + shortened(actual, expected))


def shortened(rows, others):
    """A few of the rows, those first that are not among the others."""
    rest = list(others)
    unmatched = []
    for row in rows:
        if row in rest:
            rest.remove(row)
        else:
            unmatched.append(row)
    shown = (unmatched or rows)[:12]
    return "\n          ".join([f"{len(rows)} rows, {len(unmatched)} of them only here"] + shown)


def same(expected, actual, is_sorted):
    """Equal rows; fractions of a second may have zeros at their end, doubles differ by rounding."""
    left = sorted(expected) if is_sorted else expected
    if len(left) != len(actual):
        return False
    return all(
        len(a.split("|")) == len(b.split("|"))
        and all(same_cell(x, y) for x, y in zip(a.split("|"), b.split("|")))
        for a, b in zip(left, actual))


def same_cell(a, b):
    if a == b:
        return True
    if re.match(r"\d{4}-\d\d-\d\d \d\d:", a) and re.match(r"\d{4}-\d\d-\d\d \d\d:", b):
        return strip_zeros(a) == strip_zeros(b)
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return "E" in a + b or "." in a + b and math.isclose(x, y, rel_tol=1e-12, abs_tol=1e-300)


def strip_zeros(moment):
    moment = moment.removesuffix(" UTC")
    return moment.rstrip("0").rstrip(".") if "." in moment else moment


def main():
    mode, *paths = sys.argv[1:]
    total = 0
    failed = False
    for path in paths:
        script = Script(path)
        if not script.has_oracle:
            if mode == "check":
                total += script.agreements()
            if mode == "differ":
                found = script.differences()
                total += len(found)
                print("\n".join(found))
            continue
        if mode == "differ":
            continue
        count, problems = script.run(mode == "complete")
        total += count
        for problem in problems:
            failed = True
            print(problem)
    what = "are answered otherwise by" if mode == "differ" else "ran on"
    print(f"{total} records {what} DuckDB {duckdb.__version__}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
