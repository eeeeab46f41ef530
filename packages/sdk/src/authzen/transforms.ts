/** The types of obligation that our enforcement points carry out: they change arguments or results. */
export const TRANSFORMS = ['redact', 'cap', 'replace', 'drop-field', 'watermark'] as const;

export type Transform = (typeof TRANSFORMS)[number];
