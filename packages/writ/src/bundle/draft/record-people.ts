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
export function usualPeople(
  thing: string | undefined,
  isSenderChecked: boolean,
): readonly (readonly [string, DraftedLabels])[] {
  return sortsOf(thing).map((sort) => [
    `$..[?${sort.needed.map((name) => `@.${name}`).join(' && ')}]`,
    peopleOf(sort, sort.also, isSenderChecked),
  ]);
}

/** Returns the people of a record of these members; undefined if they do not say it. */
export function peopleByMembers(
  thing: string | undefined,
  members: readonly string[],
  isSenderChecked: boolean,
): RecordPeople | undefined {
  const found = sortsOf(thing).find(({ needed }) => needed.every((name) => members.includes(name)));
  return (
    found &&
    peopleOf(
      found,
      found.also.filter((name) => members.includes(name)),
      isSenderChecked,
    )
  );
}

function sortsOf(thing: string | undefined): readonly UsualPeople[] {
  return thing !== undefined && Object.hasOwn(BY_THING, thing) ? (BY_THING[thing] ?? []) : [];
}

function peopleOf({ needed, sender }: UsualPeople, also: readonly string[], isSenderChecked: boolean): RecordPeople {
  return {
    readers: [...needed, ...also].map((name) => `record.${name}`),
    ...(sender === undefined || !isSenderChecked ? {} : { sentBy: `record.${sender}` }),
  };
}

/** A description that says that mails without a proved sender are refused or marked. Most servers hand on whatever a mail says. */
const CHECKED =
  /\b(?:dkim|dmarc)\b|\b(?:verif\w+|authenticat\w+|prove[nds]?) (?:the )?senders?\b|\bsenders? (?:\w+ ){0,2}(?:verified|authenticated|proved)\b/i;
const UNCHECKED = /\b(?:un|not |never |without )(?:verif|authenticat|prove)/i;

/** Returns whether a server says that it checks who sent a mail. */
export function saysSendersAreChecked(description: string | undefined): boolean {
  const text = description?.slice(0, 4_000) ?? '';
  return CHECKED.test(text) && !UNCHECKED.test(text);
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
