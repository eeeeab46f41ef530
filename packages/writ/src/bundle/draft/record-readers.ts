import type { DraftedLabels } from './drafted-labels.js';

/** The members by which records of a sort say who has them: every one of the first group, and any of the second. */
interface UsualReaders {
  readonly needed: readonly string[];
  readonly also: readonly string[];
}

const MAIL = ['cc', 'bcc'];
const BY_THING: Readonly<Record<string, readonly UsualReaders[]>> = {
  email: [
    { needed: ['sender', 'recipients'], also: MAIL },
    { needed: ['from', 'to'], also: MAIL },
  ],
  event: [
    { needed: ['participants'], also: ['organizer'] },
    { needed: ['attendees'], also: ['organizer'] },
  ],
  file: [{ needed: ['owner', 'shared_with'], also: [] }],
};

/** Returns who may read records of a sort, by path, where nothing says which members they have. */
export function usualReaders(thing: string | undefined): readonly (readonly [string, DraftedLabels])[] {
  return sortsOf(thing).map(({ needed, also }) => [
    `$..[?${needed.map((name) => `@.${name}`).join(' && ')}]`,
    { readers: fields([...needed, ...also]) },
  ]);
}

/** Returns who may read a record of these members; undefined if they do not say it. */
export function readersByMembers(thing: string | undefined, members: readonly string[]): readonly string[] | undefined {
  const found = sortsOf(thing).find(({ needed }) => needed.every((name) => members.includes(name)));
  return found && fields([...found.needed, ...found.also.filter((name) => members.includes(name))]);
}

function sortsOf(thing: string | undefined): readonly UsualReaders[] {
  return thing !== undefined && Object.hasOwn(BY_THING, thing) ? (BY_THING[thing] ?? []) : [];
}

function fields(names: readonly string[]): readonly string[] {
  return names.map((name) => `record.${name}`);
}

/** Returns labels with readers. */
export function withReaders(labels: DraftedLabels | undefined, readers: readonly string[]): DraftedLabels {
  if (typeof labels === 'object' && !Array.isArray(labels)) return { ...(labels as LabelRecord), readers };
  const [integrity, confidentiality] = [labels ?? []].flat() as [
    LabelRecord['integrity'],
    LabelRecord['confidentiality'],
  ];
  return {
    ...(integrity === undefined ? {} : { integrity }),
    // The word alone says both.
    ...(confidentiality === undefined && integrity !== 'internal'
      ? {}
      : { confidentiality: confidentiality ?? 'internal' }),
    readers,
  };
}

type LabelRecord = Exclude<DraftedLabels, string | readonly string[]>;
