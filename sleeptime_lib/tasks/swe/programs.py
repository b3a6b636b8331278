"""The three programs of `generated-swe`, as data: which files each kind of feature touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Spot:
    """A list in a file that gets a line for each feature of a kind.

    Attributes:
        path: The file.
        opens: The line that begins the list.
        line: What is written, with {name} and {Name}.
        closes: The lines that end it; none where an empty line does.
        share: Of the features, how many are entered here.
    """

    path: str
    opens: str
    line: str
    closes: tuple[str, ...] = ()
    share: float = 1.0

    def written(self, name: str) -> str:
        """Its line for a feature."""
        return self.line.format(name=name, Name=name.capitalize())


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of feature.

    Attributes:
        name: Of the group that its changes form.
        title: Of its tickets.
        body: Of its tickets.
        created: The file that each feature adds.
        spots: Where it is entered.
        names: Of its features.
    """

    name: str
    title: str
    body: str
    created: str
    spots: tuple[Spot, ...]
    names: tuple[str, ...]

    def module(self, name: str) -> list[str]:
        """The lines of the file that a feature adds."""
        return [
            f'"""{self.name.capitalize()} {name}."""',
            "",
            "",
            f"def run_{name}(given):",
            f'    """Do what {name} is for."""',
            f'    return ("{name}", given)',
        ]


@dataclass(frozen=True, slots=True)
class Program:
    """A program: its name, the kinds of feature it grows by, and its other files."""

    name: str
    kinds: tuple[Kind, ...]
    others: tuple[str, ...]


def _others(folder: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}.py" for name in names)


LEDGER: Final = Program(
    "ledger",
    (
        Kind(
            "command",
            "Add the command `{name}`",
            "People ask for `{name}` on the command line, with help and an entry in the manual.",
            "ledger/commands/{name}.py",
            (
                Spot("ledger/cli/parser.py", "COMMANDS = [", '    "{name}",', ("]",)),
                Spot("ledger/dispatch.py", "HANDLERS = {", '    "{name}": "run_{name}",', ("}",)),
                Spot("docs/usage.md", "## Commands", "- `{name}`: see its help"),
                Spot("ledger/cli/complete.py", "WORDS = (", '    "{name}",', (")",), 0.6),
            ),
            ("archive", "merge", "undo", "export", "balance", "audit", "split"),
        ),
        Kind(
            "currency",
            "Support the currency `{name}`",
            "Amounts in `{name}` are to be read, converted and rounded as its banks do.",
            "ledger/money/{name}.py",
            (
                Spot("ledger/money/codes.py", "CODES = {", '    "{name}": 2,', ("}",)),
                Spot("ledger/money/rates.py", "SOURCES = [", '    ("{name}", "daily"),', ("]",)),
                Spot("ledger/reader.py", "SIGNS = {", '    "{name}": "{Name} ",', ("}",)),
                Spot("docs/money.md", "## Currencies", "- `{name}`, two digits", (), 0.6),
            ),
            ("krone", "zloty", "forint", "rupee", "rand", "peso", "franc"),
        ),
        Kind(
            "report",
            "New report `{name}`",
            "Print a `{name}` report at the end of a month, in the web view too.",
            "ledger/reports/{name}.py",
            (
                Spot("ledger/reports/index.py", "REPORTS = [", '    "{name}",', ("]",)),
                Spot("ledger/web/menu.py", "ENTRIES = [", '    ("/{name}", "{Name}"),', ("]",)),
                Spot("ledger/web/styles.py", "WIDTHS = {", '    "{name}": 12,', ("}",), 0.6),
                Spot("ledger/schedule.py", "MONTHLY = (", '    "{name}",', (")",)),
            ),
            ("cashflow", "taxes", "budget", "assets", "income", "loans", "fees"),
        ),
    ),
    _others("ledger", "store", "dates", "backup", "config", "locks", "logging", "errors"),
)

