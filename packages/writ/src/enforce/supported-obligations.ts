/** The types of obligation that change what is forwarded or answered, and that an enforcement point of ours carries out. */
export const TRANSFORMS = ['redact', 'cap', 'replace', 'drop-field', 'watermark'] as const;

export type Transform = (typeof TRANSFORMS)[number];
