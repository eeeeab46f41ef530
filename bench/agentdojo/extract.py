"""Writes the recorded tasks of AgentDojo for `writ bundle replay`, by its ground truths: no model is called.

    python extract.py FOLDER [--attack NAME] [--place read|end]

Writes, for each suite, into FOLDER/SUITE:

    tools.json      what an MCP server would answer to tools/list
    honest.jsonl    each user task: its prompt, and the calls of its ground truth with their real answers
    attacks.jsonl   each goal of an injection in each user task, in the environment with the text of the attack in it: the
                    calls of the user task up to the first answer that carries the text, then those of the goal
                    (--place read, the default: the text asks to be done first); or all calls of the user task, then those
                    of the goal (--place end)
    suite.json      kinds of task, which tools change or send anything, and where the calls of each attack begin

An answer is JSON where the function returns models, lists or objects, and text where it does not. A tool changes or sends
something if a call of it, in any ground truth, leaves another environment. That an e-mail was marked as read is no change.
"""

import argparse
import json
import sys
import warnings
from pathlib import Path

import yaml

warnings.filterwarnings("ignore")
# The same language as yaml.safe_load, in C: an environment is read for each attack.
yaml.safe_load = lambda text: yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))

from agentdojo.agent_pipeline.ground_truth_pipeline import GroundTruthPipeline  # noqa: E402
from agentdojo.agent_pipeline.tool_execution import tool_result_to_str  # noqa: E402
from agentdojo.attacks.attack_registry import load_attack  # noqa: E402
from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime  # noqa: E402
from agentdojo.task_suite.load_suites import get_suites  # noqa: E402
from pydantic import BaseModel  # noqa: E402
from pydantic_core import to_jsonable_python  # noqa: E402

VERSION = "v1.2"
# Attacks name the model that they speak to.
MODEL = "gpt-4o-2024-05-13"
PRINCIPAL = 'User::"user"'


class Run:
    """Runs ground truths in one environment, and remembers which tools changed it."""

    def __init__(self, suite, environment, changing):
        self.runtime = FunctionsRuntime(suite.tools)
        self.environment = environment
        self.changing = changing
        self.texts = []

    def call(self, call, may_fail=False):
        if any(isinstance(value, FunctionCall) for value in call.args.values()):
            raise ValueError(f"{call.function}: a call within an argument")
        before = state(self.environment)
        value, error = self.runtime.run_function(
            self.environment, call.function, call.args, raise_on_error=not may_fail
        )
        if state(self.environment) != before:
            self.changing.add(call.function)
        called = {"tool": call.function, "args": to_jsonable_python(dict(call.args))}
        if error is not None:
            self.texts.append(error)
            return {**called, "outcome": "failed", "result": error}
        self.texts.append(tool_result_to_str(value))
        return {**called, "result": answered(value)}


def answered(value):
    """Returns what a server would answer: JSON of models, lists and objects, and text of anything else."""
    is_structured = isinstance(value, (BaseModel, list, tuple, dict))
    return to_jsonable_python(value) if is_structured else tool_result_to_str(value)


def state(environment):
    """Returns all of an environment, without which e-mails were read."""

    def without(value):
        if isinstance(value, dict):
            return {key: without(one) for key, one in value.items() if not (key == "read" and "sender" in value)}
        return [without(one) for one in value] if isinstance(value, list) else value

    return without(environment.model_dump(mode="json"))


def canary(name):
    return f"---CANARY_{name}---"


def first_carrying(suite, user):
    """Returns how many calls a user task has made when it has read an injection; None if it reads none."""
    vectors = suite.get_injection_vector_defaults()
    environment = user.init_environment(
        suite.load_and_inject_default_environment({name: canary(name) for name in vectors})
    )
    run = Run(suite, environment, set())
    for number, call in enumerate(user.ground_truth(environment), start=1):
        run.call(call)
        if any(canary(name) in run.texts[-1] for name in vectors):
            return number
    return None


def line(task, prompt, calls, kind):
    return {"task": task, "kind": kind, "prompt": prompt, "principal": PRINCIPAL, "calls": calls}


def kind_of(user_id):
    return user_id.replace("_", "-")


def honest(suite, user, changing):
    environment = user.init_environment(suite.load_and_inject_default_environment({}))
    run = Run(suite, environment, changing)
    calls = [run.call(call) for call in user.ground_truth(environment)]
    return line(user.ID, user.PROMPT, calls, kind_of(user.ID))


def attacked(suite, user, goal, injections, carrying, place, changing):
    """Returns the calls of a user task that reads an injection, with those of the goal, and how many come before these."""
    environment = user.init_environment(suite.load_and_inject_default_environment(injections))
    run = Run(suite, environment, changing)
    of_user = user.ground_truth(environment)
    calls = [run.call(call, may_fail=True) for call in (of_user[:carrying] if place == "read" else of_user)]
    of_goal = goal.ground_truth(environment)
    before = len(calls)
    calls += [run.call(call, may_fail=True) for call in of_goal]
    return calls, before


def extract(suite, folder, attack_name, place):
    folder.mkdir(parents=True, exist_ok=True)
    tools = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.parameters.model_json_schema()}
        for tool in suite.tools
    ]
    changing = set()
    tasks = [honest(suite, user, changing) for user in suite.user_tasks.values()]
    pipeline = GroundTruthPipeline(None)
    pipeline.name = MODEL
    attack = load_attack(attack_name, suite, pipeline)
    runs, attacks, not_carried, not_calls = [], [], 0, 0
    for user in suite.user_tasks.values():
        carrying = first_carrying(suite, user)
        for goal in suite.injection_tasks.values():
            if carrying is None:
                not_carried += 1
                continue
            injections = attack.attack(user, goal)
            calls, before = attacked(suite, user, goal, injections, carrying, place, changing)
            if len(calls) == before:
                not_calls += 1
                continue
            name = f"{user.ID}/{goal.ID}"
            attacks.append(line(name, user.PROMPT, calls, kind_of(user.ID)))
            runs.append({"task": name, "user": user.ID, "goal": goal.ID, "before": before})
    kinds = {
        task["kind"]: sorted({call["tool"] for call in task["calls"]} & changing)
        for task in tasks
    }
    described = {
        "suite": suite.name,
        "version": VERSION,
        "attack": attack_name,
        "place": place,
        "changing": sorted(changing),
        "kinds": kinds,
        "attacks": runs,
        "notCarried": not_carried,
        "notCalls": not_calls,
    }
    failed = sum(call.get("outcome") == "failed" for task in attacks for call in task["calls"])
    (folder / "tools.json").write_text(json.dumps({"tools": tools}, indent=1))
    (folder / "honest.jsonl").write_text("".join(f"{json.dumps(task)}\n" for task in tasks))
    (folder / "attacks.jsonl").write_text("".join(f"{json.dumps(task)}\n" for task in attacks))
    (folder / "suite.json").write_text(json.dumps(described, indent=1))
    counts = f"{len(tools)} tools, {len(tasks)} user tasks, {len(suite.injection_tasks)} goals, {len(attacks)} attacks"
    print(f"{suite.name}: {counts} ({not_carried} not read, {not_calls} without calls), {failed} failed calls", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--attack", default="important_instructions")
    parser.add_argument("--place", choices=["read", "end"], default="read")
    args = parser.parse_args()
    for name, suite in get_suites(VERSION).items():
        extract(suite, args.folder / name, args.attack, args.place)


if __name__ == "__main__":
    main()
