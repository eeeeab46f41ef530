/** Finds credentials in a text by their form. The time is linear in the text, whatever the text is. */

/** Half-open, in UTF-16 units. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/**
 * Forms with an unmistakable beginning. Each begins where a word does, so that a run of characters is read from one place only, and
 * ends with a class that takes all that follows or a bounded number.
 */
const FORMS = new RegExp(
  [
    // A JSON Web Token.
    String.raw`(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?`,
    // Amazon, Google, GitHub, GitLab, Slack, OpenAI and Anthropic, Stripe, npm, Hugging Face, SendGrid, DigitalOcean, Shopify, Writ.
    '(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])',
    String.raw`(?<![\w-])AIza[\w-]{35}`,
    String.raw`(?<![\w-])ya29\.[\w-]{20,}`,
    String.raw`(?<![\w-])gh[pousr]_[A-Za-z0-9]{20,}`,
    String.raw`(?<![\w-])github_pat_\w{20,}`,
    String.raw`(?<![\w-])glpat-[\w-]{16,}`,
    String.raw`(?<![\w-])xox[a-z]-[\w-]{10,}`,
    String.raw`(?<![\w-])sk-(?=[a-z-]{0,40}[A-Z0-9])[\w-]{16,}`,
    String.raw`(?<![\w-])(?:sk|rk)_(?:live|test)_\w{10,}`,
    String.raw`(?<![\w-])(?:whsec_|npm_|hf_|dop_v1_|shpat_|writ_)[\w-]{30,}`,
    String.raw`(?<![\w-])SG\.[\w-]{16,}\.[\w-]{16,}`,
    // A header: its value has a character that a word of prose has not.
    String.raw`(?<![\w-])(?:[Bb]earer|BEARER|[Bb]asic|BASIC) {1,4}(?=[a-z]{0,60}[A-Z0-9._~+/=-])[\w.~+/=-]{8,}`,
  ].join('|'),
  'g',
);

/** The text before the `=` of a part of a signed address, and of a connection string. */
const NAMES_SECRET =
  /(?:[?&;](?:sig|signature|x-amz-signature|x-goog-signature|x-amz-security-token|access_token|refresh_token|id_token|token|api_key|apikey|client_secret|password|passwd|pwd|secret)|(?:^|\W)(?:password|pwd|accountkey|sharedaccesskey|sharedaccesssignature) {0,3})$/i;
/** The longest of these names, with what is before and behind it. */
const MAX_NAME = 40;

/** The shortest text that has one. */
const SHORTEST = 8;
/** The longest user and password before the host of an address. */
const MAX_USERINFO = 1_024;

/**
 * Returns the places of credentials in a text, in order and apart.
 *
 * hot: nearly every text of a request has none, and is looked at once.
 */
export function secretPlaces(text: string): readonly Place[] {
  if (text.length < SHORTEST) return NONE;
  const hints = hintsIn(text);
  if (hints === 0) return NONE;
  const found: Place[] = [];
  if ((hints & ADDRESS) !== 0) userInfos(text, found);
  if ((hints & ASSIGNED) !== 0) assigned(text, found);
  if ((hints & FORM) !== 0) {
    if (text.includes('PRIVATE KEY')) privateKeys(text, found);
    for (const match of text.matchAll(FORMS)) found.push({ start: match.index, end: match.index + match[0].length });
  }
  return found.length < 2 ? found : apart(found);
}

const [ADDRESS, FORM, ASSIGNED] = [1, 2, 4] as const;
const ENDS_NAME = new Uint8Array(128);
for (const one of 'genydtGENYDT ') ENDS_NAME[one.charCodeAt(0)] = 1;
/** The characters that {@link hintsIn} looks at: one of each form, as rare as possible. */
const LOOKED_AT = new Uint8Array(128);
for (const one of ':=_-JICG9 K') LOOKED_AT[one.charCodeAt(0)] = 1;

