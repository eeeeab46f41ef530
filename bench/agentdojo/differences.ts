import type { Decided, DecidedTask } from './score.js';

/** Returns the calls that two ways of deciding judged differently, each as a line. */
export function differences(one: Decided, other: Decided): string[] {
  return (['honest', 'attacks', 'answered'] as const).flatMap((name) => {
    const others = new Map(other[name].map((task) => [task.task, task]));
    return one[name].flatMap((task) => inTask(name, task, others.get(task.task)));
  });
}

function inTask(name: string, { task, calls }: DecidedTask, other: DecidedTask | undefined): string[] {
  return calls.flatMap((call, at) => {
    const there = other?.calls[at];
    if (there?.result === call.result) return [];
    const reasons = there === undefined ? '' : ` (${there.reasons.join(' + ')})`;
    return [
      `${name} ${task}, call ${at}, ${call.tool}: ${call.result}, through the gateway ${there?.result}${reasons}`,
    ];
  });
}
