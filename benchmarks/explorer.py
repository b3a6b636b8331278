"""The cost explorer in a real browser: from the key press on a slider to the redrawn plot.

Makes 50,000 simulated rows, opens JupyterLab in the system's Chromium, presses an arrow key on a
slider and waits for `plotly_afterplot`, press after press.

    python benchmarks/explorer.py [--presses 30] [--rounds 3] [--draws 1000] [--screenshot FILE]

Exit status 1 when the median of all presses is over 100 ms. Others may share the machine: each
round is printed with the load at its end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from jupyter_browser import CHROMIUM, finished, lab, notebook_of  # noqa: E402

MOST_MS = 100.0
CELL = """
from known_ratio import World, simulate
from sleeptime_lib.explorer import CostExplorer
rows = simulate(World(), clusters=50, questions=100, seed=0, shared=10)
assert len(rows) == 50_000
explorer = CostExplorer(rows, draws={draws})
explorer
"""
LISTEN = """() => {
    const plot = document.querySelector('.js-plotly-plot');
    window.latencies = [];
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
    plot.on('plotly_afterplot', () => {
        if (window.pressed) {
            window.latencies.push(performance.now() - window.pressed);
            window.pressed = null;
        }
    });
}"""


def measure(page, slider: int, presses: int) -> list[float]:
    """Milliseconds from each of so many key presses on a slider to the redrawn plot."""
    handle = page.locator(".widget-slider .noUi-handle").nth(slider)
    page.evaluate("window.latencies = []")
    for i in range(presses):
        # There and back: at the end of its range a slider does not move.
        handle.press("ArrowRight" if i < presses // 2 else "ArrowLeft")
        page.wait_for_function("n => window.latencies.length > n", arg=i)
        page.wait_for_timeout(150)  # a person's pause; answers of the last press have arrived
    return page.evaluate("window.latencies")


def main() -> int:
    """Run the rounds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=30, help="key presses in each round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds for each slider")
    parser.add_argument("--draws", type=int, default=1000, help="bootstrap draws")
    parser.add_argument("--screenshot", help="save the page here, as PNG")
    options = parser.parse_args()
    if CHROMIUM is None:
        print("no chromium on PATH: install your system's chromium")
        return 1
    paths = [str(ROOT), str(ROOT / "tests")]
    cell = f"import sys; sys.path[:0] = {paths!r}" + CELL.format(draws=options.draws)
    every: list[float] = []
    with (
        tempfile.TemporaryDirectory() as home,
        lab(Path(home), notebook_of(cell)) as address,
        finished(address) as page,
    ):
        page.wait_for_selector(".js-plotly-plot .scatterlayer .point")
        page.evaluate(LISTEN)
        print(f"50,000 rows, {options.draws:,} draws, {options.presses} presses a round")
        print(f"{'slider':<24}{'median':>9}{'p90':>9}{'most':>9}{'load':>7}")
        for name, slider in (("questions per context", 0), ("price of generated", 4)):
            for _ in range(options.rounds):
                found = sorted(measure(page, slider, options.presses))
                every += found
                print(
                    f"{name:<24}{statistics.median(found):>6.0f} ms"
                    f"{found[int(0.9 * len(found))]:>6.0f} ms"
                    f"{found[-1]:>6.0f} ms{os.getloadavg()[0]:>7.1f}",
                    flush=True,
                )
        if options.screenshot:
            page.screenshot(path=options.screenshot)
    median = statistics.median(every)
    fine = median <= MOST_MS
    print(f"median of all {median:.0f} ms, limit {MOST_MS:.0f} ms: {'ok' if fine else 'FAILED'}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
