/** One request with what its answer must be. */
export interface Case {
  readonly id: string;
  readonly level?: string;
  readonly why?: string;
  readonly note?: string;
  /** Below `/access/v1/`, or what the metadata names. */
  readonly endpoint?: string;
  readonly method?: string;
  readonly path?: string;
  readonly request?: unknown;
  /** Sent as it is, in the place of `request`. */
  readonly rawBody?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How often it is sent; every answer must be the same. */
  readonly repeat?: number;
  readonly expect: Expectation;
}

export interface Expectation {
  readonly status: number;
  readonly decision?: boolean;
  /** The decisions of a batch; null where only the shape counts. */
  readonly evaluations?: readonly (boolean | null)[];
  /** Exactly these, in any order. */
  readonly results?: readonly Result[];
  readonly resultsInclude?: readonly Result[];
  readonly resultsExclude?: readonly Result[];
  readonly resultsArray?: boolean;
  /** The id of the case that must have the same results. */
  readonly sameResultsAs?: string;
  readonly pageNextTokenString?: boolean;
  /** Request headers that the answer must have too, with the same value. */
  readonly echoHeaders?: readonly string[];
  readonly contentType?: string;
  readonly requiredFields?: readonly string[];
  readonly httpsUrls?: readonly string[];
  readonly policyDecisionPointEqualsBaseUrl?: boolean;
}

export type Result = { readonly type: string; readonly id: string } | { readonly name: string };

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}