/** Returns whether a text may have an address with a password, or one of the forms. */
function hintsIn(text: string): number {
  let hints = 0;
  for (let i = 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 127 || LOOKED_AT[unit] === 0) continue;
    const before = text.charCodeAt(i - 1);
    switch (unit) {
      case 58: // ://
        if (text.charCodeAt(i + 1) === 47 && text.charCodeAt(i + 2) === 47) hints |= ADDRESS;
        break;
      case 61: // sig=, Password=: the last letters of their names
        if (ENDS_NAME[before] === 1) hints |= ASSIGNED;
        break;
      case 95: // gh?_, github_pat_, sk_, rk_, whsec_, npm_, hf_, dop_v1_, shpat_, writ_
        if (ENDS_WITH.test(text.slice(i < 12 ? 0 : i - 12, i + 1))) hints |= FORM;
        break;
      case 45: // sk-, glpat-, xox?-
        if (before === 107 || before === 116 || text.charCodeAt(i - 2) === 120) hints |= FORM;
        break;
      case 74: // eyJ
        if (before === 121) hints |= FORM;
        break;
      case 73: // AKIA, ASIA, ABIA, AIza
        if (before === 75 || before === 83 || before === 66 || before === 65) hints |= FORM;
        break;
      case 67: // ACCA
        if (before === 67) hints |= FORM;
        break;
      case 71: // SG.
        if (before === 83) hints |= FORM;
        break;
      case 57: // ya29
        if (before === 50) hints |= FORM;
        break;
      case 32: // Bearer, Basic
        if (((before | 32) === 114 || (before | 32) === 99) && SCHEME.test(text.slice(i < 6 ? 0 : i - 6, i)))
          hints |= FORM;
        break;
      default: // PRIVATE KEY
        if (before === 32) hints |= FORM;
    }
    if (hints === (ADDRESS | FORM | ASSIGNED)) return hints;
  }
  return hints;
}

const SCHEME = /(?:bearer|basic)$/i;
const ENDS_WITH = /(?:gh[pousr]|github_pat|[sr]k|whsec|npm|hf|dop_v1|shpat|writ)_$/;

const NONE: readonly Place[] = [];

/** Finds `scheme://user:password@`: the password. */
function userInfos(text: string, found: Place[]): void {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const limit = Math.min(text.length, at + 3 + MAX_USERINFO);
    let colon = -1;
    let last = -1;
    for (let i = at + 3; i < limit; i += 1) {
      const unit = text.charCodeAt(i);
      // A space, a quote, an angle, or the end of the authority.
      if (unit <= 32 || unit === 34 || unit === 39 || unit === 60 || unit === 62 || unit === 96) break;
      if (unit === 58 && colon === -1) colon = i;
      else if (unit === 64) last = i;
      else if (unit === 47 || unit === 63 || unit === 35) {
        // A password may be written with these; a port is followed by them.
        const isNext = unit === 47 && text.charCodeAt(i + 1) === 47 && text.charCodeAt(i - 1) === 58;
        if (isNext || last !== -1 || colon === -1 || /^[0-9]*$/.test(text.slice(colon + 1, Math.min(i, colon + 7))))
          break;
      }
    }
    if (colon !== -1 && last > colon + 1) found.push({ start: colon + 1, end: last });
  }
}

/** Finds `?sig=…` and `Password=…`: the value. */
function assigned(text: string, found: Place[]): void {
  for (let at = text.indexOf('='); at !== -1; at = text.indexOf('=', at + 1)) {
    if (ENDS_NAME[text.charCodeAt(at - 1)] !== 1) continue;
    if (!NAMES_SECRET.test(text.slice(Math.max(0, at - MAX_NAME), at))) continue;
    let start = at + 1;
    while (text.charCodeAt(start) === 32 && start < at + 4) start += 1;
    let end = start;
    while (end < text.length && !ENDS_VALUE.has(text.charCodeAt(end))) end += 1;
    if (end - start >= MIN_VALUE) found.push({ start, end });
    at = Math.max(at, end - 1);
  }
}

const MIN_VALUE = 4;
const ENDS_VALUE: ReadonlySet<number> = new Set([...' \t\r\n&;,"\'<>#)'].map((one) => one.charCodeAt(0)));

/** Finds private keys in PEM: to their end, or to that of the text. */
function privateKeys(text: string, found: Place[]): void {
  for (let at = text.indexOf('-----BEGIN '); at !== -1; at = text.indexOf('-----BEGIN ', at)) {
    if (!/^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY/.test(text.slice(at, at + 80))) {
      at += 1;
      continue;
    }
    const end = text.indexOf('-----END ', at);
    const stop = end === -1 ? text.length : Math.min(text.length, end + 80);
    const tail = end === -1 ? -1 : text.slice(end + 9, stop).indexOf('-----');
    found.push({ start: at, end: tail === -1 ? (end === -1 ? text.length : stop) : end + 9 + tail + 5 });
    at = (found[found.length - 1] as Place).end;
  }
}

function apart(places: Place[]): Place[] {
  places.sort((a, b) => a.start - b.start);
  const joined: Place[] = [];
  for (const place of places) {
    const before = joined[joined.length - 1];
    if (before === undefined || place.start >= before.end) joined.push(place);
    else if (place.end > before.end) joined[joined.length - 1] = { start: before.start, end: place.end };
  }
  return joined;
}
