import { parseUid } from '@writ/cedar';
import type { Constraint, GrantTerms } from '../lib/authorization-details.js';

/** Returns whether the parent covers everything that the child covers, by their terms alone; false if in doubt. */
export function isWithin(child: GrantTerms, parent: Omit<GrantTerms, 'uses' | 'limits'>): boolean {
  return (
    isSubset(child.actions, parent.actions) &&
    isSubset(child.effects, parent.effects) &&
    (parent.resources === undefined ||
      child.resources?.every((one) => parent.resources?.some((other) => isResourceWithin(one, other))) === true) &&
    Object.entries(parent.input ?? {}).every(([name, constraint]) =>
      isNarrower(own(child.input, name), constraint as Constraint),
    ) &&
    (parent.until === undefined || (child.until !== undefined && child.until <= parent.until))
  );
}

function isSubset(child: readonly string[] | undefined, parent: readonly string[] | undefined): boolean {
  return parent === undefined || child?.every((one) => parent.includes(one)) === true;
}

function isResourceWithin(child: string, parent: string): boolean {
  if (child === parent) return true;
  return parseUid(parent) === undefined && parseUid(child)?.type === parent;
}

function isNarrower(child: Constraint | undefined, parent: Constraint): boolean {
  if (child === undefined || (child.optional === true && parent.optional !== true)) return false;
  const { one_of: values } = child;
  if (parent.one_of !== undefined && values?.every((value) => parent.one_of?.includes(value)) !== true) return false;
  const areValuesWithin = values?.every((value) => isBetween(value, parent)) === true;
  const isFloorKept = parent.min === undefined || (child.min !== undefined && child.min >= parent.min);
  const isCeilingKept = parent.max === undefined || (child.max !== undefined && child.max <= parent.max);
  return areValuesWithin || (isFloorKept && isCeilingKept);
}

/** Returns whether a value lies within the bounds of a constraint. */
export function isBetween(value: unknown, { min, max }: Constraint): boolean {
  if (min === undefined && max === undefined) return value !== undefined && value !== null;
  return typeof value === 'number' && Number.isFinite(value) && value >= (min ?? value) && value <= (max ?? value);
}

/** Returns an own property; undefined if it is not found, also for `constructor` and the like. */
export function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