STATION: Final = Program(
    "station",
    (
        Kind(
            "sensor",
            "Read the sensor `{name}`",
            "The new board has a `{name}` sensor: poll it, calibrate it, keep its values.",
            "station/drivers/{name}.py",
            (
                Spot("station/bus.py", "ADDRESSES = {", '    "{name}": 0x40,', ("}",)),
                Spot("station/calibrate.py", "OFFSETS = {", '    "{name}": 0.0,', ("}",)),
                Spot("station/tables.py", "COLUMNS = [", '    ("{name}", "REAL"),', ("]",)),
                Spot("docs/wiring.md", "## Sensors", "- `{name}`: port A", (), 0.6),
            ),
            ("wind", "rain", "soil", "light", "smoke", "noise", "ozone"),
        ),
        Kind(
            "alert",
            "Send alerts by `{name}`",
            "Warnings are to go out by `{name}` as well, with a limit on how many.",
            "station/alerts/{name}.py",
            (
                Spot("station/alerts/routes.py", "ROUTES = [", '    "{name}",', ("]",)),
                Spot("station/limits.py", "PER_HOUR = {", '    "{name}": 4,', ("}",)),
                Spot("station/settings.py", "SECRETS = (", '    "{name}_key",', (")",)),
                Spot("station/checks.py", "PROBES = [", '    "probe_{name}",', ("]",), 0.6),
            ),
            ("mail", "radio", "pager", "siren", "lamp", "fax", "bell"),
        ),
        Kind(
            "chart",
            "Draw `{name}` charts",
            "Visitors of the page want to see `{name}` charts of a day and of a year.",
            "station/charts/{name}.py",
            (
                Spot("station/page/palette.py", "COLOURS = {", '    "{name}": "#444",', ("}",)),
                Spot("station/page/router.py", "PAGES = [", '    ("/chart/{name}", 60),', ("]",)),
                Spot("station/cachekeys.py", "KEYS = (", '    "chart:{name}",', (")",), 0.6),
                Spot("docs/page.md", "## Charts", "- `{name}`: day and year"),
            ),
            ("line", "rose", "heat", "area", "bars", "ring", "dots"),
        ),
    ),
    _others("station", "clock", "power", "uplink", "watchdog", "memory", "shell", "units"),
)

SHELF: Final = Program(
    "shelf",
    (
        Kind(
            "field",
            "Keep the field `{name}` of a book",
            "Librarians want to enter, search and sort by `{name}`.",
            "src/fields/{name}.py",
            (
                Spot("src/schema.py", "FIELDS = [", '    ("{name}", "TEXT"),', ("]",)),
                Spot("src/forms.py", "INPUTS = [", '    "input_{name}",', ("]",)),
                Spot("src/search/index.py", "INDEXED = {", '    "{name}": 1.0,', ("}",)),
                Spot("src/sorting.py", "KEYS = (", '    "by_{name}",', (")",), 0.6),
            ),
            ("edition", "binding", "series", "genre", "donor", "origin", "notice"),
        ),
        Kind(
            "importer",
            "Import records from `{name}`",
            "Other libraries send `{name}` files: read them, map them, say what was skipped.",
            "src/importers/{name}.py",
            (
                Spot("src/importers/detect.py", "MAGIC = {", '    "{name}": b"{Name}",', ("}",)),
                Spot("src/mapping.py", "MAPS = [", '    "map_{name}",', ("]",)),
                Spot("src/jobs.py", "QUEUES = (", '    "import-{name}",', (")",)),
                Spot("docs/exchange.md", "## Formats", "- `{name}`, read only", (), 0.6),
            ),
            ("marc", "onix", "bibtex", "dublin", "mods", "unimarc", "refer"),
        ),
        Kind(
            "policy",
            "Lending policy for `{name}`",
            "The board has decided on a policy for `{name}`, which the desk must keep.",
            "src/policies/{name}.py",
            (
                Spot("src/desk/rules.py", "RULES = [", '    "rule_{name}",', ("]",)),
                Spot("src/desk/days.py", "DAYS = {", '    "{name}": 14,', ("}",)),
                Spot("src/letters.py", "LETTERS = {", '    "{name}": "reminder",', ("}",)),
                Spot("docs/desk.md", "## Policies", "- `{name}`: two weeks", (), 0.6),
            ),
            ("guests", "pupils", "staff", "clubs", "alumni", "partners", "elders"),
        ),
    ),
    (
        *_others("src", "database", "barcode", "labels", "printing", "session", "holidays"),
        "src/inventory.py",
    ),
)

PROGRAMS: Final = (LEDGER, STATION, SHELF)
