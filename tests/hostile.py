"""Text of strangers that does something wherever it is not shown as text."""

import json
from pathlib import Path

import pyarrow.parquet as pq
from fault_replies import Completion, completion

SCRIPT = "<script>window.HIT=1</script>"
TEXT = "\n".join(
    (
        f"{SCRIPT} Anna has $5 and $6, not $x_1$ and \\(x\\).",
        "<img src=x onerror=window.HIT=1> </pre></div> &lt;b&gt; [bold]red[/bold] [/foo] :boom:",
        "```",
        "</code> <svg onload=window.HIT=1> **stars** [link](javascript:window.HIT=1)",
        "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \u202etxt total = 2 + 3 = 5",
    )
)
MODEL = "<img src=x onerror=window.HIT=1>[/foo]$5 and $6\x1b[31m"


def dataset(folder) -> str:
    """Path of a JSONL file whose name and texts are hostile."""
    path = folder / "<img src=x onerror=window.HIT=1>$a$.jsonl"
    rows = (
        {"context": f"{TEXT}\nRow {i}.", "question": f"{TEXT}\nHow many?", "answer": "5"}
        for i in range(3)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def recording(folder, shipped: Path) -> str:
    """Path of a recording whose name and metadata are hostile, made of a real one."""
    table = pq.read_table(shipped)
    name = b"sleeptime.recording"
    about = json.loads(table.schema.metadata[name])
    about |= dict.fromkeys(("quantisation", "licence", "server", "date", "command"), TEXT)
    path = folder / "<img src=x onerror=window.HIT=1>$a$.parquet"
    pq.write_table(table.replace_schema_metadata({name: json.dumps(about).encode()}), path)
    return str(path)


def refusal(path: str, body: dict) -> tuple[int, dict]:
    """A hostile reply that ends a run."""
    return 401, {"error": {"message": TEXT, "type": TEXT, "code": TEXT}}


def answer(path: str, body: dict) -> tuple[int, Completion]:
    """A hostile reply: notes, and a number that is right when there are notes to read."""
    number = 5 if "total = 2" in json.dumps(body).partition("Row")[2] else 4
    text = f"<notes>\n{TEXT}\n</notes>\nThe answer is {number}."
    usage = {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70}
    return 200, completion(text, usage)
