import type { DraftedLabels } from './drafted-labels.js';

type LabelRecord = Exclude<DraftedLabels, string | readonly string[]>;

/** The people of a record: who may read it, and who sent it. */
type RecordPeople = Pick<LabelRecord, 'readers' | 'sentBy'>;

/** The members by which records of a sort say who has them: every one of the first group, and any of the second. */
interface UsualPeople {
  readonly needed: readonly string[];
  readonly also: readonly string[];
  readonly sender?: string;
}

const COPIES = ['cc', 'bcc'];
const BY_THING: Readonly<Record<string, readonly UsualPeople[]>> = {
  email: [
    { needed: ['sender', 'recipients'], also: COPIES, sender: 'sender' },
    { needed: ['from', 'to'], also: COPIES, sender: 'from' },
  ],
  event: [
    { needed: ['participants'], also: ['organizer'] },
    { needed: ['attendees'], also: ['organizer'] },
  ],
  file: [{ needed: ['owner', 'shared_with'], also: [] }],
};

/** Returns the people of records of a sort, by path, where nothing says which members they have. */
export function usualPeople(thing: string | undefined): readonly (readonly [string, DraftedLabels])[] {
  return sortsOf(thing).map((sort) => [
    `$..[?${sort.needed.map((name) => `@.${name}`).join(' && ')}]`,
    peopleOf(sort, sort.also),
  ]);
}

/** Returns the people of a record of these members; undefined if they do not say it. */
export function peopleByMembers(thing: string | undefined, members: readonly string[]): RecordPeople | undefined {
  const found = sortsOf(thing).find(({ needed }) => needed.every((name) => members.includes(name)));
  return (
    found &&
    peopleOf(
      found,
      found.also.filter((name) => members.includes(name)),
    )
  );
}

function sortsOf(thing: string | undefined): readonly UsualPeople[] {
  return thing !== undefined && Object.hasOwn(BY_THING, thing) ? (BY_THING[thing] ?? []) : [];
}

function peopleOf({ needed, sender }: UsualPeople, also: readonly string[]): RecordPeople {
  return {
    readers: [...needed, ...also].map((name) => `record.${name}`),
    ...(sender === undefined ? {} : { sentBy: `record.${sender}` }),
  };
}

/** Returns labels with the people of a record. */
export function withPeople(labels: DraftedLabels | undefined, people: RecordPeople): DraftedLabels {
  if (typeof labels === 'object' && !Array.isArray(labels)) return { ...(labels as LabelRecord), ...people };
  const [integrity, confidentiality] = [labels ?? []].flat() as [
    LabelRecord['integrity'],
    LabelRecord['confidentiality'],
  ];
  // The word `internal` alone says both.
  const most = confidentiality ?? (integrity === 'internal' ? integrity : undefined);
  return {
    ...(integrity === undefined ? {} : { integrity }),
    ...(most === undefined ? {} : { confidentiality: most }),
    ...people,
  };
}
