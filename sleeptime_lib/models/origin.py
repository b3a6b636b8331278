"""What a server tells about the model it serves: quantisation, server program, licence."""

from __future__ import annotations

from sleeptime_lib.models.endpoint import Endpoint
from sleeptime_lib.models.limits import DEFAULT_LIMITS
from sleeptime_lib.records import SIMULATED, is_simulated


async def ask_origin(endpoint: Endpoint) -> dict[str, str]:
    """Ask a server; `sleeptime serve --gguf` tells all, others may tell nothing.

    Raises:
        NoAnswer: The server cannot be asked.
    """
    if is_simulated(endpoint.model):
        return {"server": SIMULATED, "licence": "MIT"}
    from sleeptime_lib.models.replies import BadReply, read_object
    from sleeptime_lib.models.wire import Wire

    wire = Wire(endpoint, DEFAULT_LIMITS)
    try:
        listed = read_object(await wire.get("/models")).get("data", [])
    except BadReply:
        listed = []
    finally:
        await wire.aclose()
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("id") == endpoint.model:
            names = ("quantisation", "server", "licence")
            told = {name: str(entry.get(name) or "") for name in names}
            return told | {"server": told["server"] or str(entry.get("owned_by") or "")}
    return {}
