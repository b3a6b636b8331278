"""How a budget is set at each server: effort, thinking tokens, and going on with a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

THINKING: Final = "thinking_token_budget"
"""Field that bounds thinking tokens (vLLM's)."""

CONTINUE: Final[Mapping[str, Any]] = {
    "continue_final_message": True,
    "add_generation_prompt": False,
}
"""Fields that have a server go on with the last message in place of starting another (vLLM's)."""
