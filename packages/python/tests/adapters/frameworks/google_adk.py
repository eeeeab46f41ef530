from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.models import BaseLlm, LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types

from writ.adapters.google_adk import WritPlugin


class Scripted(BaseLlm):
    calls: list[dict[str, Any]]
    got: list[str]

    async def generate_content_async(self, llm_request: Any, stream: bool = False) -> AsyncGenerator[LlmResponse, None]:
        answers = [p.function_response for c in llm_request.contents for p in c.parts or [] if p.function_response]
        if answers:
            self.got.extend(str(one.response) for one in answers)
            yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text="done")]))
            return
        parts = [
            types.Part(function_call=types.FunctionCall(name="echo", args=one, id=f"c{i}"))
            for i, one in enumerate(self.calls)
        ]
        yield LlmResponse(content=types.Content(role="model", parts=parts))


async def run(client: Any, who: Any, calls: list[dict[str, Any]], tool: Any, later: Any = ()) -> list[str]:
    def echo(n: int) -> dict[str, str]:
        return {"said": tool(n)}

    model = Scripted(model="scripted", calls=calls, got=[])
    agent = LlmAgent(name="a", model=model, tools=[echo])
    runner = InMemoryRunner(agent=agent, app_name="t", plugins=[WritPlugin(client, who), *later])
    session = await runner.session_service.create_session(app_name="t", user_id="u")
    message = types.Content(role="user", parts=[types.Part(text="say the numbers")])
    async for _ in runner.run_async(user_id="u", session_id=session.id, new_message=message):
        pass
    return model.got
