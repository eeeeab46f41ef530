from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from strands import Agent
from strands import tool as as_tool
from strands.models import Model

from writ.adapters.strands import WritHooks


class Scripted(Model):
    def __init__(self, calls: list[dict[str, Any]]) -> None:
        self.calls, self.got = calls, []

    def update_config(self, **_: Any) -> None: ...

    def get_config(self) -> Any:
        return {}

    def structured_output(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def stream(self, messages: Any, *_: Any, **__: Any) -> AsyncGenerator[Any, None]:
        results = [part["toolResult"] for one in messages for part in one["content"] if "toolResult" in part]
        yield {"messageStart": {"role": "assistant"}}
        if results:
            self.got = ["".join(c["text"] for c in one["content"]) for one in results]
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": "done"}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "end_turn"}}
            return
        for i, one in enumerate(self.calls):
            yield {"contentBlockStart": {"start": {"toolUse": {"name": "echo", "toolUseId": f"c{i}"}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(one)}}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use"}}


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any, later: Any = ()) -> list[str]:
    @as_tool
    def echo(n: int) -> str:
        """Says a number."""
        return tool(n)

    model = Scripted(calls)
    await Agent(model=model, tools=[echo], hooks=[WritHooks(client, who), *later], callback_handler=None).invoke_async(
        "say"
    )
    return model.got
