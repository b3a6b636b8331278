"""The simulated agent: what it does follows from the conversation alone."""

import json

from sleeptime_lib.experiments.swe_tools.explore import READ_CHANGE
from sleeptime_lib.experiments.swe_tools.tools import ALL, FINISH, READ
from sleeptime_lib.methods.rethink import FINISH_TOOL, RETHINK_TOOL
from sleeptime_lib.servers.simulated.chat import reply

PAST = """Change 3, closed 2024-01-04: Add the command `merge`
People ask for it.
Files:
modified app/parser.py
modified app/registry.py
added app/commands/merge.py
--- app/parser.py
@@ -3 +3,2 @@
     "first",
+    "merge",

Change 7, closed 2024-01-08: Add the command `undo`
Files:
modified app/parser.py
modified app/registry.py
added app/commands/undo.py"""
NOTES = (
    "Changes of this kind touch:\n"
    '- app/parser.py (2 of 2): after «    "undo",» add «    "{name}",»\n'
    "- app/commands/{name}.py (new, 2 of 2)"
)
TICKET = "Add the command `export`\n\nPeople ask for it."


def opening(known, tag, steps=10):
    user = f"<{tag}>\n{known}\n</{tag}>\n\n<ticket>\n{TICKET}\n</ticket>\n\nYou have {steps} steps."
    return [{"role": "system", "content": "Work."}, {"role": "user", "content": user}]


def play(messages, tools, results, steps=10):
    """The calls it makes when each gets the result that is there for it."""
    messages, made = list(messages), []
    for i in range(steps):
        draft = reply(messages, tools, temperature=0)
        name, written = draft.tool
        given = json.loads(written)
        made.append((name, given.get("path") or given.get("number") or ""))
        if name.startswith("finish"):
            break
        result = results.get(made[-1], "Done.")
        function = {"name": name, "arguments": written}
        messages.append(
            {
                "role": "assistant",
                "content": draft.text,
                "tool_calls": [{"id": "c", "function": function}],
            }
        )
        content = f"{result}\n[Step: {i + 1}/{steps}]"
        messages.append({"role": "tool", "tool_call_id": "c", "content": content})
    return made


PARSER = "\n".join(
    [
        "app/parser.py, lines 1 to 5 of 5",
        "1: COMMANDS = [",
        '2:     "merge",',
        '3:     "undo",',
        "4: ]",
        "5: ",
    ]
)


def test_with_notes_it_edits_at_once_and_creates_what_they_name():
    made = play(opening(NOTES, "notes"), ALL, {})
    assert made == [
        ("replace_text", "app/parser.py"),
        ("create_file", "app/commands/export.py"),
        ("finish", ""),
    ]


def test_with_raw_changes_it_reads_before_it_edits():
    made = play(opening(PAST, "past_changes"), ALL, {("read_lines", "app/parser.py"): PARSER})
    assert made.index(("read_lines", "app/parser.py")) < made.index(
        ("replace_text", "app/parser.py")
    )


def test_what_it_writes_is_the_line_of_an_earlier_feature_with_the_new_name():
    draft = reply(opening(NOTES, "notes"), ALL, temperature=0)
    given = json.loads(draft.tool[1])
    assert given["new_text"] == '    "undo",\n    "export",'


def test_it_leaves_alone_a_file_that_holds_nothing_of_the_kind():
    results = {
        ("read_lines", path): "x, lines 1 to 1 of 1\n1: nothing"
        for path in ("app/parser.py", "app/registry.py")
    }
    made = play(opening(PAST, "past_changes"), ALL, results)
    assert not [path for name, path in made if name == "replace_text"]


def test_an_edit_that_failed_is_tried_again_from_the_file():
    failed = {("replace_text", "app/parser.py"): "Not done: old_text stands not in app/parser.py."}
    made = play(opening(NOTES, "notes"), ALL, failed)
    assert ("read_lines", "app/parser.py") in made


def test_asleep_it_reads_each_change_looks_at_the_files_and_writes_notes():
    one, two = PAST.split("\n\n")
    listed = "3: Add the command `merge`\n7: Add the command `undo`"
    messages = [
        {"role": "system", "content": "Explore."},
        {"role": "user", "content": f"<past_changes>\n{listed}\n</past_changes>"},
    ]
    tools = (READ, READ_CHANGE, RETHINK_TOOL, FINISH_TOOL)
    results = {
        ("read_change", "3"): one,
        ("read_change", "7"): two,
        ("read_lines", "app/parser.py"): PARSER,
    }
    made = play(messages, tools, results)
    assert made[:2] == [("read_change", "3"), ("read_change", "7")]
    assert ("read_lines", "app/parser.py") in made
    assert [name for name, _ in made][-2:] == ["rethink_memory", "finish_rethinking"]


def test_the_same_conversation_gets_the_same_reply():
    messages = opening(PAST, "past_changes")
    assert reply(messages, ALL, temperature=0) == reply(messages, ALL, temperature=0)


def test_without_anything_to_go_by_it_searches_for_words_of_the_ticket():
    made = play(opening("There are none.", "past_changes"), ALL, {})
    assert made[0][0] == "search_text"
    assert made[-1][0] == "finish"


def test_tools_without_those_of_a_repository_are_no_agent_s():
    draft = reply([{"role": "user", "content": "Hello."}], (FINISH,), temperature=0)
    assert draft.tool is None
