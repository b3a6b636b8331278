"""`rethink-forced`: notes after a chain of thought whose length is forced (paper, section 5.2).

The model thinks about the context for at most --sleep-thinking tokens. There it is cut off, and its
reply is begun for it with the line that opens the notes, which it then writes. So the sleep phase
of any model that reasons in text can be scaled, as `reasoning` does on the side of the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sleeptime_lib.errors import InputError
from sleeptime_lib.experiment import Call, Notes, Prompt, Setting, SleepMethod
from sleeptime_lib.methods import reasoning, rethink
from sleeptime_lib.methods.situation import EMPTY_NOTES, situation_block
from sleeptime_lib.models.knobs import CONTINUE
from sleeptime_lib.records import Context

THINK_FIRST: Final = Prompt(
    "think_first",
    1,
    "Think about it first, step by step and in writing. Then write the complete text of the notes "
    "between a line <notes> and a line </notes>, and stop.",
)

OPEN_NOTES: Final = Prompt("open_notes", 1, "\n\n<notes>\n")
"""What the reply goes on with where the notes are forced."""


async def take_notes(
    call: Call, context: Context, setting: Setting, draw: int, frame: Prompt = rethink.SLEEP_FRAME
) -> Notes:
    """Run one draw of the sleep phase; about an empty context there is nothing to think.

    Args:
        call: Asks the model.
        context: The situation c.
        setting: `sleep.thinking` is the length of the chain in tokens, `sleep.max_tokens` that of
            the notes.
        draw: Index of the draw among parallel ones, from 0.
        frame: Tells the model what it is to do.

    Raises:
        CallError: A call failed for good.
        StopRun: The model thinks where it cannot be cut off.
    """
    if not context.text.strip():
        return Notes("", rewrites=0)
    asleep = setting.sleep
    assert asleep is not None
    opening: tuple[Mapping[str, Any], ...] = (
        {"role": "system", "content": f"{frame.text}\n\n{THINK_FIRST.text}"},
        {"role": "user", "content": situation_block(context.text)},
    )
    how = partial(reasoning.drawn, asleep, draw)
    chain = await reasoning.think(call, opening, asleep.thinking, how)
    block = rethink.Block()
    if "<notes>" not in chain.text.lower():
        chain.break_off(OPEN_NOTES.text)
    if "</notes>" not in chain.text.lower():
        said = (*opening, reasoning.begun(chain.text))
        reply = await call(said, max_tokens=asleep.max_tokens, **how(chain.requests), **CONTINUE)
        chain.text += reply.text
    rethink.read_notes(chain.text, block)
    return Notes(block.text, block.rewrites, block.finished)


async def _require_length(call: Call, options: Any) -> Mapping[str, Any]:
    if not options.sleep_thinking:
        raise InputError("rethink-forced needs --sleep-thinking, the tokens that it thinks for")
    return {}


def _method(name: str, frame: Prompt) -> SleepMethod:
    return SleepMethod(
        name,
        partial(take_notes, frame=frame),
        prompts=(EMPTY_NOTES, frame, THINK_FIRST, OPEN_NOTES),
        settle=_require_length,
        is_forced=True,
    )


RETHINK_FORCED: Final = _method("rethink-forced", rethink.SLEEP_FRAME)
RETHINK_PROBLEM_FORCED: Final = _method("rethink-problem-forced", rethink.PROBLEM_FRAME)
