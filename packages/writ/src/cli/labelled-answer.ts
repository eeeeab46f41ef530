import { isObject } from '@writ/sdk/lib/is-object';
import type { Bundle } from '../bundle/bundle.js';
import { keyAt, YamlPlaces } from '../bundle/check/yaml-places.js';
import { toolsOf } from '../decide/plane-of.js';
import type { Echo } from '../ledger/flow/echo.js';
import { type LabelPart, leafSources } from '../ledger/flow/leaf-sources.js';
import type { Leaf } from '../ledger/flow/result-labels.js';
import { readAnswer } from '../ledger/flow/result-value.js';
import type { ToolDescription, Tools } from '../ledger/flow/tool-description.js';
import { AnswerCounter, type CountedAnswer } from './counted-answer.js';

/** A call with its answer. */
export interface LabelledCall {
  /** The recorded task that it is of; undefined for an answer that stands alone. */
  readonly task?: string;
  readonly tool: string;
  /** The action that the tool is described as. */
  readonly action: string;
  readonly input: unknown;
  /** The labels of the stored things that it reads. */
  readonly stored: readonly string[];
  /** The arguments that the answer may repeat; empty if it is not known where they came from. */
  readonly echoes: readonly Echo[];
  readonly result: unknown;
}

/** A cause of labels. */
export type LabelCause =
  | {
      readonly rule: string;
      /** Its line in `tools.yaml`. */
      readonly line: number | undefined;
      /** The parts of the labels that are as it says. */
      readonly gives: readonly LabelPart[];
      /** Whether its `when` could not be worked out. */
      readonly failed: boolean;
    }
  | { readonly detector: string; readonly label: string }
  | { readonly store: string; readonly labels: readonly string[] }
  /** An argument that the value repeats; empty if it can be any. */
  | { readonly argument: string };

export interface LabelledLeaf extends Leaf {
  /** Empty if no rule reaches the value. */
  readonly by: readonly LabelCause[];
}

/** An answer with the labels of its values. */
export interface Labelled {
  readonly task?: string;
  readonly tool: string;
  /** The action that it is described as. */
  readonly action: string;
  readonly isDescribed: boolean;
  readonly leaves: readonly LabelledLeaf[];
  /** The labels that the task has after it read the answer. */
  readonly adds: readonly string[];
  /** Whether a part cannot be looked through, so that it adds every label that there could be. */
  readonly isOpaque: boolean;
  /** Its amounts in the accumulators over results; undefined if it can count in none. */
  readonly counts?: readonly CountedAnswer[];
}

/** Labels answers by the descriptions of their tools, and says what gave each label. */
export class Labeller {
  private readonly tools: Tools;
  private readonly counter: AnswerCounter;
  /** The line of each rule of a tool, in their order. */
  private readonly lines = new Map<string, readonly (number | undefined)[]>();

  constructor(private readonly bundle: Bundle) {
    this.tools = toolsOf(bundle);
    this.counter = new AnswerCounter(bundle.ledger.accumulators);
  }

  async label(call: LabelledCall): Promise<Labelled> {
    const { task, tool: name, action, input, stored, echoes, result } = call;
    const { detect = {} } = this.bundle.tools;
    const tool = this.tools.ofCall(action, input);
    const answer = readAnswer(result ?? null, tool.format);
    const lines = this.linesOf(tool);
    const sourced = await leafSources({ tool, detect, input, stored, echoes }, answer);
    const leaves = sourced.map(({ rules, detectors, isStored, echoed, adds: _, ...leaf }): LabelledLeaf => {
      const by: LabelCause[] = [
        ...rules.map(({ index, ...how }) => ({ rule: tool.rules[index]?.path ?? '', line: lines[index], ...how })),
        ...detectors.map((detector) => ({ detector, label: detect[detector] ?? '' })),
        ...(isStored ? [{ store: tool.reads ?? '', labels: stored }] : []),
        ...echoed.map((argument) => ({ argument })),
      ];
      return { ...leaf, by };
    });
    const opaque = answer.isOpaque ? [...tool.addedLabels, ...stored] : [];
    const adds = [...new Set([...sourced.flatMap((one) => one.adds), ...opaque])].sort();
    const counts = this.counter.count(tool, call, answer.value, leaves);
    return {
      ...(task === undefined ? {} : { task }),
      ...{ tool: name, action, isDescribed: tool.isDescribed, isOpaque: answer.isOpaque, adds, leaves },
      ...(counts.length === 0 ? {} : { counts }),
    };
  }

  private linesOf({ name, rules }: ToolDescription): readonly (number | undefined)[] {
    let lines = this.lines.get(name);
    if (lines === undefined) {
      lines = ruleLines(this.bundle, name, rules);
      this.lines.set(name, lines);
    }
    return lines;
  }
}

function ruleLines({ texts, tools }: Bundle, name: string, rules: ToolDescription['rules']): (number | undefined)[] {
  const text = texts.get('tools.yaml');
  const declared: unknown = Object.hasOwn(tools.tools, name) ? tools.tools[name]?.result : undefined;
  if (text === undefined || declared === undefined) return rules.map(() => undefined);
  const places = new YamlPlaces(text);
  const seen = new Map<string, number>();
  return rules.map(({ path }) => {
    const before = seen.get(path) ?? 0;
    seen.set(path, before + 1);
    const own = isObject(declared) && Object.hasOwn(declared, path) ? declared[path] : undefined;
    const isSeveral = Array.isArray(own) && isObject(own[0]);
    const steps = own === undefined ? [] : isSeveral ? [path, before] : [path];
    return places.placeOf(keyAt(['tools', name, 'result', ...steps])).line;
  });
}
