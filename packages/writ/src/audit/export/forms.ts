import { type OcsfVersion, ocsfDecision, ocsfOutcome } from './ocsf.js';
import type { Form } from './sink.js';

/** The record itself, with its place in the log. */
export const recordForm: Form = ({ index, origin, entry }) => JSON.stringify({ log: { origin, index }, ...entry });

/** OCSF events: decisions and outcomes. */
export function ocsfForm(version: OcsfVersion): Form {
  return ({ index, origin, entry }) => {
    const place = { index, origin };
    if (entry.kind === 'decision') return JSON.stringify(ocsfDecision(entry, place, version));
    return entry.kind === 'outcome' ? JSON.stringify(ocsfOutcome(entry, place, version)) : undefined;
  };
}
