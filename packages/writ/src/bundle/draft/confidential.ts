/** Data that must not spread, by how it is named. */
interface Sensitivity {
  /** The name of the label that it gets. */
  readonly label: string;
  /** How far it may go where one field is known to be it. */
  readonly ofField: 'confidential' | 'restricted';
  /** How far the whole answer may go where only the description of the tool names it. */
  readonly ofWhole: 'confidential' | 'restricted';
}

const CLASSES: readonly (readonly [RegExp, Sensitivity])[] = [
  [
    /^pin;|\b(?:passwords?|passphrases?|passcodes?|pin codes?|pin numbers?|cvv|cvc|secrets?|api ?keys?|private keys?|access tokens?|refresh tokens?|credentials?|otp|one time (?:codes?|passwords?)|recovery codes?|seed phrases?)\b/,
    { label: 'credential', ofField: 'restricted', ofWhole: 'restricted' },
  ],
  [
    /\b(?:credit|debit|payment) ?cards?\b|\bcard numbers?\b/,
    { label: 'financial', ofField: 'restricted', ofWhole: 'confidential' },
  ],
  [
    /\b(?:bank accounts?|account numbers?|ibans?|routing numbers?|sort codes?|salary|salaries|payroll|compensation|wages?|income|net worth|tax(?:es)? (?:id|number|returns?)|balances?)\b/,
    { label: 'financial', ofField: 'confidential', ofWhole: 'confidential' },
  ],
  [
    /\b(?:passports?|ssn|social security|national id|identity card|drivers? licen[cs]es?|date of birth|birth ?dates?|dob|id numbers?)\b/,
    { label: 'personal', ofField: 'restricted', ofWhole: 'confidential' },
  ],
  [
    /\b(?:medical|diagnos[ei]s|prescriptions?|patients?|health records?|medications?|allerg(?:y|ies)|blood type|lab results?)\b/,
    { label: 'health', ofField: 'confidential', ofWhole: 'confidential' },
  ],
];

/** Returns the classes of data that a text names, in plain words. */
export function sensitivitiesIn(text: string): readonly Sensitivity[] {
  const plain = text
    .toLowerCase()
    .replace(/['’]/g, '')
    .replace(/[^\p{L}\p{N}.;:]+/gu, ' ');
  return CLASSES.filter(([pattern]) => pattern.test(plain)).map(([, one]) => one);
}
